//! A change that conflicts with what landed: the orchestrator's own vendor brings it onto the head, in a worktree of its
//! own. Its change takes the refused one's place in the queue and passes the same checks and verdicts; where it cannot
//! be had, the change is refused and redone by its own chain.

use super::case::Case;
use super::place::{Place, acknowledged};
use crate::flow::open_once;
use mao_core::ask::{Ask, ReplyForm, Role};
use mao_core::change::Member;
use mao_core::effect::{Effect, Work};
use mao_core::event::MergeResult;
use mao_core::glob::Glob;
use mao_core::ids::{CommitId, StepId};
use mao_core::run::RunState;
use mao_core::step::{AskStep, Step};

/// The step in which the conflict of a workstream's present change is resolved.
pub(super) fn step(place: &Place, ask: &AskStep) -> StepId {
    about(&place.name(), ask)
}

fn about(subject: &str, ask: &AskStep) -> StepId {
    StepId::new(format!("resolve.{subject}.{}", acknowledged(ask)))
}

/// Opens that step on `onto`. Nothing for a change that resolves a conflict itself and meets another one: it is refused.
pub(super) fn open(run: &RunState, case: &Case<'_>, paths: &[String], onto: &CommitId) -> Option<Effect> {
    let again = if case.ask.resolves().is_some() { None } else { case.subject.again() };
    let Some((asked, called)) = again else {
        return Some(case.refuse(mao_core::change::Refusal::Conflict { paths: paths.to_vec() }));
    };
    let ReplyForm::Change { owned, .. } = asked.reply else { return None };
    // A path with a wildcard in its name would mean others too.
    let plain = paths.iter().filter(|path| !path.contains(['*', '?', '[', ']', '{', '}', '!', '\\']));
    let owned: Vec<Glob> = owned.into_iter().chain(plain.map(|path| Glob(path.clone()))).collect();
    let mut prompt = asked.prompt;
    prompt.template = "resolve".to_owned();
    let owns: Vec<String> = owned.iter().map(|glob| format!("`{}`", glob.0)).collect();
    prompt.data.insert("owns".to_owned(), owns.join(", "));
    prompt.data.insert("paths".to_owned(), paths.join(", "));
    prompt.attached.insert("diff".to_owned(), case.change.diff.clone());
    let ask = Ask {
        role: Role::Orchestrator,
        label: format!("Conflict of {called}"),
        prompt,
        reply: ReplyForm::Change { owned, resolves: Some(Box::new(case.member())) },
        base: onto.clone(),
        proposal: None,
        ..asked
    };
    open_once(run, about(&case.subject.name(), case.ask), Work::Ask(ask))
}

/// Where a change last conflicted.
pub(super) fn conflict(run: &RunState, member: &Member) -> Vec<String> {
    let found = run.steps.values().filter_map(|step| match step {
        Step::Merge { changes, results, .. } => changes.iter().zip(results).find(|(one, _)| *one == member),
        Step::Ask(_)
        | Step::Verify { .. }
        | Step::Probe { .. }
        | Step::Inspect { .. }
        | Step::Compare { .. }
        | Step::Report { .. }
        | Step::Publish { .. }
        | Step::Question { .. } => None,
    });
    let mut paths = found.filter_map(|(_, result)| match result {
        MergeResult::Conflict { paths } => Some(paths.clone()),
        MergeResult::Candidate { .. } => None,
    });
    paths.next_back().unwrap_or_default()
}
