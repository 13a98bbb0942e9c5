//! What can go wrong with a repository, each case by its name. It decides nothing: what follows is for the caller.

use mao_core::ids::{CommitId, TreeId};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why something with a repository was not done. Nothing was changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// No repository holds the directory.
    #[error("{0} is not inside a git repository")]
    NotARepository(PathBuf),
    /// The repository has no checkout.
    #[error("{0} is a bare repository: there is no checkout to work for")]
    Bare(PathBuf),
    /// There is no commit yet.
    #[error("{0} has no commit yet")]
    Unborn(PathBuf),
    /// `.git` leads to a repository that does not know this checkout.
    #[error("{checkout}/.git leads to {leads_to}, which does not name this checkout as its own: refused", checkout = checkout.display(), leads_to = leads_to.display())]
    Forged {
        /// The checkout.
        checkout: PathBuf,
        /// Where its `.git` leads.
        leads_to: PathBuf,
    },
    /// A clone whose objects are fetched on demand, and some of the commit's are not there.
    #[error("this is a partial clone and commit {0} is not all here")]
    Partial(CommitId),
    /// A name that may not become a ref, a directory or an argument.
    #[error("`{name}` cannot be the name of a {what}")]
    BadName {
        /// What it was to name.
        what: &'static str,
        /// The name, printable.
        name: String,
    },
    /// A revision that names no commit.
    #[error("`{0}` names no commit")]
    NoSuchCommit(String),
    /// A branch that does not exist.
    #[error("there is no branch `{0}`")]
    NoSuchBranch(String),
    /// The branch exists and holds something else.
    #[error("branch `{branch}` is at {found}, which {wanted} does not follow: left as it is")]
    BranchTaken {
        /// The branch.
        branch: String,
        /// What it names.
        found: CommitId,
        /// What it was to name.
        wanted: CommitId,
    },
    /// The branch is some checkout's current branch; moving or removing it would make that checkout dirty.
    #[error("branch `{branch}` is checked out in {checkout}", checkout = checkout.display())]
    CheckedOut {
        /// The branch.
        branch: String,
        /// The checkout.
        checkout: PathBuf,
    },
    /// The tree of a commit is not the tree that was validated.
    #[error("commit {commit} holds tree {found}, and {validated} was validated: not merged")]
    NotTheValidatedTree {
        /// The commit.
        commit: CommitId,
        /// The tree it holds.
        found: TreeId,
        /// The tree that was validated.
        validated: TreeId,
    },
    /// A commit that does not stand on the commit it claims to start from.
    #[error("commit {commit} does not stand on {base} alone: not merged")]
    NotOnItsBase {
        /// The commit.
        commit: CommitId,
        /// The commit it claims as its base.
        base: CommitId,
    },
    /// The branch was not brought into the checkout, which is as it was.
    #[error("not applied: {0}")]
    NotApplied(#[from] NotApplied),
    /// Uncommitted work that cannot become a commit without the user's own filters, or is no file.
    #[error("these uncommitted paths cannot be taken along: {}", .0.join(", "))]
    NotIncluded(Vec<String>),
    /// A path that leads out of the run's directory.
    #[error("{0} is not beneath the run's directory: not touched")]
    Outside(PathBuf),
    /// git said no.
    #[error("`git {command}` failed: {message}")]
    Git {
        /// The subcommand.
        command: String,
        /// The last lines of what it said.
        message: String,
    },
    /// git could not be run, or not to its end.
    #[error("git could not be run: {0}")]
    Tool(String),
    /// git said something that is not in its documented form.
    #[error("`git {0}` answered in an unexpected form")]
    Answer(&'static str),
    /// The disk is full.
    #[error("no space left on the disk that holds {path} ({free} bytes free)", path = path.display())]
    Full {
        /// The directory or file that could not be written.
        path: PathBuf,
        /// How many bytes are free there, as far as that can be said.
        free: u64,
    },
    /// A file could not be read or written.
    #[error("{path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl RepoError {
    /// What a person can do about it, in one line.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotARepository(_) => Some("`git init`, then a first commit"),
            Self::Bare(_) => Some("`git clone` it, and work in the clone"),
            Self::Unborn(_) => Some("make a first commit, so that there is something to start from"),
            Self::Forged { .. } => Some("clone the repository again, or start in the checkout that it belongs to"),
            Self::Partial(_) => Some("`git fetch --refetch --no-filter`"),
            Self::CheckedOut { .. } => Some("switch to another branch there"),
            Self::NotIncluded(_) => Some("commit them by hand, or start from the last commit: `--base HEAD`"),
            Self::NotApplied(why) => Some(why.hint()),
            Self::Full { .. } => Some("make room, then `mao resume`: nothing recorded is lost"),
            Self::BadName { .. }
            | Self::NoSuchCommit(_)
            | Self::NoSuchBranch(_)
            | Self::BranchTaken { .. }
            | Self::NotTheValidatedTree { .. }
            | Self::NotOnItsBase { .. }
            | Self::Outside(_)
            | Self::Git { .. }
            | Self::Tool(_)
            | Self::Answer(_)
            | Self::Io { .. } => None,
        }
    }
}

/// Why a branch was not brought into the checkout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// Uncommitted work stands where the branch has changes.
    #[error("uncommitted work would be overwritten: {}", .0.join(", "))]
    Dirty(Vec<String>),
    /// Both sides changed the same lines.
    #[error("the branch conflicts with what was committed meanwhile: {}", .0.join(", "))]
    Conflict(Vec<String>),
    /// The repository's own filters would have to run.
    #[error("these paths need the repository's own filters, which are not run here: {}", .0.join(", "))]
    Filtered(Vec<String>),
    /// The checkout is sparse.
    #[error("the checkout is sparse")]
    Sparse,
    /// A merge, rebase or the like is under way.
    #[error("{0} is under way in the checkout")]
    UnderWay(&'static str),
}

impl NotApplied {
    /// What a person can do about it, in one line.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Dirty(_) => "commit or stash it, then apply again",
            Self::Conflict(_) | Self::Filtered(_) => "`git merge` the branch by hand",
            Self::Sparse => "`git merge` the branch by hand: it keeps the checkout sparse",
            Self::UnderWay(_) => "finish or abort it first",
        }
    }
}

/// Short for this room's results.
pub(crate) type Result<T> = std::result::Result<T, RepoError>;

/// Gives an I/O error its path.
pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> RepoError {
    let path = path.into();
    move |source| {
        let no_space = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        if no_space { full(&path) } else { RepoError::Io { path, source } }
    }
}

/// The error for a disk without space, with what is free on it.
pub(crate) fn full(path: &Path) -> RepoError {
    RepoError::Full { path: path.to_owned(), free: free(path).unwrap_or(0) }
}

/// How many bytes may still be written where `path` lies, or the nearest directory above it.
pub(crate) fn free(path: &Path) -> Option<u64> {
    let disk = path.ancestors().find_map(|path| rustix::fs::statvfs(path).ok())?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
