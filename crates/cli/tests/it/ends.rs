//! However `mao` ends, nothing that it started outlives it: signals, `mao cancel`, `kill -9`, while a check is running
//! that does not want to go.

use crate::evidence::processes;
use crate::shop::{MAO, Shop, end, ran, spawn};
use mao_testkit::sandbox::Ran;
use std::time::{Duration, Instant};

/// What a check has from TERM to KILL, and one second more for everything else.
const GRACE_AND_ONE: Duration = Duration::from_secs(5 + 1);

/// How long a test waits for what must come at some time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts three kinds of processes that are hard to end, each with the mark in its words, and waits for ever.
const STUBBORN: &str = r#"#!/bin/sh
sh -c 'trap "" TERM HUP INT; while :; do sleep 1; done' MARK-ignores-term &
setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' MARK-own-session &
( ( sh -c 'while :; do sleep 1; done' MARK-double-fork & ) & )
wait
"#;

/// Leaves somebody behind who holds its standard output, and is green.
const HELD: &str = "#!/bin/sh\nsh -c 'while :; do sleep 1; done' MARK-holds-output &\nexit 0\n";

/// A repository whose check is this script, and the mark that is in the words of what it starts.
fn place(check: &str) -> (Shop, String) {
    let mark = format!("mao-mark-{}-{}", std::process::id(), fresh());
    (Shop::greeting(&check.replace("MARK", &mark)), mark)
}

fn fresh() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
}

/// Looks until it is so, or for as long as `limit`; how long it took.
fn until(limit: Duration, so: impl Fn() -> bool) -> Option<Duration> {
    let began = Instant::now();
    while !so() {
        if began.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Some(began.elapsed())
}

/// Starts a run, ends it as `how` does (given the owner's process id) while the stubborn check is running, and returns
/// what the owner left and how long the last descendant stayed.
fn ended_by(how: impl Fn(&Shop, u32)) -> (Ran, Duration) {
    let (shop, mark) = place(STUBBORN);
    let owner = spawn(&mut shop.develop("1"));
    let stubborn = || processes(&mark).iter().filter(|(_, words)| words.contains(&mark)).count();
    let over = || std::fs::read_to_string(format!("/proc/{}/stat", owner.id())).unwrap().contains(") Z ");
    assert!(until(PATIENCE, || stubborn() >= 3 || over()).is_some(), "the check did not start");
    if over() {
        panic!("the run ended before its check started: {}", end(owner).stderr);
    }
    let began = Instant::now();
    how(&shop, owner.id());
    let root = shop.sandbox.root().to_string_lossy().into_owned();
    let gone = until(PATIENCE, || processes(&mark).is_empty() && descendants(&root, owner.id()).is_empty());
    assert!(gone.is_some(), "still there: {:?}", processes(&root));
    let took = began.elapsed();
    let left = end(owner);
    assert_eq!(processes(&root), [], "after the owner's end");
    (left, took)
}

/// Who works in the sandbox, but for the owner itself.
fn descendants(root: &str, owner: u32) -> Vec<(u32, String)> {
    let ours = |(pid, words): &(u32, String)| *pid != owner && !words.starts_with(MAO);
    processes(root).into_iter().filter(ours).collect()
}

fn signal(name: &str, pid: u32) {
    let sent = std::process::Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().unwrap();
    assert!(sent.success());
}

fn by_signal(name: &str, code: i32) {
    let (left, took) = ended_by(|_, pid| signal(name, pid));
    assert_eq!(left.code, Some(code), "{}", left.stderr);
    assert!(left.stderr.contains(&format!("cancelled by SIG{name}")), "{}", left.stderr);
    assert!(took < GRACE_AND_ONE, "SIG{name}: {took:?}");
    println!("SIG{name}: exit {code}, every descendant gone after {took:?}");
}

#[test]
fn ivk_06_sigint_ends_every_descendant() {
    by_signal("INT", 130);
}

#[test]
fn ivk_06_sigterm_ends_every_descendant() {
    by_signal("TERM", 143);
}

#[test]
fn ivk_06_sighup_ends_every_descendant() {
    by_signal("HUP", 129);
}

#[test]
fn ivk_06_kill_9_of_the_owner_ends_every_descendant() {
    let (left, took) = ended_by(|_, pid| signal("KILL", pid));
    assert_eq!(left.code, None);
    assert!(took < GRACE_AND_ONE, "{took:?}");
    println!("kill -9: every descendant gone after {took:?}");
}

#[test]
fn ivk_06_cancel_from_another_terminal_ends_every_descendant() {
    let (left, took) = ended_by(|shop, _| {
        let cancel = shop.mao(&["cancel"]);
        assert_eq!(cancel.code, Some(0), "{}", cancel.stderr);
        assert!(cancel.stderr.contains("was told to end"), "{}", cancel.stderr);
    });
    assert_eq!(left.code, Some(1), "{}", left.stderr);
    assert!(left.stderr.contains("cancelled by mao cancel"), "{}", left.stderr);
    assert!(took < GRACE_AND_ONE, "{took:?}");
    println!("mao cancel: exit 1, every descendant gone after {took:?}");
}

#[test]
fn ivk_06_who_holds_the_output_does_not_hold_the_run() {
    let (shop, mark) = place(HELD);
    let began = Instant::now();
    let left = ran(&mut shop.develop("1"));
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    assert_eq!(processes(&mark), []);
    println!("a held output: the run took {:?}", began.elapsed());
}

#[test]
fn ivk_02_a_run_without_an_input_goes_to_its_end() {
    let (shop, _) = place("#!/bin/sh\n# Whoever reads gets the end at once.\ncat\n");
    let left = ran(shop.develop("1").stdin(std::process::Stdio::null()));
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    let closed = ran(shop.sandbox.command("sh").args(["-c", "exec \"$0\" resume <&-", MAO]));
    assert_eq!(closed.code, Some(0), "{}", closed.stderr);
}
