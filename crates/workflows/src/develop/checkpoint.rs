//! The checkpoint between a plan and its approval: another model reads the plan, and a person settles what it says.
//!
//! CHK-03: when it is read. CHK-04: a pass opens the way, each concern needs a person's word with a reason, a block stops
//! until it is fixed and read again or overridden with a reason. CHK-10: a verdict is about one plan, by its hash; where
//! the plan changes meanwhile it is about nothing. CHK-12: read again at most twice, and never a third time for the same
//! kind of defect. No answer of a model opens anything here: what counts as an answer are the steps of a person.

use super::approval::Gate;
use super::given::{given, identity, latest, plan_step, planned_in};
use super::planning::{self, Planning};
use super::questions;
use crate::flow::{close, open_once};
use crate::plan::Plan;
use crate::review::asks;
use mao_core::ask::Ask;
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::{BlobId, StepId};
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::review::{PlanReview, PlanVerdict, read};
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_core::text;
use mao_policy::Policy;
use mao_policy::checkpoint::{Checkpoint, Occasion, Start, begin, fires};
use mao_policy::gate::{self, Again, Resolution, again};
use std::collections::BTreeMap;

/// The step in which a person is asked whether another model shall read the plan.
pub const OFFER: &str = "offer.plan";

/// Answers that need a reason.
const WITH_REASON: [&str; 4] = ["accept", "reject", "fix", "override"];

/// The step in which the plan is read for the `round`-th time.
#[must_use]
pub fn review_step(round: usize) -> StepId {
    StepId::new(format!("review.plan.{round}"))
}

/// The step in which a person settles one concern.
#[must_use]
pub fn concern_step(round: usize, at: usize) -> StepId {
    StepId::new(format!("concern.{round}.{}", at + 1))
}

/// The step in which a person says what follows from a block.
#[must_use]
pub fn block_step(round: usize) -> StepId {
    StepId::new(format!("block.{round}"))
}

/// The step in which a person says whether to go on although nobody could read the plan.
#[must_use]
pub fn unread_step(round: usize) -> StepId {
    StepId::new(format!("unread.{round}"))
}

/// Whether a person's answer to a question of the checkpoint is one.
pub(super) fn takes(step: &StepId, answer: &str, because: Option<&str>) -> Result<(), String> {
    let ours = ["concern.", "block."].iter().any(|begin| step.as_str().starts_with(begin));
    let silent = because.is_none_or(|why| why.trim().is_empty());
    if ours && silent && WITH_REASON.contains(&answer) && !mutant::is("chk_04_no_reason_is_a_reason") {
        return Err(format!("`{answer}` needs a reason"));
    }
    Ok(())
}

/// What there is to look at: the open items of the sections, or the workstreams where nothing has items.
fn occasion(run: &RunState, plan: &Plan) -> Occasion {
    let declared: u64 = run.opened.request.sections.iter().filter_map(|section| section.declares.subtasks).sum();
    let planned: usize = plan.sections.iter().map(|section| section.workstreams.len()).sum();
    let plan_tasks = declared.max(u64::try_from(planned).unwrap_or(u64::MAX));
    Occasion { plan_tasks, ..Occasion::default() }
}

/// What the checkpoint does for this plan.
fn start(policy: &Policy, run: &RunState, plan: &Plan) -> Start {
    let (checkpoint, occasion) = (Checkpoint::PlanReview, occasion(run, plan));
    let start = begin(checkpoint, policy.checkpoint(checkpoint), occasion, &policy.thresholds, policy.answers);
    match &start {
        // Nobody is there and nothing is remarkable: nothing happened.
        Start::Declined { .. } if fires(checkpoint, occasion, &policy.thresholds).is_none() => {
            Start::Skip { why: String::new() }
        }
        Start::Declined { .. } | Start::Skip { .. } | Start::Offer { .. } | Start::Park { .. } | Start::Run { .. } => {
            start
        }
    }
}

/// Whether a person may be asked to approve the plan now.
pub(super) fn gate(policy: &Policy, run: &RunState, plan: &Plan) -> Gate {
    let first = planned_in(run, 1);
    match start(policy, run, first.as_ref().unwrap_or(plan)) {
        Start::Skip { why } if why.is_empty() => Gate::Open,
        Start::Skip { why } => passed_over(run, format!("by policy: {why}")),
        Start::Declined { why } => passed_over(run, format!("declined by policy: {why}")),
        Start::Offer { question } | Start::Park { question } => match answer(run, &StepId::from(OFFER)) {
            Asked::Not => {
                let work = Work::Question { text: question, choices: words(&["yes", "no"]) };
                Gate::Waiting(open_once(run, OFFER, work).into_iter().collect())
            }
            Asked::Open => Gate::Waiting(Vec::new()),
            Asked::Said("yes", _) => round(policy, run, 1, &mut Vec::new()),
            Asked::Said(..) => passed_over(run, "declined by a person".to_owned()),
        },
        Start::Run { .. } => round(policy, run, 1, &mut Vec::new()),
    }
}

