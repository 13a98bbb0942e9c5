//! Caps per account across all runs of this user. A holder that died gives its place back by running out of time.

use super::SqliteStore;
use super::lease::end_of;
use crate::traits::{Slots, StoreError};
use mao_core::ids::{AccountId, Stamp};
use rusqlite::params;

impl Slots for SqliteStore {
    fn try_take(
        &self,
        account: &AccountId,
        cap: u32,
        holder: &str,
        now: Stamp,
        ttl_ms: u64,
    ) -> Result<bool, StoreError> {
        let until = end_of(now, ttl_ms);
        let ttl_ms = ttl_ms.min(i64::MAX.unsigned_abs());
        self.write(|transaction| {
            // A place that reaches further than its own length was taken before the clock was set back: it has its
            // length from now on.
            transaction.execute(
                "UPDATE slots SET held_until = ?2 + length
                 WHERE account = ?1 AND length <= 9223372036854775807 - ?2 AND held_until > ?2 + length",
                params![account.as_str(), now.0],
            )?;
            transaction.execute(
                "DELETE FROM slots WHERE account = ?1 AND held_until <= ?2",
                params![account.as_str(), now.0],
            )?;
            let (others, mine): (u32, u32) = transaction.query_row(
                "SELECT count(*) FILTER (WHERE holder <> ?2), count(*) FILTER (WHERE holder = ?2)
                 FROM slots WHERE account = ?1",
                params![account.as_str(), holder],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if mine == 0 && others >= cap {
                return Ok(false);
            }
            transaction.execute(
                "INSERT INTO slots (account, holder, held_until, length) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account, holder) DO UPDATE SET held_until = ?3, length = ?4",
                params![account.as_str(), holder, until, ttl_ms],
            )?;
            Ok(true)
        })
    }

    fn hold(&self, of: &str, now: Stamp, ttl_ms: u64) -> Result<(), StoreError> {
        let until = end_of(now, ttl_ms);
        let ttl_ms = ttl_ms.min(i64::MAX.unsigned_abs());
        self.write(|transaction| {
            transaction.execute(
                "UPDATE slots SET held_until = ?2, length = ?3 WHERE substr(holder, 1, length(?1)) = ?1",
                params![of, until, ttl_ms],
            )?;
            Ok(())
        })
    }

    fn give_back(&self, account: &AccountId, holder: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM slots WHERE account = ?1 AND holder = ?2", params![account.as_str(), holder])?;
            Ok(())
        })
    }
}
