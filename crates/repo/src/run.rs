//! A run's own bare repository: it borrows the user's objects and holds everything the run makes.
//!
//! ```text
//! <run>/repo.git        refs and new objects; no worktree's `.git` leads here
//! <run>/trees/<name>    worktrees, each with a `.git` file
//! <run>/gits/<name>     what that `.git` file leads to: the worker's own git directory, never believed
//! <run>/index/<name>    our index of that worktree, and the commit it started from
//! <run>/building        worktrees not yet complete
//! ```
//! It never writes into the user's repository, except for the one ref that keeps the base (`refs/mao/keep/<run>`).

use crate::error::{RepoError, Result, io};
use crate::git::{Git, Place, items};
use crate::gitdir::{GitDir, ObjectFormat, put};
use crate::names::{self, KEEP};
use crate::refs::{self, Move};
use crate::user::{self, UserRepo};
use mao_core::ids::{CommitId, Stamp, TreeId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A run's own repository and the directory that holds it.
#[derive(Debug)]
pub struct RunRepo {
    dir: PathBuf,
    repo: PathBuf,
    name: String,
    pub(crate) git: Git,
    format: ObjectFormat,
    alternates: Vec<PathBuf>,
    shallow: Option<Vec<u8>>,
    base: CommitId,
}

/// A commit's message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its first line.
    pub subject: &'a str,
    /// The rest; may be empty.
    pub body: &'a str,
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(subject: &'a str) -> Self {
        Self { subject, body: "" }
    }
}

