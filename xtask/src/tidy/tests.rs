//! Every rule against a small house that breaks it, and all of them against one that breaks none.

use super::rules;
use crate::house::House;
use serde_json::json;
use std::collections::BTreeSet;

const HEADER: &str = "//! A file.\n";

/// One file with a header of its own, in a house of its own.
fn file(path: &str, text: &str) -> House {
    House::of(&[(path, &format!("{HEADER}{text}"))])
}

fn empty() -> House {
    House::default()
}

/// One of our packages.
fn package(name: &str, rest: serde_json::Value) -> serde_json::Value {
    let mut package = json!({"name": name, "version": "0.1.0", "license": "Apache-2.0", "source": null});
    if let (Some(package), serde_json::Value::Object(rest)) = (package.as_object_mut(), rest) {
        package.extend(rest);
    }
    package
}

fn depends(on: &str, kind: Option<&str>) -> serde_json::Value {
    json!({"dependencies": [{"name": on, "kind": kind}]})
}

/// Houses that break a rule, each with the rule's name.
fn breaking() -> Vec<(&'static str, House)> {
    let machine_path = format!("see {}", concat!("/wo", "rk/main"));
    let mark = format!("// {}: later\n", concat!("FIX", "ME"));
    vec![
        ("room", empty().with(package("mao-cellar", json!({})))),
        ("import", empty().with(package("mao-policy", depends("mao-store", None)))),
        ("import", empty().with(package("mao-store", depends("mao-testkit", None)))),
        ("import", empty().with(package("mao-core", depends("mao-engine", Some("dev"))))),
        ("import", empty().with(package("xtask", depends("mao-core", None)))),
        ("mention", file("crates/core/src/run.rs", "use mao_policy::Policy;\n")),
        ("mention", file("crates/providers/src/cli.rs", "fn a() { mao_repo::open() }\n")),
        ("mention", file("crates/store/src/lib.rs", "use mao_testkit::Sandbox;\n")),
        ("mention", file("crates/core/tests/it/main.rs", "use mao_engine::Engine;\n")),
        ("open", file("crates/cli/src/commands/show.rs", "use mao_store::{sqlite::Store, Ledger};\n")),
        ("open", file("crates/cli/src/commands/develop.rs", "fn a() { mao_providers::script::play() }\n")),
        ("foreign", empty().with(package("mao-engine", depends("rusqlite", None)))),
        ("foreign", empty().with(package("mao-core", depends("tokio", None)))),
        ("binary", empty().with(package("mao-core", json!({"targets": [{"kind": ["test"]}, {"kind": ["test"]}]})))),
        (
            "loop",
            House::of(&[
                ("crates/core/src/a.rs", "//! A.\nuse crate::b::B;\n"),
                ("crates/core/src/b.rs", "//! B.\nuse super::a::A;\n"),
            ]),
        ),
        (
            "loop",
            House::of(&[
                ("crates/core/src/a/mod.rs", "//! A.\nmod b;\nfn a() { b::c() }\n"),
                ("crates/core/src/a/b.rs", "//! B.\nuse super::A;\n"),
            ]),
        ),
        (
            "loop",
            House::of(&[
                ("crates/core/src/a.rs", "//! A.\nuse crate::b::B;\n"),
                ("crates/core/src/b.rs", "//! B.\nuse crate::c::{C};\n"),
                ("crates/core/src/c.rs", "//! C.\nfn a() { crate::a::b() }\n"),
            ]),
        ),
        ("pure", file("crates/core/src/run.rs", "use std::{collections::BTreeMap, fs};\n")),
        ("pure", file("crates/policy/src/decide.rs", "fn a() { std::time::SystemTime::now(); }\n")),
        ("pure", file("crates/workflows/src/develop.rs", "use tokio::sync::mpsc;\n")),
        ("pure", file("crates/core/src/run.rs", "fn a() { std::env::var(\"A\"); }\n")),
        ("pure", file("crates/policy/src/lib.rs", "use std::time::{Duration, Instant};\n")),
        ("spawn", file("crates/repo/src/git.rs", "use std::process::{Command, ExitCode};\n")),
        ("spawn", file("crates/providers/src/cli.rs", "use tokio::process as p;\n")),
        ("spawn", file("crates/engine/src/run.rs", "fn a() { Command::new(\"git\"); }\n")),
        ("sql", file("crates/engine/src/run.rs", "use rusqlite::Connection;\n")),
        ("print", file("crates/engine/src/run.rs", "fn a() { println!(\"a\"); }\n")),
        ("print", file("crates/store/src/lib.rs", "fn a() { write(std::io::stderr()) }\n")),
        ("touch", file("crates/engine/src/run.rs", "use std::fs::File;\n")),
        ("touch", file("crates/store/src/sqlite.rs", "fn a() { SystemTime::now() }\n")),
        ("touch", file("crates/repo/src/git.rs", "use rustix::process::kill;\n")),
        ("vendor", file("crates/engine/src/run.rs", "fn a(b: &str) -> bool { b == \"claude\" }\n")),
        ("vendor", file("crates/policy/src/decide.rs", "enum Vendor { OpenAi }\n")),
        ("vendor", file("crates/cli/src/commands/doctor.rs", "const A: &str = \"npm i codex\";\n")),
        ("model", file("crates/providers/src/cli/mod.rs", "const A: &str = \"gpt-5.2\";\n")),
        ("model", file("crates/config/src/lib.rs", "/// Such as `claude-opus-5-5`.\nconst A: u8 = 1;\n")),
        ("word", file("crates/engine/src/run_manager.rs", "")),
        ("word", file("crates/repo/src/lib.rs", "pub struct MergeExecutor;\n")),
        ("size", file("crates/core/src/run.rs", &"// a\n".repeat(700))),
        ("length", file("crates/core/src/run.rs", &"// a\n".repeat(450))),
        ("header", House::of(&[("crates/core/src/run.rs", "use std::fmt;\n")])),
        ("reading", file("crates/core/src/lib.rs", "pub mod a;\n")),
        ("unfinished", file("crates/core/src/run.rs", "fn a() { todo!() }\n")),
        ("unfinished", file("crates/core/src/run.rs", "fn a() { dbg!(1); }\n")),
        ("unfinished", file("crates/core/tests/it/main.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n")),
        ("unfinished", file("crates/core/src/run.rs", &mark)),
        ("lint", file("crates/core/src/run.rs", "#[allow(dead_code)]\nfn a() {}\n")),
        ("lint", file("crates/core/src/run.rs", "#[cfg_attr(unix, allow(unused))]\nfn a() {}\n")),
        ("workspace", House::of(&[("crates/core/Cargo.toml", "[package]\nname = \"mao-core\"\n")])),
        ("licence", empty().with(package("left", json!({"license": "GPL-3.0-only"})))),
        ("licence", empty().with(package("left", json!({"license": null})))),
        ("machine", House::of(&[("docs/a.md", &machine_path)])),
        ("registry", House::of(&[("Cargo.lock", "source = \"registry+https://mirror.example/index\"\n")])),
        ("registry", House::of(&[(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"mirror\"\n")])),
        ("root", House::of(&[("IMPLEMENTATION_PLAN.md", "# Plan\n")])),
        ("root", House::of(&[("notes.txt", "a\n")])),
    ]
}

