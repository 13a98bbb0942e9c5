//! The user's repository and checkout, read. Objects are read through a git directory of our own (the *lens*) that
//! borrows them, so that neither the user's configuration nor a hostile one takes part.
//!
//! It never writes: [`publish`](crate::publish) and [`apply`](crate::apply) do, and nothing else. The few calls that
//! must look into the user's own git directory (refs, settings) are ones that start no program.

use crate::error::{RepoError, Result, io};
use crate::git::{Git, Place, failed, items, one_line};
use crate::gitdir::{GitDir, ObjectFormat, object_dirs};
use mao_core::ids::{CommitId, RepositoryKey, TreeId};
use mao_core::text;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What the checkout stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// The current branch without `refs/heads/`; absent where the head is detached.
    pub branch: Option<String>,
}

/// The user's repository and the checkout in it from which `mao` was started.
#[derive(Debug)]
pub struct UserRepo {
    pub(crate) git: Git,
    pub(crate) root: PathBuf,
    /// The checkout's own git directory: `HEAD`, index.
    pub(crate) git_dir: PathBuf,
    /// The repository's git directory; another one where the checkout is a linked worktree.
    pub(crate) common_dir: PathBuf,
    pub(crate) format: ObjectFormat,
    /// The repository's object directories, its own first.
    pub(crate) objects: Vec<PathBuf>,
    pub(crate) shallow: Option<Vec<u8>>,
    pub(crate) settings: Settings,
    /// Holds the lens and an empty `home`.
    pub(crate) scratch: TempDir,
    /// A git directory of ours that borrows the user's objects.
    pub(crate) lens_dir: PathBuf,
    head: Head,
    remarks: Vec<String>,
    /// The user's own file of patterns to be ignored, in every repository.
    pub(crate) ignore: Option<PathBuf>,
}

