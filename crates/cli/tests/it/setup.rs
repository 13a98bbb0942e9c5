//! A project whose packages and secrets stand in no commit: they are copied, setup runs once in each worktree, and nothing
//! of either is in the branch.

use crate::shop::{Shop, ran};
use mao_core::event::Event;

/// Green where packages, secrets, what setup made and a port are there.
const CHECK: &str = "#!/bin/sh\n[ -f node_modules/dep/index.js ] && [ -f .env ] && [ -f generated/client.js ] && [ -n \"$PORT\" ] \
    && [ \"$PORT\" = \"$MAO_PORT\" ]\n";

const SETUP: &str = "#!/bin/sh\nmkdir -p generated && echo made > generated/client.js\n";

const TASKS: &str = "# Tasks\n\n## Section 1: Greeting\n\n- [ ] 1.1 Say hello\n";

/// The place, with this setup and this key for what is copied.
fn project(setup: &str, copy: &str) -> Shop {
    let files =
        [("check.sh", CHECK), ("setup.sh", setup), (".gitignore", "node_modules/\n.env\n"), ("todo/tasks.md", TASKS)];
    let config = format!("[engine]\nverify = [\"sh check.sh\"]\nsetup = [\"sh setup.sh\"]\ncopy = {copy}\n");
    let mut shop = Shop::with(&files, &config);
    for (path, text) in [("node_modules/dep/index.js", "dep"), (".env", "SECRET=1")] {
        shop.sandbox.write(path, text).unwrap();
    }
    let greeting = Shop::greeting(CHECK);
    for step in ["plan", "work.1.tests", "judge.1.tests.1", "synthesis"] {
        shop.play(step, &std::fs::read_to_string(greeting.script.join(format!("{step}.toml"))).unwrap());
    }
    shop
}

#[test]
fn dev_04_a_project_with_untracked_packages_can_be_developed() {
    let shop = project(SETUP, "[\"node_modules\", \".env\"]");
    let ran = ran(&mut shop.develop("1"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let run = std::fs::read_dir(shop.state().join("runs")).unwrap().next().unwrap().unwrap().file_name();
    let run = run.into_string().unwrap();
    let tree = shop.sandbox.git(&["ls-tree", "-r", "--name-only", &format!("mao/{}", &run[..8])]).unwrap();
    assert!(tree.contains("hello.txt"), "{tree}");
    for path in ["node_modules", ".env", "generated"] {
        assert!(!tree.lines().any(|line| line.starts_with(&format!("{path}/")) || line == path), "{tree}");
    }
    assert!(!shop.sandbox.git(&["log", "--all", "--name-only"]).unwrap().contains("generated"));

    // What was run is recorded with its exit code, for the checks and for the worker.
    let (mut verified, mut worked) = (0, 0);
    for recorded in shop.ledger(&run) {
        if let Event::Verified { verification, .. } = &recorded.event {
            let first = &verification.checks[0];
            assert_eq!((first.command.as_str(), first.exit), ("sh setup.sh", Some(0)));
            verified += 1;
        }
        if let Event::AttemptEnded { step, containment, .. } = &recorded.event
            && step.as_str() == "work.1.tests"
        {
            assert!(containment.contains("setup: `sh setup.sh` exit 0"), "{containment}");
            worked += 1;
        }
    }
    assert!(verified > 0 && worked == 1);
}

#[test]
fn dev_06_a_red_setup_is_named_and_nobody_is_asked_to_work() {
    for (setup, why) in [
        ("#!/bin/sh\necho no such package\nexit 7\n", "no such package"),
        ("#!/bin/sh\nmkdir -p generated; echo > generated/client.js; echo >> todo/tasks.md\n", "todo/tasks.md"),
    ] {
        let shop = project(setup, "[\"node_modules\", \".env\"]");
        let ran = ran(&mut shop.develop("1"));
        assert_eq!(ran.code, Some(5), "{why}: {}{}", ran.stdout, ran.stderr);
        let run = std::fs::read_dir(shop.state().join("runs")).unwrap().next().unwrap().unwrap().file_name();
        let run = run.into_string().unwrap();
        let events = shop.ledger(&run);
        let red = events.iter().find_map(|recorded| {
            let Event::Verified { verification, .. } = &recorded.event else { return None };
            verification.first_red().cloned()
        });
        let red = red.expect("the base is checked first");
        assert!(red.command.contains("setup"), "{red:?}");
        let worked = events.iter().any(|recorded| {
            matches!(&recorded.event, Event::AttemptStarted { step, .. } if step.as_str().starts_with("work."))
        });
        assert!(!worked, "{why}: nobody is asked on a ground that cannot be made ready");
    }
}
