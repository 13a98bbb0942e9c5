//! The append-only log: one row per event, as JSON that a person can read with `sqlite3`.
//!
//! An append checks who asks, where the ledger is and how large the events are before it writes, and consumes its
//! signals in the same transaction. Nothing is ever changed or removed.

use super::SqliteStore;
use super::failure::Failure;
use crate::traits::{Ledger, Owner, RunEntry, SignalId, StoreError};
use mao_core::event::{EVENT_LIMIT, EVENT_VERSION, Event, Recorded};
use mao_core::ids::{RepositoryKey, RunId, Stamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::BTreeSet;

/// How a run's row stands.
pub(crate) struct Standing {
    /// The newest epoch.
    pub(crate) epoch: u64,
    /// Until when its owner holds it; zero when it was given back.
    pub(crate) held_until: u64,
}

/// How a run stands, or `None` where there is none.
pub(crate) fn standing(transaction: &Transaction<'_>, run: &RunId) -> Result<Option<Standing>, Failure> {
    let found = transaction
        .prepare_cached("SELECT epoch, held_until FROM runs WHERE run = ?1")?
        .query_row([run.to_string()], |row| Ok(Standing { epoch: row.get(0)?, held_until: row.get(1)? }))
        .optional()?;
    Ok(found)
}

impl Ledger for SqliteStore {
    fn append(
        &self,
        owner: &Owner,
        expected: u64,
        at: Stamp,
        events: &[Event],
        consumed: &[SignalId],
    ) -> Result<u64, StoreError> {
        let run = owner.run;
        let bodies = events.iter().map(body).collect::<Result<Vec<_>, _>>()?;
        self.write(|transaction| {
            let standing = standing(transaction, &run)?.ok_or_else(|| StoreError::NoSuchRun(run.to_string()))?;
            if standing.epoch != owner.epoch.0 || standing.held_until == 0 {
                return Err(StoreError::Fenced { run }.into());
            }
            let end = end(transaction, &run)?;
            if end != expected {
                return Err(StoreError::Moved { run, at: end, expected }.into());
            }
            in_place(&run, expected, events)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (run, seq, at, kind, version, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut seq = expected;
            for (event, body) in events.iter().zip(&bodies) {
                seq += 1;
                insert.execute(params![run.to_string(), seq, at.0, event.kind(), EVENT_VERSION, body])?;
            }
            let mut consume = transaction.prepare_cached("DELETE FROM signals WHERE run = ?1 AND id = ?2")?;
            for signal in consumed {
                if consume.execute(params![run.to_string(), signal.0])? == 0 {
                    return Err(StoreError::NotWaiting { run, signal: *signal }.into());
                }
            }
            Ok(seq)
        })
    }

    fn read(&self, run: &RunId, after: u64) -> Result<Vec<Recorded>, StoreError> {
        // No place is beyond what the column holds.
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.read_only(|transaction| {
            if standing(transaction, run)?.is_none() {
                return Err(StoreError::NoSuchRun(run.to_string()).into());
            }
            let mut rows = transaction
                .prepare_cached("SELECT seq, at, version, body FROM events WHERE run = ?1 AND seq > ?2 ORDER BY seq")?;
            let mut rows = rows.query(params![run.to_string(), after])?;
            let mut events = Vec::new();
            let mut last = after.unsigned_abs();
            while let Some(row) = rows.next()? {
                let recorded = recorded(run, row)?;
                if recorded.seq != last + 1 {
                    return Err(damaged(run, recorded.seq, format!("it follows event {last}")).into());
                }
                last = recorded.seq;
                events.push(recorded);
            }
            Ok(events)
        })
    }

    fn runs(&self, repository: Option<&RepositoryKey>) -> Result<Vec<RunEntry>, StoreError> {
        self.read_only(|transaction| {
            let mut rows = transaction.prepare_cached(
                "SELECT runs.run, runs.repository, first.at, runs.held_until,
                        (SELECT max(seq) FROM events WHERE events.run = runs.run)
                 FROM runs JOIN events AS first ON first.run = runs.run AND first.seq = 1
                 WHERE ?1 IS NULL OR runs.repository = ?1
                 ORDER BY first.at DESC, runs.run",
            )?;
            let mut rows = rows.query([repository.map(RepositoryKey::as_str)])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(entry(row)?);
            }
            Ok(runs)
        })
    }
}

impl SqliteStore {
    /// Everything in the events that could be the name of a blob: 64 hexadecimal digits.
    pub(super) fn named(&self) -> Result<BTreeSet<String>, StoreError> {
        self.read_only(|transaction| {
            let mut named = BTreeSet::new();
            let mut rows = transaction.prepare("SELECT version, body FROM events")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                known(row.get(0)?)?;
                let body: String = row.get(1)?;
                let words = body.split(|c: char| !c.is_ascii_hexdigit());
                named.extend(words.filter(|word| word.len() == 64).map(str::to_ascii_lowercase));
            }
            Ok(named)
        })
    }
}

