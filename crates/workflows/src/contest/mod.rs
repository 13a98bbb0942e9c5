//! What `resolve` and `compete` have in common: candidates for one question, and how one of them is taken. Tests decide
//! where there can be any (DIS-02, DIS-03); who made a candidate is never looked at (INV-04).
//!
//! Candidates are known by labels that follow from their trees. A candidate that did something to the tests is out before
//! anything runs; each other one runs them several times, apart. What comes of that is `mao_policy::contest`'s to say.

mod board;
mod course;
pub(crate) mod entrant;
mod finish;
pub(crate) mod questions;
pub(crate) mod report;

use crate::flow::open_once;
use board::name as board_name;
use course::board;
use entrant::{Entrant, JUDGE, Stage, TESTS, contest};
use mao_core::change::Member;
use mao_core::contest::{Contest, Settled, Tests};
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use mao_policy::contest::{Plea, Then, may_think_longer};
use questions::Judgement;

/// Why a contest that tests cannot settle waits for a person.
const NO_JUDGE: &str = "the orchestrator gave no judgement";

/// What brings a contest between `entrants` one step further.
pub(crate) fn further(policy: &Policy, run: &RunState, entrants: Vec<Entrant>) -> Stage {
    let Some(contest) = contest(run) else { return Stage::Over(Outcome::Incomplete) };
    if run.settled.is_some() {
        return finish::further(policy, run);
    }
    let tests = match tests(policy, run, contest, &entrants) {
        Ok(tests) => tests,
        Err(stage) => return stage,
    };
    let board = match board(run, contest, entrants, tests) {
        Ok(board) => board,
        Err(effects) => return Stage::Under(effects),
    };
    let ruling = board.ruling();
    let settle = |winner: Option<&Entrant>, because: String, judged_in: Option<StepId>| {
        let labels = board.seats.iter().map(|seat| (seat.label.to_string(), seat.entrant.member.of.clone())).collect();
        let winner = winner.map(|entrant| entrant.member.of.clone());
        let settled = Settled { rule: board_name(ruling.rule).to_owned(), winner, because, labels, judged_in };
        Stage::Under(vec![Effect::Note(Note::Settled(Box::new(settled)))])
    };
    match ruling.then {
        Then::Take => settle(ruling.winner.and_then(|label| board.entrant(label)), ruling.because, None),
        Then::WriteTests | Then::Person => settle(None, ruling.because, None),
        Then::Judge { extended } => {
            let plea = if extended { Plea::NonePassesWithLogs } else { Plea::Hard };
            let longer = extended && may_think_longer(plea);
            match questions::judgement(run) {
                None => {
                    let ask = questions::judge(policy, run, contest, &board, longer);
                    Stage::Under(open_once(run, JUDGE, Work::Ask(ask)).into_iter().collect())
                }
                Some(Judgement::Under) => Stage::Under(Vec::new()),
                Some(Judgement::Missing(why)) => settle(None, format!("{NO_JUDGE}: {why}"), None),
                Some(Judgement::Said(said)) => {
                    let label = said.winner.as_deref().and_then(|label| board.labelled(label));
                    // A red gate cannot be talked green: of candidates that all fail none is taken.
                    let taken = label.filter(|_| !extended);
                    let whom = said.winner.as_deref().unwrap_or("nobody");
                    let because = format!("{}; judged for {whom}: {}", ruling.because, said.rationale);
                    settle(taken, mao_core::text::one_line(&because, 600), Some(StepId::from(JUDGE)))
                }
            }
        }
    }
}

/// What opens the step in which neutral tests are written, where this contest needs some and nobody was asked yet.
pub(crate) fn tests_to_write(policy: &Policy, run: &RunState) -> Option<Effect> {
    let contest = contest(run).filter(|contest| contest.tests == Tests::Wanted)?;
    open_once(run, TESTS, Work::Ask(questions::tests(policy, run, contest, &[])?))
}

/// The neutral tests, where this contest has some; what is to be done where they are missing.
fn tests(policy: &Policy, run: &RunState, contest: &Contest, entrants: &[Entrant]) -> Result<Option<Member>, Stage> {
    match contest.tests {
        Tests::Existing { .. } | Tests::Reversible | Tests::Irreversible => return Ok(None),
        Tests::Wanted => {}
    }
    let step = StepId::from(TESTS);
    let Some(ask) = run.ask(&step) else {
        return Err(match questions::tests(policy, run, contest, entrants) {
            Some(ask) => Stage::Under(open_once(run, step, Work::Ask(ask)).into_iter().collect()),
            None => Stage::Over(Outcome::Declined { what: "everyone who could write neutral tests competes".into() }),
        });
    };
    match ask.standing() {
        Standing::Idle | Standing::Running(_) => Err(Stage::Under(Vec::new())),
        Standing::GivenUp(reason) => {
            Err(Stage::Over(Outcome::Declined { what: format!("no neutral tests were written: {reason}") }))
        }
        Standing::Answered(attempt, _) => Ok(Some(Member { of: step, attempt: attempt.no })),
    }
}
