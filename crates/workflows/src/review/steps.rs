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
