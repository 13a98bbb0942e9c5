//! `mao debug` from outside: cycles are counted from exit codes over runs, three ways are offered and none is taken
//! unasked, and whoever looks from outside implements nothing.

use crate::shop::Shop;
use mao_testkit::sandbox::Ran;

const BROKEN: &str = "total=$(($1 - $2))\necho \"$total\"\n";
const FIXED: &str = "total=$(($1 + $2))\necho \"$total\"\n";
const CHECK: &str = "found=$(sh add.sh 2 3)\n[ \"$found\" = 5 ] && exit 0\necho \"assertion failed: expected 5, found $found\"\nexit 1\n";
const COMMAND: [&str; 3] = ["--", "sh", "check.sh"];

fn shop() -> Shop {
    Shop::with(&[("add.sh", BROKEN), ("check.sh", CHECK)], "[engine]\n")
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

fn edit(text: &str) -> String {
    format!(
        "[[turn]]\nact = [{{ edit = {{ path = \"add.sh\", content = \"{}\" }} }}, {{ say = \"done\" }}]\n",
        quoted(text)
    )
}

fn debug(shop: &Shop) -> Ran {
    let script = shop.script.to_string_lossy().into_owned();
    shop.mao(&[&["debug", "--script", &script], &COMMAND[..]].concat())
}

fn run_of(ran: &Ran) -> String {
    let line = ran.stderr.lines().find_map(|line| line.split("run ").nth(1)).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

/// Two repairs that do not help, and what each way would bring.
fn twice_wrong() -> Shop {
    let mut shop = shop();
    shop.play("fix.1", &edit("echo \"$1\"\n"));
    shop.play("fix.2", &edit("echo \"$2\"\n"));
    shop
}

const INVESTIGATION: &str = r#"{ json = { root_cause = "it subtracts", evidence = ["add.sh:1"], confidence = 0.9, reproduced = true, command = ["sh", "check.sh"], minimal_fix_diff = "", files = ["add.sh"], risks = "none", recheck_done = true } }"#;

#[test]
fn esc_01_golden_5_one_failed_cycle_offers_nothing_and_two_offer_exactly_three_ways() {
    let shop = twice_wrong();
    let ran = debug(&shop);
    assert_eq!(ran.code, Some(7), "it waits for a person: {}\n{}", ran.stdout, ran.stderr);
    let waits = ran.stdout.lines().find(|line| line.contains("waits for")).unwrap();
    assert!(waits.contains("escalate.3") && waits.contains("2 repairs failed"), "{waits}");
    assert!(["1: ", "2: gpt", "3: gemini"].iter().all(|way| waits.contains(way)), "{waits}");
    assert!(!ran.stderr.contains("escalate.2"), "one failed cycle offers nothing: {}", ran.stderr);
    let run = run_of(&ran);
    let fourth = shop.mao(&["answer", &run, "4"]);
    assert_eq!(fourth.code, Some(2), "exactly three: {}", fourth.stderr);
    let calls = shop.mao(&["logs", "calls", &run, "--json"]);
    assert!(!calls.stdout.contains("gpt") && !calls.stdout.contains("gemini"), "nobody was asked: {}", calls.stdout);
}

#[test]
fn esc_02_cycles_are_counted_over_runs_of_the_same_command() {
    let mut shop = shop();
    shop.play("fix.1", &edit("echo \"$1\"\n"));
    shop.play(
        "fix.2",
        "[[turn]]\nact = [{ fault = { kind = \"denied\" } }]\n[[turn]]\nact = [{ fault = { kind = \"denied\" } }]\n",
    );
    let first = debug(&shop);
    assert_eq!(first.code, Some(4), "{}\n{}", first.stdout, first.stderr);
    shop.play("fix.1", &edit("echo \"$2\"\n"));
    let second = debug(&shop);
    assert_eq!(second.code, Some(7), "{}\n{}", second.stdout, second.stderr);
    assert!(second.stdout.contains("escalate.2"), "one cycle then and one now are two: {}", second.stdout);
    // Another command shows another fault.
    let script = shop.script.to_string_lossy().into_owned();
    let other = shop.mao(&["debug", "--script", &script, "--", "sh", "./check.sh"]);
    assert!(!other.stdout.contains("escalate.2"), "{}", other.stdout);
}

#[test]
fn esc_07_an_outsiders_fix_is_tried_and_weighed_and_a_worker_at_home_implements_it() {
    let mut shop = twice_wrong();
    let act = format!("{{ edit = {{ path = \"add.sh\", content = \"{}\" }} }}, {INVESTIGATION}", quoted(FIXED));
    shop.play(
        "investigate.3",
        &format!("[[turn]]\nexpects = [\"failing test\", \"assertion failed\"]\nact = [{act}]\n"),
    );
    shop.play(
        "evaluate.3",
        "[[turn]]\nexpects = [\"fails, as claimed\", \"red before, green after\"]\nact = [{ json = { agree = true, advice = \"Add instead.\" } }]\n",
    );
    shop.play(
        "fix.3",
        &edit(FIXED)
            .replace("[[turn]]\n", "[[turn]]\nexpects = [\"Add instead.\"]\nmodels = [\"claude-sonnet-5-5\"]\n"),
    );
    let before = shop.sandbox.git(&["rev-parse", "HEAD^{tree}"]).unwrap();
    let run = run_of(&debug(&shop));
    let ran = shop.mao(&["answer", &run, "2"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("The command passes") && ran.stdout.contains("Investigation by gpt"), "{}", ran.stdout);
    assert_eq!(shop.sandbox.git(&["rev-parse", "HEAD^{tree}"]).unwrap(), before);
    assert_eq!(shop.sandbox.git(&["status", "--porcelain"]).unwrap(), "", "the checkout is as it was");
    let branch = ran.stdout.lines().find_map(|line| line.split("branch   ").nth(1)).unwrap();
    let message = shop.sandbox.git(&["log", "-1", "--format=%B", &format!("{branch}~1")]).unwrap();
    assert!(message.contains("Mao-Step: fix.3") && message.contains("claude-sonnet"), "{message}");
}

#[test]
fn esc_11_when_the_outside_fails_too_a_person_gets_everything_and_nobody_else_is_asked() {
    let mut shop = twice_wrong();
    shop.play("investigate.3", &format!("[[turn]]\nact = [{INVESTIGATION}]\n"));
    shop.play(
        "evaluate.3",
        "[[turn]]\nexpects = [\"there is no proposal\"]\nact = [{ json = { agree = true, advice = \"Try this.\" } }]\n",
    );
    shop.play("fix.3", &edit("echo 6\n"));
    let run = run_of(&debug(&shop));
    let ran = shop.mao(&["answer", &run, "3"]);
    assert_eq!(ran.code, Some(1), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("still fails") && ran.stdout.contains("it subtracts"), "{}", ran.stdout);
    let calls = shop.mao(&["logs", "calls", &run, "--json"]);
    assert!(calls.stdout.contains("gemini") && !calls.stdout.contains("gpt"), "{}", calls.stdout);
}

#[test]
fn esc_10_going_on_at_home_is_the_orchestrators_own_different_approach() {
    let mut shop = twice_wrong();
    shop.play("fix.3", &edit(FIXED).replace("[[turn]]\n", "[[turn]]\nmodels = [\"claude-opus-5-5\"]\n"));
    let run = run_of(&debug(&shop));
    let ran = shop.mao(&["answer", &run, "1"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let green = shop.mao(&[
        "debug",
        "--script",
        &shop.script.to_string_lossy(),
        "--base",
        &format!("mao/{run}"),
        "--",
        "sh",
        "check.sh",
    ]);
    assert_eq!(green.code, Some(0), "nothing is wrong there: {}", green.stderr);
}
