//! A parent for the tests of this room: starts `/bin/sh -c <script>` under supervision and does what its first word
//! says. It exists to be killed, and to be measured from outside.
//!
//! `supervise-parent hold <shim> <script>`: prints `ready` once the child has said a line, then waits for ever.
//! `supervise-parent measure <shim> <script>`: takes every line with the default limits and tells the exit, the lines,
//! the longest one, the bytes and its own peak of resident memory in kB.
//! `supervise-parent stall <shim> <script>`: the same, but takes nothing until the child was ended after five seconds.
//!
//! The word `self` for the shim means this very program, as `mao` does it.

use mao_process::{Command, Confinement, Limits, Shim, start};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == [Shim::WORD] {
        return mao_process::supervise_main();
    }
    let [mode, shim, script] = words.as_slice() else {
        return ExitCode::from(64);
    };
    let shim = match (shim.as_str(), Shim::of_this_program()) {
        ("self", Ok(own)) => own,
        (path, _) => Shim { program: PathBuf::from(path), args: Vec::new() },
    };
    let mut command = Command {
        program: PathBuf::from("/bin/sh"),
        args: vec![OsString::from("-c"), OsString::from(script)],
        cwd: PathBuf::from("/"),
        env: vec![(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))],
        stdin: Vec::new(),
        limits: Limits { grace: std::time::Duration::from_millis(300), ..Limits::default() },
        confinement: Confinement::Unconfined { why: "a test" },
    };
    if mode == "stall" {
        command.limits.total = std::time::Duration::from_secs(5);
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(act(mode, &shim, command)) {
        Some(text) => tell(&text),
        None => ExitCode::FAILURE,
    }
}

async fn act(mode: &str, shim: &Shim, command: Command) -> Option<String> {
    let mut child = start(shim, command).await.ok()?;
    if mode == "hold" {
        child.line().await?;
        tell("ready");
        std::future::pending::<()>().await;
    }
    while mode == "stall" && is_running(child.supervisor()) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (mut lines, mut longest) = (0_u64, 0);
    while let Some(line) = child.line().await {
        lines += 1;
        longest = longest.max(line.text.len());
    }
    let ended = child.end().await;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").to_owned();
    Some(format!("{:?} {lines} {longest} {} {peak}", ended.exit, ended.output_bytes))
}

/// Neither gone nor a zombie.
fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn tell(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
