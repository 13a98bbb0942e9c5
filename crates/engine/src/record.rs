//! Write, then act: the ledger of one run as its owner holds it, with the state that folds from it.

use crate::announce::Announcer;
use crate::compare;
use crate::failpoint::Side;
use crate::parts::{EngineError, Parts};
use mao_core::event::{AttemptResult, Event, Recorded};
use mao_core::ids::{BlobId, RunId, Stamp};
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_store::{Owner, SignalId, Store};
use serde_json::Value;
use std::sync::Arc;

/// The longest piece of a structured answer in one event, in bytes.
const PART: usize = 7 * 1024;

/// One run's ledger and state, held by its owner.
#[derive(Debug)]
pub struct Record {
    parts: Arc<Parts>,
    owner: Owner,
    state: RunState,
}

impl Record {
    /// Takes what is recorded of `owner`'s run.
    pub fn load(parts: Arc<Parts>, owner: Owner) -> Result<Self, EngineError> {
        let state = fold(&parts, &owner.run)?;
        Ok(Self { parts, owner, state })
    }

    /// Where the run stands.
    #[must_use]
    pub const fn state(&self) -> &RunState {
        &self.state
    }

    /// Who writes.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Records events in one commit; durable, folded and announced on return. An event that does not fit the state is
    /// refused before it is written. After an error this record is of no more use: its owner leaves.
    pub fn append(&mut self, events: &[Event], consumed: &[SignalId]) -> Result<(), EngineError> {
        if events.is_empty() && consumed.is_empty() {
            return Ok(());
        }
        self.append_at(self.parts.clock.now(), events, consumed)
    }

    /// The same, at the moment that `events` were decided at.
    pub fn append_at(&mut self, now: Stamp, events: &[Event], consumed: &[SignalId]) -> Result<(), EngineError> {
        let events = &in_parts(events);
        let at = match &self.parts.playback {
            Some(playback) => playback.admit(events)?,
            None => now,
        };
        let expected = self.state.seq;
        let mut recorded = Vec::with_capacity(events.len());
        for event in events {
            let one = Recorded { seq: self.state.seq + 1, at, event: event.clone() };
            self.state.apply(&one)?;
            recorded.push(one);
        }
        self.parts.points.pass(Side::Before, events);
        self.parts.store.append(&self.owner, expected, at, events, consumed)?;
        self.parts.points.pass(Side::After, events);
        announce(&self.parts.announcer, recorded);
        Ok(())
    }
}

/// The events with every structured answer that is too long for its own continued in events that follow it.
pub(crate) fn in_parts(events: &[Event]) -> Vec<Event> {
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        if let Event::Compared { step, compared } = event {
            out.extend(compare::in_parts(step, compared));
            continue;
        }
        let mut event = event.clone();
        let mut rest = Vec::new();
        if let Event::AttemptEnded { step, attempt, result: AttemptResult::Answered(answer), .. } = &mut event
            && let Some(whole) = answer.structured.as_ref().map(ToString::to_string).filter(|whole| whole.len() > PART)
        {
            let mut parts = cut(&whole);
            let last = parts.pop();
            answer.structured = Some(Value::String(String::new()));
            let mut part = |text: &str, more| {
                rest.push(Event::Continued { step: step.clone(), attempt: *attempt, text: text.to_owned(), more });
            };
            parts.iter().for_each(|text| part(text, true));
            last.iter().for_each(|text| part(text, false));
        }
        out.push(event);
        out.extend(rest);
    }
    out
}

/// A text in pieces that an event holds; escaping may double them.
fn cut(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (0..=rest.len().min(PART)).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, left) = rest.split_at(end);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

fn announce(announcer: &Announcer, recorded: Vec<Recorded>) {
    for one in recorded {
        announcer.recorded(one);
    }
}

/// The policy that a run was opened with.
pub(crate) fn policy(store: &dyn Store, blob: &BlobId) -> Result<Policy, EngineError> {
    serde_json::from_slice(&store.get(blob)?)
        .map_err(|wrong| EngineError::Broken(format!("the run's policy cannot be read: {wrong}")))
}

/// The state of a run as its ledger tells it.
pub fn fold(parts: &Parts, run: &RunId) -> Result<RunState, EngineError> {
    let events = parts.store.read(run, 0)?;
    RunState::fold(&events)?.ok_or(EngineError::NoSuchRun(*run))
}
