//! The supervise shim: a small process between `mao` and one program. It starts the program, waits, and ends every
//! descendant when the program ends, when `mao` says so, or when `mao` is gone. It reads no output, decides nothing and
//! has one thread.

use crate::containment::{Containment, Tree, Wall};
use crate::hook::{before_exec, die_with, keep_files_from_children, this_process};
use crate::tree::{Member, Reaped, descendants, reap, signal};
use crate::wall::{Built, build, enter};
use crate::wire::{Order, Refusal, Report, STOP, Status};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitStatus, set_child_subreaper, setrlimit, setsid};
use rustix::thread::set_no_new_privs;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};
use tokio::signal::unix as signals;
use tokio::time::{Instant, sleep_until};

/// Between two looks at the tree while it may still end by itself, and when it must.
const PATIENT: Duration = Duration::from_millis(25);
const URGENT: Duration = Duration::from_millis(5);

/// What the binary runs when its first word is [`Shim::WORD`](crate::Shim::WORD): supervises one program, whose order
/// comes over standard input, which must be a socket. Returns when no descendant is left; the caller exits with what is
/// returned, and does nothing else before or after.
#[must_use]
pub fn supervise_main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(_) => return ExitCode::from(70),
    };
    match runtime.block_on(supervise()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(70),
    }
}

async fn supervise() -> io::Result<()> {
    let (mut lifeline, mut reports) = take_socket()?.into_split();
    let mut ends = Ends::install()?;
    if let Err(error) = take_place() {
        return say(&mut reports, &Report::Refused(Refusal::Shim(error.to_string()))).await;
    }
    let Some((order, input)) = read_order(&mut lifeline).await? else {
        return Ok(());
    };
    let grace = order.grace;
    let started = match launch(&order, &input) {
        Ok(started) => started,
        Err(refusal) => return say(&mut reports, &Report::Refused(refusal)).await,
    };
    // From here on the pipes belong to the tree alone: they end when it does.
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    drop(order);
    if let Some(pipe) = started.stdin {
        tokio::spawn(async move { pour(pipe, input).await });
    }
    // `mao` may be gone already: then the lifeline says so in a moment.
    let _ = say(&mut reports, &Report::Started { containment: started.containment }).await;

    let mut watch = Watch { main: started.main, status: None, ending: None, warned: BTreeSet::new(), grace };
    let mut open = true;
    let mut byte = [0_u8; 1];
    loop {
        let had = watch.status;
        let reaped = reap(|pid, status| watch.reaped(pid, status));
        if let (None, Some(status)) = (had, watch.status) {
            let _ = say(&mut reports, &Report::Exited(status)).await;
            watch.end();
        }
        if reaped == Reaped::Empty {
            break;
        }
        let next = watch.sweep();
        tokio::select! {
            heard = ends.next() => match heard {
                Heard::Child => {}
                Heard::End => watch.end(),
            },
            read = lifeline.read(&mut byte), if open => match read {
                Ok(1) if byte[0] == STOP => watch.end(),
                Ok(1) => {}
                Ok(_) | Err(_) => {
                    open = false;
                    watch.end();
                }
            },
            () = until(next) => {}
        }
    }
    let _ = say(&mut reports, &Report::Empty).await;
    Ok(())
}

/// The state of one supervision.
struct Watch {
    main: Pid,
    status: Option<Status>,
    /// Since when the tree is being ended.
    ending: Option<Instant>,
    /// Who has had a TERM.
    warned: BTreeSet<Member>,
    grace: Duration,
}

impl Watch {
    fn reaped(&mut self, pid: Pid, status: WaitStatus) {
        if pid == self.main {
            self.status = status.terminating_signal().map(Status::Signal).or(status.exit_status().map(Status::Code));
        }
    }

    fn end(&mut self) {
        self.ending.get_or_insert_with(Instant::now);
    }

    /// Signals who is left, if the tree is being ended; says when to look again.
    fn sweep(&mut self) -> Option<Instant> {
        let since = self.ending?;
        let now = Instant::now();
        if now.duration_since(since) >= self.grace {
            for member in descendants() {
                signal(member, Signal::KILL);
            }
            return Some(now + URGENT);
        }
        for member in descendants() {
            if self.warned.insert(member) {
                signal(member, Signal::TERM);
                // One that is stopped would not notice.
                signal(member, Signal::CONT);
            }
        }
        Some((now + PATIENT).min(since + self.grace))
    }
}

