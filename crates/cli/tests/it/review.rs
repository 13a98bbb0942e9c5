//! Reviews through the shipped binary: a plan and a change are read by another model, and what is no verdict is none.

use crate::shop::{RUN, Shop};
use mao_core::event::{AttemptResult, Event};
use mao_testkit::sandbox::Ran;
use serde_json::Value;

const PLAN: &str = "# Plan\n\n1. Write it\n2. Test it\n";

const PASS: &str = r#"{ json = { verdict = "PASS", items = [] } }"#;

const CONCERN: &str = r#"{ json = { verdict = "CONCERN", items = [{ id = "P1", severity = "HIGH", area = "tests", detail = "nothing tests the failure", plan_ref = "2", suggestion = "test it" }] } }"#;

const NOTED: &str = r#"{ json = { summary = "It is right.", notes = [{ name = "1.P1", accept = true, reason = "there is no such test" }], own = [] } }"#;

const QUIET: &str = r#"{ json = { summary = "Nothing stands against it.", notes = [], own = [] } }"#;

fn shop() -> Shop {
    let mut shop = Shop::with(&[("plan.md", PLAN), ("src/a.rs", "fn a() {}\n")], "");
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop
}

fn turns(acts: &[&str]) -> String {
    acts.iter().map(|act| format!("[[turn]]\nact = [{act}]\n\n")).collect()
}

fn review(shop: &Shop, words: &[&str]) -> Ran {
    let script = shop.script.to_string_lossy().into_owned();
    shop.mao(&[&["review"], words, &["--script", &script]].concat())
}

/// The JSON report on the run's branch.
fn report(shop: &Shop) -> Value {
    let branch = format!("mao/{}", &RUN[..8]);
    let listed = shop.sandbox.git(&["ls-tree", "-r", "--name-only", &branch]).unwrap();
    let path = listed.lines().find(|path| path.starts_with("docs/reviews/") && path.ends_with(".json")).unwrap();
    serde_json::from_str(&shop.sandbox.git(&["show", &format!("{branch}:{path}")]).unwrap()).unwrap()
}

fn failures(shop: &Shop) -> Vec<String> {
    let mut failures = Vec::new();
    for recorded in shop.ledger(RUN) {
        if let Event::AttemptEnded { result: AttemptResult::Failed(fault), .. } = recorded.event {
            failures.push(fault.kind.to_string());
        }
    }
    failures
}

#[test]
fn chk_03_a_plan_is_read_by_the_general_model_and_the_verdict_is_the_exit_code() {
    let mut passed = shop();
    passed.play("review.1", &turns(&[PASS]));
    passed.play("weigh", &turns(&[QUIET]));
    let ran = review(&passed, &["plan", "plan.md"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("# Review: PASS"), "{}", ran.stdout);
    assert_eq!(report(&passed)["verdict"], "PASS");

    let mut concerned = shop();
    concerned.play("review.1", &turns(&[CONCERN]));
    concerned.play("weigh", &turns(&[NOTED]));
    let ran = review(&concerned, &["plan", "plan.md"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("the orchestrator accepts it: there is no such test"), "{}", ran.stdout);
    let report = report(&concerned);
    assert_eq!((&report["items"][0]["name"], &report["items"][0]["word"]["accept"]), (&"1.P1".into(), &true.into()));
    assert_eq!(std::fs::read_to_string(concerned.sandbox.work().join("plan.md")).unwrap(), PLAN, "nothing is applied");
}

#[test]
fn chk_08_golden_6_a_missing_verdict_is_invalid_and_never_a_pass() {
    let mut shop = shop();
    // No verdict, a pass with items, a block without: asked again once, then the next model, until there is none.
    let none = r#"{ json = { items = [] } }"#;
    let contradicts = r#"{ json = { verdict = "BLOCK", items = [] } }"#;
    let said = r#"{ say = "PASS" }"#;
    shop.play("review.1", &turns(&[none, contradicts, said, none, none, contradicts, none, none]));
    let ran = review(&shop, &["plan", "plan.md"]);
    assert_eq!(ran.code, Some(5), "{}{}", ran.stdout, ran.stderr);
    let failures = failures(&shop);
    assert!(failures.len() >= 4 && failures.len().is_multiple_of(2), "twice each: {failures:?}");
    assert!(ran.stdout.contains("# Review: INCOMPLETE"), "{}", ran.stdout);
    assert!(ran.stdout.contains("read by nobody"), "{}", ran.stdout);
}

#[test]
fn chk_08_it_is_asked_for_once_more_with_what_was_wrong() {
    let mut shop = shop();
    let again = format!(
        "[[turn]]\nact = [{}]\n\n[[turn]]\nexpects = [\"a CONCERN needs at least one item\", \"`verdict` is `PASS`\"]\nact = [{PASS}]\n",
        r#"{ json = { verdict = "CONCERN", items = [] } }"#
    );
    shop.play("review.1", &again);
    shop.play("weigh", &turns(&[QUIET]));
    let ran = review(&shop, &["plan", "plan.md"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(failures(&shop).len(), 1);
}
