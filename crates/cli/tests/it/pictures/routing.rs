//! `mao route` and `mao models list`: who would do what, and why; nobody is called and nothing is written.

use super::{json_lines, picture, still};
use crate::shop::Shop;
use expect_test::expect;
use std::os::unix::fs::PermissionsExt;

/// A place where two command lines are there that tell when they are started, one of them enabled.
fn place() -> Shop {
    let mut shop = still(Shop::with(&[("a.txt", "a\n")], "[models]\ncodex_enabled = true\ngemini_enabled = true\n"));
    let programs = shop.sandbox.root().join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    for name in ["claude", "codex"] {
        let program = programs.join(name);
        std::fs::write(&program, format!("#!/bin/sh\ntouch {}/started\n", programs.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    shop.sandbox.prefer(&programs);
    shop
}

fn nobody_was_called(shop: &Shop) {
    assert!(!shop.sandbox.root().join("programs/started").exists(), "a command line was started");
    assert!(!shop.state().exists(), "looking writes nothing");
}

#[test]
fn rte_01_route_says_who_in_which_order_and_why() {
    let shop = place();
    expect![[r#"
        exit 0
        --- stdout
        schema_design  diverse  sonnet-5.5
          why       the route of its class
          1         sonnet-5.5  effort high, over claude, billed to anthropic (subscription): fallback of schema_design in mode diverse
          2         opus-5.5  effort medium, over claude, billed to anthropic (subscription): universal fallback
          without   gemini-4-argon  gemini is not on PATH
          access    writes the paths that it owns, in a worktree of its own
          privacy       privacy=any: no limit
          primary       class=schema_design: may leave
          request       model=none: nobody was asked for by name
          creative      creative=none: it is code
          debug         class=schema_design, environment_specific=false, failed_cycles=0: no fault is looked for
          review        architecture_change=false, class=schema_design, files=0, security_hits=0: nothing is reviewed
          research      class=schema_design, context_tokens=0, needs_web=false: nothing is looked up
          disagreement  disagreement=false: nobody disagrees
        → default       class=schema_design, mode=diverse: the route of its class
    "#]].assert_eq(&picture(&shop, &["route", "schema_design", "--mode", "diverse", "--explain"]));
    expect![[r#"
        exit 0
        --- stdout
        core_logic  diverse  gpt-6.1-sol
          why       the route of its class
          1         gpt-6.1-sol  effort medium, over codex, billed to openai (subscription): primary of core_logic in mode diverse
          2         opus-5.5  effort medium, over claude, billed to anthropic (subscription): fallback of core_logic in mode diverse
          access    writes the paths that it owns, in a worktree of its own
    "#]].assert_eq(&picture(&shop, &["route", "core_logic", "--mode", "diverse"]));
    expect![[r#"
        exit 0
        --- stdout
        core_logic  assist  sonnet-5.5
          why       faults are looked for at home first
          1         sonnet-5.5  effort high, over claude, billed to anthropic (subscription): primary of core_logic in mode assist
          2         opus-5.5  effort medium, over claude, billed to anthropic (subscription): universal fallback
          access    writes the paths that it owns, in a worktree of its own
          suggested coder (gpt-6.1-sol): 2 cycles failed: a second look at the code (debug_escalation = ask)
          suggested analyzer (nobody may be asked): 2 cycles failed: architecture and dependencies, reading only (debug_escalation = ask)
          suggested orchestrator (opus-5.5): 2 cycles failed: more effort at home (debug_escalation = ask)
    "#]].assert_eq(&picture(&shop, &["route", "core_logic", "--failed-cycles", "2"]));
    nobody_was_called(&shop);
}

#[test]
fn prv_07_a_request_does_not_take_out_what_must_stay() {
    let shop = place();
    expect![[r#"
        exit 1
        --- stdout
        validation  assist  nobody
          why       gpt-6.1-sol: validation stays with anthropic
          without   gpt-6.1-sol  validation stays with anthropic
    "#]]
    .assert_eq(&picture(&shop, &["route", "validation", "--model", "gpt-6.1-sol"]));
    nobody_was_called(&shop);
}

#[test]
fn rte_05_what_privacy_forbids_is_a_no_with_its_reason() {
    let shop = place();
    expect![[r#"
        exit 1
        --- stdout
        core_logic  assist  nobody
          why       nothing may leave this machine (no model is configured for it)
    "#]]
    .assert_eq(&picture(&shop, &["route", "core_logic", "--privacy", "local"]));
    nobody_was_called(&shop);
}

#[test]
fn rte_01_a_class_that_there_is_not_is_a_wrong_word() {
    let shop = place();
    expect![[r#"
        exit 2
        --- stderr
        error: there is no task class `core_logick`

        hint: did you mean core_logic? `mao route` lists them all
    "#]]
    .assert_eq(&picture(&shop, &["route", "core_logick"]));
    expect![[r#"
        exit 2
        --- stderr
        error: there is no task class `poetry`

        hint: `mao route` lists them all
    "#]]
    .assert_eq(&picture(&shop, &["route", "poetry"]));
}

/// The table of routes with each model as the role that holds it, and what mode `assist` names.
fn rows(classes: &[(&str, &str, &str)]) {
    let shop = place();
    let models = json_lines(&shop, &["models", "list", "--json"]);
    let routes = json_lines(&shop, &["route", "--json"]);
    let model = |name: &serde_json::Value| models.iter().find(|row| row["model"] == *name).expect("in the registry");
    let holds = |name: &serde_json::Value, role: &str| {
        model(name)["held_roles"].as_array().is_some_and(|held| held.iter().any(|held| held == role))
    };
    for (class, primary, fallback) in classes {
        let row = routes.iter().find(|row| row["class"] == *class).unwrap_or_else(|| panic!("no {class}"));
        assert!(holds(&row["diverse"][0], primary), "{class}: {row}");
        assert!(holds(&row["diverse"][1], fallback), "{class}: {row}");
        for named in row["assist"].as_array().unwrap() {
            assert_eq!(model(named)["vendor"], "anthropic", "X-39: in mode assist {class} stays at home");
        }
    }
}

#[test]
fn rte_02_the_workstreams_go_to_the_specifications_primaries_and_fallbacks() {
    rows(&[
        ("schema_design", "analyzer", "worker"),
        ("storage_layer", "coder", "worker"),
        ("core_logic", "reasoner", "orchestrator"),
        ("implementation", "worker", "coder"),
        ("tests", "coder", "worker"),
    ]);
}

#[test]
fn rte_03_the_dimensions_of_a_review_go_to_the_specifications_primaries_and_fallbacks() {
    rows(&[
        ("prd_compliance", "analyzer", "orchestrator"),
        ("error_handling", "worker", "orchestrator"),
        ("type_safety", "coder", "worker"),
        ("architecture", "orchestrator", "analyzer"),
        ("security", "reasoner", "orchestrator"),
        ("dependency_check", "checker", "drafter"),
    ]);
}

#[test]
fn cfg_03_models_list_shows_the_first_thing_that_is_missing() {
    let shop = place();
    let rows = json_lines(&shop, &["models", "list", "--json"]);
    let row = |model: &str| rows.iter().find(|row| row["model"] == model).unwrap_or_else(|| panic!("no {model}"));
    assert_eq!((&row("opus-5.5")["usable"], &row("opus-5.5")["missing"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(row("gpt-6.1-sol")["usable"], true);
    assert_eq!(row("gpt-5.2-codex")["missing"], "retired; use gpt-6.1-sol");
    assert_eq!(row("gemini-4-argon")["enabled"], true, "enabled is not available");
    assert_eq!(row("gemini-4-argon")["missing"], "gemini is not on PATH");
    let plain = still(Shop::with(&[("a.txt", "a\n")], ""));
    let closed = json_lines(&plain, &["models", "list", "--json"]);
    assert!(closed.iter().any(|row| row["missing"] == "codex is not enabled" && row["enabled"] == false));
    assert_eq!(picture(&shop, &["models", "list"]).lines().count(), rows.len() + 5, "one line an entry");
    nobody_was_called(&shop);
}

#[test]
fn cfg_04_a_picture_without_a_model_for_it_is_a_question() {
    let shop = place();
    expect![[r#"
        exit 1
        --- stdout
        image_generation  assist  you are asked
          why       which model for image_generation? models.defaults.image_generation is not set
    "#]]
    .assert_eq(&picture(&shop, &["route", "image_generation"]));
    nobody_was_called(&shop);
}
