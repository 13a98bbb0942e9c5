//! The numbers of sections and items: one to three parts, `N.0` as `N`.

use std::fmt;
use std::str::FromStr;

/// A number such as `2`, `2.1` or `3.2.1`, without trailing zeros. Ordered as a reader expects: 2 < 2.1 < 2.10 < 3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(Vec<u32>);

impl Number {
    /// The most parts that a number may have.
    const PARTS: usize = 3;

    /// Reads a number off the front of `text` and gives the rest. A number that has only one part must be followed
    /// by nothing or by a separator, so that `3 ways to fail` has none.
    pub(super) fn lead(text: &str) -> Option<(Self, &str)> {
        let (number, rest) = Self::prefix(text)?;
        let separated = rest.trim_start();
        let dashed = ["- ", "– ", "— "].iter().any(|dash| separated.starts_with(dash));
        let punctuated = rest.starts_with(['.', ')', ':', '*', '_']);
        let spaced = text[..text.len() - rest.len()].contains('.') && rest.starts_with(char::is_whitespace);
        if !(separated.is_empty() || punctuated || spaced || (dashed && rest.len() > separated.len())) {
            return None;
        }
        Some((number, title(rest)))
    }

    /// Reads a number off the front of what follows the word `Section` or `Phase`, and gives the rest.
    pub(super) fn after_word(text: &str) -> Option<(Self, &str)> {
        let (number, rest) = Self::prefix(text)?;
        let separated = rest.is_empty() || rest.starts_with([' ', '\t', '.', ')', ':', '*', '_', '–', '—', '-', ',']);
        separated.then(|| (number, title(rest)))
    }

    /// Reads a number off the front of `text` whatever follows but another digit or letter, and gives the rest.
    pub(super) fn prefix(text: &str) -> Option<(Self, &str)> {
        let mut end = 0;
        loop {
            end += text[end..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - end);
            let more = text[end..].strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if !more {
                break;
            }
            end += 1;
        }
        let rest = &text[end..];
        let number = text[..end].parse().ok()?;
        (!rest.starts_with(|c: char| c.is_alphanumeric())).then_some((number, rest))
    }

    /// Whether `self` lies beneath `other` or is it.
    pub(super) fn within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The number without its last part, and the last part.
    pub(super) fn split(&self) -> (&[u32], u32) {
        self.0.split_last().map_or((&[], 0), |(last, parent)| (parent, *last))
    }

    /// The sibling of `self` with another last part.
    pub(super) fn sibling(&self, last: u32) -> Self {
        let mut parts = self.split().0.to_vec();
        parts.push(last);
        Self(parts)
    }

    /// Whether it has one part.
    pub(super) fn is_whole(&self) -> bool {
        self.0.len() == 1
    }
}

/// What follows a number, without the separator and the decoration.
fn title(rest: &str) -> &str {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ')' | ':' | '*' | '_'));
    let rest = ["-", "–", "—"].iter().find_map(|dash| rest.strip_prefix(dash)).unwrap_or(rest);
    rest.trim()
}

/// A text that is no number of one to three parts, each below 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotANumber;

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let mut parts = Vec::with_capacity(Self::PARTS);
        for part in text.split('.') {
            let digits = !part.is_empty() && part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit());
            if !digits || parts.len() == Self::PARTS {
                return Err(NotANumber);
            }
            parts.push(part.parse().map_err(|_| NotANumber)?);
        }
        while parts.len() > 1 && parts.last() == Some(&0) {
            parts.pop();
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}
