//! Which models a step may use, in which order, and which were left out.

use crate::ids::{AccountId, ModelId, ProviderId, VendorId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An ordered chain of models for one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// In the order in which they are tried.
    pub links: Vec<Link>,
    /// What was not admitted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub skipped: Vec<Skipped>,
    /// What the world did not allow when it was drawn: providers that could not be used, with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub unusable: BTreeMap<ProviderId, String>,
}

/// One model of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The registry entry.
    pub model: ModelId,
    /// The vendor's own name for it.
    pub endpoint: String,
    /// Whose mind it is.
    pub vendor: VendorId,
    /// What reaches it.
    pub provider: ProviderId,
    /// Who is billed.
    pub account: AccountId,
    /// The effort policy asks for, in the family's own words.
    pub effort: Option<String>,
    /// Why it stands here.
    pub why: String,
}

/// A model that a route names and this run may not or cannot use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The registry entry.
    pub model: ModelId,
    /// Why not.
    pub why: String,
}
