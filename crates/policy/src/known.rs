//! REG-06: what is known of a model beside its sizes. What is not said is unknown, and unknown is not unavailable.

use mao_core::day::Day;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What it can do; absent where nobody has said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Over what it can be reached.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub transports: BTreeSet<Transport>,
    /// How dear it is beside the others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<Cost>,
    /// Prices that hold until a day; then the next one holds, and at last the entry's own.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub offers: Vec<Offer>,
    /// From when on its vendor advises against it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deprecated: Option<Day>,
    /// From when on it is not served any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retires: Option<Day>,
    /// Who may use it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub access: BTreeMap<Actor, Access>,
}

/// What a model can do, where not every model can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// It changes files by itself.
    Edit,
    /// It calls tools.
    Tools,
    /// It answers from what is on the web today, and says where.
    WebSearch,
    /// Everything it starts runs in a sandbox of the operating system.
    Sandbox,
    /// It works over a very large context at once.
    LargeContext,
    /// It makes films.
    Video,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Edit, Self::Tools, Self::WebSearch, Self::Sandbox, Self::LargeContext, Self::Video];

    /// Its name in registries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Tools => "tools",
            Self::WebSearch => "web_search",
            Self::Sandbox => "sandbox",
            Self::LargeContext => "large_context",
            Self::Video => "video",
        }
    }
}

/// Over what a model can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Its vendor's command line.
    Cli,
    /// Its vendor's address.
    Api,
    /// A server of tools.
    Mcp,
}

/// How dear a model is beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// For what is done often.
    Low,
    /// For most work.
    Medium,
    /// For what is worth it.
    High,
}

impl Cost {
    /// Its name in registries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Who may want to use a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person at a terminal.
    Human,
    /// Another model's own tool.
    Harness,
    /// A program like this one.
    Orchestrator,
    /// A machine without a person.
    Ci,
}

/// Whether somebody may use a model; who is not named: unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// As it is.
    Yes,
    /// With a key of its own, not with a person's login.
    WithKey,
    /// Its vendor does not let it.
    No,
}

/// A price that holds until a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The first day on which it does not hold any more.
    pub until: Day,
    /// What it costs until then.
    pub price: Price,
}

/// What a model costs, in millionths of a US dollar for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens in.
    pub input: u64,
    /// Tokens in that the vendor's cache held.
    pub cached: u64,
    /// Tokens out, thinking included.
    pub output: u64,
}
