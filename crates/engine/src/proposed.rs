//! What is looked at beside an answer that only proposes a change: the diff that stands in it, applied where it does no
//! harm, and the person's checkout, which must be as it was.

use crate::parts::{EngineError, Parts};
use crate::work::blocking;
use mao_core::glob::Glob;
use mao_core::ids::{CommitId, Stamp, TreeId};
use mao_policy::Policy;
use mao_repo::{CollectSpec, RunRepo, Tried};
use std::sync::Arc;

/// ESC-05: the person's checkout as it stands. What cannot be read is not known.
pub(crate) async fn checkout(parts: &Parts) -> Option<TreeId> {
    let user = Arc::clone(&parts.user_repo);
    blocking(move || user.standing_tree()).await.ok()
}

/// Where a claimed diff is tried, and what it may not touch.
pub(crate) struct Trial<'a> {
    pub(crate) repo: &'a Arc<RunRepo>,
    pub(crate) policy: &'a Policy,
    /// What whoever wrote it may not see.
    pub(crate) withheld: Vec<Glob>,
    /// The commit that it is a diff from.
    pub(crate) base: CommitId,
    pub(crate) at: Stamp,
    /// What the commit is called.
    pub(crate) subject: String,
    /// The ref that keeps it.
    pub(crate) kept: String,
}

impl Trial<'_> {
    /// ESC-06: what the diff makes of that commit.
    pub(crate) async fn of(self, diff: String) -> Result<Tried, EngineError> {
        let (mut protected, frozen) = (self.policy.protected.clone(), self.policy.frozen.clone());
        protected.extend(self.withheld);
        let (repo, base, at, subject, kept) = (Arc::clone(self.repo), self.base, self.at, self.subject, self.kept);
        blocking(move || {
            let owned = [Glob("**".to_owned())];
            let (protected, frozen) = (&protected[..], &frozen[..]);
            let spec = CollectSpec { owned: &owned, frozen, protected, subject: &subject, body: "", at };
            repo.try_diff(&base, &diff, &spec, &kept)
        })
        .await
    }
}
