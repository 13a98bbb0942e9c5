//! Conflicts to come: as soon as a change is made, it is merged in thought with every finished one of its base. What is
//! found is recorded for people; nothing waits for it and nothing is decided by it.

use crate::work::{Done, blocking};
use mao_core::change::{Change, Member};
use mao_core::event::Event;
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_repo::RunRepo;
use std::sync::Arc;

/// The most paths that a forecast names.
const PATHS: usize = 20;

/// The change that `event` brought, if it brought one.
pub(crate) fn changed(state: &RunState, event: &Event) -> Option<(Member, Change)> {
    let Event::AttemptEnded { step, attempt, .. } = event else { return None };
    let member = Member { of: step.clone(), attempt: *attempt };
    state.change(&member).cloned().map(|change| (member, change))
}

/// The finished changes of the same base that have not landed.
pub(crate) fn others(state: &RunState, (member, change): &(Member, Change)) -> Vec<(StepId, Change)> {
    let standing = state.steps.keys().filter_map(|step| match state.ask(step)?.standing() {
        Standing::Answered(_, answered) => Some((step.clone(), answered.answer.change.clone()?)),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    standing
        .filter(|(step, other)| *step != member.of && other.base == change.base && !state.landed.contains(step))
        .collect()
}

/// Whether the two would conflict: an event where they would, and nothing where they would not or nobody can tell.
pub(crate) async fn foresee(
    repo: Arc<RunRepo>,
    (member, change): (Member, Change),
    (with, other): (StepId, Change),
) -> Done {
    let paths = blocking(move || repo.foresee(&other, &change)).await.unwrap_or_default();
    let paths: Vec<String> = paths.into_iter().take(PATHS).collect();
    // No step of this name exists: a forecast is nobody's work.
    let step = StepId::new(format!("foresee.{}.{with}", member.of));
    let event =
        (!paths.is_empty()).then_some(Event::Foreseen { step: member.of, attempt: member.attempt, with, paths });
    Done { step, event: Ok(event) }
}