/// A house that looks dangerous and breaks nothing.
fn sound() -> House {
    let lib = "//! A room.\n//!\n//! Read in this order: [`a`].\n\npub mod a;\npub use a::A;\n";
    let tests = "#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn a() { std::fs::read(\"gpt-5.2\"); println!(); }\n}\n";
    House::of(&[
        ("Cargo.lock", concat!("source = \"registry+https://github.com/rust-lang/", "crates.io-index\"\n")),
        ("README.md", "see `crates/work/` and `docs/`\n"),
        ("crates/core/Cargo.toml", "[package]\nname = \"mao-core\"\n\n[lints]\nworkspace = true\n"),
        ("crates/core/src/lib.rs", lib),
        (
            "crates/core/src/a.rs",
            &format!("//! Claude is named in comments only; println!() too.\nuse std::fmt;\n{tests}"),
        ),
        ("crates/core/src/b.rs", "//! B.\nuse crate::A;\nfn b() -> &'static str { \"std::fs::read todo!()\" }\n"),
        ("crates/core/src/mutant.rs", "//! Switches.\nfn a() { std::env::var(\"MAO_MUTANT\"); }\n"),
        ("crates/core/tests/it/main.rs", "//! Tests.\nuse mao_testkit::Sandbox;\nuse std::process::Command;\n"),
        (
            "crates/cli/src/main.rs",
            "//! In this order.\n//! Read in this order: a.\nuse std::process::ExitCode;\nfn a() { println!() }\n",
        ),
        (
            "crates/cli/src/exit.rs",
            "//! Codes.\nuse mao_config::Wrong;\nconst A: &str = \".claude/config/multi-model.toml\";\n",
        ),
        ("crates/cli/src/open.rs", "//! Joins.\nuse mao_store::sqlite::Store;\nuse mao_providers::cli::claude;\n"),
        ("crates/process/src/child.rs", "//! Children.\nuse tokio::process::Command;\nuse rustix::fs::open;\n"),
        ("xtask/src/a.rs", "//! A command.\nuse std::process::Command;\nfn a() { println!() }\n"),
    ])
    .with(package("mao-core", depends("mao-testkit", Some("dev"))))
    .with(package("mao-engine", depends("mao-store", None)))
    .with(package("mao-engine", depends("mao-process", Some("dev"))))
    .with(json!({"name": "tokio", "version": "1.0.0", "license": "MIT", "source": "registry"}))
}

#[test]
fn every_rule_catches_what_breaks_it() {
    for (name, house) in breaking() {
        let rule = rules().find(|rule| rule.name == name).expect(name);
        let found = (rule.check)(&house);
        assert!(!found.is_empty(), "{name} is silent about {house:#?}");
    }
}

#[test]
fn every_rule_has_a_house_that_breaks_it() {
    let tested: BTreeSet<&str> = breaking().iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(tested, all);
    assert_eq!(rules().count(), all.len(), "two rules have one name");
}

#[test]
fn every_rule_is_silent_about_a_sound_house() {
    let house = sound();
    for rule in rules() {
        assert_eq!((rule.check)(&house), [], "{}", rule.name);
    }
}

#[test]
fn a_breach_reads_as_what_where_and_why() {
    let house = file("crates/core/src/run.rs", "use std::fs;\n");
    let rule = rules().find(|rule| rule.name == "pure").expect("the rule");
    let said: Vec<String> = (rule.check)(&house).iter().map(|breach| rule.render(breach)).collect();
    assert_eq!(
        said,
        [
            "pure: names `std::fs`\n  in  crates/core/src/run.rs:2\n  why deciding is pure: the same state gives the same effects on any machine, at any time"
        ]
    );
}
