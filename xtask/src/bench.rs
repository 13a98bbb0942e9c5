//! `cargo xtask bench`: how long the usual things take. Not here yet; it never reports a number it did not measure.

use crate::outcome::{Failure, Outcome};

/// Refuses, until there is something to measure.
pub(crate) fn run() -> Outcome {
    Err(Failure::broken("`bench` is not here yet: nothing was measured"))
}
