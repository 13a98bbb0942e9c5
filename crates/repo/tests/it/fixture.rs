//! A user's repository, a run on it, and git as a user would call it. It asserts nothing.

use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::change::{Change, Validated};
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, CheckRun, Event, Link, Opened, Recorded, Route, Verification};
use mao_core::glob::Glob;
use mao_core::ids::{AttemptNo, CommitId, RunId, Stamp, StepId, TreeId};
use mao_core::reply::{Answer, Usage};
use mao_core::request::Request;
use mao_core::run::RunState;
use mao_repo::{CollectSpec, Collected, Merged, Message, RepoError, RunRepo, UserRepo, Worktree};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The date of everything a run commits here.
pub(crate) const AT: Stamp = Stamp(1_790_000_000_000);

pub(crate) fn git_binary() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    mao_process::which("git", &path).expect("these tests need git")
}

pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) root: PathBuf,
}

impl Fixture {
    /// A repository with one commit: `README.md`, `src/a.rs`, `src/b.rs`, `.gitignore` (`*.log`, `target/`).
    pub(crate) fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("user");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        let fixture = Fixture { dir, root };
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture.write("README.md", "one\ntwo\nthree\n");
        fixture.write("src/a.rs", "pub fn a() {}\n");
        fixture.write("src/b.rs", "pub fn b() {}\n");
        fixture.write(".gitignore", "*.log\ntarget/\n");
        fixture.commit("first");
        fixture
    }

    /// git, as the user would call it in the checkout.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(&self.root, args)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        put(&self.root, path, text);
    }

    pub(crate) fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        CommitId::new(self.git(&["rev-parse", "HEAD"]))
    }

    pub(crate) fn user(&self) -> UserRepo {
        UserRepo::open(&self.root, &git_binary()).unwrap()
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        self.root.with_file_name("state").join("7f3a")
    }

    pub(crate) fn run(&self, user: &UserRepo) -> RunRepo {
        RunRepo::create(&self.run_dir(), "7f3a", user, &user.head().commit).unwrap()
    }

    /// Every file of the checkout and of its git directory that only the user may change: path, mode, content.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        walk(&self.root, &mut found);
        let ours = ["objects", "refs/mao", "refs/heads/mao", "logs/refs/heads/mao", "logs/refs/mao"];
        found.retain(|path, _| !ours.iter().any(|part| path.starts_with(self.root.join(".git").join(part))));
        found
    }
}

fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            walk(&path, found);
        } else {
            let bytes = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            found.insert(path, (meta.permissions().mode(), bytes));
        }
    }
}

pub(crate) fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// git in `dir`, with a user's identity and no configuration but the repository's.
pub(crate) fn git_in(dir: &Path, args: &[&str]) -> String {
    let out = try_git_in(dir, args);
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
}

pub(crate) fn try_git_in(dir: &Path, args: &[&str]) -> std::process::Output {
    let env = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "user"),
        ("GIT_AUTHOR_EMAIL", "user@example.org"),
        ("GIT_COMMITTER_NAME", "user"),
        ("GIT_COMMITTER_EMAIL", "user@example.org"),
        ("GIT_AUTHOR_DATE", "@1700000000 +0000"),
        ("GIT_COMMITTER_DATE", "@1700000000 +0000"),
        ("PATH", "/usr/bin:/bin"),
    ];
    let mut command = Command::new(git_binary());
    command.env_clear().envs(env).env("HOME", dir).current_dir(dir).args(["-c", "protocol.file.allow=always"]);
    command.args(args).output().unwrap()
}

pub(crate) fn globs(patterns: &[&str]) -> Vec<Glob> {
    patterns.iter().map(|&pattern| Glob(pattern.to_owned())).collect()
}

pub(crate) fn collect(run: &RunRepo, worktree: &Worktree, owned: &[&str], protected: &[&str]) -> Collected {
    let (owned, protected) = (globs(owned), globs(protected));
    let spec = CollectSpec {
        owned: &owned,
        frozen: &globs(&["tests/**"]),
        protected: &protected,
        subject: "work",
        body: "a body",
        at: AT,
    };
    run.collect(worktree, &spec).unwrap()
}

/// The commit and tree of a change that must be one.
pub(crate) fn change(collected: Collected) -> (CommitId, TreeId) {
    match collected {
        Collected::Change { commit, tree, .. } => (commit, tree),
        Collected::NoChange | Collected::Violation { .. } => panic!("no change: {collected:?}"),
    }
}

