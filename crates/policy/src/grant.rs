//! INV-06: what a model may do while it works. Nobody gets more than the orchestrator's vendor does for the same
//! question, and nobody is ever given a way to start, route or approve work.

use crate::policy::Policy;
use crate::privacy;
use mao_core::ask::{Ask, ReplyForm};
use mao_core::event::Link;
use mao_core::glob::Glob;
use mao_core::ids::VendorId;
use mao_core::mutant;

/// What one attempt is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The paths of the worktree that it may change; empty means that it only reads.
    pub owned: Vec<Glob>,
    /// Of these, what it may not change where it stands already: tests, unless tests are the work.
    pub frozen: Vec<Glob>,
    /// The paths that it never sees.
    pub withheld: Vec<Glob>,
}

/// The task classes whose work are tests.
const TESTING: [&str; 2] = ["tests", "test_generation"];

impl Grant {
    /// Whether the worktree may be written at all.
    #[must_use]
    pub const fn writes(&self) -> bool {
        !self.owned.is_empty()
    }

    /// Whether everything that `self` allows, `other` allows too.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.owned.iter().all(|glob| other.owned.contains(glob))
            && other.frozen.iter().all(|glob| self.frozen.contains(glob))
            && other.withheld.iter().all(|glob| self.withheld.contains(glob))
    }
}

/// What `link` is given to answer `ask`.
#[must_use]
pub fn grant(policy: &Policy, ask: &Ask, link: &Link, home: &VendorId) -> Grant {
    let widened = mutant::is("thk_09_effort_widens_the_grant") && link.effort.as_deref() == Some("xhigh");
    let owned = match &ask.reply {
        ReplyForm::Change { .. } if widened => vec![Glob("**".into())],
        ReplyForm::Change { owned, .. } => owned.clone(),
        // Its tree is thrown away: what it writes there can never land.
        ReplyForm::Proposal { .. } => vec![Glob("**".into())],
        ReplyForm::Text | ReplyForm::Json { .. } => Vec::new(),
    };
    if mutant::is("inv_06_externals_own_all") && link.vendor != *home {
        return Grant { owned: vec![Glob("**".into())], frozen: Vec::new(), withheld: Vec::new() };
    }
    let frozen = if TESTING.contains(&ask.task.as_str()) { Vec::new() } else { policy.frozen.clone() };
    Grant { owned, frozen, withheld: privacy::withheld(policy, &link.vendor) }
}
