//! `deps`: how sections depend on each other, and in which waves `develop` would run them. It asks one cheap question,
//! changes nothing, and ends.

use crate::develop::order::{self, DEPS};
use crate::develop::questions;
use crate::workflow::{ReportFile, Texts, Workflow};
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use serde_json::Value;

/// The workflow.
#[derive(Debug)]
pub struct Deps;

impl Workflow for Deps {
    fn name(&self) -> &'static str {
        "deps"
    }

    fn version(&self) -> u32 {
        1
    }

    fn verifies(&self) -> bool {
        false
    }

    fn next(&self, _policy: &Policy, run: &RunState) -> Vec<Effect> {
        if run.outcome.is_some() {
            return Vec::new();
        }
        let close = |outcome| vec![Effect::Note(Note::RunClosed { outcome })];
        if let Some(by) = &run.cancelled {
            return close(Outcome::Cancelled { by: by.clone() });
        }
        let step = StepId::from(DEPS);
        match run.ask(&step).map(|ask| ask.standing()) {
            None if order::is_checked(&run.opened.request) => {
                vec![Effect::Open { step, work: Work::Ask(questions::deps(run)) }]
            }
            None | Some(Standing::Answered(..)) => close(Outcome::Complete),
            Some(Standing::GivenUp(reason)) => close(Outcome::NoProvider { reason: reason.to_owned() }),
            Some(Standing::Idle | Standing::Running(_)) => Vec::new(),
        }
    }

    fn schema(&self, name: &str) -> Option<Value> {
        (name == "deps").then(order::schema)
    }

    fn accepts(&self, schema: &str, run: &RunState, value: &Value) -> Result<(), String> {
        match schema {
            "deps" => order::accepts(&run.opened.request, value),
            other => Err(format!("deps knows no schema `{other}`")),
        }
    }

    fn report_path(&self, _run: &RunState) -> String {
        String::new()
    }

    fn report(&self, _policy: &Policy, _run: &RunState, _texts: &Texts) -> Vec<ReportFile> {
        Vec::new()
    }
}
