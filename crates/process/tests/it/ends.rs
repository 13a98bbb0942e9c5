//! Every way in which a child ends, and that nothing of it is left.

use crate::help::{
    GRACE, LONG, STUBBORN, begin, begin_stubborn, carriers, gone, nonce, sh, soon, stat, stubborn, texts, whole,
};
use mao_process::{Exit, Limits, Tree};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_stop_ends_those_that_ignore_term_and_daemons() {
    let nonce = nonce();
    let mut child = begin_stubborn(&nonce).await;
    child.stop();
    let asked = Instant::now();
    let ended = child.end().await;
    assert!(carriers(&nonce).is_empty(), "something outlived end()");
    assert_eq!((ended.exit, ended.containment.tree), (Exit::Stopped, Tree::Supervised));
    assert!(asked.elapsed() >= GRACE, "no grace was given");
    assert!(asked.elapsed() < GRACE + Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_dropping_a_child_ends_its_tree_and_leaves_no_zombie() {
    let nonce = nonce();
    let child = begin_stubborn(&nonce).await;
    let shim = child.supervisor();
    drop(child);
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
    assert!(soon(LONG, || stat(shim, 3).is_none()), "the shim stays as {:?}", stat(shim, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_giving_up_on_the_end_ends_the_tree() {
    let nonce = nonce();
    let child = begin_stubborn(&nonce).await;
    let waited = tokio::time::timeout(Duration::from_millis(1), child.end()).await;
    assert!(waited.is_err());
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
}

#[test]
fn ivk_06_the_end_of_a_runtime_ends_the_tree() {
    let nonce = nonce();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let child = runtime.block_on(begin_stubborn(&nonce));
    // No task of ours runs from here on.
    drop(child);
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
    drop(runtime);
}

#[test]
fn ivk_06_kill_9_of_the_parent_ends_the_tree() {
    let nonce = nonce();
    let mut parent = Command::new(env!("CARGO_BIN_EXE_supervise-parent"))
        .arg("hold")
        .arg("self")
        .arg(stubborn(&nonce))
        .stdout(Stdio::piped())
        .spawn()
        .expect("parent");
    let mut ready = String::new();
    BufReader::new(parent.stdout.take().expect("stdout")).read_line(&mut ready).expect("a line");
    assert_eq!(ready, "ready\n");
    // The parent has the script in its arguments, too.
    assert!(soon(LONG, || carriers(&nonce).len() > STUBBORN), "{:?}", carriers(&nonce));
    parent.kill().expect("killed");
    parent.wait().expect("reaped");
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_kill_9_of_the_shim_kills_the_program_and_is_said() {
    let nonce = nonce();
    let mut child = begin(sh(&format!("echo up; exec sleep 600.{nonce}"))).await;
    child.line().await.expect("up");
    kill("KILL", child.supervisor());
    let ended = child.end().await;
    assert_eq!((ended.exit, ended.containment.tree), (Exit::Signal(9), Tree::Lost));
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_signal_to_the_shim_ends_the_tree_in_order() {
    for name in ["TERM", "INT", "HUP"] {
        let nonce = nonce();
        let child = begin_stubborn(&nonce).await;
        kill(name, child.supervisor());
        let ended = child.end().await;
        assert_eq!((ended.exit, ended.containment.tree), (Exit::Signal(9), Tree::Supervised), "{name}");
        assert!(carriers(&nonce).is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_polite_program_may_say_goodbye() {
    let mut command = sh("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done");
    command.limits.grace = LONG;
    let mut child = begin(command).await;
    assert_eq!(child.line().await.expect("a line").text, "up");
    let asked = Instant::now();
    child.stop();
    // The shell's own remark on its `sleep` may come, too.
    let mut said = Vec::new();
    while let Some(line) = child.line().await {
        said.push(line.text);
    }
    assert!(said.contains(&"bye".to_owned()), "{said:?}");
    assert_eq!(child.end().await.exit, Exit::Stopped);
    assert!(asked.elapsed() < LONG / 2, "it was left to wait for KILL");
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_stopped_process_hears_term() {
    let mut command = sh("trap 'echo bye; exit 7' TERM; echo $$; kill -STOP $$; while :; do sleep 0.01; done");
    command.limits.grace = LONG;
    let mut child = begin(command).await;
    let pid: u32 = child.line().await.expect("a line").text.parse().expect("a pid");
    assert!(soon(LONG, || stat(pid, 3).as_deref() == Some("T")));
    child.stop();
    let mut said = Vec::new();
    while let Some(line) = child.line().await {
        said.push(line.text);
    }
    assert!(said.contains(&"bye".to_owned()), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_grandchild_that_holds_stdout_does_not_hold_the_end() {
    for holder in ["sleep 600.N &", "setsid sh -c 'trap \"\" TERM; sleep 600.N' &"] {
        let nonce = nonce();
        let begun = Instant::now();
        let (lines, ended) = whole(sh(&format!("{} echo done; exit 3", holder.replace('N', &nonce)))).await;
        assert_eq!(texts(&lines), ["done"]);
        assert_eq!((ended.exit, ended.containment.tree), (Exit::Code(3), Tree::Supervised));
        assert!(carriers(&nonce).is_empty());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_stranger_that_holds_stdout_does_not_hold_the_end() {
    let mut child = begin(sh("echo $$; exec sleep 600")).await;
    let pid = child.line().await.expect("a line").text;
    // This process is no descendant, and holds a writing end of the pipe from here on.
    let held = std::fs::File::options().write(true).open(format!("/proc/{pid}/fd/1")).expect("opened");
    child.stop();
    let asked = Instant::now();
    assert_eq!(child.end().await.exit, Exit::Stopped);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_treadmill_of_forks_is_outrun() {
    let nonce = nonce();
    // Each process starts the next one in a new session and exits: whoever is seen is gone before it can be hit.
    let step = format!("trap '' TERM; exec 2>/dev/null; [ -e \"$2\" ] || setsid sh -c \"$0\" \"$0\" {nonce} \"$2\" &");
    let scratch = tempfile::tempdir().expect("scratch");
    let off = scratch.path().join("off");
    let mut command = sh(&step);
    command.args.extend([step.clone().into(), nonce.clone().into(), off.clone().into_os_string()]);
    command.limits.total = Duration::from_millis(500);
    let ended = tokio::time::timeout(LONG, whole(command)).await;
    // A way out for the test itself, should it fail.
    std::fs::write(&off, "").expect("off");
    assert_eq!(ended.expect("outrun").1.containment.tree, Tree::Supervised);
    assert!(carriers(&nonce).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_orphans_are_reaped_while_the_program_runs() {
    let mut child = begin(sh("for i in 1 2 3 4 5 6 7 8 9; do (true &); done; echo up; exec sleep 600")).await;
    child.line().await.expect("up");
    let shim = child.supervisor();
    let zombies = || {
        let pids = std::fs::read_dir("/proc").expect("/proc").flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|&pid| stat(pid, 4) == Some(shim.to_string()) && stat(pid, 3).as_deref() == Some("Z"))
            .count()
    };
    assert!(soon(LONG, || zombies() == 0), "{} zombies", zombies());
    assert_eq!(stat(shim, 4), Some(std::process::id().to_string()), "the shim is not ours");
    child.stop();
    child.end().await;
    assert_eq!(stat(shim, 3), None, "the shim was not reaped");
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_silence_from_the_start_is_ended() {
    let mut command = sh("exec sleep 600");
    command.limits.first_line = Duration::from_millis(200);
    assert_eq!(whole(command).await.1.exit, Exit::FirstLineTimeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_falling_silent_is_ended() {
    let mut command = sh("echo one; echo two >&2; exec sleep 600");
    command.limits.idle = Duration::from_millis(200);
    let (lines, ended) = whole(command).await;
    assert_eq!((lines.len(), ended.exit), (2, Exit::IdleTimeout));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_program_that_talks_for_ever_is_ended() {
    let mut command = sh("trap '' TERM; while :; do echo x; sleep 0.02; done");
    command.limits.total = Duration::from_millis(400);
    let begun = Instant::now();
    let (lines, ended) = whole(command).await;
    assert!(!lines.is_empty());
    assert_eq!(ended.exit, Exit::TotalTimeout);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_the_clock_runs_while_nobody_takes_lines() {
    let mut command = sh("exec yes");
    command.limits.total = Duration::from_millis(300);
    let child = begin(command).await;
    let shim = child.supervisor();
    assert!(soon(LONG, || stat(shim, 3).is_none_or(|state| state == "Z")), "it runs on");
    assert_eq!(child.end().await.exit, Exit::TotalTimeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_slow_caller_is_not_a_silent_program() {
    let mut command = sh("exec seq 1 2000000");
    command.limits = Limits { idle: Duration::from_millis(100), line: 1024, ..command.limits };
    let mut child = begin(command).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut last = String::new();
    while let Some(line) = child.line().await {
        last = line.text;
    }
    assert_eq!((last.as_str(), child.end().await.exit), ("2000000", Exit::Code(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_06_a_terminal_reaches_neither_shim_nor_program() {
    let mut child = begin(sh("echo $$; exec sleep 600")).await;
    let pid: u32 = child.line().await.expect("a line").text.parse().expect("a pid");
    let (own, shim, program) = (std::process::id(), child.supervisor(), pid);
    let sessions = [own, shim, program].map(|pid| stat(pid, 6).expect("a session"));
    assert!(sessions[0] != sessions[1] && sessions[1] != sessions[2] && sessions[0] != sessions[2], "{sessions:?}");
    assert_eq!([shim, program].map(|pid| stat(pid, 7).expect("a terminal")), ["0", "0"]);
    child.stop();
    child.end().await;
}

fn kill(name: &str, pid: u32) {
    let status = Command::new("/bin/kill").arg(format!("-{name}")).arg(pid.to_string()).status().expect("kill");
    assert!(status.success());
}
