//! The fold of a run, from outside: what its events add up to, and which of them do not fit.

mod run;
