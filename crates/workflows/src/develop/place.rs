//! A workstream's place in a run: its step's name, its group, whether it has landed.

use super::order;
use super::steps::work_step;
use crate::plan::{Plan, Stream};
use mao_core::event::Verification;
use mao_core::ids::{SectionId, StepId};
use mao_core::request::Order;
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState};

/// Whether the changes of a group are whole one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Each is: its own tree is checked and judged before it is merged with others.
    Each,
    /// Only together: several workstreams of one section began from one contract, and miss each other's work. Trees
    /// that hold them together are checked and judged.
    Together,
}

impl Whole {
    pub(super) fn of(group: &[Place]) -> Self {
        let again = |(at, place): (usize, &Place)| group[..at].iter().any(|other| other.section == place.section);
        if group.iter().enumerate().any(again) { Self::Together } else { Self::Each }
    }
}

/// A workstream in the plan.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) section: SectionId,
    pub(super) stream: Stream,
    pub(super) step: StepId,
}

impl Place {
    /// The planned workstreams in groups: a group works at the same time and lands in its own order, before the next one
    /// begins. Sections run in waves. All workstreams of a section with a contract are in their wave's first group; of
    /// the others, a workstream of each name follows the one before it.
    pub(super) fn groups(run: &RunState, plan: &Plan) -> Vec<Vec<Self>> {
        let in_wave = |wave: Vec<SectionId>| {
            Stream::ALL
                .into_iter()
                .enumerate()
                .map(move |(at, round)| {
                    let planned = Stream::ALL.into_iter().flat_map(|stream| {
                        let together = wave.iter().filter(move |section| match contract(run, plan, section) {
                            Some(_) => at == 0,
                            None => stream == round,
                        });
                        together.filter_map(move |section| {
                            plan.workstream(section, stream).map(|_| Self::new(section, stream))
                        })
                    });
                    planned.collect::<Vec<Self>>()
                })
                .collect::<Vec<Vec<Self>>>()
        };
        order::order(run).waves.into_iter().flat_map(in_wave).filter(|group| !group.is_empty()).collect()
    }

    /// All planned workstreams, by section and stream.
    pub(super) fn all(run: &RunState, plan: &Plan) -> Vec<Self> {
        let sections = run.opened.request.sections.iter();
        let places = sections.flat_map(|section| {
            let planned = Stream::ALL.into_iter().filter(|stream| plan.workstream(&section.id, *stream).is_some());
            planned.map(|stream| Self::new(&section.id, stream)).collect::<Vec<Self>>()
        });
        places.collect()
    }

    fn new(section: &SectionId, stream: Stream) -> Self {
        Self { section: section.clone(), stream, step: work_step(section, stream) }
    }

    /// Whether its change is part of the head.
    pub(super) fn landed(&self, run: &RunState) -> bool {
        run.landed.contains(&self.step)
    }

    /// What tells its steps from those of others.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.section, self.stream.name())
    }
}

/// The contract by which all workstreams of a section work at once; none where they follow each other.
pub(super) fn contract<'a>(run: &RunState, plan: &'a Plan, section: &SectionId) -> Option<&'a str> {
    match run.opened.request.order {
        Order::Computed => plan.section(section)?.contract.as_deref(),
        Order::Sequential => None,
    }
}

/// How many attempts of a step were acknowledged.
pub(crate) fn acknowledged(ask: &AskStep) -> usize {
    ask.attempts
        .iter()
        .filter(|attempt| matches!(attempt.state, AttemptState::Failed(..) | AttemptState::Answered(_)))
        .count()
}

/// Whether a tree's checks are known and green.
pub(super) fn is_green(verification: Option<&Verification>) -> bool {
    verification.is_some_and(Verification::green)
}
