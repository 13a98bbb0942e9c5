//! Random sets through the whole program, killed and resumed: at a named point between writing and acting, or at any of
//! its calls of git, which then never happens.
//!
//! `MAO_TEST_SEED` repeats a set, `MAO_TEST_SETS` says how many there are. `queue` plays many more in one process.

use crate::evidence::checkout;
use crate::set::{Drawn, Met, Set, over, wrong};
use crate::shop::{LATER, RUN, Shop, ran};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

/// How many sets are killed unless said otherwise.
const SETS: u64 = 40;

/// A `git` before the true one that counts its calls, and kills its caller instead of the call that is named.
fn watched(shop: &mut Shop, deadly: Option<usize>) {
    let dir = shop.sandbox.root().join("watched");
    std::fs::create_dir(&dir).unwrap();
    let path = shop.sandbox.environment()["PATH"].clone();
    let git = mao_process::which("git", path.as_ref()).unwrap();
    let (git, calls) = (git.display(), dir.join("calls"));
    let calls = calls.display();
    let deadly = deadly.map_or_else(String::new, |nth| {
        // Calls come at once: whoever first sees that it is enough makes the directory, and kills.
        let enough = format!("[ \"$(wc -l <'{calls}')\" -ge {nth} ]");
        format!("if {enough} && mkdir '{calls}.enough' 2>/dev/null; then kill -KILL $PPID; exit 1; fi\n")
    });
    let text = format!("#!/bin/sh\necho \"$GIT_DIR\" >>'{calls}'\n{deadly}exec '{git}' \"$@\"\n");
    std::fs::write(dir.join("git"), text).unwrap();
    std::fs::set_permissions(dir.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    shop.sandbox.prefer(&dir);
}

fn place(set: &Set) -> Shop {
    let mut shop = set.place();
    for (step, text) in set.script() {
        shop.play(&step, &text);
    }
    shop
}

/// Plays one set to its end; then again, killed and resumed. What is wrong with it.
fn play(seed: u64, met: &mut Vec<Met>) -> Vec<String> {
    let set = Set::drawn(seed);
    let mut shop = place(&set);
    let before = checkout(&shop);
    watched(&mut shop, None);
    let points = shop.sandbox.root().join("points");
    let whole = ran(shop.develop(&set.words()).env("MAO_TEST_POINTS", &points));
    let mut found = wrong(&shop, whole.code, &before, &mut Vec::new());
    if !found.is_empty() {
        found.push(whole.stderr);
        return found;
    }
    let mut drawn = Drawn(seed ^ 0x5eed);
    drawn.below(2);
    let mut again = place(&set);
    let before = checkout(&again);
    let (first, at) = if drawn.below(2) == 0 {
        let passed = std::fs::read_to_string(points).unwrap();
        let passed: BTreeSet<&str> = passed.lines().filter(|point| !point.contains("run_opened")).collect();
        let passed: Vec<&str> = passed.into_iter().collect();
        let point = passed[usize::try_from(drawn.below(passed.len() as u64)).unwrap()];
        (ran(again.develop(&set.words()).env("MAO_TEST_POINT", point)), point.to_owned())
    } else {
        let calls = std::fs::read_to_string(shop.sandbox.root().join("watched/calls")).unwrap();
        // The run's own repository is made once the run is recorded; before that there is nothing to resume. The last
        // calls may be other ones.
        let first = calls.lines().position(|dir| dir.ends_with("/repo.git")).unwrap() as u64 + 1;
        let nth = usize::try_from(first + drawn.below(calls.lines().count() as u64 - first - 4)).unwrap();
        watched(&mut again, Some(nth));
        (ran(&mut again.develop(&set.words())), format!("call {nth} of git"))
    };
    let second = ran(again.command(&["resume"]).env("MAO_TEST_CLOCK", LATER.to_string()));
    let mut found = wrong(&again, second.code, &before, met);
    if first.code.is_some() {
        found.push(format!("it was not killed, but ended with {:?}", first.code));
    }
    let branch = format!("mao/{}", &RUN[..8]);
    if again.branch(&branch) != shop.branch(&branch) {
        let log = |shop: &Shop| shop.sandbox.git(&["log", "-p", "--format=%s%n%b", &branch, "--", "docs/mao"]).unwrap();
        found.push(format!("it ended elsewhere; whole:\n{}\nkilled:\n{}", log(&shop), log(&again)));
    }
    if !found.is_empty() {
        found.push(format!("killed at {at}: {}{}", first.stderr, second.stderr));
    }
    met.push(Met::Resumed);
    found
}

#[test]
fn dev_10_random_sets_that_are_killed_end_as_if_they_were_not() {
    over("sets::dev_10_random_sets", SETS, play);
}
