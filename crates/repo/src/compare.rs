//! What differs between two commits, of the user's repository or of a run's, as reviewers read it: moved files as such.

use crate::error::Result;
use crate::git::failed;
use crate::git::{Git, Place};
use crate::run::RunRepo;
use crate::user::UserRepo;
use mao_core::ids::CommitId;

impl UserRepo {
    /// The diff from one commit to another as text, moved files as such: no driver, filter or attribute of any
    /// repository takes part in it. What is no UTF-8 is replaced.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn diff(&self, from: &CommitId, to: &CommitId) -> Result<String> {
        differs(&self.git, self.lens(), from, to)
    }

    /// The newest commit that both descend from; `None` where there is none.
    ///
    /// # Errors
    /// When git fails.
    pub fn fork_point(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        let args = ["merge-base", one.as_str(), other.as_str()];
        let out = self.git.run(self.lens(), &args, b"", &[])?;
        match out.code {
            0 => Ok(Some(CommitId::new(crate::git::one_line(&out.stdout)))),
            1 => Ok(None),
            _ => Err(failed(&args, &out)),
        }
    }
}

impl RunRepo {
    /// The diff from one commit to another as text, moved files as such. What is no UTF-8 is replaced.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn compare(&self, from: &CommitId, to: &CommitId) -> Result<String> {
        differs(&self.git, self.place(), from, to)
    }
}

fn differs(git: &Git, place: Place<'_>, from: &CommitId, to: &CommitId) -> Result<String> {
    let args = ["diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color"];
    let args: Vec<&str> = args.into_iter().chain([from.as_str(), to.as_str()]).collect();
    Ok(String::from_utf8_lossy(&git.call(place, &args, b"")?).into_owned())
}
