//! The shipped registry and routes: compiled-in data with a date. No model's name stands in Rust.

use mao_core::ids::{ModelId, TaskClass};
use mao_policy::policy::ModelEntry;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The registry, and what each role means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roster {
    pub(crate) roles: BTreeMap<String, ModelId>,
    pub(crate) models: BTreeMap<ModelId, ModelEntry>,
}

/// The routes, in roles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Routes {
    pub(crate) routes: BTreeMap<TaskClass, RoleRoute>,
}

/// The route of one task class, in roles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleRoute {
    pub(crate) effort: String,
    pub(crate) assist: Vec<String>,
    pub(crate) diverse: Vec<String>,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static ROSTER: LazyLock<Roster> =
    LazyLock::new(|| toml::from_str(include_str!("../data/roster.toml")).expect("compiled-in data"));

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static ROUTES: LazyLock<Routes> =
    LazyLock::new(|| toml::from_str(include_str!("../data/routes.toml")).expect("compiled-in data"));

/// The shipped registry.
pub(crate) fn roster() -> &'static Roster {
    &ROSTER
}

/// The shipped routes.
pub(crate) fn routes() -> &'static Routes {
    &ROUTES
}
