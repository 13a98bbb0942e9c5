//! What `mao` says about where it stands, and what is there: `mao` alone, `runs`, `config`, `init`, `completions`.

use super::{developed, greeting, picture, still};
use crate::shop::{BEGIN, LATER, Shop, ran};
use expect_test::expect;

#[test]
fn mao_alone_outside_a_repository() {
    let shop = still(Shop::with(&[], ""));
    std::fs::remove_dir_all(shop.sandbox.work().join(".git")).unwrap();
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          `git init`, then a first commit
                                       ROOT/work is not inside a git repository
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&shop, &[]));
}

#[test]
fn mao_alone_in_a_repository() {
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          npm install -g @anthropic-ai/claude-code
                                       claude is not on PATH, and nothing is developed without it
          mao init                     write a commented configuration here
          mao develop 1                develop “Greeting”
          mao develop 1 --dry-run      the same, calling nobody
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&greeting(), &[]));
    let bare = still(Shop::with(&[("README.md", "Hello.\n")], ""));
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          npm install -g @anthropic-ai/claude-code
                                       claude is not on PATH, and nothing is developed without it
          mao init                     write a commented configuration here
          mao config set engine.verify "make test"
                                       say which commands must pass: none was found here
          todo/tasks.md                write numbered sections there and commit it: `## Section 1: …`, `- [ ] 1.1 …`
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&bare, &[]));
    assert!(!bare.state().exists(), "looking writes nothing");
}

#[test]
fn mao_alone_after_a_run() {
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          mao apply 01234567           develop 1 is complete: take its branch, or `mao discard 01234567`
          npm install -g @anthropic-ai/claude-code
                                       claude is not on PATH, and nothing is developed without it
          mao init                     write a commented configuration here
          mao develop 1                develop “Greeting”
          mao develop 1 --dry-run      the same, calling nobody
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&developed(), &[]));
}

#[test]
fn mao_alone_where_there_is_no_commit() {
    let shop = still(Shop::with(&[], ""));
    std::fs::remove_dir_all(shop.sandbox.work().join(".git")).unwrap();
    shop.sandbox.git(&["init", "-q", "-b", "main"]).unwrap();
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          make a first commit, so that there is something to start from
                                       ROOT/work has no commit yet
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&shop, &[]));
}

#[test]
fn mao_alone_where_the_configuration_is_wrong() {
    let shop = greeting();
    std::fs::write(shop.sandbox.home().join(".config/mao/multi-model.toml"), "[engine\n").unwrap();
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          mao config check             the configuration is wrong: this says file and line
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&shop, &[]));
}

#[test]
fn mao_alone_where_a_run_is_not_over() {
    let shop = greeting();
    let killed = ran(shop.develop("1").env("MAO_TEST_POINT", "after:attempt_started:work.1.tests:1"));
    assert_eq!(killed.code, None);
    let first = |moment: u64| {
        let ran = ran(shop.command(&[]).env("MAO_TEST_CLOCK", moment.to_string()));
        ran.stdout.lines().nth(2).unwrap().to_owned()
    };
    expect!["  mao logs 01234567 --follow   develop 1 is running"].assert_eq(&first(BEGIN));
    expect!["  mao resume 01234567          develop 1 was interrupted"].assert_eq(&first(LATER));
}

