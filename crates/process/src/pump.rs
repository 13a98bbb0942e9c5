//! Carries a child's output to its caller and keeps its limits, in bounded memory. It never waits for the caller
//! without watching the clock, and never ends before the shim has said that the tree is empty, or is gone itself.

use crate::command::Limits;
use crate::containment::{Containment, Tree};
use crate::ended::{Ended, Exit, Line, Stream};
use crate::lines::{Split, Splitter};
use crate::shim_process::ShimProcess;
use crate::spill::Spill;
use crate::wire::{Report, STOP, Status};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf, pipe};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

/// Read at once from a pipe; also the size of a pipe on Linux.
const CHUNK: usize = 64 * 1024;
/// Bytes of standard error that are kept for the record.
const TAIL: usize = 8 * 1024;
/// After KILL, how long a tree may take to be empty before it is reported as not empty.
const STUCK: Duration = Duration::from_secs(10);
/// After the tree is empty, how long a pipe may stay open and silent: somebody outside of the tree holds it.
const DRAIN: Duration = Duration::from_secs(1);
/// What a line costs besides its text.
const OVERHEAD: usize = 64;

/// The lines of one read on their way, with the share of the budget that they occupy.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) lines: Vec<Line>,
    _share: OwnedSemaphorePermit,
}

/// One stream of the child.
struct Source {
    pipe: Option<pipe::Receiver>,
    splitter: Splitter,
    buffer: Vec<u8>,
}

/// Where the shim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supervision {
    Running,
    Empty,
    Gone,
}

/// The task behind a [`Child`](crate::Child).
pub(crate) struct Pump {
    shim: ShimProcess,
    reports: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
    out: Source,
    err: Source,
    limits: Limits,
    spill: Option<Spill>,
    containment: Containment,
    stop: Arc<Notify>,
    to: mpsc::Sender<Parcel>,
    budget: Arc<Semaphore>,
    /// Bytes in `budget`.
    whole: usize,
    /// Lines read and not yet on their way; nothing is read while there are some.
    queue: Vec<Line>,
    listening: bool,
    supervision: Supervision,
    status: Option<Status>,
    /// Why we ended it.
    reason: Option<Exit>,
    started: Instant,
    /// Of the last output, or of the last line that the caller took.
    progress: Instant,
    spoke: bool,
    /// Since when the tree is being ended.
    ending: Option<Instant>,
    bytes: u64,
    tail: Vec<u8>,
}

