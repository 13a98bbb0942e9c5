//! The questions of a search: a repair at home, the packet for somebody from outside, the orchestrator's word on what came
//! of it, and the one question that only a person answers.

use super::record::{command, debug, ran, trial};
use crate::contest::questions::prompt;
use crate::plan::object;
use mao_core::ask::{Ask, Binding, Proposal, ReplyForm, Role, Size};
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, ModelId, StepId, TaskClass};
use mao_core::run::RunState;
use mao_core::step::{Answered, Standing};
use mao_policy::artifact::Artifact;
use mao_policy::cycle::{Cycles, Way, count};
use mao_policy::{Policy, orchestrator};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The way that an answer means.
pub(super) fn way(answer: &str) -> Option<Way> {
    match answer {
        "1" => Some(Way::AtHome),
        "2" => Some(Way::Independent),
        "3" => Some(Way::Investigation),
        _ => None,
    }
}

/// ESC-01: exactly three ways, and nothing without a person's word.
pub(super) fn offered(policy: &Policy, run: &RunState, cycles: Cycles) -> (String, Vec<String>) {
    let named = |way| outsider(policy, way).map_or_else(|| "nobody enabled".to_owned(), |model| model.to_string());
    let text = format!(
        "`{}`: {} repairs failed. 1: go on at home, differently; 2: {} looks independently; 3: {} reads the code base",
        mao_core::text::one_line(&command(run), 80),
        cycles.total,
        named(Way::Independent),
        named(Way::Investigation),
    );
    (text, ["1", "2", "3"].map(str::to_owned).to_vec())
}

/// Who looks from outside: whoever codes, or whoever analyses, first where each has its best.
pub(super) fn outsider(policy: &Policy, way: Way) -> Option<ModelId> {
    let class = match way {
        Way::AtHome => return None,
        Way::Independent => "code_generation",
        Way::Investigation => "structural_analysis",
    };
    let row = policy.routes.get(&TaskClass::from(class))?;
    let outside =
        |model: &&ModelId| policy.models.get(*model).is_some_and(|entry| entry.vendor != orchestrator::home_vendor());
    row.diverse.iter().find(outside).cloned()
}

/// The log of the last red run before repair `number`, and every diff that was tried before it.
fn evidence(run: &RunState, number: usize) -> Vec<(String, BlobId)> {
    let red = (0..number).rev().find_map(|at| ran(run, at)?.first_red());
    let log = red.map(|red| ("log".to_owned(), red.log.clone()));
    let diffs = (1..number).filter_map(|at| match run.ask(&StepId::new(format!("fix.{at}")))?.standing() {
        Standing::Answered(_, answered) => Some((format!("tried/{at}"), answered.answer.change.as_ref()?.diff.clone())),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    log.into_iter().chain(diffs).collect()
}

/// A repair: by the orchestrator's own vendor, whoever found the cause (ESC-07).
pub(super) fn fix(policy: &Policy, run: &RunState, number: usize, way: Option<Way>, advice: Option<&str>) -> Ask {
    let mut prompt = prompt("debug_fix", &[("command", command(run))]);
    prompt.attached.extend(evidence(run, number));
    if let Some(advice) = advice {
        prompt.data.insert("advice".to_owned(), advice.to_owned());
    }
    // Effort rises at home before anybody else is asked (ESC-10): a different approach is the orchestrator's own.
    let harder = way == Some(Way::AtHome);
    let class = TaskClass::from(if harder { "debugging_escalated" } else { "debugging" });
    let model = if harder {
        orchestrator::of(policy).map(|(model, _)| model.clone())
    } else {
        policy.routes.get(&class).and_then(|row| row.assist.first().cloned())
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

/// ESC-03: everything that this program saw itself, for somebody from outside.
pub(super) fn packet(
    policy: &Policy,
    run: &RunState,
    number: usize,
    way: Option<Way>,
    artifacts: &[Artifact],
) -> Option<Ask> {
    let way = way?;
    let model = outsider(policy, way)?;
    let last = (0..number).rev().find_map(|at| trial(run, at));
    let trials = super::record::all_trials(run, number);
    let said: Vec<String> =
        artifacts.iter().map(|artifact| format!("{} ({})", artifact.said(), artifact.kind())).collect();
    let exit = last.as_ref().and_then(|last| last.exit).map_or_else(|| "killed".to_owned(), |code| code.to_string());
    let data = [
        ("command", command(run)),
        ("exit", exit),
        ("signature", last.map(|last| last.signature).unwrap_or_default()),
        ("artifacts", said.join("; ")),
        ("commit", run.opened.base.to_string()),
        ("tree", run.opened.base_tree.to_string()),
        ("cycles", count(&trials).total.to_string()),
    ];
    let mut prompt = prompt("debug_packet", &data);
    prompt.attached.extend(evidence(run, number));
    let schema = "investigation".to_owned();
    Some(Ask {
        task: TaskClass::from("debugging_escalated"),
        label: "Investigation".into(),
        role: Role::Worker,
        prompt,
        reply: match way {
            Way::AtHome | Way::Independent => ReplyForm::Proposal { schema },
            Way::Investigation => ReplyForm::Json { schema },
        },
        base: run.opened.base.clone(),
        proposal: Some(Proposal { model, reason: "a person chose this way".to_owned(), binding: Binding::Alone }),
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
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
        (false, true) => Ok(said),
    }
}

pub(super) fn evaluation(value: &Value) -> Result<Evaluation, String> {
    let said: Evaluation = serde_json::from_value(value.clone()).map_err(|wrong| wrong.to_string())?;
    if said.advice.trim().is_empty() {
        Err("`advice` says what to do, or what a person should know".into())
    } else {
        Ok(said)
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
