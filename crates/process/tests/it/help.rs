//! What the tests share: commands under the shim of this crate, and looking for processes by a nonce in their
//! arguments.

use mao_process::{Child, Command, Confinement, Ended, Limits, Line, Shim, start};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// From TERM to KILL in these tests.
pub(crate) const GRACE: Duration = Duration::from_millis(300);
/// Long enough for a loaded machine; nothing waits for it when all is well.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) fn shim() -> Shim {
    Shim { program: PathBuf::from(env!("CARGO_BIN_EXE_supervise")), args: Vec::new() }
}

/// `/bin/sh -c script`, with a small environment.
pub(crate) fn sh(script: &str) -> Command {
    Command {
        program: PathBuf::from("/bin/sh"),
        args: vec![OsString::from("-c"), OsString::from(script)],
        cwd: PathBuf::from("/"),
        env: vec![(OsString::from("PATH"), OsString::from("/usr/bin:/bin:/usr/sbin:/sbin"))],
        stdin: Vec::new(),
        limits: Limits { grace: GRACE, total: LONG, ..Limits::default() },
        confinement: Confinement::Unconfined { why: "a test" },
    }
}

pub(crate) async fn begin(command: Command) -> Child {
    start(&shim(), command).await.expect("started")
}

/// All lines, then the end.
pub(crate) async fn whole(command: Command) -> (Vec<Line>, Ended) {
    let mut child = begin(command).await;
    let mut lines = Vec::new();
    while let Some(line) = child.line().await {
        lines.push(line);
    }
    (lines, child.end().await)
}

pub(crate) fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// Digits that stand in no other process's arguments; they also make a fraction for `sleep`.
pub(crate) fn nonce() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("4242{:07}{:03}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A script that starts, in every way known to escape, processes that ignore TERM, says `up`, and goes on. Five
/// processes of it carry the nonce.
pub(crate) fn stubborn(nonce: &str) -> String {
    format!(
        "trap '' TERM INT HUP
         sleep 600.{nonce} &
         setsid sh -c 'sleep 601.{nonce}; :' &
         (setsid sh -c '(sleep 602.{nonce} >/dev/null 2>&1 &) ; exit 0' &)
         echo up
         while :; do sleep 0.05; done"
    )
}

/// How many processes of [`stubborn`] carry the nonce once all are there.
pub(crate) const STUBBORN: usize = 5;

/// The pids of living processes that carry the nonce in their arguments; zombies have none.
pub(crate) fn carriers(nonce: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(arguments) = fs::read(entry.path().join("cmdline")) else { continue };
        if pid != std::process::id() && String::from_utf8_lossy(&arguments).contains(nonce) {
            found.push(pid);
        }
    }
    found
}

/// Looks again and again until it is so; says whether it came to be so in time.
pub(crate) fn soon(within: Duration, mut so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + within;
    loop {
        if so() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether no process carries the nonce within grace + 1 s.
pub(crate) fn gone(nonce: &str) -> bool {
    soon(GRACE + Duration::from_secs(1), || carriers(nonce).is_empty())
}

/// Starts [`stubborn`] and waits until all of it is there.
pub(crate) async fn begin_stubborn(nonce: &str) -> Child {
    let mut child = begin(sh(&stubborn(nonce))).await;
    assert_eq!(child.line().await.expect("a line").text, "up");
    assert!(soon(LONG, || carriers(nonce).len() >= STUBBORN), "{:?}", carriers(nonce));
    child
}

/// Field `number` (as counted in proc(5)) of `/proc/<pid>/stat`; `None` when there is no such process.
pub(crate) fn stat(pid: u32, number: usize) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after = text.rsplit_once(')')?.1;
    after.split_ascii_whitespace().nth(number - 3).map(str::to_owned)
}
