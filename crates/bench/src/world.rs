//! A run without models, git or processes: the real workflow's effects are answered at once and in order, so that a
//! ledger of any length comes out of the code that makes ledgers. Merged trees are red until a workstream has made
//! enough attempts: that is what makes a run long.

use crate::Done;
use mao_core::ask::ReplyForm;
use mao_core::change::Change;
use mao_core::effect::{Effect, Note};
use mao_core::event::{AttemptResult, CheckRun, Event, MergeResult, Opened, Request, SectionBrief, Verification};
use mao_core::ids::{AttemptNo, RepositoryKey, RunId, StepId, TreeId};
use mao_core::reply::{Answer, Usage};
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
    pub fn opened(run: RunId, repository: RepositoryKey, workflow: &dyn Workflow) -> Event {
        let section = |at: usize| SectionBrief {
            id: at.to_string().as_str().into(),
            title: format!("Part {at} of the whole"),
            text: name("b", at).as_str().into(),
        };
        Event::RunOpened(Box::new(Opened {
            run,
            workflow: workflow.name().to_owned(),
            workflow_version: workflow.version(),
            repository,
            base: name("c", 0).as_str().into(),
            base_tree: name("d", 0).as_str().into(),
            policy: name("b", 0).as_str().into(),
            home_vendor: orchestrator::home_vendor(),
            request: Request {
                text: "all".into(),
                sections: (1..=SECTIONS).map(section).collect(),
                requirements: None,
                files: name("b", 0).as_str().into(),
                tasks: None,
            },
            scripted: None,
        }))
    }

    /// The events of one commit of the ledger as the engine's loop makes them: what the workflow wants recorded, else
    /// what comes of the first open step.
    ///
    /// # Errors
    /// When the run is over or stuck.
    pub fn next(&mut self, policy: &Policy, workflow: &dyn Workflow, state: &RunState) -> Done<Vec<Event>> {
        let effects = workflow.next(policy, state);
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
                let log = name("b", self.number()).as_str().into();
                let check = CheckRun { command: "make test".into(), exit: Some(i32::from(broken)), log };
                Event::Verified { step: id, tree: tree.clone(), verification: Verification { checks: vec![check] } }
            }
            Step::Merge { of, .. } => {
                let change = state.validated(of).ok_or("only a validated change is merged")?;
                let mut held = self.trees.get(&state.head_tree).cloned().unwrap_or_default().0;
                held.extend(self.trees.get(&change.value().tree).cloned().unwrap_or_default().0);
                let number = self.number();
                let (commit, tree) = (name("c", number).as_str().into(), TreeId::new(name("d", number)));
                self.trees.insert(tree.clone(), (held, true));
                Event::Merged { step: id, result: MergeResult::Candidate { commit, tree } }
            }
            Step::Report { .. } | Step::Publish { .. } | Step::Question { .. } => {
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
            return Ok(Event::AttemptStarted {
                step,
                attempt: ask.next_no(),
                link: 0,
                prompt: name("b", number).as_str().into(),
                base: ask.ask.base.clone(),
                session: format!("00000000-0000-4000-8000-{number:0>12}"),
            });
        };
        let mut answer = Answer {
            text: name("b", number).as_str().into(),
            structured: None,
            change: None,
            served: drawn.links.first().map(|link| link.endpoint.clone()),
            usage: Usage { input: 48_000, cached: 32_000, output: 2_100, thinking: 800, micro_usd: Some(61_000) },
            effort_sent: Some("high".into()),
        };
        match &ask.ask.reply {
            ReplyForm::Text => {}
            ReplyForm::Json { schema } => {
                let value = if schema == "plan" { plan() } else { any(workflow.schema(schema).as_ref()) };
                workflow.accepts(schema, state, &value).map_err(|why| format!("no answer to `{schema}`: {why}"))?;
                answer.structured = Some(value);
            }
            ReplyForm::Change { .. } => answer.change = Some(self.change(&step, attempt, ask, number)),
        }
        Ok(Event::AttemptEnded {
            step,
            attempt,
            result: AttemptResult::Answered(Box::new(answer)),
            transcript: Some(name("b", number).as_str().into()),
            containment: "tree: supervised; writes: landlock; reads: landlock".into(),
        })
    }

    fn change(&mut self, step: &StepId, attempt: AttemptNo, ask: &AskStep, number: usize) -> Change {
        let tree = TreeId::new(name("d", number));
        self.trees.insert(tree.clone(), ([(step.clone(), attempt.0)].into(), false));
        Change {
            base: ask.ask.base.clone(),
            commit: name("c", number).as_str().into(),
            tree,
            diff: name("b", number).as_str().into(),
            files: 4,
        }
    }
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
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
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
