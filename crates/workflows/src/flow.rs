//! What all workflows have in common: a step is opened once, a lost attempt may need a person's word, and a run ends with
//! its report on its branch.

use mao_core::effect::{Effect, Note, Work};
use mao_core::event::Decision;
use mao_core::ids::StepId;
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Attempt, Step};

/// The step in which the report is written.
pub const REPORT: &str = "report";

/// The step in which the branch is published.
pub const PUBLISH: &str = "publish";

/// Opens a step that is not there yet.
pub(crate) fn open_once(run: &RunState, step: impl Into<StepId>, work: Work) -> Option<Effect> {
    let step = step.into();
    (!run.knows(&step)).then_some(Effect::Open { step, work })
}

/// The run is over.
pub(crate) fn close(outcome: Outcome) -> Effect {
    Effect::Note(Note::RunClosed { outcome })
}

/// What comes next by the workflow's own `forward`, unless the run is over or somebody cancelled it; with the questions
/// that lost attempts need.
pub(crate) fn unless_over(run: &RunState, forward: impl FnOnce() -> Vec<Effect>) -> Vec<Effect> {
    if run.outcome.is_some() {
        return Vec::new();
    }
    if let Some(by) = &run.cancelled {
        return vec![close(Outcome::Cancelled { by: by.clone() })];
    }
    let mut effects = lost_questions(run);
    effects.extend(forward());
    effects
}

/// The report on the head, then the branch, then the end.
pub(crate) fn published(run: &RunState, outcome: impl FnOnce() -> Outcome) -> Vec<Effect> {
    if !matches!(run.steps.get(&StepId::from(REPORT)), Some(Step::Report { done: true, .. })) {
        return open_once(run, REPORT, Work::Report { onto: run.head.clone() }).into_iter().collect();
    }
    match run.steps.get(&StepId::from(PUBLISH)) {
        None => open_once(run, PUBLISH, Work::Publish { commit: run.head.clone() }).into_iter().collect(),
        Some(Step::Publish { branch: Some(_), .. }) => vec![close(outcome())],
        Some(_) => Vec::new(),
    }
}

/// The questions to a person that `decide` wants asked about lost attempts.
fn lost_questions(run: &RunState) -> Vec<Effect> {
    let asks = run.steps.iter().filter_map(|(id, step)| match step {
        Step::Ask(ask) => Some((id, ask)),
        Step::Verify { .. }
        | Step::Probe { .. }
        | Step::Inspect { .. }
        | Step::Compare { .. }
        | Step::Merge { .. }
        | Step::Report { .. }
        | Step::Publish { .. }
        | Step::Question { .. } => None,
    });
    asks.filter_map(|(id, ask)| match &ask.decided {
        Some(Decision::AskPerson { question }) => {
            let choices = vec!["yes".to_owned(), "no".to_owned()];
            let step = mao_policy::decide::question_about(id, ask.attempts.len());
            open_once(run, step, Work::Question { text: question.clone(), choices })
        }
        Some(Decision::Again { .. } | Decision::Next { .. } | Decision::Wait { .. } | Decision::GiveUp { .. })
        | None => None,
    })
    .collect()
}

/// The model that served an answer, as its vendor said; what was asked for only where the vendor says nothing.
pub(crate) fn served(ask: &AskStep, attempt: &Attempt, answered: &Answered) -> Option<String> {
    let asked = || ask.route.as_ref().and_then(|route| route.links.first()).map(|link| link.endpoint.clone());
    if mutant::is("inv_07_report_the_plan") {
        return asked();
    }
    answered
        .answer
        .served
        .clone()
        .or_else(|| ask.link_of(attempt).map(|link| format!("{} (unconfirmed)", link.endpoint)))
}
