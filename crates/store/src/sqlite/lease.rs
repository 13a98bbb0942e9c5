//! Who may write to a run. The epoch decides, the clock only says when a silent owner may be replaced.
//!
//! A clock that was set back cannot make two owners: every take has a higher epoch, and an older one is refused
//! wherever it writes. Nor can it keep a dead owner's lease alive for as long as the clock was wrong (see `take`).

use super::SqliteStore;
use super::ledger::standing;
use crate::traits::{Lease, Owner, StoreError};
use mao_core::ids::{Epoch, RepositoryKey, RunId, Stamp};
use rusqlite::{OptionalExtension, params};

/// The end of a time that starts at `now`; never zero, which means "given back", and never more than a column holds.
pub(crate) fn end_of(now: Stamp, ttl_ms: u64) -> u64 {
    now.0.saturating_add(ttl_ms).clamp(1, i64::MAX.unsigned_abs())
}

impl Lease for SqliteStore {
    fn take(&self, run: &RunId, repository: &RepositoryKey, now: Stamp, ttl_ms: u64) -> Result<Owner, StoreError> {
        let (run, until) = (*run, end_of(now, ttl_ms));
        let ttl_ms = ttl_ms.min(i64::MAX.unsigned_abs());
        self.write(|transaction| {
            let row: Option<(String, u64, u64, u64)> = transaction
                .prepare_cached("SELECT repository, epoch, held_until, length FROM runs WHERE run = ?1")?
                .query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .optional()?;
            let Some((its_repository, epoch, held_until, length)) = row else {
                transaction.execute(
                    "INSERT INTO runs (run, repository, epoch, held_until, length) VALUES (?1, ?2, 1, ?3, ?4)",
                    params![run.to_string(), repository.as_str(), until, ttl_ms],
                )?;
                return Ok(Ok(Owner { run, epoch: Epoch(1) }));
            };
            if its_repository != repository.as_str() {
                return Ok(Err(StoreError::NoSuchRun(run.to_string())));
            }
            if held_until > now.0 {
                // A lease that reaches further than its own length was given before the clock was set back. Its owner,
                // if alive, renews by the new clock; a dead one has the lease's length from now on, not more.
                let held_until = held_until.min(end_of(now, length));
                transaction.execute(
                    "UPDATE runs SET held_until = ?2 WHERE run = ?1 AND held_until > ?2",
                    params![run.to_string(), held_until],
                )?;
                return Ok(Err(StoreError::Held { run, until: Stamp(held_until) }));
            }
            transaction.execute(
                "UPDATE runs SET epoch = ?2, held_until = ?3, length = ?4 WHERE run = ?1",
                params![run.to_string(), epoch + 1, until, ttl_ms],
            )?;
            Ok(Ok(Owner { run, epoch: Epoch(epoch + 1) }))
        })?
    }

    fn renew(&self, owner: &Owner, now: Stamp, ttl_ms: u64) -> Result<(), StoreError> {
        let until = end_of(now, ttl_ms);
        let ttl_ms = ttl_ms.min(i64::MAX.unsigned_abs());
        self.write(|transaction| {
            let renewed = transaction.execute(
                "UPDATE runs SET held_until = ?3, length = ?4 WHERE run = ?1 AND epoch = ?2 AND held_until > 0",
                params![owner.run.to_string(), owner.epoch.0, until, ttl_ms],
            )?;
            if renewed == 0 { Err(StoreError::Fenced { run: owner.run }.into()) } else { Ok(()) }
        })
    }

    fn release(&self, owner: &Owner) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE runs SET held_until = 0 WHERE run = ?1 AND epoch = ?2",
                params![owner.run.to_string(), owner.epoch.0],
            )?;
            Ok(())
        })
    }

    fn confirm(&self, owner: &Owner, now: Stamp) -> Result<(), StoreError> {
        self.read_only(|transaction| match standing(transaction, &owner.run)? {
            Some(standing) if standing.epoch == owner.epoch.0 && standing.held_until > now.0 => Ok(()),
            Some(_) | None => Err(StoreError::Fenced { run: owner.run }.into()),
        })
    }
}
