//! What goes wrong inside a transaction, and the one place where the database's errors become the store's.

use super::place;
use crate::traits::StoreError;
use rusqlite::{Error, ErrorCode};
use std::path::Path;

/// The store's own refusal, or the database's.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Ours.
    Store(StoreError),
    /// SQLite's.
    Sql(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl Failure {
    /// The store's error, for a database in `dir`.
    pub(crate) fn at(self, dir: &Path) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => from_sql(error, dir),
        }
    }
}

fn from_sql(error: Error, dir: &Path) -> StoreError {
    let damaged = |error: &Error| StoreError::Damaged { what: "the ledger database".into(), why: error.to_string() };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => place::full(dir),
        // SQLite says "disk full" only of its plain writes; growing the shared memory or opening the write-ahead log
        // on a full disk, it says "I/O error" and "unable to open".
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if nothing_left(dir) => place::full(dir),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(&error),
        Some(_) => StoreError::Database(Box::new(error)),
        None if is_conversion(&error) => damaged(&error),
        None => StoreError::Database(Box::new(error)),
    }
}

/// Whether a column held what we never write.
fn is_conversion(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..)
    )
}

fn nothing_left(dir: &Path) -> bool {
    rustix::fs::statvfs(dir).is_ok_and(|disk| disk.f_bavail == 0 || (disk.f_files > 0 && disk.f_favail == 0))
}
