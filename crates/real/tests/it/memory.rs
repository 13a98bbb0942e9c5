//! Bounded memory of the shipped binary: whatever a check or a worker says, and however long its lines are.

use super::place::{CONFIG, Part, Place, mao};
use super::play::{Play, Stream, tasks};
use mao_testkit::sandbox::Ran;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What must be enough, in KiB.
const MOST: u64 = 64 * 1024;

/// `VmHWM` of a process, in KiB: the most memory that it ever held.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The processes of the release binary beneath `top`, itself included: its shims are the same program.
fn ours(top: u32) -> Vec<u32> {
    let binary = mao().canonicalize().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent = |pid: &u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let parents: BTreeMap<u32, u32> = pids.iter().filter_map(|pid| Some((*pid, parent(pid)?))).collect();
    let beneath = |pid: &u32| {
        let mut at = *pid;
        while at != top {
            match parents.get(&at) {
                Some(up) => at = *up,
                None => return false,
            }
        }
        true
    };
    let is_ours = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == binary);
    pids.into_iter().filter(beneath).filter(is_ours).collect()
}

/// Runs to the end while watching: how it ended, the most memory of `mao` itself and of any of its shims, in KiB.
fn watched(mut command: Command) -> (Ran, u64, u64) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (top, done) = (child.id(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let (mut own, mut shims) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                own = own.max(high_water(top).unwrap_or(0));
                for pid in ours(top).into_iter().filter(|pid| *pid != top) {
                    shims = shims.max(high_water(pid).unwrap_or(0));
                }
                // A reading every so often: the figure only ever rises, and is lost with the process.
                std::thread::sleep(Duration::from_millis(25));
            }
            (own, shims)
        });
        let ran = Ran::from(child.wait_with_output().unwrap());
        done.store(true, Ordering::Relaxed);
        let (own, shims) = watcher.join().unwrap();
        (ran, own, shims)
    })
}

fn play(stream: &'static str) -> (Play, String) {
    let streams: Vec<Stream> = vec![("1", stream, "a.txt".into())];
    let mut play = Play::plan(&streams);
    let made = "{ edit = { path = 'a.txt', content = \"made\\n\" } }, { say = 'Made.' }";
    play.turns(&format!("work.1.{stream}"), &[made, made, made, made, made, made]);
    (play, tasks(1))
}

fn within(part: &Part, what: &str, own: u64, shims: u64) {
    part.note(&format!("{what}: VmHWM {:.1} MiB, its shims {:.1} MiB", own as f64 / 1024.0, shims as f64 / 1024.0));
    assert!(own > 0 && shims > 0, "nothing was measured");
    assert!(own <= MOST && shims <= MOST, "{what}: {own} KiB, shims {shims} KiB");
}

/// A check that is quiet on the base and says `said` once there is work to check.
fn check(part: &Part, what: &str, said: &str) {
    let (play, list) = play("implementation");
    let text = format!("test -e a.txt || exit 0\n{said}\n");
    let place = Place::new(&[("check.sh", &text), ("todo/tasks.md", &list)], CONFIG, &play);
    let (ran, own, shims) = watched(place.command(&["develop", "1"]));
    within(part, what, own, shims);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    // Cut at the limit, which is no success.
    assert!(ran.stderr.contains("checks red `sh check.sh` killed"), "{ran:#?}");
}

#[test]
fn real_04_a_check_that_says_too_much_is_red_and_costs_no_memory() {
    let Some(part) = Part::begin("memory: a loud check") else { return };
    check(&part, "a check of 200 MB", "yes 'two hundred megabytes of the same line' | head -c 200000000");
    check(&part, "a check with one line of 1 GB", "head -c 1000000000 /dev/zero | tr '\\0' x");
}

/// A worker's program that says `said` instead of working.
fn loud(dir: &Path, said: &str) -> String {
    let path = dir.join("loud");
    let text = format!("#!/bin/sh\ncase \"$*\" in *--version*) echo 'loud 1'; exit 0;; esac\n{said}\n");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn worker(part: &Part, what: &str, said: &str) {
    let (play, list) = play("storage");
    let mut place = Place::new(&[("check.sh", "true\n"), ("todo/tasks.md", &list)], CONFIG, &play);
    let bin = place.sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    place.sandbox.set("MAO_TRANSPORT_CODEX_COMMAND", loud(&bin, said));
    let (ran, own, shims) = watched(place.command(&["develop", "1"]));
    within(part, what, own, shims);
    let attempts = place.ledger().attempts("work.1.storage");
    let first = attempts.first().and_then(|(_, came)| came.as_ref().err()).map(|(kind, _)| kind.as_str());
    assert_eq!(first, Some("output_limit"), "{attempts:#?}");
    assert!(ran.stderr.contains("Storage layer: fallback from gpt-6.1-sol to sonnet-5.5 (output_limit)"), "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
}

#[test]
fn real_04_a_worker_that_says_200_mb_ends_in_output_limit() {
    let Some(part) = Part::begin("memory: a loud worker") else { return };
    worker(&part, "a worker of 200 MB", "yes '{\"type\":\"noise\"}' | head -c 200000000");
}

#[test]
fn real_04_a_worker_with_a_line_of_1_gb_ends_in_output_limit() {
    let Some(part) = Part::begin("memory: a worker with one endless line") else { return };
    worker(&part, "one line of 1 GB", "head -c 1000000000 /dev/zero | tr '\\0' x");
}
