//! Short trusted programs.

use crate::help::{carriers, gone, nonce};
use mao_process::tool::{MOST_OUTPUT, Output, ToolError, run};
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

fn sh(script: &str, stdin: &[u8], timeout: Duration) -> Result<Output, ToolError> {
    let args = ["-c", script].map(OsString::from);
    let env = [(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))];
    run(Path::new("/bin/sh"), &args, Path::new("/"), &env, stdin, timeout)
}

#[test]
fn code_and_both_streams_come_back() {
    let output = sh("echo out; echo err >&2; exit 3", b"", MINUTE).expect("ran");
    assert_eq!(output, Output { code: 3, stdout: b"out\n".to_vec(), stderr: "err\n".to_owned() });
    assert_eq!(sh("kill -9 $$", b"", MINUTE).expect("ran").code, 137);
}

#[test]
fn ivk_01_much_in_and_out_at_once_does_not_block() {
    let input = vec![b'x'; 5_000_000];
    let output = sh("tee /dev/stderr", &input, MINUTE).expect("ran");
    assert_eq!((output.code, output.stdout.len(), output.stderr.len()), (0, 5_000_000, 5_000_000));
    assert_eq!(sh("exit 0", &input, MINUTE).expect("ran").code, 0);
    assert_eq!(sh("cat", b"", MINUTE).expect("ran").stdout, b"");
}

#[test]
fn ivk_06_the_timeout_kills_the_group() {
    let nonce = nonce();
    let begun = Instant::now();
    let error = sh(&format!("trap '' TERM; sleep 600.{nonce} & sleep 601.{nonce}"), b"", Duration::from_millis(200));
    assert!(matches!(error, Err(ToolError::Timeout { .. })), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(gone(&nonce), "{:?}", carriers(&nonce));
}

#[test]
fn ivk_06_what_a_tool_leaves_behind_neither_holds_us_nor_stays() {
    let nonce = nonce();
    let begun = Instant::now();
    let output = sh(&format!("sleep 600.{nonce} & echo done"), b"", MINUTE).expect("ran");
    assert_eq!((output.code, output.stdout.as_slice()), (0, &b"done\n"[..]));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(gone(&nonce), "{:?}", carriers(&nonce));

    let output = sh(&format!("setsid sleep 2.{nonce} & sleep 0.2; echo done"), b"", MINUTE).expect("ran");
    assert_eq!(output.stdout, b"done\n");
}

#[test]
fn too_much_output_is_refused() {
    let error = sh(&format!("head -c {} /dev/zero", MOST_OUTPUT + 1), b"", MINUTE);
    assert!(matches!(error, Err(ToolError::TooMuch { .. })), "{:?}", error.map(|output| output.stdout.len()));
}

#[test]
fn ivk_01_the_environment_of_a_tool_is_what_was_given() {
    let env = [(OsString::from("ONE"), OsString::from("1"))];
    let output = run(Path::new("/usr/bin/env"), &[], Path::new("/usr"), &env, b"", MINUTE).expect("ran");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ONE=1\nPWD=/usr\n");
}

#[test]
fn ivk_01_a_tool_is_named_by_an_absolute_path() {
    let relative = run(Path::new("sh"), &[], Path::new("/"), &[], b"", MINUTE);
    assert!(matches!(relative, Err(ToolError::Relative(_))));
    let none = run(Path::new("/nowhere/none"), &[], Path::new("/"), &[], b"", MINUTE);
    assert!(matches!(none, Err(ToolError::Spawn { .. })));
}
