//! What books and loans are, and what is no valid one.

pub mod book;
pub mod loan;

use std::fmt;
use std::str::FromStr;

/// The number of a book on the list, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookId(pub u32);

/// A value that the schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BookId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = Invalid {
            field: "number",
            why: "is no whole number from 1",
        };
        text.parse()
            .ok()
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or(wrong)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.why)
    }
}

impl std::error::Error for Invalid {}

/// `text` without blanks around it, if it is one line of 1 to 200 characters.
///
/// # Errors
/// [`Invalid`] with `field` and what is wrong.
pub fn line(field: &'static str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    match text {
        "" => Err(Invalid {
            field,
            why: "is empty",
        }),
        _ if text.chars().count() > 200 => Err(Invalid {
            field,
            why: "is longer than 200 characters",
        }),
        _ if text.chars().any(char::is_control) => Err(Invalid {
            field,
            why: "holds a control character",
        }),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_one() {
        assert_eq!("7".parse(), Ok(BookId(7)));
        for wrong in ["", "0", "-1", "1.5", "one"] {
            assert!(wrong.parse::<BookId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_plain_lines_pass() {
        assert_eq!(line("title", "  Emma ").as_deref(), Ok("Emma"));
        for wrong in ["", " \t", "a\tb", "a\nb"] {
            assert!(line("title", wrong).is_err(), "{wrong:?}");
        }
        assert!(line("title", &"é".repeat(200)).is_ok());
        assert!(line("title", &"é".repeat(201)).is_err());
    }
}