/// Records once that nobody reads the plan, and why.
fn passed_over(run: &RunState, why: String) -> Gate {
    let step = review_step(1);
    if run.knows(&step) {
        return Gate::Open;
    }
    Gate::Waiting(vec![Effect::Note(Note::StepSkipped { step, why })])
}

/// Where a question to a person stands.
pub(super) enum Asked<'a> {
    Not,
    Open,
    Said(&'a str, Option<&'a str>),
}

pub(super) fn answer<'a>(run: &'a RunState, step: &StepId) -> Asked<'a> {
    match run.steps.get(step) {
        Some(Step::Question { answer: Some(answer), because, .. }) => Asked::Said(answer, because.as_deref()),
        Some(_) => Asked::Open,
        None => Asked::Not,
    }
}

/// The review of one round, where it is over, and what names the plan that it is about.
#[must_use]
pub fn reviewed(run: &RunState, round: usize) -> Option<(PlanReview, String)> {
    let ask = run.ask(&review_step(round))?;
    let of_plan = |name: &str| name == "plan" || name.starts_with("plan/");
    let texts = ask.ask.prompt.attached.iter().filter(|(name, _)| of_plan(name)).map(|(_, text)| text.clone());
    let hash = identity(&texts.collect::<Vec<_>>());
    let Standing::Answered(_, answered) = ask.standing() else { return None };
    let review = read::<PlanReview>(&answered.answer.structured.as_ref()?.to_string()).ok()?;
    Some((review, hash))
}

/// What a person said to each item of a round.
#[must_use]
pub fn resolutions(run: &RunState, round: usize, review: &PlanReview) -> BTreeMap<String, Resolution> {
    let said = review.items.iter().enumerate().filter_map(|(at, item)| match answer(run, &concern_step(round, at)) {
        Asked::Said(word, because) => {
            let resolution = Resolution { accepted: word == "accept", reason: because.unwrap_or_default().to_owned() };
            Some((item.id.clone(), resolution))
        }
        Asked::Not | Asked::Open => None,
    });
    said.collect()
}

fn round(policy: &Policy, run: &RunState, number: usize, kinds: &mut Vec<Vec<String>>) -> Gate {
    let Some(texts) = given(run, number) else { return Gate::Waiting(planning(policy, run, number)) };
    let review = review_step(number);
    match run.ask(&review).map(|ask| ask.standing()) {
        None => {
            let before = number.checked_sub(1).and_then(|before| said(run, &review_step(before)));
            let ask = asks::plan(&run.opened.base, &texts, before.as_ref(), None);
            return Gate::Waiting(open_once(run, review, Work::Ask(ask)).into_iter().collect());
        }
        Some(Standing::Idle | Standing::Running(_)) => return Gate::Waiting(Vec::new()),
        Some(Standing::GivenUp(reason)) => return unread(run, number, reason),
        Some(Standing::Answered(..)) => {}
    }
    let Some((found, hash)) = reviewed(run, number) else {
        return unread(run, number, "the answer is in no form that counts");
    };
    kinds.push(found.items.iter().map(|item| item.area.clone()).collect());
    let said = resolutions(run, number, &found);
    let block = answer(run, &block_step(number));
    let overridden = match block {
        Asked::Said("override", because) => because,
        Asked::Said(..) | Asked::Not | Asked::Open => None,
    };
    let now = latest(run).map_or_else(|| hash.clone(), |(_, newest)| identity(&newest));
    let standing = gate::Standing { review: &found, reviewed: &hash, now: &now, resolutions: &said, overridden };
    match gate::gate(standing) {
        gate::Gate::Stale => round(policy, run, number + 1, kinds),
        gate::Gate::Unresolved(ids) => Gate::Waiting(concerns(run, number, &found, &ids)),
        gate::Gate::Blocked => blocked(policy, run, number, &found, kinds, block),
        gate::Gate::Open if found.verdict == PlanVerdict::Concern && said.values().any(|one| one.accepted) => {
            // What was accepted belongs into the plan, as long as the plan may be read again.
            match again(kinds) {
                Again::Review => Gate::Waiting(planning(policy, run, number + 1)),
                Again::Redesign | Again::Enough if overridden.is_some() => Gate::Open,
                Again::Redesign | Again::Enough => blocked(policy, run, number, &found, kinds, block),
            }
        }
        gate::Gate::Open => Gate::Open,
    }
}

/// The whole of what a step was answered with, by its hash.
fn said(run: &RunState, step: &StepId) -> Option<BlobId> {
    match run.ask(step)?.standing() {
        Standing::Answered(_, answered) => Some(answered.answer.text.clone()),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    }
}

