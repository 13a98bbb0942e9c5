//! What a run is opened with and its first event has no room for.

use crate::contest::Brought;
use crate::ids::SectionId;
use crate::packed::Packed;
use crate::request::SectionBrief;
use crate::session::Fact;
use serde::{Deserialize, Serialize};

/// One of the many things that a run is opened with, recorded in the same commit as its first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "supply")]
pub enum Supply {
    /// A section, where there are too many for the first event. It is folded into the request.
    Section(Box<SectionBrief>),
    /// A candidate that a person brought.
    Candidate(Box<Brought>),
    /// A part of the diff that is reviewed.
    Packed(Packed),
    /// What a section can be wanting: its task items and the requirements that it refers to, by name.
    Wants {
        /// The section.
        section: SectionId,
        /// `2.1`, `PRD 12.2`.
        names: Vec<String>,
    },
    /// One thing that is known of a session.
    Fact(Box<Fact>),
}
