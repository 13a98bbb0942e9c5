//! What a run is about: sections, or something else.

use crate::contest::Contest;
use crate::debug::Debug;
use crate::ids::{BlobId, CommitId, ModelId, TaskClass, TreeId};
use crate::quality::Quality;
use crate::session::Session;
use serde::{Deserialize, Serialize};

/// What a run is about. Small: large texts by hash, long lists as supplies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "matter")]
pub enum Matter {
    /// Sections of the task list, which the request names.
    #[default]
    Sections,
    /// Several answers to one question.
    Contest(Box<Contest>),
    /// A fault that is looked for.
    Debug(Box<Debug>),
    /// Judging the sections that the request names.
    Quality(Quality),
    /// Writing down a session.
    Journal(Session),
    /// A review that a person asked for.
    Review(Reviewed),
}

/// What is reviewed, bound by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reviewed")]
pub enum Reviewed {
    /// A plan.
    Plan {
        /// Where it stood, as the person wrote it.
        path: String,
        /// Its text, whole.
        text: BlobId,
    },
    /// What changed since a commit; the diff's parts are supplies.
    Diff {
        /// The commit before the change.
        from: CommitId,
        /// Its tree.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        from_tree: Option<TreeId>,
        /// The diff, whole.
        diff: BlobId,
        /// How many files it touches.
        files: u64,
        /// How many places in it are a matter of security.
        hits: u64,
        /// The task class of its reviewer.
        class: TaskClass,
        /// Why that one.
        why: String,
        /// The model that a person asked for by name: then nobody else reads it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<ModelId>,
        /// The signs of another architecture in it, each in words.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        redesign: Vec<String>,
    },
}
