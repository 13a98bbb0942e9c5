//! The names of a review's steps, and what the run was opened with.

use mao_core::ids::StepId;
use mao_core::matter::{Matter, Reviewed};
use mao_core::packed::Packed;
use mao_core::run::RunState;
use mao_core::supply::Supply;
use mao_policy::packing::{Recalled, recalled};

/// The step in which the orchestrator weighs what was found.
pub const WEIGH: &str = "weigh";

/// The step in which a part is read: `review.1`.
#[must_use]
pub fn step(part: usize) -> StepId {
    StepId::new(format!("review.{}", part + 1))
}

/// The step in which somebody of another vendor reads the same part: `second.1`.
#[must_use]
pub fn second(part: usize) -> StepId {
    StepId::new(format!("second.{}", part + 1))
}

/// What the steps of a review are called that two read.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// In which a part is read.
    pub first: fn(usize) -> StepId,
    /// In which somebody of another vendor reads it.
    pub second: fn(usize) -> StepId,
    /// In which a contested claim is tried, without its number.
    pub tried: &'static str,
    /// In which a person says what follows where they differ.
    pub person: &'static str,
}

/// Those of a review that a person asked for.
pub const NAMES: Names = Names { first: step, second, tried: "tried", person: "consensus" };

fn packed(supply: &Supply) -> Option<&Packed> {
    if let Supply::Packed(packed) = supply { Some(packed) } else { None }
}

/// What a run reviews, where it is one that a person asked for.
#[must_use]
pub fn reviewed(run: &RunState) -> Option<&Reviewed> {
    if let Matter::Review(reviewed) = &run.opened.request.matter { Some(reviewed) } else { None }
}

/// The diff that a run was supplied with.
#[must_use]
pub fn supplied(run: &RunState) -> Recalled {
    recalled(run.supplies.iter().filter_map(packed))
}
