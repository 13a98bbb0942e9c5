//! A repository that stands in for the user's where a run is only played again: it borrows the user's objects, and
//! whatever is published is published here. Nothing is written into the user's.

use crate::error::Result;
use crate::gitdir::GitDir;
use crate::user::UserRepo;
use mao_core::ids::CommitId;
use std::path::Path;

/// Makes `dir`, which must be empty or new, a repository whose head is `base` and whose checkout is empty.
///
/// # Errors
/// [`RepoError::NoSuchCommit`](crate::RepoError::NoSuchCommit) where the user's repository has no such commit.
pub fn stand_in(dir: &Path, user: &UserRepo, base: &CommitId) -> Result<UserRepo> {
    let base = user.resolve(base.as_str())?;
    GitDir { format: user.format, head: base.as_str(), alternates: &user.objects, shallow: user.shallow.as_deref() }
        .write(&dir.join(".git"))?;
    UserRepo::open(dir, user.git())
}
