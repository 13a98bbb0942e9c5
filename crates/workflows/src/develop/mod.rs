//! `develop`: dependencies, plan, five workstreams a section, validation, merge, synthesis, report, branch.
//!
//! Sections run in waves, computed from how they depend on each other. A group is what works at the same time, each
//! workstream alone: the same workstream of all sections of a wave, or, where a contract was frozen, all workstreams of
//! a section. It lands together, when nobody works on it any more: its changes are merged in the group's order and
//! checked once, and where they are red the one that made them so is found, refused and redone, and the ones before it
//! land. A change lands only in a tree that passes the checks and, unless its author is of the orchestrator's vendor,
//! after the orchestrator accepted it; otherwise it is refused and `decide` says what follows.
//!
//! Every step id and every base is a function of the record's meaning, never of timing: a run that was killed and
//! resumed ends in the same commits.

pub mod approval;
pub(crate) mod case;
pub mod checkpoint;
pub mod cross;
mod given;
mod landing;
pub mod order;
pub mod outline;
pub(crate) mod place;
mod planning;
pub(crate) mod questions;
pub(crate) mod queue;
pub mod report;
mod resolve;
pub mod steps;

use crate::flow::{close, open_once, published, unless_over};
use crate::plan::{self, Plan};
use crate::review::asks;
use crate::workflow::{ReportFile, Texts, Workflow};
use approval::Gate;
use given::{Part, planned};
use landing::{Landing, land};
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::StepId;
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use mao_policy::truncated::Cut;
use order::DEPS;
use place::Place;
use planning::{Planning, holds, planning};
use serde_json::Value;
use steps::{BASE, SYNTHESIS, synthesis, synthesis_schema, verdict, verdict_schema};

/// The workflow.
#[derive(Debug)]
pub struct Develop;

impl Workflow for Develop {
    fn name(&self) -> &'static str {
        "develop"
    }

    fn version(&self) -> u32 {
        2
    }

    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        unless_over(run, || self.forward(policy, run))
    }

    fn schema(&self, name: &str) -> Option<Value> {
        match name {
            "deps" => Some(order::schema()),
            "plan" => Some(plan::schema()),
            "verdict" => Some(verdict_schema()),
            "synthesis" => Some(synthesis_schema()),
            part if Part::of_form(part).is_some() => Some(given::schema()),
            other => asks::schema(other),
        }
    }

    fn cut(&self, schema: &str, value: &Value) -> Option<Cut> {
        given::was_cut(Part::of_form(schema)?, value)
    }

    fn accepts(&self, schema: &str, run: &RunState, value: &Value) -> Result<(), String> {
        match schema {
            "deps" => order::accepts(&run.opened.request, value),
            "plan" => {
                if planned(run).is_some_and(|before| Plan::from_reply(value).is_ok_and(|plan| plan == before)) {
                    return Err("this is the plan that was not accepted".into());
                }
                Plan::from_reply(value)?.check(&run.opened.request, &order::order(run).waves, &[])
            }
            "verdict" => verdict(value).map(|_| ()),
            "synthesis" => synthesis(value).map(|_| ()),
            asks::PLAN | asks::DIFF => asks::accepts(schema, value),
            other => match Part::of_form(other) {
                Some(part) => given::accepts(run, part, value, |plan, sections| holds(run, plan, sections)),
                None => Err(format!("develop knows no schema `{other}`")),
            },
        }
    }

    fn takes(&self, step: &StepId, answer: &str, because: Option<&str>) -> Result<(), String> {
        checkpoint::takes(step, answer, because)
    }

    fn named_paths(&self, schema: &str, value: &Value) -> Vec<String> {
        asks::named_paths(schema, value)
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run, "md")
    }

    fn report(&self, policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
        report::files(policy, run, texts)
    }
}

