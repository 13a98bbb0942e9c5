//! The end of a run's own repository: whatever it alone knows is on refs of the user's first, then its directory goes.
//!
//! It decides nothing about when. It removes only a directory that is a run's, whole, by its place and its own facts.

use crate::error::{RepoError, Result, io};
use crate::names::{self, SALVAGE};
use crate::refs;
use crate::run::RunRepo;
use crate::user::UserRepo;
use mao_core::ids::{CommitId, Stamp};
use std::fs;
use std::path::Path;

/// How a run's branch stands in the user's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is none: never published, or discarded.
    Gone,
    /// What it names is in the checkout's history.
    Applied(CommitId),
    /// What it names is nowhere else.
    Apart(CommitId),
}

impl UserRepo {
    /// How `branch` (`mao/<run>`) stands.
    ///
    /// # Errors
    /// When git fails.
    pub fn standing(&self, branch: &str) -> Result<Standing> {
        let name = names::branch_ref(branch)?;
        let Some(found) = refs::list(&self.git, self.own(), &[&name])?.remove(&name) else { return Ok(Standing::Gone) };
        let args = ["merge-base", "--is-ancestor", &found.id, self.head().commit.as_str()];
        let out = self.git.run(self.lens(), &args, b"", &[])?;
        match out.code {
            0 => Ok(Standing::Applied(CommitId::new(found.id))),
            1 => Ok(Standing::Apart(CommitId::new(found.id))),
            _ => Err(crate::git::failed(&args, &out)),
        }
    }

    /// Brings every commit that only `run` knows, on a ref or on none, worktrees that still stand included, onto `refs/mao/salvage/<run>/`,
    /// and lets go of its base. Returns the refs that were made or moved. `at` dates what is salvaged.
    ///
    /// # Errors
    /// When git fails; then the run's repository must stay.
    pub fn keep_all(&self, run: &RunRepo, at: Stamp) -> Result<Vec<String>> {
        run.clear_worktrees(at)?;
        run.keep_found()?;
        let theirs: String = refs::list(&self.git, self.own(), &[])?
            .into_values()
            .map(|standing| format!("^{}\n", standing.id))
            .collect();
        let mut wanted = Vec::new();
        for (name, standing) in refs::list(run.git(), run.place(), &[])? {
            let revisions = format!("{}\n{theirs}", standing.id);
            let args = ["rev-list", "--max-count=1", "--stdin"];
            if !run.git().call(run.place(), &args, revisions.as_bytes())?.is_empty() {
                wanted.push((format!("{SALVAGE}{}/{}", run.name(), short(&name)), standing.id));
            }
        }
        self.take(run, &wanted)?;
        self.release(run.name())?;
        Ok(wanted.into_iter().map(|(name, _)| name).collect())
    }
}

/// A ref's name beneath a run's salvage.
fn short(name: &str) -> &str {
    let known = [SALVAGE, "refs/mao/", "refs/"];
    known.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

impl RunRepo {
    /// Removes the run's directory, which must be an entry of `runs`. Only after [`UserRepo::keep_all`].
    ///
    /// # Errors
    /// [`RepoError::Outside`] where it is none; when something in it cannot be removed, what is left has another name
    /// (`.gone-…`) and is nobody's run any more.
    pub fn remove_all(self, runs: &Path) -> Result<()> {
        let runs = runs.canonicalize().map_err(io(runs))?;
        let name = self.dir().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if self.dir().parent() != Some(&runs) || !names::is_name(&name) {
            return Err(RepoError::Outside(self.dir().to_owned()));
        }
        let gone = runs.join(format!(".gone-{name}"));
        fs::rename(self.dir(), &gone).map_err(io(self.dir()))?;
        crate::worktree::remove_tree(&gone)
    }
}
