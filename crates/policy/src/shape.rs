//! RTE-09 and RTE-10: what a prompt says for the role that answers it. Content in a data file; this only looks it up.
//!
//! No stack of a project and no vendor stands here.

use crate::policy::ModelRole;
use mao_core::ids::TaskClass;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// How a prompt is shaped for a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// What the role is good at.
    pub strength: String,
    /// In which form it answers.
    pub form: String,
    /// What makes an answer acceptable.
    pub accept: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shapes {
    shapes: BTreeMap<ModelRole, Shape>,
    against_the_repository: Clause,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    classes: BTreeSet<TaskClass>,
    clause: String,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static SHAPES: LazyLock<Shapes> =
    LazyLock::new(|| toml::from_str(include_str!("../data/shapes.toml")).expect("compiled-in data"));

/// The shape of a role's prompts. A test makes sure that every role has one.
#[must_use]
pub fn of(role: ModelRole) -> Option<&'static Shape> {
    SHAPES.shapes.get(&role)
}

/// What is added to every prompt of this class: to check against the real repository before finishing.
#[must_use]
pub fn clause(class: &TaskClass) -> Option<&'static str> {
    let Clause { classes, clause } = &SHAPES.against_the_repository;
    classes.contains(class).then_some(clause.as_str())
}

/// The part of a prompt that a role and a class add, as text.
#[must_use]
pub fn text(role: ModelRole, class: &TaskClass) -> String {
    let mut lines = Vec::new();
    if let Some(shape) = of(role) {
        lines.push(shape.strength.clone());
        lines.push(shape.form.clone());
        lines.push("It is accepted when:".to_owned());
        lines.extend(shape.accept.iter().map(|point| format!("- {point}")));
    }
    lines.extend(clause(class).map(str::to_owned));
    lines.join("\n")
}
