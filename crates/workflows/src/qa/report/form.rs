//! The report as programs read it: what the others are drawn from.

use crate::qa::dossier::{Item, Reporter, State};
use mao_core::event::Counts;
use mao_core::quality::Strictness;
use mao_core::review::Severity;
use mao_policy::anchor::Anchor;
use mao_policy::score::{Band, Dimension, Verdict};
use serde::Serialize;

/// The report on one section.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: u32,
    pub(super) run: String,
    pub(super) section: String,
    pub(super) title: String,
    pub(super) base: String,
    pub(super) judged: String,
    pub(super) gate: Strictness,
    pub(super) scripted: Option<String>,
    pub(super) checks: Vec<CheckRow>,
    pub(super) initial: Scores,
    #[serde(rename = "final")]
    pub(super) last: Scores,
    pub(super) missing: Vec<Missing>,
    pub(super) issues: Vec<IssueRow>,
    pub(super) repairs: Vec<RepairRow>,
}

/// QA-12: one repair: which issues, who, what came of it, which files, what shows it.
#[derive(Debug, Serialize)]
pub(super) struct RepairRow {
    pub(super) cycle: u32,
    pub(super) step: String,
    pub(super) issues: Vec<Repaired>,
    pub(super) fixer: Option<String>,
    pub(super) landed: bool,
    pub(super) files: Vec<String>,
    pub(super) commit: Option<String>,
    pub(super) history: Vec<String>,
    pub(super) rechecked_by: Option<String>,
    pub(super) same_provider: bool,
}

/// What became of one issue in a repair.
#[derive(Debug, Serialize)]
pub(super) struct Repaired {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) evidence: String,
}

/// One check on the tree that was judged.
#[derive(Debug, Serialize)]
pub(super) struct CheckRow {
    pub(super) command: String,
    pub(super) exit: Option<i32>,
    pub(super) counts: Option<Counts>,
}

/// What it adds up to.
#[derive(Debug, Serialize)]
pub(super) struct Scores {
    pub(super) overall: Option<f64>,
    pub(super) band: Option<Band>,
    pub(super) verdict: Verdict,
    pub(super) because: Vec<String>,
    pub(super) dimensions: Vec<DimensionRow>,
}

/// One dimension of it.
#[derive(Debug, Serialize)]
pub(super) struct DimensionRow {
    pub(super) dimension: Dimension,
    pub(super) weight: u32,
    /// What the reviewer said.
    pub(super) said: Option<u32>,
    /// What counts.
    pub(super) counted: Option<u32>,
    pub(super) reviewer: Option<Reporter>,
}

/// A dimension that nobody judged.
#[derive(Debug, Serialize)]
pub(super) struct Missing {
    pub(super) dimension: Dimension,
    pub(super) label: &'static str,
    pub(super) why: String,
}

/// QA-02: one issue.
#[derive(Debug, Serialize)]
pub(super) struct IssueRow {
    pub(super) id: String,
    pub(super) dimension: Option<Dimension>,
    pub(super) severity: Severity,
    pub(super) category: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) place: &'static str,
    pub(super) wanted_by: Option<String>,
    pub(super) description: String,
    pub(super) impact: String,
    pub(super) fix: String,
    pub(super) evidence: String,
    pub(super) reporters: Vec<Reporter>,
    pub(super) corroborated: bool,
    #[serde(flatten)]
    pub(super) state: State,
    /// Why it is still there.
    pub(super) remains: Option<String>,
}

impl IssueRow {
    pub(super) fn of(item: &Item, remains: Option<String>) -> Self {
        let issue = &item.issue;
        Self {
            id: item.id.clone(),
            dimension: item.by.first().map(|by| by.dimension),
            severity: issue.severity,
            category: issue.category.clone(),
            file: issue.file.clone(),
            line: issue.line,
            place: said(item.anchor),
            wanted_by: issue.wanted_by.clone(),
            description: issue.claim.clone(),
            impact: item.impact.clone(),
            fix: issue.suggestion.clone(),
            evidence: issue.evidence.clone(),
            reporters: item.by.clone(),
            corroborated: item.corroborated(),
            state: item.state.clone(),
            remains,
        }
    }

    /// Whether it counts against the section.
    pub(super) fn stands(&self) -> bool {
        !matches!(self.state, State::Resolved { .. })
    }
}

const fn said(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Real => "verified",
        Anchor::NoSuchFile => "no such file",
        Anchor::NoSuchLine => "no such line",
        Anchor::Unchanged => "nothing changed there",
        Anchor::Nowhere => "names no place",
    }
}