/// The plan anew, with what was said of the one before.
fn planning(policy: &Policy, run: &RunState, number: usize) -> Vec<Effect> {
    match planning::planning(policy, run, number, || replan(policy, run, number)) {
        Planning::Under(effects) => effects,
        Planning::Given => Vec::new(),
        Planning::Lost(reason) => vec![close(Outcome::NoProvider { reason })],
    }
}

fn replan(policy: &Policy, run: &RunState, number: usize) -> Option<Ask> {
    let before = number.checked_sub(1)?;
    let whole = run.ask(&plan_step(1)).map(|first| first.ask.clone());
    let mut ask = whole.unwrap_or_else(|| questions::plan(policy, run));
    ask.label = format!("Plan, {number}");
    ask.prompt.attached.extend(asks::each("plan", &given(run, before)?));
    ask.prompt.attached.insert("review".to_owned(), said(run, &review_step(before))?);
    let (found, _) = reviewed(run, before)?;
    let settled = resolutions(run, before, &found).into_iter().map(|(id, resolution)| {
        let word = if resolution.accepted { "accepted" } else { "rejected" };
        format!("- {id}: {word}: {}", text::one_line(&resolution.reason, 600))
    });
    let block = match answer(run, &block_step(before)) {
        Asked::Said(word, Some(because)) => Some(format!("- {word}: {}", text::one_line(because, 600))),
        Asked::Said(_, None) | Asked::Not | Asked::Open => None,
    };
    let words: Vec<String> = settled.chain(block).collect();
    ask.prompt.data.insert("words".to_owned(), questions::bounded(&words.join("\n")));
    Some(ask)
}

fn concerns(run: &RunState, number: usize, found: &PlanReview, ids: &[String]) -> Vec<Effect> {
    let open = found.items.iter().enumerate().filter(|(_, item)| ids.contains(&item.id));
    let ask = |(at, item): (usize, &mao_core::review::PlanItem)| {
        let text = format!(
            "the review has a concern: {} ({} {}, {}): {} Accept or reject it, with a reason",
            text::one_line(&item.id, 20),
            item.severity,
            text::one_line(&item.area, 40),
            text::one_line(&item.plan_ref, 80),
            text::one_line(&item.detail, 600)
        );
        open_once(run, concern_step(number, at), Work::Question { text, choices: words(&["accept", "reject"]) })
    };
    open.filter_map(ask).collect()
}

fn blocked(
    policy: &Policy,
    run: &RunState,
    number: usize,
    found: &PlanReview,
    kinds: &[Vec<String>],
    block: Asked<'_>,
) -> Gate {
    match block {
        Asked::Said("fix", _) => return Gate::Waiting(planning(policy, run, number + 1)),
        Asked::Said("stop", _) => {
            return Gate::Waiting(vec![close(Outcome::Declined { what: "the plan, after its review".to_owned() })]);
        }
        Asked::Open | Asked::Said(..) => return Gate::Waiting(Vec::new()),
        Asked::Not => {}
    }
    let (may, choices): (&str, &[&str]) = match again(kinds) {
        Again::Review => ("Have it fixed and read again, override it, or stop", &["fix", "override", "stop"]),
        Again::Redesign => (
            "The same kind of defect came twice: the design is wrong, not the text. Override it, or stop and start anew",
            &["override", "stop"],
        ),
        Again::Enough => ("It was read as often as it may be. Override it, or stop", &["override", "stop"]),
    };
    let what = found.items.iter().take(5).map(|item| {
        format!("{} {}: {}", text::one_line(&item.id, 20), item.severity, text::one_line(&item.detail, 300))
    });
    let verdict = if found.verdict == PlanVerdict::Block { "BLOCK" } else { "CONCERN" };
    let text = format!("the review says {verdict}: {}. {may}", what.collect::<Vec<_>>().join("; "));
    let work = Work::Question { text, choices: words(choices) };
    Gate::Waiting(open_once(run, block_step(number), work).into_iter().collect())
}

/// CHK-08: a plan that nobody could read has not passed. A person says whether it goes on without.
fn unread(run: &RunState, number: usize, reason: &str) -> Gate {
    let step = unread_step(number);
    match answer(run, &step) {
        Asked::Said("yes", _) => Gate::Open,
        Asked::Said(..) => Gate::Waiting(vec![close(Outcome::Declined { what: "a plan that nobody read".to_owned() })]),
        Asked::Open => Gate::Waiting(Vec::new()),
        Asked::Not => {
            let text =
                format!("nobody could review the plan ({}). Go on without a review?", text::one_line(reason, 300));
            let work = Work::Question { text, choices: words(&["yes", "no"]) };
            Gate::Waiting(open_once(run, step, work).into_iter().collect())
        }
    }
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
