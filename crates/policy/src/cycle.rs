//! ESC-01, ESC-02, ESC-12: how often a repair was tried and failed. The program counts, from exit codes and trees; a model
//! cannot.

use mao_core::ids::TreeId;
use mao_core::mutant;
use serde::{Deserialize, Serialize};

/// One run of the command that shows the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The tree it ran on.
    pub tree: TreeId,
    /// Its exit code; absent where it was killed, which is red.
    pub exit: Option<i32>,
    /// What failed, in a form that is the same for the same failure: the names of the failing tests, the first error.
    pub signature: String,
}

impl Trial {
    /// Whether the problem is gone.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.exit == Some(0)
    }
}

/// How often it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycles {
    /// Since it was green last.
    pub total: u64,
    /// Of those, with the failure that it has now.
    pub same_failure: u64,
}

/// The ways on that are offered; exactly these, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The orchestrator's family goes on, differently.
    AtHome,
    /// Another vendor's coder looks at it on its own.
    Independent,
    /// Another vendor's analyzer reads the whole code base.
    Investigation,
}

impl Way {
    /// All of them, as they are numbered in the question.
    pub const ALL: [Self; 3] = [Self::AtHome, Self::Independent, Self::Investigation];
}

/// Counts. A cycle is a change followed by red; the first red tree is where it began and counts as none. A tree that was
/// red before is not counted again.
#[must_use]
pub fn count(trials: &[Trial]) -> Cycles {
    let since = trials.iter().rposition(Trial::is_green).map_or(0, |green| green + 1);
    let mut seen: Vec<&TreeId> = Vec::new();
    let mut cycles = Cycles::default();
    let mut failure: Option<&str> = None;
    for trial in &trials[since..] {
        if failure != Some(trial.signature.as_str()) {
            cycles.same_failure = 0;
            failure = Some(&trial.signature);
        }
        if seen.contains(&&trial.tree) && !mutant::is("esc_12_every_red_run_counts") {
            continue;
        }
        if !seen.is_empty() {
            cycles.total += 1;
            cycles.same_failure += 1;
        }
        seen.push(&trial.tree);
    }
    cycles
}

/// ESC-01: what a person is offered. Nothing before the threshold; nothing is ever done without the person.
#[must_use]
pub fn offer(cycles: Cycles, threshold: u64) -> Option<[Way; 3]> {
    (cycles.total >= threshold.max(1)).then_some(Way::ALL)
}
