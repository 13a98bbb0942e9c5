//! Proves the shipped binary with the vendors' own command lines. Needs `MAO_CLIS`; `cargo xtask real` sets it.
//!
//! Every part says its time. No part asserts on a time but those about time limits.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do: at once, with the place")]

mod alone;
mod develop;
mod diverse;
mod effort;
mod family;
mod faults;
mod hooks;
mod hostile;
mod listener;
mod memory;
mod nested;
mod place;
mod play;
mod strace;
