//! What `develop` does with a plan, with refusals, with failures, and what its report says of it.

use crate::world::{Does, World, accept, plan, synthesis};
use mao_core::event::Link;
use mao_core::fault::FaultKind;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_workflows::Workflow;
use mao_workflows::develop::Develop;
use serde_json::{Value, json};

fn green(_tree: &str) -> bool {
    true
}

/// Two sections with two workstreams each; everyone does well.
fn well(step: &str, _acknowledged: u32, _link: &Link) -> Does {
    match step {
        "plan" => Does::Says(plan(&[("1", &["schemas", "storage"]), ("2", &["schemas", "storage"])])),
        "synthesis" => synthesis(),
        "work.1.schemas" => Does::Makes("s1"),
        "work.2.schemas" => Does::Makes("s2"),
        "work.1.storage" => Does::Makes("t1"),
        "work.2.storage" => Does::Makes("t2"),
        judge if judge.starts_with("judge.") => accept(),
        other => panic!("nobody expected {other}"),
    }
}

fn report(world: &World<'_>, run: &RunState) -> (String, Value) {
    let files = Develop.report(&world.policy, run, None);
    let find = |ending: &str| files.iter().find(|file| file.path.ends_with(ending)).expect("written").text.clone();
    (find(".md"), serde_json::from_str(&find(".json")).expect("JSON"))
}

