//! What this program found out about trees: which checks ran on one and how they ended, and what came of merging a change.

use crate::ids::{BlobId, CommitId, TreeId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The checks that ran on one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// In the order in which they ran; it stops at the first that fails.
    pub checks: Vec<CheckRun>,
}

impl Verification {
    /// Whether every check ended with exit code 0. No checks at all are not green.
    #[must_use]
    pub fn green(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.exit == Some(0))
    }

    /// The first check that did not end with exit code 0.
    #[must_use]
    pub fn first_red(&self) -> Option<&CheckRun> {
        self.checks.iter().find(|check| check.exit != Some(0))
    }
}

/// One command, run once on a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// The command as configured.
    pub command: String,
    /// Its exit code; absent when it was killed or never started.
    pub exit: Option<i32>,
    /// Its output's tail (at most 16 KiB), redacted.
    pub log: BlobId,
    /// How many tests it says it ran: evidence, of which nothing follows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<Counts>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub took_ms: Option<u64>,
}

/// How many tests a check says it ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Those that passed.
    pub passed: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that were left out.
    pub skipped: u32,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

/// What came of merging one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "merge")]
pub enum MergeResult {
    /// A commit on the candidate before it, or on the head.
    Candidate {
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
    },
    /// Both sides changed the same lines.
    Conflict {
        /// Where.
        paths: Vec<String>,
    },
}
