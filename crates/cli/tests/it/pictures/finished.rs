//! A run that is over: `show`, `logs`, `resume`, `apply` and `discard`, and that their undo commands undo.

use super::{developed, greeting, json_lines, picture};
use crate::shop::{RUN, Shop, ran};
use expect_test::expect;

#[test]
fn show_tells_steps_and_attempts() {
    expect![[r#"
        exit 0
        --- stdout
        run 0123456789abcdef0123456789abcdef  develop 1  2026-01-02 03:04 UTC  complete
        scripted models: no real model was asked, every answer comes from a script
          check.1.tests.1                ran
          check.base                     ran
          judge.1.tests.1                answered
              opus-5.5              0.0s  served by claude-opus-5-5 (scripted)
          merge.1.tests.1                merged
          plan                           answered
              opus-5.5              0.0s  served by claude-opus-5-5 (scripted)
          publish                        published
          report                         written
          synthesis                      answered
              opus-5.5              0.0s  served by claude-opus-5-5 (scripted)
          work.1.tests                   changed
              gpt-6.1-sol           0.0s  served by gpt-6.1-sol (scripted)
        tokens: 0 in (0 cached), 0 out
        cost at list prices: $0.00
    "#]]
    .assert_eq(&picture(&developed(), &["show"]));
}

#[test]
fn logs_give_a_transcript() {
    expect![[r#"
        exit 0
        --- stdout
        {"scripted":{"at":"ROOT/state/mao/runs/0123456789abcdef0123456789abcdef/script/work.1.tests.toml:1","label":"work.1.tests#1"}}
        {"act":{"act":"edit","at":"ROOT/state/mao/runs/0123456789abcdef0123456789abcdef/script/work.1.tests.toml:2"}}
        {"act":{"act":"say","at":"ROOT/state/mao/runs/0123456789abcdef0123456789abcdef/script/work.1.tests.toml:2"}}
        {"reply":"hello"}
    "#]].assert_eq(&picture(&developed(), &["logs", "--step", "work.1.tests"]));
}

#[test]
fn resume_of_a_finished_run_says_what_the_run_said() {
    let shop = greeting();
    let told = ran(&mut shop.develop("1"));
    let again = shop.mao(&["resume"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "run 01234567 is over already\n"));
    assert!(told.stdout.contains("It says hello."), "{}", told.stdout);
    assert_eq!(again.stdout, told.stdout);
}

/// Runs the command that a line `undo it: …` names, in the work directory.
fn undo(shop: &Shop, picture: &str) {
    let command = picture.lines().find_map(|line| line.strip_prefix("undo it: ")).expect(picture);
    let command = command.replace("ROOT", &shop.sandbox.root().to_string_lossy());
    let undone = ran(shop.sandbox.command("sh").args(["-c", &command]));
    assert_eq!(undone.code, Some(0), "{command}: {}", undone.stderr);
}

#[test]
fn apply_and_its_undo() {
    let shop = developed();
    let before = (shop.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), shop.sandbox.git(&["status", "--short"]).unwrap());
    let applied = picture(&shop, &["apply"]);
    expect![[r#"
        exit 0
        --- stdout
        moved forward to mao/01234567
        undo it: git reset --keep 46e1d6700baa29fcd91d01b802f6a5016ecc98df
    "#]]
    .assert_eq(&applied);
    assert_eq!(shop.sandbox.read("hello.txt").unwrap(), "hello\n");
    expect![[r#"
        exit 0
        --- stdout
        mao/01234567 is in this checkout already
    "#]]
    .assert_eq(&picture(&shop, &["apply"]));
    undo(&shop, &applied);
    let after = (shop.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), shop.sandbox.git(&["status", "--short"]).unwrap());
    assert_eq!(after, before);
    assert!(shop.sandbox.read("hello.txt").is_err());
}

#[test]
fn apply_over_later_commits_and_its_undo() {
    let shop = developed();
    shop.sandbox.write("other.txt", "other\n").unwrap();
    let head = shop.sandbox.commit("another").unwrap();
    let applied = picture(&shop, &["apply"]);
    expect![[r#"
        exit 0
        --- stdout
        merged mao/01234567
        undo it: git reset --keep 9a1cb150550e51d7f7b82e1a697bac8776f1ba02
    "#]]
    .assert_eq(&applied);
    undo(&shop, &applied);
    assert_eq!(shop.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), head);
}

#[test]
fn cmd_03_apply_over_uncommitted_changes_is_declined() {
    let shop = developed();
    shop.sandbox.write("hello.txt", "mine\n").unwrap();
    expect![[r#"
        exit 6
        --- stderr
        error: not applied: uncommitted work would be overwritten: hello.txt

        hint: commit or stash it, then apply again
    "#]]
    .assert_eq(&picture(&shop, &["apply"]));
    assert_eq!(shop.sandbox.read("hello.txt").unwrap(), "mine\n");
}

#[test]
fn discard_and_its_undo() {
    let shop = developed();
    let branch = format!("mao/{}", &RUN[..8]);
    let before = shop.branch(&branch);
    let discarded = picture(&shop, &["discard"]);
    expect![[r#"
        exit 0
        --- stdout
        removed mao/01234567; its commits are kept at refs/mao/salvage/01234567/branch
        undo it: git branch mao/01234567 refs/mao/salvage/01234567/branch
    "#]]
    .assert_eq(&discarded);
    assert_eq!(shop.branch(&branch), None);
    for words in [["discard"], ["apply"]] {
        expect![[r#"
            exit 1
            --- stderr
            error: there is no branch `mao/01234567`

            hint: `mao show` says whether the run published it
        "#]]
        .assert_eq(&picture(&shop, &words));
    }
    undo(&shop, &discarded);
    assert_eq!(shop.branch(&branch), before);
}

#[test]
fn every_line_of_json_parses() {
    let shop = developed();
    let commands: [&[&str]; 12] = [
        &[],
        &["runs"],
        &["show"],
        &["logs"],
        &["logs", "--step", "work.1.tests"],
        &["resume"],
        &["config", "show"],
        &["doctor"],
        &["apply"],
        &["discard"],
        &["discard"],
        &["show", "ffff"],
    ];
    for words in commands {
        let words = [words, &["--json"]].concat();
        assert!(!json_lines(&shop, &words).is_empty(), "{words:?}");
    }
}
