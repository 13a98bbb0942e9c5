//! The questions of a search that models answer at home: a repair, and the orchestrator's word on what came from outside. What
//! goes outside is in `packet`, what a person is asked in `ways`.

use super::packet::evidence;
use super::record::{command, debug, ran};
use crate::contest::questions::prompt;
use crate::plan::object;
use mao_core::ask::{Ask, Binding, Proposal, ReplyForm, Role, Size};
use mao_core::glob::Glob;
use mao_core::ids::{ModelId, StepId, TaskClass};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::Answered;
use mao_policy::artifact::grounds;
use mao_policy::cycle::Way;
use mao_policy::raise::{Grounds, admit};
use mao_policy::route::effort_of;
use mao_policy::{Policy, orchestrator};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A repair: by the orchestrator's own vendor, whoever found the cause (ESC-07).
pub(super) fn fix(policy: &Policy, run: &RunState, number: usize, way: Option<Way>, advice: Option<&str>) -> Ask {
    let mut prompt = prompt("debug_fix", &[("command", command(run))]);
    evidence(run, number, &mut prompt);
    if let Some(advice) = advice {
        prompt.data.insert("advice".to_owned(), advice.to_owned());
    }
    let (usual, harder) = (TaskClass::from("debugging"), TaskClass::from("debugging_escalated"));
    let orchestrator = || orchestrator::of(policy).map(|(model, _)| model.clone());
    let at_home =
        |model: &&ModelId| policy.models.get(*model).is_some_and(|entry| entry.vendor == orchestrator::home_vendor());
    let worker = || {
        let row = policy.routes.get(&usual);
        row.and_then(|row| row.assist.iter().chain(&row.diverse).find(at_home).cloned()).or_else(orchestrator)
    };
    // ESC-10: effort rises at home before anybody outside is offered. A different approach is the orchestrator's own.
    let (class, model) = match way {
        Some(Way::AtHome) => (harder, orchestrator()),
        Some(Way::Independent | Way::Investigation) | None => {
            let model = worker();
            let raised = model.as_ref().is_some_and(|model| may_rise(policy, run, number, model));
            (if raised { harder } else { usual.clone() }, model)
        }
    };
    let reason = "faults are repaired at home".to_owned();
    Ask {
        task: class,
        label: "Repair".into(),
        role: Role::Worker,
        prompt,
        reply: ReplyForm::Change { owned: vec![Glob("**".to_owned())], resolves: None },
        base: run.opened.base.clone(),
        proposal: model.map(|model| Proposal { model, reason, binding: Binding::AtHome }),
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// THK-03: whether a repair may be asked for with more effort than the first one was. An earlier repair of this search came
/// to its end at the usual effort, the command was red on it, and that run is the artifact.
fn may_rise(policy: &Policy, run: &RunState, number: usize, model: &ModelId) -> bool {
    if mutant::is("esc_10_effort_rises_at_once") {
        return true;
    }
    let of = |class: &str| effort_of(policy, &TaskClass::from(class), model);
    let (Some(usual), Some(raised)) = (of("debugging"), of("debugging_escalated")) else { return false };
    if usual == raised {
        return false;
    }
    let efforts = policy.models.get(model).map(|entry| &entry.efforts[..]).unwrap_or_default();
    (1..number).any(|at| {
        let Some(ask) = run.ask(&StepId::new(format!("fix.{at}"))) else { return false };
        let artifacts = grounds(ran(run, at)).unwrap_or_default();
        admit(efforts, &usual, &raised, Grounds { ask, artifacts: &artifacts, own: ran(run, at) }).is_ok()
    })
}

/// The orchestrator's word on an investigation, after its claims were tried.
pub(super) fn evaluate(run: &RunState, answered: &Answered, tried: &str) -> Ask {
    let mut prompt = prompt("debug_evaluate", &[("command", command(run)), ("tried_claims", tried.to_owned())]);
    prompt.attached.insert("investigation".to_owned(), answered.answer.text.clone());
    let diff = answered.answer.change.as_ref().map(|change| ("proposal".to_owned(), change.diff.clone()));
    prompt.attached.extend(diff);
    Ask {
        task: TaskClass::from("validation"),
        label: "Evaluation".into(),
        role: Role::Orchestrator,
        prompt,
        reply: ReplyForm::Json { schema: "evaluation".into() },
        base: run.opened.base.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The longest command that is run again because somebody says that it shows the fault, in bytes.
const COMMAND: usize = 4096;

/// The longest advice, in bytes.
const ADVICE: usize = 4096;

/// ESC-06: what an investigation answers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Investigation {
    pub(super) root_cause: String,
    pub(super) evidence: Vec<String>,
    pub(super) confidence: f64,
    pub(super) reproduced: bool,
    pub(super) command: Vec<String>,
    pub(super) minimal_fix_diff: String,
    pub(super) files: Vec<String>,
    pub(super) risks: String,
    pub(super) recheck_done: bool,
}

/// What the orchestrator says of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation {
    pub(super) agree: bool,
    pub(super) advice: String,
}

pub(super) fn investigation(value: &Value) -> Result<Investigation, String> {
    let said: Investigation = serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())?;
    let sound = (0.0..=1.0).contains(&said.confidence);
    match (said.root_cause.trim().is_empty(), sound) {
        (true, _) => Err("an investigation names a root cause".into()),
        (false, false) => Err("`confidence` is from 0 to 1".into()),
        (false, true) if said.reproduced && said.command.is_empty() => {
            Err("what is said to be reproduced names its command".into())
        }
        (false, true) if said.command.iter().map(String::len).sum::<usize>() > COMMAND => {
            Err(format!("`command` has more than {COMMAND} bytes"))
        }
        (false, true) => Ok(said),
    }
}

pub(super) fn evaluation(value: &Value) -> Result<Evaluation, String> {
    let said: Evaluation = serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())?;
    match said.advice.trim().len() {
        0 => Err("`advice` says what to do, or what a person should know".into()),
        1..=ADVICE => Ok(said),
        long => Err(format!("`advice` has {long} bytes; at most {ADVICE} are taken")),
    }
}

pub(super) fn investigation_schema() -> Value {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    object(json!({
        "root_cause": {"type": "string"},
        "evidence": texts,
        "confidence": {"type": "number"},
        "reproduced": {"type": "boolean"},
        "command": texts,
        "minimal_fix_diff": {"type": "string"},
        "files": texts,
        "risks": {"type": "string"},
        "recheck_done": {"type": "boolean"},
    }))
}

pub(super) fn evaluation_schema() -> Value {
    object(json!({"agree": {"type": "boolean"}, "advice": {"type": "string"}}))
}

/// How many times the command was run in earlier searches.
pub(super) fn earlier(run: &RunState) -> usize {
    debug(run).map_or(0, |debug| debug.earlier.len())
}
