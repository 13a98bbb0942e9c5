//! The score of the specification's own assignment, planned and as it came out.

use crate::house;
use mao_core::ask::{Ask, Role};
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, Decision, Event, Opened, Recorded, Route};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{AttemptNo, RunId, SectionId, Stamp, StepId};
use mao_core::reply::{Answer, Usage};
use mao_core::request::Request;
use mao_core::run::RunState;
use mao_policy::diversity::{Component, Diversity, Frozen, Reviewer, Scope, falls_short, freeze, planned};
use mao_policy::policy::{Mode, ModelRole, Policy, TaskRoute};
use mao_policy::realised::{compare, viewpoints};
use mao_policy::route::Conditions;
use mao_policy::{orchestrator, route};

/// Task class, primary, fallback: five workstreams of a section, then five dimensions of a review with their weights.
const WORK: [(&str, &str, &str); 5] = [
    ("schema_design", "pro", "sonnet"),
    ("storage_layer", "codex", "sonnet"),
    ("core_logic", "reasoner", "opus"),
    ("implementation", "sonnet", "codex"),
    ("tests", "codex", "sonnet"),
];
const REVIEW: [(&str, &str, u32); 5] = [
    ("prd_compliance", "pro", 30),
    ("error_handling", "sonnet", 25),
    ("type_safety", "codex", 20),
    ("architecture", "opus", 15),
    ("security", "reasoner", 10),
];

/// The specification's roster: one vendor with three of five workstreams.
fn policy() -> Policy {
    let home = orchestrator::home_vendor();
    let models = [
        ("opus", house::entry(home.as_str(), "home", "claude-opus-9", "claude-opus", ModelRole::Orchestrator)),
        ("sonnet", house::entry(home.as_str(), "home", "claude-sonnet-9", "claude-sonnet", ModelRole::Worker)),
        ("codex", house::entry("vendor-o", "cli-o", "o-codex", "o-codex", ModelRole::Coder)),
        ("reasoner", house::entry("vendor-o", "cli-o", "o-general", "o-general", ModelRole::Reasoner)),
        ("pro", house::entry("vendor-g", "cli-g", "g-pro", "g-pro", ModelRole::Analyzer)),
    ];
    let row = |chain: &[&str]| TaskRoute {
        diverse: chain.iter().map(|model| (*model).into()).collect(),
        ..Default::default()
    };
    let mut policy = house::policy();
    policy.models = models.into_iter().map(|(id, entry)| (id.into(), entry)).collect();
    policy.enabled = ["cli-o".into(), "cli-g".into()].into();
    policy.routes = WORK.iter().map(|(task, one, two)| ((*task).into(), row(&[one, two]))).collect();
    policy
}

/// Opus stands at the end of every chain; the plan's denominators count it once.
fn routed(policy: &Policy, task: &str) -> Route {
    route(policy, &question(task), &Conditions::default())
}

fn question(task: &str) -> Ask {
    let mut ask = house::ask(Role::Worker);
    (ask.task, ask.label, ask.reply) = (task.into(), task.to_owned(), mao_core::ask::ReplyForm::Text);
    ask
}

fn reviewers(policy: &Policy) -> Vec<Reviewer> {
    let reviewer = |(dimension, model, weight): &(&str, &str, u32)| Reviewer {
        dimension: (*dimension).into(),
        weight: *weight,
        vendor: policy.models[&(*model).into()].vendor.clone(),
    };
    REVIEW.iter().map(reviewer).collect()
}

fn plan(policy: &Policy, sections: &[&str], reviewers: &[Reviewer]) -> Frozen {
    let routes: Vec<(SectionId, StepId, Route)> = sections
        .iter()
        .flat_map(|section| WORK.iter().map(move |(task, ..)| (*section, *task)))
        .map(|(section, task)| (section.into(), step(section, task), routed(policy, task)))
        .collect();
    let routes: Vec<_> = routes.iter().map(|(section, step, route)| (section.clone(), step.clone(), route)).collect();
    freeze(&routes, reviewers)
}

fn step(section: &str, task: &str) -> StepId {
    StepId::new(format!("work.{section}.{task}"))
}

