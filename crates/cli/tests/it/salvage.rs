//! `mao salvage`: what failed and lost attempts left is listed, shown and had back as a branch; and what died between a
//! commit and its ref is found again.

use crate::shop::{BEGIN, LATER, RUN, Shop, ran};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The first attempt writes and fails, the second one answers.
const FAILS_ONCE: &str = "[[turn]]\nact = [{ edit = { path = \"hello.txt\", content = \"half\\n\" } }, { fault = { kind = \"crashed\", hint = \"it broke\" } }]\n\n\
    [[turn]]\nact = [{ edit = { path = \"hello.txt\", content = \"hello\\n\" } }, { say = \"hello\" }]\n";

/// A place whose one worker fails once, and the run that went through it.
fn failed_once() -> Shop {
    let mut shop = Shop::greeting("#!/bin/sh\n");
    shop.play("work.1.tests", FAILS_ONCE);
    shop.play("judge.1.tests.2", "[[turn]]\nact = [{ json = { accept = true, findings = [] } }]\n");
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let ran = ran(&mut shop.develop("1"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    shop
}

fn git(shop: &Shop, args: &[&str]) -> String {
    shop.sandbox.git(args).unwrap()
}

#[test]
fn dev_05_what_a_failed_attempt_left_is_listed_shown_and_had_back() {
    let shop = failed_once();
    let head = git(&shop, &["rev-parse", "HEAD"]);
    let listed = shop.mao(&["salvage"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let lines: Vec<&str> = listed.stdout.lines().collect();
    let [line] = lines[..] else { panic!("one worktree was left: {lines:?}") };
    assert!(line.starts_with("work.1.tests-1 ") && line.ends_with("1 file  crashed"), "{line}");

    let json = shop.mao(&["--json", "salvage"]);
    let json: Value = serde_json::from_str(json.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&json["kind"], &json["name"], &json["files"]),
        (&"salvage".into(), &"work.1.tests-1".into(), &1.into())
    );

    let shown = shop.mao(&["salvage", "show", "work.1.tests-1"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("+++ b/hello.txt") && shown.stdout.contains("\n+half"), "{}", shown.stdout);

    let restored = shop.mao(&["salvage", "restore", "work.1.tests-1"]);
    let branch = format!("mao/salvage/{}/work.1.tests-1", &RUN[..8]);
    assert_eq!(restored.code, Some(0), "{}", restored.stderr);
    assert!(restored.stdout.contains(&branch), "{}", restored.stdout);
    assert_eq!(git(&shop, &["show", &format!("{branch}:hello.txt")]), "half");
    assert_eq!(json["commit"], git(&shop, &["rev-parse", &branch]));
    assert_eq!((git(&shop, &["rev-parse", "HEAD"]), git(&shop, &["status", "--porcelain"])), (head, String::new()));
    assert_eq!(shop.mao(&["salvage", "restore", "work.1.tests-1"]).code, Some(0), "twice is once");
}

#[test]
fn dev_05_what_is_not_salvaged_is_named_with_the_next_step() {
    let shop = failed_once();
    for words in [&["salvage", "show", "work.9.core-1"][..], &["salvage", "restore", "../x"]] {
        let none = shop.mao(words);
        assert_eq!((none.code, none.stdout.as_str()), (Some(1), ""), "{words:?}");
        assert!(none.stderr.contains(words[2]) && none.stderr.contains("`mao salvage` lists"), "{}", none.stderr);
    }
    let clean = Shop::greeting("#!/bin/sh\n");
    assert_eq!(ran(&mut clean.develop("1")).code, Some(0));
    let none = clean.mao(&["salvage"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{}", none.stderr);
    assert!(none.stderr.contains("nothing had to be salvaged"), "{}", none.stderr);
}

#[test]
fn dev_05_the_salvage_outlives_the_runs_directory() {
    let shop = failed_once();
    let gone = shop.mao(&["discard"]);
    assert_eq!(gone.code, Some(0), "{}", gone.stderr);
    let kept = format!("refs/mao/salvage/{}/work.1.tests-1", &RUN[..8]);
    std::fs::remove_dir_all(shop.run_dir(RUN)).unwrap();
    assert_eq!(git(&shop, &["show", &format!("{kept}:hello.txt")]), "half");
}

/// Puts a `git` before the true one that kills its caller once, instead of the first call whose words hold `deadly`.
fn deadly(shop: &mut Shop, deadly: &str) {
    let dir = shop.sandbox.root().join("deadly");
    std::fs::create_dir(&dir).unwrap();
    let path = shop.sandbox.environment()["PATH"].clone();
    let git = mao_process::which("git", path.as_ref()).unwrap();
    let (git, once) = (git.display(), dir.join("once"));
    let once = once.display();
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *'{deadly}'*) [ -e '{once}' ] || {{ : >'{once}'; kill -KILL $PPID; exit 1; }} ;; esac\n\
         exec '{git}' \"$@\"\n"
    );
    std::fs::write(dir.join("git"), text).unwrap();
    std::fs::set_permissions(dir.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    shop.sandbox.prefer(&dir);
}

#[test]
fn dev_05_a_kill_between_a_commit_and_its_ref_loses_no_commit() {
    for call in ["update-ref --no-deref refs/mao/attempts/", "update-ref --no-deref refs/mao/merges/", "mao: salvage"] {
        let mut shop = Shop::greeting("#!/bin/sh\n");
        shop.play("work.1.tests", FAILS_ONCE);
        shop.play("judge.1.tests.2", "[[turn]]\nact = [{ json = { accept = true, findings = [] } }]\n");
        shop.sandbox.set("MAO_TEST_RUN", RUN);
        deadly(&mut shop, call);
        let killed = ran(shop.develop("1").env("MAO_TEST_CLOCK", BEGIN.to_string()));
        assert_eq!(killed.code, None, "{call}: {}", killed.stderr);
        let repo = shop.run_dir(RUN).join("repo.git");
        assert!(!crate::set::lost(&shop).is_empty(), "{call}: the kill came between");
        let second = ran(shop.command(&["resume"]).env("MAO_TEST_CLOCK", LATER.to_string()));
        assert_eq!(second.code, Some(0), "{call}: {}", second.stderr);
        assert_eq!(crate::set::lost(&shop), Vec::<String>::new(), "{call}");
        assert!(found(&repo) > 0, "{call}");
    }
}

/// How many commits were found on no ref.
fn found(repo: &Path) -> usize {
    std::fs::read_dir(repo.join("refs/mao/found")).map_or(0, Iterator::count)
}
