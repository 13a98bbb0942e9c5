//! What all runs of this user have spent since the month began, and the limit on it. Asked where an attempt is about to
//! start; nothing is stopped in the middle.
//!
//! Played runs count among played runs, real ones among real ones. A ledger is read again only where it has grown.

use crate::parts::EngineError;
use crate::record;
use mao_core::day::Day;
use mao_core::event::Recorded;
use mao_core::ids::{RunId, Stamp};
use mao_core::run::RunState;
use mao_policy::{Policy, spend};
use mao_store::Store;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The limit of a month, with what was read of other runs.
#[derive(Debug)]
pub(crate) struct Month {
    cap: Option<u64>,
    seen: Mutex<BTreeMap<RunId, Seen>>,
}

/// One run as it was last read.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Its last event then.
    seq: u64,
    /// The month that was looked at.
    month: Day,
    /// Whether its models were scripted.
    played: bool,
    /// What it spent in that month, in millionths of a US dollar.
    micro_usd: u64,
}

impl Month {
    /// A limit in millionths of a US dollar; none where nobody set one.
    pub(crate) fn new(cap: Option<u64>) -> Self {
        Self { cap, seen: Mutex::default() }
    }

    /// What `run` waits for, where the month's limit keeps it from starting an attempt now.
    pub(crate) fn reached(
        &self,
        store: &dyn Store,
        policy: &Policy,
        run: &RunState,
        now: Stamp,
    ) -> Result<Option<String>, EngineError> {
        let Some(cap) = self.cap else { return Ok(None) };
        let month = Day::of(now).month_begins();
        let mut sum = spend::since(policy, run, month.begins());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in store.runs(None)?.into_iter().filter(|entry| entry.run != run.opened.run) {
            let known = seen.get(&entry.run).filter(|seen| seen.seq == entry.last_seq && seen.month == month);
            let one = match known {
                Some(known) => *known,
                None => {
                    let (played, micro_usd) = spent(store, &store.read(&entry.run, 0)?, month)?;
                    Seen { seq: entry.last_seq, month, played, micro_usd }
                }
            };
            seen.insert(entry.run, one);
            if one.played == run.opened.scripted.is_some() {
                sum = sum.saturating_add(one.micro_usd);
            }
        }
        Ok(spend::month_reached(cap, sum))
    }
}

/// Whether a run was played, and what it spent since the month began.
fn spent(store: &dyn Store, events: &[Recorded], month: Day) -> Result<(bool, u64), EngineError> {
    if events.last().is_none_or(|last| last.at < month.begins()) {
        return Ok((false, 0));
    }
    let Some(state) = RunState::fold(events)? else { return Ok((false, 0)) };
    let policy = record::policy(store, &state.opened.policy)?;
    Ok((state.opened.scripted.is_some(), spend::since(&policy, &state, month.begins())))
}