fn components(found: &Diversity) -> (u8, [u16; 3]) {
    let value = |component: &Component| match component {
        Component::Thousandths(n) => *n,
        Component::NotApplicable(_) => 0,
    };
    let score = &found.overall;
    (score.score, [value(&score.evenness), value(&score.variety), value(&score.review)])
}

#[test]
fn div_02_golden_14_the_specifications_assignment_scores_77() {
    let policy = policy();
    let found = planned(&plan(&policy, &["2"], &reviewers(&policy)));
    assert_eq!((components(&found), found.scope), ((77, [865, 750, 680]), Scope::Full));
    let two = planned(&plan(&policy, &["2", "3"], &reviewers(&policy)));
    assert_eq!(components(&two), components(&found), "the mean of two equal sections");
    assert_eq!(two.sections.len(), 2);
}

#[test]
fn div_01_without_a_review_only_authors_are_scored_and_it_says_so() {
    let found = planned(&plan(&policy(), &["2"], &[]));
    assert_eq!((components(&found), found.scope), ((83, [865, 750, 0]), Scope::AuthoringOnly));
    assert_eq!(found.overall.review, Component::NotApplicable("no review is planned".into()));
    assert_eq!(falls_short(&found, 83), None);
    assert!(falls_short(&found, 84).unwrap().contains("diversity is 83, and 84"));
}

#[test]
fn div_01_what_cannot_be_divided_is_not_applicable_with_its_reason() {
    let mut alone = policy();
    alone.enabled.clear();
    let found = planned(&plan(&alone, &["2"], &reviewers(&policy())));
    assert_eq!(found.overall.evenness, Component::NotApplicable("one vendor".into()));
    assert_eq!(found.overall.variety, Component::Thousandths(1000), "two models of two");
    assert_eq!(found.overall.score, 44, "20 for variety, 24 for three fifths of the review's weight");
    let one = routed(&policy(), "tests");
    let found = planned(&freeze(&[("2".into(), "work.2.tests".into(), &one)], &[]));
    assert_eq!(found.overall.evenness, Component::NotApplicable("one workstream".into()));
    assert_eq!((found.overall.score, planned(&Frozen::default()).overall.score), (0, 0));
}

/// A run in which the workstreams of section 2 are asked for; `play` says what becomes of each.
struct Play {
    events: Vec<Recorded>,
    policy: Policy,
}

impl Play {
    fn new(policy: Policy) -> Self {
        let request = Request {
            text: "2".into(),
            sections: Vec::new(),
            requirements: None,
            files: "f".into(),
            tasks: None,
            matter: mao_core::matter::Matter::default(),
            order: Default::default(),
            approval: Default::default(),
        };
        let opened = Opened {
            run: RunId::from_bits([2; 16]),
            workflow: "develop".into(),
            workflow_version: 1,
            repository: "key".into(),
            base: "base".into(),
            base_tree: "tree".into(),
            policy: "policy".into(),
            home_vendor: orchestrator::home_vendor(),
            request,
            scripted: None,
        };
        let mut play = Self { events: Vec::new(), policy };
        play.push(Event::RunOpened(Box::new(opened)));
        play
    }

    fn push(&mut self, event: Event) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Recorded { seq, at: Stamp(1_000), event });
    }

    /// Opens a workstream and fails its first `faults.len()` links, then has the next one answer as `served`.
    fn work(&mut self, task: &str, faults: &[FaultKind], served: Option<&str>) {
        let step = step("2", task);
        let route = routed(&self.policy, task);
        self.push(Event::StepOpened { step: step.clone(), work: Box::new(Work::Ask(question(task))) });
        self.push(Event::Routed { step: step.clone(), route: route.clone() });
        for (link, kind) in faults.iter().enumerate() {
            let attempt = self.start(&step, link);
            let result = AttemptResult::Failed(Fault::new(*kind, "hint"));
            self.end(&step, attempt, result);
            let reason = kind.label().to_owned();
            let (from, to) = (route.links[link].model.clone(), route.links[link + 1].model.clone());
            let decision = Decision::Next { from, to, link: link + 1, reason };
            self.push(Event::Decided { step: step.clone(), after: attempt, decision });
        }
        let attempt = self.start(&step, faults.len());
        let answer = Answer {
            text: "text".into(),
            structured: None,
            change: None,
            lines: std::collections::BTreeMap::new(),
            served: served.map(str::to_owned),
            proposed: None,
            usage: Usage::default(),
            effort_sent: None,
        };
        self.end(&step, attempt, AttemptResult::Answered(Box::new(answer)));
    }

    fn start(&mut self, step: &StepId, link: usize) -> AttemptNo {
        let attempt = AttemptNo(u32::try_from(link).expect("small") + 1);
        let (prompt, base, session) = ("prompt".into(), "base".into(), "session".to_owned());
        self.push(Event::AttemptStarted {
            step: step.clone(),
            attempt,
            link,
            prompt,
            base,
            session,
            outbound: Default::default(),
        });
        attempt
    }

    fn end(&mut self, step: &StepId, attempt: AttemptNo, result: AttemptResult) {
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

    fn state(&self) -> RunState {
        RunState::fold(&self.events).expect("folds").expect("opened")
    }
}

