//! A world that performs effects at once and in order: models answer from a closure, checks from another.

use mao_core::ask::ReplyForm;
use mao_core::change::{Aim, Change, Member};
use mao_core::contest::Inspection;
use mao_core::effect::Effect;
use mao_core::event::{AttemptResult, CheckRun, Counts, Event, Link, MergeResult, Opened, Recorded, Verification};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{AttemptNo, CommitId, RunId, Stamp, StepId, TreeId};
use mao_core::matter::Matter;
use mao_core::packed::{Compared, Packed};
use mao_core::reply::{Answer, Proposed, Usage};
use mao_core::request::{Request, SectionBrief, TaskText};
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::policy::{Check, Limits, Mode, ModelEntry, ModelRole, Policy, TaskRoute};
use mao_policy::route::Conditions;
use mao_policy::{Next, decide, orchestrator, route};
use mao_workflows::Workflow;
use mao_workflows::develop::Develop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a model does when it is asked.
pub enum Does {
    /// It answers in JSON.
    Says(Value),
    /// It answers in JSON, and proposes a change: this tree in its own copy, and a diff of which this came.
    Proposes(Value, Option<&'static str>, Box<Proposed>),
    /// It leaves this tree.
    Makes(&'static str),
    /// It fails.
    Fails(FaultKind),
}

/// A model's behaviour: the step, how often it was acknowledged, the link that is asked.
pub type Model<'a> = &'a dyn Fn(&str, u32, &Link) -> Does;

/// Whether the checks are green on a tree.
pub type Checks<'a> = &'a dyn Fn(&str) -> bool;

pub struct World<'a> {
    pub policy: Policy,
    pub events: Vec<Recorded>,
    /// What the dependency check answers; it fails where there is nothing.
    pub deps: Option<Value>,
    /// Who says what comes next.
    pub workflow: &'static dyn Workflow,
    /// How many lines the files have that answers name.
    pub lines: BTreeMap<String, u32>,
    /// What is found by looking at candidates, by their trees.
    pub inspections: BTreeMap<String, Inspection>,
    /// The session of every attempt; each has its own where there is none.
    pub session: Option<String>,
    model: Model<'a>,
    checks: Checks<'a>,
}

pub fn entry(vendor: &str, endpoint: &str, family: &str, role: ModelRole) -> ModelEntry {
    ModelEntry {
        vendor: vendor.into(),
        provider: vendor.into(),
        account: vendor.into(),
        endpoint: endpoint.into(),
        family: family.into(),
        role,
        efforts: Vec::new(),
        effort: None,
        context_tokens: 1,
        output_tokens: 1,
        price: None,
        lifecycle: Default::default(),
        replacement: None,
        known: Default::default(),
        verified_at: "2026-11-20".into(),
    }
}

/// `storage_layer` goes to an external model first; everything else to the orchestrator's vendor.
pub fn policy() -> Policy {
    let home = orchestrator::home_vendor();
    let models = [
        ("opus", entry(home.as_str(), "claude-opus-9", "claude-opus", ModelRole::Orchestrator)),
        ("sonnet", entry(home.as_str(), "claude-sonnet-9", "claude-sonnet", ModelRole::Worker)),
        ("ext", entry("vendor-x", "x-1", "x", ModelRole::Coder)),
    ];
    let row = |models: &[&str]| TaskRoute {
        diverse: models.iter().map(|model| (*model).into()).collect(),
        ..TaskRoute::default()
    };
    let routes = [
        ("schema_design", row(&["sonnet"])),
        ("storage_layer", row(&["ext", "sonnet"])),
        ("core_logic", row(&["sonnet"])),
        ("implementation", row(&["sonnet"])),
        ("tests", row(&["ext"])),
    ];
    Policy {
        mode: Mode::Diverse,
        models: models.into_iter().map(|(name, entry)| (name.into(), entry)).collect(),
        enabled: ["vendor-x".into()].into(),
        routes: routes.into_iter().map(|(task, row)| (task.into(), row)).collect(),
        checks: vec![Check { argv: vec!["make".into(), "test".into()] }],
        protected: Vec::new(),
        ownership: Default::default(),
        limits: Limits::default(),
        billing: Default::default(),
        profile: Default::default(),
        privacy: Default::default(),
        private: Default::default(),
        min_diversity: None,
        fallback: Default::default(),
        frozen: Vec::new(),
        ground: Default::default(),
        weights: mao_policy::score::weights(),
        checkpoints: Default::default(),
        thresholds: Default::default(),
        answers: Default::default(),
        consensus: Default::default(),
    }
}

/// A plan: for each section its streams, each owning a folder of its own.
pub fn plan(sections: &[(&str, &[&str])]) -> Value {
    let planned = sections.iter().map(|(section, streams)| {
        let workstreams = streams.iter().map(|stream| {
            json!({"stream": stream, "goal": format!("do {stream}"), "owns": [format!("{section}/{stream}/**")]})
        });
        json!({"section": section, "workstreams": workstreams.collect::<Vec<_>>()})
    });
    json!({"summary": "the plan", "sections": planned.collect::<Vec<_>>()})
}

pub fn accept() -> Does {
    Does::Says(json!({"accept": true, "findings": []}))
}

pub fn synthesis() -> Does {
    Does::Says(json!({"summary": "all is one", "decisions": [], "open_items": []}))
}

impl<'a> World<'a> {
    pub fn new(sections: &[&str], model: Model<'a>, checks: Checks<'a>) -> Self {
        let briefs = sections.iter().map(|id| SectionBrief {
            id: (*id).into(),
            title: "T".into(),
            text: "text".into(),
            declares: Default::default(),
            context: None,
            requirements: None,
        });
        let opened = Opened {
            run: RunId::from_bits([7; 16]),
            workflow: "develop".into(),
            workflow_version: 2,
            repository: "key".into(),
            base: "base".into(),
            base_tree: "base-tree".into(),
            policy: "policy".into(),
            home_vendor: orchestrator::home_vendor(),
            request: Request {
                text: sections.join(","),
                sections: briefs.collect(),
                requirements: None,
                files: "files".into(),
                tasks: Some(TaskText { path: "todo/tasks.md".into(), text: "tasks".into() }),
                matter: Matter::default(),
                order: Default::default(),
                approval: Default::default(),
            },
            scripted: None,
        };
        let mut world = Self {
            policy: policy(),
            events: Vec::new(),
            deps: Some(json!({"edges": []})),
            workflow: &Develop,
            lines: BTreeMap::new(),
            inspections: BTreeMap::new(),
            session: None,
            model,
            checks,
        };
        world.push(Event::RunOpened(Box::new(opened)));
        world
    }