impl Develop {
    fn forward(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        let checked = run.trees.get(&run.opened.base_tree);
        if checked.is_some_and(|checks| !checks.green()) {
            return self.close_out(policy, run, None);
        }
        let base = Work::Verify { commit: run.opened.base.clone(), tree: run.opened.base_tree.clone() };
        let mut first = if order::is_checked(&run.opened.request) && !order::settled(run) {
            Planning::Under(open_once(run, DEPS, Work::Ask(questions::deps(run))).into_iter().collect())
        } else {
            planning(policy, run, 1, || Some(questions::plan(policy, run)))
        };
        let mut missing = if let Planning::Under(effects) = &mut first { std::mem::take(effects) } else { Vec::new() };
        missing.extend(open_once(run, BASE, base));
        if !missing.is_empty() {
            return missing;
        }
        if checked.is_none() {
            return Vec::new();
        }
        match first {
            Planning::Under(_) => Vec::new(),
            Planning::Lost(reason) => vec![close(Outcome::NoProvider { reason })],
            Planning::Given => match planned(run) {
                Some(plan) => match self.gates(policy, run, &plan) {
                    Gate::Open => self.groups(policy, run, &plan),
                    Gate::Waiting(effects) => effects,
                },
                None => vec![close(Outcome::NoProvider { reason: "the plan cannot be read".into() })],
            },
        }
    }

    /// What another model says of the plan comes before a person's approval.
    fn gates(&self, policy: &Policy, run: &RunState, plan: &Plan) -> Gate {
        if mutant::is("chk_13_nobody_reads_the_plan") {
            return approval::gate(policy, run, plan);
        }
        match checkpoint::gate(policy, run, plan) {
            Gate::Open => approval::gate(policy, run, plan),
            waiting @ Gate::Waiting(_) => waiting,
        }
    }

    /// The groups in their order: the next one begins when nothing of this one is on its way any more.
    fn groups(&self, policy: &Policy, run: &RunState, plan: &Plan) -> Vec<Effect> {
        for group in Place::groups(run, plan) {
            let orphans = orphans(run, plan, &group);
            if !orphans.is_empty() {
                return orphans;
            }
            match land(policy, run, plan, &group) {
                Landing::Over => {}
                Landing::Under(effects) => return effects,
            }
        }
        self.close_out(policy, run, Some(plan))
    }

    /// After the last group: synthesis, report, branch, outcome.
    fn close_out(&self, policy: &Policy, run: &RunState, plan: Option<&Plan>) -> Vec<Effect> {
        // The report moves the head too.
        if let Some(plan) = plan
            && !run.landed.is_empty()
        {
            let ask = || Work::Ask(questions::synthesis(run, plan, report::record(run, plan)));
            match run.ask(&StepId::from(SYNTHESIS)).map(|step| step.standing()) {
                None => return open_once(run, SYNTHESIS, ask()).into_iter().collect(),
                Some(Standing::Idle | Standing::Running(_)) => return Vec::new(),
                Some(Standing::Answered(..) | Standing::GivenUp(_)) => {}
            }
        }
        if let Some(effects) = cross::gate(policy, run) {
            return effects;
        }
        published(run, || outcome(run, plan))
    }
}

/// Workstreams that will not be taken, because a section that theirs cannot do without is incomplete.
fn orphans(run: &RunState, plan: &Plan, group: &[Place]) -> Vec<Effect> {
    let missing = |place: &Place| {
        let needs = order::needs(run, &place.section);
        needs.into_iter().find(|id| Place::all(run, plan).iter().any(|one| one.section == *id && !one.landed(run)))
    };
    let new = group.iter().filter(|place| !run.knows(&place.step));
    new.filter_map(|place| {
        let why = format!("section {}, which it needs, is incomplete", missing(place)?);
        Some(Effect::Note(Note::StepSkipped { step: place.step.clone(), why }))
    })
    .collect()
}

fn outcome(run: &RunState, plan: Option<&Plan>) -> Outcome {
    let synthesised =
        matches!(run.ask(&StepId::from(SYNTHESIS)).map(|ask| ask.standing()), Some(Standing::Answered(..)));
    let all_landed = plan.is_some_and(|plan| Place::all(run, plan).iter().all(|place| place.landed(run)));
    if !synthesised || !all_landed {
        return Outcome::Incomplete;
    }
    cross::refused(run).unwrap_or(Outcome::Complete)
}
