//! What `develop` does with a plan, with refusals, with failures, and what its report says of it.

use crate::world::{Does, World, accept, plan, synthesis};
use mao_core::event::Link;
use mao_core::fault::FaultKind;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_workflows::develop::Develop;
use mao_workflows::{Texts, Workflow};
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
    let files = Develop.report(&world.policy, run, &Texts::new());
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
    assert_eq!(merged, ["merge.1.schemas.1", "merge.1.storage.1"], "a group lands at once");
    let trials: Vec<&str> =
        run.steps.keys().map(|step| step.as_str()).filter(|step| step.starts_with("trial.")).collect();
    assert_eq!(trials, ["trial.1.schemas.1", "trial.1.storage.1"], "and is checked once");
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

/// Every merge, with each change that took part in it, in order.
fn members(run: &RunState) -> Vec<(String, String)> {
    let merges = run.steps.iter().filter_map(|(id, step)| match step {
        Step::Merge { changes, .. } => Some(changes.iter().map(move |member| (id.to_string(), member.of.to_string()))),
        Step::Ask(_)
        | Step::Verify { .. }
        | Step::Probe { .. }
        | Step::Inspect { .. }
        | Step::Compare { .. }
        | Step::Report { .. }
        | Step::Publish { .. }
        | Step::Question { .. } => None,
    });
    merges.flatten().collect()
}

/// Four sections with one workstream each, of the orchestrator's own vendor.
fn four(step: &str, _acknowledged: u32, _link: &Link) -> Does {
    match step {
        "plan" => Does::Says(plan(&["1", "2", "3", "4"].map(|section| (section, &["schemas"][..])))),
        "synthesis" => synthesis(),
        "work.1.schemas" => Does::Makes("s1"),
        "work.2.schemas" => Does::Makes("s2"),
        "work.3.schemas" => Does::Makes("s3"),
        "work.4.schemas" => Does::Makes("s4"),
        other => panic!("nobody expected {other}"),
    }
}

fn trials(run: &RunState) -> Vec<&str> {
    run.steps.keys().map(|step| step.as_str()).filter(|step| step.starts_with("trial.")).collect()
}

