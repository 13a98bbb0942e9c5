//! Short, trusted programs (`git`): run to their end, synchronously, without the shim. They are bounded in time and
//! output; nothing more is promised, so nothing that a model wrote is ever run here.
//!
//! One that is under way when we are killed is not killed with us: that would need a hook between fork and exec, for
//! which a whole copy of this process is made instead of a share of it (half of what a run's calls of git cost). It works
//! to its end, or until [`sweep`](crate::sweep()) finds it in a dead owner's directory.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of standard output, and of standard error, that a tool may give.
pub const MOST_OUTPUT: usize = 64 * 1024 * 1024;
/// After the program has ended, how long its pipes may stay open: somebody whom it left behind holds them.
const DRAIN: Duration = Duration::from_millis(200);

/// What a tool gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code; 128 plus the number of the signal that killed it.
    pub code: i32,
    /// Its standard output, as bytes.
    pub stdout: Vec<u8>,
    /// Its standard error, lossy.
    pub stderr: String,
}

/// Why a tool gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The program's path is not absolute.
    #[error("the program `{}` is not named by an absolute path", .0.display())]
    Relative(PathBuf),
    /// It could not be started.
    #[error("could not start `{}`", program.display())]
    Spawn {
        /// Which program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It took too long and was killed.
    #[error("`{}` did not end within {after:?}", program.display())]
    Timeout {
        /// Which program.
        program: PathBuf,
        /// The time it had.
        after: Duration,
    },
    /// It said more than [`MOST_OUTPUT`] and was killed.
    #[error("`{}` gave more than {MOST_OUTPUT} bytes", program.display())]
    TooMuch {
        /// Which program.
        program: PathBuf,
    },
    /// Its pipes failed.
    #[error("could not talk with `{}`", program.display())]
    Pipes {
        /// Which program.
        program: PathBuf,
        /// How.
        source: io::Error,
    },
}

/// Runs `program` (absolute) with exactly the environment `env` and `stdin` as its input, and waits for its end. It has
/// a process group of its own, which is killed at the timeout and at the program's end, and which a terminal's Ctrl-C does not reach.
/// Blocks: call it from a thread that may.
///
/// # Errors
/// When there is no output to judge; an exit code other than 0 is not an error here.
pub fn run(
    program: &Path,
    args: &[OsString],
    cwd: &Path,
    env: &[(OsString, OsString)],
    stdin: &[u8],
    timeout: Duration,
) -> Result<Output, ToolError> {
    if !program.is_absolute() {
        return Err(ToolError::Relative(program.to_owned()));
    }
    let mut command = Command::new(program);
    command.args(args).current_dir(cwd).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    command.env("PWD", cwd).process_group(0);
    command.stdin(if stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|source| ToolError::Spawn { program: program.to_owned(), source })?;
    let mut group = Group(child);
    match talk(&mut group, stdin, timeout) {
        Ok(output) => Ok(output),
        Err(Trouble::Late) => Err(ToolError::Timeout { program: program.to_owned(), after: timeout }),
        Err(Trouble::TooMuch) => Err(ToolError::TooMuch { program: program.to_owned() }),
        Err(Trouble::Io(source)) => Err(ToolError::Pipes { program: program.to_owned(), source }),
    }
}

/// A process group that is killed and reaped whatever happens.
struct Group(Child);

impl Group {
    fn leader(&self) -> Result<Pid, Errno> {
        i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // `talk` reaps the leader only after killing its group; an unreaped leader pins the group's number.
        if let (Ok(None), Ok(leader)) = (self.0.try_wait(), self.leader()) {
            let _ = kill_process_group(leader, Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

enum Trouble {
    Late,
    TooMuch,
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Io(error)
    }
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Trouble::Io(error.into())
    }
}

/// One loop over all pipes, so that no order of reading and writing can block.
fn talk(group: &mut Group, stdin: &[u8], timeout: Duration) -> Result<Output, Trouble> {
    let deadline = Instant::now().checked_add(timeout);
    let leader = group.leader()?;
    let child = &mut group.0;
    let mut ended = Some(pidfd_open(leader, PidfdFlags::empty())?);
    let mut drained_by = None;
    let mut input = child.stdin.take().map(|pipe| unblocked(pipe.into())).transpose()?;
    let mut out = child.stdout.take().map(|pipe| unblocked(pipe.into())).transpose()?;
    let mut err = child.stderr.take().map(|pipe| unblocked(pipe.into())).transpose()?;
    let (mut rest, mut stdout, mut stderr) = (stdin, Vec::new(), Vec::new());
    while ended.is_some() || out.is_some() || err.is_some() {
        let until = match (deadline, drained_by) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            if ended.is_some() {
                return Err(Trouble::Late);
            }
            break;
        }
        let timespec = left.and_then(|left| Timespec::try_from(left).ok());
        let watched = [
            (ended.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (input.as_ref().map(AsFd::as_fd), PollFlags::OUT),
            (out.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (err.as_ref().map(AsFd::as_fd), PollFlags::IN),
        ];
        let mut fds: Vec<PollFd<'_>> =
            watched.iter().filter_map(|(fd, flags)| fd.map(|fd| PollFd::from_borrowed_fd(fd, *flags))).collect();
        match poll(&mut fds, timespec.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let exited = ended.is_some() && fds.first().is_some_and(|fd| !fd.revents().is_empty());
        drop(fds);
        if exited {
            // It is a zombie and still pins the group's number: what it left in the group ends here.
            let _ = kill_process_group(leader, Signal::KILL);
            ended = None;
            input = None;
            drained_by = Instant::now().checked_add(DRAIN);
        }
        // Reading and writing what is not ready says so and costs little.
        write_some(&mut input, &mut rest)?;
        read_some(&mut out, &mut stdout)?;
        read_some(&mut err, &mut stderr)?;
    }
    let status = child.wait()?;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(Output { code, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

fn unblocked(fd: OwnedFd) -> io::Result<File> {
    rustix::io::ioctl_fionbio(&fd, true)?;
    Ok(File::from(fd))
}

fn write_some(pipe: &mut Option<File>, rest: &mut &[u8]) -> io::Result<()> {
    let Some(file) = pipe else { return Ok(()) };
    match file.write(rest) {
        Ok(count) => *rest = &rest[count..],
        Err(error) if waits(&error) => return Ok(()),
        // A program need not read what it is given.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => *rest = &[],
        Err(error) => return Err(error),
    }
    if rest.is_empty() {
        *pipe = None;
    }
    Ok(())
}

fn read_some(pipe: &mut Option<File>, into: &mut Vec<u8>) -> Result<(), Trouble> {
    let Some(file) = pipe else { return Ok(()) };
    let mut buffer = [0; 32 * 1024];
    match file.read(&mut buffer) {
        Ok(0) => *pipe = None,
        Ok(count) if into.len() + count > MOST_OUTPUT => return Err(Trouble::TooMuch),
        Ok(count) => into.extend_from_slice(&buffer[..count]),
        Err(error) if waits(&error) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
