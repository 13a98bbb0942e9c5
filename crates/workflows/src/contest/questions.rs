//! The questions of a contest: neutral tests, the judgement where tests cannot decide, the verdict on a winner from
//! outside. None of them carries a name: no model, no branch, no file of the person's.

use super::board::{Board, Seat};
use super::entrant::{Entrant, Ground, contest as matter};
use crate::plan::object;
use mao_core::ask::{Ask, Binding, Prompt, Proposal, ReplyForm, Role, Size};
use mao_core::change::Member;
use mao_core::contest::Contest;
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, ModelId, StepId, TaskClass};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::{AskStep, Attempt, Standing};
use mao_policy::contest::Mind;
use mao_policy::policy::Lifecycle;
use mao_policy::route::{Conditions, of_class};
use mao_policy::{Policy, orchestrator};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The only paths that neutral tests may be written to. The word keeps them apart from a candidate's own.
pub const NEUTRAL: [&str; 4] = ["tests/**/*neutral*", "test/**/*neutral*", "**/*neutral*test*", "**/*test*neutral*"];

/// Whoever writes the tests, where somebody is left who does not compete. The orchestrator's own vendor first: then no
/// verdict is needed on them.
pub(super) fn tests(policy: &Policy, run: &RunState, contest: &Contest, entrants: &[Entrant]) -> Option<Ask> {
    let class = TaskClass::from("test_generation");
    let competes: BTreeSet<ModelId> = contest
        .models
        .iter()
        .cloned()
        .chain(entrants.iter().filter_map(|entrant| author(run, &entrant.member).map(|mind| mind.model)))
        .collect();
    let conditions = Conditions { now: run.opened_at, ..Conditions::default() };
    let routed = of_class(policy, &class, Role::Worker, &conditions).links.into_iter().map(|link| link.model);
    let alive = policy.models.iter().filter(|(_, entry)| entry.lifecycle == Lifecycle::Active);
    let home = alive.filter(|(_, entry)| entry.vendor == orchestrator::home_vendor()).map(|(model, _)| model.clone());
    let mut all: Vec<ModelId> = routed.chain(home).filter(|model| !competes.contains(model)).collect();
    let from_outside =
        |model: &ModelId| policy.models.get(model).is_none_or(|entry| entry.vendor != orchestrator::home_vendor());
    all.sort_by_key(from_outside);
    let model = all.into_iter().next()?;
    let reason = "it writes neutral tests: it does not compete".to_owned();
    let globs: Vec<Glob> = NEUTRAL.iter().map(|glob| Glob((*glob).to_owned())).collect();
    let data = [("owns", NEUTRAL.map(|glob| format!("`{glob}`")).join(", ")), ("checks", checks(policy))];
    let mut prompt = prompt("neutral_tests", &data);
    prompt.attached.extend(contest.task.clone().map(|task| ("task".to_owned(), task)));
    Some(Ask {
        task: class,
        label: "Neutral tests".into(),
        role: Role::Worker,
        prompt,
        reply: ReplyForm::Change { owned: globs, resolves: None },
        base: run.opened.base.clone(),
        proposal: Some(Proposal { model, reason, binding: Binding::Alone }),
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    })
}

/// Who made a candidate in this run, and in which session.
pub(crate) fn author(run: &RunState, member: &Member) -> Option<Mind> {
    let ask = run.ask(&member.of)?;
    let attempt = ask.attempts.iter().find(|attempt| attempt.no == member.attempt)?;
    mind(ask, attempt)
}

fn mind(ask: &AskStep, attempt: &Attempt) -> Option<Mind> {
    let model = ask.link_of(attempt)?.model.clone();
    Some(Mind { model, session: attempt.session.clone() })
}

