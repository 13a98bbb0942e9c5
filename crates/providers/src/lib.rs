//! What reaches a model: the `Provider` trait and, beside it, its implementations.
//!
//! A provider takes a job and says what happens until it is done. It never decides what follows a fault, never
//! retries, never touches git, the ledger or configuration files, and never commits what a worker wrote.
//!
//! Read in this order: [`provider`], then `cli` and `cli/claude` as the first implementation.

pub mod cli;
pub mod provider;
pub mod script;
