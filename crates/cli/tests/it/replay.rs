//! A run that was recorded is decided again from an empty ledger: the same events and the same tree, or the first event
//! that is another by its name. Nobody is called, nothing runs, and nothing of the user's is written.

use crate::evidence::checkout;
use crate::shop::{BEGIN, LATER, RUN, Shop, ran};
use mao_core::event::Event;
use mao_core::run::RunState;
use mao_testkit::sandbox::Ran;
use std::path::{Path, PathBuf};

/// A shop whose clock goes, and its run to the end, recorded.
fn recorded(shop: &Shop) -> PathBuf {
    let dir = shop.sandbox.root().join("recording");
    let ran = ran(shop.develop("1,2").arg(format!("--record={}", dir.display())));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("mao replay {}", dir.display())), "{}", ran.stderr);
    dir
}

fn shop() -> Shop {
    let mut shop = Shop::new();
    shop.sandbox.set("MAO_TEST_CLOCK", "the machine's");
    shop
}

/// `mao replay` with these words, with git on its path and nothing else: no check could run.
fn replay(shop: &Shop, words: &[&str]) -> Ran {
    let bin = shop.sandbox.root().join("only-git");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let git = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.is_file()).unwrap();
        std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
    }
    ran(shop.command(&["replay"]).args(words).env("PATH", bin))
}

fn must_be_the_same(shop: &Shop, words: &[&str]) {
    let ledger = shop.ledger(RUN);
    let before = everything(shop);
    let again = replay(shop, words);
    assert_eq!(again.code, Some(0), "{}\n{}", again.stdout, again.stderr);
    let all = format!("run {} replayed: all {} events are the same", &RUN[..8], ledger.len());
    assert!(again.stdout.starts_with(&all), "{}", again.stdout);
    let state = RunState::fold(&ledger).unwrap().unwrap();
    assert!(again.stdout.contains(&format!("final tree {}", state.head_tree)), "{}", again.stdout);
    assert_eq!(everything(shop), before, "a replay writes nothing of the user's");
    assert_eq!(shop.ledger(RUN), ledger);
    assert_eq!(std::fs::read_dir(shop.state().join("replays")).unwrap().count(), 0, "nothing is left over");
}

/// The user's files, and every ref of theirs.
fn everything(shop: &Shop) -> (crate::evidence::Checkout, String) {
    (checkout(shop), shop.sandbox.git(&["for-each-ref"]).unwrap())
}

#[test]
fn log_02_a_recorded_run_replays_to_the_same_decisions_and_tree() {
    let shop = shop();
    let dir = recorded(&shop);
    let dir = dir.to_str().unwrap();
    must_be_the_same(&shop, &[dir]);
    // The ledger is the recording where none was asked for; the branch and the run's own directory are not needed for
    // one that was.
    must_be_the_same(&shop, &[]);
    must_be_the_same(&shop, &[&RUN[..8], "--policy", "now"]);
    assert_eq!(shop.mao(&["discard"]).code, Some(0));
    std::fs::remove_dir_all(shop.run_dir(RUN)).unwrap();
    must_be_the_same(&shop, &[dir]);
    let gone = replay(&shop, &[]);
    assert_eq!(gone.code, Some(1), "{}", gone.stderr);
}

#[test]
fn log_02_the_recorded_demo_replays_to_the_same_decisions_and_tree() {
    let mut shop = Shop::demo();
    shop.sandbox.set("MAO_TEST_CLOCK", "the machine's");
    let dir = recorded(&shop);
    must_be_the_same(&shop, &[dir.to_str().unwrap()]);
}

