//! Words: which known one was meant, and how a command is split into them without a shell.

/// The known word nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(64).flat_map(char::to_lowercase).collect();
    let enough = (word.chars().count() / 3).max(1);
    let scored = known.into_iter().map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate));
    scored.filter(|(distance, _)| *distance <= enough).min().map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Splits a command as a shell would, where no shell is needed: plain words and quotes.
///
/// # Errors
/// What a shell would have been needed for.
pub fn split_command(command: &str) -> Result<Vec<String>, String> {
    let needs = |what: &str| format!("{what} would need a shell, and none reads this command");
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\0' | '\n' | '\r' => return Err("a command is one line".into()),
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let quoted = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("the quote {c} is never closed")),
                        Some(end) if end == c => break,
                        Some('\n' | '\r' | '\0') => return Err("a command is one line".into()),
                        Some(special @ ('$' | '`')) if c == '"' => return Err(needs(&format!("`{special}`"))),
                        Some('\\') if c == '"' => quoted.push(chars.next().unwrap_or('\\')),
                        Some(other) => quoted.push(other),
                    }
                }
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' => {
                return Err(needs(&format!("`{c}`")));
            }
            '~' | '#' if word.is_none() => return Err(needs(&format!("`{c}`"))),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    match words.first() {
        None => Err("a command is missing".into()),
        Some(first) if first.is_empty() => Err("a command has no name".into()),
        Some(first) if first.contains('=') => Err(needs(&format!("a variable before the command ({first})"))),
        Some(_) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cfg_02_the_nearest_word_is_the_one_that_was_meant() {
        let known = ["codex_enabled", "gemini_enabled", "sora_enabled"];
        assert_eq!(nearest("codex_enbaled", known), Some("codex_enabled"));
        assert_eq!(nearest("Gemini_Enabled", known), Some("gemini_enabled"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn a_command_is_words_and_quotes() {
        let words = |command: &str| split_command(command).map(|words| words.join("|"));
        assert_eq!(words("cargo test --all").as_deref(), Ok("cargo|test|--all"));
        assert_eq!(words("sh -c 'a | b' \"c \\\" d\" ''").as_deref(), Ok("sh|-c|a | b|c \" d|"));
        assert_eq!(words("a'b'\"c\"").as_deref(), Ok("abc"));
        for wrong in
            ["", "  ", "a | b", "a && b", "a $HOME", "a \"$HOME\"", "a 'b", "A=1 b", "a *.rs", "''", "a\nb", "# a"]
        {
            assert!(split_command(wrong).is_err(), "{wrong}");
        }
    }
}
