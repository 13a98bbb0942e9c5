//! The checkpoint before the branch: another model reads the whole change. CHK-11: what it finds stops nothing, and is
//! listed in the report, beside the synthesis, which is the orchestrator's own view of the same change.

use super::checkpoint::{Asked, answer, words};
use crate::flow::open_once;
use crate::review::asks;
use crate::review::found::{Found, Part, Reading};
use crate::review::second::{self, Ground};
use crate::review::steps::Names;
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::{StepId, TaskClass};
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::packed::Compared;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::Policy;
use mao_policy::checkpoint::{Channel, Checkpoint, CheckpointMode, Occasion, Start, begin};
use mao_policy::consensus::Consensus;
use mao_policy::packing::recalled;
use mao_policy::triggers::{reviewer_of, reviews};

/// The step in which the change is taken apart.
pub const COMPARE: &str = "compare";

/// The step in which a person is asked whether another model shall read the change.
pub const OFFER: &str = "offer.pr";

/// The step that says why nobody read it.
pub const PASSED_OVER: &str = "review.pr";

/// The step in which a person says what follows where two who read it differ.
pub const CONSENSUS: &str = "consensus.pr";

/// The step in which a part of the change is read.
#[must_use]
pub fn review_step(part: usize) -> StepId {
    StepId::new(format!("review.pr.{}", part + 1))
}

/// The step in which somebody of another vendor reads it too.
#[must_use]
pub fn second_step(part: usize) -> StepId {
    StepId::new(format!("second.pr.{}", part + 1))
}

/// What the steps of this review are called.
const NAMES: Names = Names { first: review_step, second: second_step, tried: "tried.pr", person: CONSENSUS };

/// What stands between the synthesis and the report; `None` where nothing does any more.
pub(super) fn gate(policy: &Policy, run: &RunState) -> Option<Vec<Effect>> {
    let (checkpoint, mode) = (Checkpoint::PrCrossReview, policy.checkpoint(Checkpoint::PrCrossReview));
    let nobody = mode == CheckpointMode::Ask && policy.answers == Channel::None;
    let over = run.landed.is_empty() || run.knows(&StepId::from(PASSED_OVER));
    if over || nobody || mutant::is("chk_13_nobody_reads_the_change") {
        return None;
    }
    let Some(found) = compared(run) else {
        let work = Work::Compare { from: run.opened.base.clone(), to: run.verified.clone() };
        return (mode != CheckpointMode::Off)
            .then(|| open_once(run, COMPARE, work).into_iter().collect())
            .or_else(|| Some(passed_over("by policy: checkpoints.pr_cross_review is off".into())));
    };
    let occasion = Occasion { files: found.files, security_hits: found.hits, ..Occasion::default() };
    match begin(checkpoint, mode, occasion, &policy.thresholds, policy.answers) {
        Start::Skip { why } => Some(passed_over(format!("by policy: {why}"))),
        Start::Declined { why } => Some(passed_over(format!("declined by policy: {why}"))),
        Start::Offer { question } | Start::Park { question } => match answer(run, &StepId::from(OFFER)) {
            Asked::Not => {
                let work = Work::Question { text: question, choices: words(&["yes", "no"]) };
                Some(open_once(run, OFFER, work).into_iter().collect())
            }
            Asked::Open => Some(Vec::new()),
            Asked::Said("yes", _) => read(policy, run, found),
            Asked::Said(..) => Some(passed_over("declined by a person".into())),
        },
        Start::Run { .. } => read(policy, run, found),
    }
}

fn passed_over(why: String) -> Vec<Effect> {
    vec![Effect::Note(Note::StepSkipped { step: StepId::from(PASSED_OVER), why })]
}

/// The change, taken apart.
fn compared(run: &RunState) -> Option<&Compared> {
    match run.steps.get(&StepId::from(COMPARE)) {
        Some(Step::Compare { found, .. }) => found.as_deref(),
        Some(_) | None => None,
    }
}

/// The parts are read, each by itself.
fn read(policy: &Policy, run: &RunState, compared: &Compared) -> Option<Vec<Effect>> {
    let packed = recalled(&compared.packed);
    let reviewer = reviewer_of(compared.files, compared.hits, &policy.thresholds);
    let class = TaskClass::from(reviews(reviewer.role));
    let asked = asks::of_chunks(&run.verified, &class, &packed, None);
    let open = asked.iter().cloned().enumerate();
    let missing: Vec<Effect> = open.filter_map(|(at, ask)| open_once(run, review_step(at), Work::Ask(ask))).collect();
    if !missing.is_empty() {
        return Some(missing);
    }
    if (0..packed.texts.len()).any(|at| matches!(Part::of(run, review_step(at)).reading, Reading::Open)) {
        return Some(Vec::new());
    }
    let ground = Ground {
        before: Some((run.opened.base.clone(), run.opened.base_tree.clone())),
        after: (run.verified.clone(), run.verified_tree.clone()),
    };
    let found = || Found::of_diff(run, &NAMES, &packed, &run.verified_tree);
    match policy.consensus {
        Consensus::Wanted => second::further(policy, run, &NAMES, asked, &ground, found),
        Consensus::Off => None,
    }
}

/// DIS-12: how a run ends whose change was read by two who do not both let it pass; `None` where they do, or were not
/// asked.
pub(super) fn refused(run: &RunState) -> Option<Outcome> {
    let (found, _) = found(run)?;
    found.agreement.as_ref()?;
    Some(found.outcome()).filter(|outcome| *outcome != Outcome::Complete)
}

/// What the reviews of the change say, with its hash, where it was read.
#[must_use]
pub fn found(run: &RunState) -> Option<(Found, String)> {
    run.ask(&review_step(0))?;
    let compared = compared(run)?;
    let packed = recalled(&compared.packed);
    Some((Found::of_diff(run, &NAMES, &packed, &run.verified_tree), compared.diff.to_string()))
}
