//! JSON into a tree with places: strict, with no comments, no repeated keys and no deep nests.

use crate::node::{Node, NodeValue, Word};
use std::ops::Range;

/// How deep lists and tables may lie in each other.
const DEEPEST: usize = 32;

/// How many values one file may hold.
const MOST: usize = 40_000;

/// What is wrong and where.
type Wrong = (Range<usize>, String);

/// Reads one value and nothing after it.
pub(crate) fn read(text: &str) -> Result<Node, Wrong> {
    let mut reader = Reader { text, at: 0, values: 0 };
    let node = reader.value(0)?;
    reader.space();
    if reader.at < text.len() { Err(reader.wrong("something follows the end of the value")) } else { Ok(node) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn wrong(&self, what: impl Into<String>) -> Wrong {
        (self.at..self.at + self.peek().map_or(0, char::len_utf8), what.into())
    }

    /// Takes `c` after any space.
    fn take(&mut self, c: char) -> bool {
        self.space();
        let there = self.peek() == Some(c);
        self.at += if there { c.len_utf8() } else { 0 };
        there
    }

    fn value(&mut self, depth: usize) -> Result<Node, Wrong> {
        self.space();
        self.values += 1;
        if depth > DEEPEST || self.values > MOST {
            return Err(self.wrong("this is too large or too deep"));
        }
        let start = self.at;
        let value = match self.peek() {
            Some('{') => self.map(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => NodeValue::Text(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('a'..='z') => self.word()?,
            Some('/') => return Err(self.wrong("JSON has no comments")),
            Some(_) => return Err(self.wrong("expected a value")),
            None => return Err(self.wrong("the file ends where a value should stand")),
        };
        Ok(Node { span: start..self.at, value })
    }

    fn map(&mut self, depth: usize) -> Result<NodeValue, Wrong> {
        self.at += 1;
        let mut map: Vec<(Word, Node)> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        if self.take('}') {
            return Ok(NodeValue::Map(map));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some('"') {
                return Err(self.wrong("expected a key in double quotes"));
            }
            let text = self.string()?;
            let span = start..self.at;
            if !seen.insert(text.clone()) {
                return Err((span, format!("the key {} stands here twice", crate::error::quoted(&text))));
            }
            if !self.take(':') {
                return Err(self.wrong("expected `:` after the key"));
            }
            map.push((Word { text, span }, self.value(depth + 1)?));
            if self.take('}') {
                return Ok(NodeValue::Map(map));
            }
            if !self.take(',') {
                return Err(self.wrong("expected `,` or `}`"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<NodeValue, Wrong> {
        self.at += 1;
        let mut list = Vec::new();
        if self.take(']') {
            return Ok(NodeValue::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            if self.take(']') {
                return Ok(NodeValue::List(list));
            }
            if !self.take(',') {
                return Err(self.wrong("expected `,` or `]`"));
            }
        }
    }

    fn word(&mut self) -> Result<NodeValue, Wrong> {
        let word = self.rest().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let value = match word {
            "true" => NodeValue::Bool(true),
            "false" => NodeValue::Bool(false),
            "null" => NodeValue::Null,
            _ => return Err((self.at..self.at + word.len(), "expected a value; texts stand in double quotes".into())),
        };
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<NodeValue, Wrong> {
        let is_part = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let digits = self.rest().split(|c: char| !is_part(c)).next().unwrap_or_default();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if (plain && digits.len() > 1 && digits.starts_with('0'))
            || digits.ends_with('.')
            || digits.parse::<f64>().is_err()
        {
            return Err((self.at..self.at + digits.len(), "this is no number".into()));
        }
        let value = digits.parse().map_or(NodeValue::Number, NodeValue::Int);
        self.at += digits.len();
        Ok(value)
    }

    /// The text between quotes, with `at` behind the closing one.
    fn string(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err((start..start + 1, "this quote is never closed".into())) };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape()?),
                c if c.is_control() => return Err(self.wrong("a text holds no line break and no control character")),
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let start = self.at;
        self.at += 1;
        let c = self.peek().unwrap_or(' ');
        self.at += c.len_utf8().min(self.rest().len());
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(start),
            _ => return Err((start..self.at, "unknown escape".into())),
        };
        Ok(plain)
    }

    fn unicode(&mut self, start: usize) -> Result<char, Wrong> {
        let wrong = || (start..start + 2, "`\\u` takes four hexadecimal digits of a character".to_owned());
        let unit = |reader: &mut Self| {
            let digits = reader.rest().get(..4).filter(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or_else(wrong)?;
            reader.at += 4;
            Ok::<u16, Wrong>(unit)
        };
        let first = unit(self)?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            units.push(unit(self)?);
        }
        let decoded: Result<Vec<char>, _> = char::decode_utf16(units).collect();
        match decoded.as_deref() {
            Ok([one]) => Ok(*one),
            Ok(_) | Err(_) => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_places() {
        let text = "{ \"a\": [1, -2, 2.5, true, null, \"é\\n\\u00e9\\ud83d\\ude00\"], \"b\": {} }\r\n";
        let node = read(text).expect("a value");
        let map = node.map().expect("a table");
        assert_eq!((map[0].0.text.as_str(), &text[map[0].0.span.clone()]), ("a", "\"a\""));
        let list = map[0].1.list().expect("a list");
        assert_eq!((list[0].int(), list[1].int(), list[3].bool()), (Some(1), None, Some(true)));
        assert_eq!(list[5].text(), Some("é\né😀"));
        assert_eq!(&text[map[1].1.span.clone()], "{}");
    }

    #[test]
    fn what_is_not_json_is_an_error_with_a_place() {
        let (open, closed) = ("[".repeat(100), "]".repeat(100));
        let deep = format!("{open}{closed}");
        for text in [
            "",
            " ",
            "{",
            "[1,",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1,\"a\":2}",
            "// x\n{}",
            "01",
            "1.",
            "--1",
            "nul",
            "tru",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "{} {}",
            "\u{feff}{}",
            "'a'",
            "NaN",
            "\"\\",
            &deep,
            &open,
        ] {
            let (span, what) = read(text).expect_err(text);
            assert!(!what.is_empty() && span.start <= text.len(), "{text}");
        }
    }
}
