//! A change and the proof that it may be merged.
//!
//! A [`Change`] is what a worker left behind, committed by `mao`. It can reach a branch only as
//! [`Validated<Change>`], and a value of that type can be made only in `crate::proof`, out of folded events.

use crate::ids::{AttemptNo, BlobId, CommitId, ModelId, StepId, TreeId};
use serde::{Deserialize, Serialize};

/// One worker's committed work on one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The commit it started from.
    pub base: CommitId,
    /// The commit that holds it, its only parent being `base`.
    pub commit: CommitId,
    /// The tree of that commit.
    pub tree: TreeId,
    /// The diff from `base`, as text.
    pub diff: BlobId,
    /// How many files differ.
    pub files: u32,
}

/// A change by its author's step and attempt: one of those that are merged together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The step whose change it is.
    pub of: StepId,
    /// The attempt that made it.
    pub attempt: AttemptNo,
}

/// What a merge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Its candidates may become the head: it takes validated changes alone.
    Head,
    /// Its candidates are there to be checked and judged, and never become the head: for changes that are not whole
    /// without each other.
    Trial,
}

/// Why a change was not accepted. It is attached to the next attempt's prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Refusal {
    /// Checks on the change's own tree were red.
    ChecksFailed {
        /// The tail of the first failing check's output.
        log: BlobId,
    },
    /// The orchestrator refused it.
    Verdict {
        /// What it found.
        findings: Vec<Finding>,
    },
    /// It does not merge onto what others merged meanwhile.
    Conflict {
        /// The paths in conflict.
        paths: Vec<String>,
    },
    /// It merges, and the merged tree's checks are red.
    BrokeMerged {
        /// The tail of the first failing check's output.
        log: BlobId,
    },
}

impl Refusal {
    /// The short text of logs and reports.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::ChecksFailed { .. } => "verification failed",
            Self::Verdict { .. } => "refused by validation",
            Self::Conflict { .. } => "merge conflict",
            Self::BrokeMerged { .. } => "broke the merged tree",
        }
    }
}

/// One item of a reviewer's structured answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The file it speaks of, beneath the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong.
    pub claim: String,
}

/// A reviewer's structured answer on one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether the change may be merged.
    pub accept: bool,
    /// What was found; empty when accepted without remarks, never empty when refused.
    pub findings: Vec<Finding>,
}

/// A value of which the record proves that it passed the checks and, where it came from outside, the orchestrator.
///
/// ```compile_fail
/// # use mao_core::change::{Change, Validated};
/// fn forge(change: Change) -> Validated<Change> {
///     Validated { value: change, proof: todo!() } // private fields: only the fold of events makes one
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated<T> {
    value: T,
    proof: Proof,
}

/// What the record says of a validated change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The step whose change it is.
    pub step: StepId,
    /// The attempt that made it.
    pub attempt: AttemptNo,
    /// The change's own tree, as its commit holds it.
    pub tree: TreeId,
    /// The tree on which the checks were green: its own, or one of a trial merge that holds it.
    pub checked: TreeId,
    /// The model that accepted it; absent for the orchestrator vendor's own work, which checks alone admit.
    pub judged_by: Option<ModelId>,
}

impl<T> Validated<T> {
    pub(crate) const fn proven(value: T, proof: Proof) -> Self {
        Self { value, proof }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Why it may be merged.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }
}
