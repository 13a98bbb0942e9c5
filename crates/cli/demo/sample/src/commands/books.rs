//! Commands for books. Come with section 1.

use super::{Error, Shelf};

/// Runs one command about books.
///
/// # Errors
/// [`Error`]; nothing is built yet.
pub fn run(_shelf: &Shelf, _words: &[&str]) -> Result<String, Error> {
    Err(Error::Usage("add | finish | list (not built yet)"))
}
