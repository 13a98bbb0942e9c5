//! PRV-07: the kinds of work that never leave the orchestrator's vendor.
//!
//! The list is compiled in; no layer of configuration reaches it, and a request by name does not either.

use crate::orchestrator;
use crate::policy::ModelEntry;
use mao_core::ids::TaskClass;
use mao_core::mutant;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Primary {
    classes: BTreeSet<TaskClass>,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static PRIMARY: LazyLock<Primary> =
    LazyLock::new(|| toml::from_str(include_str!("../data/primary.toml")).expect("compiled-in data"));

/// Whether work of this class stays with the orchestrator's vendor.
#[must_use]
pub fn stays(task: &TaskClass) -> bool {
    PRIMARY.classes.contains(task)
}

/// Every class that stays.
pub fn classes() -> impl Iterator<Item = &'static TaskClass> {
    PRIMARY.classes.iter()
}

/// Makes sure that `entry` may do work of this class.
///
/// # Errors
/// The reason why it may not.
pub fn admit(task: &TaskClass, entry: &ModelEntry) -> Result<(), String> {
    let home = orchestrator::home_vendor();
    if stays(task) && entry.vendor != home && !mutant::is("prv_07_anybody_signs") {
        return Err(format!("{task} stays with {home}"));
    }
    Ok(())
}
