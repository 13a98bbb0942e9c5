//! The vendors' own command lines, headless: one driver, and per vendor a command line and a reader of its stream.
//!
//! A vendor's part is pure: [`Vendor::command_line`] turns a job into words, files and walls, [`Reader`] turns lines into
//! progress and, at the end, into a reply or a fault. Nothing here retries, decides what follows a fault, judges a
//! change or trusts an exit code; the readers never claim that a file was changed.
//!
//! Read in this order: this file, `provider`, `claude`, `stream`, `drive`, `place`.

mod aside;
mod drive;
mod place;
mod probe;
mod provider;
mod redact;
mod stream;
mod texts;
mod variables;

pub mod claude;
pub mod codex;
pub mod gemini;

pub use probe::{Age, Method, PROBES, Probe};
pub use provider::CommandLineProvider;
pub use redact::Secrets;
pub use variables::{Variables, variables};

use crate::provider::{Access, Job, Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::mutant;
use mao_core::reply::Usage;
use std::fmt::Debug;
use std::path::PathBuf;

/// A command line made from a job, before anything is written or started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The arguments after the program's name. Never the prompt.
    pub args: Vec<String>,
    /// The whole environment but `PWD`, in order of names.
    pub env: Vec<(String, String)>,
    /// What is written to standard input, which is then closed.
    pub stdin: String,
    /// Files to be written first (mode 0600, their directories 0700).
    pub files: Vec<(PathBuf, String)>,
    /// Links to be made first: where, and what to. A target that does not exist is passed over.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What this vendor's tool must read besides the job's own paths and the system's.
    pub reads: Vec<PathBuf>,
    /// What it must write besides the job's own paths.
    pub writes: Vec<PathBuf>,
    /// Which sandbox stands around it.
    pub sandbox: Sandbox,
}

/// Exactly one sandbox stands around a child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// The process room's wall; the tool's own is off.
    #[default]
    Ours,
    /// The tool's own, where the kernel has no wall to offer.
    Own,
}

/// What a vendor's tool needs to be driven. Pure: no clock, no disk, no processes.
pub trait Vendor: Debug + Send + Sync + 'static {
    /// The tool's name: `claude`.
    fn name(&self) -> &'static str;

    /// Whether it can carry a JSON schema natively.
    fn carries_schema(&self) -> bool;

    /// Refuses what the tool would refuse or, worse, cut silently.
    ///
    /// # Errors
    /// [`FaultKind::ContextTooLong`].
    fn fits(&self, job: &Job) -> Result<(), Fault>;

    /// The command line of a job.
    fn command_line(&self, job: &Job, ground: &Ground) -> CommandLine;

    /// A file of the user's whose text the vendor asks to see, as [`Ground::config`].
    fn config(&self, job: &Job) -> Option<PathBuf>;

    /// A short command to be run first, for a tool that would hang where it should fail.
    ///
    /// # Errors
    /// When the job cannot succeed at all: nobody is logged in and no key is given.
    fn preflight(&self, job: &Job, ground: &Ground) -> Result<Option<Preflight>, Fault>;

    /// A reader for the job's stream.
    fn reader(&self, asked: Asked) -> Box<dyn Reader>;

    /// Paths of the working directory that the tool would obey, with no switch against it: they lie elsewhere while it
    /// runs.
    fn obeys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Empty directories that the tool is known to leave behind in its working directory.
    fn litter(&self) -> &'static [&'static str] {
        &[]
    }
}

/// What the driver found on this machine before it asked for a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// Which sandbox can be had.
    pub sandbox: Sandbox,
    /// The text of the tool's own configuration in the user's home, where a vendor asked to see it.
    pub config: Option<String>,
}

/// A short command that comes before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The command.
    pub line: CommandLine,
    /// What a code other than 0 means.
    pub means: FaultKind,
}

/// What a reader must know of the job to judge its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Whether a denied tool spoils the work.
    pub access: Access,
    /// The form of the answer.
    pub form: Form,
    /// The effort on the command line.
    pub effort: Option<String>,
    /// The session's last reading of its counters; zero for a new session.
    pub before: Usage,
}

impl Asked {
    /// What a job in a new session asks for.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        let form = if job.schema.is_some() { Form::Json } else { Form::Text };
        let another = |effort: String| {
            if mutant::is("thk_10_the_record_says_another_effort") { format!("not {effort}") } else { effort }
        };
        Self { access: job.access, form, effort: job.effort.clone().map(another), before: Usage::default() }
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Words.
    Text,
    /// One JSON value.
    Json,
}

/// How a child ended, as far as a reader may know: a hint, never the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending<'a> {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The end of its standard error.
    pub stderr: &'a str,
}

/// Reads one vendor's stream: a state machine without a clock, tolerant of events and fields it does not know.
pub trait Reader: Send {
    /// One line of standard output.
    fn feed(&mut self, line: &str) -> Vec<Progress>;

    /// The CLI's own session id, once it said one.
    fn session(&self) -> Option<&str>;

    /// What the stream last said about a trouble: `rate_limit (429), attempt 3`.
    fn trouble(&self) -> Option<&str>;

    /// The session's counters as the stream last read them, earlier attempts included.
    fn reading(&self) -> Usage;

    /// What came of it.
    ///
    /// # Errors
    /// The fault, when there was no terminal event, the event says so, or nothing usable was said.
    fn finish(&mut self, ending: &Ending<'_>) -> Result<Reply, Fault>;
}