/// The signals that the shim hears. Handlers, and not "ignore", because the program would inherit the latter.
struct Ends {
    child: signals::Signal,
    terminate: signals::Signal,
    interrupt: signals::Signal,
    hangup: signals::Signal,
}

impl Ends {
    fn install() -> io::Result<Ends> {
        use signals::{SignalKind, signal};
        Ok(Ends {
            child: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.child.recv() => Heard::Child,
            _ = self.terminate.recv() => Heard::End,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.hangup.recv() => Heard::End,
        }
    }
}

/// What a signal to the shim means.
enum Heard {
    /// A child may have ended.
    Child,
    /// Somebody wants the shim to end; so it ends the tree.
    End,
}

/// Standard input is the socket to `mao`. It is moved out of the way, so that no child can inherit it.
fn take_socket() -> io::Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// Away from the terminal, above the orphans, without core dumps, and with nothing to hand on.
fn take_place() -> io::Result<()> {
    keep_files_from_children()?;
    setsid()?;
    set_child_subreaper(Some(this_process()))?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// `None` when `mao` went away before it had said everything.
async fn read_order(lifeline: &mut OwnedReadHalf) -> io::Result<Option<(Order, Vec<u8>)>> {
    let mut reader = BufReader::new(lifeline);
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).await?;
    let Ok(order) = serde_json::from_slice::<Order>(&line) else {
        return Ok(None);
    };
    let mut input = vec![0; order.stdin];
    // Nothing follows the input before the first report, so the reader holds nothing back when it is dropped.
    Ok(reader.read_exact(&mut input).await.is_ok().then_some((order, input)))
}

struct Started {
    main: Pid,
    stdin: Option<pipe::Sender>,
    containment: Containment,
}

/// Starts the program in a session of its own, inside its wall, with this process's standard output and error.
fn launch(order: &Order, input: &[u8]) -> Result<Started, Refusal> {
    let built = build(&order.wall).map_err(|error| Refusal::Wall(error.to_string()))?;
    let (mut said, mut say) = io::pipe().map_err(|error| Refusal::Shim(error.to_string()))?;
    let (mut ruleset, open) = match built {
        Built::Open(why) => (None, Some(why)),
        Built::Ruleset(ruleset) => (Some(ruleset), None),
    };
    let mut command = Command::new(&order.program);
    command.args(&order.args).current_dir(&order.cwd).env_clear().envs(order.env.iter().map(|(k, v)| (k, v)));
    command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
    let parent = this_process();
    before_exec(&mut command, move || {
        die_with(parent)?;
        setsid()?;
        set_no_new_privs(true)?;
        if let Some(ruleset) = ruleset.take() {
            let entered = enter(*ruleset);
            let failed = entered.is_err();
            say.write_all(&serde_json::to_vec(&entered)?)?;
            if failed {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        Ok(())
    });
    let spawned = command.spawn();
    // With the command goes the last writer of the pipe, so that reading ends.
    drop(command);
    let mut text = Vec::new();
    said.read_to_end(&mut text).map_err(|error| Refusal::Shim(error.to_string()))?;
    let wall = match serde_json::from_slice::<Result<Wall, String>>(&text) {
        Ok(Ok(wall)) => wall,
        Ok(Err(why)) => return Err(Refusal::Wall(why)),
        Err(_) => Wall::Open(open.unwrap_or_else(|| "unknown".to_owned())),
    };
    let mut child = spawned.map_err(|error| Refusal::Spawn(error.raw_os_error().unwrap_or(0)))?;
    let main = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Refusal::Spawn(0))?;
    let stdin = child.stdin.take().and_then(|pipe| pipe::Sender::from_owned_fd(pipe.into()).ok());
    Ok(Started { main, stdin, containment: Containment { tree: Tree::Supervised, writes: wall.clone(), reads: wall } })
}

/// Writes the whole input and closes the pipe. A program need not read what it is given.
async fn pour(mut pipe: pipe::Sender, input: Vec<u8>) {
    let _ = pipe.write_all(&input).await;
}

async fn say(reports: &mut OwnedWriteHalf, report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    reports.write_all(&line).await
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}
