//! `debug`: a command that fails, and what is done about it. Repairs are tried at home; how often they failed is counted
//! from exit codes and trees, over all searches for the same fault (ESC-02). After enough of them a person is offered
//! exactly three ways, and nothing goes on without their word (ESC-01).
//!
//! Whoever looks from outside gets a packet of what this program saw itself, works in a tree that is thrown away, and
//! implements nothing: its claims are run, the orchestrator weighs them, a worker at home carries them out, the command
//! decides. When that fails too, a person gets everything (ESC-11).

mod outside;
mod packet;
mod questions;
mod record;
mod report;
mod tried;
mod ways;

use crate::flow::{open_once, published, unless_over};
use crate::workflow::{ReportFile, Texts, Workflow};
use mao_core::change::{Aim, Change, Member};
use mao_core::effect::{Effect, Note, Work};
use mao_core::event::MergeResult;
use mao_core::ids::StepId;
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_policy::Policy;
use mao_policy::checkpoint::{Checkpoint, CheckpointMode};
use mao_policy::cycle::{Way, count, offer};
use outside::Outside;
pub use record::trials;
use record::{all_trials, debug, trial};
use serde_json::Value;

/// The workflow.
#[derive(Debug)]
pub struct Debug;

/// The most repairs of one run, whatever a person answers.
const REPAIRS: usize = 12;

impl Workflow for Debug {
    fn name(&self) -> &'static str {
        "debug"
    }

    fn version(&self) -> u32 {
        1
    }

    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        unless_over(run, || match stage(policy, run) {
            Stage::Under(effects) => effects,
            Stage::Over(outcome) => published(run, || outcome),
        })
    }

    fn schema(&self, name: &str) -> Option<Value> {
        match name {
            "investigation" => Some(questions::investigation_schema()),
            "evaluation" => Some(questions::evaluation_schema()),
            _ => None,
        }
    }

    fn accepts(&self, schema: &str, _run: &RunState, value: &Value) -> Result<(), String> {
        match schema {
            "investigation" => questions::investigation(value).map(|_| ()),
            "evaluation" => questions::evaluation(value).map(|_| ()),
            other => Err(format!("debug knows no schema `{other}`")),
        }
    }

    fn claims_diff(&self, schema: &str) -> Option<&'static str> {
        (schema == "investigation").then_some("minimal_fix_diff")
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run, "md")
    }

    fn report(&self, policy: &Policy, run: &RunState, _texts: &Texts) -> Vec<ReportFile> {
        report::files(policy, run)
    }
}

/// Where the search stands.
pub(crate) enum Stage {
    /// On its way; these effects are new.
    Under(Vec<Effect>),
    /// Over.
    Over(Outcome),
}

fn under(effect: Option<Effect>) -> Stage {
    Stage::Under(effect.into_iter().collect())
}

