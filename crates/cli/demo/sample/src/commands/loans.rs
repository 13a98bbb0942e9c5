//! Commands for loans. Come with section 2.

use super::{Error, Shelf};

/// Runs one command about loans.
///
/// # Errors
/// [`Error`]; nothing is built yet.
pub fn run(_shelf: &Shelf, _words: &[&str]) -> Result<String, Error> {
    Err(Error::Usage("lend | return | overdue (not built yet)"))
}
