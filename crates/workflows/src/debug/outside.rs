//! A look from outside: the packet, the investigation in a tree that is thrown away, its claims tried by this program, and
//! the orchestrator's word on it (ESC-03 to ESC-08).

use super::packet::packet;
use super::questions;
use super::record::{ran, short};
use super::tried::{Claims, checkout};
use crate::flow::open_once;
use mao_core::effect::{Effect, Work};
use mao_core::ids::{ModelId, StepId};
use mao_core::mutant;
use mao_core::reply::Checkout;
use mao_core::run::RunState;
use mao_core::step::{AskStep, Standing, Step};
use mao_policy::Policy;
use mao_policy::artifact::grounds;
use mao_policy::cycle::Way;

/// What came of it.
pub(super) enum Outside {
    /// On its way; these effects are new.
    Under(Vec<Effect>),
    /// What a worker at home is to do.
    Advice(String),
    /// Nothing: a person decides.
    Failed(String),
}

fn under(effect: Option<Effect>) -> Outside {
    Outside::Under(effect.into_iter().collect())
}

/// What brings the look from outside before repair `number` one step further.
pub(super) fn look(policy: &Policy, run: &RunState, number: usize, way: Option<Way>) -> Outside {
    let step = StepId::new(format!("investigate.{number}"));
    let Some(asked) = run.ask(&step) else {
        let artifacts = match grounds(ran(run, number - 1).or_else(|| ran(run, 0))) {
            Ok(artifacts) => artifacts,
            Err(missing) => return Outside::Failed(missing.to_string()),
        };
        return match packet(policy, run, number, way, &artifacts) {
            Some(ask) => under(open_once(run, step, Work::Ask(ask))),
            None => Outside::Failed("nobody is enabled who could look this way: `mao models list` shows who is".into()),
        };
    };
    let answered = match asked.standing() {
        Standing::Idle | Standing::Running(_) => return Outside::Under(Vec::new()),
        Standing::GivenUp(reason) => {
            let touched = checkout(asked).filter(|checkout| !checkout.is_untouched());
            let touched = touched.map(|checkout| format!("; {}", changed(asked, &checkout))).unwrap_or_default();
            return Outside::Failed(format!("nobody investigated: {reason}; the packet is in the report{touched}"));
        }
        Standing::Answered(_, answered) => answered,
    };
    if let Some(stop) = untouched(run, number, asked) {
        return stop;
    }
    let said = answered.answer.structured.as_ref().and_then(|value| questions::investigation(value).ok());
    let Some(said) = said else { return Outside::Failed("the investigation cannot be read".to_owned()) };
    let claims = Claims { run, number, answered, said: &said };
    if !mutant::is("esc_06_claims_are_believed") {
        let new = claims.missing();
        if !new.is_empty() {
            return Outside::Under(new);
        }
        if claims.is_open() {
            return Outside::Under(Vec::new());
        }
    }
    let evaluate = StepId::new(format!("evaluate.{number}"));
    let Some(judge) = run.ask(&evaluate) else {
        let found = claims.found().shown();
        return under(open_once(run, evaluate, Work::Ask(questions::evaluate(run, answered, &found))));
    };
    match judge.standing() {
        Standing::Idle | Standing::Running(_) => Outside::Under(Vec::new()),
        Standing::GivenUp(reason) => Outside::Failed(format!("the orchestrator could not weigh it: {reason}")),
        Standing::Answered(_, answered) => match answered.answer.structured.as_ref().map(questions::evaluation) {
            Some(Ok(word)) if word.agree => Outside::Advice(word.advice),
            Some(Ok(word)) => Outside::Failed(format!("the orchestrator does not agree: {}", word.advice)),
            Some(Err(_)) | None => Outside::Failed("the orchestrator's word cannot be read".to_owned()),
        },
    }
}

/// ESC-05: the checkout is as it was, or a person says that it was they who changed it. None where it goes on.
fn untouched(run: &RunState, number: usize, asked: &AskStep) -> Option<Outside> {
    let touched = checkout(asked).filter(|checkout| !checkout.is_untouched())?;
    if mutant::is("esc_05_a_touched_checkout_is_no_matter") {
        return None;
    }
    let question = StepId::new(format!("checkout.{number}"));
    match run.steps.get(&question) {
        Some(Step::Question { answer: Some(answer), .. }) if answer == "yes" => None,
        Some(Step::Question { answer: Some(_), .. }) => {
            Some(Outside::Failed(format!("{}, and it was not a person", changed(asked, &touched))))
        }
        Some(_) => Some(Outside::Under(Vec::new())),
        None => {
            let text = format!("{}. Was it you? yes: go on; no: stop", changed(asked, &touched));
            let choices = vec!["yes".to_owned(), "no".to_owned()];
            Some(under(open_once(run, question, Work::Question { text, choices })))
        }
    }
}

fn changed(asked: &AskStep, checkout: &Checkout) -> String {
    let model = asked.attempts.last().and_then(|attempt| asked.link_of(attempt)).map(|link| &link.model);
    format!(
        "the checkout changed while {} looked for the fault (tree {} before, {} after)",
        model.map_or("somebody", ModelId::as_str),
        short(checkout.before.as_str()),
        short(checkout.after.as_str())
    )
}
