//! `mao debug` from outside: cycles are counted from exit codes over runs, three ways are offered and none is taken
//! unasked, and whoever looks from outside implements nothing.

use crate::shop::{RUN, Shop, end, spawn};
use mao_core::event::{AttemptResult, Event};
use mao_core::reply::{Claimed, Proposed};
use mao_testkit::sandbox::Ran;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    debug_with(shop, &[])
}

fn debug_with(shop: &Shop, words: &[&str]) -> Ran {
    let script = shop.script.to_string_lossy().into_owned();
    shop.mao(&[&["debug", "--script", &script], words, &COMMAND[..]].concat())
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

/// The diff that repairs it, without the line's end that JSON often loses.
const DIFF: &str =
    "--- a/add.sh\n+++ b/add.sh\n@@ -1,2 +1,2 @@\n-total=$(($1 - $2))\n+total=$(($1 + $2))\n echo \"$total\"";

fn claiming(diff: &str) -> String {
    INVESTIGATION.replace("minimal_fix_diff = \"\"", &format!("minimal_fix_diff = \"{}\"", quoted(diff)))
}

/// One turn, with what its prompt must hold.
fn turn(expects: &[&str], act: &str) -> String {
    let expects: Vec<String> = expects.iter().map(|text| format!("\"{}\"", quoted(text))).collect();
    format!("[[turn]]\nexpects = [{}]\nact = [{act}]\n", expects.join(", "))
}

const AGREES: &str = "{ json = { agree = true, advice = \"Add instead.\" } }";

/// What was recorded beside the answer of the investigation.
fn proposed(shop: &Shop) -> Proposed {
    let found = shop.ledger(RUN).into_iter().find_map(|one| {
        let Event::AttemptEnded { step, result: AttemptResult::Answered(answer), .. } = one.event else { return None };
        answer.proposed.filter(|_| step.as_str() == "investigate.3")
    });
    *found.unwrap()
}

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
        "[[turn]]\nexpects = [\"fails, as claimed\", \"what it changed in its copy was applied\", \"red before (exit 1 on tree \", \"green after (exit 0 on tree \"]\nact = [{ json = { agree = true, advice = \"Add instead.\" } }]\n",
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

#[test]
fn esc_03_the_packet_holds_what_was_seen_tried_and_uncommitted() {
    let mut shop = twice_wrong();
    shop.sandbox.write("notes.txt", "not committed\n").unwrap();
    let expects = [
        "Do not trust what was concluded before",
        "`sh check.sh` should end with exit 0, and does not: exit 1; what fails: assertion failed",
        "[\"sh\",\"check.sh\"]",
        "Exit code: 1.",
        "`sh check.sh`: exit 1 (failing test)",
        "<<<",
        "the commit holds uncommitted changes; their diff is ",
        "1. in this search: exit 1",
        "2. in this search: exit 1",
        "+echo \"$1\"",
        "+echo \"$2\"",
        "confined, without secrets",
        "tests are not changed, skipped or weakened",
        "nobody may change: ",
        "Files that the command and its logs name: check.sh",
        "Propose the smallest change",
    ];
    shop.play("investigate.3", &turn(&expects, INVESTIGATION));
    shop.play("evaluate.3", &turn(&[], AGREES));
    shop.play("fix.3", &edit(FIXED));
    let waits = debug_with(&shop, &["--include-dirty"]);
    assert_eq!(waits.code, Some(7), "{}\n{}", waits.stdout, waits.stderr);
    let run = run_of(&waits);
    let ran = shop.mao(&["answer", &run, "2"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("## Packet of `investigate.3`"), "{}", ran.stdout);
    // A later search has the diffs of this one in its own packet.
    shop.play("fix.1", &edit("echo \"$3\"\n"));
    let log = shop.sandbox.git(&["log", "--format=%H", "-1"]).unwrap();
    shop.play("investigate.3", &turn(&["1. in an earlier search: exit 1", "+total=$(($1 + $2))"], INVESTIGATION));
    let again = debug_with(&shop, &["--base", log.trim()]);
    assert_eq!(again.code, Some(7), "green was seen since: {}\n{}", again.stdout, again.stderr);
    let ran = shop.mao(&["answer", &run_of(&again), "2"]);
    assert!(ran.stdout.contains("it subtracts"), "{}\n{}", ran.stdout, ran.stderr);
}

/// A file beneath a directory that is made while a run is on its way.
fn appears(beneath: &Path, named: &str) -> PathBuf {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let mut dirs = vec![beneath.to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.ends_with(named) {
                    return path;
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    dirs.push(path);
                }
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{named} is never made beneath {}", beneath.display());
}

#[test]
fn esc_05_it_works_in_a_copy_and_the_checkouts_hash_is_recorded_before_and_after() {
    let mut shop = twice_wrong();
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let act = format!("{{ edit = {{ path = \"add.sh\", content = \"{}\" }} }}, {INVESTIGATION}", quoted(FIXED));
    shop.play("investigate.3", &turn(&["a copy that is thrown away"], &act));
    shop.play("evaluate.3", &turn(&[], AGREES));
    shop.play("fix.3", &edit(FIXED));
    debug(&shop);
    let ran = shop.mao(&["answer", RUN, "2"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let tree = shop.sandbox.git(&["rev-parse", "HEAD^{tree}"]).unwrap();
    let checkout = proposed(&shop).checkout.unwrap();
    assert_eq!((checkout.before.as_str(), checkout.after.as_str()), (tree.trim(), tree.trim()));
    assert!(ran.stdout.contains("The checkout was as it is: tree"), "{}", ran.stdout);
    // Its own change is on no branch: what landed is the worker's.
    let branch = format!("mao/{}", &RUN[..8]);
    let steps = shop.sandbox.git(&["log", "--format=%B", &branch]).unwrap();
    assert!(steps.contains("Mao-Step: fix.3") && !steps.contains("investigate"), "{steps}");
}

#[test]
fn esc_05_a_checkout_that_changes_meanwhile_is_a_question_to_a_person() {
    let mut shop = twice_wrong();
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    // The file says that it is at work; then it stays long enough for somebody to change the checkout.
    let act = format!(
        "{{ edit = {{ path = \"at-work\", content = \"x\" }} }}, {{ sleep_ms = 1500 }}, {{ say = \"…\" }}, {{ sleep_ms = 1500 }}, {INVESTIGATION}"
    );
    shop.play("investigate.3", &turn(&[], &act));
    debug(&shop);
    let child = spawn(&mut shop.command(&["answer", RUN, "2"]));
    appears(&shop.run_dir(RUN), "at-work");
    shop.sandbox.write("add.sh", "echo 5\n").unwrap();
    let ran = end(child);
    assert_eq!(ran.code, Some(7), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("checkout.3") || ran.stderr.contains("checkout.3"), "{}\n{}", ran.stdout, ran.stderr);
    let no = shop.mao(&["answer", RUN, "no"]);
    assert_eq!(no.code, Some(1), "{}\n{}", no.stdout, no.stderr);
    assert!(no.stdout.contains("The checkout changed meanwhile"), "{}", no.stdout);
    let calls = shop.mao(&["logs", "calls", RUN, "--json"]);
    assert!(!calls.stdout.contains("evaluate.3"), "nobody weighs it: {}", calls.stdout);
}

#[test]
fn esc_06_a_diff_in_the_answer_is_applied_and_run_before_the_orchestrator_sees_it() {
    let mut shop = twice_wrong();
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop.play("investigate.3", &turn(&["You only read"], &claiming(DIFF)));
    let found = ["the diff in its answer was applied", "red before (exit 1 on tree ", "green after (exit 0 on tree "];
    shop.play("evaluate.3", &turn(&found, AGREES));
    shop.play("fix.3", &edit(FIXED));
    debug(&shop);
    let ran = shop.mao(&["answer", RUN, "3"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert!(matches!(proposed(&shop).diff, Claimed::Applies(change) if change.files == 1));
    let order: Vec<String> = shop
        .ledger(RUN)
        .iter()
        .filter(|one| matches!(one.event.kind(), "probed" | "attempt_started"))
        .filter_map(|one| one.event.step().map(ToString::to_string))
        .collect();
    let at = |step: &str| order.iter().position(|one| one == step).unwrap();
    assert!(at("claim.3") < at("evaluate.3") && at("claimed.3") < at("evaluate.3"), "{order:?}");

    let mut shop = twice_wrong();
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let hook = "--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+exit 1\n";
    shop.play("investigate.3", &turn(&[], &claiming(hook)));
    let refused = "{ json = { agree = false, advice = \"It wants a hook.\" } }";
    shop.play("evaluate.3", &turn(&["the diff in its answer was not tried: it does not apply"], refused));
    debug(&shop);
    let ran = shop.mao(&["answer", RUN, "2"]);
    assert_eq!(ran.code, Some(1), "{}\n{}", ran.stdout, ran.stderr);
    assert!(matches!(proposed(&shop).diff, Claimed::Refused { .. }));
}

#[test]
fn esc_08_whoever_reads_the_code_base_cannot_write_in_it() {
    let mut shop = twice_wrong();
    let act = format!("{{ edit = {{ path = \"add.sh\", content = \"{}\" }} }}, {INVESTIGATION}", quoted(FIXED));
    shop.play("investigate.3", &turn(&["You only read: nothing there can be written"], &act).repeat(2));
    let run = run_of(&debug(&shop));
    let ran = shop.mao(&["answer", &run, "3"]);
    assert_eq!(ran.code, Some(1), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("The command still fails"), "{}", ran.stdout);
    let calls = shop.mao(&["logs", "calls", &run, "--json"]).stdout;
    assert!(calls.contains("only read") && calls.contains("gemini") && !calls.contains("gpt"), "{calls}");
}

#[test]
fn esc_10_the_second_repair_is_asked_with_more_effort_and_nobody_outside_before_it() {
    let shop = twice_wrong();
    let run = run_of(&debug(&shop));
    let calls = shop.mao(&["logs", "calls", &run, "--json"]).stdout;
    let calls: Vec<serde_json::Value> = calls.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |step: &str| calls.iter().find(|call| call["step"] == step).unwrap();
    assert_eq!(of("fix.1")["model"], of("fix.2")["model"]);
    assert_ne!(of("fix.1")["effort"], of("fix.2")["effort"], "{calls:?}");
    assert_eq!(calls.len(), 2, "{calls:?}");
}
