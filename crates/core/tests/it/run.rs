//! A run's history, event by event. A history is written as events; the state is asked what follows from it.

use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::change::{Aim, Change, Finding, Member, Refusal, Verdict};
use mao_core::effect::{Note, Work};
use mao_core::event::{
    AttemptResult, CheckRun, Decision, Event, Link, MergeResult, Opened, Recorded, Route, Verification,
};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{AttemptNo, RunId, Stamp, StepId};
use mao_core::reply::{Answer, Usage};
use mao_core::request::Request;
use mao_core::run::{Illegal, RunState};
use mao_core::step::Standing;

const HOME: &str = "home-vendor";

struct History(Vec<Recorded>);

impl History {
    fn opened() -> Self {
        let opened = Opened {
            run: RunId::from_bits([1; 16]),
            workflow: "develop".into(),
            workflow_version: 1,
            repository: "key".into(),
            base: "base".into(),
            base_tree: "base-tree".into(),
            policy: "policy".into(),
            home_vendor: HOME.into(),
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
        Self(Vec::new()).then(Event::RunOpened(Box::new(opened)))
    }

    fn then(mut self, event: Event) -> Self {
        let seq = self.0.len() as u64 + 1;
        self.0.push(Recorded { seq, at: Stamp(seq * 1000), event });
        self
    }

    /// A question that `vendor` answered with a change of tree `tree`.
    fn changed(self, step: &str, vendor: &str, tree: &str) -> Self {
        let change = answer(Some(change(tree)));
        self.asked(step, vendor, Role::Worker, ReplyForm::Change { owned: Vec::new(), resolves: None })
            .ended(step, change)
    }

    /// A verdict that `role` gave in step `judge`.
    fn judge(self, step: &str, role: Role) -> Self {
        self.asked(step, HOME, role, ReplyForm::Json { schema: "verdict".into() }).ended(step, answer(None))
    }

    fn asked(self, step: &str, vendor: &str, role: Role, reply: ReplyForm) -> Self {
        let prompt = Prompt { template: "t".into(), data: Default::default(), attached: Default::default() };
        let ask = Ask {
            task: "core_logic".into(),
            label: "Core".into(),
            role,
            prompt,
            reply,
            base: "base".into(),
            proposal: None,
            complexity: None,
            apart_from: std::collections::BTreeSet::new(),
            size: Size::default(),
        };
        let link = Link {
            model: format!("model-of-{vendor}").as_str().into(),
            endpoint: "endpoint".into(),
            vendor: vendor.into(),
            provider: "provider".into(),
            account: "account".into(),
            effort: None,
            why: "primary".into(),
        };
        self.then(Event::StepOpened { step: step.into(), work: Box::new(Work::Ask(ask)) })
            .then(Event::Routed { step: step.into(), route: Route { links: vec![link], ..Route::default() } })
            .started(step, 1)
    }

    fn started(self, step: &str, no: u32) -> Self {
        self.then(Event::AttemptStarted {
            step: step.into(),
            attempt: AttemptNo(no),
            link: 0,
            prompt: "prompt".into(),
            base: "base".into(),
            session: "session".into(),
            outbound: Default::default(),
        })
    }

    fn ended(self, step: &str, result: AttemptResult) -> Self {
        self.then(ended(step, 1, result))
    }

    fn verified(self, step: &str, tree: &str, exit: i32) -> Self {
        let work = Work::Verify { commit: format!("commit-of-{tree}").as_str().into(), tree: tree.into() };
        self.then(Event::StepOpened { step: step.into(), work: Box::new(work) }).then(Event::Verified {
            step: step.into(),
            tree: tree.into(),
            verification: checks(&[exit]),
        })
    }

    /// Changes merged onto the base: each step's first attempt, with the tree that comes of it or a conflict.
    fn merged(self, step: &str, aim: Aim, changes: &[(&str, Option<&str>)]) -> Self {
        let member = |of: &str| Member { of: of.into(), attempt: AttemptNo(1) };
        let members = changes.iter().map(|(of, _)| member(of)).collect();
        let result = |tree: &Option<&str>| match tree {
            Some(tree) => {
                MergeResult::Candidate { commit: format!("candidate-{tree}").as_str().into(), tree: (*tree).into() }
            }
            None => MergeResult::Conflict { paths: vec!["lib/x".into()] },
        };
        let work = Work::Merge { changes: members, onto: "base".into(), aim };
        let results = changes.iter().map(|(_, tree)| result(tree)).collect();
        self.then(Event::StepOpened { step: step.into(), work: Box::new(work) })
            .then(Event::Merged { step: step.into(), results })
    }

    fn judged(self, step: &str, tree: &str, accept: bool, by: &str) -> Self {
        self.then(judged(step, tree, accept, by))
    }

    fn state(&self) -> Result<RunState, Illegal> {
        RunState::fold(&self.0).map(|state| state.expect("opened"))
    }

    fn why_not(&self) -> String {
        self.state().expect_err("does not fit").why
    }
}

fn change(tree: &str) -> Change {
    let commit = format!("commit-of-{tree}").as_str().into();
    Change { base: "base".into(), commit, tree: tree.into(), diff: "diff".into(), files: 1 }
}

fn head_moved(step: &str, tree: &str) -> Event {
    let commit = format!("candidate-{tree}").as_str().into();
    Event::Noted(Note::HeadMoved { step: step.into(), commit, tree: tree.into() })
}

fn ended(step: &str, no: u32, result: AttemptResult) -> Event {
    let (attempt, containment) = (AttemptNo(no), "none".to_owned());
    Event::AttemptEnded { step: step.into(), attempt, result, transcript: None, containment, loss: None }
}

fn answer(change: Option<Change>) -> AttemptResult {
    AttemptResult::Answered(Box::new(Answer {
        text: "text".into(),
        structured: None,
        change,
        lines: std::collections::BTreeMap::new(),
        served: Some("endpoint".into()),
        proposed: None,
        usage: Usage::default(),
        effort_sent: None,
    }))
}

fn failed() -> AttemptResult {
    AttemptResult::Failed(Fault::new(FaultKind::TimedOut, "nothing came"))
}

fn checks(exits: &[i32]) -> Verification {
    let run = |exit: &i32| CheckRun {
        command: "make test".into(),
        exit: Some(*exit),
        log: "log".into(),
        counts: None,
        took_ms: None,
    };
    Verification { checks: exits.iter().map(run).collect() }
}

fn judged(step: &str, tree: &str, accept: bool, by: &str) -> Event {
    let findings = if accept { vec![] } else { vec![Finding { file: None, line: None, claim: "wrong".into() }] };
    Event::Noted(Note::ChangeJudged {
        step: step.into(),
        attempt: AttemptNo(1),
        tree: tree.into(),
        verdict: Verdict { accept, findings },
        by: by.into(),
    })
}

fn is_validated(history: &History, step: &str) -> bool {
    history.state().expect("folds").validated(&StepId::from(step)).is_some()
}

#[test]
fn inv_03_red_or_missing_checks_validate_nothing() {
    for vendor in [HOME, "external"] {
        let unchecked = || History::opened().changed("work", vendor, "tree").judge("judge", Role::Orchestrator);
        assert!(!is_validated(&unchecked().judged("work", "tree", true, "judge"), "work"), "{vendor}: unchecked");
        let red = unchecked().verified("check", "tree", 1).judged("work", "tree", true, "judge");
        assert!(!is_validated(&red, "work"), "{vendor}: red");
        let other = unchecked().verified("check", "another-tree", 0).judged("work", "tree", true, "judge");
        assert!(!is_validated(&other, "work"), "{vendor}: another tree was checked");
    }
    assert!(!checks(&[]).green(), "no checks at all are not green");
    assert!(!checks(&[0, 1]).green());
}

#[test]
fn inv_03_an_external_change_needs_the_orchestrators_verdict() {
    let green = || {
        let changed = History::opened().changed("work", "external", "tree").verified("check", "tree", 0);
        changed.judge("judge", Role::Orchestrator)
    };
    assert!(!is_validated(&green(), "work"), "nobody judged it");
    assert!(!is_validated(&green().judged("work", "tree", false, "judge"), "work"), "refused");
    let accepted = green().judged("work", "tree", true, "judge");
    let state = accepted.state().unwrap();
    let validated = state.validated(&StepId::from("work")).expect("accepted and green");
    assert_eq!(validated.proof().tree.as_str(), "tree");
    assert_eq!(validated.proof().judged_by.as_ref().map(|model| model.as_str()), Some("model-of-home-vendor"));
}

#[test]
fn inv_03_a_verdict_names_the_tree_that_was_made() {
    let green = History::opened().changed("work", "external", "tree").judge("judge", Role::Orchestrator);
    assert!(green.judged("work", "another-tree", true, "judge").why_not().contains("did not make tree"));
}

#[test]
fn inv_03_the_home_vendors_change_needs_checks_alone_and_says_so() {
    let history = History::opened().changed("work", HOME, "tree").verified("check", "tree", 0);
    let state = history.state().unwrap();
    let validated = state.validated(&StepId::from("work")).expect("green");
    assert_eq!(validated.proof().judged_by, None);
}

#[test]
fn inv_01_only_the_orchestrators_step_can_judge() {
    let worker = History::opened().changed("work", "external", "tree").judge("judge", Role::Worker);
    assert!(worker.judged("work", "tree", true, "judge").why_not().contains("no orchestrator's answer"));
    let nobody = History::opened().changed("work", "external", "tree");
    assert!(nobody.judged("work", "tree", true, "work").why_not().contains("no orchestrator's answer"));
}

#[test]
fn inv_03_only_a_verified_candidate_becomes_the_head() {
    let merged = || {
        let changed = History::opened().changed("work", HOME, "tree").verified("check", "tree", 0);
        changed.merged("merge", Aim::Head, &[("work", Some("merged"))])
    };
    let moved = || head_moved("merge", "merged");
    assert!(merged().then(moved()).why_not().contains("no verified candidate"));
    assert!(merged().verified("trial", "merged", 1).then(moved()).why_not().contains("no verified candidate"));
    let state = merged().verified("trial", "merged", 0).then(moved()).state().unwrap();
    assert_eq!((state.head.as_str(), state.head_tree.as_str()), ("candidate-merged", "merged"));
    assert!(state.landed.contains(&StepId::from("work")));
}

#[test]
fn inv_03_every_change_behind_a_new_head_is_validated() {
    let two = || {
        let one = History::opened().changed("one", HOME, "tree-1").verified("check-1", "tree-1", 0);
        let two = one.changed("two", "external", "tree-2").verified("check-2", "tree-2", 0);
        two.judge("judge", Role::Orchestrator)
    };
    let merged = |history: History| {
        let line = history.merged("merge", Aim::Head, &[("one", Some("first")), ("two", Some("both"))]);
        line.verified("trial-1", "first", 0).verified("trial-2", "both", 0)
    };
    let to_both = |history: History| merged(history).then(head_moved("merge", "both"));
    assert!(to_both(two()).why_not().contains("two is not validated"), "nobody judged it");
    let state = to_both(two().judged("two", "tree-2", true, "judge")).state().unwrap();
    assert!(state.landed.contains(&StepId::from("one")) && state.landed.contains(&StepId::from("two")));
    let state = merged(two()).then(head_moved("merge", "first")).state().unwrap();
    assert!(
        state.landed.contains(&StepId::from("one")) && !state.landed.contains(&StepId::from("two")),
        "what stands behind stays out"
    );
}

#[test]
fn inv_03_a_trial_proves_and_never_lands() {
    let trial = |exit| {
        let changed = History::opened().changed("one", HOME, "tree-1").changed("two", "external", "tree-2");
        let tried = changed.merged("stack", Aim::Trial, &[("one", Some("first")), ("two", Some("both"))]);
        tried.verified("together", "both", exit).judge("judge", Role::Orchestrator)
    };
    assert!(is_validated(&trial(0), "one"), "checked together with another");
    assert!(!is_validated(&trial(1), "one"), "red together");
    assert!(!is_validated(&trial(0), "two"), "nobody judged it");
    let judged = || trial(0).judged("two", "both", true, "judge");
    assert_eq!(judged().state().unwrap().validated(&StepId::from("two")).unwrap().proof().checked.as_str(), "both");
    assert!(trial(0).judged("two", "first", true, "judge").why_not().contains("did not make tree"), "it is not in it");
    assert!(judged().then(head_moved("stack", "both")).why_not().contains("no candidate for the head"));
}

#[test]
fn inv_03_what_resolves_an_externals_conflict_is_judged_like_it() {
    let resolved = |author: &str| {
        let original = History::opened().changed("work", author, "tree").verified("check", "tree", 0);
        let resolves = Some(Box::new(Member { of: "work".into(), attempt: AttemptNo(1) }));
        let change = answer(Some(change("resolved")));
        let form = ReplyForm::Change { owned: Vec::new(), resolves };
        original.asked("resolve", HOME, Role::Orchestrator, form).ended("resolve", change).verified("c", "resolved", 0)
    };
    assert!(is_validated(&resolved(HOME), "resolve"));
    assert!(!is_validated(&resolved("external"), "resolve"), "its author came from outside");
    let judge = || resolved("external").judge("judge", Role::Orchestrator);
    assert!(is_validated(&judge().judged("resolve", "resolved", true, "judge"), "resolve"));
    assert!(is_validated(&judge().judged("work", "tree", true, "judge"), "resolve"), "the work itself was accepted");
}

#[test]
fn dev_05_red_and_then_green_on_the_same_tree_is_flaky_by_name() {
    let red = || History::opened().changed("work", HOME, "tree").verified("check", "tree", 1);
    assert!(red().state().unwrap().flaky().is_empty());
    assert!(red().verified("again", "tree", 1).state().unwrap().flaky().is_empty(), "red twice is red");
    let green = red().verified("again", "tree", 0).state().unwrap();
    assert_eq!(green.flaky().into_iter().collect::<Vec<_>>(), ["make test"]);
    assert!(green.validated(&StepId::from("work")).is_some());
}

#[test]
fn an_event_that_does_not_fit_is_an_error() {
    let asked = || History::opened().asked("work", HOME, Role::Worker, ReplyForm::Text);
    let lost = |no| Event::AttemptLost { step: "work".into(), attempt: AttemptNo(no), salvage: None };
    assert!(asked().started("work", 2).why_not().contains("cannot start now"), "while one runs");
    assert!(asked().ended("work", failed()).started("work", 3).why_not().contains("cannot start now"), "a gap");
    assert!(asked().ended("work", failed()).ended("work", failed()).why_not().contains("not running"), "ended twice");
    assert!(asked().ended("work", failed()).then(lost(1)).why_not().contains("not running"));
    assert!(History::opened().started("nothing", 1).why_not().contains("asks no model"));
    let closed = Event::Noted(Note::RunClosed { outcome: mao_core::outcome::Outcome::Complete });
    assert!(asked().then(closed).then(lost(1)).why_not().contains("closed"));
    let mut gap = asked();
    gap.0[2].seq = 9;
    assert!(gap.why_not().contains("follows"));
    assert!(RunState::fold(&asked().0[1..]).unwrap_err().why.contains("begins with run_opened"));
}

#[test]
fn a_refused_change_or_a_lost_attempt_leaves_the_question_open() {
    let step = StepId::from("work");
    let standing = |history: &History| match history.state().unwrap().ask(&step).unwrap().standing() {
        Standing::Idle => "idle",
        Standing::Running(_) => "running",
        Standing::Answered(..) => "answered",
        Standing::GivenUp(_) => "given up",
    };
    let changed = || History::opened().changed("work", HOME, "tree");
    assert_eq!(standing(&changed()), "answered");
    let refused = || {
        let refusal = Refusal::ChecksFailed { log: "log".into() };
        changed().then(Event::Noted(Note::ChangeRefused { step: step.clone(), attempt: AttemptNo(1), refusal }))
    };
    assert_eq!(standing(&refused()), "idle");
    let decided = |decision| Event::Decided { step: step.clone(), after: AttemptNo(1), decision };
    assert_eq!(
        standing(&refused().then(decided(Decision::Again { reason: "r".into() })).started("work", 2)),
        "running"
    );
    assert_eq!(standing(&refused().then(decided(Decision::GiveUp { reason: "r".into() }))), "given up");
}

#[test]
fn log_01_every_event_survives_being_written_and_read() {
    let history = History::opened()
        .changed("work", "external", "tree")
        .verified("check", "tree", 0)
        .judge("judge", Role::Orchestrator)
        .judged("work", "tree", true, "judge")
        .then(Event::CancelRequested { by: "SIGINT".into() })
        .then(ended("other", 1, failed()));
    for recorded in &history.0 {
        let text = serde_json::to_string(recorded).unwrap();
        assert_eq!(&serde_json::from_str::<Recorded>(&text).unwrap(), recorded, "{text}");
    }
}

#[test]
fn log_01_a_long_answer_is_recorded_in_parts_and_folded_whole() {
    let part =
        |text: &str, more| Event::Continued { step: "plan".into(), attempt: AttemptNo(1), text: text.into(), more };
    let AttemptResult::Answered(mut cut) = answer(None) else { panic!("it answers") };
    cut.structured = Some(serde_json::json!(""));
    let asked = || History::opened().asked("plan", HOME, Role::Orchestrator, ReplyForm::Json { schema: "plan".into() });
    let ended = || asked().ended("plan", AttemptResult::Answered(cut.clone()));
    let whole = ended().then(part("{\"a\": [1,", true)).then(part(" 2]}", false));
    let state = whole.state().unwrap();
    let Standing::Answered(_, answered) = state.ask(&"plan".into()).unwrap().standing() else { panic!("it answered") };
    assert_eq!(answered.answer.structured, Some(serde_json::json!({ "a": [1, 2] })));
    assert!(whole.then(part("3", false)).state().is_err(), "what is whole does not go on");
    assert!(ended().then(part("{", false)).state().is_err(), "what is no JSON when it ends is no answer");
    assert!(asked().then(part("{}", false)).state().is_err(), "what has not ended does not go on");
}

#[test]
fn log_01_what_a_run_is_supplied_with_comes_before_its_first_step() {
    let brief = |id: &str| mao_core::request::SectionBrief {
        id: id.into(),
        title: id.into(),
        text: "text".into(),
        declares: Default::default(),
        context: None,
        requirements: None,
    };
    let supplied = |id: &str| Event::Supplied { items: vec![mao_core::supply::Supply::Section(Box::new(brief(id)))] };
    let history = History::opened().then(supplied("1")).then(supplied("2"));
    let sections: Vec<String> =
        history.state().unwrap().opened.request.sections.iter().map(|section| section.id.to_string()).collect();
    assert_eq!(sections, ["1", "2"]);
    assert!(History::opened().judge("judge", Role::Orchestrator).then(supplied("1")).state().is_err());
}
