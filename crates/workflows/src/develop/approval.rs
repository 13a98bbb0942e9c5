//! Whether a plan may be carried out, and whom that is asked.
//!
//! A person's word is wanted where they asked to see the plan first, and where the plan falls short of the diversity that
//! they want (DIV-03: never silently). Accepting a plan accepts its estimate and nothing else.

use super::outline;
use crate::flow::open_once;
use crate::plan::Plan;
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::Policy;

/// The step in which a person is asked about the plan.
pub const APPROVE: &str = "approve";

/// What stands between a plan and its first workstream.
pub(super) enum Gate {
    /// Nothing.
    Open,
    /// A person's word; these effects are new.
    Waiting(Vec<Effect>),
}

/// Whether the plan may be carried out.
pub(super) fn gate(policy: &Policy, run: &RunState, plan: &Plan) -> Gate {
    let Some(why) = outline::wanted(policy, run, plan) else { return Gate::Open };
    match run.steps.get(&StepId::from(APPROVE)) {
        Some(Step::Question { answer: Some(answer), .. }) if answer == "yes" => Gate::Open,
        Some(Step::Question { answer: Some(_), .. }) => {
            let outcome = Outcome::Declined { what: "the plan".to_owned() };
            Gate::Waiting(vec![Effect::Note(Note::RunClosed { outcome })])
        }
        Some(_) => Gate::Waiting(Vec::new()),
        None => {
            let text = format!("carry out this plan? ({why})");
            let work = Work::Question { text, choices: vec!["yes".to_owned(), "no".to_owned()] };
            Gate::Waiting(open_once(run, APPROVE, work).into_iter().collect())
        }
    }
}
