//! Where the checkpoints of `develop` stand, and what passes them.

use crate::world::{Does, Model, World, accept, plan, synthesis};
use mao_core::event::Link;
use mao_core::outcome::Outcome;
use mao_core::request::Approval;
use mao_core::step::Step;
use mao_policy::checkpoint::{Channel, Checkpoint, CheckpointMode};
use mao_policy::consensus::Consensus;
use mao_policy::policy::TaskRoute;
use mao_workflows::Workflow;
use mao_workflows::develop::Develop;
use serde_json::{Value, json};

fn green(_tree: &str) -> bool {
    true
}

fn well(step: &str, _acknowledged: u32, _link: &Link) -> Does {
    match step {
        "plan" => Does::Says(plan(&[("1", &["schemas"])])),
        "review.plan.1" => Does::Says(json!({"verdict": "PASS", "items": []})),
        "review.pr.1" => Does::Says(json!({"verdict": "ISSUES", "coverage": ["lib/x"], "issues": [{
            "id": "I1", "file": "lib/x", "line": 2, "severity": "HIGH", "category": "logic", "claim": "off by one",
            "evidence": "", "suggestion": "",
        }]})),
        "work.1.schemas" => Does::Makes("s1"),
        "synthesis" => synthesis(),
        judge if judge.starts_with("judge.") => accept(),
        other => panic!("nobody expected {other}"),
    }
}

fn opened(world: &World<'_>) -> Vec<String> {
    let opens = world.events.iter().filter(|recorded| recorded.event.kind() == "step_opened");
    opens.filter_map(|recorded| recorded.event.step().map(ToString::to_string)).collect()
}

fn report(world: &World<'_>) -> Value {
    let files = Develop.report(&world.policy, &world.state(), &Default::default());
    let json = files.iter().find(|file| file.path.ends_with(".json")).expect("written");
    serde_json::from_str(&json.text).expect("JSON")
}

fn with(mode: CheckpointMode, checkpoint: Checkpoint) -> World<'static> {
    let mut world = World::new(&["1"], &well, &green);
    world.policy.checkpoints.insert(checkpoint, mode);
    world
}

#[test]
fn chk_03_golden_2_auto_skips_20_tasks_with_a_line_and_reviews_21() {
    for (tasks, read) in [(20, false), (21, true)] {
        let mut world = with(CheckpointMode::Auto, Checkpoint::PlanReview);
        world.ask_for(|request| request.sections[0].declares.subtasks = Some(tasks));
        let run = world.play();
        assert_eq!(run.outcome, Some(Outcome::Complete));
        assert_eq!(opened(&world).contains(&"review.plan.1".to_owned()), read, "{tasks}");
        let passed = &report(&world)["checkpoints"][0];
        let expected = if read { "PASS" } else { "SKIPPED" };
        assert_eq!(passed["verdict"], expected, "{tasks}");
        let why = run.skipped.get(&"review.plan.1".into());
        let line = "by policy: 20 tasks, and more than 20 are needed".to_owned();
        assert_eq!(why, (!read).then_some(&line));
    }
}

#[test]
fn chk_13_the_plan_is_read_before_its_approval_and_the_change_before_the_branch() {
    let mut world = with(CheckpointMode::Auto, Checkpoint::PlanReview);
    world.policy.checkpoints.insert(Checkpoint::PrCrossReview, CheckpointMode::Auto);
    world.policy.thresholds.plan_tasks = 0;
    world.ask_for(|request| request.approval = Approval::Always);
    world.lines.insert("lib/x".into(), 9);
    world.play();
    assert_eq!(opened(&world).last().map(String::as_str), Some("approve"), "a person approves what was read");
    world.answer("approve", "yes");
    let run = world.play();
    let opened = opened(&world);
    let at = |step: &str| opened.iter().position(|one| one == step).unwrap_or_else(|| panic!("{step}: {opened:?}"));
    assert!(at("plan") < at("review.plan.1") && at("review.plan.1") < at("approve"), "{opened:?}");
    assert!(at("synthesis") < at("review.pr.1") && at("review.pr.1") < at("report"), "{opened:?}");
    assert_eq!(run.outcome, Some(Outcome::Complete), "CHK-11: issues stop nothing");
}

