//! The one driver of all vendors' tools: it prepares the scratch directory, starts the child, feeds its lines to the
//! vendor's reader, and makes one `TurnEnd` of how it ended. It never decides what follows, and knows no vendor.

use super::aside::Aside;
use super::redact::Secrets;
use super::{Asked, CommandLine, Ending, Ground, Preflight, Reader, Sandbox, Vendor, place};
use crate::provider::{Abilities, Job, Progress, Reply, Turn, TurnEnd};
use mao_core::fault::{Fault, FaultKind};
use mao_process::{Child, Command, Confinement, Ended, Exit, Limits, Line, Shim, StartError, Stream, Wall};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// News that may wait to be taken; more is lost.
const NEWS: usize = 256;
/// Bytes of a tool's own configuration that are looked at.
const MOST_CONFIG: u64 = 1024 * 1024;
/// For a command that asks a tool about itself.
const PREFLIGHT: Duration = Duration::from_secs(30);

/// Refuses a prompt that a tool would refuse or cut.
pub(super) fn at_most(count: usize, most: usize, unit: &str, name: &str) -> Result<(), Fault> {
    if count <= most {
        return Ok(());
    }
    Err(Fault::new(FaultKind::ContextTooLong, format!("{name} takes {most} {unit}, the prompt has {count}")))
}

/// Starts a job with a vendor's tool.
pub(super) async fn begin(
    vendor: Arc<dyn Vendor>,
    shim: &Shim,
    abilities: &Abilities,
    job: Job,
) -> Result<Turn, Fault> {
    let Some(program) = abilities.program.clone() else {
        let why = abilities.unusable.as_deref().unwrap_or("there is no program");
        return Err(Fault::new(FaultKind::NotFound, why));
    };
    outside(&program, &job)?;
    vendor.fits(&job)?;
    let mut ground = Ground { sandbox: Sandbox::Ours, config: vendor.config(&job).and_then(|path| read(&path)) };
    if let Some(preflight) = vendor.preflight(&job, &ground)? {
        ground.sandbox = self::preflight(&*vendor, shim, &program, &job, preflight).await?;
    }
    let line = vendor.command_line(&job, &ground);
    let unprepared = |error| Fault::new(FaultKind::Crashed, format!("could not prepare: {error}"));
    prepare(&line).map_err(unprepared)?;
    let aside = Aside::put(&job.cwd, &job.scratch, vendor.obeys()).map_err(unprepared)?;
    let secrets = Secrets::of(&job.environment);
    let limits = Limits {
        first_line: job.timers.first_byte,
        idle: job.timers.idle,
        total: job.timers.total,
        grace: job.timers.grace,
        spill: Some(job.transcript.clone()),
        ..Limits::default()
    };
    let sandbox = line.sandbox;
    let child = mao_process::start(shim, command(&program, &job, line, limits)).await.map_err(unstarted)?;
    let (news, progress) = mpsc::channel(NEWS);
    let (stop, stopped) = oneshot::channel();
    let reader = vendor.reader(Asked::of(&job));
    let attempt = Attempt { vendor, job, child, reader, secrets, news, sandbox, aside };
    Ok(Turn::new(progress, tokio::spawn(attempt.run(stopped)), stop))
}

/// A program inside the worktree is the repository's, whoever put it on `PATH`.
fn outside(program: &Path, job: &Job) -> Result<(), Fault> {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let inside =
        |path: &Path| path.starts_with(&job.cwd) || job.cwd.canonicalize().is_ok_and(|cwd| path.starts_with(cwd));
    if program.is_absolute() && !inside(program) && !inside(&real) {
        return Ok(());
    }
    Err(Fault::new(FaultKind::NotFound, format!("{} is not a program outside the repository", program.display())))
}

/// Runs the short command first. Its containment says which sandbox can be had.
async fn preflight(
    vendor: &dyn Vendor,
    shim: &Shim,
    program: &Path,
    job: &Job,
    preflight: Preflight,
) -> Result<Sandbox, Fault> {
    prepare(&preflight.line).map_err(|error| Fault::new(FaultKind::Crashed, format!("could not prepare: {error}")))?;
    let total = PREFLIGHT.min(job.timers.total);
    let limits = Limits { first_line: total, idle: total, total, grace: job.timers.grace, ..Limits::default() };
    let command = command(program, job, preflight.line, limits);
    let child = mao_process::start(shim, command).await.map_err(unstarted)?;
    let ended = child.end().await;
    let said = Secrets::of(&job.environment).redact(ended.stderr_tail);
    match ended.exit {
        Exit::Code(0) => Ok(match ended.containment.writes {
            Wall::Landlock(_) => Sandbox::Ours,
            Wall::Open(_) => Sandbox::Own,
        }),
        Exit::Code(_) => Err(Fault::new(preflight.means, last_line(&said))),
        Exit::FirstLineTimeout | Exit::IdleTimeout | Exit::TotalTimeout => {
            Err(Fault::new(FaultKind::TimedOut, format!("{} did not answer about itself", vendor.name())))
        }
        Exit::Signal(_) | Exit::OutputLimit | Exit::Stopped => {
            Err(Fault::new(FaultKind::Crashed, format!("{} could not be asked: {:?}", vendor.name(), ended.exit)))
        }
    }
}

