//! `debug` played through without an engine: what goes outside, what is believed of what comes back, and who repairs.

use crate::world::{Does, World, change, entry};
use mao_core::ask::{Ask, ReplyForm, Role};
use mao_core::debug::{Debug as Search, Trial};
use mao_core::event::{Event, Link};
use mao_core::glob::Glob;
use mao_core::ids::ModelId;
use mao_core::matter::Matter;
use mao_core::outcome::Outcome;
use mao_core::reply::{Checkout, Claimed, Proposed};
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::checkpoint::{Checkpoint, CheckpointMode};
use mao_policy::grant::grant;
use mao_policy::orchestrator::home_vendor;
use mao_policy::policy::{Check, ModelRole, TaskRoute};
use mao_workflows::Workflow;
use mao_workflows::debug::Debug;
use mao_workflows::prompt::{Occasion, render};
use serde_json::{Value, json};

/// Only a tree that is called `fixed` passes.
fn fixed(tree: &str) -> bool {
    tree.contains("fixed")
}

fn investigation() -> Value {
    json!({"root_cause": "it subtracts", "evidence": ["src/add.py:1"], "confidence": 0.9, "reproduced": true,
        "command": ["python3", "repro.py"], "minimal_fix_diff": "a diff", "files": ["src/add.py"], "risks": "none",
        "recheck_done": true})
}

fn looked(diff: Claimed, before: &str, after: &str) -> Box<Proposed> {
    Box::new(Proposed { diff, checkout: Some(Checkout { before: before.into(), after: after.into() }) })
}

fn agrees() -> Does {
    Does::Says(json!({"agree": true, "advice": "Add instead."}))
}

/// Two repairs that do not help, a proposal that does, and a third repair that does too.
fn well(step: &str, _acknowledged: u32, _link: &Link) -> Does {
    match step {
        "fix.1" => Does::Makes("wrong-1"),
        "fix.2" => Does::Makes("wrong-2"),
        "fix.3" => Does::Makes("fixed-at-home"),
        "investigate.3" => {
            let claimed = Claimed::Applies(change("fixed-by-diff", &"base".into()));
            Does::Proposes(investigation(), None, looked(claimed, "work", "work"))
        }
        "evaluate.3" => agrees(),
        other => panic!("nobody expected {other}"),
    }
}

fn searching<'a>(model: &'a dyn Fn(&str, u32, &Link) -> Does) -> World<'a> {
    let mut world = World::new(&[], model, &fixed);
    world.workflow = &Debug;
    let earlier = vec![
        Trial { tree: "base-tree".into(), exit: Some(1), signature: "adds_up".into(), diff: None },
        Trial { tree: "old".into(), exit: Some(3), signature: "other".into(), diff: Some("diff of old".into()) },
        Trial { tree: "good".into(), exit: Some(0), signature: String::new(), diff: Some("diff of good".into()) },
    ];
    world.ask_for(|request| {
        request.matter = Matter::Debug(Box::new(Search {
            command: vec!["make".into(), "test".into()],
            earlier,
            environment: vec!["a system on a processor".into()],
            dirty: Some("uncommitted".into()),
        }));
    });
    let policy = &mut world.policy;
    policy.checks = vec![Check { argv: vec!["make".into(), "test".into()] }];
    policy.protected = vec![Glob("todo/**".into())];
    policy.models.insert("ana".into(), entry("vendor-y", "y-1", "y", ModelRole::Analyzer));
    policy.enabled.insert("vendor-y".into());
    let worker = policy.models.get_mut(&"sonnet".into()).expect("there");
    (worker.efforts, worker.effort) = (["low", "high", "max"].map(str::to_owned).to_vec(), Some("high".into()));
    let row = |model: &str, effort: Option<&str>| TaskRoute {
        assist: vec![model.into()],
        diverse: vec![model.into()],
        effort: effort.map(|effort| ("claude-sonnet".to_owned(), effort.to_owned())).into_iter().collect(),
    };
    for (task, row) in [
        ("debugging", row("sonnet", Some("high"))),
        ("debugging_escalated", row("opus", Some("max"))),
        ("code_generation", row("ext", None)),
        ("structural_analysis", row("ana", None)),
    ] {
        policy.routes.insert(task.into(), row);
    }
    world
}

/// Plays until a person is asked, answers, and plays on.
fn answered(world: &mut World<'_>, step: &str, answer: &str) -> RunState {
    let run = world.play();
    assert!(matches!(run.steps.get(&step.into()), Some(Step::Question { answer: None, .. })), "{:?}", run.steps.keys());
    world.answer(step, answer);
    world.play()
}

fn asked<'a>(run: &'a RunState, step: &str) -> &'a Ask {
    &run.ask(&step.into()).unwrap_or_else(|| panic!("{step} is asked")).ask
}

