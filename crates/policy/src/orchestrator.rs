//! INV-01: there is one orchestrator, and its family is compiled in.
//!
//! No layer of configuration reaches this file's data; a registry that gives the role to another family is an error.

use crate::policy::{Lifecycle, ModelEntry, ModelRole, Policy};
use mao_core::ids::{ModelId, VendorId};
use mao_core::mutant;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Orchestrator {
    family: String,
    vendor: String,
    served: String,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static ONE: LazyLock<Orchestrator> =
    LazyLock::new(|| toml::from_str(include_str!("../data/orchestrator.toml")).expect("compiled-in data"));

/// The vendor whose own work needs no second mind.
#[must_use]
pub fn home_vendor() -> VendorId {
    VendorId::new(ONE.vendor.clone())
}

/// The orchestrator's registry entry. [`check`] makes sure that there is exactly one.
#[must_use]
pub fn of(policy: &Policy) -> Option<(&ModelId, &ModelEntry)> {
    policy.models.iter().find(|(_, entry)| may_orchestrate(entry))
}

/// Whether a registry entry holds the orchestrator's role rightly.
#[must_use]
pub fn may_orchestrate(entry: &ModelEntry) -> bool {
    entry.role == ModelRole::Orchestrator
        && (is_of_the_family(entry) || mutant::is("inv_01_any_family_orchestrates"))
        && entry.lifecycle != Lifecycle::Retired
}

fn is_of_the_family(entry: &ModelEntry) -> bool {
    entry.family == ONE.family && entry.vendor.as_str() == ONE.vendor && entry.endpoint.starts_with(&ONE.served)
}

/// Whether a reply that a vendor says was served by `served` came from the orchestrator's family.
#[must_use]
pub fn served_by_the_family(served: &str) -> bool {
    served.starts_with(&ONE.served) || mutant::is("inv_01_any_served_model")
}

/// What is wrong with a registry's roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// Another family holds the role.
    #[error("model `{model}` has the role `orchestrator`, which belongs to the family `{family}` alone")]
    Usurper {
        /// The entry.
        model: ModelId,
        /// The family it is not of.
        family: String,
    },
    /// Nobody, or more than one, holds it.
    #[error("the registry names {found} orchestrators; there is exactly one, of the family `{family}`")]
    NotOne {
        /// How many.
        found: usize,
        /// The family.
        family: String,
    },
}

/// Makes sure that exactly one entry orchestrates, and that it is of the family.
pub fn check(policy: &Policy) -> Result<(), RoleError> {
    let family = || ONE.family.clone();
    let holders = || policy.models.iter().filter(|(_, entry)| entry.role == ModelRole::Orchestrator);
    if let Some((model, _)) = holders().find(|(_, entry)| !may_orchestrate(entry)) {
        return Err(RoleError::Usurper { model: model.clone(), family: family() });
    }
    match holders().count() {
        1 => Ok(()),
        found => Err(RoleError::NotOne { found, family: family() }),
    }
}
