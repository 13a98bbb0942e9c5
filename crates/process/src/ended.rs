//! What a child says and how it ends: the nouns that are handed back. Data only.

use crate::containment::Containment;

/// Which of a child's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One line that a child said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub stream: Stream,
    /// Without its end; bytes that are not UTF-8 stand as U+FFFD. At most `limits.line` bytes.
    pub text: String,
    /// Whether the rest was dropped: it was too long, or the child was ended in its midst for saying too much.
    pub cut: bool,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Ended by us: it said nothing in time.
    FirstLineTimeout,
    /// Ended by us: it fell silent.
    IdleTimeout,
    /// Ended by us: it took too long.
    TotalTimeout,
    /// Ended by us: it said too much.
    OutputLimit,
    /// Ended by us, because [`Child::stop`](crate::Child::stop) was called.
    Stopped,
}

/// What is known when nothing is left of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// What held it.
    pub containment: Containment,
    /// The last 8 KiB of its standard error, lossy.
    pub stderr_tail: String,
    /// Bytes that it said in all, both streams, as far as they were read.
    pub output_bytes: u64,
    /// Why the spill file is not whole; `None` when it is, or none was asked for.
    pub spill_fault: Option<String>,
}
