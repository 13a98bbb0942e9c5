//! What `resolve` and `compete` have in common: candidates for one question, and how one of them is taken. Tests decide
//! where there can be any (DIS-02, DIS-03); who made a candidate is never looked at (INV-04).
//!
//! Candidates are known by labels that follow from their trees. A candidate that did something to the tests is out before
//! anything runs; each other one runs them several times, apart. What comes of that is `mao_policy::contest`'s to say.

mod board;
mod course;
pub(crate) mod entrant;
mod finish;
mod judgement;
pub(crate) mod questions;
pub(crate) mod report;

use crate::flow::open_once;
use board::name as board_name;
use course::board;
use entrant::{Entrant, Stage, TESTS, contest};
use judgement::{Judged, judged};
use mao_core::change::Member;
use mao_core::contest::{Contest, Settled, Tests};
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::StepId;
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::contest::{Plea, Then};
use mao_policy::{Policy, orchestrator};

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
    let labels = board.seats.iter().map(|seat| (seat.label.to_string(), seat.entrant.member.of.clone())).collect();
    let rule = board_name(ruling.rule).to_owned();
    let undecided = Settled { rule, winner: None, because: ruling.because, labels, judged_in: None, judge: None };
    let settled = match ruling.then {
        Then::Take => {
            let best = orchestrator::of(policy).map(|(model, _)| model);
            let is_best = |entrant: &&Entrant| {
                mutant::is("inv_04_a_name_decides")
                    && questions::author(run, &entrant.member).is_some_and(|mind| Some(&mind.model) == best)
            };
            let named = board.seats.iter().map(|seat| &seat.entrant).find(is_best);
            let winner = named.or_else(|| board.entrant(ruling.winner?));
            Settled { winner: winner.map(|entrant| entrant.member.of.clone()), ..undecided }
        }
        Then::WriteTests | Then::Person => undecided,
        Then::Judge { extended } => {
            let plea = extended.then_some(Plea::NonePassesWithLogs);
            match judged(policy, run, contest, &board, plea, undecided) {
                Judged::Under(effects) => return Stage::Under(effects),
                Judged::Over(settled) => *settled,
            }
        }
    };
    Stage::Under(vec![Effect::Note(Note::Settled(Box::new(settled)))])
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
