//! A supervised child as its caller holds it: lines while it runs, one `Ended` when nothing of it is left. Dropping it
//! ends its tree. It judges nothing: an exit code is handed on as it is.

use crate::command::{Command, Confinement, Shim};
use crate::containment::Containment;
use crate::ended::{Ended, Exit, Line};
use crate::pump::{Parcel, Pump};
use crate::shim_process::ShimProcess;
use crate::spill::Spill;
use crate::wire::{Order, Refusal, Report, WallOrder};
use std::ffi::OsString;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::{Notify, mpsc, oneshot};

/// How long the shim may take until it says that the program runs. Generous: a loaded machine is no fault.
const START: Duration = Duration::from_secs(60);
/// Reads whose lines may wait for the caller; their bytes are bounded besides.
const WAITING: usize = 16;

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program's path is not absolute.
    #[error("the program `{}` is not named by an absolute path", .0.display())]
    Relative(PathBuf),
    /// There is no such program.
    #[error("there is no program `{}`", .0.display())]
    NotFound(PathBuf),
    /// The working directory is missing, not a directory or not absolute.
    #[error("`{}` cannot be worked in", .0.display())]
    Directory(PathBuf),
    /// The operating system refused it.
    #[error("could not start `{}`", program.display())]
    Spawn {
        /// What was to be started.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The confinement that was asked for could not be put up; nothing was started.
    #[error("could not confine `{}`: {why}", program.display())]
    Confinement {
        /// What was to be started.
        program: PathBuf,
        /// The kernel's reason.
        why: String,
    },
    /// The shim could not do its work.
    #[error("could not supervise: {why}")]
    Shim {
        /// What it said.
        why: String,
        /// What the operating system said, if it did.
        source: Option<io::Error>,
    },
    /// The file for the raw output could not be opened.
    #[error("could not write the raw output to `{}`", path.display())]
    Spill {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A running child. Dropping it ends its whole tree: TERM, grace, KILL; [`Child::end`] also waits for that.
#[derive(Debug)]
pub struct Child {
    lines: mpsc::Receiver<Parcel>,
    /// What is left of the last parcel.
    taken: std::vec::IntoIter<Line>,
    ended: oneshot::Receiver<Ended>,
    stop: Arc<Notify>,
    /// A second handle of the socket to the shim. Shutting it down needs no runtime.
    lifeline: StdStream,
    containment: Containment,
    pid: u32,
}

/// Starts a program under the shim. Must be called within a tokio runtime with I/O and time; a task of it carries the
/// child's lines and limits.
///
/// # Errors
/// Nothing was started, or what was is being ended.
pub async fn start(shim: &Shim, command: Command) -> Result<Child, StartError> {
    check(&command)?;
    let limits = command.limits.clone();
    let spill = match &limits.spill {
        Some(path) => {
            Some(Spill::open(path, limits.output).map_err(|source| StartError::Spill { path: path.clone(), source })?)
        }
        None => None,
    };
    let failed = |source| StartError::Shim { why: "no shim".to_owned(), source: Some(source) };
    let (mut guard, wires) = launch(shim).map_err(failed)?;
    let lifeline = wires.socket.try_clone().map_err(failed)?;
    let socket = UnixStream::from_std(wires.socket).map_err(failed)?;
    let out = pipe::Receiver::from_owned_fd(wires.out).map_err(failed)?;
    let err = pipe::Receiver::from_owned_fd(wires.err).map_err(failed)?;
    let (reports, mut orders) = socket.into_split();
    let mut reports = BufReader::new(reports).lines();

    let program = command.program.clone();
    let handshake = async {
        // A shim that refuses stops reading; then its report tells more than the broken pipe.
        let sent = send(&mut orders, command).await;
        match (reports.next_line().await, sent) {
            (Ok(Some(line)), _) => Ok(line),
            (Ok(None), Ok(())) => Err(io::ErrorKind::UnexpectedEof.into()),
            (Ok(None), Err(error)) | (Err(error), _) => Err(error),
        }
    };
    let line = match tokio::time::timeout(START, handshake).await {
        Ok(line) => line,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    let line = line.map_err(|source| StartError::Shim { why: "it did not answer".to_owned(), source: Some(source) })?;
    let containment = match serde_json::from_str::<Report>(&line) {
        Ok(Report::Started { containment }) => containment,
        Ok(Report::Refused(refusal)) => {
            guard.wait().await;
            return Err(refused(refusal, program));
        }
        Ok(Report::Exited(_) | Report::Empty) | Err(_) => {
            return Err(StartError::Shim { why: format!("it said {line:?}"), source: None });
        }
    };
    let (sender, lines) = mpsc::channel(WAITING);
    let (tell, ended) = oneshot::channel();
    let stop = Arc::new(Notify::new());
    let pid = guard.pid();
    let pump = Pump::new(guard, reports, orders, out, err, limits, spill, containment.clone(), sender, stop.clone());
    tokio::spawn(async move {
        let _ = tell.send(pump.run().await);
    });
    Ok(Child { lines, taken: Vec::new().into_iter(), ended, stop, lifeline, containment, pid })
}

impl Child {
    /// The next line of either stream; `None` when the child is over and all was taken. Dropping the future loses
    /// nothing.
    pub async fn line(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.taken.next() {
                return Some(line);
            }
            self.taken = self.lines.recv().await?.lines.into_iter();
        }
    }

    /// Begins the end: TERM to the whole tree, grace, KILL. Lines still come until it is over.
    pub fn stop(&mut self) {
        self.stop.notify_one();
    }

    /// Waits until nothing is left of the tree; lines not yet taken are dropped. It does not stop a child that runs:
    /// that is for [`Child::stop`] and the limits. Dropping the future ends the tree.
    pub async fn end(mut self) -> Ended {
        self.lines.close();
        self.taken = Vec::new().into_iter();
        // What is under way gives its share of the budget back.
        while self.lines.recv().await.is_some() {}
        match (&mut self.ended).await {
            Ok(ended) => ended,
            // The task is gone with its runtime; the shim ends the tree on its own.
            Err(_) => Ended {
                exit: Exit::Stopped,
                containment: Containment { tree: crate::Tree::Lost, ..self.containment.clone() },
                stderr_tail: String::new(),
                output_bytes: 0,
                spill_fault: None,
            },
        }
    }

    /// What holds the child, as the shim reported it at the start.
    #[must_use]
    pub fn containment(&self) -> &Containment {
        &self.containment
    }

    /// The pid of the shim that supervises it.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.pid
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The shim sees the end of its lifeline at once, even if no task of ours runs any more.
        let _ = self.lifeline.shutdown(Shutdown::Write);
    }
}

fn check(command: &Command) -> Result<(), StartError> {
    if !command.program.is_absolute() {
        return Err(StartError::Relative(command.program.clone()));
    }
    if !command.cwd.is_absolute() || !command.cwd.is_dir() {
        return Err(StartError::Directory(command.cwd.clone()));
    }
    match command.program.metadata() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::NotFound(command.program.clone())),
        Err(source) => Err(StartError::Spawn { program: command.program.clone(), source }),
    }
}

