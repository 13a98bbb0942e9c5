//! What one attempt sends, what came of it, and what follows where it failed.

use crate::fault::Fault;
use crate::glob::Glob;
use crate::ids::{BlobId, CommitId, ModelId, Stamp};
use crate::reply::{Answer, Checkout, Usage};
use serde::{Deserialize, Serialize};

/// What one attempt sends, and what its worker can read. The prompt is the blob that the event names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    /// The prompt's length in bytes.
    pub bytes: u64,
    /// The kinds of secrets that were cut out of it, each as often as it stood there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub redacted: Vec<String>,
    /// The kind of a secret that cannot be cut out: nothing was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub blocked: Option<String>,
    /// The paths that are absent from its worktree and from the objects that it can reach.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub withheld: Vec<Glob>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum AttemptResult {
    /// It answered in the form asked for.
    Answered(Box<Answer>),
    /// It did not.
    Failed(Fault),
}

/// What a failed call cost and left behind. FBK-02: a fallback is told with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The exit code of its process; absent where a signal ended it or none was started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exit: Option<i32>,
    /// What was counted until then.
    #[serde(default)]
    pub usage: Usage,
    /// What it had written, where it had.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partial: Option<Partial>,
    /// The person's checkout before and after it, where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkout: Option<Checkout>,
}

/// Unfinished work: kept, and never the ground that anybody works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The commit that holds it, on a salvage ref.
    pub commit: CommitId,
    /// The diff from the attempt's base, as text.
    pub diff: BlobId,
}

/// What follows a fault or a refused change. Made by `mao_policy::decide` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Decision {
    /// The same link once more, with the failure attached.
    Again {
        /// Why.
        reason: String,
    },
    /// The next link of the route.
    Next {
        /// The model that failed.
        from: ModelId,
        /// The model that follows.
        to: ModelId,
        /// Its place in the route.
        link: usize,
        /// Why.
        reason: String,
    },
    /// Nothing before this moment; then the same link.
    Wait {
        /// The moment.
        until: Stamp,
        /// Why.
        reason: String,
    },
    /// A person must say whether to go on.
    AskPerson {
        /// The question, in one line.
        question: String,
    },
    /// The step is lost to this run.
    GiveUp {
        /// Why.
        reason: String,
    },
}
