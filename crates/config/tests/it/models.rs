//! The shipped roster and routes, and the keys that name models.

use super::{refused, user};
use mao_config::{Inputs, load};
use mao_core::ids::ModelId;
use mao_policy::known::{Actor, Capability};
use mao_policy::policy::{Lifecycle, ModelRole};
use mao_policy::route;
use std::collections::BTreeSet;

#[test]
fn cfg_06_the_shipped_roster_and_routes_are_sound() {
    let policy = load(&Inputs::default()).expect("the built-in configuration").policy;
    mao_policy::orchestrator::check(&policy).expect("one orchestrator");
    for (id, model) in &policy.models {
        assert!(model.effort.iter().all(|effort| model.efforts.contains(effort)), "{id}");
        assert!(model.output_tokens > 0 && model.context_tokens >= model.output_tokens, "{id}");
        // What is in use has a price: a limit of money would not hold it otherwise.
        assert!(model.price.is_some() || model.lifecycle != Lifecycle::Active, "{id}");
        assert_eq!(model.verified_at.len(), "2026-11-20".len(), "{id}");
        match &model.replacement {
            Some(replacement) => {
                assert_eq!(policy.models[replacement].lifecycle, Lifecycle::Active, "{id}");
                assert_eq!(policy.models[replacement].vendor, model.vendor, "{id}");
            }
            None => assert_eq!(model.lifecycle, Lifecycle::Active, "{id} needs a replacement"),
        }
    }
    for (task, route) in &policy.routes {
        for id in route.assist.iter().chain(&route.diverse) {
            assert_eq!(policy.models[id].lifecycle, Lifecycle::Active, "{task}");
        }
        assert!(!route.assist.is_empty() && !route.diverse.is_empty(), "{task}");
        for (family, effort) in &route.effort {
            let knows = |m: &&mao_policy::policy::ModelEntry| &m.family == family && m.lifecycle == Lifecycle::Active;
            assert!(policy.models.values().find(knows).is_some_and(|m| m.efforts.contains(effort)), "{task} {family}");
        }
    }
    for task in [
        "schema_design",
        "storage_layer",
        "core_logic",
        "implementation",
        "tests",
        "orchestration",
        "plan",
        "validation",
        "synthesis",
        "dependency_check",
    ] {
        assert!(policy.routes.contains_key(&task.into()), "{task} has no route");
    }
}

