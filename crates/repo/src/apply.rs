//! Bringing a run's branch into the user's checkout: on request, never over uncommitted work, and with the command
//! that undoes it.
//!
//! It is the only thing in the house that touches the checkout. Hooks, monitors and filters of the repository do not
//! run: files whose attributes name a filter are refused, with the command that does it by hand.

use crate::error::{NotApplied, RepoError, Result};
use crate::git::{copy_objects, items};
use crate::merge::{TreeMerge, merge_trees};
use crate::names;
use crate::refs::{self, Move};
use crate::user::UserRepo;
use mao_core::ids::{CommitId, Stamp};
use mao_core::text;
use std::collections::BTreeSet;
use std::fs;

/// How both sides of a file in conflict become one: its path, ours, theirs; none where a person must.
pub type Settle<'a> = &'a dyn Fn(&str, &[u8], &[u8]) -> Option<Vec<u8>>;

/// What `apply` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Where the checkout stood.
    pub from: CommitId,
    /// Where it stands now.
    pub to: CommitId,
    /// How it came there.
    pub how: How,
    /// The command that undoes it, uncommitted work left as it is.
    pub undo: String,
}

/// How a branch came into the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was there already.
    Already,
    /// The current branch was moved forward to it.
    FastForward,
    /// By a commit with two parents, because something was committed meanwhile.
    MergeCommit,
}

impl UserRepo {
    /// Brings `branch` (`mao/<run>`) into the checkout's current branch, or its detached head. `at` dates the merge
    /// commit, where one is needed.
    ///
    /// # Errors
    /// [`RepoError::NotApplied`] with the reason and the paths; the checkout is then as it was.
    pub fn apply(&self, branch: &str, at: Stamp) -> Result<Applied> {
        self.apply_settling(branch, at, &|_, _, _| None)
    }

    /// The same, with somebody who knows how both sides of some file become one.
    ///
    /// # Errors
    /// As [`UserRepo::apply`].
    pub fn apply_settling(&self, branch: &str, at: Stamp, settle: Settle<'_>) -> Result<Applied> {
        let name = names::branch_ref(branch)?;
        let standing = refs::list(&self.git, self.own(), &[&name])?.remove(&name);
        let theirs = standing.ok_or_else(|| RepoError::NoSuchBranch(branch.to_owned()))?.id;
        self.refuse_under_way()?;
        let from = self.head().commit.to_string();
        let undo = format!("git reset --keep {from}");
        let (to, how) = self.destination(branch, &from, &theirs, at, settle)?;
        if how != How::Already {
            self.refuse_overwriting(&from, &to)?;
            if how == How::MergeCommit {
                // It was made in the lens.
                copy_objects(&self.git, self.lens(), &self.objects[0], &format!("{to}\n^{from}\n^{theirs}\n"))?;
            }
            self.move_checkout(&from, &to, branch)?;
        }
        Ok(Applied { from: CommitId::new(from), to: CommitId::new(to), how, undo })
    }

    fn destination(
        &self,
        branch: &str,
        ours: &str,
        theirs: &str,
        at: Stamp,
        settle: Settle<'_>,
    ) -> Result<(String, How)> {
        let bases = self.git.run(self.lens(), &["merge-base", ours, theirs], b"", &[])?;
        let base = crate::git::one_line(&bases.stdout);
        if base == theirs {
            return Ok((ours.to_owned(), How::Already));
        }
        if base == ours {
            return Ok((theirs.to_owned(), How::FastForward));
        }
        let tree = match merge_trees(&self.git, self.lens(), &[], None, ours, theirs)? {
            TreeMerge::Clean(tree) => tree,
            TreeMerge::Conflict { paths, tree } => self.settled(&paths, &tree, ours, theirs, settle)?,
        };
        let message = format!("Merge branch '{branch}'\n");
        let commit = self.git.commit(self.lens(), &tree, &[ours, theirs], &message, at)?;
        Ok((commit, How::MergeCommit))
    }

