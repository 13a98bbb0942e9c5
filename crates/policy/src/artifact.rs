//! THK-06: what counts as an artifact: something the program produced or verified itself. A text that claims one is none.
//!
//! The fields are private: there are only the constructors, and each of them looks at the thing.

use mao_core::event::{CheckRun, Verification};
use mao_core::ids::BlobId;
use mao_core::mutant;
use serde::Serialize;
use std::fmt;

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    kind: Kind,
    content: Option<BlobId>,
    said: String,
}

/// What kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A check that ran and ended red.
    FailingTest,
    /// Where a program was when it failed.
    StackTrace,
    /// Two places of the requirements that cannot both hold.
    ConflictingRequirements,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailingTest => "failing test",
            Self::StackTrace => "stack trace",
            Self::ConflictingRequirements => "conflicting requirements",
        })
    }
}

impl Artifact {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where its content is.
    #[must_use]
    pub const fn content(&self) -> Option<&BlobId> {
        self.content.as_ref()
    }

    /// In one line.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.said
    }

    /// A recorded check, if it is red.
    #[must_use]
    pub fn failing_test(run: &CheckRun) -> Option<Self> {
        let exit = match run.exit {
            Some(0) if !mutant::is("thk_06_a_claim_is_an_artifact") => return None,
            Some(code) => format!("exit {code}"),
            None => "killed".to_owned(),
        };
        let said = format!("`{}`: {exit}", run.command);
        Some(Self { kind: Kind::FailingTest, content: Some(run.log.clone()), said })
    }

    /// The trace in a red check's own log, if one is there.
    #[must_use]
    pub fn stack_trace(run: &CheckRun, log: &str) -> Option<Self> {
        let first = trace(log)?;
        (run.exit != Some(0)).then(|| Self { kind: Kind::StackTrace, content: Some(run.log.clone()), said: first })
    }

    /// Two quotations that both stand in the requirements, word for word, and are not one.
    #[must_use]
    pub fn conflict(requirements: &str, one: &str, other: &str) -> Option<Self> {
        let stands = |quote: &str| !quote.trim().is_empty() && requirements.contains(quote.trim());
        (stands(one) && stands(other) && one.trim() != other.trim()).then(|| Self {
            kind: Kind::ConflictingRequirements,
            content: None,
            said: mao_core::text::one_line(&format!("“{}” against “{}”", one.trim(), other.trim()), 300),
        })
    }
}

/// ESC-04: why there is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no packet: there is no failing test, no stack trace and no conflict of requirements that this program saw itself"
)]
pub struct NoArtifact;

/// The artifacts that a run of the command gives, at least one.
///
/// # Errors
/// [`NoArtifact`] where it never ran, or was green.
pub fn grounds(ran: Option<&Verification>) -> Result<Vec<Artifact>, NoArtifact> {
    let found: Vec<Artifact> = ran.into_iter().flat_map(|ran| &ran.checks).filter_map(Artifact::failing_test).collect();
    if found.is_empty() && !mutant::is("esc_04_a_packet_of_words") { Err(NoArtifact) } else { Ok(found) }
}

/// How a trace in a log begins, in one line; none where there is none.
#[must_use]
pub fn trace(log: &str) -> Option<String> {
    log.lines().find(|line| is_trace(line)).map(|line| mao_core::text::one_line(line, 160))
}

/// How the common languages begin a trace.
fn is_trace(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("Traceback (most recent call last)")
        || line.starts_with("stack backtrace:")
        || line.starts_with("goroutine ") && line.ends_with("]:")
        || line.starts_with("Exception in thread")
        || line.starts_with("at ") && line.ends_with(')') && line.contains('(') && line.contains(':')
}
