//! What a run may do, read from layers of files, the environment and flags, with errors that point at file, line
//! and column.
//!
//! This room produces [`mao_policy::policy::Policy`] and says where each value came from. It never decides, never
//! calls anything, never writes a file, and prints nothing: the caller shows warnings and errors. A repository's own
//! file is handed in by the caller; it can only narrow what its user allows, until that user consents to that file.
//!
//! Read in this order: `data/default.toml` (the keys), [`load`], then `schema`, `settings`, `document`, `layers`, `resolve`;
//! [`source`] and [`mod@locate`] read files.

mod document;
pub mod edit;
mod error;
mod fences;
mod inputs;
mod json;
mod judgement;
mod layers;
mod lint;
pub mod locate;
pub mod mcp;
mod models;
mod node;
mod registry;
mod registry_file;
mod registry_layer;
mod report;
mod resolve;
mod roster;
mod routing_file;
mod schema;
mod settings;
pub mod source;
pub mod tasks;
pub mod trust;
mod value;
mod words;
mod yaml;

pub use error::{ConfigError, ConfigErrors, Layer, Origin, Spot, Warning, WarningKind};
pub use inputs::{Flag, Inputs};
pub use lint::lint;
pub use locate::locate;
pub use resolve::{DIVERSE_PARALLEL, Loaded, privacy_word};
pub use settings::{Setting, Settings};
pub use source::Source;
pub use value::{EffortRow, Value};
pub use words::split_command;

use std::collections::BTreeMap;

/// Reads all layers and produces the effective policy.
///
/// # Errors
/// Everything that is wrong with the layers, in the order of the layers and of their lines.
pub fn load(inputs: &Inputs) -> Result<Loaded, ConfigErrors> {
    let mut warnings = Vec::new();
    let settings = layers::merge(inputs, &mut warnings)?;
    resolve::resolve(settings, inputs, warnings)
}

/// The built-in configuration file, which documents every key.
#[must_use]
pub const fn default_file() -> &'static str {
    layers::DEFAULT
}

/// The file that `mao init` writes, with `{verify}`, `{found}` and `{sections}` to be filled in.
#[must_use]
pub const fn project_file() -> &'static str {
    include_str!("../data/project.toml")
}

/// One key, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its path, with `*` for a free name.
    pub path: &'static str,
    /// What it holds: `bool`, `int`, `money`, `text`, `path`, `choice`, `model`, `duration`, `list`, `globs`, `commands`, `effort`.
    pub kind: &'static str,
    /// The words that a choice allows.
    pub allowed: &'static [String],
    /// What may stand for `*`; empty where anything may.
    pub names: &'static [String],
    /// The smallest number and, where there is one, the largest.
    pub range: Option<(u64, Option<u64>)>,
    /// What a repository's file may do to it without consent: `free`, `narrow`, `consent`.
    pub guard: &'static str,
    /// Its environment variable.
    pub variable: Option<String>,
    /// The built-in value as a file would write it.
    pub default: Option<String>,
    /// What will read the key, where nothing in this version does.
    pub later: Option<&'static str>,
    /// Values that are well formed and still an error, with the reason; `*` for any.
    pub refused: &'static BTreeMap<String, String>,
}

/// Every key there is, typed.
#[must_use]
pub fn schema() -> Vec<KeyInfo> {
    let defaults = layers::built_in();
    let info = |key: &'static schema::Key| KeyInfo {
        path: &key.path,
        kind: key.kind.word(),
        allowed: &key.allowed,
        names: &key.names,
        range: (key.kind == schema::Kind::Int).then_some((key.min, key.max)),
        guard: key.guard.word(),
        variable: key.variable(),
        later: key.later.as_deref(),
        refused: &key.refused,
        default: defaults.iter().find(|(path, _)| *path == key.path).map(|(_, setting)| setting.value.to_string()),
    };
    schema::get().keys.iter().map(info).collect()
}

/// Every key there is, with `*` for a free name.
#[must_use]
pub fn keys() -> Vec<&'static str> {
    schema::get().keys.iter().map(|key| key.path.as_str()).collect()
}

/// Whether a path is one of a key, free names included.
#[must_use]
pub fn is_key(path: &str) -> bool {
    schema::get().find(&path.split('.').collect::<Vec<_>>()).is_some()
}

/// The key whose path is nearest to `path`, if one is near enough to be meant.
#[must_use]
pub fn nearest_key(path: &str) -> Option<&'static str> {
    words::nearest(path, keys())
}
