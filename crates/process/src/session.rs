//! Which session of the operating system this program runs in. It starts and signals nothing.

use rustix::process::{getpid, getsid};

/// The session that this process belongs to: the same for everything that one terminal started.
#[must_use]
pub fn session() -> u32 {
    let id = getsid(None).unwrap_or_else(|_| getpid());
    u32::try_from(id.as_raw_nonzero().get()).unwrap_or_default()
}
