//! Write, then act: the ledger of one run as its owner holds it, with the state that folds from it.

use crate::announce::Announcer;
use crate::failpoint::Side;
use crate::parts::{EngineError, Parts};
use mao_core::event::{Event, Recorded};
use mao_core::ids::RunId;
use mao_core::run::RunState;
use mao_store::{Owner, SignalId};
use std::sync::Arc;

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
        let at = self.parts.clock.now();
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

fn announce(announcer: &Announcer, recorded: Vec<Recorded>) {
    for one in recorded {
        announcer.recorded(one);
    }
}

/// The state of a run as its ledger tells it.
pub fn fold(parts: &Parts, run: &RunId) -> Result<RunState, EngineError> {
    let events = parts.store.read(run, 0)?;
    RunState::fold(&events)?.ok_or(EngineError::NoSuchRun(*run))
}
