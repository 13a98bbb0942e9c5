//! What a run is about: sections, or something else.

use crate::contest::Contest;
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
}
