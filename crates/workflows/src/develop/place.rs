//! A workstream's place in a run: its step's name, its wave, whether it has landed.

use super::steps::work_step;
use crate::plan::{Plan, Stream};
use mao_core::event::Verification;
use mao_core::ids::{SectionId, StepId};
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState, Step};

/// A workstream in the plan.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) section: SectionId,
    pub(super) stream: Stream,
    pub(super) step: StepId,
}

impl Place {
    /// The planned workstreams of one wave, in the request's order.
    pub(super) fn of_wave(run: &RunState, plan: &Plan, stream: Stream) -> Vec<Self> {
        let sections = run.opened.request.sections.iter();
        sections
            .filter(|section| plan.workstream(&section.id, stream).is_some())
            .map(|section| Self { section: section.id.clone(), stream, step: work_step(&section.id, stream) })
            .collect()
    }

    /// Whether its change is part of the head.
    pub(super) fn landed(&self, run: &RunState) -> bool {
        run.steps.values().any(|step| match step {
            Step::Merge { of, landed, .. } => *landed && *of == self.step,
            Step::Ask(_) | Step::Verify { .. } | Step::Report { .. } | Step::Publish { .. } | Step::Question { .. } => {
                false
            }
        })
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