#[test]
fn chk_11_what_is_found_in_a_change_is_listed_and_stops_nothing() {
    let mut world = with(CheckpointMode::Auto, Checkpoint::PrCrossReview);
    world.lines.insert("lib/x".into(), 9);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let passed = report(&world)["checkpoints"][0].clone();
    assert_eq!((&passed["checkpoint"], &passed["verdict"]), (&"pr_cross_review".into(), &"ISSUES".into()));
    assert_eq!((&passed["items"][0]["place"], &passed["items"][0]["claim"]), (&"lib/x:2".into(), &"off by one".into()));
    assert_eq!(passed["hash"], "diff", "CHK-10");
}

#[test]
fn dis_12_a_change_that_two_are_to_agree_on_ends_complete_only_where_they_do() {
    let differ = |step: &str, no: u32, link: &Link| match step {
        "review.pr.1" => Does::Says(json!({"verdict": "LGTM", "issues": [], "coverage": ["lib/x"]})),
        "second.pr.1" => well("review.pr.1", no, link),
        other => well(other, no, link),
    };
    let agree = |step: &str, no: u32, link: &Link| match step {
        "review.pr.1" | "second.pr.1" => Does::Says(json!({"verdict": "LGTM", "issues": [], "coverage": ["lib/x"]})),
        other => well(other, no, link),
    };
    let declined =
        Outcome::Declined { what: "one model finds nothing, the other 1 things that no test decides".into() };
    let models: [(Model<'_>, Outcome); 2] = [(&differ, declined), (&agree, Outcome::Complete)];
    for (model, outcome) in models {
        let mut world = World::new(&["1"], model, &green);
        world.policy.checkpoints.insert(Checkpoint::PrCrossReview, CheckpointMode::Auto);
        world.policy.consensus = Consensus::Wanted;
        let row = TaskRoute { diverse: vec!["ext".into()], ..TaskRoute::default() };
        for class in ["pr_review", "code_review"] {
            world.policy.routes.insert(class.into(), row.clone());
        }
        world.lines.insert("lib/x".into(), 9);
        assert_eq!(world.play().outcome, Some(outcome));
        let passed = report(&world)["checkpoints"][0].clone();
        let why = passed["why"].as_str().unwrap_or_default();
        assert!(why.starts_with("two were to agree: one model") || why == "two vendors agree", "{passed:#}");
        assert!(opened(&world).contains(&"publish".to_owned()), "the branch is there to be looked at");
    }
}

#[test]
fn chk_05_a_change_is_offered_to_a_person_with_its_counts_and_off_says_so() {
    let mut asked = with(CheckpointMode::Ask, Checkpoint::PrCrossReview);
    asked.policy.answers = Channel::Later;
    // The plan is offered too: ask asks whatever the count is.
    asked.play();
    asked.answer("offer.plan", "no");
    asked.play();
    let state = asked.state();
    let Some(Step::Question { text, .. }) = state.steps.get(&"offer.pr".into()) else { panic!("it is offered") };
    assert!(text.contains("11 files changed. Have another model review the change? [y/N]"));
    asked.answer("offer.pr", "no");
    assert_eq!(asked.play().outcome, Some(Outcome::Complete));
    let passed = report(&asked)["checkpoints"].clone();
    let verdicts: Vec<&str> = passed.as_array().unwrap().iter().filter_map(|one| one["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["DECLINED", "DECLINED"]);

    let mut off = with(CheckpointMode::Off, Checkpoint::PrCrossReview);
    assert_eq!(off.play().outcome, Some(Outcome::Complete));
    assert!(!opened(&off).contains(&"compare".to_owned()));
    assert_eq!(report(&off)["checkpoints"][0]["verdict"], "SKIPPED");
}

#[test]
fn chk_02_by_default_and_without_anybody_there_nobody_is_asked_and_nothing_changes() {
    let mut world = World::new(&["1"], &well, &green);
    assert_eq!(world.play().outcome, Some(Outcome::Complete));
    assert!(opened(&world).iter().all(|step| !step.starts_with("review.") && !step.starts_with("offer.")));
    assert!(report(&world).get("checkpoints").is_none());
}