/// The user's local settings that decide how a checkout's files compare. None of them names a program.
#[derive(Debug, Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl UserRepo {
    /// The repository that holds `start`. `git` is the absolute path of the git binary.
    ///
    /// # Errors
    /// By name: no repository, a bare one, one without a commit, a `.git` that leads to a repository which does not
    /// know this checkout, a partial clone that lacks files of the head.
    pub fn open(start: &Path, git: &Path) -> Result<UserRepo> {
        let start = start.canonicalize().map_err(io(start))?;
        let scratch = tempfile::Builder::new().prefix("mao-").tempdir().map_err(io("a temporary directory"))?;
        fs::create_dir(scratch.path().join("home")).map_err(io(scratch.path()))?;
        let git = Git::new(git, &scratch.path().join("home"))?;

        let found = Discovered::from(&git, &start)?;
        let settings = Settings::read(&git, &found)?;
        found.check_backlink(&start, &settings)?;
        let shallow = match fs::read(found.common_dir.join("shallow")) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(found.common_dir.join("shallow"))(error)),
        };
        let objects = found.common_dir.join("objects").canonicalize().map_err(io(&found.common_dir))?;
        let objects = object_dirs(&objects)?;
        let head = read_head(&git, &found)?;
        let lens = GitDir {
            format: found.format,
            head: head.commit.as_str(),
            alternates: &objects,
            shallow: shallow.as_deref(),
        };
        let lens_dir = scratch.path().join("lens.git");
        lens.write(&lens_dir)?;
        let mut repo = UserRepo {
            git,
            root: found.root,
            git_dir: found.git_dir,
            common_dir: found.common_dir,
            format: found.format,
            objects,
            shallow,
            settings,
            scratch,
            lens_dir,
            head,
            remarks: Vec::new(),
            ignore: None,
        };
        repo.refuse_partial()?;
        repo.remarks = repo.remark()?;
        Ok(repo)
    }

    /// The top directory of the checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the checkout stood on when this was opened.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What people should know before they start: parts that are left alone or taken as they are. One line each.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Where the objects lie that a run borrows; whoever runs git in a run's worktree must be able to read them.
    #[must_use]
    pub fn object_dirs(&self) -> &[PathBuf] {
        &self.objects
    }

    /// The key of the ledger: a hash over the first commits that the head descends from and the checkout's name. No
    /// path is in it, and nothing is trusted because of it.
    ///
    /// # Errors
    /// When git fails.
    pub fn key(&self) -> Result<RepositoryKey> {
        let args = ["rev-list", "--max-parents=0", "--end-of-options", self.head.commit.as_str()];
        let out = String::from_utf8_lossy(&self.git.call(self.lens(), &args, b"")?).into_owned();
        let mut roots: Vec<&str> = out.lines().collect();
        roots.sort_unstable();
        let name = self.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let text = format!("{}\n{name}\n", roots.join("\n"));
        self.git.line(self.lens(), &["hash-object", "--stdin", "--no-filters"], text.as_bytes()).map(RepositoryKey::new)
    }

    /// The commit that `revision` names (`HEAD~2`, `v1.0`, an id).
    ///
    /// # Errors
    /// [`RepoError::NoSuchCommit`].
    pub fn resolve(&self, revision: &str) -> Result<CommitId> {
        let wanted = format!("{revision}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted];
        let out = self.git.run(self.own(), &args, b"", &[])?;
        let id = one_line(&out.stdout);
        if out.code == 0 && self.format.is_id(&id) {
            Ok(CommitId::new(id))
        } else {
            Err(RepoError::NoSuchCommit(text::one_line(revision, 120)))
        }
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn tree(&self, commit: &CommitId) -> Result<TreeId> {
        tree_of(&self.git, self.lens(), self.format, commit)
    }

    /// The paths of a commit's files, in git's order. A path that is not UTF-8 is given with replacement characters.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn files(&self, commit: &CommitId) -> Result<Vec<String>> {
        files(&self.git, self.lens(), commit)
    }

    /// A file of a commit, out of the object database: no link is followed, nothing outside can be meant. Absent where
    /// the path names no file; a link gives its target's text.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn read(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>> {
        read(&self.git, self.lens(), commit, path)
    }

    /// The newest commits of `upto` that `after` does not hold, at most so many, newest first, with the first line of each
    /// message.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn commits(&self, after: Option<&CommitId>, upto: &CommitId, most: usize) -> Result<Vec<(CommitId, String)>> {
        let (most, not) = (format!("--max-count={most}"), after.map(|after| format!("^{after}")));
        let mut args =
            vec!["rev-list", &most, "--no-commit-header", "--format=%H %s", "--end-of-options", upto.as_str()];
        args.extend(not.as_deref());
        let out = self.git.call(self.lens(), &args, b"")?;
        let said = String::from_utf8_lossy(&out).into_owned();
        let commits = said.lines().filter_map(|line| line.split_once(' '));
        Ok(commits.map(|(id, subject)| (CommitId::from(id), text::one_line(subject, 200))).collect())
    }

    /// The git binary that reads it.
    #[must_use]
    pub fn git(&self) -> &Path {
        self.git.program()
    }

    /// The lens: objects, and nothing else of the user's.
    pub(crate) fn lens(&self) -> Place<'_> {
        Place::of(&self.lens_dir, self.format)
    }

    /// The user's git directory, for reading and moving refs only.
    pub(crate) fn own(&self) -> Place<'_> {
        Place::of(&self.git_dir, self.format)
    }

    fn refuse_partial(&self) -> Result<()> {
        if !self.settings.is_partial() {
            return Ok(());
        }
        let args = ["rev-list", "--objects", "--no-walk", "--missing=print", "--quiet", self.head.commit.as_str()];
        let out = self.git.call(self.lens(), &args, b"")?;
        if out.is_empty() { Ok(()) } else { Err(RepoError::Partial(self.head.commit.clone())) }
    }

    fn remark(&self) -> Result<Vec<String>> {
        let mut remarks = Vec::new();
        if self.shallow.is_some() {
            remarks.push("shallow clone: works, and only the history that is here is seen".to_owned());
        }
        let out = self.git.call(self.lens(), &["ls-tree", "-r", "-z", self.head.commit.as_str()], b"")?;
        let submodules: Vec<String> = items(&out)
            .filter_map(|line| line.strip_prefix(b"160000 ".as_slice()))
            .filter_map(|line| line.splitn(2, |&byte| byte == b'\t').nth(1))
            .map(|path| text::one_line(&String::from_utf8_lossy(path), 200))
            .collect();
        if !submodules.is_empty() {
            remarks.push(format!("submodules are left alone, and empty in worktrees: {}", submodules.join(", ")));
        }
        let attributes = self.read(&self.head.commit, ".gitattributes")?.unwrap_or_default();
        if String::from_utf8_lossy(&attributes).contains("filter=lfs") {
            remarks.push("Git LFS: workers see the pointer files, not the content".to_owned());
        }
        Ok(remarks)
    }
}