fn refused(refusal: Refusal, program: PathBuf) -> StartError {
    match refusal {
        Refusal::Spawn(number) => StartError::Spawn { program, source: io::Error::from_raw_os_error(number) },
        Refusal::Wall(why) => StartError::Confinement { program, why },
        Refusal::Shim(why) => StartError::Shim { why, source: None },
    }
}

async fn send(orders: &mut (impl AsyncWriteExt + Unpin), command: Command) -> io::Result<()> {
    let text = |path: &PathBuf| path.clone().into_os_string();
    let mut env: Vec<(OsString, OsString)> = command.env.into_iter().filter(|(name, _)| name != "PWD").collect();
    env.push((OsString::from("PWD"), text(&command.cwd)));
    let order = Order {
        program: text(&command.program),
        args: command.args,
        cwd: text(&command.cwd),
        env,
        stdin: command.stdin.len(),
        grace: command.limits.grace,
        wall: match &command.confinement {
            Confinement::Unconfined { why } => WallOrder::Open { why: (*why).to_owned() },
            Confinement::Paths { reads, writes } => {
                WallOrder::Paths { reads: reads.iter().map(text).collect(), writes: writes.iter().map(text).collect() }
            }
        },
    };
    let mut line = serde_json::to_vec(&order)?;
    line.push(b'\n');
    orders.write_all(&line).await?;
    orders.write_all(&command.stdin).await
}

/// Our ends of what leads to a shim.
struct Wires {
    socket: StdStream,
    out: OwnedFd,
    err: OwnedFd,
}

fn launch(shim: &Shim) -> io::Result<(ShimProcess, Wires)> {
    let (socket, theirs) = StdStream::pair()?;
    socket.set_nonblocking(true)?;
    let (out, out_theirs) = io::pipe()?;
    let (err, err_theirs) = io::pipe()?;
    let mut command = std::process::Command::new(&shim.program);
    command
        .args(&shim.args)
        .env_clear()
        .current_dir(Path::new("/"))
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(out_theirs))
        .stderr(Stdio::from(err_theirs));
    if let (Some("/proc/self/exe"), Some(name)) = (shim.program.to_str(), std::env::args_os().next()) {
        // In a list of processes the link would tell nobody what runs.
        command.arg0(name);
    }
    let process = ShimProcess::new(command.spawn()?);
    Ok((process, Wires { socket, out: out.into(), err: err.into() }))
}
