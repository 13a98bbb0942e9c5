//! The commands: words in, text out. Nothing here prints or exits.

pub mod books;
pub mod loans;

use crate::day::Day;
use crate::rules::Refused;
use crate::storage::StorageError;
use std::fmt;
use std::path::PathBuf;

/// Where the lists are, and what day it is.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The directory of the lists.
    pub dir: PathBuf,
    /// Today.
    pub today: Day,
}

impl Shelf {
    /// The file of that name in the shelf's directory.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Why a command did nothing.
#[derive(Debug)]
pub enum Error {
    /// It was called with other words than these.
    Usage(&'static str),
    /// It is against a rule.
    Refused(Refused),
    /// A list could not be read or written.
    Storage(StorageError),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(words) => write!(f, "usage: shelf {words}"),
            Self::Refused(refused) => write!(f, "{refused}"),
            Self::Storage(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

/// Runs one command and returns what it answers.
///
/// # Errors
/// [`Error`]; the lists are as they were then.
pub fn run(shelf: &Shelf, words: &[&str]) -> Result<String, Error> {
    match words.first() {
        Some(&("add" | "finish" | "list")) => books::run(shelf, words),
        Some(&("lend" | "return" | "overdue")) => loans::run(shelf, words),
        Some(_) | None => Err(Error::Usage(
            "add | finish | list | lend | return | overdue",
        )),
    }
}
