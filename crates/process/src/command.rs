//! What can be asked of this room: a command, its limits and its confinement. Data only; it starts nothing.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// How to start the supervise shim: a program and arguments that lead to [`supervise_main`](crate::supervise_main).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shim {
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Its arguments. Nothing of the supervised command ever stands here.
    pub args: Vec<OsString>,
}

impl Shim {
    /// The hidden first word by which the `mao` binary becomes the shim.
    pub const WORD: &'static str = "__supervise";

    /// The running program with [`Shim::WORD`]. It is named through `/proc/self/exe`, which still leads to the same
    /// binary after an upgrade has replaced the file.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn of_this_program() -> io::Result<Shim> {
        let program = PathBuf::from("/proc/self/exe");
        std::fs::metadata(&program)?;
        Ok(Shim { program, args: vec![OsString::from(Shim::WORD)] })
    }
}

/// A program to be run under supervision.
#[derive(Debug, Clone)]
pub struct Command {
    /// Absolute path of the program; see [`which`](crate::which()).
    pub program: PathBuf,
    /// Its arguments, without the program's name. One argument holds at most 131,071 bytes on Linux.
    pub args: Vec<OsString>,
    /// Absolute working directory; `PWD` is set to it, because some programs work in `$PWD` and not in their directory.
    pub cwd: PathBuf,
    /// The whole environment (`PWD` apart): nothing is inherited. See [`environment::allowed`](crate::environment::allowed).
    pub env: Vec<(OsString, OsString)>,
    /// Written to its standard input, which is then closed; empty: `/dev/null`.
    pub stdin: Vec<u8>,
    /// When it is ended, and how much of it is kept.
    pub limits: Limits,
    /// What it may touch.
    pub confinement: Confinement,
}

/// When a child is ended, and how much of its output is kept. `Duration::MAX` means never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From the start until its first output, on either stream.
    pub first_line: Duration,
    /// Without output on either stream, once there was some.
    pub idle: Duration,
    /// From the start until its end. After it the tree is ended and the pipes are drained, which takes at most `grace`
    /// and a few seconds.
    pub total: Duration,
    /// From TERM to KILL.
    pub grace: Duration,
    /// Bytes kept of one line; the rest is dropped and the line is marked as cut.
    pub line: usize,
    /// Bytes in all, both streams; more of it ends the child with [`Exit::OutputLimit`](crate::Exit::OutputLimit).
    pub output: u64,
    /// A file to which both streams are appended raw, at most `output` bytes; created with mode 0600.
    pub spill: Option<PathBuf>,
}

impl Default for Limits {
    /// Two minutes to the first output, ten of silence, thirty in all, 5 s of grace, 8 MiB a line, 100 MB in all.
    fn default() -> Self {
        Limits {
            first_line: Duration::from_secs(120),
            idle: Duration::from_secs(600),
            total: Duration::from_secs(1800),
            grace: Duration::from_secs(5),
            line: 8 * 1024 * 1024,
            output: 100_000_000,
            spill: None,
        }
    }
}

/// What a child may touch. Exactly one sandbox stands around a child: this one, or the child's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confinement {
    /// No wall of ours, and why; the reason is reported.
    Unconfined {
        /// For the report: `the program has its own sandbox`.
        why: &'static str,
    },
    /// Only these paths and what lies beneath them, where the kernel can enforce it (Landlock). Paths that do not exist
    /// when the child starts are skipped; links are resolved then, once. The network is not restricted.
    Paths {
        /// May be read, listed and executed; see [`system_reads`](crate::system_reads).
        reads: Vec<PathBuf>,
        /// May be read and changed; see [`system_writes`](crate::system_writes).
        writes: Vec<PathBuf>,
    },
}
