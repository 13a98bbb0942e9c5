//! What the record says of a search: every time that the command was run, and what a packet is made of.

use mao_core::debug::{Debug, Trial};
use mao_core::event::Verification;
use mao_core::ids::StepId;
use mao_core::matter::Matter;
use mao_core::run::RunState;
use mao_core::step::Step;

/// What the run's search is about.
pub(crate) fn debug(run: &RunState) -> Option<&Debug> {
    if let Matter::Debug(debug) = &run.opened.request.matter { Some(debug) } else { None }
}

/// What the command said on the base (0) or on a repair.
pub(crate) fn ran(run: &RunState, number: usize) -> Option<&Verification> {
    match run.steps.get(&StepId::new(format!("trial.{number}"))) {
        Some(Step::Probe { found, .. }) => found.as_ref(),
        Some(_) | None => None,
    }
}

/// The same, as the count sees it.
pub(crate) fn trial(run: &RunState, number: usize) -> Option<Trial> {
    match run.steps.get(&StepId::new(format!("trial.{number}"))) {
        Some(Step::Probe { tree, found: Some(found), signature, .. }) => {
            let exit = if found.green() { Some(0) } else { found.first_red().and_then(|red| red.exit) };
            Some(Trial { tree: tree.clone(), exit, signature: signature.clone() })
        }
        Some(_) | None => None,
    }
}

/// Every time that the command was run in this search, in order.
#[must_use]
pub fn trials(run: &RunState) -> Vec<Trial> {
    (0..).map_while(|number| trial(run, number)).collect()
}

/// The earlier ones, and those of this search before a repair.
pub(crate) fn all_trials(run: &RunState, before: usize) -> Vec<Trial> {
    let earlier = debug(run).map(|debug| debug.earlier.clone()).unwrap_or_default();
    earlier.into_iter().chain(trials(run).into_iter().take(before)).collect()
}

/// The command as people read it.
pub(crate) fn command(run: &RunState) -> String {
    debug(run).map(|debug| debug.command.join(" ")).unwrap_or_default()
}
