//! Ending what a dead owner left: processes that work beneath one of our own directories and that nobody supervises any
//! more. It touches no process that works elsewhere, and never this one.

use crate::tree::{Member, signal, working_beneath};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// After KILL, how long a process may take to go.
const LAST: Duration = Duration::from_secs(2);

/// Ends every process whose working directory lies beneath `dir`: TERM, then KILL after `grace`. Waits until none is
/// left, at most two seconds longer than `grace`. Returns how many were found.
#[must_use]
pub fn sweep(dir: &Path, grace: Duration) -> usize {
    let began = Instant::now();
    let mut found: BTreeSet<Member> = BTreeSet::new();
    loop {
        let now = working_beneath(dir);
        if now.is_empty() || began.elapsed() > grace + LAST {
            return found.len();
        }
        for member in now {
            if began.elapsed() > grace {
                signal(member, Signal::KILL);
            } else if found.insert(member) {
                signal(member, Signal::TERM);
            }
        }
        std::thread::sleep(LOOK);
    }
}
