//! Paths, tests and test lines of a Rust text whose comments and strings are blanked. Never resolves a name.

use super::lines::numbered;

/// One path that a file mentions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mention {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The whole path, `use` trees flattened: `crate::event::Event`.
    pub(crate) path: String,
    /// How it is mentioned.
    pub(crate) kind: MentionKind,
    /// How many inline modules it stands in.
    pub(crate) depth: usize,
    /// Whether it stands in a test.
    pub(crate) in_test: bool,
}

/// How a path is mentioned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MentionKind {
    /// In a `use`.
    Use,
    /// In a `pub use`.
    Reexport,
    /// In the code.
    Inline,
    /// As a macro call; the path has no `!`.
    Macro,
}

/// One test function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TestFn {
    /// Its name.
    pub(crate) name: String,
    /// Its line, from 1.
    pub(crate) line: usize,
}

/// What was found.
pub(super) struct Scanned {
    pub(super) mentions: Vec<Mention>,
    pub(super) tests: Vec<TestFn>,
    pub(super) test_lines: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// Scans a text of `lines` lines.
pub(super) fn scan(bare: &str, lines: usize) -> Scanned {
    let tokens = tokens(bare);
    let mut scanned = Scanned { mentions: Vec::new(), tests: Vec::new(), test_lines: vec![false; lines] };
    attributes(&tokens, &mut scanned);
    paths(&tokens, &mut scanned);
    for mention in &mut scanned.mentions {
        mention.in_test = scanned.test_lines.get(mention.line - 1).copied().unwrap_or(false);
    }
    scanned
}

fn tokens(bare: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (number, line) in numbered(bare) {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (text, after) = rest.split_at(length);
            found.push(Token { line: number, text });
            rest = after.trim_start();
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

/// Marks the items under `#[cfg(test)]`, `#[cfg(feature = …)]` (the house's features are for tests only) and `#[…test]`,
/// and collects the latter's names.
fn attributes(tokens: &[Token<'_>], scanned: &mut Scanned) {
    let mut at = 0;
    while at < tokens.len() {
        let inner = text(tokens, at) == "#" && text(tokens, at + 1) == "!" && text(tokens, at + 2) == "[";
        let outer = text(tokens, at) == "#" && text(tokens, at + 1) == "[";
        if !inner && !outer {
            at += 1;
            continue;
        }
        let open = if inner { at + 2 } else { at + 1 };
        let close = closing(tokens, open);
        let words: Vec<&str> = (open + 1..close).map(|at| text(tokens, at)).collect();
        let tests_only = words.contains(&"test") || words.contains(&"feature");
        let conditional = words.first() == Some(&"cfg") && tests_only && !words.contains(&"not");
        let path: Vec<&str> = words.iter().copied().take_while(|word| *word != "(").collect();
        let test = path.last() == Some(&"test") && path.first() != Some(&"cfg");
        if inner && conditional {
            scanned.test_lines.fill(true);
        } else if conditional || test {
            let end = item_end(tokens, close + 1);
            mark(tokens, at, end, &mut scanned.test_lines);
            if test && let Some(name) = (close + 1..end).find(|at| text(tokens, *at) == "fn") {
                let line = tokens.get(name).map_or(0, |token| token.line);
                scanned.tests.push(TestFn { name: text(tokens, name + 1).to_owned(), line });
            }
        }
        at = close + 1;
    }
}

fn mark(tokens: &[Token<'_>], from: usize, to: usize, lines: &mut [bool]) {
    let line = |at: usize| tokens.get(at.min(tokens.len().saturating_sub(1))).map_or(1, |token| token.line);
    for slot in lines.get_mut(line(from) - 1..line(to)).into_iter().flatten() {
        *slot = true;
    }
}

/// The index of the bracket that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for at in open..tokens.len() {
        match text(tokens, at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The index of the token that ends the item which begins at `from`, further attributes included.
fn item_end(tokens: &[Token<'_>], from: usize) -> usize {
    let mut at = from;
    while at < tokens.len() {
        match text(tokens, at) {
            ";" => return at,
            "{" => return closing(tokens, at),
            "(" | "[" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
    tokens.len()
}

fn paths(tokens: &[Token<'_>], scanned: &mut Scanned) {
    let (mut at, mut braces, mut inline) = (0, 0usize, Vec::new());
    while at < tokens.len() {
        let depth = inline.len();
        match text(tokens, at) {
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            }
            "mod" if text(tokens, at + 2) == "{" => {
                inline.push(braces);
                braces += 1;
                at += 2;
            }
            "use" if at == 0 || !matches!(text(tokens, at - 1), "+" | "::") => {
                let kind = match at.checked_sub(1).map(|before| text(tokens, before)) {
                    Some("pub" | ")") => MentionKind::Reexport,
                    _ => MentionKind::Use,
                };
                let mut flat = Vec::new();
                at = tree(tokens, at + 1, "", &mut flat);
                let mention = |(line, path)| Mention { line, path, kind, depth, in_test: false };
                scanned.mentions.extend(flat.into_iter().map(mention));
                continue;
            }
            word if word.starts_with(is_word) => {
                let line = tokens.get(at).map_or(1, |token| token.line);
                let mut path = word.to_owned();
                while text(tokens, at + 1) == "::" && text(tokens, at + 2).starts_with(is_word) {
                    path.push_str("::");
                    path.push_str(text(tokens, at + 2));
                    at += 2;
                }
                let called = text(tokens, at + 1) == "!" && matches!(text(tokens, at + 2), "(" | "[" | "{");
                if called || path.contains("::") {
                    let kind = if called { MentionKind::Macro } else { MentionKind::Inline };
                    scanned.mentions.push(Mention { line, path, kind, depth, in_test: false });
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Flattens a `use` tree that begins at `at`; returns the index after it.
fn tree(tokens: &[Token<'_>], mut at: usize, prefix: &str, flat: &mut Vec<(usize, String)>) -> usize {
    let mut path = prefix.to_owned();
    let line = tokens.get(at).map_or(1, |token| token.line);
    let join = |path: &mut String, word: &str| {
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(word);
    };
    while at < tokens.len() {
        match text(tokens, at) {
            "::" => at += 1,
            "{" => {
                at += 1;
                while at < tokens.len() && text(tokens, at) != "}" {
                    at = tree(tokens, at, &path, flat);
                    if text(tokens, at) == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => at += 2,
            "self" if !path.is_empty() => at += 1,
            "*" => {
                join(&mut path, "*");
                at += 1;
            }
            word if word.starts_with(is_word) => {
                join(&mut path, word);
                at += 1;
            }
            _ => break,
        }
    }
    flat.push((line, path));
    at
}

#[cfg(test)]
mod tests {
    use crate::source::Source;

    fn mentioned(text: &str) -> Vec<String> {
        Source::new("crates/core/src/a.rs", text).mentions.into_iter().map(|mention| mention.path).collect()
    }

    #[test]
    fn use_trees_are_flattened() {
        for (text, paths) in [
            ("use std::fs;", vec!["std::fs"]),
            (
                "use std::{fs, net::{TcpStream, *}, env as e};",
                vec!["std::fs", "std::net::TcpStream", "std::net::*", "std::env"],
            ),
            ("use std::fs::{self, File};", vec!["std::fs", "std::fs::File"]),
            ("pub(crate) use crate::a::B;", vec!["crate::a::B"]),
            ("let a = ::std::fs::read(b);", vec!["std::fs::read"]),
            ("println!(\"{}\", std::env::args())", vec!["println", "std::env::args"]),
            ("fn a() -> impl Sized + use<'_> {}", vec![]),
            ("let a = b != c;", vec![]),
        ] {
            assert_eq!(mentioned(text), paths, "{text}");
        }
    }

    #[test]
    fn tests_are_told_from_what_ships() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[tokio::test]\n    async fn inv_01_one() {}\n}\nfn b() {}\n\
             #[cfg(feature = \"mutants\")]\nfn c() {}\n#[cfg(not(feature = \"mutants\"))]\nfn d() {}\n";
        let source = Source::new("crates/core/src/a.rs", text);
        let lines: Vec<bool> = (1..=11).map(|line| source.is_test_line(line)).collect();
        assert_eq!(lines, [false, true, true, true, true, true, false, true, true, false, false]);
        assert_eq!(
            source.tests.iter().map(|test| (test.name.as_str(), test.line)).collect::<Vec<_>>(),
            [("inv_01_one", 5)]
        );
    }

    #[test]
    fn not_test_and_attributes_of_others_ship() {
        let text = "#[cfg(not(test))]\nfn a() {}\n#[derive(Debug)]\nstruct A([u8; 3]);\n";
        let source = Source::new("crates/core/src/a.rs", text);
        assert!((1..=4).all(|line| !source.is_test_line(line)));
        assert!(Source::new("crates/core/tests/it/main.rs", "fn a() {}").is_test_line(1));
    }
}
