//! What everyone but the owner posts to a run. A signal leaves with the append that consumes it and in no other way.

use super::SqliteStore;
use super::ledger::{known, standing};
use crate::traits::{Inbox, SIGNAL_LIMIT, Signal, SignalId, StoreError};
use mao_core::event::EVENT_VERSION;
use mao_core::ids::{RunId, Stamp};
use rusqlite::params;

impl Inbox for SqliteStore {
    fn post(&self, run: &RunId, now: Stamp, signal: &Signal) -> Result<(), StoreError> {
        let body = serde_json::to_string(signal).map_err(|error| damaged(run, error.to_string()))?;
        if body.len() > SIGNAL_LIMIT {
            return Err(StoreError::TooLarge { bytes: body.len(), limit: SIGNAL_LIMIT });
        }
        self.write(|transaction| {
            if standing(transaction, run)?.is_none() {
                return Err(StoreError::NoSuchRun(run.to_string()).into());
            }
            transaction.execute(
                "INSERT INTO signals (run, at, version, body) VALUES (?1, ?2, ?3, ?4)",
                params![run.to_string(), now.0, EVENT_VERSION, body],
            )?;
            Ok(())
        })
    }

    fn waiting(&self, run: &RunId) -> Result<Vec<(SignalId, Signal)>, StoreError> {
        self.read_only(|transaction| {
            if standing(transaction, run)?.is_none() {
                return Err(StoreError::NoSuchRun(run.to_string()).into());
            }
            let mut rows =
                transaction.prepare_cached("SELECT id, version, body FROM signals WHERE run = ?1 ORDER BY id")?;
            let mut rows = rows.query([run.to_string()])?;
            let mut signals = Vec::new();
            while let Some(row) = rows.next()? {
                known(row.get(1)?)?;
                let body: String = row.get(2)?;
                let signal = serde_json::from_str(&body).map_err(|error| damaged(run, error.to_string()))?;
                signals.push((SignalId(row.get(0)?), signal));
            }
            Ok(signals)
        })
    }
}

fn damaged(run: &RunId, why: String) -> StoreError {
    StoreError::Damaged { what: format!("the inbox of run {run}"), why }
}