    /// The tree with every conflict settled.
    fn settled(&self, paths: &[String], tree: &str, ours: &str, theirs: &str, settle: Settle<'_>) -> Result<String> {
        let side = |commit: &str, path: &str| self.read(&CommitId::from(commit), path);
        let mut entries = String::new();
        for path in paths {
            let both = side(ours, path)?.zip(side(theirs, path)?);
            let Some(one) = both.and_then(|(ours, theirs)| settle(path, &ours, &theirs)) else {
                return Err(NotApplied::Conflict(paths.to_vec()).into());
            };
            let blob = self.git.line(self.lens(), &["hash-object", "-w", "--no-filters", "--stdin"], &one)?;
            entries.push_str(&format!("100644 {blob}\t{path}\0"));
        }
        let index = self.lens_dir.join("settling.index");
        let place = self.lens().index(&index);
        self.git.call(place, &["read-tree", "--reset", tree], b"")?;
        self.git.call(place, &["update-index", "-z", "--replace", "--index-info"], entries.as_bytes())?;
        self.git.line(place, &["write-tree"], b"")
    }

    fn refuse_under_way(&self) -> Result<()> {
        if self.settings.is_sparse() {
            return Err(NotApplied::Sparse.into());
        }
        let signs = [
            ("MERGE_HEAD", "a merge"),
            ("rebase-merge", "a rebase"),
            ("rebase-apply", "a rebase"),
            ("CHERRY_PICK_HEAD", "a cherry-pick"),
            ("REVERT_HEAD", "a revert"),
            ("BISECT_LOG", "a bisection"),
        ];
        match signs.iter().find(|(file, _)| self.git_dir.join(file).exists()) {
            Some((_, what)) => Err(NotApplied::UnderWay(what).into()),
            None => Ok(()),
        }
    }

    /// Uncommitted work, untracked and ignored files count alike: what the branch would write over is left alone.
    fn refuse_overwriting(&self, from: &str, to: &str) -> Result<()> {
        let out =
            self.git.call(self.lens(), &["diff-tree", "-r", "-z", "--name-status", "--no-renames", from, to], b"")?;
        let words: Vec<&[u8]> = items(&out).collect();
        let rows: Vec<(&[u8], String)> =
            words.chunks_exact(2).map(|row| (row[0], String::from_utf8_lossy(row[1]).into_owned())).collect();
        let dirty = self.dirty_paths()?;
        let mut blocked = BTreeSet::new();
        for (status, path) in &rows {
            for work in &dirty {
                if overlaps(work, path) {
                    blocked.insert(work.clone());
                }
            }
            // Added by the branch, and something the repository does not track (ignored, perhaps) stands there, or in
            // the place of a directory above it.
            if *status == b"A" {
                let above = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path.as_str()]);
                blocked.extend(above.filter(|at| self.is_in_the_way(at, path, &rows)).map(str::to_owned));
            }
        }
        if !blocked.is_empty() {
            return Err(NotApplied::Dirty(shown(&blocked)).into());
        }
        let filtered = self.filtered(rows.iter().map(|(_, path)| path.as_str()))?;
        if filtered.is_empty() { Ok(()) } else { Err(NotApplied::Filtered(shown(&filtered)).into()) }
    }

    /// Whether what stands at `at` is nothing the branch itself removes, and keeps `path` from being written.
    fn is_in_the_way(&self, at: &str, path: &str, rows: &[(&[u8], String)]) -> bool {
        let Ok(meta) = fs::symlink_metadata(self.root.join(at)) else { return false };
        let removed = rows.iter().any(|(status, row)| *status == b"D" && overlaps(row, at));
        !removed && (at == path || !meta.is_dir())
    }

    fn move_checkout(&self, from: &str, to: &str, branch: &str) -> Result<()> {
        let index = self.git_dir.join("index");
        let settings = self.settings.of_files();
        let go = |from: &str, to: &str| {
            let mut args: Vec<&str> = settings.iter().map(String::as_str).collect();
            args.extend(["read-tree", "-m", "-u", from, to]);
            self.git.call(self.through_lens(&index), &args, b"")
        };
        // First the files, which git refuses to touch where they are not as recorded; then the ref, only from where
        // it was. Whoever moved it meanwhile keeps it, and the files go back.
        go(from, to)?;
        let name =
            self.head().branch.as_ref().map_or_else(|| "HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
        let moved = Move { name, from: from.to_owned(), to: to.to_owned() };
        let why = format!("mao: apply {branch}");
        if let Err(error) = refs::transact(&self.git, self.own(), &why, &[moved]) {
            go(to, from)?;
            return Err(error);
        }
        Ok(())
    }
}

/// Whether two paths mean the same file, or one lies within the other. A trailing `/` marks a directory.
fn overlaps(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('/'), other.trim_end_matches('/'));
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    one == other || within(one, other) || within(other, one)
}

fn shown(paths: &BTreeSet<String>) -> Vec<String> {
    paths.iter().take(50).map(|path| text::one_line(path, 300)).collect()
}
