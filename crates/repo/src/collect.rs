//! What a worker left behind becomes a commit, or is refused with the paths and the reason.
//!
//! Nothing the worker wrote can make git run something here, or hide a change: our own index, our own git directory,
//! no attributes, no filters, no hooks, no signing. Ignored files and empty directories are left out.

use crate::error::Result;
use crate::names;
use crate::run::RunRepo;
use crate::snapshot::{self, Entry, Kind, Survey};
use crate::worktree::Worktree;
use mao_core::glob::{self, Glob};
use mao_core::ids::{CommitId, Stamp, TreeId};
use mao_core::{mutant, text};
use std::fmt;

/// What may have changed, and how the commit is written.
#[derive(Debug, Clone)]
pub struct CollectSpec<'a> {
    /// The only paths that may change.
    pub owned: &'a [Glob],
    /// Of these, paths that may not change where they stand already.
    pub frozen: &'a [Glob],
    /// Paths that may not, although they are owned.
    pub protected: &'a [Glob],
    /// The commit's first line.
    pub subject: &'a str,
    /// The rest of its message; may be empty.
    pub body: &'a str,
    /// Its date.
    pub at: Stamp,
}

/// What a worker left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// A change, committed on the worktree's base.
    Change {
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
        /// The paths that differ, in git's order.
        files: Vec<String>,
        /// The diff from the base, as text.
        diff: Vec<u8>,
    },
    /// The tree is as it was.
    NoChange,
    /// Something that may not be taken. Nothing was committed.
    Violation {
        /// Each path with its reason, in order.
        trespasses: Vec<Trespass>,
    },
}

/// One path that may not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trespass {
    /// The path, printable.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why a path may not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The worker does not own it.
    NotOwned,
    /// Nobody may write it.
    Protected,
    /// A test that stands already, in work that is not about tests.
    Frozen,
    /// A file that was kept from the worker.
    Withheld,
    /// A link that leads out of the tree.
    LeadsOutside,
    /// A repository within the repository, or a submodule moved or filled.
    Repository,
    /// A pipe, a socket, a device.
    NotAFile,
    /// A name that is not plain: not UTF-8, unprintable, or `.git` to some file system.
    BadName,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOwned => "not owned",
            Self::Protected => "protected",
            Self::Frozen => "a test that stands already",
            Self::Withheld => "private: it was kept from the worker",
            Self::LeadsOutside => "a link out of the tree",
            Self::Repository => "a repository of its own",
            Self::NotAFile => "not a regular file",
            Self::BadName => "not a plain name",
        })
    }
}

impl fmt::Display for Trespass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.path, self.why)
    }
}

impl RunRepo {
    /// Commits what stands in `worktree` onto its base. The same files, base, message and date give the same commit.
    ///
    /// No process that can write the worktree may be alive.
    ///
    /// # Errors
    /// When git fails; what the worker did wrong is a [`Collected::Violation`].
    pub fn collect(&self, worktree: &Worktree, spec: &CollectSpec<'_>) -> Result<Collected> {
        let place = self.place_of(worktree);
        let Survey { differing: mut found, filled } = snapshot::survey(self.git(), place, &worktree.path)?;
        self.leave_out_given(worktree, &mut found)?;
        let mut trespasses: Vec<Trespass> =
            found.iter().filter_map(|(path, kind)| spec.trespass(path, *kind)).collect();
        trespasses.extend(filled.iter().map(|path| trespass(path, Why::Repository)));
        for path in self.filled_in(worktree)? {
            trespasses.push(trespass(&path, Why::Withheld));
        }
        if !trespasses.is_empty() {
            return Ok(Collected::Violation { trespasses });
        }
        snapshot::take(self.git(), place, &found)?;
        let tree = self.git().line(place, &["write-tree"], b"")?;
        self.commit_tree(&worktree.base, &tree, spec)
    }

    /// Commits a tree onto `base`, if nothing in it may not be taken.
    pub(crate) fn commit_tree(&self, base: &CommitId, tree: &str, spec: &CollectSpec<'_>) -> Result<Collected> {
        let (entries, diff) = snapshot::difference(self.git(), self.place(), base.as_str(), tree)?;
        if entries.is_empty() {
            return Ok(Collected::NoChange);
        }

        // The tree decides, not what the files looked like: a name or a link is judged as it will be merged.
        let links = self.links(&entries)?;
        let trespasses: Vec<Trespass> =
            entries.iter().filter_map(|entry| spec.trespass_in_tree(entry, &links)).collect();
        if !trespasses.is_empty() {
            return Ok(Collected::Violation { trespasses });
        }
        let commit = self.commit(tree, &[base.as_str()], spec.subject, spec.body, spec.at)?;
        let files = entries.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect();
        Ok(Collected::Change { commit: CommitId::new(commit), tree: TreeId::new(tree), files, diff })
    }

    /// The targets of the links among `entries`, by blob id.
    fn links(&self, entries: &[Entry]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut links = Vec::new();
        for entry in entries.iter().filter(|entry| entry.to_mode == "120000") {
            let target = self.git().call(self.place(), &["cat-file", "blob", &entry.to_id], b"")?;
            links.push((entry.to_id.clone(), target));
        }
        Ok(links)
    }
}

impl CollectSpec<'_> {
    fn trespass(&self, path: &[u8], kind: Kind) -> Option<Trespass> {
        let why = match kind {
            Kind::Repository => Some(Why::Repository),
            Kind::Special => Some(Why::NotAFile),
            Kind::Plain | Kind::Gone => self.name_trespass(path),
        };
        why.map(|why| trespass(path, why))
    }

    fn trespass_in_tree(&self, entry: &Entry, links: &[(String, Vec<u8>)]) -> Option<Trespass> {
        let leads_outside = || {
            let target = links.iter().find(|(id, _)| *id == entry.to_id).map(|(_, target)| target);
            let at = String::from_utf8_lossy(&entry.path);
            !target.is_some_and(|target| names::link_stays_inside(&at, target))
        };
        let why = if entry.from_mode == "160000" || entry.to_mode == "160000" {
            Some(Why::Repository)
        } else if entry.to_mode == "120000" && leads_outside() {
            Some(Why::LeadsOutside)
        } else {
            self.name_trespass(&entry.path).or_else(|| self.thaws(entry).then_some(Why::Frozen))
        };
        why.map(|why| trespass(&entry.path, why))
    }

    /// Whether a file of the base that is frozen has another hash or is gone. What is new is not there to be frozen.
    fn thaws(&self, entry: &Entry) -> bool {
        let stood = entry.from_mode.bytes().any(|digit| digit != b'0');
        stood && glob::any(self.frozen, &String::from_utf8_lossy(&entry.path))
    }

    fn name_trespass(&self, path: &[u8]) -> Option<Why> {
        if !names::is_plain_path(path) {
            return Some(Why::BadName);
        }
        let path = String::from_utf8_lossy(path);
        if glob::any(self.protected, &path) && !mutant::is("dev_11_protected_files_are_taken") {
            return Some(Why::Protected);
        }
        if !glob::any(self.owned, &path) && !mutant::is("dev_04_foreign_files_are_taken") {
            return Some(Why::NotOwned);
        }
        None
    }
}

fn trespass(path: &[u8], why: Why) -> Trespass {
    Trespass { path: text::one_line(&String::from_utf8_lossy(path), 300), why }
}