#[test]
fn dev_05_sections_land_wave_by_wave_in_the_requests_order() {
    let mut world = World::new(&["1", "2"], &well, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert_eq!(run.opened.base_tree.as_str(), "base-tree");
    let merged: Vec<&str> =
        run.steps.keys().map(|step| step.as_str()).filter(|step| step.starts_with("merge.")).collect();
    assert_eq!(merged, ["merge.1.schemas.1", "merge.1.storage.1", "merge.2.schemas.1", "merge.2.storage.1"]);
    let (_, json) = report(&world, &run);
    assert_eq!(json["checks"][0]["tree"], "base-tree+s1+s2+t1+t2", "what was verified is the head without the report");
    assert_eq!(json["checks"][0]["exit"], 0);
    let judged: Vec<&str> =
        run.steps.keys().map(|step| step.as_str()).filter(|step| step.starts_with("judge.")).collect();
    assert_eq!(judged, ["judge.1.storage.1", "judge.2.storage.1"], "the home vendor's work needs no judge");
}

#[test]
fn dev_05_what_breaks_the_merged_tree_is_refused_and_redone_on_the_new_head() {
    // s2 is green alone and red after s1; its second version is green.
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.2.schemas", 1) => Does::Makes("s2-repaired"),
        _ => well(step, acknowledged, link),
    };
    let checks = |tree: &str| !tree.contains("s1+s2") || tree.contains("s2-repaired");
    let mut world = World::new(&["1", "2"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let row = report(&world, &run).1["workstreams"][2].clone();
    assert_eq!((row["section"].as_str(), row["workstream"].as_str()), (Some("2"), Some("schemas")));
    assert_eq!(row["history"], json!(["sonnet: broke the merged tree"]));
    assert_eq!(row["state"], "merged");
}

#[test]
fn inv_03_a_refused_change_is_not_merged_and_its_section_is_incomplete() {
    let refuse = || Does::Says(json!({"accept": false, "findings": [{"file": null, "line": null, "claim": "unsafe"}]}));
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        judge if judge.starts_with("judge.1.storage") => refuse(),
        // Every model's version is refused or red, to the end of the chain.
        "work.1.storage" if link.vendor.as_str() != "vendor-x" => Does::Makes("red"),
        _ => well(step, acknowledged, link),
    };
    let checks = |tree: &str| tree != "red";
    let mut world = World::new(&["1", "2"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    assert!(!run.steps.keys().any(|step| step.as_str().starts_with("merge.1.storage")), "{:?}", run.steps.keys());
    let (text, json) = report(&world, &run);
    assert_eq!(json["workstreams"][1]["state"], "failed");
    assert_eq!(json["workstreams"][3]["state"], "merged", "the other section goes on");
    assert!(text.contains("unsafe"), "{text}");
}

#[test]
fn dev_05_what_follows_a_lost_workstream_is_skipped_by_name() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "work.1.schemas" => Does::Fails(FaultKind::Refused),
        _ => well(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    let skipped: Vec<(&str, &str)> = run.skipped.iter().map(|(step, why)| (step.as_str(), why.as_str())).collect();
    assert_eq!(skipped, [("work.1.storage", "schemas of section 1 is missing")]);
}

#[test]
fn fbk_10_the_line_names_label_models_and_reason() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage", 0) => Does::Fails(FaultKind::TimedOut),
        _ => well(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let (text, json) = report(&world, &run);
    let line = "Storage layer: fallback from ext to sonnet (timeout)";
    assert_eq!(json["fallbacks"], json!([line]));
    assert!(text.contains(line));
}

#[test]
fn inv_07_the_report_names_what_served_and_not_what_was_planned() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage", 0) => Does::Fails(FaultKind::TimedOut),
        _ => well(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let (text, json) = report(&world, &run);
    assert_eq!(json["workstreams"][1]["served"], "claude-sonnet-9-served", "the fallback did it");
    assert_eq!(json["workstreams"][3]["served"], "x-1-served");
    assert_eq!(json["models"], json!(["claude-opus-9-served", "claude-sonnet-9-served", "x-1-served"]));
    assert!(text.contains("3 served"), "{text}");
}

#[test]
fn inv_01_a_plan_that_cannot_be_had_ends_the_run() {
    let model = |_: &str, _: u32, _: &Link| Does::Says(json!({"not": "a plan"}));
    let run = World::new(&["1"], &model, &green).play();
    assert_eq!(run.outcome, Some(Outcome::NoProvider { reason: "unparsable".into() }));
    assert_eq!(run.ask(&"plan".into()).expect("asked").attempts.len(), 2, "asked again once, and nobody else");
}

#[test]
fn dev_05_where_nothing_landed_nothing_is_synthesised() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        work if work.starts_with("work.") => Does::Makes("red"),
        _ => well(step, acknowledged, link),
    };
    let checks = |tree: &str| !tree.contains("red");
    let mut world = World::new(&["1", "2"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    assert!(!run.knows(&"synthesis".into()), "asked for a synthesis of nothing");
    assert_ne!(run.head, run.opened.base, "the report stands on the branch");
}

#[test]
fn dev_06_a_red_base_starts_nothing_and_says_so() {
    let checks = |tree: &str| tree != "base-tree";
    let mut world = World::new(&["1", "2"], &well, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    assert!(!run.steps.keys().any(|step| step.as_str().starts_with("work.")), "{:?}", run.steps.keys());
    assert!(report(&world, &run).0.contains("red on the base commit"));
}

#[test]
fn dev_10_the_same_state_yields_the_same_effects_and_only_new_ones() {
    let mut world = World::new(&["1", "2"], &well, &green);
    world.play();
    let all = world.events.clone();
    for end in 1..all.len() {
        let state = RunState::fold(&all[..end]).unwrap().unwrap();
        let effects = Develop.next(&world.policy, &state);
        assert_eq!(effects, Develop.next(&world.policy, &state));
        for effect in effects {
            if let mao_core::effect::Effect::Open { step, .. } = effect {
                assert!(!state.knows(&step), "{step} was opened before event {end}");
            }
        }
    }
}

#[test]
fn dev_07_only_sections_that_landed_whole_are_ticked() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "work.1.storage" => Does::Fails(FaultKind::Refused),
        _ => well(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let tasks = "## Section 1: A\n- [ ] 1.1 a\n\n## Section 2: B\n- [ ] 2.1 b\n";
    let files = Develop.report(&world.policy, &run, Some(tasks));
    let ticked = files.iter().find(|file| file.path == "todo/tasks.md").expect("written");
    assert_eq!(ticked.text, tasks.replace("- [ ] 2.1", "- [x] 2.1"));
}

#[test]
fn fbk_06_a_fallback_asks_nobody_and_leaves_a_line_in_the_report() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage", 0) => Does::Fails(FaultKind::QuotaExhausted { until: None }),
        _ => well(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert!(run.steps.values().all(|step| !matches!(step, Step::Question { .. })), "a person was asked");
    let (text, json) = report(&world, &run);
    let lines = json["fallbacks"].as_array().expect("a list");
    assert!(
        lines.iter().any(|line| line.as_str() == Some("Storage layer: fallback from ext to sonnet (quota exhausted)"))
    );
    assert!(text.contains("Storage layer: fallback from ext to sonnet"));
}

#[test]
fn dev_08_a_workstream_that_fails_to_its_end_leaves_the_others_alone() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "work.1.storage" => Does::Makes("red"),
        _ => well(step, acknowledged, link),
    };
    let checks = |tree: &str| tree != "red";
    let mut world = World::new(&["1", "2"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    let asked = run.ask(&"work.1.storage".into()).expect("asked");
    let tried: Vec<usize> = asked.attempts.iter().map(|attempt| attempt.link).collect();
    assert_eq!(tried, [0, 0, 1, 1, 2, 2], "each model once more with the failure attached, then the next");
    let states: Vec<Value> = report(&world, &run).1["workstreams"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert_eq!(states, ["merged", "failed", "merged", "merged"]);
}

#[test]
fn dev_09_the_verification_table_says_what_ran_on_which_tree() {
    let mut world = World::new(&["1"], &well_alone, &green);
    let run = world.play();
    let (text, json) = report(&world, &run);
    assert!(text.contains("| command | exit | tests | tree |"), "{text}");
    assert!(text.contains("| `make test` | 0 | 3 passed, 0 failed, 1 skipped | `base-tree+s1"), "{text}");
    assert_eq!(json["checks"][0]["counts"], json!({"passed": 3, "failed": 0, "skipped": 1}));
}

/// One section with one workstream.
fn well_alone(step: &str, acknowledged: u32, link: &Link) -> Does {
    match step {
        "plan" => Does::Says(plan(&[("1", &["schemas"])])),
        _ => well(step, acknowledged, link),
    }
}
