//! The plan through the shipped binary: shown, kept, waited for, compared; a feature in words; dependencies alone.

use crate::parts;
use crate::shop::{RUN, Shop, ran};
use serde_json::Value;

/// A second run of the same place needs an id of its own.
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn values(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn steps(shop: &Shop, run: &str) -> Vec<String> {
    let opened = shop.ledger(run).into_iter().filter(|one| one.event.kind() == "step_opened");
    opened.filter_map(|one| one.event.step().map(ToString::to_string)).collect()
}

#[test]
fn pln_01_plan_only_starts_nothing_and_a_persons_word_carries_it_out() {
    let shop = Shop::new();
    let planned = ran(shop.develop("1,2").arg("--plan-only"));
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    assert!(planned.stdout.contains("carry it out: mao answer 01234567 yes"), "{}", planned.stdout);
    assert!(!steps(&shop, RUN).iter().any(|step| step.starts_with("work.")));
    let shown = shop.mao(&["plan", "show"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("2 sections, 10 workstreams, 5 at once · diversity"), "{}", shown.stdout);
    assert!(shown.stdout.contains("wants your word"), "{}", shown.stdout);
    let waits = shop.mao(&["resume"]);
    assert_eq!(waits.code, Some(7), "resume is no word: {}", waits.stderr);
    let done = shop.mao(&["answer", "01234567", "yes"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(shop.branch("mao/01234567").is_some());
}

#[test]
fn pln_01_a_plan_that_is_declined_ends_the_run_and_touches_nothing() {
    let shop = Shop::new();
    assert_eq!(ran(shop.develop("1,2").arg("--plan-only")).code, Some(0));
    let declined = shop.mao(&["answer", "01234567", "no"]);
    assert_eq!(declined.code, Some(6), "{}", declined.stderr);
    assert_eq!(shop.branch("mao/01234567"), None);
}

#[test]
fn div_03_without_a_person_a_plan_that_falls_short_waits_and_yes_accepts_it() {
    let shop = Shop::new();
    let mut short = shop.develop("1,2");
    let waits = ran(short.env("MAO_ENGINE_MIN_DIVERSITY", "100"));
    assert_eq!(waits.code, Some(7), "{}", waits.stderr);
    assert!(waits.stdout.contains("100 is wanted (engine.min_diversity)"), "{}", waits.stdout);
    let other = Shop::new();
    let mut accepted = other.develop("1,2");
    let done = ran(accepted.env("MAO_ENGINE_MIN_DIVERSITY", "100").arg("--yes"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[test]
fn pln_05_the_plan_is_shown_before_anyone_works_for_people_and_as_data() {
    let shop = Shop::new();
    let text = ran(&mut shop.develop("1,2"));
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    let at = |what: &str| text.stderr.find(what).unwrap_or_else(|| panic!("{what}: {}", text.stderr));
    assert!(at("plan  1,2 · diverse · budgeted") < at("file changed"));
    assert!(at("wave 1: 1, 2") < at("file changed"));
    let lines = values(&shop.mao(&["plan", "show", "--json"]).stdout);
    assert_eq!((lines.len(), &lines[0]["kind"]), (1, &"plan".into()));
    assert_eq!(lines[0]["rows"].as_array().unwrap().len(), 10);
    assert_eq!(lines[0]["rows"][0]["chain"][0]["transport"], "script");
}

#[test]
fn cmd_01_plan_diff_says_what_differs_and_nothing_else() {
    let shop = Shop::new();
    assert_eq!(ran(shop.develop("1,2").arg("--plan-only")).code, Some(0));
    let mut second = shop.develop("1,2");
    let second = ran(second.env("MAO_TEST_RUN", OTHER).args(["--plan-only", "--sequential"]));
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let same = shop.mao(&["plan", "diff", "0123", "0123"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "the plans are the same\n"), "{}", same.stderr);
    let differs = shop.mao(&["plan", "diff", "0123", "fedc"]);
    assert_eq!(differs.code, Some(1), "{}", differs.stderr);
    assert!(differs.stdout.contains("order\n"), "{}", differs.stdout);
    assert!(!differs.stdout.contains("schemas: chain"), "{}", differs.stdout);
}

#[test]
fn cmd_01_a_feature_in_words_needs_no_task_list_and_asks_for_no_dependencies() {
    let mut shop = Shop::with(&[("check.sh", "test ! -e bad\n")], "[engine]\nverify = [\"sh check.sh\"]\n");
    for (step, act) in [
        (
            "plan",
            r#"{ json = { summary = "One greeting.", sections = [{ section = "feature", workstreams = [{ stream = "core", goal = "Greet.", owns = ["hello.txt"] }] }] } }"#,
        ),
        ("work.feature.core", r#"{ edit = { path = "hello.txt", content = "hello\n" } }, { say = "hello" }"#),
        ("judge.feature.core.1", "{ json = { accept = true, findings = [] } }"),
        ("synthesis", r#"{ json = { summary = "It says hello.", decisions = [], open_items = [] } }"#),
    ] {
        shop.play(step, &format!("[[turn]]\nact = [{act}]\n"));
    }
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let done = ran(&mut shop.develop("say hello to whoever comes"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(!steps(&shop, RUN).contains(&"deps".to_owned()));
    let word = ran(&mut shop.develop("hello"));
    assert_eq!(word.code, Some(2), "one word is a mistyped section: {}", word.stderr);
}

#[test]
fn cmd_01_in_turn_one_section_follows_the_other() {
    let shop = Shop::new();
    let done = ran(shop.develop("1,2").args(["--sequential", "--plan-only"]));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let plan = values(&shop.mao(&["plan", "show", "--json"]).stdout).remove(0);
    assert_eq!(plan["order"]["waves"], serde_json::json!([["1"], ["2"]]));
    assert_eq!(plan["order"]["reason"], "asked for: one after another");
}

#[test]
fn cmd_01_deps_asks_one_question_and_says_the_waves() {
    let shop = Shop::new();
    let script = shop.script.to_string_lossy().into_owned();
    let asked = shop.mao(&["deps", "1,2", "--script", &script]);
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    assert!(asked.stdout.contains("all sections at once: no section needs another"), "{}", asked.stdout);
    assert!(asked.stdout.contains("note: 2 may touch the data of 1"), "{}", asked.stdout);
    assert_eq!(steps(&shop, RUN), ["deps"]);
    let one = shop.mao(&["deps", "1"]);
    assert_eq!(one.code, Some(0), "{}", one.stderr);
    assert!(one.stdout.contains("nobody was called"), "{}", one.stdout);
}

#[test]
fn pln_02_sections_that_declare_a_circle_are_refused_before_anyone_is_asked() {
    let tasks = "# Tasks\n\n## Section 1: A\n\nDepends on: 2\n\n- [ ] 1.1 a\n\n## Section 2: B\n\nDepends on: 1\n\n- [ ] 2.1 b\n";
    let config = "[engine]\nverify = [\"sh check.sh\"]\n";
    let mut shop = Shop::with(&[("check.sh", "true\n"), ("todo/tasks.md", tasks)], config);
    shop.play("plan", "[[turn]]\nact = [{ say = \"never\" }]\n");
    let refused = ran(&mut shop.develop("1,2"));
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("sections depend on each other in a circle: 1 → 2 → 1"), "{}", refused.stderr);
}

#[test]
fn pln_01_a_task_list_of_eighty_sections_is_planned_and_resumed() {
    let mut shop = parts::sections(80, 32_000);
    let lengths =
        [(1, 27), (28, 54), (55, 80)].map(|(first, last)| parts::play_part(&mut shop, first, last, 600).len());
    assert!(lengths.iter().all(|length| *length > 16 * 1024), "longer than any event: {lengths:?}");
    let done = ran(shop.develop("all").arg("--plan-only"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let shown = shop.mao(&["plan", "show"]);
    assert!(shown.stdout.contains("80 sections, 80 workstreams"), "{}\n{}", shown.stdout, shown.stderr);
    let supplied = shop.ledger(RUN).into_iter().filter(|one| one.event.kind() == "supplied").count();
    let continued = shop.ledger(RUN).into_iter().filter(|one| one.event.kind() == "continued").count();
    assert!(supplied > 0 && continued > 1, "{supplied} and {continued}");
}
