//! What a run is asked for. Large texts by hash.

use crate::ids::{BlobId, SectionId};
use crate::matter::Matter;
use serde::{Deserialize, Serialize};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// As the person wrote it: `2,3`.
    pub text: String,
    /// The sections it names, in order.
    pub sections: Vec<SectionBrief>,
    /// The requirements document, whole, where there is one.
    pub requirements: Option<BlobId>,
    /// The files of the base tree, one path a line.
    pub files: BlobId,
    /// The task file that the sections stand in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tasks: Option<TaskText>,
    /// What it is about beside sections.
    #[serde(default)]
    pub matter: Matter,
    /// In which order sections run.
    #[serde(default)]
    pub order: Order,
    /// Who says that the plan may be carried out.
    #[serde(default)]
    pub approval: Approval,
}

/// In which order sections run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// At once, as far as their dependencies let them.
    #[default]
    Computed,
    /// One after another, and their workstreams too, because a person asked for that.
    Sequential,
}

/// Who says that a plan may be carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Nobody, unless something about the plan wants a person's word.
    #[default]
    WhereWanted,
    /// A person, who has seen it.
    Always,
    /// A person did, beforehand: it accepts plan and estimate, and nothing else.
    Given,
}

/// A task file as a run carries it. No model may write it; the report ticks what is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskText {
    /// Its path in the tree.
    pub path: String,
    /// Its text in the base tree, whole.
    pub text: BlobId,
}

/// A section as a run carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionBrief {
    /// Its address.
    pub id: SectionId,
    /// Its heading without the number.
    pub title: String,
    /// Its Markdown, whole.
    pub text: BlobId,
    /// What it declares about itself.
    #[serde(default)]
    pub declares: Declares,
    /// What a worker should know beside its text: open items, acceptance, declared files, the tests there are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context: Option<BlobId>,
    /// The parts of the requirements that it refers to; absent where it refers to none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requirements: Option<BlobId>,
}

/// What a section declares about itself, counted when the run was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declares {
    /// Its open leaves; absent where nothing has boxes, as in the description of a feature.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subtasks: Option<u64>,
    /// The files it names that exist.
    #[serde(default)]
    pub existing_files: u64,
    /// Places in its text that are a matter of security.
    #[serde(default)]
    pub security_hits: u64,
    /// The sections it says it depends on.
    #[serde(default)]
    pub depends: Vec<SectionId>,
}