#[test]
fn log_02_a_changed_policy_parts_from_the_recording_at_a_named_event() {
    let shop = shop();
    let dir = recorded(&shop);
    let dir = dir.to_str().unwrap();
    let first = shop
        .ledger(RUN)
        .into_iter()
        .find_map(|recorded| {
            let Event::Routed { step, route } = &recorded.event else { return None };
            (route.links.len() > 1).then(|| (recorded.seq, step.to_string(), route.links[0].model.to_string()))
        })
        .unwrap();
    let set = shop.mao(&["config", "set", "engine.mode", "assist"]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    must_be_the_same(&shop, &[dir]);
    let now = replay(&shop, &[dir, "--policy", "now"]);
    assert_eq!(now.code, Some(1), "{}\n{}", now.stdout, now.stderr);
    let (seq, step, model) = &first;
    assert!(
        now.stdout.contains(&format!("parts from the recording at event {seq}, routed {step}\n")),
        "{}",
        now.stdout
    );
    assert!(now.stdout.contains("  part      models\n"), "{}", now.stdout);
    assert!(now.stdout.contains(&format!("  recorded  {model} → ")), "{}", now.stdout);

    let json = replay(&shop, &[dir, "--policy", "now", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &value["parted"]["seq"]), (Some(1), &serde_json::json!(seq)), "{value}");
    assert_eq!(value["parted"]["event"], "routed", "{value}");
    assert_eq!(value["parted"]["step"], serde_json::json!(step), "{value}");
    assert_eq!(value["same"], serde_json::json!(seq - 1), "{value}");
}

#[test]
fn log_02_a_limit_that_changed_parts_where_something_does_not_start() {
    let shop = shop();
    recorded(&shop);
    let set = shop.mao(&["config", "set", "engine.max_attempts", "3"]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    let now = replay(&shop, &["--policy", "now"]);
    assert_eq!(now.code, Some(1), "{}\n{}", now.stdout, now.stderr);
    assert!(now.stdout.contains(", attempt_started "), "{}", now.stdout);
    let waits = " waits: a higher limit: 3 attempts are made (--max-attempts)";
    assert!(now.stdout.contains(waits), "{}", now.stdout);
}

#[test]
fn log_02_owners_that_died_questions_and_answers_replay_too() {
    let shop = Shop::new();
    let at = |moment: u64, words: &[&str], point: &str| {
        let mut command = if words.is_empty() { shop.develop("1,2") } else { shop.command(words) };
        ran(command.env("MAO_TEST_CLOCK", moment.to_string()).env("MAO_TEST_POINT", point))
    };
    let lost = |no: u32| format!("after:attempt_started:work.1.core:{no}");
    assert_eq!(at(BEGIN, &[], &lost(1)).code, None);
    must_be_the_same(&shop, &[]);
    assert_eq!(at(LATER, &["resume"], &lost(2)).code, None);
    assert_eq!(at(LATER + 60_000, &["resume"], "").code, Some(7));
    must_be_the_same(&shop, &[]);
    let over = at(LATER + 90_000, &["answer", &RUN[..8], "yes"], "");
    assert_eq!(over.code, Some(0), "{}", over.stderr);
    must_be_the_same(&shop, &[]);
}

#[test]
fn log_02_a_cancelled_run_replays_too() {
    let mut shop = Shop::greeting("exit 0\n");
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop.play("work.1.tests", "[[turn]]\nact = [{ think = \"…\" }, { hang = {} }]\n");
    let owner = crate::shop::spawn(&mut shop.develop("1"));
    let began = std::time::Instant::now();
    let started = || {
        shop.state().join("ledger.sqlite").exists()
            && shop
                .mao(&["logs", "--json"])
                .stdout
                .lines()
                .any(|line| line.contains("attempt_started") && line.contains("work.1.tests"))
    };
    while !started() {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "it did not start");
    }
    assert_eq!(shop.mao(&["cancel"]).code, Some(0));
    assert_eq!(crate::shop::end(owner).code, Some(1));
    must_be_the_same(&shop, &[]);
}

#[test]
fn log_02_what_was_tampered_with_is_refused_or_parts() {
    let shop = shop();
    let dir = recorded(&shop);
    let words = [dir.to_str().unwrap()];
    let plan = dir.join("script/work.1.core.toml");
    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, text.replacen("usage = { input = ", "usage = { input = 9", 1)).unwrap();
    let parts = replay(&shop, &words);
    assert_eq!(parts.code, Some(1), "{}\n{}", parts.stdout, parts.stderr);
    assert!(parts.stdout.contains("attempt_ended work.1.core"), "{}", parts.stdout);
    assert!(parts.stdout.contains("usage.input"), "{}", parts.stdout);

    std::fs::write(&plan, "[[turn]]\nact = [{ run = [\"touch\", \"x\"] }]\n").unwrap();
    let refused = replay(&shop, &words);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("cannot play `run`"), "{}", refused.stderr);

    let ledger = dir.join("events.jsonl");
    let text = std::fs::read_to_string(&ledger).unwrap();
    std::fs::write(&ledger, text.lines().skip(1).collect::<Vec<_>>().join("\n")).unwrap();
    let refused = replay(&shop, &words);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(70), ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("event 1 of events.jsonl is damaged"), "{}", refused.stderr);

    let elsewhere = replay(&shop, &["./nowhere"]);
    assert_eq!(elsewhere.code, Some(2), "{}", elsewhere.stderr);
    let taken = ran(shop.develop("1,2").arg(format!("--record={}", dir.display())));
    assert_eq!(taken.code, Some(2), "{}", taken.stderr);
}

