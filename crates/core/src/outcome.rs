//! How a run ends. Nothing follows it.

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Everything that was planned is merged and verified.
    Complete,
    /// Some of it is; the rest is named in the report.
    Incomplete,
    /// It was carried out, and what it found out is no.
    Negative {
        /// What, in one line.
        why: String,
    },
    /// Nothing could be done: no provider answered.
    NoProvider {
        /// The last reason.
        reason: String,
    },
    /// A person said no to it.
    Declined {
        /// To what.
        what: String,
    },
    /// Somebody cancelled it.
    Cancelled {
        /// Who.
        by: String,
    },
}
