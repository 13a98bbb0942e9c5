//! How the changes of a group come to land on the run's head, step by step.

use super::place::Place;
use super::questions;
use super::steps::{open_once, red_log, verdict, work_step};
use crate::plan::{Plan, Stream};
use mao_core::change::{Change, Refusal};
use mao_core::effect::{Effect, Note, Work};
use mao_core::event::MergeResult;
use mao_core::ids::{AttemptNo, StepId};
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Attempt, Standing, Step};
use mao_policy::Policy;

/// Where a group or one of its workstreams stands on its way.
pub(super) enum Landing {
    /// It has landed, or never will.
    Over,
    /// It is on its way; these effects are new.
    Under(Vec<Effect>),
}

/// What brings a group one step further: its workstreams work at once and land one by one in the group's order.
pub(super) fn land(policy: &Policy, run: &RunState, plan: &Plan, group: &[Place]) -> Landing {
    let mut effects = Vec::new();
    let mut may_land = true;
    for place in group {
        match further(policy, run, plan, place, may_land) {
            Landing::Over => {}
            Landing::Under(new) => {
                effects.extend(new);
                may_land = false;
            }
        }
    }
    if may_land { Landing::Over } else { Landing::Under(effects) }
}

/// What brings `place` one step further. Only the first workstream of a group that has not landed `may_land`.
fn further(policy: &Policy, run: &RunState, plan: &Plan, place: &Place, may_land: bool) -> Landing {
    if run.skipped.contains_key(&place.step) || place.landed(run) {
        return Landing::Over;
    }
    let Some(ask) = run.ask(&place.step) else {
        return begin(policy, run, plan, place);
    };
    match ask.standing() {
        Standing::GivenUp(_) => Landing::Over,
        Standing::Idle | Standing::Running(_) => Landing::Under(Vec::new()),
        Standing::Answered(attempt, answered) => match &answered.answer.change {
            Some(change) => {
                let case = Case { policy, run, plan, place, ask, attempt, answered, change };
                Landing::Under(case.further(may_land))
            }
            None => Landing::Under(Vec::new()),
        },
    }
}

fn begin(policy: &Policy, run: &RunState, plan: &Plan, place: &Place) -> Landing {
    let earlier = Stream::ALL.into_iter().take_while(|stream| *stream < place.stream);
    let broken = earlier.filter(|stream| plan.workstream(&place.section, *stream).is_some()).find(|stream| {
        let step = work_step(&place.section, *stream);
        run.skipped.contains_key(&step)
            || matches!(run.ask(&step).map(|ask| ask.standing()), Some(Standing::GivenUp(_)))
    });
    let effect = match broken {
        Some(stream) => Some(Effect::Note(Note::StepSkipped {
            step: place.step.clone(),
            why: format!("{} of section {} is missing", stream.name(), place.section),
        })),
        None => {
            questions::work(policy, run, plan, place).and_then(|ask| open_once(run, place.step.clone(), Work::Ask(ask)))
        }
    };
    Landing::Under(effect.into_iter().collect())
}

/// A change on its way.
struct Case<'a> {
    policy: &'a Policy,
    run: &'a RunState,
    plan: &'a Plan,
    place: &'a Place,
    ask: &'a AskStep,
    attempt: &'a Attempt,
    answered: &'a Answered,
    change: &'a Change,
}

impl Case<'_> {
    /// Checks on its own tree, then the verdict, then the merge, then checks on the merged tree.
    fn further(&self, may_land: bool) -> Vec<Effect> {
        match self.run.trees.get(&self.change.tree) {
            None => self.verify("check", self.change.commit.clone(), self.change.tree.clone()),
            Some(checks) if !checks.green() => self.refuse(Refusal::ChecksFailed { log: red_log(checks) }),
            Some(_) => match self.run.validated(&self.place.step) {
                Some(_) if may_land => self.merge(),
                Some(_) => Vec::new(),
                None => self.judge(),
            },
        }
    }

    fn judge(&self) -> Vec<Effect> {
        if let Some((verdict, _, _)) = &self.answered.verdict {
            return self.refuse(Refusal::Verdict { findings: verdict.findings.clone() });
        }
        let by = self.place.about("judge", self.ask);
        let Some(judge) = self.run.ask(&by) else {
            let ask = questions::judge(self.policy, self.run, self.plan, self.place, self.change);
            return ask.and_then(|ask| open_once(self.run, by, Work::Ask(ask))).into_iter().collect();
        };
        match judge.standing() {
            Standing::Idle | Standing::Running(_) => Vec::new(),
            Standing::GivenUp(reason) => self.refuse(Refusal::Verdict {
                findings: vec![finding(format!("the orchestrator could not judge it: {reason}"))],
            }),
            Standing::Answered(_, answered) => match answered.answer.structured.as_ref().map(verdict) {
                Some(Ok(verdict)) => vec![Effect::Note(Note::ChangeJudged {
                    step: self.place.step.clone(),
                    attempt: self.attempt.no,
                    tree: self.change.tree.clone(),
                    verdict,
                    by,
                })],
                Some(Err(_)) | None => self.refuse(Refusal::Verdict {
                    findings: vec![finding("the orchestrator's verdict cannot be read".to_owned())],
                }),
            },
        }
    }

    fn merge(&self) -> Vec<Effect> {
        let step = self.place.about("merge", self.ask);
        match self.run.steps.get(&step) {
            None => {
                let work =
                    Work::Merge { of: self.place.step.clone(), attempt: self.attempt.no, onto: self.run.head.clone() };
                open_once(self.run, step, work).into_iter().collect()
            }
            Some(Step::Merge { result: Some(MergeResult::Conflict { paths }), .. }) => {
                self.refuse(Refusal::Conflict { paths: paths.clone() })
            }
            Some(Step::Merge { result: Some(MergeResult::Candidate { commit, tree }), .. }) => {
                match self.run.trees.get(tree) {
                    None => self.verify("trial", commit.clone(), tree.clone()),
                    Some(checks) if checks.green() => {
                        vec![Effect::Note(Note::HeadMoved { step, commit: commit.clone(), tree: tree.clone() })]
                    }
                    Some(checks) => self.refuse(Refusal::BrokeMerged { log: red_log(checks) }),
                }
            }
            Some(_) => Vec::new(),
        }
    }

    fn verify(&self, verb: &str, commit: mao_core::ids::CommitId, tree: mao_core::ids::TreeId) -> Vec<Effect> {
        let step = self.place.about(verb, self.ask);
        open_once(self.run, step, Work::Verify { commit, tree }).into_iter().collect()
    }

    fn refuse(&self, refusal: Refusal) -> Vec<Effect> {
        let (step, attempt): (StepId, AttemptNo) = (self.place.step.clone(), self.attempt.no);
        vec![Effect::Note(Note::ChangeRefused { step, attempt, refusal })]
    }
}

fn finding(claim: String) -> mao_core::change::Finding {
    mao_core::change::Finding { file: None, line: None, claim }
}