/// One that the environment holds, and one that nobody knows but by its form.
fn secrets() -> [String; 2] {
    ["sk-proj-0123456789abcdef".to_owned(), format!("ghp_{}", "aB3dE6gH9".repeat(4))]
}

/// A shop whose requirements hold both secrets, and whose worker says them and writes `written`.
fn with_secrets(written: &str) -> Shop {
    let [known, formed] = secrets();
    let mut shop = Shop::greeting("exit 0\n");
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop.sandbox.set("OPENAI_API_KEY", &known);
    shop.sandbox.write("docs/PRD.md", format!("# Greeting\n\nUse {known} or {formed} for it.\n")).unwrap();
    shop.sandbox.commit("keys in the requirements").unwrap();
    let edit = format!("{{ edit = {{ path = \"hello.txt\", content = \"{written}\\n\" }} }}");
    shop.play("work.1.tests", &format!("[[turn]]\nact = [{edit}, {{ say = \"with {known} and {formed}\" }}]\n"));
    shop
}

#[test]
fn log_02_no_secret_goes_into_a_recording() {
    let shop = with_secrets("hello");
    let dir = shop.sandbox.root().join("recording");
    let whole = ran(shop.develop("1").arg(format!("--record={}", dir.display())));
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    for secret in secrets() {
        assert_eq!(holding(&dir, &secret), Vec::<PathBuf>::new());
    }
    assert!(!holding(&dir, "[redacted]").is_empty());
    assert!(!holding(&dir, "[redacted: GitHub token]").is_empty());
    // It agrees with itself all the same.
    must_be_the_same(&shop, &[dir.to_str().unwrap()]);
}

#[test]
fn log_02_a_secret_in_a_changed_file_is_taken_out_and_named_where_the_replay_parts() {
    let [_, formed] = secrets();
    let shop = with_secrets(&formed);
    let dir = shop.sandbox.root().join("recording");
    let whole = ran(shop.develop("1").arg(format!("--record={}", dir.display())));
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    assert_eq!(holding(&dir, &formed), Vec::<PathBuf>::new());
    let parts = replay(&shop, &[dir.to_str().unwrap()]);
    assert_eq!(parts.code, Some(1), "{}\n{}", parts.stdout, parts.stderr);
    assert!(parts.stdout.contains("attempt_ended work.1.tests"), "{}", parts.stdout);
    assert!(parts.stderr.contains("secrets were taken out of hello.txt"), "{}", parts.stderr);
    // The ledger itself is whole.
    must_be_the_same(&shop, &[]);
}

/// The files beneath a directory that hold a text.
fn holding(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
            found.push(path);
        }
    }
    found
}
