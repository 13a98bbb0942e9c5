//! A place with the repository `fixtures/shop` in it, and `mao` at work there.
//!
//! The shop has the shape of the demo (two sections, ten workstreams, a model that falls silent and is replaced, a change
//! that a judge refuses, a change that breaks the merged tree and is repaired), but its check is a shell script of a few
//! milliseconds.

use mao_core::event::Recorded;
use mao_core::ids::RunId;
use mao_store::Ledger;
use mao_store::sqlite::SqliteStore;
use mao_testkit::sandbox::{Ran, Sandbox};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The binary under test.
pub const MAO: &str = env!("CARGO_BIN_EXE_mao");

/// The id of every run whose commits are compared.
pub const RUN: &str = "0123456789abcdef0123456789abcdef";

/// When such a run begins, in milliseconds.
pub const BEGIN: u64 = 1_767_323_045_000;

/// Longer than a lease lasts: when a dead owner's run may be taken.
pub const LATER: u64 = BEGIN + 60_000;

/// The user's own configuration in the shop: its check, and little patience with silent models.
pub const CONFIG: &str =
    "[engine]\nverify = [\"sh check.sh\"]\n\n[engine.timeouts]\nfirst_byte = \"500ms\"\ngrace = \"1s\"\n";

const TASKS: &str = "# Tasks\n\n## Section 1: Greeting\n\n- [ ] 1.1 Say hello\n";

/// The script of [`Shop::greeting`]: step and what is played.
const GREETING: [(&str, &str); 4] = [
    (
        "plan",
        r#"{ json = { summary = "One greeting.", sections = [{ section = "1", workstreams = [{ stream = "tests", goal = "Greet.", owns = ["hello.txt"] }] }] } }"#,
    ),
    ("work.1.tests", r#"{ edit = { path = "hello.txt", content = "hello\n" } }, { say = "hello" }"#),
    ("judge.1.tests.1", "{ json = { accept = true, findings = [] } }"),
    ("synthesis", r#"{ json = { summary = "It says hello.", decisions = [], open_items = [] } }"#),
];

/// A sandbox with a repository in it.
#[derive(Debug)]
pub struct Shop {
    /// Where it is.
    pub sandbox: Sandbox,
    /// The script that is played.
    pub script: PathBuf,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The files beneath a directory of fixtures, by path.
fn files(beneath: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut dirs = vec![beneath.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let name = path.strip_prefix(beneath).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Copies a directory with everything in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

impl Shop {
    /// The shop, with its script and a clock that stands still.
    pub fn new() -> Self {
        Self::open(Sandbox::new().unwrap())
    }

    /// The same in memory: for a run at every one of its points.
    pub fn in_memory() -> Self {
        Self::open(Sandbox::in_memory().unwrap())
    }

    fn open(sandbox: Sandbox) -> Self {
        let files = files(&fixtures().join("shop/repo"));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut shop = Self::within(sandbox, &files, CONFIG);
        shop.script = fixtures().join("shop/script");
        shop.sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
        shop.sandbox.set("MAO_TEST_RUN", RUN);
        shop
    }

    /// A small repository whose check is `check`, with a script of one section and one workstream; the clock goes.
    pub fn greeting(check: &str) -> Self {
        let mut shop =
            Self::with(&[("check.sh", check), ("todo/tasks.md", TASKS)], "[engine]\nverify = [\"sh check.sh\"]\n");
        for (step, act) in GREETING {
            shop.play(step, &format!("[[turn]]\nact = [{act}]\n"));
        }
        shop
    }

    /// The bundled sample of `mao demo`, as it is unpacked, with a clock that stands still.
    pub fn demo() -> Self {
        static UNPACKED: OnceLock<Sandbox> = OnceLock::new();
        let unpacked = UNPACKED.get_or_init(|| {
            let sandbox = Sandbox::new().unwrap();
            let ran = sandbox.run(MAO, &["demo", "--unpack", "--into", "demo"]).unwrap();
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            sandbox
        });
        let mut sandbox = Sandbox::new().unwrap();
        // Every place begins with the same commit.
        copy(&unpacked.work().join("demo/shelf"), &sandbox.work());
        copy(&unpacked.work().join("demo/script"), &sandbox.root().join("script"));
        sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
        sandbox.set("MAO_TEST_RUN", RUN);
        let script = sandbox.root().join("script");
        Self { sandbox, script }
    }

    /// A repository of these files, with the user's configuration and no script yet; the clock goes.
    pub fn with(files: &[(&str, &str)], config: &str) -> Self {
        Self::within(Sandbox::new().unwrap(), files, config)
    }

    /// The same in this sandbox.
    pub fn within(sandbox: Sandbox, files: &[(&str, &str)], config: &str) -> Self {
        sandbox.repository(files).unwrap();
        let dir = sandbox.home().join(".config/mao");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("multi-model.toml"), config).unwrap();
        let script = sandbox.root().join("script");
        Self { sandbox, script }
    }

    /// Writes one file of the script.
    pub fn play(&mut self, step: &str, text: &str) {
        self.script = self.sandbox.root().join("script");
        std::fs::create_dir_all(&self.script).unwrap();
        std::fs::write(self.script.join(format!("{step}.toml")), text).unwrap();
    }

    /// `mao` with these words, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(MAO);
        command.args(words);
        command
    }

    /// `mao develop SECTIONS --script …`, not started yet.
    pub fn develop(&self, sections: &str) -> Command {
        let mut command = self.command(&["develop", sections, "--script"]);
        command.arg(&self.script);
        command
    }

    /// `mao` with these words, to its end.
    pub fn mao(&self, words: &[&str]) -> Ran {
        ran(&mut self.command(words))
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.sandbox.state().join("mao")
    }

    /// A run's directory.
    pub fn run_dir(&self, run: &str) -> PathBuf {
        self.state().join("runs").join(run)
    }

    /// What is recorded of a run.
    pub fn ledger(&self, run: &str) -> Vec<Recorded> {
        let run: RunId = run.parse().unwrap();
        SqliteStore::open(&self.state()).unwrap().read(&run, 0).unwrap()
    }

    /// What a branch of the user's repository names, if there is one.
    pub fn branch(&self, name: &str) -> Option<String> {
        let file = self.sandbox.work().join(".git/refs/heads").join(name);
        std::fs::read_to_string(file).ok().map(|id| id.trim().to_owned())
    }
}

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    mao_testkit::sandbox::run(command).unwrap()
}

/// Starts a command with its output piped, so that its end can be waited for.
pub fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a started command.
pub fn end(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}
