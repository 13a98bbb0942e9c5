//! `mao logs --bundle`: what is in it, and what is not; and the two views of the ledger that go into it.

use crate::pictures::{developed, drawn, json_lines, picture};
use crate::shop::{BEGIN, RUN, Shop, ran};
use expect_test::expect;
use std::collections::BTreeMap;
use std::io::Read;

const SECRET: &str = "sk-very-secret-4711";

/// The parts of a bundle by their names.
fn parts(shop: &Shop, file: &str) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(std::fs::File::open(shop.sandbox.work().join(file)).unwrap());
    let mut parts = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        parts.insert(name, text);
    }
    parts
}

/// A run in which a model and its change repeat a secret of the environment.
fn talkative() -> Shop {
    let mut shop = crate::pictures::greeting();
    shop.sandbox.set("MY_API_KEY", SECRET);
    shop.play(
        "work.1.tests",
        &format!("[[turn]]\nact = [{{ edit = {{ path = \"hello.txt\", content = \"hello\\n\" }} }}, {{ say = \"the key is {SECRET}\" }}]\n"),
    );
    shop.play(
        "synthesis",
        &format!(
            "[[turn]]\nact = [{{ json = {{ summary = \"It says {SECRET}.\", decisions = [], open_items = [] }} }}]\n"
        ),
    );
    let ran = ran(&mut shop.develop("1"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    shop
}

#[test]
fn cmd_02_a_bundle_says_what_is_in_it_and_holds_no_secret_and_no_content() {
    let shop = talkative();
    let wrote = shop.mao(&["logs", &RUN[..8], "--bundle", "bug.tar"]);
    assert_eq!(wrote.code, Some(0), "{}", wrote.stderr);
    let parts = parts(&shop, "bug.tar");
    let names: Vec<&str> = parts.keys().map(String::as_str).collect();
    expect![[r#"
        mao-01234567/README.txt
        mao-01234567/calls.jsonl
        mao-01234567/doctor.jsonl
        mao-01234567/events.jsonl
        mao-01234567/policy.json
        mao-01234567/report.md
        mao-01234567/versions.json"#]]
    .assert_eq(&names.join("\n"));
    let home = shop.sandbox.home().to_string_lossy().into_owned();
    for (name, text) in &parts {
        assert!(!text.contains(SECRET), "{name} holds the secret");
        assert!(!text.contains(&home), "{name} holds the home directory");
        assert!(!text.contains("You are"), "{name} holds a prompt");
    }
    assert!(parts["mao-01234567/report.md"].contains("It says [redacted]."));
    let events = &parts["mao-01234567/events.jsonl"];
    assert_eq!(events.lines().count(), shop.ledger(RUN).len());
    assert!(events.contains("left out") && !events.contains("One greeting."), "answers are left out");
    let about = &parts["mao-01234567/README.txt"];
    for name in names.iter().filter_map(|name| name.strip_prefix("mao-01234567/")).filter(|name| *name != "README.txt")
    {
        assert!(about.contains(name), "{name} is not spoken of: {about}");
    }
    assert!(wrote.stdout.contains(about.trim_end()), "{}", wrote.stdout);
    let again = shop.mao(&["logs", "--bundle", "bug.tar"]);
    assert_eq!(again.code, Some(3), "nothing is overwritten: {}", again.stderr);
}

#[test]
fn cmd_02_a_bundle_with_content_holds_prompts_and_still_no_secret() {
    let shop = talkative();
    let wrote = shop.mao(&["logs", "--bundle", "bug.tar", "--with-content", "--json"]);
    assert_eq!(wrote.code, Some(0), "{}", wrote.stderr);
    let parts = parts(&shop, "bug.tar");
    assert!(parts.contains_key("mao-01234567/content/work.1.tests-1.prompt.md"), "{:?}", parts.keys());
    let transcript = &parts["mao-01234567/content/work.1.tests-1.transcript.jsonl"];
    assert!(transcript.contains("[redacted]"), "{transcript}");
    assert!(parts.values().all(|text| !text.contains(SECRET)));
    assert!(parts["mao-01234567/events.jsonl"].contains("One greeting."));
}

#[test]
fn log_01_calls_are_read_out_of_the_ledger() {
    let shop = developed();
    expect![[r#"
        exit 0
        --- stdout
        plan#1                         opus-5.5              0.0s  0 in, 0 of ~2000 out         answered
        work.1.tests#1                 gpt-6.1-sol           0.0s  0 in, 0 of ~12000 out        answered
        judge.1.tests.1#1              opus-5.5              0.0s  0 in, 0 of ~1500 out         answered
        synthesis#1                    opus-5.5              0.0s  0 in, 0 of ~2500 out         answered
    "#]]
    .assert_eq(&picture(&shop, &["logs", "calls"]));
    let calls = json_lines(&shop, &["logs", "calls", &RUN[..8], "--json"]);
    let work = calls.iter().find(|call| call["step"] == "work.1.tests").unwrap();
    for known in ["model", "endpoint", "vendor", "account", "prompt", "session", "containment", "transcript", "answer"]
    {
        assert!(work[known].is_string(), "{known}: {work}");
    }
    assert_eq!(
        (&work["started_at"], &work["took_ms"], &work["outcome"]),
        (&BEGIN.into(), &0.into(), &"answered".into())
    );
    assert!(work["tokens"]["input"].is_u64() && work["change"]["tree"].is_string(), "{work}");
}

#[test]
fn log_01_an_unacknowledged_call_is_listed_as_such() {
    let shop = crate::pictures::greeting();
    let killed = ran(shop.develop("1").env("MAO_TEST_POINT", "after:attempt_started:work.1.tests:1"));
    assert_eq!(killed.code, None);
    let calls = json_lines(&shop, &["logs", "calls", "--json"]);
    assert_eq!(calls.last().unwrap()["outcome"], "not acknowledged yet");
}

#[test]
fn fbk_10_fallbacks_are_read_out_of_the_ledger() {
    let shop = Shop::new();
    let developed = ran(&mut shop.develop("1,2"));
    assert_eq!(developed.code, Some(0), "{}", developed.stderr);
    expect![[r#"
        exit 0
        --- stdout
        work.2.schemas#1               fallback     gemini-4-argon → sonnet-5.5        timeout
          Schema generation: fallback from gemini-4-argon to sonnet-5.5 (timeout): attempt 1, 0.0s, 0 tokens lost ($0.00), privacy any: anthropic may see it
        work.1.storage#1               again                                           refused by validation
        work.2.implementation#1        again                                           broke the merged tree
    "#]]
    .assert_eq(&drawn(&shop, &shop.mao(&["logs", "fallback"])));
    expect![[r#"
        exit 0
        --- stderr
        no model was passed over and nothing was tried twice
    "#]]
    .assert_eq(&picture(&crate::pictures::developed(), &["logs", "fallback"]));
}