/// The paths and reasons of what must be a violation.
pub(crate) fn trespasses(collected: Collected) -> Vec<String> {
    match collected {
        Collected::Violation { trespasses } => trespasses.iter().map(ToString::to_string).collect(),
        Collected::NoChange | Collected::Change { .. } => panic!("no violation: {collected:?}"),
    }
}

/// A change that edits files in a fresh worktree of `base`.
pub(crate) fn change_on(run: &RunRepo, name: &str, base: &CommitId, files: &[(&str, &str)]) -> Change {
    let worktree = run.worktree(name, base, AT).unwrap();
    for (path, text) in files {
        put(worktree.path(), path, text);
    }
    let (commit, tree) = change(collect(run, &worktree, &["**"], &[]));
    run.remove(worktree).unwrap();
    Change { base: base.clone(), commit, tree, diff: "d".into(), files: 1 }
}

/// Merges validated changes, each onto the one before, kept as `merges/m`.
pub(crate) fn merge(run: &RunRepo, onto: &CommitId, changes: &[(&Change, &str)]) -> Result<Vec<Merged>, RepoError> {
    let changes: Vec<_> =
        changes.iter().map(|(change, subject)| (validated(change), Message { subject, body: "" })).collect();
    run.merge(onto, &changes, "merges/m", AT)
}

/// What comes of merging one change.
pub(crate) fn merged(run: &RunRepo, onto: &CommitId, change: &Change, subject: &str) -> Merged {
    merge(run, onto, &[(change, subject)]).unwrap().remove(0)
}

/// The only way to a validated change: a record that proves it.
pub(crate) fn validated(change: &Change) -> Validated<Change> {
    let step = StepId::from("work.1");
    let ask = Ask {
        task: "storage_layer".into(),
        label: "Storage".into(),
        role: Role::Worker,
        prompt: Prompt { template: "t".into(), data: BTreeMap::new(), attached: BTreeMap::new() },
        reply: ReplyForm::Change { owned: globs(&["**"]), resolves: None },
        base: change.base.clone(),
        proposal: None,
        complexity: None,
        apart_from: std::collections::BTreeSet::new(),
        size: Size::default(),
    };
    let link = Link {
        model: "home-model".into(),
        endpoint: "e".into(),
        vendor: "home".into(),
        provider: "script".into(),
        account: "home".into(),
        effort: None,
        why: "only one".into(),
    };
    let answer = Answer {
        text: "t".into(),
        structured: None,
        change: Some(change.clone()),
        lines: std::collections::BTreeMap::new(),
        served: None,
        proposed: None,
        usage: Usage::default(),
        effort_sent: None,
    };
    let verify = StepId::from("verify.1");
    let check = CheckRun { command: "true".into(), exit: Some(0), log: "l".into(), counts: None, took_ms: None };
    let events = [
        Event::RunOpened(Box::new(Opened {
            run: RunId::from_bits([1; 16]),
            workflow: "develop".into(),
            workflow_version: 1,
            repository: "r".into(),
            base: change.base.clone(),
            base_tree: "t".into(),
            policy: "p".into(),
            home_vendor: "home".into(),
            request: Request {
                text: "2".into(),
                sections: Vec::new(),
                requirements: None,
                files: "f".into(),
                tasks: None,
                matter: mao_core::matter::Matter::default(),
                order: Default::default(),
                approval: Default::default(),
            },
            scripted: None,
        })),
        Event::StepOpened { step: step.clone(), work: Box::new(Work::Ask(ask)) },
        Event::Routed { step: step.clone(), route: Route { links: vec![link], ..Route::default() } },
        Event::AttemptStarted {
            step: step.clone(),
            attempt: AttemptNo(1),
            link: 0,
            prompt: "p".into(),
            base: change.base.clone(),
            session: "s".into(),
            outbound: Default::default(),
        },
        Event::AttemptEnded {
            step: step.clone(),
            attempt: AttemptNo(1),
            result: AttemptResult::Answered(Box::new(answer)),
            transcript: None,
            containment: "none".into(),
            loss: None,
        },
        Event::StepOpened {
            step: verify.clone(),
            work: Box::new(Work::Verify { commit: change.commit.clone(), tree: change.tree.clone() }),
        },
        Event::Verified { step: verify, tree: change.tree.clone(), verification: Verification { checks: vec![check] } },
    ];
    let numbered = (1..).zip(events).map(|(seq, event)| Recorded { seq, at: AT, event });
    let recorded: Vec<Recorded> = numbered.collect();
    RunState::fold(&recorded).unwrap().unwrap().validated(&step).expect("the record proves it")
}