    /// What is asked for, before anything is recorded but the opening.
    pub fn ask_for(&mut self, change: impl FnOnce(&mut Request)) {
        if let Event::RunOpened(opened) = &mut self.events[0].event {
            change(&mut opened.request);
        }
    }

    /// A person's answer to what the run waits for.
    pub fn answer(&mut self, step: &str, answer: &str) {
        self.push(Event::Answered { step: step.into(), answer: answer.into(), by: "test".into(), because: None });
    }

    pub fn push(&mut self, event: Event) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Recorded { seq, at: Stamp(1_000), event });
        self.state();
    }

    pub fn state(&self) -> RunState {
        RunState::fold(&self.events).unwrap_or_else(|wrong| panic!("{wrong}")).expect("opened")
    }

    /// Plays until nothing is left; gives the final state.
    pub fn play(&mut self) -> RunState {
        for _ in 0..500 {
            let effects = self.workflow.next(&self.policy, &self.state());
            let mut idle = effects.is_empty();
            for effect in effects {
                match effect {
                    Effect::Open { step, work } => self.push(Event::StepOpened { step, work: Box::new(work) }),
                    Effect::Note(note) => self.push(Event::Noted(note)),
                }
            }
            if self.state().outcome.is_some() {
                return self.state();
            }
            let state = self.state();
            let open: Vec<StepId> =
                state.steps.iter().filter(|(_, step)| step.is_open()).map(|(id, _)| id.clone()).collect();
            if let [only] = &open[..]
                && matches!(state.steps[only], Step::Question { .. })
            {
                // Only a person's word is missing.
                return state;
            }
            for step in open {
                idle = false;
                self.perform(&step);
            }
            assert!(!idle, "the run is stuck: {:#?}", self.state().steps.keys());
        }
        panic!("the run does not end");
    }

    fn perform(&mut self, step: &StepId) {
        let event = match &self.state().steps[step] {
            Step::Ask(_) => return self.ask(step),
            Step::Verify { tree, .. } => self.verified(step, tree),
            Step::Merge { changes, aim, .. } => {
                Event::Merged { step: step.clone(), results: self.merge(changes, *aim) }
            }
            Step::Report { .. } => {
                Event::Reported { step: step.clone(), commit: "report".into(), tree: "report-tree".into() }
            }
            Step::Publish { commit, .. } => {
                Event::Published { step: step.clone(), branch: "mao/07".into(), commit: commit.clone() }
            }
            Step::Probe { tree, commands, .. } if self.workflow.name() == "debug" => self.probed(step, tree, commands),
            Step::Probe { tree, commands, .. } => {
                // Commands of somebody's own are green where the checks say so of `tree: words`.
                let on = commands.iter().map(|command| format!("{tree}: {}", command.join(" "))).next();
                let verification = self.ran(&on.unwrap_or_else(|| tree.to_string()));
                Event::Probed {
                    step: step.clone(),
                    verification,
                    signature: String::new(),
                    trace: String::new(),
                    named: Vec::new(),
                }
            }
            Step::Inspect { change, .. } => {
                let tree = self.state().change(change).expect("only a change is looked at").tree.to_string();
                let inspection = self.inspections.get(&tree).cloned().unwrap_or_default();
                Event::Inspected { step: step.clone(), inspection }
            }
            Step::Compare { .. } => {
                let packed = vec![
                    Packed::File { path: "lib/x".into(), from: None, hunks: vec![(1, 1, 1, 2)] },
                    Packed::Chunk { text: "chunk".into(), tokens: 10, pieces: vec![(0, 0, 1)] },
                ];
                let compared = Box::new(Compared { diff: "diff".into(), files: 11, hits: 0, packed });
                Event::Compared { step: step.clone(), compared }
            }
            Step::Question { .. } => panic!("nobody asks a person here"),
        };
        self.push(event);
    }

    /// Every command ends as the tree says; the log names a file and holds a trace.
    fn probed(&self, step: &StepId, tree: &TreeId, commands: &[Vec<String>]) -> Event {
        let green = (self.checks)(tree.as_str());
        let own = self.policy.checks.iter().map(|check| check.argv.clone()).collect::<Vec<_>>();
        let commands = if commands.is_empty() { &own[..] } else { commands };
        let run = |words: &Vec<String>| CheckRun {
            command: words.join(" "),
            exit: Some(i32::from(!green)),
            log: format!("log of {step}").as_str().into(),
            counts: None,
            took_ms: None,
        };
        let checks = commands.iter().take(if green { commands.len() } else { 1 }).map(run).collect();
        let said = |text: &str| if green { String::new() } else { text.to_owned() };
        Event::Probed {
            step: step.clone(),
            verification: Verification { checks },
            signature: said("adds_up"),
            trace: said("Traceback (most recent call last):"),
            named: if green { Vec::new() } else { vec!["src/add.py".to_owned()] },
        }
    }

    fn verified(&self, step: &StepId, tree: &TreeId) -> Event {
        let verification = self.ran(tree.as_str());
        Event::Verified { step: step.clone(), tree: tree.clone(), verification }
    }

    fn ran(&self, tree: &str) -> Verification {
        let exit = i32::from(!(self.checks)(tree));
        let check = CheckRun {
            command: "make test".into(),
            exit: Some(exit),
            log: "log".into(),
            counts: Some(Counts { passed: 3, failed: 0, skipped: 1 }),
            took_ms: None,
        };
        Verification { checks: vec![check] }
    }

    /// A merged tree is the tree before it and the change's, one after the other; trees with a `!` do not merge with
    /// each other.
    fn merge(&self, changes: &[Member], aim: Aim) -> Vec<MergeResult> {
        let state = self.state();
        let mut head = state.head_tree.to_string();
        let mut result = |member: &Member| {
            if aim == Aim::Head {
                state.validated(&member.of).expect("only a validated change is merged");
            }
            let change = state.change(member).expect("only a change is merged").tree.clone();
            if change.as_str().contains('!') && head.contains('!') {
                return MergeResult::Conflict { paths: vec!["lib/x".into()] };
            }
            // A candidate's tree holds the base that it is merged onto, and a repair lands on its own base.
            let contest = matches!(state.opened.request.matter, Matter::Contest(_));
            let repair = self.workflow.name() == "debug" && head == state.opened.base_tree.as_str();
            head = if contest || repair { change.to_string() } else { format!("{head}+{change}") };
            MergeResult::Candidate { commit: format!("c:{aim:?}:{head}").as_str().into(), tree: head.as_str().into() }
        };
        changes.iter().map(&mut result).collect()
    }

    fn ask(&mut self, step: &StepId) {
        let state = self.state();
        let asked = state.ask(step).expect("asks");
        if asked.route.is_none() {
            let route = route(&self.policy, &asked.ask, &Conditions::default());
            self.push(Event::Routed { step: step.clone(), route });
        }
        let state = self.state();
        let asked = state.ask(step).expect("asks");
        match decide(&self.policy, &state, step, Stamp(1_000)) {
            Next::Record(decision) => {
                let after = asked.attempts.last().map_or(AttemptNo(0), |last| last.no);
                self.push(Event::Decided { step: step.clone(), after, decision });
            }
            Next::Start { link } => self.attempt(step, link),
            other @ (Next::Sleep { .. } | Next::AwaitPerson | Next::AwaitCap { .. } | Next::Nothing) => {
                panic!("{step}: {other:?}")
            }
        }
    }

    fn attempt(&mut self, step: &StepId, link: usize) {
        let state = self.state();
        let asked = state.ask(step).expect("asks");
        let (attempt, acknowledged) = (asked.next_no(), asked.attempts.len() as u32);
        let to = asked.route.as_ref().expect("routed").links[link].clone();
        self.push(Event::AttemptStarted {
            step: step.clone(),
            attempt,
            link,
            prompt: "prompt".into(),
            base: asked.ask.base.clone(),
            session: self.session.clone().unwrap_or_else(|| format!("session-{}", self.events.len())),
            outbound: Default::default(),
        });
        let answer = |structured, change, proposed| {
            AttemptResult::Answered(Box::new(Answer {
                text: format!("text of {step}").as_str().into(),
                structured,
                change,
                lines: self.lines.clone(),
                served: Some(format!("{}-served", to.endpoint)),
                proposed,
                usage: Usage::default(),
                effort_sent: None,
            }))
        };
        let does = match (step.as_str(), &self.deps) {
            ("deps", Some(said)) => Does::Says(said.clone()),
            ("deps", None) => Does::Fails(FaultKind::Refused),
            (other, _) => (self.model)(other, acknowledged, &to),
        };
        let result = match does {
            Does::Fails(kind) => AttemptResult::Failed(Fault::new(kind, "hint")),
            Does::Says(value) => match &asked.ask.reply {
                ReplyForm::Json { schema } => {
                    match (self.workflow.cut(schema, &value), self.workflow.accepts(schema, &state, &value)) {
                        (Some(cut), _) => AttemptResult::Failed(Fault::new(FaultKind::Truncated, cut.to_string())),
                        (None, Ok(())) => answer(Some(value), None, None),
                        (None, Err(why)) => AttemptResult::Failed(Fault::new(FaultKind::Unparsable, why)),
                    }
                }
                ReplyForm::Text | ReplyForm::Change { .. } | ReplyForm::Proposal { .. } => {
                    panic!("{step} wants no JSON")
                }
            },
            Does::Proposes(value, tree, proposed) => match &asked.ask.reply {
                ReplyForm::Json { schema } | ReplyForm::Proposal { schema } => {
                    let change = tree.map(|tree| change(tree, &asked.ask.base));
                    match self.workflow.accepts(schema, &state, &value) {
                        Ok(()) => answer(Some(value), change, Some(proposed)),
                        Err(why) => AttemptResult::Failed(Fault::new(FaultKind::Unparsable, why)),
                    }
                }
                ReplyForm::Text | ReplyForm::Change { .. } => panic!("{step} wants no proposal"),
            },
            Does::Makes(tree) => answer(None, Some(change(tree, &asked.ask.base)), None),
        };
        let containment = "none".to_owned();
        self.push(Event::AttemptEnded {
            step: step.clone(),
            attempt,
            result,
            transcript: None,
            containment,
            loss: None,
        });
    }
}

/// The change that makes this tree.
pub fn change(tree: &str, base: &CommitId) -> Change {
    let commit = format!("c:{tree}").as_str().into();
    Change { base: base.clone(), commit, tree: tree.into(), diff: format!("diff of {tree}").as_str().into(), files: 1 }
}
