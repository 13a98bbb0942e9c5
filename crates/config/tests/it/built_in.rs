//! The built-in file: what it means, and that it documents every key.

use mao_config::{Inputs, Layer, Source, Value, default_file, keys, load, schema};
use mao_core::ask::Role;
use mao_policy::policy::{Limits, Mode};
use mao_policy::route::{Conditions, of_class};
use std::collections::BTreeSet;

#[test]
fn inv_02_absent_config_enables_claude_alone() {
    let loaded = load(&Inputs::default()).expect("the built-in configuration");
    assert!(loaded.policy.enabled.is_empty());
    assert_eq!(loaded.policy.mode, Mode::Assist);
    // Reviews name others in either mode, because they are asked for; nobody who is not enabled is asked.
    for task in loaded.policy.routes.keys() {
        let route = of_class(&loaded.policy, task, Role::Worker, &Conditions::default());
        for link in &route.links {
            let home = mao_policy::orchestrator::home_vendor();
            assert_eq!(link.vendor, home, "{task} goes to {} in mode assist", link.model);
        }
        assert!(!route.links.is_empty(), "{task} goes to nobody");
    }
    assert_eq!(loaded.warnings, []);
}

#[test]
fn inv_02_a_file_that_enables_nothing_enables_nothing() {
    for text in
        ["", "[models]\n", "[thresholds]\nfiles_changed_suggest_review = 3\n", "[models]\ncodex_enabled = false\n"]
    {
        let inputs =
            Inputs { user: Some(Source::new("u", text)), project: Some(Source::new("p", text)), ..Inputs::default() };
        let loaded = load(&inputs).expect("a small file");
        assert!(loaded.policy.enabled.is_empty(), "{text}");
    }
    let one = super::user("[models]\ngemini_enabled = true\n").expect("one provider");
    assert_eq!(one.policy.enabled.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["gemini"]);
}

/// Keys that no value fits in this version, by their last name.
fn closed() -> Vec<&'static str> {
    let closed = schema().into_iter().filter(|key| key.refused.contains_key("*"));
    closed.filter_map(|key| key.path.rsplit('.').next()).collect()
}

/// Examples in the file are written `#key = value`, prose is written `# text`.
fn with_examples() -> String {
    let closed = closed();
    let is_closed = |line: &str| closed.iter().any(|name| line.starts_with(&format!("#{name} = ")));
    let open = default_file().lines().filter(|line| !is_closed(line));
    let uncommented = open.map(|line| match line.strip_prefix('#') {
        Some(example) if example.starts_with(|c: char| c.is_ascii_lowercase()) => example,
        Some(_) | None => line,
    });
    uncommented.collect::<Vec<_>>().join("\n")
}

#[test]
fn cfg_01_the_default_file_documents_every_key_and_its_examples_load() {
    let all = with_examples();
    let loaded = super::user(&all).unwrap_or_else(|errors| panic!("{errors}"));
    let documented: BTreeSet<&str> = loaded.settings.0.keys().map(String::as_str).collect();
    for key in keys() {
        let shown = match key.split_once('*') {
            Some((before, after)) => documented.iter().any(|name| name.starts_with(before) && name.ends_with(after)),
            None => documented.contains(key) || closed().iter().any(|name| key.ends_with(&format!(".{name}"))),
        };
        assert!(shown, "default.toml does not mention {key}");
    }
    for name in closed() {
        assert!(default_file().contains(&format!("\n#{name} = ")), "default.toml does not mention {name}");
    }
}

#[test]
fn cfg_01_the_default_file_is_what_the_policy_assumes() {
    let loaded = load(&Inputs::default()).expect("the built-in configuration");
    assert_eq!(loaded.policy.limits, Limits::default());
    assert!(loaded.policy.checks.is_empty());
    assert_eq!(loaded.sections_file, "todo/tasks.md");
    assert!(loaded.origins().values().all(|origin| origin.layer() == Layer::BuiltIn));
    assert_eq!(loaded.settings.get("engine.max_parallel").map(|s| &s.value), Some(&Value::Int(3)));
    for path in
        [".env", "app/.env.local", "Cargo.lock", "deep/Cargo.lock", ".git/config", "a/.git/hooks/x", ".mcp.json"]
    {
        assert!(mao_core::glob::any(&loaded.policy.protected, path), "{path} is protected");
    }
    assert!(!mao_core::glob::any(&loaded.policy.protected, "src/lock.rs"));
}

#[test]
fn cfg_01_the_policy_survives_being_written_down() {
    let loaded = load(&Inputs::default()).expect("the built-in configuration");
    let text = toml::to_string(&loaded.policy).expect("a policy in TOML");
    let again: mao_policy::Policy = toml::from_str(&text).expect("the same policy");
    assert_eq!(again, loaded.policy);
}
