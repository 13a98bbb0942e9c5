//! What the caller hands in: files already read, the environment, flags.

use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that configuration is made of, already read.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The user's own file.
    pub user: Option<Source>,
    /// The repository's file. Not trusted unless its hash is in `trusted`.
    pub project: Option<Source>,
    /// The repository's registry, `.claude/models/registry.md`. Trusted as `project` is.
    pub registry: Option<Source>,
    /// The repository's routes, `.claude/models/task-routing.md`. They choose among what the registry allows.
    pub routing: Option<Source>,
    /// Hashes of project files that the user consented to; see [`crate::trust`].
    pub trusted: BTreeSet<String>,
    /// What a person would run to consent, with `{hash}` in it; shown when a project file widens something.
    pub consent: String,
    /// The environment; only names that begin with `MAO_` are looked at.
    pub environment: BTreeMap<String, String>,
    /// Flags that set a key.
    pub flags: Vec<Flag>,
}

/// A flag that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// As the person typed it: `--max-parallel`.
    pub flag: String,
    /// The key: `engine.max_parallel`.
    pub key: String,
    /// The value, as a word.
    pub value: String,
}
