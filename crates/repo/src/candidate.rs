//! What a person brings to a contest as one commit on a common base: a branch or commit of theirs, or a patch file. Made
//! in the run's own repository; the checkout is not touched, and nothing of the patch is run.

use crate::collect::{CollectSpec, Collected};
use crate::error::Result;
use crate::run::RunRepo;
use crate::user::UserRepo;
use mao_core::glob::Glob;
use mao_core::ids::{CommitId, Stamp};
use mao_core::text;
use std::collections::BTreeSet;

/// How many commits of a candidate are asked who made them.
const COMMITS: usize = 200;

/// How many names are kept.
const NAMES: usize = 5;

impl UserRepo {
    /// The commit that all of these descend from, where there is one.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn common(&self, commits: &[CommitId]) -> Result<Option<CommitId>> {
        let [first, rest @ ..] = commits else { return Ok(None) };
        let mut common = first.clone();
        for commit in rest {
            let args = ["merge-base", "--end-of-options", common.as_str(), commit.as_str()];
            let out = self.git.run(self.lens(), &args, b"", &[])?;
            match out.code {
                0 => common = CommitId::new(crate::git::one_line(&out.stdout)),
                1 => return Ok(None),
                _ => return Err(crate::git::failed(&args, &out)),
            }
        }
        Ok(Some(common))
    }

    /// Which models the commits of `upto` that `after` does not hold say they were served by, each once and sorted: what
    /// stands behind `Served-By:` in a message. Anybody can write that; nothing may rest on it but a record.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn served_by(&self, after: &CommitId, upto: &CommitId) -> Result<Vec<String>> {
        let most = format!("--max-count={COMMITS}");
        let (not, format) = (format!("^{after}"), "--format=%(trailers:key=Served-By,valueonly)");
        let args = ["rev-list", &most, "--no-commit-header", format, "--end-of-options", upto.as_str(), &not];
        let out = self.git.call(self.lens(), &args, b"")?;
        let said = String::from_utf8_lossy(&out).into_owned();
        let names = said.lines().map(|line| text::one_line(line.trim(), 80)).filter(|name| !name.is_empty());
        let once: BTreeSet<String> = names.collect();
        Ok(once.into_iter().take(NAMES).collect())
    }
}

impl RunRepo {
    /// What `commit` holds, as one commit on `base`, kept as `refs/mao/<kept>`. `at` dates it.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn bring(&self, base: &CommitId, commit: &CommitId, kept: &str, at: Stamp) -> Result<Collected> {
        let tree = self.tree(commit)?;
        self.offer(base, tree.as_str(), kept, at)
    }

    /// What `patch` makes of `base`, as one commit on it, kept as `refs/mao/<kept>`. `at` dates it.
    ///
    /// # Errors
    /// [`RepoError::Git`](crate::RepoError::Git) where it does not apply, with what git said.
    pub fn patch(&self, base: &CommitId, patch: &[u8], kept: &str, at: Stamp) -> Result<Collected> {
        let index = self.dir().join("index/.candidate");
        let place = self.place().index(&index);
        self.git().call(place, &["read-tree", "--reset", base.as_str()], b"")?;
        self.git().call(place, &["apply", "--cached", "--whitespace=nowarn", "-"], patch)?;
        let tree = self.git().line(place, &["write-tree"], b"")?;
        std::fs::remove_file(&index).map_err(crate::error::io(&index))?;
        self.offer(base, &tree, kept, at)
    }

    fn offer(&self, base: &CommitId, tree: &str, kept: &str, at: Stamp) -> Result<Collected> {
        let everything = [Glob("**".to_owned())];
        let subject = "A candidate";
        let spec = CollectSpec { owned: &everything, frozen: &[], protected: &[], subject, body: "", at };
        let collected = self.commit_tree(base, tree, &spec)?;
        if let Collected::Change { commit, .. } = &collected {
            self.keep(kept, commit)?;
        }
        Ok(collected)
    }

    /// Makes the archive of a change: `refs/mao/salvage/<name>` names its commit.
    ///
    /// # Errors
    /// When there is no such commit, or `name` is none.
    pub fn archive(&self, name: &str, commit: &CommitId) -> Result<()> {
        let target = format!("{}{}", crate::names::SALVAGE, crate::names::many("salvage ref", name)?);
        self.git().call(self.place(), &["update-ref", "--no-deref", &target, commit.as_str()], b"").map(drop)
    }
}
