//! Proves the binary from outside: what it says, what it leaves behind, and what it survives.
//!
//! The `mao` that runs here has the test-only features of the dev-dependencies: named kill points, a fixed clock and run
//! id, the committed mutations. A `mao` from `cargo build` has none of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do: at once, with the place")]
#![expect(clippy::print_stdout, reason = "how many points and how long is part of what is proven")]

mod broken;
mod checkpoint;
mod contests;
mod debugging;
mod disk;
mod ends;
mod evidence;
mod golden;
mod hostile;
mod judged;
mod kill;
mod ledger;
mod limits;
mod models;
mod owners;
mod parts;
mod pictures;
mod plain;
mod planned;
mod private;
mod quality;
mod queue;
mod replay;
mod review;
mod salvage;
mod set;
mod sets;
mod setup;
mod shop;