impl RunRepo {
    /// Makes the run's repository in `dir`, or completes what a crash left of it. `name` is the run's, as its branch
    /// will have it; `base` is kept by a ref in the user's repository until [`UserRepo::release`].
    ///
    /// # Errors
    /// When `dir` lies in the user's checkout, the name is none, or there is no such commit.
    pub fn create(dir: &Path, name: &str, user: &UserRepo, base: &CommitId) -> Result<RunRepo> {
        names::one("run", name)?;
        fs::create_dir_all(dir).map_err(io(dir))?;
        let dir = dir.canonicalize().map_err(io(dir))?;
        if dir.starts_with(&user.root) || dir.starts_with(&user.common_dir) {
            return Err(RepoError::Outside(dir));
        }
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).map_err(io(&dir))?;
        let run = RunRepo::at(dir, name, &user.git, user.format, base, user.objects.clone(), user.shallow.clone())?;
        user.tree(base)?;
        let kept = format!("{KEEP}{name}");
        let now = refs::list(&user.git, user.own(), &[&kept])?.remove(&kept).map(|standing| standing.id);
        if now.as_deref() != Some(base.as_str()) {
            let from = now.unwrap_or_else(|| run.format.zero());
            refs::transact(&user.git, user.own(), "mao: base", &[Move { name: kept, from, to: base.to_string() }])?;
        }
        // The facts that `open` needs, last: without them the run's repository does not exist yet.
        let format = match run.format {
            ObjectFormat::Sha1 => "sha1",
            ObjectFormat::Sha256 => "sha256",
        };
        put(&run.dir.join("run"), format!("{name}\n{format}\n{base}\n").as_bytes())?;
        Ok(run)
    }

    /// The run's repository that [`RunRepo::create`] made in `dir`. `git` is the absolute path of the git binary.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(dir: &Path, git: &Path) -> Result<RunRepo> {
        let dir = dir.canonicalize().map_err(io(dir))?;
        let facts = fs::read_to_string(dir.join("run")).map_err(io(dir.join("run")))?;
        let [name, format, base] = facts.lines().collect::<Vec<_>>()[..] else {
            return Err(RepoError::NotARepository(dir));
        };
        let repo = dir.join("repo.git");
        let borrowed = fs::read_to_string(repo.join("objects/info/alternates")).map_err(io(&repo))?;
        let shallow = fs::read(repo.join("shallow")).ok();
        let alternates = borrowed.lines().map(PathBuf::from).collect();
        let git = Git::new(git, &dir.join("home"))?;
        RunRepo::at(dir.clone(), name, &git, ObjectFormat::parse(format)?, &CommitId::from(base), alternates, shallow)
    }

    fn at(
        dir: PathBuf,
        name: &str,
        git: &Git,
        format: ObjectFormat,
        base: &CommitId,
        alternates: Vec<PathBuf>,
        shallow: Option<Vec<u8>>,
    ) -> Result<RunRepo> {
        for part in ["home", "trees", "gits", "index", "building"] {
            fs::create_dir_all(dir.join(part)).map_err(io(&dir))?;
        }
        let repo = dir.join("repo.git");
        let head = "ref: refs/heads/none";
        GitDir { format, head, alternates: &alternates, shallow: shallow.as_deref() }.write(&repo)?;
        let git = Git::new(git.program(), &dir.join("home"))?;
        Ok(RunRepo { repo, name: name.to_owned(), git, format, alternates, shallow, base: base.clone(), dir })
    }

    /// The run's name, as [`RunRepo::create`] was given it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The commit the run starts from.
    #[must_use]
    pub const fn base(&self) -> &CommitId {
        &self.base
    }

    /// Makes `refs/mao/<name>` in the run's repository name `commit`, so that it is found again.
    ///
    /// # Errors
    /// When there is no such commit, or `name` is none.
    pub fn keep(&self, name: &str, commit: &CommitId) -> Result<()> {
        if name.split('/').next() == Some("salvage") {
            return Err(names::bad("ref (salvage has its own)", name));
        }
        let name = format!("refs/mao/{}", names::many("ref", name)?);
        self.git.call(self.place(), &["update-ref", "--no-deref", &name, commit.as_str()], b"").map(drop)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn tree(&self, commit: &CommitId) -> Result<TreeId> {
        user::tree_of(&self.git, self.place(), self.format, commit)
    }

    /// The paths of a commit's files, in git's order.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn files(&self, commit: &CommitId) -> Result<Vec<String>> {
        user::files(&self.git, self.place(), commit)
    }

    /// A file of a commit, out of the object database: no link is followed. Absent where the path names no file.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn read(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>> {
        user::read(&self.git, self.place(), commit, path)
    }

    /// The paths in which two commits differ, in git's order.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn files_changed(&self, from: &CommitId, to: &CommitId) -> Result<Vec<String>> {
        let args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", from.as_str(), to.as_str()];
        let out = self.git.call(self.place(), &args, b"")?;
        Ok(items(&out).map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    /// The diff between two commits as text: no driver, filter or attribute of any repository takes part in it.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn diff(&self, from: &CommitId, to: &CommitId) -> Result<Vec<u8>> {
        self.diff_of(from.as_str(), to.as_str())
    }

    pub(crate) fn diff_of(&self, from: &str, to: &str) -> Result<Vec<u8>> {
        let args = ["diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", from, to];
        self.git.call(self.place(), &args, b"")
    }

    /// Commits `files` (path and content) onto `onto`, without a checkout: the report.
    ///
    /// # Errors
    /// When a path is not a plain one within the tree.
    pub fn write_files<'m>(
        &self,
        onto: &CommitId,
        files: &[(String, Vec<u8>)],
        message: impl Into<Message<'m>>,
        at: Stamp,
    ) -> Result<(CommitId, TreeId)> {
        let index = self.dir.join("index/.files");
        let place = self.place().index(&index);
        let mut entries = String::new();
        for (path, content) in files {
            if !names::is_plain_path(path.as_bytes()) {
                return Err(names::bad("file", path));
            }
            let blob = self.git.line(place, &["hash-object", "-w", "--no-filters", "--stdin"], content)?;
            entries.push_str(&format!("100644 {blob}\t{path}\0"));
        }
        self.git.call(place, &["read-tree", "--reset", onto.as_str()], b"")?;
        self.git.call(place, &["update-index", "-z", "--replace", "--index-info"], entries.as_bytes())?;
        let tree = self.git.line(place, &["write-tree"], b"")?;
        let Message { subject, body } = message.into();
        let commit = self.commit(&tree, &[onto.as_str()], subject, body, at)?;
        Ok((CommitId::new(commit), TreeId::new(tree)))
    }

    /// Whether `later` descends from `earlier` (or is it).
    pub(crate) fn descends(&self, earlier: &str, later: &str) -> Result<bool> {
        let args = ["merge-base", "--is-ancestor", earlier, later];
        let out = self.git.run(self.place(), &args, b"", &[])?;
        match out.code {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(crate::git::failed(&args, &out)),
        }
    }

    /// A commit whose message is a printable subject and, where it is not empty, a printable body.
    pub(crate) fn commit(&self, tree: &str, parents: &[&str], subject: &str, body: &str, at: Stamp) -> Result<String> {
        let mut message = mao_core::text::one_line(subject, 200);
        message.push('\n');
        let body = mao_core::text::printable(body);
        if !body.trim().is_empty() {
            message.push_str(&format!("\n{}\n", body.trim()));
        }
        self.git.commit(self.place(), tree, parents, &message, at)
    }

    /// The line by which a walk of revisions leaves out what the user has.
    pub(crate) fn not_base(&self) -> String {
        format!("^{}\n", self.base)
    }

    pub(crate) const fn git(&self) -> &Git {
        &self.git
    }

    pub(crate) const fn format(&self) -> ObjectFormat {
        self.format
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place::of(&self.repo, self.format)
    }

    /// Our objects, then those we borrow.
    pub(crate) fn object_dirs(&self) -> Vec<PathBuf> {
        std::iter::once(self.repo.join("objects")).chain(self.alternates.iter().cloned()).collect()
    }

    pub(crate) fn shallow(&self) -> Option<&[u8]> {
        self.shallow.as_deref()
    }
}
