//! What came of what two reviewers differ about: of each claim that was tried, and of a person's word in the end.

use super::steps::Names;
use mao_core::event::Verification;
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::consensus::{Ran, Trial, trial};

/// The step in which a contested claim is tried: `before` the change or `after` it.
pub(super) fn tried_in(names: &Names, at: usize, when: &str) -> StepId {
    StepId::new(format!("{}.{}.{when}", names.tried, at + 1))
}

/// What came of trying a contested claim.
pub(super) fn tried(run: &RunState, names: &Names, at: usize) -> Trial {
    let ran = |when: &str| match run.steps.get(&tried_in(names, at, when)) {
        Some(Step::Probe { found, .. }) => found.as_ref().map(colour),
        Some(_) | None => None,
    };
    trial(ran("before"), ran("after"))
}

fn colour(ran: &Verification) -> Ran {
    match ran.first_red() {
        None => Ran::Green,
        Some(red) if red.exit.is_some() => Ran::Red,
        Some(_) => Ran::Broken,
    }
}

/// What a person said of a change that two differ about.
pub(super) fn word(run: &RunState, names: &Names) -> Option<Word> {
    match run.steps.get(&StepId::from(names.person)) {
        Some(Step::Question { answer: Some(answer), .. }) if answer == "yes" => Some(Word::Pass),
        Some(Step::Question { answer: Some(_), .. }) => Some(Word::Stop),
        Some(_) | None => None,
    }
}

/// A person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It passes.
    Pass,
    /// It does not.
    Stop,
}