#[test]
fn div_03_golden_14_an_outage_changes_the_realised_score_and_is_named() {
    let policy = policy();
    let frozen = plan(&policy, &["2"], &reviewers(&policy));
    let mut calm = Play::new(policy.clone());
    calm.work("schema_design", &[], Some("g-pro"));
    calm.work("storage_layer", &[], Some("o-codex-20260101"));
    calm.work("core_logic", &[], Some("o-general"));
    calm.work("implementation", &[], None);
    calm.work("tests", &[], Some("o-codex"));
    let found = compare(&frozen, &calm.state());
    assert_eq!((found.realised, found.causes), (found.planned, Vec::new()), "as planned");

    let mut outage = Play::new(policy.clone());
    outage.work("schema_design", &[], Some("g-pro"));
    outage.work("storage_layer", &[FaultKind::TimedOut], Some("claude-sonnet-9"));
    outage.work("core_logic", &[FaultKind::Crashed], Some("claude-opus-9"));
    outage.work("implementation", &[], Some("claude-sonnet-9"));
    outage.work("tests", &[FaultKind::TimedOut, FaultKind::EmptyOutput], Some("claude-opus-9"));
    let found = compare(&frozen, &outage.state());
    assert_eq!(components(&found.planned), (77, [865, 750, 680]));
    // Four of five by one vendor: less even, fewer models, and the review is less often by others.
    assert_eq!(components(&found.realised), (53, [455, 500, 620]));
    let says: Vec<&str> = found.causes.iter().map(|cause| cause.says.as_str()).collect();
    let labels = [FaultKind::TimedOut.label(), FaultKind::Crashed.label(), FaultKind::EmptyOutput.label()];
    assert_eq!(
        says,
        [
            format!("storage_layer: fallback from codex to sonnet ({})", labels[0]),
            format!("core_logic: fallback from reasoner to opus ({})", labels[1]),
            format!("tests: fallback from codex to sonnet ({})", labels[0]),
            format!("tests: fallback from sonnet to opus ({})", labels[2]),
        ]
    );
}

#[test]
fn div_03_what_was_never_written_counts_for_nobody_and_denominators_stay() {
    let mut assist = policy();
    let frozen = plan(&assist, &["2"], &[]);
    assist.mode = Mode::Assist;
    let mut play = Play::new(policy());
    play.work("schema_design", &[], Some("g-pro"));
    play.work("storage_layer", &[], Some("o-mini"));
    let found = compare(&frozen, &play.state());
    // Two vendors of three, two models of five: divided by what was planned.
    assert_eq!(components(&found.realised), (51, [631, 250, 0]));
    assert_eq!(found.causes[0].says, "storage_layer: codex was asked and o-mini served");
    assert_eq!(found.causes[1].says, "work.2.core_logic: it was not asked for");
}

#[test]
fn div_04_viewpoints_are_counted_from_what_served() {
    let mut play = Play::new(policy());
    assert_eq!(viewpoints(&play.state()).count(), 0);
    play.work("schema_design", &[], Some("g-pro"));
    play.work("storage_layer", &[FaultKind::TimedOut], Some("claude-sonnet-9"));
    play.work("implementation", &[], Some("claude-sonnet-9"));
    play.work("tests", &[], None);
    let found = viewpoints(&play.state());
    assert_eq!((found.count(), found.unconfirmed), (2, 1), "{found:?}");
}
