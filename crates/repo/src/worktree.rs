//! Worktrees: a fresh checkout per attempt, found by the run's own books and never by the `.git` file in it, which a
//! worker may have rewritten.
//!
//! A worktree is removed only beneath the run's directory, without following a link, and what a stale one holds is
//! salvaged first.

use crate::error::{RepoError, Result, io};
use crate::git::Place;
use crate::gitdir::{GitDir, put};
use crate::names;
use crate::run::RunRepo;
use mao_core::glob::Glob;
use mao_core::ids::{CommitId, Stamp};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A checkout of one commit, for one worker or one verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// What the `.git` file in it led to when it was made: for the worker's own git calls, and never believed.
    pub(crate) git_dir: PathBuf,
    /// Our index of it, out of the worker's reach.
    pub(crate) index: PathBuf,
    pub(crate) base: CommitId,
    pub(crate) objects: Vec<PathBuf>,
}

impl Worktree {
    /// The checkout's directory: the only one its worker may write.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The commit it was made from.
    #[must_use]
    pub const fn base(&self) -> &CommitId {
        &self.base
    }

    /// A port for what is started there, from 20000 to 29999: made of the run's and the worktree's names, so that worktrees
    /// side by side have others, and the same again after a crash. Nobody has looked whether it is free.
    #[must_use]
    pub fn port(&self) -> u16 {
        let run = self.path.ancestors().nth(2).and_then(Path::file_name).unwrap_or_default();
        let name = run.as_encoded_bytes().iter().chain(self.name.as_bytes());
        // FNV-1a: spreads names that differ in one letter.
        let hash =
            name.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        20_000 + u16::try_from((hash >> 20) % 10_000).unwrap_or_default()
    }

    /// That port as variables.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let port = self.port().to_string();
        ["PORT", "MAO_PORT"].into_iter().map(move |name| (name.to_owned(), port.clone()))
    }

    /// What git calls in the checkout must be able to read beyond it: its git directory and the objects it borrows.
    #[must_use]
    pub fn reads(&self) -> Vec<PathBuf> {
        std::iter::once(self.git_dir.clone()).chain(self.objects.iter().cloned()).collect()
    }
}

impl RunRepo {
    /// A fresh checkout of `commit` under `name`. What already stands there is salvaged (dated `at`), then replaced.
    ///
    /// # Errors
    /// When the name is none, or there is no such commit.
    pub fn worktree(&self, name: &str, commit: &CommitId, at: Stamp) -> Result<Worktree> {
        self.worktree_without(name, commit, &[], at)
    }

    /// The same without the files that `withheld` means: neither they nor their content can be reached from it.
    ///
    /// # Errors
    /// When the name is none, or there is no such commit.
    pub fn worktree_without(&self, name: &str, commit: &CommitId, withheld: &[Glob], at: Stamp) -> Result<Worktree> {
        names::one("worktree", name)?;
        if let Some(stale) = self.find_worktree(name)? {
            self.salvage(&stale, name, at)?;
            self.remove(stale)?;
        }
        let mut made = self.worktree_named(name, commit.clone());
        if !withheld.is_empty() {
            made.objects.clear();
        }
        if let Err(error) = self.check_out(&made, withheld, at) {
            // What is half made is nobody's: another owner may have taken the run and its directories meanwhile.
            let building = self.dir().join("building").join(name);
            let _ = self.clear(&building);
            let _ = self.remove(made);
            return Err(error);
        }
        Ok(made)
    }

