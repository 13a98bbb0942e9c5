//! What a judgement of sections is asked for.

use crate::ids::BlobId;
use serde::{Deserialize, Serialize};

/// How sections are judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Which gate they must pass.
    pub gate: Strictness,
    /// Whether what is found is repaired.
    pub fixes: Fixes,
    /// What a section with open items comes to.
    pub unfinished: Unfinished,
    /// The journal in the base tree, whole: the run ends with an entry in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub book: Option<BlobId>,
}

/// Which gate a section must pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// The usual one.
    #[default]
    Normal,
    /// The one of `--strict`.
    Strict,
}

/// Whether what is found is repaired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixes {
    /// In cycles, as long as they help.
    #[default]
    Cycles,
    /// Not at all: the sections are judged, and nothing is changed.
    None,
}

/// What a section with open items comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// A person is asked whether it is judged all the same.
    #[default]
    Ask,
    /// It is judged: a person said so beforehand.
    Judge,
}
