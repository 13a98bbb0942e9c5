//! A small registry: the one orchestrator, a worker of its vendor, two external models. And runs as events.

use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, Decision, Event, Loss, Opened, Recorded, Route};
use mao_core::fault::{Fault, FaultKind};
use mao_core::glob::Glob;
use mao_core::ids::{AttemptNo, RunId, Stamp, StepId};
use mao_core::request::Request;
use mao_core::run::RunState;
use mao_policy::policy::{Lifecycle, Limits, Mode, ModelEntry, ModelRole, Policy, TaskRoute};
use mao_policy::route::Conditions;
use mao_policy::{Next, orchestrator, route};

pub fn entry(vendor: &str, provider: &str, endpoint: &str, family: &str, role: ModelRole) -> ModelEntry {
    ModelEntry {
        vendor: vendor.into(),
        provider: provider.into(),
        account: vendor.into(),
        endpoint: endpoint.into(),
        family: family.into(),
        role,
        efforts: vec!["low".into(), "high".into()],
        effort: Some("low".into()),
        context_tokens: 1_000_000,
        output_tokens: 1,
        price: None,
        lifecycle: Lifecycle::Active,
        replacement: None,
        known: Default::default(),
        verified_at: "2026-11-20".into(),
    }
}

/// Everybody enabled, mode diverse: `core_logic` goes to `ext-a`, then `ext-b`, then the orchestrator.
pub fn policy() -> Policy {
    let home = orchestrator::home_vendor();
    let home = home.as_str();
    let models = [
        ("opus", entry(home, "home", "claude-opus-9", "claude-opus", ModelRole::Orchestrator)),
        ("sonnet", entry(home, "home", "claude-sonnet-9", "claude-sonnet", ModelRole::Worker)),
        ("ext-a", entry("vendor-a", "cli-a", "a-1", "a", ModelRole::Coder)),
        ("ext-b", entry("vendor-b", "cli-b", "b-1", "b", ModelRole::Analyzer)),
    ];
    let row = TaskRoute {
        assist: vec!["sonnet".into()],
        diverse: vec!["ext-a".into(), "ext-b".into()],
        effort: [("a".to_owned(), "high".to_owned())].into(),
    };
    Policy {
        mode: Mode::Diverse,
        models: models.into_iter().map(|(name, entry)| (name.into(), entry)).collect(),
        enabled: ["cli-a".into(), "cli-b".into()].into(),
        routes: [("core_logic".into(), row)].into(),
        checks: Vec::new(),
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

pub fn ask(role: Role) -> Ask {
    Ask {
        task: "core_logic".into(),
        label: "Core logic".into(),
        role,
        prompt: Prompt { template: "work".into(), data: Default::default(), attached: Default::default() },
        reply: ReplyForm::Change { owned: vec![Glob("src/**".into())], resolves: None },
        base: "base".into(),
        proposal: None,
        complexity: None,
        apart_from: std::collections::BTreeSet::new(),
        size: Size::default(),
    }
}

/// The names of a route's links, then of what was skipped, with the reason.
pub fn shown(route: &Route) -> Vec<String> {
    let links = route.links.iter().map(|link| link.model.to_string());
    links.chain(route.skipped.iter().map(|skip| format!("-{}: {}", skip.model, skip.why))).collect()
}

/// A run with one routed question, `work`.
#[derive(Clone)]
pub struct Run {
    events: Vec<Recorded>,
    pub policy: Policy,
    /// What time it is, in milliseconds.
    pub now: u64,
}

impl Run {
    pub fn new(policy: Policy) -> Self {
        let opened = Opened {
            run: RunId::from_bits([1; 16]),
            workflow: "develop".into(),
            workflow_version: 1,
            repository: "key".into(),
            base: "base".into(),
            base_tree: "base-tree".into(),
            policy: "policy".into(),
            home_vendor: orchestrator::home_vendor(),
            request: Request {
                text: "1".into(),
                sections: Vec::new(),
                requirements: None,
                files: "files".into(),
                tasks: None,
                matter: mao_core::matter::Matter::default(),
                order: Default::default(),
                approval: Default::default(),
            },
            scripted: None,
        };
        let question = ask(Role::Worker);
        let chain = route(&policy, &question, &Conditions::default());
        let mut run = Self { events: Vec::new(), policy, now: 1_000 };
        run.push(Event::RunOpened(Box::new(opened)));
        run.push(Event::StepOpened { step: step(), work: Box::new(Work::Ask(question)) });
        run.push(Event::Routed { step: step(), route: chain });
        run
    }

    pub fn push(&mut self, event: Event) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Recorded { seq, at: Stamp(self.now), event });
    }

    pub fn state(&self) -> RunState {
        RunState::fold(&self.events).expect("folds").expect("opened")
    }

    pub fn next(&self) -> Next {
        mao_policy::decide(&self.policy, &self.state(), &step(), Stamp(self.now))
    }

    fn last(&self) -> AttemptNo {
        self.state().ask(&step()).expect("asked").attempts.last().map_or(AttemptNo(0), |attempt| attempt.no)
    }

    pub fn start(&mut self, link: usize) {
        let attempt = AttemptNo(self.last().0 + 1);
        self.push(Event::AttemptStarted {
            step: step(),
            attempt,
            link,
            prompt: "prompt".into(),
            base: "base".into(),
            session: "session".into(),
            outbound: Default::default(),
        });
    }

    pub fn end(&mut self, result: AttemptResult) {
        let attempt = self.last();
        let containment = "none".to_owned();
        self.push(Event::AttemptEnded { step: step(), attempt, result, transcript: None, containment, loss: None });
    }

    /// Fails and leaves something.
    pub fn fail_with(&mut self, kind: FaultKind, loss: Loss) {
        let (attempt, containment) = (self.last(), "none".to_owned());
        let result = AttemptResult::Failed(Fault::new(kind, "hint"));
        let loss = Some(Box::new(loss));
        self.push(Event::AttemptEnded { step: step(), attempt, result, transcript: None, containment, loss });
    }

    pub fn fail(&mut self, kind: FaultKind) {
        self.end(AttemptResult::Failed(Fault::new(kind, "hint")));
    }

    pub fn lose(&mut self) {
        let attempt = self.last();
        self.push(Event::AttemptLost { step: step(), attempt, salvage: None });
    }

    /// Records what is decided, and says it.
    pub fn follow(&mut self) -> Decision {
        match self.next() {
            Next::Record(decision) => {
                let after = self.last();
                self.push(Event::Decided { step: step(), after, decision: decision.clone() });
                decision
            }
            other @ (Next::Start { .. }
            | Next::Sleep { .. }
            | Next::AwaitPerson
            | Next::AwaitCap { .. }
            | Next::Nothing) => {
                panic!("nothing to record: {other:?}")
            }
        }
    }

    /// Starts what is to be started after a link was passed over, and says on which link.
    pub fn passed_over(&mut self) -> usize {
        if let Next::Record(_) = self.next() {
            self.follow();
        }
        self.go_on()
    }

    /// Starts what is to be started, and says on which link.
    pub fn go_on(&mut self) -> usize {
        match self.next() {
            Next::Start { link } => {
                self.start(link);
                link
            }
            other @ (Next::Record(_)
            | Next::Sleep { .. }
            | Next::AwaitPerson
            | Next::AwaitCap { .. }
            | Next::Nothing) => {
                panic!("nothing to start: {other:?}")
            }
        }
    }
}

pub fn step() -> StepId {
    "work".into()
}
