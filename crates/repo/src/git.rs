//! The one caller of the `git` binary. Every call has an absolute program, a named git directory, an environment built
//! from nothing, and settings that switch off whatever a repository could make git run.
//!
//! It never discovers a repository from the current directory (but for [`Git::discover`]), never inherits a variable,
//! never uses a transport, and never runs a command that could start one of a repository's programs.

use crate::error::{RepoError, Result, full};
use crate::gitdir::ObjectFormat;
use mao_core::ids::Stamp;
use mao_core::text;
use mao_process::tool;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Settings of every call: nothing a repository names is run, nothing is cached, nothing is collected.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    // An event that names a commit is durable; the commit must be so before it.
    "core.fsync=committed,reference",
    "core.fsyncMethod=batch",
    "core.quotePath=false",
    "core.alternateRefsCommand=",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.pager=cat",
    "credential.helper=",
    "commit.gpgSign=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "index.sparse=false",
];

/// The oldest git that keeps what this room promises, as major and minor number: from 2.41 on attributes are read out of
/// the tree that is named (`GIT_ATTR_SOURCE`), and merges need no checkout (`merge-tree --write-tree`, 2.38).
pub const OLDEST: (u32, u32) = (2, 41);

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The `git` binary and an empty home for it.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    program: PathBuf,
    home: PathBuf,
}

/// Where a call works. What is absent is not offered to git at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The git directory: refs, configuration, objects.
    pub(crate) git_dir: &'a Path,
    /// The checkout, for the calls that look at one.
    pub(crate) work_tree: Option<&'a Path>,
    /// The index file, for the calls that need one.
    pub(crate) index: Option<&'a Path>,
    /// Whether `.gitattributes` files count.
    pub(crate) attributes: Attributes<'a>,
}

/// Whether `.gitattributes` files count. Named drivers never do: no configuration that names one is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attributes<'a> {
    /// Every file is taken byte for byte. Holds the id of the empty tree, out of which attributes are read instead.
    Ignored(&'a str),
    /// Line endings as the repository says.
    Honoured,
}

