//! `compete`: several models work on one task at once, each in a worktree of its own and none knowing of the others, and
//! tests choose. The same model may take part more than once: then it competes with itself (RTE-12). Whoever a person
//! named is asked and nobody in their place; what is not taken is archived.

use crate::contest::entrant::{Entrant, Stage, contest};
use crate::contest::{self, questions, report};
use crate::flow::{open_once, published, unless_over};
use crate::resolve::{accepts, schema};
use crate::workflow::{ReportFile, Texts, Workflow};
use mao_core::ask::{Ask, Binding, Proposal, ReplyForm, Role, Size};
use mao_core::change::Member;
use mao_core::effect::{Effect, Work};
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, CommitId, ModelId, StepId, TaskClass};
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use serde_json::Value;
use std::collections::BTreeSet;

/// The workflow.
#[derive(Debug)]
pub struct Compete;

impl Workflow for Compete {
    fn name(&self) -> &'static str {
        "compete"
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
        schema(name)
    }

    fn accepts(&self, schema: &str, _run: &RunState, value: &Value) -> Result<(), String> {
        accepts(schema, value)
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run, "md")
    }

    fn reads(&self, run: &RunState) -> Vec<BlobId> {
        report::reads(run)
    }

    fn report(&self, policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
        report::files(policy, run, entrants(run), texts)
    }

    fn archives(&self, run: &RunState) -> Vec<(String, CommitId)> {
        if mutant::is("rte_12_losers_are_lost") {
            return Vec::new();
        }
        let lost = entrants(run).into_iter().filter(|entrant| !run.landed.contains(&entrant.member.of));
        lost.map(|entrant| (entrant.member.of.to_string(), entrant.change.commit)).collect()
    }
}

fn stage(policy: &Policy, run: &RunState) -> Stage {
    let tries = tries(run);
    let new =
        tries.iter().filter_map(|(step, model)| open_once(run, step.clone(), Work::Ask(ask(policy, run, model)?)));
    let mut new: Vec<Effect> = new.collect();
    // Whoever writes the tests begins at the same time: there is nothing of the candidates to see yet.
    new.extend(contest::tests_to_write(policy, run));
    if !new.is_empty() {
        return Stage::Under(new);
    }
    let standing = |step: &StepId| run.ask(step).map(|ask| ask.standing());
    let working = |step: &StepId| matches!(standing(step), None | Some(Standing::Idle | Standing::Running(_)));
    if tries.iter().any(|(step, _)| working(step)) {
        return Stage::Under(Vec::new());
    }
    let entrants = entrants(run);
    if entrants.is_empty() && run.settled.is_none() {
        let why = tries.iter().find_map(|(step, _)| match standing(step) {
            Some(Standing::GivenUp(reason)) => Some(reason.to_owned()),
            Some(Standing::Idle | Standing::Running(_) | Standing::Answered(..)) | None => None,
        });
        return Stage::Over(Outcome::NoProvider { reason: why.unwrap_or_else(|| "nobody made a change".to_owned()) });
    }
    contest::further(policy, run, entrants)
}

/// Each one's step, with the model that a person named for it.
fn tries(run: &RunState) -> Vec<(StepId, ModelId)> {
    let models = contest(run).map(|contest| contest.models.clone()).unwrap_or_default();
    let step = |(at, model)| (StepId::new(format!("try.{}", at + 1)), model);
    models.into_iter().enumerate().map(step).collect()
}

/// Those who made a change.
fn entrants(run: &RunState) -> Vec<Entrant> {
    let made = tries(run).into_iter().filter_map(|(step, _)| match run.ask(&step)?.standing() {
        Standing::Answered(attempt, answered) => Some(Entrant {
            name: step.to_string(),
            member: Member { of: step, attempt: attempt.no },
            change: answered.answer.change.clone()?,
            served_by: Vec::new(),
        }),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    made.collect()
}

fn ask(policy: &Policy, run: &RunState, model: &ModelId) -> Option<Ask> {
    let mut prompt = questions::prompt("compete", &[("checks", questions::checks(policy))]);
    prompt.attached.insert("task".to_owned(), contest(run)?.task.clone()?);
    Some(Ask {
        task: TaskClass::from("implementation"),
        label: "Candidate".into(),
        role: Role::Worker,
        prompt,
        reply: ReplyForm::Change { owned: vec![Glob("**".to_owned())], resolves: None },
        base: run.opened.base.clone(),
        proposal: Some(Proposal {
            model: model.clone(),
            reason: "a person named it for this contest".to_owned(),
            binding: Binding::Alone,
        }),
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    })
}
