//! The names of the steps of `develop`, and the forms of what the orchestrator answers in them.

use crate::plan::{self, Stream};
use mao_core::change::{Finding, Verdict};
use mao_core::event::Verification;
use mao_core::ids::{CommitId, SectionId, StepId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const BASE: &str = "check.base";
pub(super) const SYNTHESIS: &str = "synthesis";

/// What the orchestrator says of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthesis {
    /// For the person who asked.
    pub summary: String,
    /// What was decided on the way.
    pub decisions: Vec<DecisionNote>,
    /// What does not fit together between the parts, though it passes the checks.
    #[serde(default)]
    pub mismatches: Vec<Finding>,
    /// What is left for a person.
    pub open_items: Vec<String>,
}

/// A decision with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionNote {
    /// What.
    pub title: String,
    /// Why.
    pub rationale: String,
}

/// The step in which a workstream is worked on.
#[must_use]
pub fn work_step(section: &SectionId, stream: Stream) -> StepId {
    StepId::new(format!("work.{section}.{}", stream.name()))
}

pub(crate) fn verdict(value: &Value) -> Result<Verdict, String> {
    let verdict: Verdict = serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())?;
    if !verdict.accept && verdict.findings.is_empty() {
        return Err("a refusal needs at least one finding".into());
    }
    Ok(verdict)
}

pub(super) fn synthesis(value: &Value) -> Result<Synthesis, String> {
    serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())
}

fn finding_schema() -> Value {
    plan::object(json!({
        "file": {"type": ["string", "null"]},
        "line": {"type": ["integer", "null"]},
        "claim": {"type": "string"},
    }))
}

pub(crate) fn verdict_schema() -> Value {
    plan::object(json!({"accept": {"type": "boolean"}, "findings": {"type": "array", "items": finding_schema()}}))
}

pub(super) fn synthesis_schema() -> Value {
    let decision = plan::object(json!({"title": {"type": "string"}, "rationale": {"type": "string"}}));
    plan::object(json!({
        "summary": {"type": "string"},
        "decisions": {"type": "array", "items": decision},
        "mismatches": {"type": "array", "items": finding_schema()},
        "open_items": {"type": "array", "items": {"type": "string"}},
    }))
}

pub(super) fn red_log(verification: &Verification) -> mao_core::ids::BlobId {
    verification.first_red().map_or_else(|| "".into(), |check| check.log.clone())
}

/// A commit as people read it.
pub(super) fn short(commit: &CommitId) -> String {
    commit.as_str().chars().take(12).collect()
}
