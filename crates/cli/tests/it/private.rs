//! What is private stays private, and secrets stay here: through the shipped binary, with scripted models in the place of
//! vendors, and every prompt read as it left.

use crate::shop::{RUN, Shop, ran};
use mao_core::event::{Event, Outbound};
use mao_store::Blobs;
use mao_store::sqlite::SqliteStore;
use std::fmt::Write;

/// Every prompt of a run as it left, and what is recorded of it.
fn sent(shop: &Shop) -> Vec<(String, Outbound)> {
    let store = SqliteStore::open(&shop.state()).unwrap();
    let started = shop.ledger(RUN).into_iter().filter_map(|one| {
        let Event::AttemptStarted { prompt, outbound, .. } = one.event else { return None };
        Some((prompt, outbound))
    });
    started.map(|(prompt, outbound)| (String::from_utf8(store.get(&prompt).unwrap()).unwrap(), outbound)).collect()
}

/// A secret of a form that is known, made here so that none stands in a source.
fn token(prefix: &str, length: usize) -> String {
    let mut state = 0x2026_1121_u64;
    let mut out = prefix.to_owned();
    for _ in 0..length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        write!(out, "{}", char::from(letters[(state >> 33) as usize % letters.len()])).unwrap();
    }
    out
}

fn greeting(tasks: &str, config: &str, more: &[(&str, &str)]) -> Shop {
    let greeting = Shop::greeting("test -e hello.txt || test ! -e hello.txt\n");
    let files = [
        &[("check.sh", "test ! -e private/vault.txt || grep -q 4711 private/vault.txt\n"), ("todo/tasks.md", tasks)],
        more,
    ]
    .concat();
    let mut shop = Shop::with(&files, &format!("[engine]\nverify = [\"sh check.sh\"]\n{config}"));
    shop.script = greeting.script.clone();
    let to = shop.sandbox.root().join("script");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(&greeting.script).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    shop.script = to;
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop
}

const TASKS: &str = "# Tasks\n\n## Section 1: Greeting\n\n- [ ] 1.1 Say hello\n";

#[test]
fn prv_02_a_private_path_goes_to_nobody_and_lands_as_it_was() {
    let vault = ("private/vault.txt", "the code is 4711\n");
    let shop = greeting(TASKS, "\n[privacy]\nlocal_only = [\"private/**\"]\n", &[vault]);
    let done = ran(&mut shop.develop("1"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let sent = sent(&shop);
    assert!(sent.len() >= 3, "{}", sent.len());
    for (prompt, outbound) in &sent {
        assert!(!prompt.contains("4711") && !prompt.contains("vault"), "{prompt}");
        assert_eq!(outbound.withheld.iter().map(|glob| glob.0.as_str()).collect::<Vec<_>>(), ["private/**"]);
    }
    let said = shop.mao(&["logs", "outbound"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout.lines().count(), sent.len());
    assert!(said.stdout.lines().all(|line| line.ends_with("without private/**")), "{}", said.stdout);
    let branch = shop.sandbox.git(&["show", "mao/01234567:private/vault.txt"]).unwrap();
    assert_eq!(branch.trim(), "the code is 4711");
}

#[test]
fn prv_06_no_secret_of_a_task_list_or_a_log_leaves_and_the_record_says_what_was_cut_out() {
    let (key, other) = (token("ghp_", 36), token("glpat-", 20));
    let tasks = format!("{TASKS}\nUse {key} to sign in.\n");
    let mut shop = greeting(&tasks, "", &[]);
    // The change is red at first, and the log of its check holds the other one.
    shop.sandbox
        .write(
            "check.sh",
            format!("test ! -e hello.txt || grep -q again hello.txt || {{ echo 'sent {other}'; exit 1; }}\n"),
        )
        .unwrap();
    shop.sandbox.git(&["commit", "-qam", "check"]).unwrap();
    let edit = |text: &str| {
        format!(
            "[[turn]]\nact = [{{ edit = {{ path = \"hello.txt\", content = \"{text}\\n\" }} }}, {{ say = \"done\" }}]\n"
        )
    };
    shop.play("work.1.tests", &[edit("hello"), edit("again")].concat());
    let verdict = "[[turn]]\nact = [{ json = { accept = true, findings = [] } }]\n";
    shop.play("judge.1.tests.2", verdict);
    let done = ran(&mut shop.develop("1"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let sent = sent(&shop);
    for (prompt, _) in &sent {
        assert!(!prompt.contains(&key) && !prompt.contains(&other), "{prompt}");
    }
    let cut: Vec<&str> = sent.iter().flat_map(|(_, outbound)| &outbound.redacted).map(String::as_str).collect();
    assert!(cut.contains(&"GitHub token"), "{cut:?}");
    assert!(sent.iter().any(|(prompt, _)| prompt.contains("[redacted: GitLab token]")), "cut out of the log before");
    let said = shop.mao(&["logs", "outbound", "--json"]);
    assert!(said.stdout.contains("\"redacted\":[\"GitHub token\"]"), "{}", said.stdout);
    // Nor does one stand in the ledger, in what is printed, or in the report.
    let store = SqliteStore::open(&shop.state()).unwrap();
    let mut logs = shop.ledger(RUN).into_iter().filter_map(|one| {
        let Event::Verified { verification, .. } = one.event else { return None };
        verification.first_red().map(|red| red.log.clone())
    });
    let log = String::from_utf8(store.get(&logs.next().unwrap()).unwrap()).unwrap();
    assert!(log.contains("sent [redacted: GitLab token]") && !log.contains(&other), "{log}");
    let bundle = shop.mao(&["logs", "--json"]);
    assert!(!bundle.stdout.contains(&other) && !done.stdout.contains(&other) && !done.stderr.contains(&other));
}

#[test]
fn prv_06_a_secret_that_cannot_be_cut_out_stops_the_call() {
    let begins = format!("-----BEGIN {} KEY-----", "OPENSSH PRIVATE");
    let shop = greeting(&format!("{TASKS}\n{begins}\nb3BlbnNzaC1rZXktdjEAAAAA\n"), "", &[]);
    let refused = ran(&mut shop.develop("1"));
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    let sent = sent(&shop);
    assert!(!sent.is_empty() && sent.iter().all(|(prompt, outbound)| prompt.is_empty() && outbound.blocked.is_some()));
    let said = shop.mao(&["logs", "outbound"]);
    assert!(said.stdout.contains("nothing: the prompt holds a private key"), "{}", said.stdout);
}

#[test]
fn prv_01_golden_10_local_only_without_a_local_model_is_refused_and_nobody_is_called() {
    let shop = greeting(TASKS, "", &[]);
    let refused = ran(shop.develop("1").args(["--privacy", "local"]));
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    assert!(sent(&shop).is_empty(), "nobody was called");
    let routed = shop.mao(&["logs", "fallback"]);
    assert!(routed.stdout.contains("privacy is local_only"), "{}", routed.stdout);
    // The same for a picture: asked about before anything creative is.
    let route = shop.mao(&["route", "image_generation", "--privacy", "local", "--explain"]);
    assert_ne!(route.code, Some(0), "{}", route.stdout);
}
