//! The unsafe calls of the house, two of them: code that runs in a forked child before the program replaces it, and
//! marking files that we inherited. It decides nothing.

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};
use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs `hook` in the child of `command`, between fork and exec.
///
/// What `hook` may do is what the process allows; the shim, which alone calls this, has one thread.
#[expect(unsafe_code, reason = "std offers no safe way to act between fork and exec; see SAFETY")]
pub(crate) fn before_exec(command: &mut Command, hook: impl FnMut() -> io::Result<()> + Send + Sync + 'static) {
    // SAFETY: the one hook of this room is the shim's. It allocates, in a fork of a process that has one thread.
    unsafe { command.pre_exec(hook) };
}

/// Makes the calling process, a fresh child of `parent`, die when the thread that forked it dies.
pub(crate) fn die_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died before the call; then no signal comes any more.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from_raw_os_error(3)) }
}

/// Marks every open file but the standard three to be closed by the next exec. Whoever started us may have left files
/// open; in a child's hands they would reach past its wall.
#[expect(unsafe_code, reason = "no safe call takes a file by its number; see SAFETY")]
pub(crate) fn keep_files_from_children() -> io::Result<()> {
    let listed: Vec<RawFd> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&number| number > 2)
        .collect();
    for number in listed {
        // SAFETY: the number is borrowed for this one call, which neither reads, writes nor closes the file. The
        // listing's own file is closed by now; then the kernel says that the number is no file.
        let file = unsafe { BorrowedFd::borrow_raw(number) };
        let _ = fcntl_setfd(file, FdFlags::CLOEXEC);
    }
    Ok(())
}

/// This process, as its children's `parent`.
pub(crate) fn this_process() -> Pid {
    getpid()
}
