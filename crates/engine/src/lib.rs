//! Carries a run from its request to its outcome: the one loop in the house.
//!
//! An event is durable before its effect starts. What follows a failure is decided in `mao-policy`, what comes next in
//! `mao-workflows`; this room performs, records and announces. It never reads configuration files, never writes to a
//! terminal, and never asks a vendor's name.
//!
//! Read in this order: [`owner`] (the loop), [`record`] (write, then act), [`attempt`] (one call of one model),
//! [`perform`] (checks, merges, report, branch), `foresight` (conflicts to come), [`recover`] (after a dead owner), [`open`]
//! (a new run), [`recording`] and [`playback`] (the same run again, from an empty ledger).

pub mod announce;
pub mod attempt;
pub mod clock;
mod compare;
pub mod failpoint;
mod foresight;
mod ground;
mod inspect;
mod month;
pub mod open;
pub mod owner;
pub mod parts;
pub mod perform;
pub mod playback;
mod proposed;
pub mod record;
pub mod recording;
pub mod recover;
mod work;

pub use announce::{Announcement, News};
pub use owner::{Cancel, Carried, carry};
pub use parts::{EngineError, Parts};
