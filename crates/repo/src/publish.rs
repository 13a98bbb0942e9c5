//! Bringing a run's results into the user's repository, and taking a branch away again.
//!
//! It writes objects, `refs/heads/mao/*` and `refs/mao/*`, and nothing else: no index, no checkout, no hook. git's own
//! `fetch` is not used, because it refreshes the user's index and so starts a configured fsmonitor (git 2.47).

use crate::error::{RepoError, Result};
use crate::git::copy_objects;
use crate::names::{self, KEEP, SALVAGE};
use crate::refs::{self, Move, Standing};
use crate::run::RunRepo;
use crate::user::UserRepo;
use mao_core::ids::CommitId;
use std::path::PathBuf;

/// What `discard` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// The commit the branch named.
    pub commit: CommitId,
    /// The ref that keeps it.
    pub kept: String,
    /// The command that brings the branch back.
    pub undo: String,
}

impl UserRepo {
    /// Makes `branch` (`mao/<run>`) name `commit`, and brings the run's salvage along. Doing it twice does it once; a
    /// branch that holds something `commit` does not descend from is left as it is.
    ///
    /// # Errors
    /// [`RepoError::BranchTaken`], [`RepoError::CheckedOut`], a bad name; nothing was moved then.
    pub fn publish(&self, run: &RunRepo, branch: &str, commit: &CommitId) -> Result<()> {
        let name = names::branch_ref(branch)?;
        let mut wanted = self.salvage_of(run)?;
        wanted.push((name.clone(), commit.to_string()));
        self.take(run, &wanted)
    }

    /// Brings the run's salvage refs alone: for a run that ends without a branch. They lie beneath
    /// `refs/mao/salvage/<run>/`.
    ///
    /// # Errors
    /// When git fails.
    pub fn publish_salvage(&self, run: &RunRepo) -> Result<()> {
        let wanted = self.salvage_of(run)?;
        self.take(run, &wanted)
    }

    /// Lets go of the base of a run that is over.
    ///
    /// # Errors
    /// When git fails.
    pub fn release(&self, run_name: &str) -> Result<()> {
        let name = format!("{KEEP}{}", names::one("run", run_name)?);
        match refs::list(&self.git, self.own(), &[&name])?.remove(&name) {
            Some(Standing { id, .. }) => refs::transact(
                &self.git,
                self.own(),
                "mao: run over",
                &[Move { name, from: id, to: self.format.zero() }],
            ),
            None => Ok(()),
        }
    }

    /// Removes a run's branch; its commit stays on `refs/mao/salvage/<run>/branch`.
    ///
    /// # Errors
    /// [`RepoError::NoSuchBranch`], [`RepoError::CheckedOut`].
    pub fn discard(&self, branch: &str) -> Result<Discarded> {
        let name = names::branch_ref(branch)?;
        let kept = format!("{SALVAGE}{}/branch", &branch[names::BRANCHES.len()..]);
        let now = refs::list(&self.git, self.own(), &[&name, &kept])?;
        let Some(standing) = now.get(&name) else { return Err(RepoError::NoSuchBranch(branch.to_owned())) };
        refuse_checked_out(branch, standing)?;
        let zero = self.format.zero();
        let before = now.get(&kept).map_or_else(|| zero.clone(), |standing| standing.id.clone());
        let moves = [
            Move { name: kept.clone(), from: before, to: standing.id.clone() },
            Move { name, from: standing.id.clone(), to: zero },
        ];
        refs::transact(&self.git, self.own(), "mao: discard", &moves)?;
        let undo = format!("git branch {branch} {kept}");
        Ok(Discarded { commit: CommitId::new(standing.id.clone()), kept, undo })
    }

    /// The run's salvage refs under the names they have in the user's repository.
    fn salvage_of(&self, run: &RunRepo) -> Result<Vec<(String, String)>> {
        let found = refs::list(run.git(), run.place(), &[SALVAGE])?;
        let named = found.into_iter().filter_map(|(name, standing)| {
            let short = name.strip_prefix(SALVAGE)?;
            Some((format!("{SALVAGE}{}/{short}", run.name()), standing.id))
        });
        Ok(named.collect())
    }

    /// Objects first, refs after: a ref never names what is not there.
    pub(crate) fn take(&self, run: &RunRepo, wanted: &[(String, String)]) -> Result<()> {
        let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let now = refs::list(&self.git, self.own(), &names)?;
        let mut moves = Vec::new();
        for (name, to) in wanted {
            let standing = now.get(name);
            if standing.is_some_and(|standing| standing.id == *to) {
                continue;
            }
            if let (Some(branch), Some(standing)) = (name.strip_prefix("refs/heads/"), standing) {
                refuse_checked_out(branch, standing)?;
                if !run.descends(&standing.id, to)? {
                    return Err(RepoError::BranchTaken {
                        branch: branch.to_owned(),
                        found: CommitId::new(standing.id.clone()),
                        wanted: CommitId::new(to.clone()),
                    });
                }
            }
            let from = standing.map_or_else(|| self.format.zero(), |standing| standing.id.clone());
            moves.push(Move { name: name.clone(), from, to: to.clone() });
        }
        if moves.is_empty() {
            return Ok(());
        }
        let revisions: String = moves.iter().map(|step| format!("{}\n", step.to)).collect::<String>() + &run.not_base();
        copy_objects(run.git(), run.place(), &self.objects[0], &revisions)?;
        refs::transact(&self.git, self.own(), "mao: publish", &moves)
    }
}

fn refuse_checked_out(branch: &str, standing: &Standing) -> Result<()> {
    if standing.checked_out.is_empty() {
        return Ok(());
    }
    Err(RepoError::CheckedOut { branch: branch.to_owned(), checkout: PathBuf::from(&standing.checked_out) })
}
