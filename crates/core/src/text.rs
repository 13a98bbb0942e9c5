//! Text from models, repositories and tools is data: what is shown or recorded of it passes through here.
//!
//! Nothing here interprets text; it only makes it harmless and bounded.

/// Whether a character may reach a terminal or a log: no control characters, no bidirectional overrides, no tags.
#[must_use]
pub fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}

/// `text` as one printable line of at most `max` characters; an ellipsis marks a cut.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || !is_printable(c) {
            gap = gap || c.is_whitespace();
            continue;
        }
        if gap && count > 0 {
            out.push(' ');
            count += 1;
        }
        gap = false;
        if count + 1 >= max {
            out.push('…');
            return out;
        }
        out.push(c);
        count += 1;
    }
    out
}

/// `text` with its lines kept and everything unprintable (but tab and line feed) removed.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || c == '\t' || is_printable(c)).collect()
}

/// At most `max` bytes of the end of `text`, cut at a character border.
#[must_use]
pub fn tail(text: &str, max: usize) -> &str {
    let from = text.len().saturating_sub(max);
    let from = (from..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_do_not_pass() {
        assert_eq!(one_line("a\u{1b}[31m\tb\r\nc\u{202e}d", 80), "a[31m b cd");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(printable("a\u{9b}\n\u{7}b"), "a\nb");
        assert_eq!(tail("aé", 1), "");
    }
}
