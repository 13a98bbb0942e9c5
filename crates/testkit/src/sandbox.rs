//! A place to run programs in: a home, a state and a work directory of its own, a known environment, a repository
//! whose commits have fixed dates. Everything is gone when the sandbox is dropped.
//!
//! Nothing of the caller's environment passes but `PATH` and where the toolchain lies.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The date of every commit that a sandbox makes.
pub const DATE: &str = "2026-01-02T03:04:05Z";

/// How many bytes must be free in memory before sandboxes are made there.
const ROOM: u64 = 1 << 30;

/// A temporary place with its environment.
#[derive(Debug)]
pub struct Sandbox {
    root: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output as text.
    pub stdout: String,
    /// Standard error as text.
    pub stderr: String,
}

impl Sandbox {
    /// An empty sandbox: `home`, `state`, `work` and `tmp` beneath one temporary directory.
    ///
    /// # Errors
    /// When the directories cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::beneath(&std::env::temp_dir())
    }

    /// The same in memory, where the machine has room for that: for tests by the hundred, of which none is about what a
    /// disk keeps. (What a killed process wrote is there for the next one, on a disk and in memory alike.)
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn in_memory() -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let roomy = rustix::fs::statvfs(memory).is_ok_and(|place| place.f_bavail * place.f_frsize >= ROOM);
        if roomy { Self::beneath(memory).or_else(|_| Self::new()) } else { Self::new() }
    }

    fn beneath(dir: &Path) -> io::Result<Self> {
        let root = tempfile::Builder::new().prefix("mao-sandbox-").tempdir_in(dir)?;
        let path = |name: &str| root.path().join(name);
        for name in ["home", "state", "work", "tmp"] {
            std::fs::create_dir(path(name))?;
        }
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let mut environment = BTreeMap::from([
            ("HOME".to_owned(), text(path("home"))),
            ("TMPDIR".to_owned(), text(path("tmp"))),
            ("XDG_STATE_HOME".to_owned(), text(path("state"))),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()),
        ]);
        // A test that is run with a rule broken breaks it in the programs that it starts.
        environment.extend(std::env::var("MAO_MUTANT").ok().map(|mutant| ("MAO_MUTANT".to_owned(), mutant)));
        environment.extend(std::env::var("PATH").map(|value| ("PATH".to_owned(), value)));
        // A rustup cargo fails in an empty home unless it is told where its own lies.
        let home = std::env::var("HOME").unwrap_or_default();
        for (name, usual) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let value = std::env::var(name).unwrap_or_else(|_| text(Path::new(&home).join(usual)));
            if Path::new(&value).is_absolute() && Path::new(&value).is_dir() {
                environment.insert(name.to_owned(), value);
            }
        }
        Ok(Self { root, environment })
    }

    /// The directory that holds all others.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// `HOME`.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// `XDG_STATE_HOME`.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root().join("state")
    }

    /// Where programs run.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// The whole environment of a program that runs here.
    #[must_use]
    pub const fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Adds to the environment, or replaces.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.into(), value.into());
    }

    /// A directory put before all others of `PATH`.
    pub fn prefer(&mut self, dir: &Path) {
        let rest = self.environment.get("PATH").cloned().unwrap_or_default();
        self.set("PATH", format!("{}:{rest}", dir.display()));
    }

    /// Writes a file beneath the work directory, with its directories.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> io::Result<()> {
        let path = self.work().join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)
    }

    /// Reads a text file beneath the work directory.
    ///
    /// # Errors
    /// When it is not there, or no text.
    pub fn read(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(self.work().join(path))
    }

    /// Makes the work directory a repository on `main` with these files in one commit, and returns the commit's id,
    /// which is the same on every machine.
    ///
    /// # Errors
    /// When git cannot be run, or fails.
    pub fn repository(&self, files: &[(&str, &str)]) -> io::Result<String> {
        self.git(&["init", "-q", "-b", "main"])?;
        for (name, value) in [("user.name", "Ada Example"), ("user.email", "ada@example.org")] {
            self.git(&["config", name, value])?;
        }
        for (path, content) in files {
            self.write(path, content)?;
        }
        self.commit("start")
    }

    /// Commits everything beneath the work directory and returns the commit's id.
    ///
    /// # Errors
    /// When git cannot be run, or fails.
    pub fn commit(&self, message: &str) -> io::Result<String> {
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "--allow-empty", "-m", message])?;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the work directory at the fixed date and returns what it printed, trimmed.
    ///
    /// # Errors
    /// When it cannot be run; when it fails, with what it said.
    pub fn git(&self, args: &[&str]) -> io::Result<String> {
        let mut command = self.command("git");
        command.args(args).env("GIT_AUTHOR_DATE", DATE).env("GIT_COMMITTER_DATE", DATE);
        let ran = run(&mut command)?;
        match ran.code {
            Some(0) => Ok(ran.stdout.trim_end().to_owned()),
            _ => Err(io::Error::other(format!("git {}: {}", args.join(" "), ran.stderr.trim()))),
        }
    }

    /// A program with this environment in the work directory, its input closed.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).current_dir(self.work()).stdin(Stdio::null());
        command
    }

    /// Runs a binary, such as `env!("CARGO_BIN_EXE_mao")`, to its end.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> io::Result<Ran> {
        run(self.command(program).args(args))
    }
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be run.
pub fn run(command: &mut Command) -> io::Result<Ran> {
    Ok(Ran::from(command.output()?))
}

/// Runs a command to its end with `input` as its standard input. Where the program does not read it all, that is no
/// error.
///
/// # Errors
/// When it cannot be run.
pub fn run_fed(command: &mut Command, input: &str) -> io::Result<Ran> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (feed, input) = (child.stdin.take(), input.to_owned());
    // A thread feeds it, because a full pipe in one direction must not block the other.
    let feeder = std::thread::spawn(move || feed.map(|mut feed| feed.write_all(input.as_bytes())));
    let output = child.wait_with_output()?;
    drop(feeder.join());
    Ok(Ran::from(output))
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