impl Pump {
    #[expect(clippy::too_many_arguments, reason = "the parts of one child, joined in one place")]
    pub(crate) fn new(
        shim: ShimProcess,
        reports: Lines<BufReader<OwnedReadHalf>>,
        orders: OwnedWriteHalf,
        out: pipe::Receiver,
        err: pipe::Receiver,
        limits: Limits,
        spill: Option<Spill>,
        containment: Containment,
        to: mpsc::Sender<Parcel>,
        stop: Arc<Notify>,
    ) -> Pump {
        let source = |pipe| Source { pipe: Some(pipe), splitter: Splitter::new(limits.line), buffer: vec![0; CHUNK] };
        // One line of the greatest length always fits.
        let whole = (limits.line + OVERHEAD).clamp(CHUNK, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let now = Instant::now();
        Pump {
            out: source(out),
            err: source(err),
            shim,
            reports,
            orders,
            limits,
            spill,
            containment,
            stop,
            to,
            budget: Arc::new(Semaphore::new(whole)),
            whole,
            queue: Vec::new(),
            listening: true,
            supervision: Supervision::Running,
            status: None,
            reason: None,
            started: now,
            progress: now,
            spoke: false,
            ending: None,
            bytes: 0,
            tail: Vec::new(),
        }
    }

    /// Until nothing is left.
    pub(crate) async fn run(mut self) -> Ended {
        while !self.finished() {
            let deadline = self.deadline();
            let idle = self.queue.is_empty();
            let cost = self.queue.iter().map(|line| line.text.len() + OVERHEAD).sum::<usize>().min(self.whole);
            tokio::select! {
                report = self.reports.next_line(), if self.supervision != Supervision::Gone => self.heard(report),
                () = self.stop.notified(), if self.reason.is_none() => self.begin_end(Exit::Stopped),
                () = at(deadline) => self.late(),
                room = room(&self.to, &self.budget, cost), if self.listening && !idle => match room {
                    Some((slot, share)) => {
                        slot.send(Parcel { lines: std::mem::take(&mut self.queue), _share: share });
                        self.progress = Instant::now();
                    }
                    None => self.deaf(),
                },
                read = read(&mut self.out), if idle && self.out.pipe.is_some() => self.came(Stream::Out, read),
                read = read(&mut self.err), if idle && self.err.pipe.is_some() => self.came(Stream::Err, read),
            }
        }
        drop(self.orders);
        if self.containment.tree != Tree::Left {
            self.shim.wait().await;
        }
        let spill_fault = self.spill.as_mut().and_then(Spill::finish);
        let from = self.tail.len().saturating_sub(TAIL);
        Ended {
            exit: self.reason.unwrap_or(match self.status {
                Some(Status::Code(code)) => Exit::Code(code),
                Some(Status::Signal(signal)) => Exit::Signal(signal),
                // The shim was killed, and so the program was: that is the kernel's part of the bargain.
                None => Exit::Signal(9),
            }),
            containment: self.containment,
            stderr_tail: String::from_utf8_lossy(&self.tail[from..]).into_owned(),
            output_bytes: self.bytes,
            spill_fault,
        }
    }

    fn finished(&self) -> bool {
        self.supervision == Supervision::Gone
            && self.out.pipe.is_none()
            && self.err.pipe.is_none()
            && self.queue.is_empty()
    }

    /// When something is due, whatever else happens.
    fn deadline(&self) -> Option<Instant> {
        let after = |from: Instant, span: Duration| from.checked_add(span);
        if self.supervision == Supervision::Gone {
            return if self.queue.is_empty() { after(self.progress, DRAIN) } else { None };
        }
        if let Some(since) = self.ending {
            return after(since, self.limits.grace.saturating_add(STUCK));
        }
        let total = after(self.started, self.limits.total);
        let quiet = if !self.spoke {
            after(self.started, self.limits.first_line)
        } else if self.queue.is_empty() {
            after(self.progress, self.limits.idle)
        } else {
            // It is the caller who is slow.
            None
        };
        match (total, quiet) {
            (Some(total), Some(quiet)) => Some(total.min(quiet)),
            (one, other) => one.or(other),
        }
    }

    /// The deadline has come.
    fn late(&mut self) {
        if self.supervision == Supervision::Gone {
            self.out.pipe = None;
            self.err.pipe = None;
        } else if self.ending.is_some() {
            self.containment.tree = Tree::Left;
            self.gone();
        } else if self.started.elapsed() >= self.limits.total {
            self.begin_end(Exit::TotalTimeout);
        } else if self.spoke {
            self.begin_end(Exit::IdleTimeout);
        } else {
            self.begin_end(Exit::FirstLineTimeout);
        }
    }

    /// Asks the shim to end the tree. What the program did by itself before stays what it did.
    fn begin_end(&mut self, reason: Exit) {
        if self.status.is_none() && self.reason.is_none() {
            self.reason = Some(reason);
        }
        self.ending.get_or_insert_with(Instant::now);
        // The socket has room: this is the only byte. If the shim is gone, its end of the socket says so.
        let _ = self.orders.try_write(&[STOP]);
    }

    fn heard(&mut self, report: io::Result<Option<String>>) {
        let report = report.ok().flatten().and_then(|line| serde_json::from_str::<Report>(&line).ok());
        match report {
            Some(Report::Exited(status)) => {
                self.status = Some(status);
                self.ending.get_or_insert_with(Instant::now);
            }
            Some(Report::Empty) => self.supervision = Supervision::Empty,
            Some(Report::Started { .. } | Report::Refused(_)) => {}
            None => {
                if self.supervision == Supervision::Running {
                    self.containment.tree = Tree::Lost;
                }
                self.gone();
            }
        }
    }

    fn gone(&mut self) {
        self.supervision = Supervision::Gone;
        self.progress = Instant::now();
    }

    fn deaf(&mut self) {
        self.listening = false;
        self.queue.clear();
    }

    /// Takes in what a stream said.
    fn came(&mut self, stream: Stream, read: io::Result<usize>) {
        let source = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        let count = match read {
            Ok(count) if count > 0 => count,
            Ok(_) | Err(_) => {
                source.pipe = None;
                let rest = source.splitter.rest();
                self.queue_up(stream, rest);
                return;
            }
        };
        let before = self.bytes;
        self.bytes += count as u64;
        self.spoke = true;
        self.progress = Instant::now();
        // What comes after the limit is read, so that the child does not hang in a full pipe, and thrown away.
        let room = usize::try_from(self.limits.output.saturating_sub(before)).unwrap_or(usize::MAX);
        let kept = &source.buffer[..count.min(room)];
        if stream == Stream::Err {
            self.tail.extend_from_slice(kept);
            if self.tail.len() > 16 * TAIL {
                self.tail.drain(..self.tail.len() - TAIL);
            }
        }
        if let Some(spill) = &mut self.spill {
            spill.add(stream, kept);
        }
        let queue = &mut self.queue;
        source.splitter.feed(kept, |split| queue.push(line(stream, split)));
        if before <= self.limits.output && self.bytes > self.limits.output {
            let torn = [(Stream::Out, self.out.splitter.torn()), (Stream::Err, self.err.splitter.torn())];
            for (stream, split) in torn {
                self.queue_up(stream, split);
            }
            self.begin_end(Exit::OutputLimit);
        }
        if !self.listening {
            self.queue.clear();
        }
    }

    fn queue_up(&mut self, stream: Stream, split: Option<Split>) {
        if self.listening {
            self.queue.extend(split.map(|split| line(stream, split)));
        }
    }
}

fn line(stream: Stream, split: Split) -> Line {
    Line { stream, text: split.text, cut: split.cut }
}

/// Room with the caller: a place in the channel and a share of the budget. `None` when nobody listens.
async fn room(
    to: &mpsc::Sender<Parcel>,
    budget: &Arc<Semaphore>,
    cost: usize,
) -> Option<(mpsc::OwnedPermit<Parcel>, OwnedSemaphorePermit)> {
    let slot = to.clone().reserve_owned().await.ok()?;
    tokio::select! {
        share = budget.clone().acquire_many_owned(u32::try_from(cost).unwrap_or(u32::MAX)) => Some((slot, share.ok()?)),
        () = to.closed() => None,
    }
}

async fn read(source: &mut Source) -> io::Result<usize> {
    match &mut source.pipe {
        Some(pipe) => pipe.read(&mut source.buffer).await,
        None => std::future::pending().await,
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}
