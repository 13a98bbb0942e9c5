//! `mao gc`: what it removes, and above all what it does not.

use super::long_ago;
use crate::pictures::{drawn, greeting};
use crate::shop::{BEGIN, LATER, RUN, Shop, ran};
use expect_test::expect;
use mao_testkit::sandbox::Ran;
use std::path::PathBuf;
use std::process::Command;

/// A month after the run began.
const MUCH_LATER: u64 = BEGIN + 30 * 24 * 3_600_000;

fn gc(shop: &Shop, words: &[&str]) -> Ran {
    ran(shop.command(&[&["gc"], words].concat()).env("MAO_TEST_CLOCK", MUCH_LATER.to_string()))
}

/// The same without sizes, which differ from machine to machine.
fn picture(shop: &Shop, ran: &Ran) -> String {
    let unit = |word: &str| matches!(word, "B" | "KiB" | "MiB");
    let drawn = drawn(shop, ran);
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut kept: Vec<&str> = Vec::new();
        for word in words {
            if unit(word) && kept.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit())) {
                kept.pop();
                kept.push("SIZE");
            } else {
                kept.push(word);
            }
        }
        kept.join(" ")
    };
    drawn.lines().map(|text| line(text) + "\n").collect()
}

fn run_dir(shop: &Shop) -> PathBuf {
    shop.run_dir(RUN)
}

/// git in the run's own repository.
fn in_run(shop: &Shop, args: &[&str]) -> Vec<String> {
    let mut command = Command::new("git");
    command.args(args).env_clear().env("PATH", &shop.sandbox.environment()["PATH"]);
    command.env("GIT_DIR", run_dir(shop).join("repo.git"));
    ran(&mut command).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn cmd_02_gc_keeps_what_waits_for_a_person_and_removes_what_is_applied() {
    let shop = long_ago();
    expect![[r#"
        exit 0
        --- stdout
        keeps         run 01234567  develop 1  its branch waits: `mao apply 01234567` or `mao discard 01234567`
        --- stderr
        nothing is old enough to go
    "#]]
    .assert_eq(&picture(&shop, &gc(&shop, &["--yes"])));
    assert!(run_dir(&shop).exists());
    assert_eq!(shop.mao(&["apply"]).code, Some(0));
    let young = ran(shop.command(&["gc", "--yes"]).env("MAO_TEST_CLOCK", LATER.to_string()));
    expect![[r#"
        exit 0
        --- stdout
        keeps         run 01234567  develop 1  it ended not long ago
        --- stderr
        nothing is old enough to go
    "#]]
    .assert_eq(&picture(&shop, &young));
    expect![[r#"
        exit 0
        --- stdout
        would remove  run 01234567  develop 1  SIZE
        --- stderr
        SIZE would be free; nothing was removed: `mao gc --yes` does it
    "#]]
    .assert_eq(&picture(&shop, &gc(&shop, &[])));
    assert!(run_dir(&shop).exists(), "without --yes nothing goes");

    // Everything that the run's own repository knows is on a ref of the user's afterwards.
    let known = in_run(&shop, &["rev-list", "--all"]);
    assert!(known.len() > 1, "{known:?}");
    expect![[r#"
        exit 0
        --- stdout
        removed       run 01234567  develop 1  SIZE
          on a ref:   refs/mao/salvage/01234567/attempts/work.1.tests-1
        --- stderr
        SIZE are free; the ledger stays: `mao runs` and `mao show` as before
    "#]]
    .assert_eq(&picture(&shop, &gc(&shop, &["--yes"])));
    assert!(!run_dir(&shop).exists());
    let reachable = shop.sandbox.git(&["rev-list", "--all"]).unwrap();
    for commit in &known {
        assert!(reachable.contains(commit.as_str()), "{commit} is on no ref");
    }
    assert_eq!(shop.sandbox.git(&["for-each-ref", "refs/mao/keep"]).unwrap(), "", "the base is let go");
    // The ledger stays, and what its events name.
    for words in [&["show"][..], &["runs"], &["logs"], &["logs", "--step", "work.1.tests"], &["resume"]] {
        let again = shop.mao(words);
        assert_eq!(again.code, Some(0), "{words:?}: {}", again.stderr);
    }
    expect![[r#"
        exit 0
        --- stderr
        nothing is old enough to go
    "#]]
    .assert_eq(&picture(&shop, &gc(&shop, &["--yes"])));
}

#[test]
fn cmd_02_gc_removes_a_discarded_run_and_keeps_its_commits() {
    let shop = long_ago();
    assert_eq!(shop.mao(&["discard"]).code, Some(0));
    let known = in_run(&shop, &["rev-list", "--all"]);
    assert_eq!(gc(&shop, &["--yes", "--json"]).code, Some(0));
    assert!(!run_dir(&shop).exists());
    let reachable = shop.sandbox.git(&["rev-list", "--all"]).unwrap();
    assert!(known.iter().all(|commit| reachable.contains(commit.as_str())));
}

#[test]
fn cmd_02_gc_never_touches_a_run_that_is_not_over() {
    let shop = greeting();
    let killed = ran(shop.develop("1").env("MAO_TEST_POINT", "after:attempt_started:work.1.tests:1"));
    assert_eq!(killed.code, None);
    let before = crate::evidence::files(&run_dir(&shop));
    let refs = shop.sandbox.git(&["for-each-ref"]).unwrap();
    expect![[r#"
        exit 0
        --- stdout
        keeps         run 01234567  develop 1  it is not over: `mao resume 01234567` or `mao cancel 01234567`
        --- stderr
        nothing is old enough to go
    "#]]
    .assert_eq(&picture(&shop, &gc(&shop, &["--yes", "--older-than", "0s"])));
    assert_eq!(crate::evidence::files(&run_dir(&shop)), before);
    assert_eq!(shop.sandbox.git(&["for-each-ref"]).unwrap(), refs);
    let resumed = ran(shop.command(&["resume"]).env("MAO_TEST_CLOCK", LATER.to_string()));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
}

#[test]
fn cmd_02_gc_removes_content_that_no_event_names() {
    let shop = long_ago();
    let shelf = shop.state().join("blobs/ab");
    std::fs::create_dir_all(&shelf).unwrap();
    let (old, young) = (shelf.join("0".repeat(62)), shelf.join("1".repeat(62)));
    for file in [&old, &young] {
        std::fs::write(file, "nobody's").unwrap();
    }
    let age = |file: &PathBuf, at: std::time::SystemTime| {
        std::fs::File::options().write(true).open(file).unwrap().set_modified(at).unwrap();
    };
    age(&old, std::time::UNIX_EPOCH);
    age(&young, std::time::UNIX_EPOCH + std::time::Duration::from_millis(MUCH_LATER));
    let named: Vec<PathBuf> = blobs(&shop).into_iter().filter(|path| path != &old && path != &young).collect();
    named.iter().for_each(|file| age(file, std::time::UNIX_EPOCH));
    let looked = gc(&shop, &[]);
    assert!(looked.stdout.contains("would remove  1 blob that no event names  8 B"), "{}", looked.stdout);
    assert!(old.exists());
    assert_eq!(gc(&shop, &["--yes"]).code, Some(0));
    assert!(!old.exists(), "old, and nobody names it");
    assert!(young.exists(), "an event may be about to name it");
    assert!(named.iter().all(|file| file.exists()), "events name these");
}

fn blobs(shop: &Shop) -> Vec<PathBuf> {
    let entries = |dir: PathBuf| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries(shop.state().join("blobs")).filter(|shelf| !shelf.ends_with("incoming")).flat_map(entries).collect()
}
