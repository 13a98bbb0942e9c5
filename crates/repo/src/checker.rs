//! The checks' standing conditions, held by whoever runs checks again and again. What a check is stands in `checks`.

use crate::checks::{CheckOutcome, CheckSpec, Ground, run, toolchain_reads};
use crate::worktree::Worktree;
use mao_process::Shim;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Runs checks on checkouts, always under the same conditions.
#[derive(Debug)]
pub struct Checker {
    shim: Shim,
    variables: BTreeMap<String, String>,
    reads: Vec<PathBuf>,
}

impl Checker {
    /// Conditions from the variables of `mao` itself; only allowed ones reach a check.
    #[must_use]
    pub fn new(shim: Shim, variables: BTreeMap<String, String>) -> Self {
        let reads = toolchain_reads(&variables);
        Self { shim, variables, reads }
    }

    /// Runs `specs` on a checkout, until one is red. `scratch` is an existing directory of the run. Dropping the future
    /// ends what is running.
    pub async fn run(
        &self,
        worktree: &Worktree,
        specs: &[CheckSpec],
        scratch: &Path,
        grace: Duration,
    ) -> Vec<CheckOutcome> {
        let ground = Ground {
            shim: &self.shim,
            worktree,
            variables: &self.variables,
            reads: self.reads.iter().cloned().chain(worktree.reads()).collect(),
            writes: Vec::new(),
            grace,
            scratch,
        };
        run(&ground, specs).await
    }
}
