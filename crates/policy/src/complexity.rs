//! PLN-06: how much there is to a section, on a fixed scale, from what is declared and never from a model's impression;
//! and what follows from it for effort and route.

use crate::policy::ModelEntry;
use crate::triggers::Complexity;
use serde::{Deserialize, Serialize};

/// What is declared about a section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Its open subtasks.
    pub subtasks: u64,
    /// Blocking dependencies from and to it.
    pub dependencies: u64,
    /// Paths that its workstreams own and that exist already.
    pub existing_files: u64,
    /// Security patterns in its text.
    pub security_hits: u64,
}

/// Where a section stands, with the reason for a plan's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// Where on the scale.
    pub complexity: Complexity,
    /// From 0: the sum behind it.
    pub points: u64,
    /// What it was counted from.
    pub why: String,
}

/// Rates a section: one point for every four subtasks, one for every dependency, one for every ten existing files, two
/// for a touch of security. Up to 1 is simple, up to 4 moderate.
#[must_use]
pub fn rate(declared: &Declared) -> Rating {
    let Declared { subtasks, dependencies, existing_files, security_hits } = *declared;
    let security = if security_hits > 0 { 2 } else { 0 };
    let points = subtasks / 4 + dependencies + existing_files / 10 + security;
    let complexity = match points {
        0 | 1 => Complexity::Simple,
        2..=4 => Complexity::Moderate,
        _ => Complexity::Complex,
    };
    let why = format!(
        "{points} points: {subtasks} subtasks, {dependencies} dependencies, {existing_files} existing files, \
         {security_hits} security hits"
    );
    Rating { complexity, points, why }
}

/// The effort for work of this complexity, given the one that policy's row asks for: one level less for what is simple,
/// never less than the lowest; never more than the row, because a raise needs a blocked attempt and artifacts (INV-05).
#[must_use]
pub fn effort(entry: &ModelEntry, row: Option<&str>, complexity: Complexity) -> Option<String> {
    let row = row.or(entry.effort.as_deref())?;
    let at = entry.efforts.iter().position(|effort| effort == row)?;
    let at = match complexity {
        Complexity::Simple => at.saturating_sub(1),
        Complexity::Moderate | Complexity::Complex => at,
    };
    entry.efforts.get(at).cloned()
}
