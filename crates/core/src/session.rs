//! What a journal entry is about: one session, and the facts of it.

use crate::ids::{BlobId, CommitId, SectionId, Stamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One session of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its name; the same session has the same one, so that its entry is written once.
    pub id: String,
    /// What the person said of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// The journal in the base tree, whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub book: Option<BlobId>,
    /// The facts as text, where they were collected beforehand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub facts: Option<BlobId>,
}

/// One thing that is known of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Fact {
    /// A run.
    Run(RunFact),
    /// A commit.
    Commit {
        /// Which.
        commit: CommitId,
        /// The first line of its message.
        subject: String,
    },
    /// How far a section of the task list is.
    Section {
        /// Its address.
        section: SectionId,
        /// Its heading without the number.
        title: String,
        /// Ticked leaves.
        done: u64,
        /// Leaves.
        of: u64,
    },
}

/// What the ledger says of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFact {
    /// Its id.
    pub run: String,
    /// The workflow.
    pub workflow: String,
    /// What was asked for.
    pub request: String,
    /// When it was opened.
    pub opened_at: Stamp,
    /// How it ended, in words.
    pub outcome: String,
    /// The models that served, as their vendors say.
    pub models: Vec<String>,
    /// Every fallback, in words.
    pub fallbacks: Vec<String>,
    /// The checks on its last verified tree.
    pub checks: Vec<CheckFact>,
    /// What QA came to, a line a section: `section 2: FAIL`.
    pub verdicts: Vec<String>,
    /// How many files its landed changes touch.
    pub files: u64,
    /// What it cost, in millionths of a US dollar, as far as prices are known.
    pub micro_usd: u64,
    /// Attempts at a price that nobody knows.
    pub unpriced: u64,
}

impl RunFact {
    /// Whether its checks ran and one of them was red.
    #[must_use]
    pub fn is_red(&self) -> bool {
        self.checks.iter().any(|check| check.exit != Some(0) || check.counts.is_some_and(|counts| counts.failed > 0))
    }
}

/// How one check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckFact {
    /// The command as configured.
    pub command: String,
    /// Its exit code; absent when it was killed or never started.
    pub exit: Option<i32>,
    /// How many tests it says it ran.
    pub counts: Option<Tally>,
}

/// How many tests a check says passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Those that passed.
    pub passed: u32,
    /// Those that failed.
    pub failed: u32,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
