//! The promises of this room, on real repositories with real git. It proves nothing about what models do.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do: at once, with the place")]
#![expect(clippy::print_stdout, reason = "a test that cannot run says so")]

mod apply;
mod checks;
mod claimed;
mod collect;
mod fixture;
mod given;
mod hostile;
mod kinds;
mod merge;
mod publish;
mod retire;
mod salvage;
mod user;
mod withheld;
