//! LOG-03: what came of each model's attempts, per kind of work. Folded from ledgers and kept nowhere else, so that it
//! can never say anything that was not recorded. It tunes nothing: people do.

use mao_core::ids::{ModelId, TaskClass};
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::step::AttemptState;
use std::collections::BTreeMap;

/// Whose attempts, and at what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The registry entry that was asked.
    pub model: ModelId,
    /// The kind of work.
    pub task: TaskClass,
    /// Whether a script answered instead of the model.
    pub scripted: bool,
}

/// What came of attempts of one model at one kind of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Answers that stood: in the form asked for, and never refused.
    pub stood: u64,
    /// Answers whose change was refused, by why.
    pub refused: BTreeMap<&'static str, u64>,
    /// Attempts that failed, by the fault's kind.
    pub failed: BTreeMap<&'static str, u64>,
    /// Attempts whose owner died; nobody's doing.
    pub lost: u64,
    /// What the answers cost together.
    pub usage: Usage,
    /// How long acknowledged attempts took together, in milliseconds.
    pub took_ms: u64,
}

impl Outcomes {
    /// How many attempts came to an end.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.stood + self.refused.values().sum::<u64>() + self.failed.values().sum::<u64>()
    }
}

/// What came of the attempts of many runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<Row, Outcomes>);

impl Tally {
    /// Takes a run in. A run is taken in once.
    pub fn add(&mut self, run: &RunState) {
        for (_, ask, attempt) in run.attempts() {
            let Some(link) = ask.link_of(attempt) else { continue };
            let scripted = run.opened.scripted.is_some();
            let row = Row { model: link.model.clone(), task: ask.ask.task.clone(), scripted };
            let outcomes = self.0.entry(row).or_default();
            match &attempt.state {
                AttemptState::Running => {}
                AttemptState::Lost => outcomes.lost += 1,
                AttemptState::Failed(fault, at) => {
                    *outcomes.failed.entry(fault.kind.label()).or_default() += 1;
                    outcomes.took_ms += at.since(attempt.started);
                }
                AttemptState::Answered(answered) => {
                    match &answered.refusal {
                        None => outcomes.stood += 1,
                        Some(refusal) => *outcomes.refused.entry(refusal.label()).or_default() += 1,
                    }
                    outcomes.usage = outcomes.usage.plus(answered.answer.usage);
                    outcomes.took_ms += answered.at.since(attempt.started);
                }
            }
        }
    }
}