impl<'a> Place<'a> {
    /// A git directory alone, without checkout and index, attributes ignored.
    pub(crate) fn of(git_dir: &'a Path, format: ObjectFormat) -> Place<'a> {
        Place { git_dir, work_tree: None, index: None, attributes: Attributes::Ignored(format.empty_tree()) }
    }

    /// With an index, and without a checkout.
    pub(crate) fn index(self, index: &'a Path) -> Place<'a> {
        Place { index: Some(index), ..self }
    }

    /// With a checkout and its index.
    pub(crate) fn checkout(self, work_tree: &'a Path, index: &'a Path) -> Place<'a> {
        Place { work_tree: Some(work_tree), index: Some(index), ..self }
    }
}

/// What a call left.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Git {
    /// `program` must be absolute; `home` an empty directory of ours.
    pub(crate) fn new(program: &Path, home: &Path) -> Result<Git> {
        if !program.is_absolute() {
            return Err(RepoError::Tool(format!("{} is not an absolute path", program.display())));
        }
        Ok(Git { program: program.to_owned(), home: home.to_owned() })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// The standard output of a call that must end with code 0.
    pub(crate) fn call(&self, place: Place<'_>, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>> {
        let out = self.run(place, args, stdin, &[])?;
        if out.code == 0 { Ok(out.stdout) } else { Err(failed(args, &out)) }
    }

    /// The same, as one line of text.
    pub(crate) fn line(&self, place: Place<'_>, args: &[&str], stdin: &[u8]) -> Result<String> {
        Ok(one_line(&self.call(place, args, stdin)?))
    }

    /// A commit of `tree` by the fixed author; the same input gives the same id.
    pub(crate) fn commit(
        &self,
        place: Place<'_>,
        tree: &str,
        parents: &[&str],
        message: &str,
        at: Stamp,
    ) -> Result<String> {
        let mut args = vec!["commit-tree", "--no-gpg-sign", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let out = self.run(place, &args, message.as_bytes(), &identity(at))?;
        if out.code == 0 { Ok(one_line(&out.stdout)) } else { Err(failed(&args, &out)) }
    }

    /// A call whose exit code is the caller's to judge.
    pub(crate) fn run(&self, place: Place<'_>, args: &[&str], stdin: &[u8], more: &[(&str, String)]) -> Result<Output> {
        let mut env = self.environment();
        env.push(("GIT_DIR".into(), place.git_dir.into()));
        if let Some(work_tree) = place.work_tree {
            env.push(("GIT_WORK_TREE".into(), work_tree.into()));
        }
        if let Some(index) = place.index {
            env.push(("GIT_INDEX_FILE".into(), index.into()));
        }
        if let Attributes::Ignored(empty_tree) = place.attributes {
            env.push(("GIT_ATTR_SOURCE".into(), empty_tree.into()));
        }
        env.extend(more.iter().map(|(name, value)| ((*name).into(), value.into())));
        self.spawn(args, place.work_tree.unwrap_or(place.git_dir), &env, stdin)
    }

    /// The only call that lets git find a repository by itself, upwards from `start`.
    pub(crate) fn discover(&self, start: &Path, args: &[&str]) -> Result<Output> {
        self.spawn(args, start, &self.environment(), b"")
    }

    /// A setting of the user's own, out of the file in their home: the one place whose configuration is believed. Read
    /// as a path, with `~` expanded; nothing in it is run.
    pub(crate) fn users_path(&self, name: &str, home: &Path, config_home: Option<&Path>) -> Option<PathBuf> {
        let mut env = self.environment();
        env.retain(|(name, _)| name != "GIT_CONFIG_GLOBAL" && name != "HOME");
        env.push(("HOME".into(), home.into()));
        env.extend(config_home.map(|dir| (OsString::from("XDG_CONFIG_HOME"), OsString::from(dir))));
        let args = ["config", "--global", "--includes", "--type=path", "--get", name];
        let out = self.spawn(&args, &self.home, &env, b"").ok().filter(|out| out.code == 0)?;
        Some(PathBuf::from(one_line(&out.stdout)))
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let fixed = [
            ("PATH", "/usr/bin:/bin"),
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_LITERAL_PATHSPECS", "1"),
            ("GIT_COMMITTER_NAME", NAME),
            ("GIT_COMMITTER_EMAIL", EMAIL),
        ];
        let mut env: Vec<(OsString, OsString)> =
            fixed.iter().map(|(name, value)| (name.into(), value.into())).collect();
        env.push(("HOME".into(), self.home.clone().into()));
        env
    }

    fn spawn(&self, args: &[&str], cwd: &Path, env: &[(OsString, OsString)], stdin: &[u8]) -> Result<Output> {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        let all: Vec<OsString> = settings.chain(args.iter().copied()).map(OsString::from).collect();
        let out = tool::run(&self.program, &all, cwd, env, stdin, TIMEOUT)
            .map_err(|error| RepoError::Tool(error.to_string()))?;
        let no_space = ["No space left on device", "Disk quota exceeded"];
        if out.code != 0 && no_space.iter().any(|said| out.stderr.contains(said)) {
            return Err(full(cwd));
        }
        Ok(Output { code: out.code, stdout: out.stdout, stderr: out.stderr })
    }
}

const NAME: &str = "mao";
const EMAIL: &str = "mao@localhost";

fn identity(at: Stamp) -> [(&'static str, String); 4] {
    let date = format!("@{} +0000", at.seconds());
    [
        ("GIT_AUTHOR_NAME", NAME.to_owned()),
        ("GIT_AUTHOR_EMAIL", EMAIL.to_owned()),
        ("GIT_AUTHOR_DATE", date.clone()),
        ("GIT_COMMITTER_DATE", date),
    ]
}

/// Copies what `revisions` (as `git rev-list --stdin` reads them) reach, as one pack, into the object directory `into`.
/// The git directory that reads is the one that packs: the configuration beside `into` takes no part.
pub(crate) fn copy_objects(git: &Git, from: Place<'_>, into: &Path, revisions: &str) -> Result<()> {
    let pack = into.join("pack/pack");
    let Some(pack) = pack.to_str() else {
        return Err(RepoError::BadName {
            what: "repository's directory",
            name: text::one_line(&pack.to_string_lossy(), 200),
        });
    };
    // What git writes it writes beside `into` and names there: the two directories may lie on different disks.
    let quoted = format!("{:?}", from.git_dir.join("objects").to_string_lossy());
    let more =
        [("GIT_OBJECT_DIRECTORY", into.to_string_lossy().into_owned()), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted)];
    let args = ["pack-objects", "--revs", "--non-empty", "-q", pack];
    let out = git.run(from, &args, revisions.as_bytes(), &more)?;
    if out.code == 0 { Ok(()) } else { Err(failed(&args, &out)) }
}

/// The error for a call that did not end well.
pub(crate) fn failed(args: &[&str], out: &Output) -> RepoError {
    RepoError::Git {
        command: args
            .iter()
            .find(|arg| !arg.starts_with('-') && !arg.contains('='))
            .map_or_else(String::new, |&arg| arg.to_owned()),
        message: text::one_line(text::tail(&out.stderr, 1000), 600),
    }
}

/// The first line, as text.
pub(crate) fn one_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
}

/// The NUL-terminated items of `-z` output.
pub(crate) fn items(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == 0).filter(|item| !item.is_empty())
}