fn body(event: &Event) -> Result<String, StoreError> {
    let body = serde_json::to_string(event)
        .map_err(|error| StoreError::Damaged { what: format!("event {}", event.kind()), why: error.to_string() })?;
    if body.len() > EVENT_LIMIT {
        return Err(StoreError::TooLarge { bytes: body.len(), limit: EVENT_LIMIT });
    }
    Ok(body)
}

/// The last place of a run, 0 before its first event. A run that a newer `mao` went on with is refused.
fn end(transaction: &Transaction<'_>, run: &RunId) -> Result<u64, Failure> {
    let last = transaction
        .prepare_cached("SELECT seq, version FROM events WHERE run = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([run.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((seq, version)) = last else { return Ok(0) };
    known(version)?;
    Ok(seq)
}

/// A run is opened once, by its own first event.
fn in_place(run: &RunId, expected: u64, events: &[Event]) -> Result<(), StoreError> {
    for (index, event) in events.iter().enumerate() {
        let first = expected == 0 && index == 0;
        let fits = if first {
            matches!(event, Event::RunOpened(opened) if opened.run == *run)
        } else {
            !matches!(event, Event::RunOpened(_))
        };
        if !fits {
            return Err(StoreError::Misplaced { run: *run, kind: event.kind() });
        }
    }
    Ok(())
}

fn recorded(run: &RunId, row: &Row<'_>) -> Result<Recorded, Failure> {
    let seq = row.get(0)?;
    known(row.get(2)?)?;
    let body: String = row.get(3)?;
    // Of a version we know there is no kind we do not know: whoever wrote this was no mao of that version.
    let event = serde_json::from_str(&body).map_err(|error| damaged(run, seq, error.to_string()))?;
    Ok(Recorded { seq, at: Stamp(row.get(1)?), event })
}

fn entry(row: &Row<'_>) -> Result<RunEntry, Failure> {
    let run: String = row.get(0)?;
    let damaged = |_| StoreError::Damaged { what: "the list of runs".into(), why: "a row has no run id".into() };
    Ok(RunEntry {
        run: run.parse().map_err(damaged)?,
        repository: RepositoryKey::new(row.get::<_, String>(1)?),
        opened_at: Stamp(row.get(2)?),
        held_until: Stamp(row.get(3)?),
        last_seq: row.get(4)?,
    })
}

/// Refuses what a newer `mao` wrote.
pub(crate) fn known(version: u32) -> Result<(), StoreError> {
    if version > EVENT_VERSION {
        return Err(StoreError::Newer { found: version, known: EVENT_VERSION });
    }
    Ok(())
}

fn damaged(run: &RunId, seq: u64, why: String) -> StoreError {
    StoreError::Damaged { what: format!("event {seq} of run {run}"), why }
}
