//! A run without models, git or processes: the real workflow's effects are answered at once and in order, so that a
//! ledger of any length comes out of the code that makes ledgers. Merged trees are red until a workstream has made
//! enough attempts: that is what makes a run long.

use crate::done::Done;
use mao_core::ask::ReplyForm;
use mao_core::effect::{Effect, Note};
use mao_core::event::Event;
use mao_core::ids::{RepositoryKey, RunId, StepId, TreeId};
use mao_core::run::RunState;
use mao_core::step::{AskStep, Step};
use mao_policy::{Conditions, Policy, orchestrator, route};
use mao_workflows::Workflow;
use mao_workflows::plan::Stream;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The built-in policy with everybody enabled.
///
/// # Errors
/// When the built-in configuration is broken.
pub fn policy() -> Done<Policy> {
    let mut policy = mao_config::load(&mao_config::Inputs::default()).map_err(|wrong| wrong.to_string())?.policy;
    policy.mode = mao_policy::policy::Mode::Diverse;
    policy.enabled = policy.models.values().map(|entry| entry.provider.clone()).collect();
    Ok(policy)
}

/// How many sections the run has; each has all workstreams.
const SECTIONS: usize = 13;

/// How many of a workstream's attempts break the merged tree.
const BROKEN: u32 = 60;

/// What stands for a commit, a tree or a blob.
fn name(kind: &str, number: usize) -> String {
    format!("{kind}{number:0>39}")
}

/// Answers what a workflow asks for.
#[derive(Debug, Default)]
pub struct World {
    made: usize,
    /// Which attempts each tree holds, and whether it was merged.
    trees: BTreeMap<TreeId, (BTreeSet<(StepId, u32)>, bool)>,
}

impl World {
    /// A run's first event.
    ///
    /// # Errors
    /// When the vocabulary wants more by now.
    pub fn opened(run: RunId, repository: RepositoryKey, workflow: &dyn Workflow) -> Done<Event> {
        let title = |at: usize| format!("Part {at} of the whole");
        let section = |at: usize| json!({"id": at.to_string(), "title": title(at), "text": name("b", at)});
        event(json!({
            "event": "run_opened",
            "run": run,
            "workflow": workflow.name(),
            "workflow_version": workflow.version(),
            "repository": repository,
            "base": name("c", 0),
            "base_tree": name("d", 0),
            "policy": name("b", 0),
            "home_vendor": orchestrator::home_vendor(),
            "request": {
                "text": "all",
                "sections": (1..=SECTIONS).map(section).collect::<Vec<_>>(),
                "requirements": null,
                "files": name("b", 0),
            },
        }))
    }

    /// The events of one commit of the ledger as the engine's loop makes them: what the workflow wants recorded
    /// (`effects`), else what comes of the first open step.
    ///
    /// # Errors
    /// When the run is over or stuck.
    pub fn next(
        &mut self,
        policy: &Policy,
        workflow: &dyn Workflow,
        state: &RunState,
        effects: Vec<Effect>,
    ) -> Done<Vec<Event>> {
        if effects.iter().any(|effect| matches!(effect, Effect::Note(Note::RunClosed { .. }))) {
            return Err(format!("the run ended with {} steps", state.steps.len()).into());
        }
        if !effects.is_empty() {
            let recorded = |effect| match effect {
                Effect::Open { step, work } => Event::StepOpened { step, work: Box::new(work) },
                Effect::Note(note) => Event::Noted(note),
            };
            return Ok(effects.into_iter().map(recorded).collect());
        }
        let open = state.steps.iter().find(|(_, step)| step.is_open());
        let (id, step) = open.ok_or_else(|| format!("the run is stuck after {} steps", state.steps.len()))?;
        Ok(vec![self.work(policy, workflow, state, id, step)?])
    }

    fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    fn work(
        &mut self,
        policy: &Policy,
        workflow: &dyn Workflow,
        state: &RunState,
        id: &StepId,
        step: &Step,
    ) -> Done<Event> {
        let id = id.clone();
        Ok(match step {
            Step::Ask(ask) => return self.ask(policy, workflow, state, &id, ask),
            Step::Verify { tree, .. } => {
                let broken = self
                    .trees
                    .get(tree)
                    .is_some_and(|(held, merged)| *merged && held.iter().any(|(_, attempt)| *attempt < BROKEN));
                let log = name("b", self.number());
                let check = json!({"command": "make test", "exit": i32::from(broken), "log": log});
                event(json!({"event": "verified", "step": id, "tree": tree, "verification": {"checks": [check]}}))?
            }
            Step::Merge { changes, .. } => {
                let mut held = self.trees.get(&state.head_tree).cloned().unwrap_or_default().0;
                let mut results = Vec::with_capacity(changes.len());
                for member in changes {
                    let change = state.validated(&member.of).ok_or("only a validated change is merged")?;
                    held.extend(self.trees.get(&change.value().tree).cloned().unwrap_or_default().0);
                    let number = self.number();
                    let (commit, tree) = (name("c", number), TreeId::new(name("d", number)));
                    self.trees.insert(tree.clone(), (held.clone(), true));
                    results.push(json!({"merge": "candidate", "commit": commit, "tree": tree}));
                }
                event(json!({"event": "merged", "step": id, "results": results}))?
            }
            Step::Question { choices, .. } => {
                let answer = choices.first().ok_or("a question without an answer")?;
                event(json!({"event": "answered", "step": id, "answer": answer, "by": "bench"}))?
            }
            Step::Probe { .. } | Step::Inspect { .. } | Step::Compare { .. } => {
                return Err(format!("{id} belongs to a contest").into());
            }
            Step::Report { .. } | Step::Publish { .. } => {
                return Err(format!("{id} comes after {} steps already", state.steps.len()).into());
            }
        })
    }

    fn ask(
        &mut self,
        policy: &Policy,
        workflow: &dyn Workflow,
        state: &RunState,
        id: &StepId,
        ask: &AskStep,
    ) -> Done<Event> {
        let step = id.clone();
        let Some(drawn) = &ask.route else {
            return Ok(Event::Routed { step, route: route(policy, &ask.ask, &Conditions::default()) });
        };
        let number = self.number();
        let running = match ask.standing() {
            mao_core::step::Standing::Running(attempt) => Some(attempt),
            mao_core::step::Standing::Idle
            | mao_core::step::Standing::Answered(..)
            | mao_core::step::Standing::GivenUp(_) => None,
        };
        let Some(attempt) = running else {
            return event(json!({
                "event": "attempt_started",
                "step": step,
                "attempt": ask.next_no(),
                "link": 0,
                "prompt": name("b", number),
                "base": ask.ask.base,
                "session": format!("00000000-0000-4000-8000-{number:0>12}"),
            }));
        };
        let mut result = json!({
            "result": "answered",
            "text": name("b", number),
            "served": drawn.links.first().map(|link| link.endpoint.clone()),
            "usage": {"input": 48_000, "cached": 32_000, "output": 2_100, "thinking": 800, "micro_usd": 61_000},
            "effort_sent": "high",
        });
        match &ask.ask.reply {
            ReplyForm::Text => {}
            ReplyForm::Json { schema } | ReplyForm::Proposal { schema } => {
                let value = if schema == "plan" { plan() } else { any(workflow.schema(schema).as_ref()) };
                workflow.accepts(schema, state, &value).map_err(|why| format!("no answer to `{schema}`: {why}"))?;
                result["structured"] = value;
            }
            ReplyForm::Change { .. } => {
                let tree = TreeId::new(name("d", number));
                self.trees.insert(tree.clone(), ([(step.clone(), attempt.0)].into(), false));
                let (commit, diff) = (name("c", number), name("b", number));
                let base = &ask.ask.base;
                result["change"] = json!({"base": base, "commit": commit, "tree": tree, "diff": diff, "files": 4});
            }
        }
        event(json!({
            "event": "attempt_ended",
            "step": step,
            "attempt": attempt,
            "result": result,
            "transcript": name("b", number),
            "containment": "tree: supervised; writes: landlock; reads: landlock",
        }))
    }
}

/// An event as a ledger holds it: fields that came later have their defaults, as in every old ledger.
fn event(value: Value) -> Done<Event> {
    Ok(serde_json::from_value(value)?)
}

/// A plan with every workstream of every section, as large as a reply may be.
fn plan() -> Value {
    let workstream = |section: usize, stream: Stream| {
        json!({
            "stream": stream.name(),
            "goal": format!("Write part {section} as the task list says it, with its exact names."),
            "owns": [format!("src/{section}/{}/**", stream.name())],
        })
    };
    let section = |section: usize| {
        let workstreams: Vec<Value> = Stream::ALL.into_iter().map(|stream| workstream(section, stream)).collect();
        json!({"section": section.to_string(), "workstreams": workstreams})
    };
    json!({"summary": "Everything at once.", "sections": (1..=SECTIONS).map(section).collect::<Vec<_>>()})
}

/// Some value that fits a schema: yes, and as little as possible.
fn any(schema: Option<&Value>) -> Value {
    let Some(schema) = schema else { return Value::Null };
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    // What may be absent is: its type is a list of kinds.
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object();
            let values = properties.into_iter().flatten().map(|(name, schema)| (name.clone(), any(Some(schema))));
            Value::Object(values.collect())
        }
        Some("array") => json!([]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        Some("string") => json!("x"),
        Some(_) | None => Value::Null,
    }
}
