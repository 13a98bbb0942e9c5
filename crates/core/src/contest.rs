//! A contest as events hold it: what was brought, how large it is, what it did to the tests, and how it was settled.
//!
//! Who decides is `mao-policy`'s business; nothing here compares anything.

use crate::change::Change;
use crate::ids::{BlobId, ModelId, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a contest is opened with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contest {
    /// What the candidates are meant to do, in a person's words: all that whoever writes tests may see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub task: Option<BlobId>,
    /// Where the deciding tests come from.
    pub tests: Tests,
    /// Who competes, by model, where candidates are still to be made; the same model may stand here more than once.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub models: Vec<ModelId>,
}

/// Where the deciding tests come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "tests")]
pub enum Tests {
    /// They are there: a command that a person named, or tests of the base that speak of what is changed.
    Existing {
        /// Why they count, in one line.
        why: String,
    },
    /// There are none that cover it: neutral ones are written first.
    Wanted,
    /// It cannot be tested: a design that can be taken back later.
    Reversible,
    /// It cannot be tested: a design that cannot be taken back.
    Irreversible,
}

/// A candidate that a person brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brought {
    /// What stands for the step that would have made it: `candidate.1`.
    pub step: StepId,
    /// What the person called it: a branch, a commit, a patch file.
    pub name: String,
    /// The change, on the run's base.
    pub change: Change,
    /// Which models its commits say they were served by, where they say it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub served_by: Vec<String>,
}

/// DIS-05: what "simpler" means, the first difference deciding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measures {
    /// Dependencies that it adds.
    pub new_dependencies: u32,
    /// Files that it touches.
    pub files: u32,
    /// Lines that it changes, tests and generated files apart.
    pub lines: u32,
    /// Public names that it adds.
    pub public_symbols: u32,
}

/// What was found by looking at a candidate's diff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// How large it is.
    pub measures: Measures,
    /// What it did to the locked tests, a line each; empty for an honest one.
    pub tampering: Vec<String>,
    /// The paths of the locked tests, each with the hash of its content.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub locked: BTreeMap<String, BlobId>,
}

/// How a contest ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The rule that decided.
    pub rule: String,
    /// The candidate that is taken, if one is.
    pub winner: Option<StepId>,
    /// In one line.
    pub because: String,
    /// The candidates by the label that they were judged under.
    pub labels: BTreeMap<String, StepId>,
    /// The step in which somebody judged, where tests could not decide.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judged_in: Option<StepId>,
    /// Who did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judge: Option<Judge>,
}

/// DIS-08: who judged what tests could not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "who")]
pub enum Judge {
    /// The orchestrator, in a session that made none of the candidates. It saw labels and no name.
    Orchestrator {
        /// That session.
        session: String,
        /// Whether its model made a candidate too, in another session.
        is_an_author: bool,
    },
    /// A person.
    Person,
}