/// What git says of a directory before anything is believed.
struct Discovered {
    root: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    format: ObjectFormat,
}

impl Discovered {
    fn from(git: &Git, start: &Path) -> Result<Discovered> {
        let args = [
            "rev-parse",
            "--path-format=absolute",
            "--is-bare-repository",
            "--show-object-format",
            "--absolute-git-dir",
        ];
        let args = [&args[..], &["--git-common-dir", "--show-toplevel"]].concat();
        let out = git.discover(start, &args)?;
        let said = String::from_utf8_lossy(&out.stdout);
        let mut lines = said.lines();
        let bare = lines.next();
        if bare == Some("true") {
            return Err(RepoError::Bare(start.to_owned()));
        }
        if out.code != 0 {
            return Err(match bare {
                None if out.stderr.contains("not a git repository") => RepoError::NotARepository(start.to_owned()),
                // Inside `.git` itself there is no checkout either.
                Some(_) if out.stderr.contains("must be run in a work tree") => RepoError::Bare(start.to_owned()),
                None | Some(_) => failed(&args, &out),
            });
        }
        let mut next = || lines.next().ok_or(RepoError::Answer("rev-parse"));
        let format = ObjectFormat::parse(next()?)?;
        let mut path = || -> Result<PathBuf> {
            let path = PathBuf::from(next()?);
            path.canonicalize().map_err(io(path))
        };
        Ok(Discovered { git_dir: path()?, common_dir: path()?, root: path()?, format })
    }

    /// A `.git` that leads elsewhere inherits nothing unless what it leads to names this checkout: a directory that is
    /// the git directory itself, or a file whose target points back.
    fn check_backlink(&self, start: &Path, settings: &Settings) -> Result<()> {
        let forged = || RepoError::Forged { checkout: self.root.clone(), leads_to: self.common_dir.clone() };
        let dot_git = self.root.join(".git");
        let meta = fs::symlink_metadata(&dot_git).map_err(|_| forged())?;
        let points_back = if meta.is_dir() {
            dot_git == self.git_dir && self.git_dir == self.common_dir
        } else if meta.is_file() && self.git_dir != self.common_dir {
            let named = fs::read_to_string(self.git_dir.join("gitdir")).unwrap_or_default();
            let beneath = self.git_dir.parent() == Some(&self.common_dir.join("worktrees"));
            beneath && self.git_dir.join(named.trim_end()).canonicalize().is_ok_and(|path| path == dot_git)
        } else {
            // The git directory of a submodule points back by `core.worktree`.
            let named = settings.0.get("core.worktree").map(|path| self.git_dir.join(path).canonicalize());
            meta.is_file() && matches!(named, Some(Ok(path)) if path == self.root)
        };
        if points_back && start.starts_with(&self.root) { Ok(()) } else { Err(forged()) }
    }
}