#[test]
fn dev_05_the_culprit_is_found_by_halves_and_what_stands_before_it_lands() {
    // s3 is red after s1; its second version is not.
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.3.schemas", 1) => Does::Makes("s3-repaired"),
        _ => four(step, acknowledged, link),
    };
    let checks = |tree: &str| !(tree.contains("s1") && tree.contains("s3")) || tree.contains("s3-repaired");
    let mut world = World::new(&["1", "2", "3", "4"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    // The whole line is red twice, two of it are green, three are red twice: it is the third.
    let expected = ["trial.1.schemas.1", "trial.1.schemas.1-2", "trial.1.schemas.1-3", "trial.1.schemas.1-3-again"];
    assert_eq!(trials(&run)[..4], expected);
    assert_eq!(trials(&run)[4..], ["trial.1.schemas.1-again", "trial.1.schemas.2"]);
    let (_, json) = report(&world, &run);
    assert_eq!(json["workstreams"][2]["history"], json!(["sonnet: broke the merged tree"]));
    for innocent in [0, 1, 3] {
        assert_eq!(json["workstreams"][innocent]["history"], json!([]), "{innocent}");
    }
    assert_eq!(json["checks"][0]["tree"], "base-tree+s1+s2+s3-repaired+s4");
    assert_eq!(json["flaky"], json!([]), "red twice is red");
}

#[test]
fn dev_05_a_check_that_is_red_and_then_green_on_the_same_tree_is_named_flaky() {
    let seen = std::cell::Cell::new(false);
    let checks = |tree: &str| !tree.ends_with("+s4") || seen.replace(true);
    let mut world = World::new(&["1", "2", "3", "4"], &four, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert_eq!(trials(&run), ["trial.1.schemas.1", "trial.1.schemas.1-again"]);
    let (text, json) = report(&world, &run);
    assert_eq!(json["flaky"], json!(["make test"]));
    assert!(text.contains("`make test` is flaky"), "{text}");
}

/// One section whose three workstreams begin from one contract; storage comes from outside.
fn together(step: &str, _acknowledged: u32, _link: &Link) -> Does {
    match step {
        "plan" => {
            let mut plan = plan(&[("1", &["schemas", "storage", "core"])]);
            plan["sections"][0]["contract"] = json!("fn save(&self)");
            Does::Says(plan)
        }
        "synthesis" => synthesis(),
        "work.1.schemas" => Does::Makes("s"),
        "work.1.storage" => Does::Makes("t"),
        "work.1.core" => Does::Makes("c"),
        judge if judge.starts_with("judge.") => accept(),
        other => panic!("nobody expected {other}"),
    }
}

/// Whether a tree of those is green: none is without what its place builds on.
fn whole(tree: &str) -> bool {
    tree.starts_with("base-tree") && (!tree.contains("+c") || tree.contains("+t"))
}

#[test]
fn inv_03_what_is_whole_only_together_is_checked_and_judged_together() {
    let mut world = World::new(&["1"], &together, &whole);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert!(!run.steps.keys().any(|step| step.as_str().starts_with("check.1")), "no tree is checked alone");
    assert_eq!(trials(&run), ["trial.1.schemas.1"], "one check for all three");
    let tried: Vec<(String, String)> = members(&run);
    assert_eq!(tried.len(), 6, "first on trial, then for the head: {tried:?}");
    let proven = run.validated(&"work.1.storage".into()).expect("accepted");
    assert_eq!(proven.proof().checked.as_str(), "base-tree+s+t+c");
    assert!(proven.proof().judged_by.is_some());
    let judge = run.ask(&"judge.1.storage.1".into()).expect("asked");
    assert_eq!(judge.ask.base.as_str(), "c:Trial:base-tree+s+t+c", "the judge sees what was checked");
    assert_eq!(run.verified.as_str(), "c:Head:base-tree+s+t+c");
}

#[test]
fn inv_03_of_what_is_judged_together_nothing_lands_before_all_are_accepted() {
    let refuse = || Does::Says(json!({"accept": false, "findings": [{"file": null, "line": null, "claim": "unsafe"}]}));
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("judge.1.storage.1", _) => refuse(),
        ("work.1.storage", 1) => Does::Makes("t-safe"),
        _ => together(step, acknowledged, link),
    };
    let mut world = World::new(&["1"], &model, &whole);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert_eq!(run.verified_tree.as_str(), "base-tree+s+t-safe+c");
    let heads: Vec<String> =
        members(&run).into_iter().filter(|(step, _)| step.starts_with("merge.")).map(|(_, of)| of).collect();
    assert_eq!(heads, ["work.1.schemas", "work.1.storage", "work.1.core"], "one merge for the head");
}

#[test]
fn dev_05_who_breaks_what_is_whole_only_together_is_found_and_the_others_land() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage", 0) => Does::Makes("bad"),
        _ => together(step, acknowledged, link),
    };
    let checks = |tree: &str| whole(tree) && !tree.contains("+bad");
    let mut world = World::new(&["1"], &model, &checks);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let (_, json) = report(&world, &run);
    assert_eq!(json["workstreams"][1]["history"], json!(["ext: broke the merged tree"]));
    assert_eq!(run.verified_tree.as_str(), "base-tree+s+t+c");
}

#[test]
fn dev_05_a_conflict_is_resolved_on_the_head_by_the_orchestrators_vendor() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "work.1.schemas" => Does::Makes("s1!"),
        "work.3.schemas" => Does::Makes("s3!"),
        "resolve.3.schemas.1" => Does::Makes("s3-resolved"),
        _ => four(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2", "3", "4"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let resolving = run.ask(&"resolve.3.schemas.1".into()).expect("asked");
    assert_eq!(resolving.ask.base.as_str(), "c:Head:base-tree+s1!+s2+s4", "on what the others landed");
    assert_eq!(resolving.resolves().expect("resolves").of.as_str(), "work.3.schemas");
    let (_, json) = report(&world, &run);
    assert_eq!(json["workstreams"][2]["state"], "merged");
    assert_eq!(json["workstreams"][2]["history"], json!(["merge conflict (lib/x), resolved by opus"]));
}

#[test]
fn dev_05_a_conflict_that_nobody_resolves_is_redone_by_its_own_chain() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.schemas", _) => Does::Makes("s1!"),
        ("work.3.schemas", 0) => Does::Makes("s3!"),
        ("resolve.3.schemas.1", _) => Does::Fails(FaultKind::Refused),
        _ => four(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2", "3", "4"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let (_, json) = report(&world, &run);
    assert_eq!(json["workstreams"][2]["history"], json!(["sonnet: merge conflict (lib/x)"]));
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
    assert!(members(&run).iter().all(|(_, of)| of != "work.1.storage"), "{:?}", members(&run));
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
    let files = Develop.report(&world.policy, &run, &Texts::from([("tasks".into(), tasks.to_owned())]));
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
