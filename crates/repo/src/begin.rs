//! A new repository with one commit, for a sample that was just unpacked. It never touches one that exists.

use crate::error::{RepoError, Result, io};
use crate::git::{Git, failed};
use std::path::Path;

/// Makes `dir` a repository whose branch `main` has one commit with everything in it.
///
/// # Errors
/// When `dir` is a repository already, or git fails.
pub fn begin(dir: &Path, git: &Path, subject: &str) -> Result<()> {
    if dir.join(".git").exists() {
        return Err(RepoError::BadName { what: "new repository", name: dir.display().to_string() });
    }
    let home = tempfile::tempdir().map_err(io("a temporary directory"))?;
    let git = Git::new(git, home.path())?;
    let author = ["-c", "user.name=mao", "-c", "user.email=mao@localhost"];
    let commit: Vec<&str> = author.into_iter().chain(["commit", "--quiet", "--no-verify", "-m", subject]).collect();
    let steps: [&[&str]; 3] =
        [&["init", "--quiet", "--initial-branch=main", "--template=", "."], &["add", "--all", "."], &commit];
    for words in steps {
        let out = git.discover(dir, words)?;
        if out.code != 0 {
            return Err(failed(words, &out));
        }
    }
    Ok(())
}
