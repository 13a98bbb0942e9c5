//! Which session of the operating system this program runs in. It starts and signals nothing.

use crate::tree;

/// The session that this process belongs to: the same for everything that one terminal started. 0 is the session that a
/// container was entered from; without `/proc` every process is a session of its own.
#[must_use]
pub fn session() -> u32 {
    tree::own_session().unwrap_or_else(std::process::id)
}
