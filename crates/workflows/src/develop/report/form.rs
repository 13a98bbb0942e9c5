//! The report as programs read it: what the report for people is drawn from.

use crate::develop::outline::Outline;
use crate::develop::steps::Synthesis;
use mao_core::event::Counts;
use mao_core::reply::Usage;
use mao_policy::realised::{Comparison, Viewpoints};
use serde::Serialize;

/// The report as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: u32,
    pub(super) run: String,
    pub(super) workflow: String,
    pub(super) request: String,
    pub(super) base: String,
    pub(super) merged: String,
    pub(super) scripted: Option<String>,
    pub(super) complete: bool,
    pub(super) base_checks_green: bool,
    pub(super) plan: Option<Outline>,
    pub(super) workstreams: Vec<Row>,
    pub(super) changes: Vec<ChangeRow>,
    pub(super) models: Vec<String>,
    pub(super) diversity: Option<Comparison>,
    pub(super) viewpoints: Viewpoints,
    pub(super) fallbacks: Vec<String>,
    pub(super) usage: Usage,
    pub(super) checks: Vec<CheckRow>,
    pub(super) flaky: Vec<String>,
    pub(super) synthesis: Option<Synthesis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checkpoints: Vec<Passed>,
}

/// A checkpoint that was passed, or passed over.
#[derive(Debug, Serialize)]
pub(super) struct Passed {
    pub(super) checkpoint: &'static str,
    pub(super) round: usize,
    /// `PASS`, `CONCERN`, `BLOCK`, `LGTM`, `ISSUES`, `INCOMPLETE`, `INVALID`, `SKIPPED`, `DECLINED`.
    pub(super) verdict: String,
    /// What was reviewed.
    pub(super) hash: Option<String>,
    /// Whether what was reviewed is what was carried out.
    pub(super) stale: bool,
    pub(super) by: Option<String>,
    pub(super) why: Option<String>,
    pub(super) items: Vec<Said>,
}

/// One thing that a checkpoint's reviewer said, and what a person said to it.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub(super) id: String,
    pub(super) severity: String,
    pub(super) place: String,
    pub(super) claim: String,
    pub(super) resolved: Option<String>,
}

/// One workstream.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) section: String,
    pub(super) workstream: &'static str,
    pub(super) state: &'static str,
    pub(super) served: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) validated_by: Option<String>,
    pub(super) files: Option<u32>,
    pub(super) history: Vec<String>,
}

/// What one workstream changed, and for what.
#[derive(Debug, Serialize)]
pub(super) struct ChangeRow {
    pub(super) section: String,
    pub(super) workstream: &'static str,
    pub(super) files: u32,
    pub(super) within: Vec<String>,
    pub(super) purpose: String,
}

/// One check on the merged tree.
#[derive(Debug, Serialize)]
pub(super) struct CheckRow {
    pub(super) command: String,
    pub(super) exit: Option<i32>,
    pub(super) counts: Option<Counts>,
    pub(super) tree: String,
}
