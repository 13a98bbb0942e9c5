//! Making a run's directory nobody's workplace: after a dead owner, and at a run's end.

use crate::error::{Result, io};
use crate::run::RunRepo;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl RunRepo {
    /// Ends every process that works beneath the run's directory: what a dead owner left running. Returns how many.
    pub fn evict(&self, grace: Duration) -> usize {
        mao_process::sweep(self.dir(), grace)
    }

    /// Removes the lock files of git calls that died with their owner. Only after [`RunRepo::evict`]: whoever could hold
    /// one is gone.
    ///
    /// # Errors
    /// When the run's directory cannot be read, or a lock not be removed.
    pub fn clear_locks(&self) -> Result<()> {
        let repo = self.dir().join("repo.git");
        let mut dirs = vec![self.dir().join("index"), repo.join("refs")];
        let mut locks = locks_of(&repo, &mut Vec::new())?;
        while let Some(dir) = dirs.pop() {
            locks.extend(locks_of(&dir, &mut dirs)?);
        }
        locks.iter().try_for_each(|lock| self.clear(lock))
    }

    /// Removes every worktree, after what is in it is on a salvage ref named after it, and whatever a dead owner left
    /// half made beside them. Only while nothing is at work.
    ///
    /// # Errors
    /// When git fails, or something beneath the run's directory cannot be removed.
    pub fn clear_worktrees(&self, at: mao_core::ids::Stamp) -> Result<()> {
        for name in self.worktrees()? {
            if let Some(left) = self.find_worktree(&name)? {
                self.salvage(&left, &name, at)?;
                self.remove(left)?;
            }
        }
        for part in ["trees", "gits", "index", "building", "scratch"] {
            for left in entries(&self.dir().join(part))? {
                self.clear(&left)?;
            }
        }
        Ok(())
    }
}

/// The lock files in a directory; its directories are added to `dirs`.
fn locks_of(dir: &Path, dirs: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let (deeper, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries(dir)?.into_iter().partition(|path| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()));
    dirs.extend(deeper);
    Ok(files.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "lock")).collect())
}

/// What is in a directory; nothing where there is none.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(io(dir))).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io(dir)(error)),
    }
}
