//! What is refused before anything is done: with what exit code, in which words, and with which next step.

use super::{developed, greeting, picture, picture_of, still};
use crate::shop::Shop;
use expect_test::expect;

#[test]
fn cmd_03_exit_codes_of_wrong_words() {
    let shop = greeting();
    expect![[r#"
        exit 2
        --- stderr
        error: todo/tasks.md: there is no section 7; there are: 1 Greeting
    "#]]
    .assert_eq(&picture(&shop, &["develop", "7"]));
    expect![[r#"
        exit 2
        --- stderr
        error: `one` is a description, not section numbers

        hint: name sections by number: `1`, `2,3`, `2.1`, `3.2-3.7` or `all`; a feature is described in one quoted text of several words
    "#]]
    .assert_eq(&picture(&shop, &["develop", "one"]));
    expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          <SECTIONS|"FEATURE">...

        Usage: mao develop <SECTIONS|"FEATURE">...

        For more information, try '--help'.
    "#]]
    .assert_eq(&picture(&shop, &["develop"]));
    expect![[r#"
        exit 2
        --- stderr
        error: --wall-clock: engine.wall_clock: `soon` is not a duration
         = write "500ms", "90s", "2h" or "1h30m"
    "#]]
    .assert_eq(&picture(&shop, &["develop", "1", "--wall-clock", "soon"]));
    expect![[r#"
        exit 2
        --- stderr
        error: unrecognized subcommand 'devlop'

          tip: some similar subcommands exist: 'demo', 'develop'

        Usage: mao [OPTIONS] [COMMAND]

        For more information, try '--help'.
    "#]]
    .assert_eq(&picture(&shop, &["devlop"]));
}

#[test]
fn cmd_03_exit_codes_of_a_repository_that_does_not_fit() {
    let shop = greeting();
    shop.sandbox.write("todo/tasks.md", "# Changed\n").unwrap();
    shop.sandbox.write("new.txt", "new\n").unwrap();
    expect![[r#"
        exit 3
        --- stderr
        error: there are uncommitted changes, which a run would not see:
          new.txt
          todo/tasks.md

        hint: commit them, take them along: `--include-dirty`, or start from the last commit: `--base HEAD`
    "#]]
    .assert_eq(&picture_of(&shop, &mut shop.develop("1")));
    assert_eq!(shop.mao(&["develop", "1", "--include-dirty", "--base", "HEAD"]).code, Some(2));

    let outside = greeting();
    std::fs::remove_dir_all(outside.sandbox.work().join(".git")).unwrap();
    expect![[r#"
        exit 3
        --- stderr
        error: ROOT/work is not inside a git repository

        hint: `git init`, then a first commit
    "#]]
    .assert_eq(&picture_of(&outside, &mut outside.develop("1")));

    let unborn = greeting();
    std::fs::remove_dir_all(unborn.sandbox.work().join(".git")).unwrap();
    unborn.sandbox.git(&["init", "-q", "-b", "main"]).unwrap();
    expect![[r#"
        exit 3
        --- stderr
        error: ROOT/work has no commit yet

        hint: make a first commit, so that there is something to start from
    "#]]
    .assert_eq(&picture_of(&unborn, &mut unborn.develop("1")));

    let no_tasks = still(Shop::with(&[("README.md", "Hello.\n")], ""));
    expect![[r#"
        exit 3
        --- stderr
        error: todo/tasks.md is not in commit a43a5a4d4679

        hint: write a task list with `## Section 1: …` and `- [ ] 1.1 …` there, or name yours: `sections_file` under [engine]
    "#]].assert_eq(&picture(&no_tasks, &["develop", "1"]));
}

#[test]
fn cmd_03_exit_codes_of_a_wrong_set_up() {
    let no_checks = still(Shop::with(&[("todo/tasks.md", "# Tasks\n\n## Section 1: One\n\n- [ ] 1.1 Do\n")], ""));
    let mut no_checks = no_checks;
    no_checks.play("plan", "[[turn]]\nact = [{ say = \"no\" }]\n");
    expect![[r#"
        exit 3
        --- stderr
        error: no command decides whether a change is good

        hint: write `verify = ["…"]` under `[engine]` in .claude/config/multi-model.toml: the commands that must pass
    "#]]
    .assert_eq(&picture_of(&no_checks, &mut no_checks.develop("1")));

    let broken = greeting();
    let file = broken.sandbox.home().join(".config/mao/multi-model.toml");
    std::fs::write(&file, "[engine]\nverify = [\"sh check.sh\"]\nmax_paralel = 3\nmode = \"fast\"\n").unwrap();
    expect![[r#"
        exit 3
        --- stderr
        error: ROOT/home/.config/mao/multi-model.toml:3:1: unknown key `max_paralel` in `engine`
           |
         3 | max_paralel = 3
           | ^^^^^^^^^^^
         = did you mean `max_parallel`?

        ROOT/home/.config/mao/multi-model.toml:4:8: engine.mode: `fast` is not one of the allowed values
           |
         4 | mode = "fast"
           |        ^^^^^^
         = allowed: "assist", "diverse"
    "#]]
    .assert_eq(&picture_of(&broken, &mut broken.develop("1")));
    std::fs::write(&file, "[engine\n").unwrap();
    expect![[r#"
        exit 3
        --- stderr
        error: ROOT/home/.config/mao/multi-model.toml:1:8: this is not TOML: unclosed table, expected `]`
           |
         1 | [engine
           |        ^
    "#]]
    .assert_eq(&picture(&broken, &["config", "check"]));

    let mut script = greeting();
    script.play("plan", "[[turn]]\nact = [{ shout = \"no\" }]\n");
    expect![[r#"
        exit 3
        --- stderr
        error: ROOT/script/plan.toml:2: unknown variant `shout`, expected one of `say`, `json`, `json_file`, `edit`, `delete`, `link`, `executable`, `run`, `tool`, `think`, `sleep_ms`, `hang`, `garbage`, `cut`, `http`, `stream_error`, `end`, `fault`, `exit`
    "#]].assert_eq(&picture_of(&script, &mut script.develop("1")));
    expect![[r#"
        exit 3
        --- stderr
        error: could not read the script `nowhere`
          caused by: No such file or directory (os error 2)
    "#]]
    .assert_eq(&picture(&script, &["develop", "1", "--script", "nowhere"]));
}

#[test]
fn cmd_03_exit_codes_without_a_model() {
    let mut shop = greeting();
    let tools = shop.sandbox.root().join("tools");
    std::fs::create_dir(&tools).unwrap();
    for tool in ["git", "sh"] {
        let path = shop.sandbox.environment()["PATH"].split(':').map(|dir| std::path::Path::new(dir).join(tool));
        let found = path.into_iter().find(|path| path.exists()).unwrap();
        std::os::unix::fs::symlink(found, tools.join(tool)).unwrap();
    }
    shop.sandbox.set("PATH", tools.to_string_lossy());
    expect![[r#"
        exit 4
        --- stderr
        error: the orchestrator cannot be reached: claude is not on PATH

        hint: `mao doctor` says what is missing; `mao demo` needs no account at all
    "#]]
    .assert_eq(&picture(&shop, &["develop", "1"]));
    expect![[r#"
        exit 4
        --- stdout
        {"causes":[],"error":"the orchestrator cannot be reached: claude is not on PATH","exit":4,"hint":"`mao doctor` says what is missing; `mao demo` needs no account at all","kind":"error","version":1}
        --- stderr
        error: the orchestrator cannot be reached: claude is not on PATH

        hint: `mao doctor` says what is missing; `mao demo` needs no account at all
    "#]].assert_eq(&picture(&shop, &["develop", "1", "--json"]));
}

#[test]
fn cmd_03_exit_codes_about_runs() {
    let none = greeting();
    for words in [["show"], ["resume"]] {
        expect![[r#"
            exit 1
            --- stderr
            error: this repository has no run yet

            hint: `mao develop 1` starts one, `mao demo` plays one
        "#]]
        .assert_eq(&picture(&none, &words));
    }
    let shop = developed();
    expect![[r#"
        exit 1
        --- stderr
        error: no run of this repository begins with `ffff`

        hint: `mao runs` lists the runs there are
    "#]]
    .assert_eq(&picture(&shop, &["show", "ffff"]));
    expect![[r#"
        exit 1
        --- stderr
        error: run 01234567 is over already
    "#]]
    .assert_eq(&picture(&shop, &["cancel"]));
    expect![[r#"
        exit 1
        --- stderr
        error: run 01234567 asks nothing
    "#]]
    .assert_eq(&picture(&shop, &["answer", "0123", "yes"]));
    expect![[r#"
        exit 1
        --- stderr
        error: no attempt of `work.9.core` has a transcript

        hint: `mao show` lists the steps
    "#]]
    .assert_eq(&picture(&shop, &["logs", "--step", "work.9.core"]));
    expect![[r#"
        exit 2
        --- stderr
        error: ROOT/work is not empty

        hint: name a new directory: nothing there is overwritten
    "#]]
    .assert_eq(&picture(&shop, &["demo", "--into", "."]));
}
