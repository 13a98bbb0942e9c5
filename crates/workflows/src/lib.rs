//! Workflows as pure functions: from a run's policy and state to the effects that are new.
//!
//! Nothing here acts, waits or remembers. Resume is folding the ledger and asking `next` again; the same state always
//! yields the same effects, with the same step ids. Prompts are content, in `prompts/*.md`.
//!
//! Read in this order: [`workflow`] (the contract), [`develop`] (the first workflow), [`plan`],
//! [`prompt`], [`flow`] (what all of them share); then [`deps`], and [`context`], which is collected before a run is opened.

pub mod compete;
pub mod contest;
pub mod context;
pub mod debug;
pub mod deps;
pub mod develop;
pub mod flow;
pub mod journal;
pub mod plan;
pub mod prompt;
pub mod qa;
pub mod resolve;
pub mod review;
pub mod workflow;

pub use workflow::{ReportFile, Texts, Workflow};

/// The workflow of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Workflow> {
    [
        &develop::Develop as &dyn Workflow,
        &deps::Deps,
        &journal::Journal,
        &qa::Qa,
        &review::Review,
        &resolve::Resolve,
        &compete::Compete,
        &debug::Debug,
    ]
    .into_iter()
    .find(|workflow| workflow.name() == name)
}
