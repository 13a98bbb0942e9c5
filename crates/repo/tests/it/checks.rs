//! Checks run on a tree: as words, confined, without secrets, until one is red.

use crate::fixture::{AT, Fixture, put};
use mao_process::Shim;
use mao_repo::checks::{self, CheckOutcome, CheckSpec, Ground};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Runs `specs` in a fresh worktree whose `check.sh` is `script`.
async fn run(fixture: &Fixture, script: &str, specs: &[CheckSpec]) -> Vec<CheckOutcome> {
    let home = fixture.dir.path().to_str().unwrap();
    let variables = [
        ("PATH", ".:/usr/bin:/bin"),
        ("HOME", home),
        ("OPENAI_API_KEY", "canary-1"),
        ("AWS_SECRET_ACCESS_KEY", "canary-2"),
        ("LANG", "C.UTF-8"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    run_with(fixture, script, specs, &variables).await
}

async fn run_with(
    fixture: &Fixture,
    script: &str,
    specs: &[CheckSpec],
    variables: &BTreeMap<String, String>,
) -> Vec<CheckOutcome> {
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("verify", &user.head().commit, AT).unwrap();
    put(worktree.path(), "check.sh", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(worktree.path().join("check.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let scratch = fixture.run_dir().join("scratch");
    fs::create_dir_all(&scratch).unwrap();
    let shim = Shim { program: PathBuf::from(env!("CARGO_BIN_EXE_repo-test-shim")), args: Vec::new() };
    let ground = Ground {
        shim: &shim,
        worktree: &worktree,
        variables,
        reads: checks::toolchain_reads(variables),
        writes: Vec::new(),
        grace: Duration::from_secs(5),
        scratch: &scratch,
    };
    checks::run(&ground, specs).await
}

fn script() -> CheckSpec {
    CheckSpec { timeout: Duration::from_secs(20), ..CheckSpec::new(&["./check.sh"]) }
}

#[tokio::test]
async fn dev_06_exit_codes_decide_and_the_first_red_check_is_the_last() {
    let fixture = Fixture::new();
    let specs = [CheckSpec::new(&["true"]), script(), CheckSpec::new(&["true"])];
    let outcomes = run(&fixture, "echo out; echo err >&2; exit 3", &specs).await;
    let exits: Vec<Option<i32>> = outcomes.iter().map(|outcome| outcome.exit).collect();
    assert_eq!(exits, [Some(0), Some(3)]);
    let tail = String::from_utf8(outcomes[1].tail.clone()).unwrap();
    assert!(tail.contains("out\n") && tail.contains("err\n"), "{tail}");
    assert_eq!(outcomes[1].command, "./check.sh");
}

#[tokio::test]
async fn words_are_not_a_shell_and_programs_are_not_found_in_the_tree() {
    let fixture = Fixture::new();
    let echo = CheckSpec::new(&["echo", "$(touch PWNED)", ";", "`id`"]);
    let outcomes = run(&fixture, "", &[echo, CheckSpec::new(&["check.sh"])]).await;
    assert_eq!(String::from_utf8_lossy(&outcomes[0].tail), "$(touch PWNED) ; `id`\n");
    assert_eq!(outcomes[1].exit, None);
    assert!(String::from_utf8_lossy(&outcomes[1].tail).contains("no program `check.sh`"));
    for outside in ["../../../../user/README.md", "/bin/true"] {
        let outcome = run(&fixture, "", &[CheckSpec::new(&[outside])]).await.remove(0);
        assert!(String::from_utf8_lossy(&outcome.tail).contains("not beneath"), "{outcome:?}");
    }
}

#[tokio::test]
async fn checks_have_no_secrets_and_a_home_of_their_own() {
    let fixture = Fixture::new();
    let outcome = run(&fixture, "env; : > \"$HOME/x\" && : > \"$TMPDIR/y\"", &[script()]).await.remove(0);
    let tail = String::from_utf8(outcome.tail).unwrap();
    assert_eq!(outcome.exit, Some(0), "{tail}");
    assert!(!tail.contains("canary"), "{tail}");
    assert!(tail.contains("PATH=/usr/bin:/bin\n"), "{tail}");
    assert!(tail.contains(&format!("HOME={}", fixture.run_dir().join("scratch/home").display())), "{tail}");
}

#[tokio::test]
async fn checks_write_and_read_nothing_beyond_the_tree() {
    let fixture = Fixture::new();
    fixture.write("private", "a secret\n");
    let root = fixture.root.display();
    let body = format!("cat '{root}/private'; true > '{root}/PWNED'; true > built && echo tree is writable");
    let outcome = run(&fixture, &body, &[script()]).await.remove(0);
    let tail = String::from_utf8(outcome.tail).unwrap();
    assert!(tail.contains("tree is writable"), "{tail}");
    let containment = outcome.containment.unwrap();
    if !containment.contains("writes: landlock") {
        println!("skipped: this kernel confines nothing ({containment})");
        return;
    }
    assert!(!tail.contains("a secret"), "{tail}");
    assert!(!fixture.root.join("PWNED").exists());
}

#[tokio::test]
async fn a_check_that_hangs_is_ended_and_red_and_a_loud_one_keeps_its_tail() {
    let fixture = Fixture::new();
    let hang = CheckSpec { timeout: Duration::from_millis(300), ..script() };
    let outcome = run(&fixture, "echo started; exec sleep 600.4242", &[hang]).await.remove(0);
    assert_eq!(outcome.exit, None);
    assert!(String::from_utf8_lossy(&outcome.tail).contains("started\n[ended: not done after"), "{outcome:?}");
    let loud = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; printf '\\033[31mred'; exit 1";
    let outcome = run(&fixture, loud, &[script()]).await.remove(0);
    assert!(outcome.tail.len() <= checks::TAIL && outcome.tail.len() > checks::TAIL / 2);
    let tail = String::from_utf8(outcome.tail).unwrap();
    assert!(tail.ends_with("line 2999\n[31mred\n"), "{}", &tail[tail.len() - 40..]);
}

#[tokio::test]
async fn dev_06_cargo_test_decides_within_the_walls() {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let path = variables.get("PATH").cloned().unwrap_or_default();
    if mao_process::which("cargo", path.as_ref()).is_none() {
        println!("skipped: no cargo on PATH");
        return;
    }
    for (body, exit) in [("1 + 1 == 2", Some(0)), ("1 + 1 == 3", Some(101))] {
        let fixture = Fixture::new();
        let manifest = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
        fixture.write("Cargo.toml", manifest);
        fixture.write("src/lib.rs", &format!("#[test]\nfn sums() {{\n    assert!({body});\n}}\n"));
        let commit = fixture.commit("a crate");
        let user = fixture.user();
        let files = user.files(&commit).unwrap();
        let specs = mao_repo::detect::checks(&files, |path| user.read(&commit, path).unwrap());
        let outcome = run_with(&fixture, "", &specs, &variables).await.remove(0);
        let tail = String::from_utf8(outcome.tail).unwrap();
        assert_eq!((outcome.command.as_str(), outcome.exit), ("cargo test", exit), "{tail}");
        assert!(tail.contains("test sums"), "{tail}");
    }
}