fn command(program: &Path, job: &Job, line: CommandLine, limits: Limits) -> Command {
    let mut reads = place::reads(job, program);
    let mut writes = place::writes(job);
    reads.extend(line.reads);
    writes.extend(line.writes);
    Command {
        program: program.to_owned(),
        args: line.args.into_iter().map(OsString::from).collect(),
        cwd: job.cwd.clone(),
        env: line.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        stdin: line.stdin.into_bytes(),
        limits,
        confinement: match line.sandbox {
            Sandbox::Ours => Confinement::Paths { reads, writes },
            Sandbox::Own => Confinement::Unconfined { why: "the program has its own sandbox" },
        },
    }
}

/// Writes what must lie in the scratch directory. Nothing that is already there is followed or kept.
fn prepare(line: &CommandLine) -> io::Result<()> {
    let parent = |path: &Path| match path.parent() {
        Some(parent) => std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent),
        None => Ok(()),
    };
    for (path, text) in &line.files {
        parent(path)?;
        remove(path)?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
    }
    for (path, target) in &line.links {
        parent(path)?;
        remove(path)?;
        if target.exists() {
            std::os::unix::fs::symlink(target, path)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A tool's own configuration, if it is a file of a sane size.
fn read(path: &PathBuf) -> Option<String> {
    let meta = path.metadata().ok()?;
    if !meta.is_file() || meta.len() > MOST_CONFIG {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

fn unstarted(error: StartError) -> Fault {
    let kind = match &error {
        StartError::Relative(_) | StartError::NotFound(_) => FaultKind::NotFound,
        StartError::Directory(_)
        | StartError::Spawn { .. }
        | StartError::Confinement { .. }
        | StartError::Shim { .. }
        | StartError::Spill { .. } => FaultKind::Crashed,
    };
    let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
    Fault::new(kind, format!("{error}{source}"))
}

fn last_line(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no login")
}

/// One live child and all that its end needs.
struct Attempt {
    vendor: Arc<dyn Vendor>,
    job: Job,
    child: Child,
    reader: Box<dyn Reader>,
    secrets: Secrets,
    news: mpsc::Sender<Progress>,
    sandbox: Sandbox,
    aside: Aside,
}

impl Attempt {
    /// To the end of the stream, whoever asks for it: a result is not the end, and a stop is not either.
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) -> TurnEnd {
        let mut stopping = false;
        loop {
            tokio::select! {
                // A message and a dropped sender mean the same.
                _ = &mut stopped, if !stopping => {
                    stopping = true;
                    self.child.stop();
                }
                line = self.child.line() => match line {
                    Some(line) => self.take(line),
                    None => break,
                },
            }
        }
        let Self { vendor, job, child, mut reader, secrets, news, sandbox, aside } = self;
        drop(news);
        let ended = child.end().await;
        drop(aside);
        tidy(&job.cwd, vendor.litter());
        let containment = match sandbox {
            Sandbox::Ours => ended.containment.to_string(),
            Sandbox::Own => format!("{}; sandbox: {}'s own", ended.containment, vendor.name()),
        };
        let session = reader.session().map(str::to_owned);
        let exit = match ended.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::Stopped | Exit::OutputLimit => None,
            Exit::FirstLineTimeout | Exit::IdleTimeout | Exit::TotalTimeout => None,
        };
        let result = judge(&mut *reader, &ended, &secrets);
        let usage = match &result {
            Ok(reply) => reply.usage,
            // Every job begins a session, so that its counters are the attempt's own.
            Err(_) => reader.reading(),
        };
        let clean = tokio::task::spawn_blocking(move || secrets.redact_file(&job.transcript)).await;
        let kept = match clean {
            Ok(Ok(())) => String::new(),
            Ok(Err(error)) => format!("; transcript lost: {error}"),
            Err(error) => format!("; transcript lost: {error}"),
        };
        TurnEnd { result, session, containment: format!("{containment}{kept}"), exit, usage }
    }

    fn take(&mut self, line: Line) {
        match line.stream {
            Stream::Err => {}
            Stream::Out => {
                let text = self.secrets.redact(line.text);
                for news in self.reader.feed(&text) {
                    // Lossy by contract: a slow watcher never holds a child.
                    let _ = self.news.try_send(news);
                }
            }
        }
    }
}

/// What ended the child comes first, what it said second, how it exited is a hint.
fn judge(reader: &mut dyn Reader, ended: &Ended, secrets: &Secrets) -> Result<Reply, Fault> {
    let stderr = secrets.redact(ended.stderr_tail.clone());
    let late = |reader: &dyn Reader, what: &str| {
        let last = reader.trouble().map(str::to_owned).unwrap_or_else(|| mao_core::text::one_line(&stderr, 300));
        let hint = if last.is_empty() { what.to_owned() } else { format!("{what}; last: {last}") };
        Err(Fault::new(FaultKind::TimedOut, hint))
    };
    let code = match ended.exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(_) => None,
        Exit::FirstLineTimeout => return late(reader, "no first event in time"),
        Exit::IdleTimeout => return late(reader, "no event for too long"),
        Exit::TotalTimeout => return late(reader, "it took too long in all"),
        Exit::OutputLimit => {
            return Err(Fault::new(FaultKind::OutputLimit, format!("{} bytes were said", ended.output_bytes)));
        }
        Exit::Stopped => return Err(Fault::new(FaultKind::Cancelled, "stopped")),
    };
    reader.finish(&Ending { code, stderr: &stderr })
}

/// Removes the empty directories that a tool leaves behind. A directory with something in it stays: it is the work's.
fn tidy(cwd: &Path, litter: &[&str]) {
    for name in litter {
        let _ = std::fs::remove_dir(cwd.join(name));
    }
}
