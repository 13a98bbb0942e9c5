//! A workstream's place in a run: its step's name, its group, whether it has landed.

use super::steps::work_step;
use crate::plan::{Plan, Stream};
use mao_core::event::Verification;
use mao_core::ids::{SectionId, StepId};
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState};

/// A workstream in the plan.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) section: SectionId,
    pub(super) stream: Stream,
    pub(super) step: StepId,
}

impl Place {
    /// The planned workstreams in groups: a group works at the same time and lands in its own order, before the next one
    /// begins.
    pub(super) fn groups(run: &RunState, plan: &Plan) -> Vec<Vec<Self>> {
        let of_stream = |stream| {
            let sections = run.opened.request.sections.iter();
            let planned = sections.filter(|section| plan.workstream(&section.id, stream).is_some());
            planned.map(|section| Self::new(&section.id, stream)).collect()
        };
        Stream::ALL.into_iter().map(of_stream).collect()
    }

    fn new(section: &SectionId, stream: Stream) -> Self {
        Self { section: section.clone(), stream, step: work_step(section, stream) }
    }

    /// Whether its change is part of the head.
    pub(super) fn landed(&self, run: &RunState) -> bool {
        run.landed.contains(&self.step)
    }

    /// A step about its change, named by how many attempts are acknowledged: lost ones leave no trace in names.
    pub(super) fn about(&self, verb: &str, ask: &AskStep) -> StepId {
        StepId::new(format!("{verb}.{}.{}.{}", self.section, self.stream.name(), acknowledged(ask)))
    }
}

/// How many attempts of a step were acknowledged.
pub(super) fn acknowledged(ask: &AskStep) -> usize {
    ask.attempts
        .iter()
        .filter(|attempt| matches!(attempt.state, AttemptState::Failed(..) | AttemptState::Answered(_)))
        .count()
}

/// Whether a tree's checks are known and green.
pub(super) fn is_green(verification: Option<&Verification>) -> bool {
    verification.is_some_and(Verification::green)
}
