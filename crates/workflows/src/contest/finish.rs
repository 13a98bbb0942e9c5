//! After the decision: the winner is checked as a whole, judged where it came from outside, and merged; then the report.

use super::entrant::{Ground, Stage, TESTS, contest};
use super::questions;
use crate::develop::steps::verdict;
use crate::flow::open_once;
use mao_core::change::{Aim, Change, Member};
use mao_core::contest::{Settled, Tests};
use mao_core::effect::{Effect, Note, Work};
use mao_core::event::MergeResult;
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::proof::BROUGHT;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_policy::Policy;

/// The step in which the winner is merged.
const MERGE: &str = "merge.winner";

/// What brings a settled contest to its end.
pub(crate) fn further(policy: &Policy, run: &RunState) -> Stage {
    let Some(settled) = &run.settled else { return Stage::Under(Vec::new()) };
    let Some((winner, change)) = winner(run, settled) else { return Stage::Over(nobody(settled)) };
    if run.landed.contains(&winner.of) {
        return Stage::Over(Outcome::Complete);
    }
    let members = members(run, &winner);
    let ground = match ground(run, settled, &winner, &change) {
        Ok(ground) => ground,
        Err(stage) => return stage,
    };
    match run.trees.get(&ground.tree) {
        None => {
            let Ground { commit, tree } = ground;
            return Stage::Under(open_once(run, "check.winner", Work::Verify { commit, tree }).into_iter().collect());
        }
        Some(checks) if !checks.green() => {
            let why = "the tests were green on the winner, and red when it was to be merged";
            return Stage::Over(Outcome::Declined { what: why.into() });
        }
        Some(_) => {}
    }
    for member in &members {
        if run.validated(&member.of).is_none() {
            return judged(policy, run, member, &ground);
        }
    }
    match run.steps.get(&StepId::from(MERGE)) {
        None => {
            let work = Work::Merge { changes: members, onto: run.head.clone(), aim: Aim::Head };
            Stage::Under(open_once(run, MERGE, work).into_iter().collect())
        }
        Some(Step::Merge { results, .. }) => match results.last() {
            Some(MergeResult::Candidate { commit, tree }) => {
                let (step, commit, tree) = (StepId::from(MERGE), commit.clone(), tree.clone());
                Stage::Under(vec![Effect::Note(Note::HeadMoved { step, commit, tree })])
            }
            Some(MergeResult::Conflict { .. }) => {
                Stage::Over(Outcome::Negative { why: "the winner does not merge onto its own base".into() })
            }
            None => Stage::Under(Vec::new()),
        },
        Some(_) => Stage::Under(Vec::new()),
    }
}

/// The winner as a member of merges, with its change.
pub(crate) fn winner(run: &RunState, settled: &Settled) -> Option<(Member, Change)> {
    let step = settled.winner.as_ref()?;
    let attempt = match run.brought(step) {
        Some(_) => BROUGHT,
        None => match run.ask(step)?.standing() {
            Standing::Answered(attempt, _) => attempt.no,
            Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => return None,
        },
    };
    let member = Member { of: step.clone(), attempt };
    run.change(&member).cloned().map(|change| (member, change))
}

/// How a contest ends that nobody won.
fn nobody(settled: &Settled) -> Outcome {
    match (settled.rule.as_str(), &settled.judged_in) {
        ("none passes", Some(_)) => Outcome::Negative { why: settled.because.clone() },
        _ => Outcome::Declined { what: settled.because.clone() },
    }
}

/// What is merged: the neutral tests, where there are some, and the winner on them.
fn members(run: &RunState, winner: &Member) -> Vec<Member> {
    let wanted = contest(run).is_some_and(|contest| contest.tests == Tests::Wanted);
    let tests = run.ask(&StepId::from(TESTS)).filter(|_| wanted).and_then(|ask| match ask.standing() {
        Standing::Answered(attempt, _) => Some(Member { of: StepId::from(TESTS), attempt: attempt.no }),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    tests.into_iter().chain([winner.clone()]).collect()
}

/// The tree that is to become the head's.
fn ground(run: &RunState, settled: &Settled, winner: &Member, change: &Change) -> Result<Ground, Stage> {
    let own = || Ok(Ground { commit: change.commit.clone(), tree: change.tree.clone() });
    if members(run, winner).len() == 1 {
        return own();
    }
    let label = settled.labels.iter().find(|(_, step)| **step == winner.of).map(|(label, _)| label.as_str());
    match run.steps.get(&StepId::new(format!("stack.{}", label.unwrap_or_default()))) {
        Some(Step::Merge { results, .. }) => match results.last() {
            Some(MergeResult::Candidate { commit, tree }) => Ok(Ground { commit: commit.clone(), tree: tree.clone() }),
            Some(MergeResult::Conflict { .. }) | None => Err(Stage::Under(Vec::new())),
        },
        Some(_) | None => own(),
    }
}

/// The orchestrator's verdict on a member that came from outside: tests decided which; whether it enters is said here.
fn judged(policy: &Policy, run: &RunState, member: &Member, ground: &Ground) -> Stage {
    let by = StepId::new(format!("judge.{}", member.of));
    let no = |why: String| Stage::Over(Outcome::Negative { why });
    let Some(judge) = run.ask(&by) else {
        let Some(ask) = questions::verdict(policy, run, member, ground) else {
            return no(format!("{} made nothing to judge", member.of));
        };
        return Stage::Under(open_once(run, by, Work::Ask(ask)).into_iter().collect());
    };
    match judge.standing() {
        Standing::Idle | Standing::Running(_) => Stage::Under(Vec::new()),
        Standing::GivenUp(reason) => no(format!("the orchestrator could not judge the winner: {reason}")),
        Standing::Answered(_, answered) => match answered.answer.structured.as_ref().map(verdict) {
            Some(Ok(verdict)) if !verdict.accept => {
                let claims: Vec<String> = verdict.findings.into_iter().map(|finding| finding.claim).collect();
                no(format!("the orchestrator refused the winner: {}", claims.join("; ")))
            }
            Some(Ok(verdict)) => Stage::Under(vec![Effect::Note(Note::ChangeJudged {
                step: member.of.clone(),
                attempt: member.attempt,
                tree: ground.tree.clone(),
                verdict,
                by,
            })]),
            Some(Err(_)) | None => no("the orchestrator's verdict on the winner cannot be read".to_owned()),
        },
    }
}