/// The orchestrator, fresh and blinded (DIS-08), with the diffs and, where none passes, the failing logs. The class of
/// the question says how much it may think.
pub(super) fn judge(policy: &Policy, run: &RunState, contest: &Contest, board: &Board, class: &str) -> Ask {
    let left = || board.seats.iter().filter(|seat| seat.inspection.tampering.is_empty());
    let called = |seat: &Seat| match mutant::is("dis_08_the_judge_sees_names") {
        true => format!("{} ({})", seat.label, seat.entrant.name),
        false => seat.label.to_string(),
    };
    let labels: Vec<String> = left().map(called).collect();
    let logs: BTreeMap<String, BlobId> = left()
        .filter_map(|seat| {
            let red = seat.runs.iter().find_map(|ran| ran.first_red())?;
            Some((format!("log/{}", seat.label), red.log.clone()))
        })
        .collect();
    let data = [("labels", labels.join(", ")), ("checks", checks(policy))];
    let mut prompt = prompt("contest", &data);
    prompt.attached.extend(contest.task.clone().map(|task| ("task".to_owned(), task)));
    let diffs = left().map(|seat| (format!("diff/{}", seat.label), seat.entrant.change.diff.clone()));
    prompt.attached.extend(diffs);
    prompt.attached.extend(logs);
    Ask {
        task: TaskClass::from(class),
        label: "Judgement".into(),
        role: Role::Orchestrator,
        prompt,
        reply: ReplyForm::Json { schema: "judgement".into() },
        base: run.opened.base.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The orchestrator's verdict on a change that came from outside.
pub(super) fn verdict(policy: &Policy, run: &RunState, member: &Member, ground: &Ground) -> Option<Ask> {
    let change = run.change(member)?;
    let mut prompt = prompt("contest_verdict", &[("checks", checks(policy))]);
    prompt.attached.insert("diff".to_owned(), change.diff.clone());
    prompt.attached.extend(matter(run)?.task.clone().map(|task| ("task".to_owned(), task)));
    Some(Ask {
        task: TaskClass::from("validation"),
        label: "Validation of the winner".into(),
        role: Role::Orchestrator,
        prompt,
        reply: ReplyForm::Json { schema: "verdict".into() },
        base: ground.commit.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    })
}

/// What the orchestrator answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// A label; none where it cannot tell.
    pub(crate) winner: Option<String>,
    pub(crate) rationale: String,
    /// Which one is closer to what the repository does already: a note, of which nothing follows (DIS-05).
    pub(crate) patterns: String,
}

/// Where the judgement stands.
pub(crate) enum Judgement {
    Under,
    Missing(String),
    /// What it said, and who judged in which session.
    Said(Said, Mind),
}

/// The judgement of a step, once it was asked for.
pub(crate) fn judgement(run: &RunState, step: &StepId) -> Option<Judgement> {
    let ask = run.ask(step)?;
    Some(match ask.standing() {
        Standing::Idle | Standing::Running(_) => Judgement::Under,
        Standing::GivenUp(reason) => Judgement::Missing(reason.to_owned()),
        Standing::Answered(attempt, answered) => {
            match (answered.answer.structured.as_ref().map(said), mind(ask, attempt)) {
                (Some(Ok(said)), Some(mind)) => Judgement::Said(said, mind),
                (Some(Err(why)), _) => Judgement::Missing(why),
                (Some(Ok(_)) | None, _) => Judgement::Missing("it said nothing".to_owned()),
            }
        }
    })
}

/// Reads a judgement.
pub(crate) fn said(value: &Value) -> Result<Said, String> {
    let said: Said = serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())?;
    if said.rationale.trim().is_empty() { Err("a judgement needs its rationale".into()) } else { Ok(said) }
}

/// Its form.
pub(crate) fn schema() -> Value {
    object(json!({
        "winner": {"type": ["string", "null"]},
        "rationale": {"type": "string"},
        "patterns": {"type": "string"},
    }))
}

pub(crate) fn checks(policy: &Policy) -> String {
    let commands: Vec<String> = policy.checks.iter().map(|check| format!("`{}`", check.argv.join(" "))).collect();
    commands.join(", ")
}

pub(crate) fn prompt(template: &str, data: &[(&str, String)]) -> Prompt {
    let data = data.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Prompt { template: template.to_owned(), data, attached: BTreeMap::new() }
}
