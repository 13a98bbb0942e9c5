//! The search for a fault as events hold it: the command that shows it, and every time that it was run.

use crate::ids::{BlobId, TreeId};
use serde::{Deserialize, Serialize};

/// What a search is opened with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debug {
    /// The command that shows the problem: program and arguments.
    pub command: Vec<String>,
    /// When it was run in earlier searches of this repository, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub earlier: Vec<Trial>,
    /// What it runs on, a fact a line: system, processor, program. No path and no host.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub environment: Vec<String>,
    /// The uncommitted changes that the search began over, as a diff; absent where none went along.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dirty: Option<BlobId>,
}

/// One run of the command that shows the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The tree it ran on.
    pub tree: TreeId,
    /// Its exit code; absent where it was killed, which is red.
    pub exit: Option<i32>,
    /// What failed, in a form that is the same for the same failure: the names of the failing tests, the first error.
    pub signature: String,
    /// The repair that it ran on, as a diff from the base; absent for the base itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diff: Option<BlobId>,
}

impl Trial {
    /// Whether the problem is gone.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.exit == Some(0)
    }
}
