//! What was really achieved around a child, in words for records and reports; and the paths that every confined child
//! needs. It enforces nothing.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// What held a child, as measured and not as asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containment {
    /// Its tree of processes.
    pub tree: Tree,
    /// What it could write.
    pub writes: Wall,
    /// What it could read.
    pub reads: Wall,
}

/// What is known of a tree of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tree {
    /// Under the shim; after [`Child::end`](crate::Child::end): nothing is left of it.
    Supervised,
    /// The shim itself was killed: the program is gone, its descendants are not accounted for.
    Lost,
    /// Descendants were still there some seconds after KILL (a process stuck in the kernel); the shim stays with them.
    Left,
}

/// What stands between a child and the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wall {
    /// Landlock, at this version of the kernel's interface.
    Landlock(u32),
    /// Nothing but the user's own permissions, and why.
    Open(String),
}

impl fmt::Display for Containment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tree = match self.tree {
            Tree::Supervised => "supervised",
            Tree::Lost => "lost (the shim was killed)",
            Tree::Left => "not empty (a process does not die)",
        };
        write!(f, "tree: {tree}; writes: {}; reads: {}", self.writes, self.reads)
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wall::Landlock(_) => write!(f, "landlock"),
            Wall::Open(why) => write!(f, "open ({why})"),
        }
    }
}

/// What every confined child must be able to read: programs, libraries, system configuration, the name resolver's
/// files, random numbers and `/proc` (another process's environment, memory and files stay closed there: Landlock
/// denies tracing out of the wall). No home directory, no `/tmp`, no `/var`, no terminals, no `/dev/shm`.
#[must_use]
pub fn system_reads() -> Vec<PathBuf> {
    [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/etc",
        "/opt",
        "/nix/store",
        "/run/current-system",
        "/proc",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/sys/devices/system/cpu",
        "/sys/fs/cgroup",
        "/sys/kernel/mm/transparent_hugepage",
        "/run/systemd/resolve",
        "/run/resolvconf",
        "/run/NetworkManager",
    ]
    .iter()
    .map(PathBuf::from)
    .collect()
}

/// What every confined child must be able to write: the devices that swallow. Neither terminals (`/dev/tty`, `/dev/pts`
/// belong to the user's other programs too) nor `/dev/shm`; a caller who knows better adds them.
#[must_use]
pub fn system_writes() -> Vec<PathBuf> {
    ["/dev/null", "/dev/zero", "/dev/full"].iter().map(PathBuf::from).collect()
}