fn read_head(git: &Git, found: &Discovered) -> Result<Head> {
    let place = Place::of(&found.git_dir, found.format);
    let out = git.call(place, &["cat-file", "--batch-check=%(objectname)"], b"HEAD^{commit}\nHEAD^{tree}\n")?;
    let said = String::from_utf8_lossy(&out).into_owned();
    let ids: Vec<&str> = said.lines().filter(|line| found.format.is_id(line)).collect();
    let [commit, tree] = ids[..] else { return Err(RepoError::Unborn(found.root.clone())) };
    let symbolic = git.run(place, &["symbolic-ref", "--quiet", "HEAD"], b"", &[])?;
    let branch = one_line(&symbolic.stdout).strip_prefix("refs/heads/").map(str::to_owned);
    Ok(Head { commit: CommitId::from(commit), tree: TreeId::from(tree), branch })
}

/// The tree of a commit, as the object database has it.
pub(crate) fn tree_of(git: &Git, place: Place<'_>, format: ObjectFormat, commit: &CommitId) -> Result<TreeId> {
    let id = one_line(&git.call(
        place,
        &["cat-file", "--batch-check=%(objectname)"],
        format!("{commit}^{{tree}}\n").as_bytes(),
    )?);
    if format.is_id(&id) {
        Ok(TreeId::new(id))
    } else {
        Err(RepoError::NoSuchCommit(text::one_line(commit.as_str(), 80)))
    }
}

pub(crate) fn files(git: &Git, place: Place<'_>, commit: &CommitId) -> Result<Vec<String>> {
    let out = git.call(place, &["ls-tree", "-r", "-z", "--name-only", commit.as_str()], b"")?;
    Ok(items(&out).map(|path| String::from_utf8_lossy(path).into_owned()).collect())
}

pub(crate) fn read(git: &Git, place: Place<'_>, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>> {
    if path.contains(['\n', '\0']) || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Ok(None);
    }
    let out = git.call(place, &["cat-file", "--batch=%(objecttype)"], format!("{commit}:{path}\n").as_bytes())?;
    let body = out.strip_prefix(b"blob\n".as_slice()).and_then(|rest| rest.strip_suffix(b"\n"));
    Ok(body.map(<[u8]>::to_vec))
}

impl Settings {
    /// Settings that change how files compare, and nothing else.
    const OF_FILES: [&str; 6] =
        ["core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase", "core.checkstat"];

    fn read(git: &Git, found: &Discovered) -> Result<Settings> {
        let out = git.call(Place::of(&found.git_dir, found.format), &["config", "--list", "-z"], b"")?;
        let pairs = items(&out).map(|item| {
            let item = String::from_utf8_lossy(item).into_owned();
            let (name, value) = item.split_once('\n').unwrap_or((&item, "true"));
            (name.to_ascii_lowercase(), value.to_owned())
        });
        // The list ends with what our own call sets.
        Ok(Settings(pairs.filter(|(name, value)| (&**name, &**value) != ("core.excludesfile", "/dev/null")).collect()))
    }

    /// `-c` arguments by which another git directory compares files as this one does. Values are words, never paths.
    pub(crate) fn of_files(&self) -> Vec<String> {
        let word = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mine = Self::OF_FILES.iter().filter_map(|&name| Some((name, self.0.get(name)?)));
        mine.filter(|(_, value)| word(value))
            .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
            .collect()
    }

    /// The repository's own `core.excludesFile`: patterns, nothing that runs.
    pub(crate) fn excludes_file(&self) -> Option<&str> {
        self.0.get("core.excludesfile").map(String::as_str)
    }

    pub(crate) fn is_sparse(&self) -> bool {
        self.0.get("core.sparsecheckout").is_some_and(|value| matches!(value.as_str(), "true" | "1" | "yes" | "on"))
    }

    fn is_partial(&self) -> bool {
        self.0.keys().any(|name| {
            name == "extensions.partialclone" || (name.starts_with("remote.") && name.ends_with(".promisor"))
        })
    }
}
