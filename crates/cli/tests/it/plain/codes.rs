//! Every code of the public table, by a real process that ends with it.

use crate::pictures::{developed, greeting};
use crate::shop::{BEGIN, LATER, RUN, Shop, end, ran, spawn};
use mao_testkit::sandbox::Ran;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The numbers in the first column of the table.
fn table() -> Vec<i32> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/exit-codes.md");
    let text = std::fs::read_to_string(file).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let first = rows.filter_map(|row| row.split(" | ").next());
    first.flat_map(|cell| cell.split(", ").filter_map(|number| number.parse().ok()).collect::<Vec<i32>>()).collect()
}

/// A run that is cancelled by this signal while its check runs.
fn cancelled(signal: &str) -> Ran {
    let shop = Shop::greeting("#!/bin/sh\n>started; sleep 60\n");
    let owner = spawn(&mut shop.develop("1"));
    let trees = shop.state().join("runs");
    let began = Instant::now();
    while !started(&trees) {
        assert!(began.elapsed() < Duration::from_secs(60), "the check did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    let sent = std::process::Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", owner.id())).status();
    assert!(sent.unwrap().success());
    end(owner)
}

/// Whether a file called `started` lies beneath the directory.
fn started(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| entry.file_name() == "started" || (entry.path().is_dir() && started(&entry.path())))
}

fn incomplete() -> Ran {
    // What the worker makes is what the check does not like.
    let mut shop = crate::pictures::still(Shop::greeting("test ! -e hello.txt\n"));
    let turn = "[[turn]]\nact = [{ edit = { path = \"hello.txt\", content = \"hello\\n\" } }, { say = \"hello\" }]\n";
    shop.play("work.1.tests", &turn.repeat(6));
    ran(&mut shop.develop("1"))
}

/// A run whose attempt was lost twice asks a person.
fn parked() -> Ran {
    let shop = greeting();
    let at = |moment: u64, words: Option<&[&str]>, no: u32| {
        let mut command = words.map_or_else(|| shop.develop("1"), |words| shop.command(words));
        let point = if no == 0 { String::new() } else { format!("after:attempt_started:work.1.tests:{no}") };
        ran(command.env("MAO_TEST_CLOCK", moment.to_string()).env("MAO_TEST_POINT", point))
    };
    assert_eq!(at(BEGIN, None, 1).code, None);
    assert_eq!(at(LATER, Some(&["resume"]), 2).code, None);
    let asks = at(LATER + 60_000, Some(&["resume"]), 0);
    // `mao` alone then names the command that answers.
    let next = shop.mao(&[]);
    assert!(next.stdout.contains(&format!("mao answer {} ", &RUN[..8])), "{}", next.stdout);
    asks
}

fn without_a_model() -> Ran {
    let mut shop = greeting();
    shop.sandbox.set("PATH", only_git(&shop));
    shop.mao(&["develop", "1"])
}

fn only_git(shop: &Shop) -> String {
    let tools = shop.sandbox.root().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let path = shop.sandbox.environment()["PATH"].clone();
    let git = path.split(':').map(|dir| Path::new(dir).join("git")).find(|path| path.exists()).unwrap();
    std::os::unix::fs::symlink(git, tools.join("git")).unwrap();
    tools.to_string_lossy().into_owned()
}

#[test]
fn cmd_03_every_code_of_the_table_is_one_that_a_process_ends_with() {
    let no_repository = || {
        let shop = greeting();
        std::fs::remove_dir_all(shop.sandbox.work().join(".git")).unwrap();
        shop.mao(&["develop", "1"])
    };
    let declined = || {
        let shop = developed();
        shop.sandbox.write("hello.txt", "mine\n").unwrap();
        shop.mao(&["apply"])
    };
    let damaged = || {
        let shop = developed();
        std::fs::write(shop.state().join("ledger.sqlite"), "no database\n".repeat(1000)).unwrap();
        for beside in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
            drop(std::fs::remove_file(shop.state().join(beside)));
        }
        shop.mao(&["runs"])
    };
    let all: BTreeMap<i32, Ran> = std::thread::scope(|scope| {
        let ends: Vec<(i32, Box<dyn Fn() -> Ran + Send>)> = vec![
            (0, Box::new(|| greeting().mao(&[]))),
            (1, Box::new(|| greeting().mao(&["show"]))),
            (2, Box::new(|| greeting().mao(&["devlop"]))),
            (3, Box::new(no_repository)),
            (4, Box::new(without_a_model)),
            (5, Box::new(incomplete)),
            (6, Box::new(declined)),
            (7, Box::new(parked)),
            (70, Box::new(damaged)),
            (129, Box::new(|| cancelled("HUP"))),
            (130, Box::new(|| cancelled("INT"))),
            (143, Box::new(|| cancelled("TERM"))),
        ];
        let running: Vec<_> = ends.into_iter().map(|(code, end)| (code, scope.spawn(end))).collect();
        running.into_iter().map(|(code, thread)| (code, thread.join().unwrap())).collect()
    });
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), table(), "the table and this test name the same codes");
    for (code, ran) in &all {
        assert_eq!(ran.code, Some(*code), "{}\n{}", ran.stdout, ran.stderr);
    }
}