#[test]
fn reg_05_what_one_provider_alone_can_do_is_said_of_the_active_models() {
    let policy = load(&Inputs::default()).expect("the built-in configuration").policy;
    let who = |what: Capability| {
        let active = policy.models.values().filter(|entry| entry.lifecycle == Lifecycle::Active);
        let able = active.filter(|entry| entry.can(what) == Some(true));
        able.map(|entry| entry.provider.as_str()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(who(Capability::WebSearch), "gemini");
    assert_eq!(who(Capability::LargeContext), "gemini");
    assert_eq!(who(Capability::Sandbox), "codex");
    assert_eq!(who(Capability::Video), "", "no model that is reached from here makes films: nobody stands in");
    for shared in [Capability::Edit, Capability::Tools] {
        assert_eq!(who(shared), "claude codex gemini");
    }
}

#[test]
fn reg_06_every_active_model_says_what_is_known_of_it() {
    let policy = load(&Inputs::default()).expect("the built-in configuration").policy;
    for (id, model) in &policy.models {
        let known = &model.known;
        assert!(known.capabilities.is_some() && !known.transports.is_empty(), "{id}");
        let retired = model.lifecycle == Lifecycle::Retired;
        assert!(!retired || known.retires.is_some(), "{id} ended on a day");
        if model.lifecycle != Lifecycle::Active {
            continue;
        }
        assert!(!model.efforts.is_empty() && known.cost.is_some() && known.retires.is_none(), "{id}");
        for actor in [Actor::Human, Actor::Harness, Actor::Orchestrator, Actor::Ci] {
            assert!(known.access.contains_key(&actor), "{id}: {actor:?}");
        }
        // Who is said to be dearer costs no less.
        for (other, cheaper) in policy.models.iter().filter(|(_, other)| other.known.cost < known.cost) {
            let output = |entry: &mao_policy::policy::ModelEntry| entry.price.map_or(0, |price| price.output);
            assert!(output(cheaper) < output(model) || cheaper.known.cost.is_none(), "{other} and {id}");
        }
    }
}

#[test]
fn rte_02_development_routes_follow_the_specification() {
    let policy = load(&Inputs::default()).expect("the built-in configuration").policy;
    let vendors = |task: &str| {
        let chain = &policy.routes[&task.into()].diverse;
        chain.iter().map(|id| policy.models[id].vendor.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(vendors("schema_design"), "google anthropic");
    assert_eq!(vendors("storage_layer"), "openai anthropic");
    assert_eq!(vendors("core_logic"), "openai anthropic");
    assert_eq!(vendors("implementation"), "anthropic openai");
    assert_eq!(vendors("tests"), "openai anthropic");
    let last = policy.routes[&"core_logic".into()].diverse.last().expect("a fallback");
    assert_eq!(policy.models[last].role, ModelRole::Orchestrator);
}

#[test]
fn cfg_06_a_key_gives_a_role_to_another_model() {
    let loaded = user(
        "[models.codex]\ndefault_model = \"gpt-6.1-terra\"\n[models.defaults]\nimplementation = \"claude-haiku-5-5\"\n",
    );
    let loaded = loaded.expect("two roles");
    let terra = ModelId::from("gpt-6.1-terra");
    assert_eq!(loaded.policy.routes[&"storage_layer".into()].diverse[0], terra);
    assert_ne!(loaded.policy.routes[&"core_logic".into()].diverse[0], terra, "the reasoner is another role");
    assert_eq!(loaded.policy.routes[&"implementation".into()].assist, ["haiku-5.5".into()]);
}

#[test]
fn cfg_06_models_that_are_not_what_they_were_are_said() {
    let loaded = user("[models.codex]\ndefault_model = \"gpt-5.2-codex\"\n").expect("a retired model");
    let warning = loaded.warnings[0].to_string();
    assert!(warning.contains("retired") && warning.contains("use \"gpt-6.1-sol\""), "{warning}");
    let unknown = refused("[models.gemini]\ndefault_model = \"gemini-4-argno\"\n");
    assert!(unknown.contains("user.toml:2:1: ") && unknown.contains("did you mean `gemini-4-argon`?"), "{unknown}");
    let foreign = refused("[models.gemini]\ndefault_model = \"gpt-6-luna\"\n");
    assert!(foreign.contains("is reached over codex"), "{foreign}");
}

#[test]
fn inv_01_no_key_makes_another_family_the_orchestrator() {
    for model in ["sonnet-5.5", "claude-haiku-5-5", "worker"] {
        let error = refused(&format!("[models.defaults]\norchestration = \"{model}\"\n"));
        assert!(error.contains("cannot be the orchestrator"), "{error}");
    }
    assert!(refused("[models.defaults]\norchestration = \"gpt-6.1-sol\"\n").contains("is reached over codex"));
    user("[models.defaults]\norchestration = \"claude-opus-5-5\"\n").expect("the orchestrator itself");
}

#[test]
fn thk_01_the_profile_max_thinks_at_every_familys_top_level_in_every_row() {
    let policy = user("[engine]\nthinking_profile = \"max\"\n").expect("a policy").policy;
    let mut seen = 0;
    for (task, route) in &policy.routes {
        for model in route.assist.iter().chain(&route.diverse) {
            let entry = &policy.models[model];
            let Some(top) = entry.efforts.last() else { continue };
            assert_eq!(route.effort.get(&entry.family), Some(top), "{task}: {model}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} models in all rows");
    let budgeted = user("").expect("a policy").policy;
    assert!(budgeted.routes.values().any(|route| route.effort.values().any(|effort| effort == "medium")));
}

#[test]
fn thk_04_thinking_is_never_switched_off() {
    for text in ["", "[models.effort_policy]\ntests = { codex = \"none\", gemini = \"flash\" }\n"] {
        let policy = user(text).expect("a policy").policy;
        for (task, route) in &policy.routes {
            for (family, effort) in &route.effort {
                let known = policy.models.values().filter(|entry| entry.family == *family);
                assert!(
                    known.clone().all(|entry| entry.efforts.is_empty() || entry.efforts.contains(effort)),
                    "{task} {family} {effort}"
                );
                assert_ne!(effort, "none", "{task} of {family}");
            }
        }
    }
    let none = user("[models.effort_policy]\ntests = { codex = \"none\" }\n").expect("a policy").policy;
    assert_eq!(none.routes[&"tests".into()].effort["gpt-sol"], "low", "the family's lowest level that is on");
}

#[test]
fn thk_02_rows_become_levels_of_each_family() {
    let levels = |text: &str, task: &str| {
        let policy = user(text).expect("a row").policy;
        policy.routes[&task.into()].effort.clone()
    };
    let budgeted = levels("", "storage_layer");
    assert_eq!(budgeted.get("gpt-sol").map(String::as_str), Some("medium"));
    assert_eq!(budgeted.get("claude-sonnet"), None, "adaptive is the family's default");
    assert_eq!(levels("", "architecture")["gpt-sol"], "xhigh");
    let own = "[models.effort_policy]\nstorage_layer = { claude = \"extended\", codex = \"none\" }\n";
    assert_eq!(levels(own, "storage_layer")["gpt-sol"], "low", "none asks for the lowest level that is on");
    assert_eq!(levels(own, "storage_layer")["claude-sonnet"], "max");
    assert_eq!(levels(own, "tests")["gpt-sol"], "medium");
    let max = levels("[engine]\nthinking_profile = \"max\"\n", "storage_layer");
    assert_eq!((max["gpt-sol"].as_str(), max["gemini-pro"].as_str()), ("max", "high"));
}

#[test]
fn esc_10_the_coding_line_climbs_by_what_the_work_is_and_reaches_the_top_only_where_it_is_blocked() {
    let policy = user("").expect("a policy").policy;
    let effort = |task: &str| policy.routes[&task.into()].effort["gpt-sol"].clone();
    // Nothing is thought of not at all (THK-04): what asks for none gets the lowest level that is on.
    assert_eq!(effort("quick_checks"), "low");
    assert_eq!(effort("implementation"), "medium");
    assert_eq!((effort("plan"), effort("debugging")), ("high".into(), "high".into()));
    assert_eq!(effort("debugging_escalated"), "xhigh");
    let top = policy.routes.iter().filter(|(_, row)| row.effort.get("gpt-sol").is_some_and(|effort| effort == "xhigh"));
    let top: Vec<&str> = top.map(|(task, _)| task.as_str()).collect();
    let decisions = ["algorithm_design", "architecture", "debugging_escalated", "disagreement", "disagreement_blocked"];
    assert_eq!(top, decisions, "a configured baseline (THK-07), or blocked work");
    // The home line has a level to rise to.
    let worker = &policy.routes[&"debugging".into()].assist[0];
    let of = |task: &str| route::effort_of(&policy, &task.into(), worker).expect("its family knows levels");
    assert_ne!(of("debugging"), of("debugging_escalated"));
}
