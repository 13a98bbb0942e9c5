//! A look from outside: the packet, the investigation in a tree that is thrown away, its claims tried by this program, and
//! the orchestrator's word on it (ESC-03 to ESC-08).

use super::questions;
use super::record::ran;
use crate::flow::open_once;
use mao_core::change::{Aim, Member};
use mao_core::effect::{Effect, Work};
use mao_core::event::{MergeResult, Verification};
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_policy::Policy;
use mao_policy::artifact::grounds;
use mao_policy::cycle::Way;

/// What came of it.
pub(super) enum Outside {
    /// On its way; these effects are new.
    Under(Vec<Effect>),
    /// What a worker at home is to do.
    Advice(String),
    /// Nothing: a person decides.
    Failed(String),
}

fn under(effect: Option<Effect>) -> Outside {
    Outside::Under(effect.into_iter().collect())
}

/// What brings the look from outside before repair `number` one step further.
pub(super) fn look(policy: &Policy, run: &RunState, number: usize, way: Option<Way>) -> Outside {
    let step = StepId::new(format!("investigate.{number}"));
    let Some(asked) = run.ask(&step) else {
        let artifacts = match grounds(ran(run, number - 1).or_else(|| ran(run, 0))) {
            Ok(artifacts) => artifacts,
            Err(missing) => return Outside::Failed(missing.to_string()),
        };
        return match questions::packet(policy, run, number, way, &artifacts) {
            Some(ask) => under(open_once(run, step, Work::Ask(ask))),
            None => Outside::Failed("nobody is there for this way".to_owned()),
        };
    };
    let (attempt, answered) = match asked.standing() {
        Standing::Idle | Standing::Running(_) => return Outside::Under(Vec::new()),
        Standing::GivenUp(reason) => {
            return Outside::Failed(format!("nobody investigated: {reason}; the packet is in the report"));
        }
        Standing::Answered(attempt, answered) => (attempt, answered),
    };
    let said = answered.answer.structured.as_ref().and_then(|value| questions::investigation(value).ok());
    let Some(said) = said else { return Outside::Failed("the investigation cannot be read".to_owned()) };
    let mut new = Vec::new();
    let claimed = said.reproduced && !said.command.is_empty();
    let claim = StepId::new(format!("claim.{number}"));
    if claimed {
        let (commit, tree) = (run.opened.base.clone(), run.opened.base_tree.clone());
        new.extend(open_once(run, claim.clone(), Work::Probe { commit, tree, commands: vec![said.command.clone()] }));
    }
    let apply = StepId::new(format!("apply.{number}"));
    if answered.answer.change.is_some() {
        let changes = vec![Member { of: step.clone(), attempt: attempt.no }];
        new.extend(open_once(
            run,
            apply.clone(),
            Work::Merge { changes, onto: run.opened.base.clone(), aim: Aim::Trial },
        ));
    }
    let green = StepId::new(format!("proposal.{number}"));
    if let Some(Step::Merge { results, .. }) = run.steps.get(&apply)
        && let Some(MergeResult::Candidate { commit, tree }) = results.last()
    {
        let (commit, tree) = (commit.clone(), tree.clone());
        new.extend(open_once(run, green.clone(), Work::Probe { commit, tree, commands: Vec::new() }));
    }
    if !new.is_empty() {
        return Outside::Under(new);
    }
    let open = |step: &StepId| run.steps.get(step).is_some_and(Step::is_open);
    if [&claim, &apply, &green].into_iter().any(open) {
        return Outside::Under(Vec::new());
    }
    let evaluate = StepId::new(format!("evaluate.{number}"));
    let Some(judge) = run.ask(&evaluate) else {
        let tried = tried(run, &claim, &green);
        return under(open_once(run, evaluate, Work::Ask(questions::evaluate(run, answered, &tried))));
    };
    match judge.standing() {
        Standing::Idle | Standing::Running(_) => Outside::Under(Vec::new()),
        Standing::GivenUp(reason) => Outside::Failed(format!("the orchestrator could not weigh it: {reason}")),
        Standing::Answered(_, answered) => match answered.answer.structured.as_ref().map(questions::evaluation) {
            Some(Ok(word)) if word.agree => Outside::Advice(word.advice),
            Some(Ok(word)) => Outside::Failed(format!("the orchestrator does not agree: {}", word.advice)),
            Some(Err(_)) | None => Outside::Failed("the orchestrator's word cannot be read".to_owned()),
        },
    }
}

/// ESC-06: what this program found when it tried the claims.
pub(super) fn tried(run: &RunState, claim: &StepId, green: &StepId) -> String {
    let ran = |step: &StepId| match run.steps.get(step) {
        Some(Step::Probe { found, .. }) => found.as_ref(),
        Some(_) | None => None,
    };
    let colour = |ran: &Verification| if ran.green() { "green" } else { "red" };
    let claim = match ran(claim) {
        None => "no reproduction was claimed".to_owned(),
        Some(found) if found.green() => "the claimed reproduction was run and does NOT fail".to_owned(),
        Some(_) => "the claimed reproduction was run and fails, as claimed".to_owned(),
    };
    let proposal = match ran(green) {
        None => "there is no proposal to try".to_owned(),
        Some(found) => {
            format!("the proposal was applied in a tree that is thrown away: red before, {} after", colour(found))
        }
    };
    format!("{claim}; {proposal}")
}
