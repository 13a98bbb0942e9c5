//! FBK-02: what is recorded of every fallback, from the calls that were really made; and FBK-07: what the next model is
//! given of the one before it.

use crate::policy::{Handover, Policy, Privacy};
use mao_core::change::Refusal;
use mao_core::event::Link;
use mao_core::ids::{AttemptNo, BlobId, CommitId, ModelId, StepId, TaskClass, VendorId};
use mao_core::mutant;
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::step::{AskStep, Attempt, AttemptState};
use serde::Serialize;

/// One model in place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The step.
    pub step: StepId,
    /// Its task class.
    pub task: TaskClass,
    /// What people call it.
    pub label: String,
    /// The attempt that failed; absent where a link was passed over before anybody was asked.
    pub attempt: Option<AttemptNo>,
    /// The model that failed or was passed over.
    pub from: ModelId,
    /// The model that was called instead.
    pub to: ModelId,
    /// Why.
    pub reason: String,
    /// The exit code of the failed process, where it had one.
    pub exit: Option<i32>,
    /// How long the failed attempt took, in milliseconds.
    pub took_ms: Option<u64>,
    /// The commit that holds what it left.
    pub partial: Option<CommitId>,
    /// What was spent on it in vain.
    pub lost: Usage,
    /// The same in millionths of a US dollar, where it is known.
    pub lost_micro_usd: Option<u64>,
    /// Who may see the work: the class that was asked before `to` was admitted.
    pub privacy: Privacy,
    /// Whose model `to` is.
    pub vendor: VendorId,
}

/// From one link of a route to another, between two calls that were made, or before the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hop<'a> {
    /// The attempt that did not stand; absent where nobody had been asked yet.
    pub last: Option<&'a Attempt>,
    /// The link that failed or was passed over.
    pub from: &'a Link,
    /// The link that was called instead.
    pub to: &'a Link,
    /// Why.
    pub reason: &'a str,
}

/// Every fallback of one question, in the order of its attempts. Lost ones leave no trace.
#[must_use]
pub fn hops(ask: &AskStep) -> Vec<Hop<'_>> {
    const WITHDRAWN: &str = "not enabled any more";
    let mut hops = Vec::new();
    let mut before: Option<&Attempt> = None;
    for attempt in ask.attempts.iter().filter(|attempt| attempt.state != AttemptState::Lost) {
        let last = before.replace(attempt);
        let from = match last {
            Some(last) if last.link != attempt.link => ask.link_of(last),
            None if attempt.link > 0 => ask.route.as_ref().and_then(|route| route.links.first()),
            Some(_) | None => None,
        };
        let reason = match last {
            Some(last) => reason(last),
            None => ask.passed_on.as_deref(),
        };
        if let (Some(from), Some(to)) = (from, ask.link_of(attempt)) {
            hops.push(Hop { last, from, to, reason: reason.unwrap_or(WITHDRAWN) });
        }
    }
    hops
}

/// Every fallback of a run, step by step, in the order of their attempts.
#[must_use]
pub fn taken(policy: &Policy, run: &RunState) -> Vec<Taken> {
    let asks = run.steps.keys().filter_map(|id| Some((id, run.ask(id)?)));
    asks.flat_map(|(step, ask)| hops(ask).into_iter().map(move |hop| one(policy, step, ask, hop))).collect()
}

fn one(policy: &Policy, step: &StepId, ask: &AskStep, hop: Hop<'_>) -> Taken {
    let Hop { last, from, to, reason } = hop;
    let loss = last.and_then(|last| last.loss.as_ref());
    let partial = match last.map(|last| &last.state) {
        Some(AttemptState::Answered(answered)) => answered.answer.change.as_ref().map(|change| &change.commit),
        Some(AttemptState::Failed(..) | AttemptState::Running | AttemptState::Lost) | None => {
            loss.and_then(|loss| loss.partial.as_ref()).map(|partial| &partial.commit)
        }
    };
    Taken {
        step: step.clone(),
        task: ask.ask.task.clone(),
        label: ask.ask.label.clone(),
        attempt: last.map(|last| last.no),
        from: from.model.clone(),
        to: to.model.clone(),
        reason: if mutant::is("fbk_02_no_reason") { String::new() } else { reason.to_owned() },
        exit: loss.and_then(|loss| loss.exit),
        took_ms: last.and_then(|last| Some(last.ended()?.since(last.started))),
        partial: partial.cloned(),
        lost: last.and_then(Attempt::usage).unwrap_or_default(),
        lost_micro_usd: last.and_then(|last| crate::spend::money(policy, from, last.usage()?, last.started)),
        privacy: policy.privacy,
        vendor: to.vendor.clone(),
    }
}

/// Why an attempt did not stand.
fn reason(attempt: &Attempt) -> Option<&'static str> {
    match &attempt.state {
        AttemptState::Failed(fault, _) => Some(fault.kind.label()),
        AttemptState::Answered(answered) => answered.refusal.as_ref().map(Refusal::label),
        AttemptState::Running | AttemptState::Lost => None,
    }
}

/// The commit that the next attempt starts from: the question's own, unless what others merged is why an earlier one was
/// refused. Never what an attempt left behind. A function of the record alone, so that it does not depend on who was
/// faster.
#[must_use]
pub fn base(run: &RunState, ask: &AskStep) -> CommitId {
    let left = ask.attempts.last().and_then(|last| last.loss.as_ref()?.partial.as_ref());
    if let (Some(left), true) = (left, mutant::is("fbk_07_next_starts_from_what_was_left")) {
        return left.commit.clone();
    }
    let met_others = ask.attempts.iter().any(|attempt| match &attempt.state {
        AttemptState::Answered(answered) => {
            matches!(answered.refusal, Some(Refusal::Conflict { .. } | Refusal::BrokeMerged { .. }))
        }
        AttemptState::Failed(..) | AttemptState::Running | AttemptState::Lost => false,
    });
    if met_others { run.head.clone() } else { ask.ask.base.clone() }
}

/// What the next attempt's prompt tells of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told<'a> {
    /// The attempt that did not stand.
    pub last: &'a Attempt,
    /// The diff it left, where the next model is told of it.
    pub left: Option<&'a BlobId>,
}

/// What an attempt on `link` is told of the last one that was acknowledged: the same model what was wrong; another one
/// nothing, unless a packet is configured.
#[must_use]
pub fn told<'a>(policy: &Policy, ask: &'a AskStep, link: usize) -> Option<Told<'a>> {
    let last = ask.attempts.iter().rev().find(|attempt| attempt.state != AttemptState::Lost)?;
    reason(last)?;
    if last.link == link {
        return Some(Told { last, left: None });
    }
    let left = match &last.state {
        AttemptState::Answered(answered) => answered.answer.change.as_ref().map(|change| &change.diff),
        AttemptState::Failed(..) | AttemptState::Running | AttemptState::Lost => {
            last.loss.as_ref().and_then(|loss| loss.partial.as_ref()).map(|partial| &partial.diff)
        }
    };
    match policy.fallback.handover {
        Handover::Clean => None,
        Handover::Packet => Some(Told { last, left }),
    }
}
