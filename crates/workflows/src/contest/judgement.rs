//! Who judges what tests cannot decide (DIS-08): the orchestrator, by labels alone and in a session that made none of the
//! candidates; where that is not to be had, or it cannot tell, a person. Of candidates that all fail nobody takes one.

use super::board::Board;
use super::entrant::{JUDGE, JUDGE_LONGER, PERSON};
use super::questions::{self, Judgement, author};
use crate::flow::open_once;
use mao_core::contest::{Contest, Judge, Settled};
use mao_core::effect::{Effect, Work};
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_core::text;
use mao_policy::checkpoint::Channel;
use mao_policy::contest::{Bench, Mind, Plea, bench, may_think_longer};
use mao_policy::{Policy, orchestrator};

/// The answer of a person who takes none.
const NONE: &str = "none";

/// The longest reason that is recorded, in characters.
const LONGEST: usize = 600;

/// Where the judgement stands.
pub(super) enum Judged {
    /// On its way; these effects are new.
    Under(Vec<Effect>),
    /// It is over.
    Over(Box<Settled>),
}

/// What brings the judgement one step further. With a plea every candidate fails, and the logs are there; without one it
/// is about a design that cannot be taken back.
pub(super) fn judged(
    policy: &Policy,
    run: &RunState,
    contest: &Contest,
    board: &Board,
    plea: Option<Plea>,
    undecided: Settled,
) -> Judged {
    let rounds = match plea {
        Some(plea) => vec![(JUDGE, Some(plea))],
        None => vec![(JUDGE, None), (JUDGE_LONGER, Some(Plea::IrreversibleUndecided))],
    };
    let over = |settled: Settled| {
        Judged::Over(Box::new(Settled { because: text::one_line(&settled.because, LONGEST), ..settled }))
    };
    let mut why = String::new();
    for (step, plea) in rounds {
        let step = StepId::from(step);
        match questions::judgement(run, &step) {
            None => {
                let longer = plea.is_some_and(may_think_longer);
                let class = if longer { "disagreement_blocked" } else { "disagreement" };
                let ask = questions::judge(policy, run, contest, board, class);
                return Judged::Under(open_once(run, step, Work::Ask(ask)).into_iter().collect());
            }
            Some(Judgement::Under) => return Judged::Under(Vec::new()),
            Some(Judgement::Missing(reason)) => {
                why = format!("the orchestrator gave no judgement: {reason}");
                break;
            }
            Some(Judgement::Said(said, mind)) => {
                let judge = match bench(&mind, &authors(run, board)) {
                    Bench::Author => {
                        why = "the session that judged made a candidate itself, so that its word does not count".into();
                        break;
                    }
                    Bench::Fresh => Judge::Orchestrator { session: mind.session, is_an_author: true },
                    Bench::Apart => Judge::Orchestrator { session: mind.session, is_an_author: brought_its_own(board) },
                };
                let label = said.winner.as_deref().and_then(|label| board.labelled(label));
                if label.is_none() && plea.is_none() {
                    // It is asked once more, with all its thinking.
                    continue;
                }
                if label.is_none() && plea == Some(Plea::IrreversibleUndecided) {
                    why = format!("the orchestrator cannot tell: {}", said.rationale);
                    break;
                }
                // A red gate cannot be talked green: of candidates that all fail none is taken.
                let taken = label.filter(|_| plea != Some(Plea::NonePassesWithLogs));
                let whom = said.winner.as_deref().unwrap_or("nobody");
                let because = format!("{}; judged for {whom}: {}", undecided.because, said.rationale);
                let winner = taken.map(|entrant| entrant.member.of.clone());
                return over(Settled { winner, because, judged_in: Some(step), judge: Some(judge), ..undecided });
            }
        }
    }
    if plea.is_some() {
        return over(Settled { because: format!("{}; {why}", undecided.because), ..undecided });
    }
    person(policy, run, board, &why, undecided).map_or_else(Judged::Under, over)
}

/// What a person says, where one can be asked; `Err` while nobody said anything yet.
fn person(
    policy: &Policy,
    run: &RunState,
    board: &Board,
    why: &str,
    undecided: Settled,
) -> Result<Settled, Vec<Effect>> {
    let step = StepId::from(PERSON);
    match run.steps.get(&step) {
        Some(Step::Question { answer: Some(answer), .. }) => {
            let winner = board.labelled(answer).map(|entrant| entrant.member.of.clone());
            let because = format!("{}; {why}; a person took {answer}", undecided.because);
            Ok(Settled { winner, because, judged_in: Some(step), judge: Some(Judge::Person), ..undecided })
        }
        Some(_) => Err(Vec::new()),
        None if policy.answers == Channel::None => {
            Ok(Settled { because: format!("{}; {why}; and nobody is there to ask", undecided.because), ..undecided })
        }
        None => {
            let left = board.seats.iter().filter(|seat| seat.inspection.tampering.is_empty());
            let (labels, trees): (Vec<String>, Vec<String>) = left
                .map(|seat| {
                    let tree: String = seat.entrant.change.tree.to_string().chars().take(12).collect();
                    (seat.label.to_string(), format!("{} (tree {tree})", seat.label))
                })
                .unzip();
            let text = format!("{}. Which is taken: {}?", text::one_line(why, LONGEST), trees.join(", "));
            let choices = labels.into_iter().chain([NONE.to_owned()]).collect();
            Err(open_once(run, step, Work::Question { text, choices }).into_iter().collect())
        }
    }
}

/// Who made the candidates in this run, and in which sessions.
fn authors(run: &RunState, board: &Board) -> Vec<Mind> {
    board.seats.iter().filter_map(|seat| author(run, &seat.entrant.member)).collect()
}

/// Whether a candidate that a person brought says of itself that the orchestrator's family made it.
fn brought_its_own(board: &Board) -> bool {
    let served = board.seats.iter().flat_map(|seat| &seat.entrant.served_by);
    served.into_iter().any(|served| orchestrator::served_by_the_family(served))
}
