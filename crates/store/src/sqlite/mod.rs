//! The embedded implementation: one SQLite database and a directory of blobs, in one state directory per user.
//!
//! Every write is one `BEGIN IMMEDIATE` transaction that is synced when it returns; readers of other processes are
//! never blocked by it (write-ahead log). There is no cache: what a call says was on disk when it was asked.
//!
//! Read in this order: `schema` (the tables), `ledger`, `lease`, `inbox`, `slots`, `blobs`, `place` (the directory).

mod blobs;
mod failure;
mod inbox;
mod lease;
mod ledger;
mod place;
mod schema;
mod slots;

pub use blobs::blob_id;
pub(crate) use ledger::known;
pub(crate) use place::unusable;
pub use place::{Look, look, network_kind};
pub use schema::SCHEMA_VERSION;

use crate::traits::{Act, Blobs, StoreError, Unnamed};
use blobs::BlobFiles;
use failure::Failure;
use mao_core::ids::{BlobId, Stamp};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a call waits for another process's transaction. Ours take milliseconds; a slow disk takes seconds. Who is
/// stopped in the middle of one holds all writers up: they end with [`StoreError::Database`].
const BUSY: Duration = Duration::from_secs(10);

/// The store on this machine's disk. Cheap to share by reference; several may be open on one directory, in one
/// process or in many.
pub struct SqliteStore {
    dir: PathBuf,
    db: Mutex<Connection>,
    blobs: BlobFiles,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the store in `dir`, making the directory (mode 0700) and the database (mode 0600) where they are missing.
    ///
    /// # Errors
    /// [`StoreError::NetworkFileSystem`], [`StoreError::Newer`] for a schema this program does not know,
    /// [`StoreError::Unusable`] also where others may write to the directory, [`StoreError::Full`],
    /// [`StoreError::Damaged`] where the file is no database of ours.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let dir = std::path::absolute(dir).map_err(|source| place::unusable(dir, source))?;
        place::prepare(&dir)?;
        let file = dir.join("ledger.sqlite");
        place::make_file(&file)?;
        let db = connect(&dir, &file).map_err(|failure| failure.at(&dir))?;
        let blobs = BlobFiles::open(&dir)?;
        Ok(Self { dir, db: Mutex::new(db), blobs })
    }

    /// The state directory, absolute.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The content that no event of any run names and that was last put before `before`; removed where `act` says so.
    /// Content that is being put meanwhile waits, and is young then.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], and [`StoreError::Newer`] where a newer `mao` wrote events that may name content in
    /// ways that this one does not know.
    pub fn unnamed(&self, before: Stamp, act: Act) -> Result<Unnamed, StoreError> {
        self.blobs.unnamed(before, || self.named(), act)
    }

    /// Performs `act` in one write transaction: all of it is on disk on return, or none of it ever was.
    fn write<T>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, StoreError> {
        self.in_transaction(TransactionBehavior::Immediate, act)
    }

    /// Performs `act` on one consistent picture of the database.
    fn read_only<T>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, StoreError> {
        self.in_transaction(TransactionBehavior::Deferred, act)
    }

    fn in_transaction<T>(
        &self,
        behavior: TransactionBehavior,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut db = self.connection();
        let done = (|| {
            let transaction = db.transaction_with_behavior(behavior)?;
            let value = act(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        done.map_err(|failure: Failure| failure.at(&self.dir))
    }

    /// A thread that panicked here has rolled back while it unwound, so a poisoned lock guards a sound connection.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(dir: &Path, file: &Path) -> Result<Connection, Failure> {
    // No SQLITE_OPEN_CREATE: the file was made with its mode. No SQLITE_OPEN_URI: a directory may be called `file:x`.
    let mut db =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "trusted_schema", false)?;
    schema::ensure(&mut db, dir)?;
    Ok(db)
}

impl Blobs for SqliteStore {
    fn put(&self, content: &[u8]) -> Result<BlobId, StoreError> {
        self.blobs.put(content)
    }

    fn put_file(&self, path: &Path) -> Result<BlobId, StoreError> {
        self.blobs.put_file(path)
    }

    fn get(&self, blob: &BlobId) -> Result<Vec<u8>, StoreError> {
        self.blobs.get(blob)
    }
}
