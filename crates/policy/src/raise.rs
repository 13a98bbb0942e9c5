//! INV-05, THK-03, THK-07: more effort than policy gives a kind of work. It needs three things at once: work that is
//! blocked, an artifact, and an attempt at the baseline that came to its end. Opinions are no reason.

use crate::artifact::Artifact;
use mao_core::change::Refusal;
use mao_core::event::Verification;
use mao_core::mutant;
use mao_core::step::{AskStep, AttemptState};
use std::fmt;

/// What a raise rests on.
#[derive(Debug, Clone, Copy)]
pub struct Grounds<'a> {
    /// The question that is to be asked again.
    pub ask: &'a AskStep,
    /// The evidence.
    pub artifacts: &'a [Artifact],
    /// What its own verification said of the result, where that is no refusal of the answer (ESC-12).
    pub own: Option<&'a Verification>,
}

/// Why more effort is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotGiven {
    /// The family does not know this level, or it is not higher.
    NoSuchLevel,
    /// No attempt at the baseline came to its end.
    NotTried,
    /// The last finished attempt was not red.
    NotBlocked,
    /// There is no artifact.
    NoArtifact,
}

impl fmt::Display for NotGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchLevel => "the family knows no such level",
            Self::NotTried => "no attempt at the configured effort came to its end",
            Self::NotBlocked => "the work is not blocked: its own verification was not red",
            Self::NoArtifact => "no failing test, stack trace or conflict of requirements is recorded",
        })
    }
}

/// Whether `wanted` may be sent where policy says `baseline`; `efforts` are the family's levels, lowest first.
///
/// # Errors
/// What is missing. A level at or below the baseline needs nothing.
pub fn admit(efforts: &[String], baseline: &str, wanted: &str, grounds: Grounds<'_>) -> Result<(), NotGiven> {
    let place = |level: &str| efforts.iter().position(|each| each == level).ok_or(NotGiven::NoSuchLevel);
    let raised = place(wanted)? > place(baseline)? || mutant::is("thk_07_the_baseline_needs_grounds");
    if !raised || mutant::is("inv_05_effort_is_free") {
        return Ok(());
    }
    let finished = |attempt: &&mao_core::step::Attempt| {
        let sent = grounds.ask.link_of(attempt).and_then(|link| link.effort.as_deref());
        matches!(attempt.state, AttemptState::Answered(_)) && sent == Some(baseline)
    };
    let last = grounds.ask.attempts.iter().rev().find(finished).ok_or(NotGiven::NotTried)?;
    let AttemptState::Answered(answered) = &last.state else { return Err(NotGiven::NotTried) };
    let red = grounds.own.is_some_and(|own| own.first_red().is_some());
    match answered.refusal {
        Some(Refusal::ChecksFailed { .. } | Refusal::BrokeMerged { .. }) => {}
        None if red => {}
        Some(Refusal::Verdict { .. } | Refusal::Conflict { .. }) | None => return Err(NotGiven::NotBlocked),
    }
    if grounds.artifacts.is_empty() && !mutant::is("thk_03_no_artifact_needed") {
        return Err(NotGiven::NoArtifact);
    }
    Ok(())
}
