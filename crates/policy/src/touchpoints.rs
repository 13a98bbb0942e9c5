//! RTE-13: where in a project's life somebody else than the orchestrator's own models may act. Shown, never asked: the
//! decision tree routes.

use crate::case::Checkpoint;
use crate::policy::ModelRole;
use mao_core::ids::TaskClass;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A phase of a project's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Who works in it.
    pub home: ModelRole,
    /// Who else may act in it.
    pub others: Vec<Touchpoint>,
}

/// One place where somebody else may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touchpoint {
    /// Who; absent where the kind of work has a key of its own.
    #[serde(default)]
    pub who: Option<ModelRole>,
    /// At what kind of work.
    pub what: TaskClass,
    /// What a person holds over it.
    #[serde(default)]
    pub at: Option<Checkpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touchpoints {
    phases: Vec<Phase>,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static TOUCHPOINTS: LazyLock<Touchpoints> =
    LazyLock::new(|| toml::from_str(include_str!("../data/touchpoints.toml")).expect("compiled-in data"));

/// Every phase, in the order of a project's life.
#[must_use]
pub fn phases() -> &'static [Phase] {
    &TOUCHPOINTS.phases
}
