//! INV-06: what a model may do while it works. Nobody gets more than the orchestrator's vendor does for the same
//! question, and nobody is ever given a way to start, route or approve work.

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
}

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
    }
}

/// What `link` is given to answer `ask`.
#[must_use]
pub fn grant(ask: &Ask, link: &Link, home: &VendorId) -> Grant {
    let owned = match &ask.reply {
        ReplyForm::Change { owned } => owned.clone(),
        ReplyForm::Text | ReplyForm::Json { .. } => Vec::new(),
    };
    if mutant::is("inv_06_externals_own_all") && link.vendor != *home {
        return Grant { owned: vec![Glob("**".into())] };
    }
    Grant { owned }
}
