//! The tables, and which version of them this program knows. A newer version is refused before anything is written.
//!
//! The rules that must survive a mistake in our own code stand here as triggers: nothing in the ledger changes or
//! goes away, places have no gaps, epochs only grow.

use super::failure::Failure;
use super::place;
use crate::traits::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};
use std::path::Path;

/// The version of the tables (`PRAGMA user_version`).
pub const SCHEMA_VERSION: u32 = 1;

/// "mao1" in `PRAGMA application_id`: what tells our database from anybody else's.
const APPLICATION: i32 = 0x6d61_6f31;

const TABLES: &str = "
-- Who may write to a run. held_until and length are milliseconds; held_until is 0 when the lease was given back.
CREATE TABLE runs (
    run        TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    epoch      INTEGER NOT NULL CHECK (epoch > 0),
    held_until INTEGER NOT NULL CHECK (held_until >= 0),
    length     INTEGER NOT NULL CHECK (length >= 0)
) STRICT;
CREATE TRIGGER epochs_grow BEFORE UPDATE ON runs WHEN NEW.epoch < OLD.epoch
    BEGIN SELECT RAISE(ABORT, 'epochs only grow'); END;

-- What happened. at is milliseconds since 1970-01-01 UTC; body is the event as JSON. WITHOUT ROWID: an append writes one
-- tree, not a table and an index beside it.
CREATE TABLE events (
    run     TEXT NOT NULL REFERENCES runs (run),
    seq     INTEGER NOT NULL CHECK (seq > 0),
    at      INTEGER NOT NULL CHECK (at >= 0),
    kind    TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    body    TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
    WHEN NEW.seq <> 1 + (SELECT coalesce(max(seq), 0) FROM events WHERE run = NEW.run)
    BEGIN SELECT RAISE(ABORT, 'the ledger has no gaps'); END;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_never_leave BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- What waits for a run's owner. AUTOINCREMENT: a consumed signal's id is never given to another.
CREATE TABLE signals (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    run     TEXT NOT NULL REFERENCES runs (run),
    at      INTEGER NOT NULL CHECK (at >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    body    TEXT NOT NULL
) STRICT;
CREATE INDEX signals_of_run ON signals (run, id);

-- Places taken of an account's cap. held_until and length as in runs.
CREATE TABLE slots (
    account    TEXT NOT NULL,
    holder     TEXT NOT NULL,
    held_until INTEGER NOT NULL CHECK (held_until >= 0),
    length     INTEGER NOT NULL CHECK (length >= 0),
    PRIMARY KEY (account, holder)
) STRICT;
";

/// Makes the tables in a new database; refuses a database that is newer or not ours.
pub(crate) fn ensure(db: &mut Connection, dir: &Path) -> Result<(), Failure> {
    if version(db)? == 0 {
        create(db, dir)?;
    }
    match version(db)? {
        SCHEMA_VERSION => {}
        found if found > SCHEMA_VERSION => {
            return Err(StoreError::Newer { found, known: SCHEMA_VERSION }.into());
        }
        found => return Err(foreign(&format!("its version is {found}")).into()),
    }
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION { Ok(()) } else { Err(foreign("another program made it").into()) }
}

/// Two processes that both found an empty file take turns: the change to the write-ahead log does not wait for others
/// the way transactions do.
fn create(db: &mut Connection, dir: &Path) -> Result<(), Failure> {
    let turn = place::directory(dir)?;
    flock(&turn, FlockOperation::LockExclusive).map_err(|errno| place::unusable(dir, errno.into()))?;
    if version(db)? != 0 {
        return Ok(());
    }
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(foreign(&format!("its journal mode stays {mode}")).into());
    }
    let making = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    making.execute_batch(TABLES)?;
    making.pragma_update(None, "application_id", APPLICATION)?;
    making.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    making.commit()?;
    place::sync_directory(dir)?;
    Ok(())
}

fn version(db: &Connection) -> Result<u32, Failure> {
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    u32::try_from(found).map_err(|_| foreign(&format!("its version is {found}")).into())
}

fn foreign(why: &str) -> StoreError {
    StoreError::Damaged { what: "the ledger database".into(), why: why.into() }
}
