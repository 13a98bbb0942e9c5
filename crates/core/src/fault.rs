//! What can go wrong with an attempt. Only kinds that some decision branches on.
//!
//! A fault says what happened; what follows is decided in one place, `mao_policy::decide`.

use crate::ids::Stamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an attempt did not yield what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FaultKind {
    /// The command line or the endpoint does not exist on this machine.
    NotFound,
    /// The vendor does not know who is asking.
    NotAuthenticated,
    /// The vendor does not serve this model (any more).
    ModelUnknown,
    /// One of our own timers ran out: first byte, idle or total.
    TimedOut,
    /// Too many requests; `until` where the vendor said so.
    RateLimited {
        /// When the vendor will listen again.
        until: Option<Stamp>,
    },
    /// The account's allowance is used up; `until` where the vendor said so.
    QuotaExhausted {
        /// When the allowance is renewed.
        until: Option<Stamp>,
    },
    /// The vendor is busy or broken (5xx, overload).
    Overloaded,
    /// The vendor could not be reached, or the connection broke.
    Network,
    /// The vendor answered that the request itself is wrong.
    BadRequest,
    /// The prompt does not fit the model's window.
    ContextTooLong,
    /// The model would not answer.
    Refused,
    /// The answer was cut by its output cap.
    Truncated,
    /// The process ended well and nothing was said.
    EmptyOutput,
    /// The answer is not in the form that was asked for.
    Unparsable,
    /// A change was asked for and the tree is as it was.
    NoChange,
    /// The worker touched what it does not own.
    PolicyViolation,
    /// A tool that the work needed was denied to the model.
    Denied,
    /// The reply was served by a model outside the family that was asked for.
    WrongFamily,
    /// The child said more than the output limit allows.
    OutputLimit,
    /// The child ended without a terminal event.
    Crashed,
    /// What was to be sent holds a secret that cannot be cut out: nothing was sent.
    Withheld,
    /// The worktree could not be made ready: a setup command is red.
    Unprepared,
    /// Somebody cancelled the run.
    Cancelled,
}

impl FaultKind {
    /// The short text of logs and reports: `rate limited`, `timeout`.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::NotAuthenticated => "not authenticated",
            Self::ModelUnknown => "model unknown",
            Self::TimedOut => "timeout",
            Self::RateLimited { .. } => "rate limited",
            Self::QuotaExhausted { .. } => "quota exhausted",
            Self::Overloaded => "overloaded",
            Self::Network => "network",
            Self::BadRequest => "bad request",
            Self::ContextTooLong => "context too long",
            Self::Refused => "refused",
            Self::Truncated => "truncated",
            Self::EmptyOutput => "empty_output",
            Self::Unparsable => "unparsable",
            Self::NoChange => "no_change",
            Self::PolicyViolation => "policy violation",
            Self::Denied => "tool denied",
            Self::WrongFamily => "wrong family",
            Self::OutputLimit => "output_limit",
            Self::Crashed => "crashed",
            Self::Withheld => "withheld",
            Self::Unprepared => "setup failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A fault as it is recorded: its kind, and the last hint anyone gave about the cause (bounded, redacted, one line).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {hint}")]
pub struct Fault {
    /// What decisions branch on.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// What people read.
    pub hint: String,
}

impl Fault {
    /// A fault with its hint cut to one printable line of at most 400 characters.
    pub fn new(kind: FaultKind, hint: impl AsRef<str>) -> Self {
        Self { kind, hint: crate::text::one_line(hint.as_ref(), 400) }
    }
}