#[test]
fn mao_alone_after_a_run_that_was_taken_or_dropped() {
    let shop = developed();
    assert_eq!(shop.mao(&["apply"]).code, Some(0));
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          npm install -g @anthropic-ai/claude-code
                                       claude is not on PATH, and nothing is developed without it
          mao init                     write a commented configuration here
          todo/tasks.md                every section is done: write the next one there
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&shop, &[]));
    let shop = developed();
    assert_eq!(shop.mao(&["discard"]).code, Some(0));
    expect![[r#"
        exit 0
        --- stdout
        mao: several models on one repository, planned, validated, tested and merged
        next:
          npm install -g @anthropic-ai/claude-code
                                       claude is not on PATH, and nothing is developed without it
          mao init                     write a commented configuration here
          mao develop 1                develop “Greeting”
          mao develop 1 --dry-run      the same, calling nobody
          mao doctor                   what is on this machine and what is missing
          mao demo                     see it work on a bundled sample, with scripted models and no account
    "#]]
    .assert_eq(&picture(&shop, &[]));
}

#[test]
fn runs_without_and_with_one() {
    expect![[r#"
        exit 0
        --- stderr
        no runs yet: `mao develop 1` starts one, `mao demo` plays one
    "#]]
    .assert_eq(&picture(&greeting(), &["runs"]));
    let shop = developed();
    expect![[r#"
        exit 0
        --- stdout
        01234567  2026-01-02 03:04 UTC  develop 1            complete  (scripted)
    "#]]
    .assert_eq(&picture(&shop, &["runs"]));
    expect![[r#"
        exit 0
        --- stdout
        {"opened_at":1767323045000,"outcome":{"outcome":"complete"},"request":"1","run":"0123456789abcdef0123456789abcdef","scripted":"scripted models: no real model was asked, every answer comes from a script","standing":"complete","version":1,"workflow":"develop"}
    "#]].assert_eq(&picture(&shop, &["runs", "--json"]));
}

#[test]
fn init_says_what_it_writes_and_overwrites_nothing() {
    let shop = greeting();
    expect![[r#"
        exit 0
        --- stdout
        would write .claude/config/multi-model.toml:

        # mao, for this repository. Every key and its meaning: `mao config show`.
        # Nothing but Claude is called until its key says true, here or in your own file.
        # What widens anything here counts only after `mao config trust`.

        [models]
        # codex_enabled = true      # GPT models, over the `codex` command line
        # gemini_enabled = true     # Gemini models, over the `gemini` command line

        [engine]
        # mode = "diverse"          # each task to the model that is best at it, where enabled
        # verify = ["make test"]       # the commands that must pass
        # sections_file = "todo/tasks.md"

    "#]]
    .assert_eq(&picture(&shop, &["init", "--dry-run"]));
    assert!(!shop.sandbox.work().join(".claude").exists());
    expect![[r#"
        exit 0
        --- stdout
        wrote .claude/config/multi-model.toml; undo it: rm .claude/config/multi-model.toml
        next: read it, commit it, then `mao doctor` and `mao develop 1 --dry-run`
    "#]]
    .assert_eq(&picture(&shop, &["init"]));
    expect![[r#"
        exit 0
        --- stderr
        .claude/config/multi-model.toml is there already and stays as it is
    "#]]
    .assert_eq(&picture(&shop, &["init"]));
    expect![[r#"
        exit 0
        --- stderr
        no errors in 3 files
    "#]]
    .assert_eq(&picture(&shop, &["config", "check"]));
    expect![[r#"
        exit 0
        --- stdout
        .claude/config/multi-model.toml is trusted as it is now; a changed file asks again
        undo it: remove the line ab9072379e3a… from ROOT/state/mao/trusted
    "#]]
    .assert_eq(&picture(&shop, &["config", "trust"]));
}

#[test]
fn config_show_names_origins() {
    let shop = greeting();
    let shown = shop.mao(&["config", "show"]).stdout;
    let verify: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("engine.verify") || line.starts_with("engine.max_p")).collect();
    expect![[r#"
        engine.max_parallel = 3    (built in)
        engine.verify = [["sh", "check.sh"]]    (ROOT/home/.config/mao/multi-model.toml:2)"#]]
    .assert_eq(&verify.join("\n").replace(&*shop.sandbox.root().to_string_lossy(), "ROOT"));
}

#[test]
fn completions_are_a_script() {
    let shop = greeting();
    for (shell, holds) in [("bash", "complete -F _mao"), ("zsh", "#compdef mao"), ("fish", "complete -c mao")] {
        let ran = shop.mao(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.contains(holds), "{shell}: {}", ran.stdout);
    }
}
