//! Merging a validated change: a commit on the head that holds it, or the paths in conflict.
//!
//! It takes only [`Validated<Change>`], reads again which tree the commit really holds, and touches no checkout.

use crate::error::{RepoError, Result};
use crate::git::{failed, items, one_line};
use crate::run::{Message, RunRepo};
use mao_core::change::{Change, Validated};
use mao_core::ids::{CommitId, Stamp, TreeId};
use mao_core::{mutant, text};

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// A commit on the head, its only parent, that holds the change.
    Candidate {
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
    },
    /// Both sides changed the same lines.
    Conflict {
        /// Where, printable.
        paths: Vec<String>,
    },
}

/// A three-way merge of trees, without a checkout.
pub(crate) enum TreeMerge {
    Clean(String),
    Conflict(Vec<String>),
}

impl RunRepo {
    /// Merges `change` onto `onto`. History stays a line: the result has `onto` as its only parent. The same input
    /// gives the same commit.
    ///
    /// # Errors
    /// [`RepoError::NotTheValidatedTree`] when the commit does not hold the tree the record names.
    pub fn merge<'m>(
        &self,
        onto: &CommitId,
        change: &Validated<Change>,
        message: impl Into<Message<'m>>,
        at: Stamp,
    ) -> Result<Merged> {
        let proven = &change.proof().tree;
        let change = change.value();
        let (tree, parents) = self.commit_parts(&change.commit)?;
        let same = tree == change.tree && tree == *proven;
        if !same && !mutant::is("inv_03_merge_believes_the_record") {
            return Err(RepoError::NotTheValidatedTree {
                commit: change.commit.clone(),
                found: tree,
                validated: proven.clone(),
            });
        }
        if parents != [change.base.as_str()] {
            return Err(RepoError::NotOnItsBase { commit: change.commit.clone(), base: change.base.clone() });
        }
        let merged = if *onto == change.base {
            TreeMerge::Clean(tree.to_string())
        } else {
            self.merge_trees(change.base.as_str(), onto.as_str(), change.commit.as_str())?
        };
        match merged {
            TreeMerge::Conflict(paths) => Ok(Merged::Conflict { paths }),
            TreeMerge::Clean(tree) => {
                let Message { subject, body } = message.into();
                let commit = self.commit(&tree, &[onto.as_str()], subject, body, at)?;
                Ok(Merged::Candidate { commit: CommitId::new(commit), tree: TreeId::new(tree) })
            }
        }
    }

    fn commit_parts(&self, commit: &CommitId) -> Result<(TreeId, Vec<String>)> {
        let raw = self.git().call(self.place(), &["cat-file", "commit", commit.as_str()], b"")?;
        let raw = String::from_utf8_lossy(&raw).into_owned();
        let head = raw.lines().take_while(|line| !line.is_empty());
        let (mut tree, mut parents) = (None, Vec::new());
        for line in head {
            match line.split_once(' ') {
                Some(("tree", id)) => tree = Some(TreeId::from(id)),
                Some(("parent", id)) => parents.push(id.to_owned()),
                Some(_) | None => {}
            }
        }
        Ok((tree.ok_or(RepoError::Answer("cat-file commit"))?, parents))
    }

    pub(crate) fn merge_trees(&self, base: &str, ours: &str, theirs: &str) -> Result<TreeMerge> {
        merge_trees(self.git(), self.place(), Some(base), ours, theirs)
    }
}

/// Merges two commits; without `base`, git finds their common ancestor.
pub(crate) fn merge_trees(
    git: &crate::git::Git,
    place: crate::git::Place<'_>,
    base: Option<&str>,
    ours: &str,
    theirs: &str,
) -> Result<TreeMerge> {
    let base = base.map(|base| format!("--merge-base={base}"));
    let mut args = vec!["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
    args.extend(base.as_deref());
    args.extend(["--end-of-options", ours, theirs]);
    let out = git.run(place, &args, b"", &[])?;
    let mut said = items(&out.stdout);
    match out.code {
        0 => Ok(TreeMerge::Clean(one_line(said.next().unwrap_or_default()))),
        1 => {
            let paths = said.skip(1).map(|path| text::one_line(&String::from_utf8_lossy(path), 300));
            Ok(TreeMerge::Conflict(paths.collect()))
        }
        _ => Err(failed(&args, &out)),
    }
}
