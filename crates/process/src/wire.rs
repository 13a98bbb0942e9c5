//! What passes between `mao` and the shim, over one socket that is the shim's standard input: first one JSON line
//! ([`Order`]) and the bytes of the child's standard input; then nothing, or [`STOP`]; and back JSON lines ([`Report`]).
//! The end of the socket is the lifeline: when `mao` closes it or dies, the shim ends the tree.

use crate::containment::Containment;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::time::Duration;

/// The byte by which `mao` asks the shim to end the tree while it keeps listening.
pub(crate) const STOP: u8 = b's';

/// What the shim is to start. Paths are [`OsString`]s because they need not be UTF-8.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) cwd: OsString,
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Bytes that follow the order's line.
    pub(crate) stdin: usize,
    pub(crate) grace: Duration,
    pub(crate) wall: WallOrder,
}

/// The confinement, as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum WallOrder {
    Open { why: String },
    Paths { reads: Vec<OsString>, writes: Vec<OsString> },
}

/// What the shim says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The program runs.
    Started { containment: Containment },
    /// It could not be started; the shim exits.
    Refused(Refusal),
    /// The program itself has ended; its descendants are being ended.
    Exited(Status),
    /// Nothing is left; the shim exits.
    Empty,
}

/// Why the shim started nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    /// The operating system's error number for the start of the program.
    Spawn(i32),
    /// The wall could not be built.
    Wall(String),
    /// The shim could not take its place.
    Shim(String),
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Code(i32),
    Signal(i32),
}
