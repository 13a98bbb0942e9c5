//! Repositories: the user's (read, and written only by `publish`, `apply` and `discard`), a run's own bare repository
//! with its worktrees, the checks that run on a tree; and [`begin()`], which makes a new repository of a sample.
//!
//! This room never runs anything that a repository names (hooks, filters, drivers, monitors, signers), never trusts a
//! `.git` that a worker could write, never loses a worktree's content without a ref, and never follows a link out of a
//! tree. It knows neither models nor prompts. All calls but [`checks::run`] block.
//!
//! Read in this order: `git` (how git is called), `gitdir` (git directories we write ourselves), [`UserRepo`],
//! [`RunRepo`], `worktree`, `withheld`, `collect`, `salvage`, `merge`, `publish`, `apply`, then [`checks`] and [`detect`].

mod apply;
mod begin;
mod candidate;
mod checker;
pub mod checks;
mod claimed;
mod collect;
mod compare;
mod counts;
pub mod detect;
mod dirty;
mod error;
mod evict;
mod git;
mod gitdir;
mod given;
mod include;
mod merge;
mod names;
mod publish;
mod refs;
mod retire;
mod rooms;
mod run;
mod salvage;
mod snapshot;
mod stand_in;
mod user;
mod withheld;
mod worktree;
mod written;

pub use apply::{Applied, How, Settle};
pub use begin::begin;
pub use checker::Checker;
pub use claimed::Tried;
pub use collect::{CollectSpec, Collected, Trespass, Why};
pub use error::{NotApplied, RepoError};
pub use git::OLDEST as OLDEST_GIT;
pub use include::Included;
pub use merge::Merged;
pub use publish::Discarded;
pub use retire::Standing;
pub use run::{Message, RunRepo};
pub use stand_in::stand_in;
pub use user::{Head, UserRepo};
pub use worktree::Worktree;
pub use written::{Content, Written};