fn opened(world: &World<'_>) -> Vec<String> {
    let opens = world.events.iter().filter(|recorded| recorded.event.kind() == "step_opened");
    opens.filter_map(|recorded| recorded.event.step().map(ToString::to_string)).collect()
}

fn report(world: &World<'_>) -> (String, Value) {
    let files = Debug.report(&world.policy, &world.state(), &Default::default());
    let find = |ending: &str| files.iter().find(|file| file.path.ends_with(ending)).expect("written").text.clone();
    (find(".md"), serde_json::from_str(&find(".json")).expect("JSON"))
}

#[test]
fn esc_03_the_packet_is_made_of_what_this_program_recorded() {
    let mut world = searching(&well);
    let run = answered(&mut world, "escalate.3", "2");
    let prompt = &asked(&run, "investigate.3").prompt;
    let has = |name: &str, parts: &[&str]| {
        let value = prompt.data.get(name).unwrap_or_else(|| panic!("{name} is in the packet"));
        assert!(parts.iter().all(|part| value.contains(part)), "{name}: {value}");
    };
    has("problem", &["`make test`", "exit 1", "adds_up", "2 repairs failed"]);
    has("command", &[r#"["make","test"]"#]);
    has("exit", &["1"]);
    has("signature", &["adds_up"]);
    has("artifacts", &["`make test`: exit 1 (failing test)", "Traceback", "(stack trace)"]);
    has("log_name", &["log of trial.2"]);
    has("files", &["src/add.py"]);
    has("environment", &["a system on a processor", "confined", "ended after"]);
    has("commit", &["base"]);
    has("tree", &["base-tree"]);
    has("dirty", &["uncommitted"]);
    has("cycles", &["2"]);
    has("constraints", &["implements nothing", "tests are not changed", "todo/**"]);
    // Every approach with its diff and what came of it, earlier searches' too.
    has("results", &["1. in an earlier search: exit 3; what fails: other", "3. in this search: exit 1", "4. in this"]);
    let tried: Vec<&str> =
        prompt.attached.iter().filter(|(name, _)| name.starts_with("tried/")).map(|(_, blob)| blob.as_str()).collect();
    assert_eq!(tried, ["diff of old", "diff of good", "diff of wrong-1", "diff of wrong-2"]);
    assert_eq!(prompt.attached["log"].as_str(), "log of trial.2");

    let texts = prompt.attached.iter().map(|(name, blob)| (name.clone(), format!("text: {blob}"))).collect();
    let occasion = Occasion { step: "investigate.3", attempt: 1, nonce: "n0nce", failure: None, shape: None };
    let text = render(prompt, &texts, &occasion).expect("renders");
    for instruction in [
        "You investigate it independently",
        "Do not trust what was concluded before",
        "Find the root cause",
        "Reproduce it here",
        "Propose the smallest change",
        "check the proposal against the repository as it is",
    ] {
        assert!(text.contains(instruction), "{instruction}: {text}");
    }
    for blob in ["log of trial.2", "diff of old", "diff of wrong-2"] {
        assert!(text.contains(&format!("<<<n0nce\ntext: {blob}\nn0nce>>>")), "{blob} stands in a fence: {text}");
    }
    let (_, report) = report(&world);
    assert_eq!(report["packets"][0]["facts"]["commit"], "base", "a person has it too (ESC-11)");
    assert_eq!(report["packets"][0]["attached"]["tried/004"], "diff of wrong-2");
}

#[test]
fn esc_05_what_it_changes_is_a_proposal_and_a_checkout_that_changed_meanwhile_stops_it_for_a_person() {
    for (after, answer, outcome) in [
        ("work", None, Some(Outcome::Complete)),
        ("touched", Some("yes"), Some(Outcome::Complete)),
        ("touched", Some("no"), None),
    ] {
        let model = move |step: &str, no: u32, link: &Link| match step {
            "investigate.3" => {
                Does::Proposes(investigation(), Some("fixed-in-copy"), looked(Claimed::Nothing, "work", after))
            }
            other => well(other, no, link),
        };
        let mut world = searching(&model);
        let mut run = answered(&mut world, "escalate.3", "2");
        assert!(matches!(asked(&run, "investigate.3").reply, ReplyForm::Proposal { .. }));
        let question = run.steps.get(&"checkout.3".into()).cloned();
        assert_eq!(question.is_some(), answer.is_some(), "{after}");
        if let (Some(answer), Some(Step::Question { text, .. })) = (answer, question) {
            assert!(text.contains("changed while ext looked") && text.contains("work before, touched after"), "{text}");
            world.answer("checkout.3", answer);
            run = world.play();
        }
        match outcome {
            Some(outcome) => assert_eq!(run.outcome, Some(outcome)),
            None => assert!(
                matches!(&run.outcome, Some(Outcome::Negative { why }) if why.contains("it was not a person")),
                "{:?}",
                run.outcome
            ),
        }
        assert!(!run.landed.contains(&"investigate.3".into()), "it is a proposal, and lands nowhere");
        assert!(run.validated(&"investigate.3".into()).is_none());
        let (text, report) = report(&world);
        let looked = &report["investigations"][0]["checkout"];
        assert_eq!((&looked["before"], &looked["after"]), (&"work".into(), &after.into()));
        assert_eq!(text.contains("The checkout was as it is: tree `work`"), answer.is_none(), "{text}");
    }
}

#[test]
fn esc_06_every_claim_is_run_before_anybody_weighs_it() {
    let own = |claimed: Claimed, copy: Option<&'static str>| {
        move |step: &str, no: u32, link: &Link| match step {
            "investigate.3" => Does::Proposes(investigation(), copy, looked(claimed.clone(), "work", "work")),
            other => well(other, no, link),
        }
    };
    let applies = |tree: &str| Claimed::Applies(change(tree, &"base".into()));
    let refused = Claimed::Refused { why: "it does not apply: patch failed: src/add.py:1".into() };
    let before = "red before (exit 1 on tree base-tree)";
    for (claimed, copy, steps, said) in [
        (
            applies("fixed-by-diff"),
            None,
            vec!["claim.3", "claimed.3"],
            vec!["the diff in its answer", before, "green after"],
        ),
        (applies("still-red"), None, vec!["claim.3", "claimed.3"], vec![before, "red after (exit 1 of `make test`"]),
        (
            applies("fixed"),
            Some("fixed"),
            vec!["claim.3", "proposal.3"],
            vec!["what it changed in its copy", "green after"],
        ),
        (refused, None, vec!["claim.3"], vec!["was not tried: it does not apply: patch failed"]),
        (Claimed::Nothing, None, vec!["claim.3"], vec!["there is no proposal to try"]),
    ] {
        let model = own(claimed, copy);
        let mut world = searching(&model);
        let run = answered(&mut world, "escalate.3", "2");
        let opened = opened(&world);
        let from = opened.iter().position(|step| step == "investigate.3").expect("asked") + 1;
        let until = opened.iter().position(|step| step == "evaluate.3").expect("weighed");
        assert_eq!(opened[from..until], steps, "tried before it is weighed");
        let found = &asked(&run, "evaluate.3").prompt.data["tried_claims"];
        assert!(said.iter().all(|part| found.contains(part)), "{found}");
        assert!(found.contains("run on tree base-tree and fails, as claimed (exit 1)"), "{found}");
        let (_, report) = report(&world);
        assert_eq!(report["investigations"][0]["tried"].as_str(), Some(found.as_str()));
        assert_eq!(report["investigations"][0]["found"]["before"]["tree"], "base-tree");
    }
    // The reproduction must be gone too, where it is another command.
    let mut world = searching(&well);
    let run = answered(&mut world, "escalate.3", "2");
    let Some(Step::Probe { commands, .. }) = run.steps.get(&"claimed.3".into()) else { panic!("it is tried") };
    assert_eq!(commands, &[vec!["make".to_owned(), "test".into()], vec!["python3".to_owned(), "repro.py".into()]]);
}

#[test]
fn esc_06_the_form_is_exact() {
    let run = World::new(&[], &well, &fixed).state();
    let accepts = |value: &Value| Debug.accepts("investigation", &run, value);
    assert_eq!(accepts(&investigation()), Ok(()));
    let with = |name: &str, wrong: Value| {
        let mut value = investigation();
        value[name] = wrong;
        value
    };
    for (name, wrong) in [
        ("root_cause", json!(" ")),
        ("confidence", json!(1.1)),
        ("command", json!([])),
        ("command", json!(["x".repeat(5000)])),
        ("reproduced", json!("yes")),
        ("verdict", json!("PASS")),
    ] {
        assert!(accepts(&with(name, wrong)).is_err(), "{name}");
    }
    for name in investigation().as_object().expect("an object").keys() {
        let mut value = investigation();
        value.as_object_mut().expect("an object").remove(name);
        assert!(accepts(&value).is_err(), "{name} is wanted");
    }
}

#[test]
fn esc_07_the_orchestrator_weighs_it_and_whoever_implements_it_is_at_home_whatever_is_configured() {
    let red = |step: &str, no: u32, link: &Link| match step {
        "fix.3" => Does::Makes("wrong-3"),
        other => well(other, no, link),
    };
    for (model, green) in [(&well as &dyn Fn(&str, u32, &Link) -> Does, true), (&red, false)] {
        let mut world = searching(model);
        for task in ["debugging", "debugging_escalated"] {
            let row = world.policy.routes.get_mut(&task.into()).expect("there");
            row.assist = vec!["ext".into()];
            row.diverse = vec!["ext".into(), "ana".into()];
        }
        let run = answered(&mut world, "escalate.3", "2");
        let judge = asked(&run, "evaluate.3");
        assert_eq!(judge.role, Role::Orchestrator);
        assert_eq!(asked(&run, "fix.3").prompt.data["advice"], "Add instead.");
        for fix in ["fix.1", "fix.2", "fix.3"] {
            let route = run.ask(&fix.into()).and_then(|ask| ask.route.as_ref()).expect("routed");
            assert!(!route.links.is_empty(), "{fix}");
            assert!(route.links.iter().all(|link| link.vendor == home_vendor()), "{fix}: {route:?}");
        }
        let (_, report) = report(&world);
        if green {
            assert_eq!(run.outcome, Some(Outcome::Complete));
            assert!(run.landed.contains(&"fix.3".into()));
        } else {
            assert_eq!(report["cycles"]["total"], 3, "the count goes on");
            assert!(run.landed.is_empty());
        }
    }
}

#[test]
fn esc_08_the_analysis_gets_the_same_packet_and_only_reads() {
    let packet = |way: &str| {
        let mut world = searching(&well);
        let run = answered(&mut world, "escalate.3", way);
        let ask = asked(&run, "investigate.3").clone();
        let link = run.ask(&"investigate.3".into()).and_then(|ask| ask.route.clone()).expect("routed").links.remove(0);
        (grant(&world.policy, &ask, &link, &home_vendor()).writes(), link.model, ask)
    };
    let (writes, coder, independent) = packet("2");
    assert!(writes && coder == ModelId::from("ext"));
    let (writes, analyzer, mut analysis) = packet("3");
    assert!(!writes, "it only reads");
    assert_eq!(analyzer, ModelId::from("ana"));
    assert!(matches!(analysis.reply, ReplyForm::Json { .. }));
    assert_eq!(analysis.prompt.data.remove("reads_only").as_deref(), Some("yes"));
    assert_eq!(analysis.prompt, independent.prompt, "the same packet");
}

#[test]
fn esc_10_effort_rises_at_home_before_anybody_outside_is_offered() {
    let mut world = searching(&well);
    let run = answered(&mut world, "escalate.3", "1");
    let link = |step: &str| run.ask(&step.into()).and_then(|ask| ask.route.clone()).expect("routed").links.remove(0);
    let efforts = ["fix.1", "fix.2"].map(|step| (link(step).model.to_string(), link(step).effort));
    assert_eq!(efforts[0], ("sonnet".into(), Some("high".into())), "first at the usual effort");
    assert_eq!(efforts[1], ("sonnet".into(), Some("max".into())), "then, blocked and with its own red run, at more");
    let opened = opened(&world);
    let at = |step: &str| opened.iter().position(|one| one == step).expect("opened");
    assert!(at("fix.2") < at("escalate.3") && at("escalate.3") < at("fix.3"), "{opened:?}");
    assert_eq!(link("fix.3").model, ModelId::from("opus"), "a different approach is the orchestrator's own");
    assert_eq!(asked(&run, "fix.3").task.as_str(), "debugging_escalated");
    assert!(!opened.contains(&"investigate.3".to_owned()));
    // A family that knows no other level is asked as it was.
    let mut world = searching(&well);
    world.policy.models.get_mut(&"sonnet".into()).expect("there").efforts.truncate(2);
    let run = world.play();
    assert_eq!(asked(&run, "fix.2").task.as_str(), "debugging");
}

#[test]
fn esc_01_nobody_is_offered_where_escalation_is_off_and_nobody_is_asked_who_is_not_enabled() {
    let home = |step: &str, no: u32, link: &Link| match step {
        "fix.3" => Does::Makes("wrong-3"),
        "fix.4" => Does::Makes("fixed-at-last"),
        other => well(other, no, link),
    };
    let mut world = searching(&home);
    world.policy.checkpoints.insert(Checkpoint::DebugEscalation, CheckpointMode::Off);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert!(!opened(&world).iter().any(|step| step.starts_with("escalate")));

    let mut world = searching(&well);
    world.policy.enabled.clear();
    let run = answered(&mut world, "escalate.3", "3");
    let Some(Step::Question { text, .. }) = run.steps.get(&"escalate.3".into()) else { panic!("it is offered") };
    assert!(text.contains("2: nobody enabled") && text.contains("3: nobody enabled"), "{text}");
    assert!(matches!(&run.outcome, Some(Outcome::Negative { why }) if why.contains("nobody is enabled")));
    assert!(
        !world
            .events
            .iter()
            .any(|one| matches!(&one.event, Event::AttemptStarted { step, .. } if step.as_str() == "investigate.3"))
    );
}
