//! `review`: another model reads a plan or a change, each part of a long one by itself; the orchestrator's own word stands
//! beside what it says. Nothing follows from it but a report.
//!
//! An answer that is not in the form, or contradicts itself, is none (CHK-08): it is asked for again once, then of the next
//! model, and where nobody gives one the review is incomplete. It is never a pass.

pub mod asks;
pub mod found;
mod report;
pub mod second;
pub mod steps;
mod suggest;
pub mod tried;

use crate::flow::{close, open_once, published, unless_over};
use crate::workflow::{ReportFile, Texts, Workflow};
use asks::{DIFF, NOTES, PLAN};
use found::{Found, Reading};
use mao_core::ask::Ask;
use mao_core::effect::{Effect, Work};
use mao_core::ids::StepId;
use mao_core::matter::Reviewed;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use mao_policy::consensus::Consensus;
use second::Ground;
use serde_json::Value;
use steps::{NAMES, WEIGH, reviewed, step};

/// The workflow.
#[derive(Debug)]
pub struct Review;

impl Workflow for Review {
    fn name(&self) -> &'static str {
        "review"
    }

    fn version(&self) -> u32 {
        1
    }

    fn verifies(&self) -> bool {
        false
    }

    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        unless_over(run, || match reviewed(run) {
            Some(what) => forward(policy, run, what),
            None => vec![close(Outcome::NoProvider { reason: "there is nothing to review".into() })],
        })
    }

    fn schema(&self, name: &str) -> Option<Value> {
        asks::schema(name)
    }

    fn accepts(&self, schema: &str, run: &RunState, value: &Value) -> Result<(), String> {
        match schema {
            NOTES => found::notes(value)?.fit(&Found::of(run).names()),
            PLAN | DIFF => asks::accepts(schema, value),
            other => Err(format!("review knows no schema `{other}`")),
        }
    }

    fn named_paths(&self, schema: &str, value: &Value) -> Vec<String> {
        asks::named_paths(schema, value)
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run, "md")
    }

    fn report(&self, policy: &Policy, run: &RunState, _texts: &Texts) -> Vec<ReportFile> {
        report::files(policy, run)
    }
}

fn forward(policy: &Policy, run: &RunState, reviewed: &Reviewed) -> Vec<Effect> {
    let asked = asks::all(run, reviewed).into_iter().enumerate();
    let missing: Vec<Effect> = asked.filter_map(|(at, ask)| open_once(run, step(at), Work::Ask(ask))).collect();
    if !missing.is_empty() {
        return missing;
    }
    let found = Found::of(run);
    if found.parts.iter().any(|part| matches!(part.reading, Reading::Open)) {
        return Vec::new();
    }
    if let (Consensus::Wanted, Reviewed::Diff { from, from_tree, .. }) = (policy.consensus, reviewed) {
        let ground = Ground {
            before: from_tree.clone().map(|tree| (from.clone(), tree)),
            after: (run.opened.base.clone(), run.opened.base_tree.clone()),
        };
        // Whoever was asked for by name reads it first; the second is somebody else.
        let firsts = asks::all(run, reviewed).into_iter().map(|ask| Ask { proposal: None, ..ask }).collect();
        if let Some(effects) = second::further(policy, run, &NAMES, firsts, &ground, || Found::of(run)) {
            return effects;
        }
    }
    let found = Found::of(run);
    if found.parts.iter().any(|part| !matches!(part.reading, Reading::None(_))) {
        match run.ask(&StepId::from(WEIGH)).map(|ask| ask.standing()) {
            None => {
                let ask = asks::weigh(run, reviewed, &found);
                return open_once(run, WEIGH, Work::Ask(ask)).into_iter().collect();
            }
            Some(Standing::Idle | Standing::Running(_)) => return Vec::new(),
            Some(Standing::Answered(..) | Standing::GivenUp(_)) => {}
        }
    }
    published(run, || found.outcome())
}
