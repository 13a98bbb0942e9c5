//! Checkpoints through the shipped binary: they wait through a kill, take a person's word and nobody else's, and a verdict
//! is about one plan.

use crate::shop::{BEGIN, LATER, RUN, Shop, ran};
use mao_core::event::Event;
use mao_testkit::sandbox::Ran;
use serde_json::Value;

const AUTO: &str = "\n[checkpoints]\nplan_review = \"auto\"\n[thresholds]\nplan_tasks_auto_review = 0\n";

const PASS: &str = r#"{ json = { verdict = "PASS", items = [] } }"#;

fn item(verdict: &str, area: &str) -> String {
    format!(
        r#"{{ json = {{ verdict = "{verdict}", items = [{{ id = "P1", severity = "HIGH", area = "{area}", detail = "nobody is greeted by name", plan_ref = "1 tests", suggestion = "" }}] }} }}"#
    )
}

fn plan(goal: &str) -> String {
    format!(
        r#"{{ json = {{ summary = "One greeting.", sections = [{{ section = "1", workstreams = [{{ stream = "tests", goal = "{goal}", owns = ["hello.txt"] }}] }}] }} }}"#
    )
}

/// The greeting with these words added to the user's configuration, at a fixed moment.
fn shop(config: &str) -> Shop {
    let mut shop = Shop::greeting("true\n");
    let file = shop.sandbox.home().join(".config/mao/multi-model.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + config).unwrap();
    shop.sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop
}

fn play(shop: &mut Shop, step: &str, act: &str) {
    shop.play(step, &format!("[[turn]]\nact = [{act}]\n"));
}

fn later(shop: &Shop, minutes: u64, words: &[&str]) -> Ran {
    ran(shop.command(words).env("MAO_TEST_CLOCK", (LATER + minutes * 60_000).to_string()))
}

fn report(shop: &Shop) -> Value {
    let branch = format!("mao/{}", &RUN[..8]);
    let text = shop.sandbox.git(&["show", &format!("{branch}:docs/mao/develop-1.json")]).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn answers(shop: &Shop) -> Vec<(String, String, String, Option<String>)> {
    let mut answers = Vec::new();
    for recorded in shop.ledger(RUN) {
        if let Event::Answered { step, answer, by, because } = recorded.event {
            answers.push((step.to_string(), answer, by, because));
        }
    }
    answers
}

fn steps(shop: &Shop) -> Vec<String> {
    let opened = shop.ledger(RUN).into_iter().filter(|one| one.event.kind() == "step_opened");
    opened.filter_map(|one| one.event.step().map(ToString::to_string)).collect()
}

#[test]
fn chk_10_a_checkpoint_waits_through_a_kill_and_its_verdict_goes_stale_with_the_plan() {
    let mut shop = shop(AUTO);
    play(&mut shop, "review.plan.1", &item("BLOCK", "edge_cases"));
    play(&mut shop, "plan.2", &plan("Greet by name."));
    play(&mut shop, "review.plan.2", PASS);
    // It dies while it asks: with the question recorded and nobody told.
    let killed = ran(shop.develop("1").env("MAO_TEST_POINT", "after:step_opened:block.1:0"));
    assert_eq!(killed.code, None, "{}", killed.stderr);
    let waits = later(&shop, 0, &["resume"]);
    assert_eq!(waits.code, Some(7), "{}{}", waits.stdout, waits.stderr);
    assert!(waits.stdout.contains("mao answer 01234567 fix|override|stop"), "{}", waits.stdout);
    // Another terminal, hours later. A word without a reason is none.
    let silent = later(&shop, 300, &["answer", "0123", "override"]);
    assert_eq!(silent.code, Some(2), "{}", silent.stderr);
    assert!(silent.stderr.contains("`override` needs a reason"), "{}", silent.stderr);
    let fixed = later(&shop, 301, &["answer", "0123", "fix", "--because", "greet whoever comes by name"]);
    assert_eq!(fixed.code, Some(0), "{}{}", fixed.stdout, fixed.stderr);
    let late = later(&shop, 302, &["answer", "0123", "override", "--because", "never mind"]);
    assert_eq!(late.code, Some(1), "the old verdict can open nothing any more: {}", late.stderr);
    let why = Some("greet whoever comes by name".to_owned());
    assert_eq!(answers(&shop), [("block.1".into(), "fix".into(), "mao answer".into(), why)]);

    let report = report(&shop);
    let rounds = report["checkpoints"].as_array().unwrap();
    assert_eq!(rounds.len(), 2);
    assert_eq!((&rounds[0]["verdict"], &rounds[0]["stale"]), (&"BLOCK".into(), &true.into()));
    assert_eq!((&rounds[1]["verdict"], &rounds[1]["stale"]), (&"PASS".into(), &false.into()));
    assert_ne!(rounds[0]["hash"], rounds[1]["hash"], "each is about its own plan");
    let (plan, work) = (steps(&shop), "work.1.tests".to_owned());
    let at = |step: &str| plan.iter().position(|one| one == step).unwrap();
    assert!(at("review.plan.2") < at(&work), "nobody works before the plan has passed: {plan:?}");
    assert!(fixed.stdout.contains("stale: what it was about has changed since"), "{}", fixed.stdout);
}

#[test]
fn chk_04_each_concern_needs_a_persons_word_and_its_reason_stands_in_the_report() {
    let mut shop = shop(AUTO);
    play(&mut shop, "review.plan.1", &item("CONCERN", "tests"));
    let waits = ran(&mut shop.develop("1"));
    assert_eq!(waits.code, Some(7), "{}", waits.stderr);
    assert!(waits.stdout.contains("nobody is greeted by name"), "{}", waits.stdout);
    assert!(!steps(&shop).iter().any(|step| step.starts_with("work.")), "a concern stops the plan");
    let silent = shop.mao(&["answer", "0123", "reject", "--because", " "]);
    assert_eq!(silent.code, Some(2), "{}", silent.stderr);
    let done = shop.mao(&["answer", "0123", "reject", "--because", "a greeting has no name"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("reject: a greeting has no name (mao answer)"), "{}", done.stdout);
    assert_eq!(report(&shop)["checkpoints"][0]["verdict"], "CONCERN");
}

#[test]
fn chk_11_a_block_stops_the_run_until_a_person_overrides_it_or_stops() {
    let mut overridden = shop(AUTO);
    play(&mut overridden, "review.plan.1", &item("BLOCK", "security"));
    assert_eq!(ran(&mut overridden.develop("1")).code, Some(7), "auto does not pass over a block");
    let done = overridden.mao(&["answer", "0123", "override", "--because", "it is a sample"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("override: it is a sample (mao answer)"), "{}", done.stdout);

    let mut stopped = shop(AUTO);
    play(&mut stopped, "review.plan.1", &item("BLOCK", "security"));
    assert_eq!(ran(&mut stopped.develop("1")).code, Some(7));
    let declined = stopped.mao(&["answer", "0123", "stop"]);
    assert_eq!(declined.code, Some(6), "{}", declined.stderr);
    assert_eq!(stopped.branch("mao/01234567"), None);
}

#[test]
fn chk_02_without_a_terminal_ask_is_declined_unless_the_run_may_wait() {
    let ask = "\n[thresholds]\nplan_tasks_auto_review = 0\n";
    let declined = shop(ask);
    let done = ran(&mut declined.develop("1"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("declined by policy: no terminal"), "{}", done.stdout);
    assert!(!steps(&declined).iter().any(|step| step.starts_with("review.")), "nobody is asked");

    for config in [ask.to_owned(), format!("{ask}[checkpoints]\nwait = true\n")] {
        let mut waiting = shop(&config);
        play(&mut waiting, "review.plan.1", PASS);
        let mut command = waiting.develop("1");
        if !config.contains("wait") {
            command.arg("--wait");
        }
        let parked = ran(&mut command);
        assert_eq!(parked.code, Some(7), "{}", parked.stderr);
        assert!(parked.stdout.contains("The plan has 1 tasks. Have another model review it?"), "{}", parked.stdout);
        let done = waiting.mao(&["answer", "0123", "yes"]);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(steps(&waiting).contains(&"review.plan.1".to_owned()));
        assert_eq!(answers(&waiting)[0].2, "mao answer", "the record says who said yes");
    }
}

#[test]
fn chk_12_the_same_kind_of_defect_twice_is_a_redesign_and_not_a_third_review() {
    let mut shop = shop(AUTO);
    play(&mut shop, "review.plan.1", &item("BLOCK", "order"));
    play(&mut shop, "plan.2", &plan("Greet twice."));
    play(&mut shop, "review.plan.2", &item("BLOCK", "order"));
    assert_eq!(ran(&mut shop.develop("1")).code, Some(7));
    let again = shop.mao(&["answer", "0123", "fix", "--because", "say it twice"]);
    assert_eq!(again.code, Some(7), "{}", again.stderr);
    assert!(again.stdout.contains("the design is wrong, not the text"), "{}", again.stdout);
    let third = shop.mao(&["answer", "0123", "fix", "--because", "once more"]);
    assert_eq!(third.code, Some(2), "{}", third.stderr);
    assert_eq!(shop.mao(&["answer", "0123", "stop"]).code, Some(6));
}

#[test]
fn chk_08_a_plan_that_nobody_could_review_has_not_passed() {
    let mut shop = shop(AUTO);
    let none = "[[turn]]\nact = [{ json = { items = [] } }]\n\n".repeat(8);
    shop.play("review.plan.1", &none);
    let waits = ran(&mut shop.develop("1"));
    assert_eq!(waits.code, Some(7), "{}", waits.stderr);
    assert!(waits.stdout.contains("nobody could review the plan"), "{}", waits.stdout);
    assert_eq!(shop.mao(&["answer", "0123", "yes"]).code, Some(0));
    assert_eq!(report(&shop)["checkpoints"][0]["verdict"], "INVALID");
}

#[test]
fn chk_05_the_whole_change_is_read_before_the_branch_and_its_issues_are_listed() {
    let mut shop =
        shop("\n[checkpoints]\npr_cross_review = \"auto\"\n[thresholds]\nfiles_changed_suggest_review = 0\n");
    let issue = r#"{ json = { verdict = "ISSUES", coverage = ["hello.txt"], issues = [{ id = "I1", file = "hello.txt", line = 1, severity = "LOW", category = "style", claim = "nobody is named", evidence = "", suggestion = "" }] } }"#;
    play(&mut shop, "review.pr.1", issue);
    let done = ran(&mut shop.develop("1"));
    assert_eq!(done.code, Some(0), "issues stop nothing: {}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("I1 LOW `hello.txt:1`: nobody is named"), "{}", done.stdout);
    let passed = report(&shop)["checkpoints"][0].clone();
    assert_eq!((&passed["checkpoint"], &passed["verdict"]), (&"pr_cross_review".into(), &"ISSUES".into()));
}
