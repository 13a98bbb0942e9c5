//! Three views of a Rust text, line for line the same: without comments, without comments and strings, comments only.
//! Never changes where a line begins or ends.

/// The views.
pub(super) struct Views {
    /// Comments blanked.
    pub(super) code: String,
    /// Comments and the contents of strings blanked.
    pub(super) bare: String,
    /// Everything but comments blanked.
    pub(super) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Text,
    Comment,
}

/// Takes a text apart.
pub(super) fn views(text: &str) -> Views {
    let chars: Vec<char> = text.chars().collect();
    let parts = parts(&chars);
    let keep = |kept: &[Part]| {
        chars
            .iter()
            .zip(&parts)
            .map(|(c, part)| if *c == '\n' || kept.contains(part) { *c } else { ' ' })
            .collect::<String>()
    };
    Views { code: keep(&[Part::Code, Part::Text]), bare: keep(&[Part::Code]), comments: keep(&[Part::Comment]) }
}

fn parts(chars: &[char]) -> Vec<Part> {
    let mut parts = vec![Part::Code; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        let (end, part) = next(chars, at);
        // The quotes of a string stay in the code, so that the views keep their shape.
        let inside = if part == Part::Text { at + 1..end.saturating_sub(1) } else { at..end };
        for slot in parts.get_mut(inside).into_iter().flatten() {
            *slot = part;
        }
        at = end;
    }
    parts
}

/// Where the piece that begins at `at` ends, and what it is.
fn next(chars: &[char], at: usize) -> (usize, Part) {
    let c = |offset: usize| chars.get(at + offset).copied();
    let begins_word = at == 0 || !chars.get(at - 1).is_some_and(|before| before.is_alphanumeric() || *before == '_');
    match (c(0), c(1)) {
        (Some('/'), Some('/')) => (line_end(chars, at), Part::Comment),
        (Some('/'), Some('*')) => (block_end(chars, at), Part::Comment),
        (Some('"'), _) => (quoted_end(chars, at + 1, '"'), Part::Text),
        (Some('b' | 'c'), Some('r')) if begins_word => {
            raw_end(chars, at + 2).map_or((at + 1, Part::Code), |end| (end, Part::Text))
        }
        (Some('r'), _) if begins_word => raw_end(chars, at + 1).map_or((at + 1, Part::Code), |end| (end, Part::Text)),
        (Some('\''), Some('\\')) => (quoted_end(chars, at + 1, '\''), Part::Text),
        (Some('\''), Some(_)) if c(2) == Some('\'') => (at + 3, Part::Text),
        _ => (at + 1, Part::Code),
    }
}

fn line_end(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).position(|c| *c == '\n').map_or(chars.len(), |offset| from + offset)
}

fn block_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0usize, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], mut at: usize, quote: char) -> usize {
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if *c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a raw string whose hashes or quote begin at `at`; none where there is no raw string (`r#type`).
fn raw_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars.iter().skip(at).take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut at = at + hashes + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars.iter().skip(at + 1).take(hashes).filter(|c| **c == '#').count() == hashes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(chars.len())
}

#[cfg(test)]
mod tests {
    use super::views;

    #[test]
    fn comments_and_strings_are_told_apart() {
        for (text, bare) in [
            ("let a = \"x // y\"; // z", "let a = \"      \";     "),
            ("let a = r#\"x \" y\"#; b", "let a = r        #; b"),
            ("'\\'' 'a' 'static", "'  ' ' ' 'static"),
            ("/* a /* b */ c */ d", "                  d"),
            ("\"a\\\"b\" c", "\"    \" c"),
            ("r#type b\"x\"", "r#type b\" \""),
        ] {
            assert_eq!(views(text).bare, bare, "{text}");
        }
    }

    #[test]
    fn every_view_has_the_same_lines() {
        let text = "a /* b\nc */ d\n\"e\nf\" g // h\n";
        let views = views(text);
        for view in [&views.code, &views.bare, &views.comments] {
            assert_eq!(view.lines().count(), 4);
        }
        assert_eq!(views.comments.lines().last(), Some("     // h"));
        assert!(views.code.contains("\"e\nf\""));
    }
}
