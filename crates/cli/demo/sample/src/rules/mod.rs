//! What may be done with books and loans: pure rules, without files or clocks.

pub mod books;
pub mod loans;

use crate::schema::{BookId, Invalid};
use std::fmt;

/// Why something may not be done. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A value that the schema does not allow.
    Invalid(Invalid),
    /// No book has this number.
    NoSuchBook(BookId),
    /// The book is listed already, under this number.
    Listed(BookId),
    /// The book was finished before.
    Finished(BookId),
    /// The book is with somebody.
    Lent {
        /// Which book.
        book: BookId,
        /// With whom.
        to: String,
    },
    /// The book is not with anybody.
    NotLent(BookId),
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => write!(f, "{invalid}"),
            Self::NoSuchBook(book) => write!(f, "there is no book {book}"),
            Self::Listed(book) => write!(f, "this is book {book} already"),
            Self::Finished(book) => write!(f, "book {book} was finished before"),
            Self::Lent { book, to } => write!(f, "book {book} is with {to}"),
            Self::NotLent(book) => write!(f, "book {book} is not lent"),
        }
    }
}

impl std::error::Error for Refused {}
