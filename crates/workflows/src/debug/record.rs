//! What the record says of a search: every time that the command was run, and what was tried.

use mao_core::debug::{Debug, Trial};
use mao_core::event::Verification;
use mao_core::ids::{BlobId, StepId};
use mao_core::matter::Matter;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};

/// What the run's search is about.
pub(crate) fn debug(run: &RunState) -> Option<&Debug> {
    if let Matter::Debug(debug) = &run.opened.request.matter { Some(debug) } else { None }
}

/// What the command said on the base (0) or on a repair.
pub(crate) fn ran(run: &RunState, number: usize) -> Option<&Verification> {
    match run.steps.get(&trial_step(number)) {
        Some(Step::Probe { found, .. }) => found.as_ref(),
        Some(_) | None => None,
    }
}

/// How the stack trace in its log begins, and the files that this log names.
pub(crate) fn said(run: &RunState, number: usize) -> (&str, &[String]) {
    match run.steps.get(&trial_step(number)) {
        Some(Step::Probe { trace, named, .. }) => (trace, named),
        Some(_) | None => ("", &[]),
    }
}

fn trial_step(number: usize) -> StepId {
    StepId::new(format!("trial.{number}"))
}

/// The same, as the count sees it.
pub(crate) fn trial(run: &RunState, number: usize) -> Option<Trial> {
    match run.steps.get(&trial_step(number)) {
        Some(Step::Probe { tree, found: Some(found), signature, .. }) => {
            let exit = if found.green() { Some(0) } else { found.first_red().and_then(|red| red.exit) };
            let diff = repair(run, number);
            Some(Trial { tree: tree.clone(), exit, signature: signature.clone(), diff })
        }
        Some(_) | None => None,
    }
}

/// What a repair changed, as a diff.
fn repair(run: &RunState, number: usize) -> Option<BlobId> {
    match run.ask(&StepId::new(format!("fix.{number}")))?.standing() {
        Standing::Answered(_, answered) => Some(answered.answer.change.as_ref()?.diff.clone()),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
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

/// `exit 1; what fails: parse::empty`
pub(super) fn ended(trial: &Trial) -> String {
    let exit = trial.exit.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
    let fails = if trial.signature.is_empty() { String::new() } else { format!("; what fails: {}", trial.signature) };
    format!("{exit}{fails}")
}

/// A hash as people read it.
pub(super) fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
