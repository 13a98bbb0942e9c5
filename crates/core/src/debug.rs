//! The search for a fault as events hold it: the command that shows it, and every time that it was run.

use crate::ids::TreeId;
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
}

impl Trial {
    /// Whether the problem is gone.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.exit == Some(0)
    }
}
