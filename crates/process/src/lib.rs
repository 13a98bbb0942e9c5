//! The process room: the only place in the house that spawns. It starts children that cannot outlive us, holds them
//! within time, output and a confinement, and says what was really achieved.
//!
//! It never knows what it runs or why, never uses a shell, never inherits an environment, and never signals a process
//! that it did not start, but for [`sweep()`], which ends what a dead owner left beneath a directory of ours.
//!
//! Two ways to run something:
//! - [`start`] for programs that are not trusted to end: they run under the supervise shim ([`supervise_main`]), which
//!   ends every descendant when we stop, drop or die;
//! - [`tool::run`] for short, trusted programs such as `git`.
//!
//! Read in this order: `command` (what can be asked), `child` (what is handed back), `pump` (limits and lines),
//! `shim` (the other side), `tree` (how descendants are found and ended), `wall` (the confinement).

mod child;
mod command;
mod containment;
mod ended;
pub mod environment;
mod hook;
mod lines;
mod pump;
mod session;
mod shim;
mod shim_process;
mod spill;
mod sweep;
pub mod testing;
pub mod tool;
mod tree;
mod wall;
mod which;
mod wire;

pub use child::{Child, StartError, start};
pub use command::{Command, Confinement, Limits, Shim};
pub use containment::{Containment, Tree, Wall, system_reads, system_writes};
pub use ended::{Ended, Exit, Line, Stream};
pub use session::session;
pub use shim::supervise_main;
pub use sweep::sweep;
pub use which::which;
