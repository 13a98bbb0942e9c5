//! Running the checks on a tree: `mao`'s own verification, on a checkout that no worker has touched.
//!
//! What runs here was written by models. It runs as words and never through a shell, within the same confinement as
//! workers, with no secrets, a home and a temporary directory of its own, and it stops at the first check that is red.
//! Whether green is enough is not decided here.

use crate::counts::Reader;
use crate::worktree::Worktree;
use mao_core::event::Counts;
use mao_core::text;
use mao_process::{Command, Confinement, Exit, Limits, Shim, environment, start, system_reads, system_writes, which};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest tail of a check's output that is kept, in bytes.
pub const TAIL: usize = 16 * 1024;

/// One command that must end with exit code 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSpec {
    /// The program and its arguments. A program with a `/` in it is meant beneath the tree's root.
    pub command: Vec<String>,
    /// After this time it is ended, and red.
    pub timeout: Duration,
}

impl CheckSpec {
    /// A check with the usual time: 30 minutes.
    #[must_use]
    pub fn new(words: &[&str]) -> CheckSpec {
        let command = words.iter().map(|&word| word.to_owned()).collect();
        CheckSpec { command, timeout: Duration::from_secs(30 * 60) }
    }

    /// The command as people read it; words with blanks are quoted.
    #[must_use]
    pub fn shown(&self) -> String {
        let plain = |word: &str| !word.is_empty() && !word.contains([' ', '"', '\'', '\\', '\t', '\n']);
        let word = |word: &String| if plain(word) { word.clone() } else { format!("{word:?}") };
        text::one_line(&self.command.iter().map(word).collect::<Vec<_>>().join(" "), 500)
    }
}

/// Where checks run, and what they may touch beyond the tree.
#[derive(Debug)]
pub struct Ground<'a> {
    /// How to start the supervise shim.
    pub shim: &'a Shim,
    /// A fresh checkout of the tree to verify.
    pub worktree: &'a Worktree,
    /// The variables of `mao` itself; only allowed ones reach the checks.
    pub variables: &'a BTreeMap<String, String>,
    /// What may be read besides the tree, the system and the scratch directory; see [`toolchain_reads`].
    pub reads: Vec<PathBuf>,
    /// What may be written besides the tree and the scratch directory.
    pub writes: Vec<PathBuf>,
    /// From TERM to KILL, for what a check leaves running.
    pub grace: Duration,
    /// An existing, absolute directory of the run for home, temporary and raw output files.
    pub scratch: &'a Path,
}

/// How one check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The command as people read it.
    pub command: String,
    /// Its exit code; absent when it was ended, killed or never started.
    pub exit: Option<i32>,
    /// The end of what it said on both streams, printable text, at most [`TAIL`] bytes; not yet redacted.
    pub tail: Vec<u8>,
    /// How many tests it says it ran; the exit code alone decides.
    pub counts: Option<Counts>,
    /// What contained it; absent when it never started.
    pub containment: Option<String>,
}

/// Runs `specs` in order until one is red. The outcomes are as many as were run.
///
/// Dropping the future ends what is running, with everything it started.
pub async fn run(ground: &Ground<'_>, specs: &[CheckSpec]) -> Vec<CheckOutcome> {
    let mut outcomes = Vec::new();
    for spec in specs {
        let outcome = one(ground, spec).await;
        let green = outcome.exit == Some(0);
        outcomes.push(outcome);
        if !green {
            break;
        }
    }
    outcomes
}

async fn one(ground: &Ground<'_>, spec: &CheckSpec) -> CheckOutcome {
    let red = |why: String| {
        let (command, tail) = (spec.shown(), why.into_bytes());
        CheckOutcome { command, exit: None, tail, counts: None, containment: None }
    };
    let command = match ground.command(spec) {
        Ok(command) => command,
        Err(why) => return red(why),
    };
    let mut child = match start(ground.shim, command).await {
        Ok(child) => child,
        Err(error) => return red(chain(&error)),
    };
    let (mut tail, mut counts) = (Tail::default(), Reader::default());
    while let Some(line) = child.line().await {
        counts.feed(&line.text);
        tail.push(&line.text);
    }
    let ended = child.end().await;
    let exit = match ended.exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(signal) => tail.note(&format!("killed by signal {signal}")),
        Exit::FirstLineTimeout | Exit::IdleTimeout | Exit::TotalTimeout => {
            tail.note(&format!("ended: not done after {} s", spec.timeout.as_secs()))
        }
        Exit::OutputLimit => tail.note("ended: more output than a check may give"),
        Exit::Stopped => tail.note("stopped"),
    };
    CheckOutcome {
        command: spec.shown(),
        exit,
        tail: tail.into_bytes(),
        counts: counts.counts(),
        containment: Some(ended.containment.to_string()),
    }
}

