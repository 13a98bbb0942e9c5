//! Lists as text files: one entry a line, fields separated by tabs.
//!
//! A list is replaced as a whole or not at all.

pub mod books;
pub mod loans;

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// A list that could not be read or written.
#[derive(Debug)]
pub enum StorageError {
    /// The file itself.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A line in it, from 1.
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong there.
        why: String,
    },
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Line { path, line, why } => write!(f, "{}:{line}: {why}", path.display()),
        }
    }
}

impl std::error::Error for StorageError {}

/// The text of a file; a file that is not there is empty.
///
/// # Errors
/// [`StorageError::File`].
pub fn read(path: &Path) -> Result<String, StorageError> {
    match fs::read_to_string(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        other => other.map_err(|cause| StorageError::File {
            path: path.to_owned(),
            cause,
        }),
    }
}

/// Puts `text` in the place of the file: after a crash there is the old list or the new one, never half of it.
///
/// # Errors
/// [`StorageError::File`]; the old list stands then.
pub fn replace(path: &Path, text: &str) -> Result<(), StorageError> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::File::open(&beside)?.sync_all())
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|cause| StorageError::File {
            path: path.to_owned(),
            cause,
        })
}

/// An empty directory for one test.
#[cfg(test)]
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("shelf-{}-{name}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let dir = scratch("replace");
        let path = dir.join("list.txt");
        assert_eq!(read(&path).unwrap(), "");
        replace(&path, "one\n").unwrap();
        replace(&path, "two\n").unwrap();
        assert_eq!(read(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(dir).unwrap();
    }
}
