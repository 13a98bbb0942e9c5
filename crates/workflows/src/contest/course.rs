//! What must be found out about the candidates before anything is decided, step by step, and what is known of it by now.

use super::board::Board;
use super::entrant::{Entrant, Ground, TESTS};
use crate::flow::open_once;
use mao_core::change::{Aim, Change, Member};
use mao_core::contest::Contest;
use mao_core::effect::{Effect, Work};
use mao_core::event::{MergeResult, Verification};
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_policy::contest::REPETITIONS;

/// Everything that is known of the candidates, or what must be found out first.
pub(crate) fn board(
    run: &RunState,
    contest: &Contest,
    entrants: Vec<Entrant>,
    tests: Option<Member>,
) -> Result<Board, Vec<Effect>> {
    let mut board = Board::new(contest.tests.clone(), sorted(entrants), tests);
    stop(inspections(run, &mut board))?;
    stop(grounds(run, &mut board))?;
    stop(runs(run, &mut board))?;
    Ok(board)
}

/// What is known by now; the rest is missing.
pub(crate) fn known(run: &RunState, contest: &Contest, entrants: Vec<Entrant>) -> Board {
    let tests = run.ask(&StepId::from(TESTS)).and_then(|ask| match ask.standing() {
        Standing::Answered(attempt, _) => Some(Member { of: StepId::from(TESTS), attempt: attempt.no }),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    let mut board = Board::new(contest.tests.clone(), sorted(entrants), tests);
    inspections(run, &mut board);
    grounds(run, &mut board);
    runs(run, &mut board);
    board
}

/// By their trees, and by nothing that depends on who made them.
fn sorted(mut entrants: Vec<Entrant>) -> Vec<Entrant> {
    entrants.sort_by(|one, other| (&one.change.tree, &one.member.of).cmp(&(&other.change.tree, &other.member.of)));
    entrants
}

/// What is not known yet: the effect that finds it out, or none where that is on its way.
type Missing = Vec<Option<Effect>>;

/// What was found by looking at each candidate.
fn inspections(run: &RunState, board: &mut Board) -> Missing {
    let mut missing = Vec::new();
    for seat in &mut board.seats {
        let step = StepId::new(format!("inspect.{}", seat.label));
        match run.steps.get(&step) {
            Some(Step::Inspect { found: Some(found), .. }) => seat.inspection = found.clone(),
            Some(_) => missing.push(None),
            None => {
                let work = Work::Inspect { change: seat.entrant.member.clone(), tests: board.neutral.clone() };
                missing.push(open_once(run, step, work));
            }
        }
    }
    missing
}

/// On which tree each candidate is tested: its own, or one that holds the neutral tests besides.
fn grounds(run: &RunState, board: &mut Board) -> Missing {
    let mut missing = Vec::new();
    let tests = board.neutral.clone();
    for seat in board.seats.iter_mut().filter(|seat| seat.inspection.tampering.is_empty()) {
        let Some(tests) = &tests else {
            let Change { commit, tree, .. } = &seat.entrant.change;
            seat.ground = Some(Ground { commit: commit.clone(), tree: tree.clone() });
            continue;
        };
        let step = StepId::new(format!("stack.{}", seat.label));
        match run.steps.get(&step) {
            Some(Step::Merge { results, .. }) if !results.is_empty() => match &results[..] {
                [MergeResult::Candidate { .. }, MergeResult::Candidate { commit, tree }] => {
                    seat.ground = Some(Ground { commit: commit.clone(), tree: tree.clone() });
                }
                _ => seat.inspection.tampering.push("it does not merge with the locked tests".to_owned()),
            },
            Some(_) => missing.push(None),
            None => {
                let changes = vec![tests.clone(), seat.entrant.member.clone()];
                let work = Work::Merge { changes, onto: run.opened.base.clone(), aim: Aim::Trial };
                missing.push(open_once(run, step, work));
            }
        }
    }
    board.base = Some(match tests.as_ref().and_then(|tests| run.change(tests)) {
        Some(tests) => Ground { commit: tests.commit.clone(), tree: tests.tree.clone() },
        None => Ground { commit: run.opened.base.clone(), tree: run.opened.base_tree.clone() },
    });
    missing
}

/// The tests on the base, and several times on every candidate.
fn runs(run: &RunState, board: &mut Board) -> Missing {
    let mut missing = Vec::new();
    if !board.is_run() {
        return missing;
    }
    let mut probe = |step: String, ground: &Ground| -> Option<Verification> {
        let step = StepId::new(step);
        match run.steps.get(&step) {
            Some(Step::Probe { found: Some(found), .. }) => Some(found.clone()),
            Some(_) => {
                missing.push(None);
                None
            }
            None => {
                let Ground { commit, tree } = ground.clone();
                missing.push(open_once(run, step, Work::Probe { commit, tree, commands: Vec::new() }));
                None
            }
        }
    };
    if let Some(base) = &board.base {
        board.on_base = probe("run.base.1".to_owned(), base);
    }
    for seat in &mut board.seats {
        let Some(ground) = seat.ground.clone() else { continue };
        for turn in 1..=REPETITIONS {
            seat.runs.extend(probe(format!("run.{}.{turn}", seat.label), &ground));
        }
    }
    missing
}

/// Stops with what is to be opened, where something is missing.
fn stop(missing: Missing) -> Result<(), Vec<Effect>> {
    if missing.is_empty() { Ok(()) } else { Err(missing.into_iter().flatten().collect()) }
}