fn stage(policy: &Policy, run: &RunState) -> Stage {
    let Some(first) = trial(run, 0) else {
        let (commit, tree) = (run.opened.base.clone(), run.opened.base_tree.clone());
        return under(open_once(run, "trial.0", Work::Probe { commit, tree, commands: Vec::new() }));
    };
    if first.is_green() {
        return Stage::Over(Outcome::Complete);
    }
    let mut way = None;
    let mut advice = None;
    for number in 1..=REPAIRS {
        let fix = StepId::new(format!("fix.{number}"));
        if run.ask(&fix).is_none() {
            let cycles = count(&all_trials(run, number));
            let offered = offer(cycles, policy.thresholds.debug_cycles)
                .filter(|_| policy.checkpoint(Checkpoint::DebugEscalation) != CheckpointMode::Off);
            if offered.is_some() && way.is_none() && !mutant::is("esc_01_goes_on_unasked") {
                let question = StepId::new(format!("escalate.{number}"));
                way = match run.steps.get(&question) {
                    Some(Step::Question { answer: Some(answer), .. }) => ways::way(answer),
                    Some(_) => return Stage::Under(Vec::new()),
                    None => {
                        let (text, choices) = ways::offered(policy, run, cycles);
                        return under(open_once(run, question, Work::Question { text, choices }));
                    }
                };
            }
            match way {
                Some(Way::Independent | Way::Investigation) if advice.is_none() => {
                    match outside::look(policy, run, number, way) {
                        Outside::Under(effects) => return Stage::Under(effects),
                        Outside::Advice(text) => advice = Some(text),
                        Outside::Failed(why) => return Stage::Over(Outcome::Negative { why }),
                    }
                }
                Some(Way::AtHome | Way::Independent | Way::Investigation) | None => {}
            }
            let ask = questions::fix(policy, run, number, way, advice.as_deref());
            return under(open_once(run, fix, Work::Ask(ask)));
        }
        // What was answered before this repair holds for it alone.
        let asked = run.steps.get(&StepId::new(format!("escalate.{number}")));
        let answered =
            if let Some(Step::Question { answer: Some(answer), .. }) = asked { ways::way(answer) } else { None };
        let change = match run.ask(&fix).map(|ask| ask.standing()) {
            Some(Standing::Answered(attempt, answered)) => {
                let Some(change) = answered.answer.change.clone() else { return Stage::Under(Vec::new()) };
                (Member { of: fix, attempt: attempt.no }, change)
            }
            Some(Standing::GivenUp(reason)) => return Stage::Over(Outcome::NoProvider { reason: reason.to_owned() }),
            Some(Standing::Idle | Standing::Running(_)) | None => return Stage::Under(Vec::new()),
        };
        match trial(run, number) {
            None => {
                let Change { commit, tree, .. } = change.1;
                let step = StepId::new(format!("trial.{number}"));
                return under(open_once(run, step, Work::Probe { commit, tree, commands: Vec::new() }));
            }
            Some(trial) if trial.is_green() => return land(run, number, &change),
            Some(_) => {}
        }
        if let Some(Way::Independent | Way::Investigation) = answered
            && !mutant::is("esc_11_models_go_round")
        {
            let why =
                "a repair after an investigation from outside failed too: the packet and all results are in the report";
            return Stage::Over(Outcome::Negative { why: why.to_owned() });
        }
        (way, advice) = (None, None);
    }
    Stage::Over(Outcome::Negative { why: format!("{REPAIRS} repairs failed") })
}

/// A repair that made the command pass: checked as a whole, and merged.
fn land(run: &RunState, number: usize, (member, change): &(Member, Change)) -> Stage {
    if run.landed.contains(&member.of) {
        return Stage::Over(Outcome::Complete);
    }
    match run.trees.get(&change.tree) {
        None => {
            let work = Work::Verify { commit: change.commit.clone(), tree: change.tree.clone() };
            return under(open_once(run, StepId::new(format!("check.fix.{number}")), work));
        }
        Some(checks) if !checks.green() => {
            let why = "the command passed on the repair once, and failed when it was run again: it is flaky".to_owned();
            return Stage::Over(Outcome::Negative { why });
        }
        Some(_) => {}
    }
    let merge = StepId::new(format!("merge.fix.{number}"));
    match run.steps.get(&merge) {
        None => {
            let work = Work::Merge { changes: vec![member.clone()], onto: run.head.clone(), aim: Aim::Head };
            under(open_once(run, merge, work))
        }
        Some(Step::Merge { results, .. }) => match results.last() {
            Some(MergeResult::Candidate { commit, tree }) => {
                let (commit, tree) = (commit.clone(), tree.clone());
                Stage::Under(vec![Effect::Note(Note::HeadMoved { step: merge, commit, tree })])
            }
            Some(MergeResult::Conflict { .. }) => {
                Stage::Over(Outcome::Negative { why: "the repair does not merge onto its own base".into() })
            }
            None => Stage::Under(Vec::new()),
        },
        Some(_) => Stage::Under(Vec::new()),
    }
}

/// Whether a run looks for the fault that this command shows.
#[must_use]
pub fn is_about(run: &RunState, command: &[String]) -> bool {
    debug(run).is_some_and(|debug| debug.command == command)
}
