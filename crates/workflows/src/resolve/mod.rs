//! `resolve`: two or more changes that a person brought for one thing, and which of them is taken. They are compared as a
//! contest; no model is asked unless tests are missing or cannot decide.

use crate::contest::entrant::{Entrant, Stage};
use crate::contest::{self, questions, report};
use crate::develop::steps::{verdict, verdict_schema};
use crate::flow::{published, unless_over};
use crate::workflow::{ReportFile, Texts, Workflow};
use mao_core::change::Member;
use mao_core::effect::Effect;
use mao_core::ids::BlobId;
use mao_core::proof::BROUGHT;
use mao_core::run::RunState;
use mao_core::supply::Supply;
use mao_policy::Policy;
use serde_json::Value;

/// The workflow.
#[derive(Debug)]
pub struct Resolve;

impl Workflow for Resolve {
    fn name(&self) -> &'static str {
        "resolve"
    }

    fn version(&self) -> u32 {
        1
    }

    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        unless_over(run, || match contest::further(policy, run, entrants(run)) {
            Stage::Under(effects) => effects,
            Stage::Over(outcome) => published(run, || outcome),
        })
    }

    fn schema(&self, name: &str) -> Option<Value> {
        schema(name)
    }

    fn accepts(&self, schema: &str, _run: &RunState, value: &Value) -> Result<(), String> {
        accepts(schema, value)
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run, "md")
    }

    fn reads(&self, run: &RunState) -> Vec<BlobId> {
        report::reads(run)
    }

    fn report(&self, policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
        report::files(policy, run, entrants(run), texts)
    }
}

/// The forms of a contest's answers.
pub(crate) fn schema(name: &str) -> Option<Value> {
    match name {
        "judgement" => Some(questions::schema()),
        "verdict" => Some(verdict_schema()),
        _ => None,
    }
}

/// Whether an answer has its form.
pub(crate) fn accepts(schema: &str, value: &Value) -> Result<(), String> {
    match schema {
        "judgement" => questions::said(value).map(|_| ()),
        "verdict" => verdict(value).map(|_| ()),
        other => Err(format!("a contest knows no schema `{other}`")),
    }
}

/// What was brought.
fn entrants(run: &RunState) -> Vec<Entrant> {
    let brought = run
        .supplies
        .iter()
        .filter_map(|supply| if let Supply::Candidate(brought) = supply { Some(brought) } else { None });
    brought
        .map(|brought| Entrant {
            member: Member { of: brought.step.clone(), attempt: BROUGHT },
            change: brought.change.clone(),
            name: brought.name.clone(),
            served_by: brought.served_by.clone(),
        })
        .collect()
}
