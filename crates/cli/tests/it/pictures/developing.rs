//! `mao develop` and what it says before, while and after.

use super::{drawn, greeting, json_lines, picture, picture_of};
use crate::shop::{Shop, ran};
use expect_test::expect;

#[test]
fn a_dry_run_calls_nobody_and_writes_nothing() {
    let shop = greeting();
    expect![[r#"
        exit 0
        --- stdout
        would develop 1 from 46e1d6700baa
          section 1: Greeting
          checks: sh check.sh
          orchestration    nobody
                           without opus-5.5: claude is not on PATH
          schema_design    nobody
                           without sonnet-5.5: claude is not on PATH
                           without opus-5.5: claude is not on PATH
          storage_layer    nobody
                           without sonnet-5.5: claude is not on PATH
                           without opus-5.5: claude is not on PATH
          core_logic       nobody
                           without sonnet-5.5: claude is not on PATH
                           without opus-5.5: claude is not on PATH
          implementation   nobody
                           without sonnet-5.5: claude is not on PATH
                           without opus-5.5: claude is not on PATH
          tests            nobody
                           without sonnet-5.5: claude is not on PATH
                           without opus-5.5: claude is not on PATH
          validation       nobody
                           without opus-5.5: claude is not on PATH
          synthesis        nobody
                           without opus-5.5: claude is not on PATH
        nobody was called and nothing was written
    "#]]
    .assert_eq(&picture(&shop, &["develop", "1", "--dry-run"]));
    expect![[r#"
        exit 0
        --- stdout
        would develop 1 from 46e1d6700baa
          section 1: Greeting
          checks: sh check.sh
          orchestration    opus-5.5 (medium)
          schema_design    gemini-4-argon (medium) → sonnet-5.5 (high) → opus-5.5 (medium)
          storage_layer    gpt-6.1-sol (medium) → sonnet-5.5 (high) → opus-5.5 (medium)
          core_logic       gpt-6.1-sol (medium) → opus-5.5 (medium)
          implementation   sonnet-5.5 (high) → gpt-6.1-sol (medium) → opus-5.5 (medium)
          tests            gpt-6.1-sol (medium) → sonnet-5.5 (high) → opus-5.5 (medium)
          validation       opus-5.5 (medium)
          synthesis        opus-5.5 (medium)
        nobody was called and nothing was written
    "#]]
    .assert_eq(&picture_of(&shop, shop.develop("1").arg("--dry-run")));
    let all = json_lines(&shop, &["develop", "1", "--dry-run", "--json"]);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["kind"], "dry_run");
    assert_eq!(all[0]["checks"], serde_json::json!(["sh check.sh"]));
    assert_eq!(all[0]["sections"], serde_json::json!(["1"]));
    assert!(shop.state().join("runs").read_dir().is_err(), "nothing was written");
}

/// The plan is made while the checks run on the base: which of them is done first is a matter of luck.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_run_in_whatever_order_its_lines_come() {
    let shop = greeting();
    let mut left = ran(&mut shop.develop("1"));
    left.stderr = sorted(&left.stderr);
    expect![[r#"
        exit 0
        --- stdout

        # develop 1

        > **scripted models: no real model was asked, every answer comes from a script**

        Run `01234567`, complete. Base `46e1d6700baa`, merged `31cda07c4938`.

        It says hello.

        ## Order

        Mode diverse, one section.

        ## Workstreams

        | section | workstream | state | served by | validated by | on the way |
        |---|---|---|---|---|---|
        | 1 | tests | merged | gpt-6.1-sol (scripted) | opus-5.5 |  |

        ## Changes

        - section 1 tests: 1 file within `hello.txt`: Greet.

        ## Verification of the merged tree

        | command | exit | tests | tree |
        |---|---|---|---|
        | `sh check.sh` | 0 | – | `3c2726e3e2ec` |

        ## Models

        2 served: claude-opus-5-5 (scripted), gpt-6.1-sol (scripted).

        Diversity, authoring only: 0 planned, 0 realised (evenness n/a: one workstream, variety n/a: one workstream). Viewpoints: 2.

        Tokens of all answers: 0 in (0 of them cached), 0 out.

        ## Decisions

        None.

        ## What does not fit together

        None.

        ## Open items

        None.

        [scripted] branch   mao/01234567
        [scripted] report   git show mao/01234567:docs/mao/develop-1.md
        [scripted] take it  mao apply 01234567      drop it  mao discard 01234567
        --- stderr
        [scripted]   1 tests                                                  merged
        [scripted]   1 tests                                                  validated
        [scripted]   1 tests                      gpt-6.1-sol           0.0s  1 file changed
        [scripted]   1 tests            gpt-6.1-sol (low)        codex/script    → sonnet-5.5 → opus-5.5  writes hello.txt  $0.09 to $0.90
        [scripted]   accepted by: sh check.sh
        [scripted]   estimate 2m00s to 20m00s, $0.09 to $1.80 at list prices; first attempts: openai 1
        [scripted]   plan                         opus-5.5              0.0s  answered
        [scripted]   section 1 Greeting: simple (0 points: 1 subtasks, 0 dependencies, 0 existing files, 0 security hits)
        [scripted]   synthesis                    opus-5.5              0.0s  answered
        [scripted] branch mao/01234567 at 1775274fbadd
        [scripted] complete
        [scripted] plan  1 · diverse · budgeted · 1 section, 1 workstream, 5 at once · diversity 0 (authoring only: evenness n/a: one workstream, variety n/a: one workstream)
        [scripted] run 01234567  develop 1 · 1 section
        [scripted] scripted models: no real model was asked, every answer comes from a script
    "#]]
    .assert_eq(&drawn(&shop, &left));
}

#[test]
fn a_run_as_json_is_one_object_a_line() {
    let shop = greeting();
    let ran = ran(shop.develop("1").arg("--json"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let lines: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["version"] == 1), "{}", ran.stdout);
    assert_eq!(lines.first().unwrap()["event"], "run_opened");
    let last = lines.last().unwrap();
    assert_eq!((&last["kind"], &last["exit"]), (&"result".into(), &0.into()), "{last}");
    let seqs: Vec<u64> = lines.iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<u64>>());
}

#[test]
fn a_red_base_is_said_before_anyone_works() {
    let shop = super::still(Shop::greeting("echo broken; exit 1\n"));
    let left = ran(&mut shop.develop("1"));
    // Whether the plan was answered before the checks were red is a matter of luck, so this is no picture.
    assert_eq!(left.code, Some(5), "{}", left.stderr);
    assert!(left.stderr.contains("checks red `sh check.sh` exit 1"), "{}", left.stderr);
    assert!(left.stdout.contains("The checks are red on the base commit: nothing was started."), "{}", left.stdout);
    assert!(!left.stderr.contains("1 tests"), "{}", left.stderr);
}

#[test]
fn uncommitted_changes_go_along_where_they_are_asked_for() {
    let shop = greeting();
    shop.sandbox.write("notes.txt", "mine\n").unwrap();
    let before = (shop.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), shop.sandbox.git(&["status", "--short"]).unwrap());
    let ran = ran(shop.develop("1").arg("--include-dirty"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains(":\n  notes.txt\n"), "{}", ran.stderr);
    let after = (shop.sandbox.git(&["rev-parse", "HEAD"]).unwrap(), shop.sandbox.git(&["status", "--short"]).unwrap());
    assert_eq!(after, before, "the checkout is as it was");
    let branch = format!("mao/{}", &crate::shop::RUN[..8]);
    for (file, text) in [("notes.txt", "mine"), ("hello.txt", "hello")] {
        assert_eq!(shop.sandbox.git(&["show", &format!("{branch}:{file}")]).unwrap(), text);
    }
    // The branch holds what is uncommitted here: it comes in once that is out of the way.
    assert_eq!(shop.mao(&["apply"]).code, Some(6));
    shop.sandbox.git(&["stash", "-q", "-u"]).unwrap();
    assert_eq!(shop.mao(&["apply"]).code, Some(0));
    assert_eq!(shop.sandbox.read("notes.txt").unwrap(), "mine\n");
}
