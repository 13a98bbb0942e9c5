//! What a run is about beside sections, and what is too long for its first event.

use crate::event::SectionBrief;
use serde::{Deserialize, Serialize};

/// What a run is about. Small: large texts by hash, long lists as supplies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "matter")]
pub enum Matter {
    /// Sections of the task list, which the request names.
    #[default]
    Sections,
}

/// One of the many things that a run is opened with, recorded in the same commit as its first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "supply")]
pub enum Supply {
    /// A section, where there are too many for the first event. It is folded into the request.
    Section(Box<SectionBrief>),
}
