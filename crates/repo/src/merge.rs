//! Merging changes: commits on the head that hold them, each on the one before, or the paths in conflict.
//!
//! What may become the head is made of [`Validated<Change>`] alone; a trial takes any change and is there to be checked.
//! Both read again which trees the commits really hold, keep what they make on a ref, and touch no checkout.

use crate::error::{RepoError, Result};
use crate::git::{failed, items, one_line};
use crate::names;
use crate::run::{Message, RunRepo};
use mao_core::change::{Change, Validated};
use mao_core::ids::{CommitId, Stamp, TreeId};
use mao_core::{mutant, text};
use std::collections::BTreeMap;

/// What came of merging one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// A commit on the one before it, its only parent, that holds the change.
    Candidate {
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
    },
    /// Both sides changed the same lines. What follows is merged without it.
    Conflict {
        /// Where, printable.
        paths: Vec<String>,
    },
}

/// A three-way merge of trees, without a checkout.
pub(crate) enum TreeMerge {
    Clean(String),
    /// The paths, and the tree with both sides in them, marked.
    Conflict {
        paths: Vec<String>,
        tree: String,
    },
}

impl RunRepo {
    /// Merges `changes` onto `onto`, each onto the one before, and keeps the last candidate as `refs/mao/<kept>`.
    /// History stays a line: every candidate has one parent. The same input gives the same commits.
    ///
    /// # Errors
    /// [`RepoError::NotTheValidatedTree`] when a commit does not hold the tree the record names.
    pub fn merge(
        &self,
        onto: &CommitId,
        changes: &[(Validated<Change>, Message<'_>)],
        kept: &str,
        at: Stamp,
    ) -> Result<Vec<Merged>> {
        let changes: Vec<_> = changes.iter().map(|(proven, message)| (proven.value(), *message)).collect();
        self.line(onto, &changes, kept, at)
    }

    /// The same for changes of which nothing is proven yet: what comes of it is for checks and judges, never for a
    /// branch.
    ///
    /// # Errors
    /// As [`RunRepo::merge`].
    pub fn trial(
        &self,
        onto: &CommitId,
        changes: &[(Change, Message<'_>)],
        kept: &str,
        at: Stamp,
    ) -> Result<Vec<Merged>> {
        let changes: Vec<_> = changes.iter().map(|(change, message)| (change, *message)).collect();
        self.line(onto, &changes, kept, at)
    }

    /// The paths in which two changes of one base would conflict; empty where they merge.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn foresee(&self, one: &Change, other: &Change) -> Result<Vec<String>> {
        match self.merge_trees(one.base.as_str(), one.commit.as_str(), other.commit.as_str())? {
            TreeMerge::Clean(_) => Ok(Vec::new()),
            TreeMerge::Conflict { paths, .. } => Ok(paths),
        }
    }

    fn line(&self, onto: &CommitId, changes: &[(&Change, Message<'_>)], kept: &str, at: Stamp) -> Result<Vec<Merged>> {
        names::many("ref", kept)?;
        self.hold_what_they_say(changes)?;
        let mut head = onto.clone();
        let mut results = Vec::with_capacity(changes.len());
        for (change, message) in changes {
            let merged = if head == change.base {
                TreeMerge::Clean(change.tree.to_string())
            } else {
                self.merge_trees(change.base.as_str(), head.as_str(), change.commit.as_str())?
            };
            results.push(match merged {
                TreeMerge::Conflict { paths, .. } => Merged::Conflict { paths },
                TreeMerge::Clean(tree) => {
                    let Message { subject, body } = message;
                    let commit = self.commit(&tree, &[head.as_str()], subject, body, at)?;
                    head = CommitId::new(commit);
                    Merged::Candidate { commit: head.clone(), tree: TreeId::new(tree) }
                }
            });
        }
        if head != *onto {
            self.keep(kept, &head)?;
        }
        Ok(results)
    }

    /// Every commit holds the tree that the record names, and stands on its base alone.
    fn hold_what_they_say(&self, changes: &[(&Change, Message<'_>)]) -> Result<()> {
        let commits: Vec<&CommitId> = changes.iter().map(|(change, _)| &change.commit).collect();
        let parts = self.commit_parts(&commits)?;
        for (change, _) in changes {
            let (tree, parents) = parts.get(&change.commit).ok_or(RepoError::Answer("cat-file --batch"))?;
            if *tree != change.tree && !mutant::is("inv_03_merge_believes_the_record") {
                return Err(RepoError::NotTheValidatedTree {
                    commit: change.commit.clone(),
                    found: tree.clone(),
                    validated: change.tree.clone(),
                });
            }
            if *parents != [change.base.as_str()] {
                return Err(RepoError::NotOnItsBase { commit: change.commit.clone(), base: change.base.clone() });
            }
        }
        Ok(())
    }

    /// The tree and the parents of each commit, read in one call.
    fn commit_parts(&self, commits: &[&CommitId]) -> Result<BTreeMap<CommitId, (TreeId, Vec<String>)>> {
        let wrong = || RepoError::Answer("cat-file --batch");
        let asked: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
        let out = self.git().call(self.place(), &["cat-file", "--batch"], asked.as_bytes())?;
        let mut rest = &out[..];
        let mut parts = BTreeMap::new();
        for commit in commits {
            let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(wrong)?;
            let said = String::from_utf8_lossy(&rest[..end]).into_owned();
            let [id, "commit", size] = said.split(' ').collect::<Vec<_>>()[..] else {
                return Err(RepoError::NoSuchCommit(commit.to_string()));
            };
            let size: usize = size.parse().map_err(|_| wrong())?;
            let raw = rest.get(end + 1..end + 1 + size).filter(|_| id == commit.as_str()).ok_or_else(wrong)?;
            rest = rest.get(end + size + 2..).unwrap_or_default();
            let raw = String::from_utf8_lossy(raw).into_owned();
            let (mut tree, mut parents) = (None, Vec::new());
            for line in raw.lines().take_while(|line| !line.is_empty()) {
                match line.split_once(' ') {
                    Some(("tree", id)) => tree = Some(TreeId::from(id)),
                    Some(("parent", id)) => parents.push(id.to_owned()),
                    Some(_) | None => {}
                }
            }
            parts.insert((*commit).clone(), (tree.ok_or_else(wrong)?, parents));
        }
        Ok(parts)
    }

    /// Workstreams own their paths, so nothing is taken for a file moved from elsewhere: a path stays what it is.
    pub(crate) fn merge_trees(&self, base: &str, ours: &str, theirs: &str) -> Result<TreeMerge> {
        const PATHS: &[&str] = &["-c", "merge.renames=false", "-c", "merge.directoryRenames=false"];
        merge_trees(self.git(), self.place(), PATHS, Some(base), ours, theirs)
    }
}

/// Merges two commits; without `base`, git finds their common ancestor. `settings` stand before the command.
pub(crate) fn merge_trees(
    git: &crate::git::Git,
    place: crate::git::Place<'_>,
    settings: &[&str],
    base: Option<&str>,
    ours: &str,
    theirs: &str,
) -> Result<TreeMerge> {
    let base = base.map(|base| format!("--merge-base={base}"));
    let mut args = settings.to_vec();
    args.extend(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"]);
    args.extend(base.as_deref());
    args.extend(["--end-of-options", ours, theirs]);
    let out = git.run(place, &args, b"", &[])?;
    let mut said = items(&out.stdout);
    match out.code {
        0 => Ok(TreeMerge::Clean(one_line(said.next().unwrap_or_default()))),
        1 => {
            // A file in the way of a directory is set aside as `path~side`; people know it by its path.
            let sides = [format!("~{ours}"), format!("~{theirs}")];
            let plain = |path: &[u8]| {
                let path = String::from_utf8_lossy(path).into_owned();
                let aside = sides.iter().find_map(|side| path.strip_suffix(side.as_str()));
                text::one_line(aside.unwrap_or(&path), 300)
            };
            let tree = one_line(said.next().unwrap_or_default());
            let mut paths: Vec<String> = said.map(plain).collect();
            paths.dedup();
            Ok(TreeMerge::Conflict { paths, tree })
        }
        _ => Err(failed(&args, &out)),
    }
}
