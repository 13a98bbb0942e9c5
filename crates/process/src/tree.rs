//! The descendants of this process: finding them in `/proc`, signalling them, reaping them. It signals nothing that is
//! not a descendant at that moment.
//!
//! Because this process is a child subreaper, every orphan below it becomes its child: daemons and double forks stay
//! in the tree, and "no children" means that the tree is empty.

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, pidfd_open, pidfd_send_signal, wait,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A process, told apart from a later one with the same pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pid: i32,
    /// Clock ticks since boot.
    started: u64,
}

/// One line of `/proc/<pid>/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: i32,
    /// 0 where the session began outside this container.
    session: u32,
    started: u64,
    state: u8,
}

/// What [`reap`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reaped {
    /// Children are left.
    Some,
    /// No child is left, and so no descendant.
    Empty,
}

/// Collects every child that has ended, and tells each one's status.
pub(crate) fn reap(mut on: impl FnMut(Pid, WaitStatus)) -> Reaped {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => on(pid, status),
            Ok(None) => return Reaped::Some,
            Err(Errno::INTR) => {}
            // ECHILD, the only other error that `wait` knows.
            Err(_) => return Reaped::Empty,
        }
    }
}

/// All living descendants of this process; zombies are left out.
pub(crate) fn descendants() -> BTreeSet<Member> {
    let mut children: BTreeMap<i32, Vec<(i32, Stat)>> = BTreeMap::new();
    let Ok(listing) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    for entry in listing.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push((pid, stat));
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![getpid().as_raw_nonzero().get()];
    while let Some(parent) = open.pop() {
        for (pid, stat) in children.remove(&parent).unwrap_or_default() {
            open.push(pid);
            if stat.state != b'Z' {
                found.insert(Member { pid, started: stat.started });
            }
        }
    }
    found
}

/// All living processes but this one whose working directory is `dir` or lies beneath it.
pub(crate) fn working_beneath(dir: &Path) -> BTreeSet<Member> {
    let own = getpid().as_raw_nonzero().get();
    let Ok(listing) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    let pids = listing.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| *pid != own)
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(dir)))
        .filter_map(|pid| stat(pid).filter(|stat| stat.state != b'Z').map(|stat| Member { pid, started: stat.started }))
        .collect()
}

/// Sends `signal` if the process is still the one that was found.
pub(crate) fn signal(member: Member, signal: Signal) {
    let Some(pid) = Pid::from_raw(member.pid) else { return };
    // The descriptor pins the process; only then is its identity worth checking.
    let pinned = pidfd_open(pid, PidfdFlags::empty());
    if stat(member.pid).is_none_or(|now| now.started != member.started) {
        return;
    }
    // A process that is gone meanwhile is what was wanted; so there is nothing to do about an error.
    let _ = match pinned {
        Ok(descriptor) => pidfd_send_signal(descriptor, signal),
        Err(_) => kill_process(pid, signal),
    };
}

/// The session that this process belongs to, or nothing where the system does not say.
///
/// It is read here because `getsid` of rustix takes 0 for impossible, and in a container that was entered from outside the
/// kernel does answer 0.
pub(crate) fn own_session() -> Option<u32> {
    Some(parse(&fs::read("/proc/self/stat").ok()?)?.session)
}

fn stat(pid: i32) -> Option<Stat> {
    parse(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// The second field is the program's name in parentheses; it may hold spaces, parentheses and bytes that are no UTF-8.
fn parse(line: &[u8]) -> Option<Stat> {
    let after_name = line.iter().rposition(|&byte| byte == b')')? + 1;
    let mut fields = std::str::from_utf8(line.get(after_name..)?).ok()?.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let parent = fields.next()?.parse().ok()?;
    // Fields 6 and 22 of the line; the third one was the first after the name.
    let session = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(15)?.parse().ok()?;
    Some(Stat { parent, session, started, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_foreign_bytes_is_passed_over() {
        let line = b"77 (a) R 1 (\xff) S 42 77 76 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 1 1";
        assert_eq!(parse(line), Some(Stat { parent: 42, session: 76, started: 987_654, state: b'S' }));
    }

    #[test]
    fn a_session_that_began_outside_the_container_is_0() {
        let line = b"1 (mao) R 0 1 0 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 1 1";
        assert_eq!(parse(line), Some(Stat { parent: 0, session: 0, started: 987_654, state: b'R' }));
    }

    #[test]
    fn this_process_has_the_parent_that_the_kernel_says() {
        let own = stat(getpid().as_raw_nonzero().get()).expect("own stat");
        assert_eq!(Some(own.parent), rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get()));
    }

    #[test]
    fn nonsense_is_nobody() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"1 (x"), None);
        assert_eq!(parse(b"1 (x) S 1"), None);
    }
}
