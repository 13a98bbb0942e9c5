//! The nouns of `mao`: ids, events, and the state of a run as the fold of its events.
//!
//! This room is pure. It never touches a clock, a file, a process or a socket, never parses configuration and
//! never decides: deciding is `mao-policy`, sequencing is `mao-workflows`, doing is `mao-engine`.
//!
//! Read in this order: [`request`] and [`matter`] (what a run is asked for; [`supply`] for what is long), [`event`] (what
//! can be recorded), [`step`] and [`run`] (what the records add up to), [`change`] and `proof` (how an unvalidated change
//! becomes a validated one), then [`fault`], [`reply`] and [`section`]; [`mod@diff`], [`packed`] and [`review`] for
//! what reviewers read and answer, [`contest`] for what competes, [`mod@debug`] for what is
//! looked for.

pub mod ask;
pub mod change;
pub mod contest;
pub mod day;
pub mod debug;
pub mod diff;
pub mod effect;
pub mod event;
pub mod fault;
pub mod glob;
pub mod ids;
pub mod matter;
pub mod mutant;
pub mod outcome;
pub mod packed;
pub mod proof;
pub mod quality;
pub mod reply;
pub mod request;
pub mod review;
pub mod run;
pub mod section;
pub mod session;
pub mod step;
pub mod supply;
pub mod text;
