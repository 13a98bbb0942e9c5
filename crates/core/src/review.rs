//! CHK-07: what a reviewer answers, as a form; and CHK-08: what is no answer is invalid, never a pass.
//!
//! Who reviewed and what was reviewed are not part of the form: the record says both, a model's words never do.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How bad something is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Exploitable, loses data, crashes, or required behaviour is absent.
    Critical,
    /// Wrong in a case that happens.
    #[serde(alias = "MAJOR")]
    High,
    /// Wrong in a case that is rare.
    Medium,
    /// Hardly matters.
    #[serde(alias = "MINOR")]
    Low,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "CRITICAL",
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        })
    }
}

/// What a reviewer says of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PlanVerdict {
    /// Nothing stands against it.
    Pass,
    /// Each concern is to be accepted or rejected, with a reason.
    Concern,
    /// Not like this.
    Block,
}

/// A reviewer's answer on a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanReview {
    /// The verdict.
    pub verdict: PlanVerdict,
    /// What it rests on; empty for a pass, never empty otherwise.
    pub items: Vec<PlanItem>,
}

/// One thing that a reviewer says of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanItem {
    /// Its name within the answer: `P1`.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// What it is about: `security`, `feasibility`, `order`, `tests`.
    pub area: String,
    /// What is wrong; never empty.
    pub detail: String,
    /// The part of the plan: `2.1`, `2 storage`.
    pub plan_ref: String,
    /// What would be better; may be empty.
    pub suggestion: String,
}

/// What a reviewer says of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DiffVerdict {
    /// Looks good.
    Lgtm,
    /// There is something.
    Issues,
}

/// A reviewer's answer on a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffReview {
    /// The verdict.
    pub verdict: DiffVerdict,
    /// What it rests on; empty where it looks good, never empty otherwise.
    pub issues: Vec<Issue>,
    /// The files that were read.
    pub coverage: Vec<String>,
}

/// One thing that a reviewer found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Its name within the answer: `I1`.
    pub id: String,
    /// The file, beneath the root; absent for behaviour that is missing.
    pub file: Option<String>,
    /// The line in the file as it is, from 1.
    pub line: Option<u32>,
    /// How bad.
    pub severity: Severity,
    /// What kind: `logic`, `injection`, `error_handling`.
    pub category: String,
    /// What is wrong; never empty.
    pub claim: String,
    /// What shows it; may be empty.
    pub evidence: String,
    /// What would be better; may be empty.
    pub suggestion: String,
    /// For behaviour that is missing: the requirement or task item that wants it, `PRD 12.2`.
    #[serde(default)]
    pub wanted_by: Option<String>,
    /// A command, as words, that fails because of it and succeeds without it; empty where there is none.
    #[serde(default)]
    pub reproduction: Vec<String>,
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not one JSON value in the form.
    #[error("it is not in the form: {0}")]
    Form(String),
    /// Verdict and list contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// An answer whose verdict and list must agree.
pub trait Review: DeserializeOwned {
    /// What contradicts itself in it.
    fn contradiction(&self) -> Option<&'static str>;
}

impl Review for PlanReview {
    fn contradiction(&self) -> Option<&'static str> {
        match self.verdict {
            PlanVerdict::Pass if !self.items.is_empty() => Some("a PASS has no items"),
            PlanVerdict::Concern if self.items.is_empty() => Some("a CONCERN needs at least one item"),
            PlanVerdict::Block if self.items.is_empty() => Some("a BLOCK needs at least one item"),
            PlanVerdict::Pass | PlanVerdict::Concern | PlanVerdict::Block => {
                let silent = self.items.iter().any(|item| item.detail.trim().is_empty());
                let named = twice(self.items.iter().map(|item| item.id.as_str()));
                silent.then_some("an item says nothing").or(named.then_some("every item needs an id of its own"))
            }
        }
    }
}

impl Review for DiffReview {
    fn contradiction(&self) -> Option<&'static str> {
        match self.verdict {
            DiffVerdict::Lgtm if !self.issues.is_empty() => Some("an LGTM has no issues"),
            DiffVerdict::Issues if self.issues.is_empty() => Some("ISSUES needs at least one issue"),
            DiffVerdict::Lgtm | DiffVerdict::Issues => {
                let silent = self.issues.iter().any(|issue| issue.claim.trim().is_empty());
                let named = twice(self.issues.iter().map(|issue| issue.id.as_str()));
                silent.then_some("an issue claims nothing").or(named.then_some("every issue needs an id of its own"))
            }
        }
    }
}

/// Whether an id is there twice or is none.
fn twice<'a>(ids: impl Iterator<Item = &'a str>) -> bool {
    if crate::mutant::is("chk_07_ids_repeat") {
        return false;
    }
    let mut seen = BTreeSet::new();
    ids.map(str::trim).any(|id| id.is_empty() || !seen.insert(id))
}

/// Reads an answer. It is the whole text, or the whole text is one fence around it: a verdict that stands somewhere in
/// other text, in a quoted diff for one, is none.
///
/// # Errors
/// [`Invalid`], which is never a pass.
pub fn read<R: Review>(text: &str) -> Result<R, Invalid> {
    let review: R = serde_json::from_str(unfenced(text.trim())).map_err(|wrong| Invalid::Form(wrong.to_string()))?;
    match review.contradiction() {
        Some(what) if !crate::mutant::is("chk_08_contradictions_pass") => Err(Invalid::Contradiction(what)),
        Some(_) | None => Ok(review),
    }
}

/// What stands in the one fence that is the whole text, or the text.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inner.and_then(|inner| inner.split_once('\n')) {
        Some((word, inner)) if matches!(word.trim(), "" | "json") && !inner.contains("```") => inner,
        Some(_) | None => text,
    }
}