impl Ground<'_> {
    fn command(&self, spec: &CheckSpec) -> Result<Command, String> {
        let Some((first, rest)) = spec.command.split_first() else { return Err("the command is empty".to_owned()) };
        let program = self.program(first)?;
        let (home, tmp) = (self.scratch.join("home"), self.scratch.join("tmp"));
        for dir in [&home, &tmp] {
            std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        }
        let mut writes = vec![self.worktree.path().to_owned(), self.scratch.to_owned()];
        writes.extend(self.writes.iter().cloned());
        writes.extend(system_writes());
        let mut reads = system_reads();
        reads.extend(self.reads.iter().cloned());
        reads.push(program.clone());
        Ok(Command {
            program,
            args: rest.iter().map(OsString::from).collect(),
            cwd: self.worktree.path().to_owned(),
            env: self.environment(&home, &tmp),
            stdin: Vec::new(),
            limits: Limits {
                first_line: Duration::MAX,
                idle: Duration::MAX,
                total: spec.timeout,
                line: TAIL,
                grace: self.grace,
                ..Limits::default()
            },
            confinement: Confinement::Paths { reads, writes },
        })
    }

    /// A bare word is looked for on `PATH`, where only absolute entries count; a word with a `/` is a file of the tree.
    fn program(&self, word: &str) -> Result<PathBuf, String> {
        if !word.contains('/') {
            let path = self.variables.get("PATH").map(OsString::from).unwrap_or_default();
            return which(word, &path).ok_or_else(|| format!("there is no program `{word}` on PATH"));
        }
        let root = self.worktree.path();
        let file = root.join(word).canonicalize().map_err(|error| format!("`{word}`: {error}"))?;
        if file.starts_with(root) { Ok(file) } else { Err(format!("`{word}` is not beneath the tree's root")) }
    }

    fn environment(&self, home: &Path, tmp: &Path) -> Vec<(OsString, OsString)> {
        let mut env: BTreeMap<OsString, OsString> = environment::allowed(self.variables, &[]).into_iter().collect();
        // The toolchain lies in the true home; everything else there is not the checks' business.
        for (name, at) in homes(self.variables) {
            env.insert(name.into(), at.into());
        }
        env.retain(|name, _| !name.to_string_lossy().starts_with("XDG_"));
        env.extend(self.worktree.variables().map(|(name, value)| (name.into(), value.into())));
        env.insert("HOME".into(), home.into());
        env.insert("TMPDIR".into(), tmp.into());
        env.into_iter().collect()
    }
}

/// What a toolchain in the user's home needs to be readable: programs and package caches, and none of the files that
/// hold tokens.
#[must_use]
pub fn toolchain_reads(variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let mut reads = Vec::new();
    for (name, at) in homes(variables) {
        if name == "CARGO_HOME" {
            reads.extend(["bin", "registry", "git", "config.toml", "config", "env"].map(|part| at.join(part)));
        } else {
            reads.push(at);
        }
    }
    for name in ["GOMODCACHE", "JAVA_HOME", "NVM_DIR"] {
        reads.extend(variables.get(name).map(PathBuf::from));
    }
    if let Some(home) = variables.get("HOME").map(PathBuf::from) {
        reads.extend(
            ["go/pkg", ".m2/repository", ".local/lib", ".local/bin", ".pyenv", ".nvm"].map(|part| home.join(part)),
        );
    }
    let path = variables.get("PATH").map(String::as_str).unwrap_or_default();
    reads.extend(path.split(':').filter(|entry| entry.starts_with('/')).map(PathBuf::from));
    // A home on `PATH` is not a toolchain.
    let home = variables.get("HOME").map(PathBuf::from);
    let holds_home = |path: &Path| home.as_ref().is_some_and(|home| home.starts_with(path));
    reads.retain(|path| path.is_absolute() && !holds_home(path) && path.exists());
    reads
}

/// Where Rust's toolchain lies: as said, or in the true home.
fn homes(variables: &BTreeMap<String, String>) -> Vec<(&'static str, PathBuf)> {
    let home = variables.get("HOME").map(PathBuf::from);
    let found = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")].into_iter().filter_map(|(name, usual)| {
        let said = variables.get(name).map(PathBuf::from);
        Some((name, said.or_else(|| Some(home.as_ref()?.join(usual)))?))
    });
    found.filter(|(_, path)| path.is_dir()).collect()
}

/// The last lines of an output, bounded.
#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Tail {
    fn push(&mut self, line: &str) {
        let mut line = text::printable(line);
        line.push('\n');
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > TAIL && self.lines.len() > 1 {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }

    /// Adds a line of our own; there is no exit code then.
    fn note(&mut self, why: &str) -> Option<i32> {
        self.push(&format!("[{why}]"));
        None
    }

    fn into_bytes(self) -> Vec<u8> {
        let all: String = self.lines.into_iter().collect();
        text::tail(&all, TAIL).as_bytes().to_vec()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(&format!(": {error}"));
        cause = error.source();
    }
    said
}