    /// Makes `made` stand, in one step at the end.
    fn check_out(&self, made: &Worktree, withheld: &[Glob], at: Stamp) -> Result<()> {
        let (name, commit) = (made.name.as_str(), &made.base);
        let building = self.dir().join("building").join(name);
        self.clear(&building)?;
        self.clear(&made.git_dir)?;
        fs::create_dir(&building).map_err(io(&building))?;

        self.clear(&self.list(name))?;
        put(&self.dir().join("index").join(format!("{name}.base")), format!("{commit}\n").as_bytes())?;
        self.clear(&made.index)?;
        let place = self.place().checkout(&building, &made.index);
        self.git().call(place, &["read-tree", "--reset", "-u", "--end-of-options", commit.as_str()], b"")?;

        if withheld.is_empty() {
            self.clear(&self.marker(name))?;
            GitDir { format: self.format(), head: commit.as_str(), alternates: &made.objects, shallow: self.shallow() }
                .write(&made.git_dir)?;
            fs::copy(&made.index, made.git_dir.join("index")).map_err(io(&made.git_dir))?;
        } else {
            self.withhold(made, &building, withheld, at)?;
        }
        // Relative, so that the run's directory may be found at another place.
        put(&building.join(".git"), format!("gitdir: ../../gits/{name}\n").as_bytes())?;
        fs::rename(&building, &made.path).map_err(io(&made.path))
    }

    /// The worktree called `name`, if it stands.
    ///
    /// # Errors
    /// When the name is none, or its place is taken by something else.
    pub fn find_worktree(&self, name: &str) -> Result<Option<Worktree>> {
        names::one("worktree", name)?;
        let noted = self.dir().join("index").join(format!("{name}.base"));
        let base = match fs::read_to_string(&noted) {
            Ok(base) => CommitId::new(base.trim_end()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(noted)(error)),
        };
        let found = self.worktree_named(name, base);
        match fs::symlink_metadata(&found.path) {
            Ok(meta) if meta.is_dir() => Ok(Some(found)),
            Ok(_) => Err(RepoError::Outside(found.path)),
            Err(_) => Ok(None),
        }
    }

    /// The names of all worktrees that stand, sorted.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn worktrees(&self) -> Result<Vec<String>> {
        let dir = self.dir().join("trees");
        let entries = fs::read_dir(&dir).map_err(io(&dir))?;
        let mut found: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| names::is_name(name))
            .collect();
        found.sort();
        Ok(found)
    }

    /// Removes a worktree. Salvage first what must not be lost.
    ///
    /// # Errors
    /// [`RepoError::Outside`] when it is not one of this run's.
    pub fn remove(&self, worktree: Worktree) -> Result<()> {
        let own = self.worktree_named(names::one("worktree", &worktree.name)?, worktree.base.clone());
        if own.path != worktree.path {
            return Err(RepoError::Outside(worktree.path));
        }
        self.clear(&own.path)?;
        self.clear(&own.git_dir)?;
        self.clear(&own.index)?;
        self.clear(&self.marker(&own.name))?;
        self.clear(&self.list(&own.name))?;
        self.clear(&self.dir().join("index").join(format!("{}.base", own.name)))
    }

    /// The run's repository, as far as `worktree`'s checkout is concerned.
    pub(crate) fn place_of<'a>(&'a self, worktree: &'a Worktree) -> Place<'a> {
        self.place().checkout(&worktree.path, &worktree.index)
    }

    fn worktree_named(&self, name: &str, base: CommitId) -> Worktree {
        Worktree {
            name: name.to_owned(),
            path: self.dir().join("trees").join(name),
            git_dir: self.dir().join("gits").join(name),
            index: self.dir().join("index").join(name),
            base,
            objects: if self.withholds(name) { Vec::new() } else { self.object_dirs() },
        }
    }

    /// Removes one entry of one of the run's own directories, whatever it is. Links are removed, not followed.
    pub(crate) fn clear(&self, path: &Path) -> Result<()> {
        let parent = path.parent().unwrap_or(path);
        let real = parent.canonicalize().map_err(io(parent))?;
        if real != parent || !real.starts_with(self.dir()) {
            return Err(RepoError::Outside(path.to_owned()));
        }
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io(path)(error)),
        };
        if !meta.is_dir() {
            return fs::remove_file(path).map_err(io(path));
        }
        remove_tree(path)
    }
}

/// Removes a directory with everything in it.
pub(crate) fn remove_tree(path: &Path) -> Result<()> {
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    // A package cache may hold directories without the right to write; they are ours all the same.
    unlock(path).and_then(|()| fs::remove_dir_all(path)).map_err(io(path))
}

fn unlock(dir: &Path) -> std::io::Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}
