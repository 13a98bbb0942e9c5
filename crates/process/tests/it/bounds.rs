//! Output: bounded, whole where it fits, marked where it does not.

use crate::help::{sh, shim, texts, whole};
use mao_process::{Exit, Line, StartError, Stream, start};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Bytes of resident memory, in kB, that must-show 4 allows.
const MOST_MEMORY: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_a_flood_ends_in_output_limit() {
    let mut command = sh("exec yes 0123456789");
    command.limits.output = 1_000_000;
    let (lines, ended) = whole(command).await;
    assert_eq!(ended.exit, Exit::OutputLimit);
    assert!(ended.output_bytes > 1_000_000, "{}", ended.output_bytes);
    let kept: usize = lines.iter().map(|line| line.text.len() + 1).sum();
    assert!((999_980..=1_000_001).contains(&kept), "{kept}");
    assert!(lines.iter().rev().skip(1).all(|line| line.text == "0123456789" && !line.cut));
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_a_long_line_is_cut_and_the_next_is_whole() {
    let mut command = sh("printf '%05000d\\n' 0; echo next");
    command.limits.line = 1000;
    let (lines, ended) = whole(command).await;
    assert_eq!((lines[0].text.len(), lines[0].cut), (1000, true));
    assert_eq!(lines[1], Line { stream: Stream::Out, text: "next".to_owned(), cut: false });
    assert_eq!((lines.len(), ended.exit, ended.output_bytes), (2, Exit::Code(0), 5006));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_a_line_of_two_megabytes_arrives_whole() {
    let (lines, ended) = whole(sh("head -c 2000000 /dev/zero | tr '\\0' x; echo")).await;
    assert_eq!((lines.len(), lines[0].text.len(), lines[0].cut), (1, 2_000_000, false));
    assert_eq!(ended.exit, Exit::Code(0));
}

/// A process of its own takes the output with the default limits; its peak of memory is the kernel's word.
fn measure(script: &str) -> (String, u64, u64, u64) {
    parent("measure", script)
}

fn parent(mode: &str, script: &str) -> (String, u64, u64, u64) {
    let output = Command::new(env!("CARGO_BIN_EXE_supervise-parent"))
        .arg(mode)
        .arg("self")
        .arg(script)
        .output()
        .expect("parent");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut words = text.split_whitespace();
    let exit = words.next().expect("exit").to_owned();
    let mut number = || words.next().expect("a number").parse().expect("a number");
    let (_lines, longest, bytes, peak) = (number(), number(), number(), number());
    (exit, longest, bytes, peak)
}

#[test]
fn inv_06_an_endless_line_keeps_us_small() {
    let (exit, longest, bytes, peak) = measure("exec tr '\\0' x </dev/zero");
    assert_eq!((exit.as_str(), longest), ("OutputLimit", 8 * 1024 * 1024));
    assert!(bytes > 100_000_000, "{bytes}");
    assert!(peak <= MOST_MEMORY, "{peak} kB");
}

#[test]
fn inv_06_endless_foreign_bytes_keep_us_small() {
    let (exit, longest, _, peak) = measure("exec tr '\\0' '\\377' </dev/zero");
    assert_eq!(exit, "OutputLimit");
    assert!(longest <= 8 * 1024 * 1024, "{longest}");
    assert!(peak <= MOST_MEMORY, "{peak} kB");
}

#[test]
fn inv_06_a_hundred_megabytes_of_lines_keep_us_small() {
    let (exit, _, bytes, peak) = measure("exec yes \"$(printf '%0200d' 0)\"");
    assert_eq!(exit, "OutputLimit");
    assert!(bytes > 100_000_000, "{bytes}");
    assert!(peak <= MOST_MEMORY, "{peak} kB");
}

#[test]
fn inv_06_a_caller_that_takes_nothing_keeps_us_small() {
    let (exit, longest, _, peak) = parent("stall", "while :; do head -c 8000000 /dev/zero | tr '\\0' x; echo; done");
    assert_eq!((exit.as_str(), longest), ("TotalTimeout", 8_000_000));
    assert!(peak <= MOST_MEMORY, "{peak} kB");
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_both_streams_are_kept_apart_and_spilled_raw() {
    let scratch = tempfile::tempdir().expect("scratch");
    let spill = scratch.path().join("raw");
    let mut command = sh("printf 'a\\377b\\n'; echo oops >&2; printf 'no end'");
    command.limits.spill = Some(spill.clone());
    let (lines, ended) = whole(command).await;
    let of =
        |stream| lines.iter().filter(|line| line.stream == stream).map(|line| line.text.as_str()).collect::<Vec<_>>();
    assert_eq!(of(Stream::Out), ["a\u{fffd}b", "no end"]);
    assert_eq!(of(Stream::Err), ["oops"]);
    assert_eq!((ended.stderr_tail.as_str(), ended.spill_fault), ("oops\n", None));
    let raw = fs::read(&spill).expect("spill");
    assert_eq!(raw.len() as u64, ended.output_bytes);
    for piece in [&b"a\xffb\n"[..], b"oops\n", b"no end"] {
        assert!(raw.windows(piece.len()).any(|window| window == piece), "{raw:?}");
    }
    assert_eq!(fs::metadata(&spill).expect("spill").permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_a_complaint_never_stands_within_a_line_of_the_spill() {
    let scratch = tempfile::tempdir().expect("scratch");
    let spill = scratch.path().join("raw");
    let mut command = sh("printf 'begun '; echo said >&2; sleep 0.2; echo done");
    command.limits.spill = Some(spill.clone());
    whole(command).await;
    // Which of two pipes is read first is the kernel's matter; that a line stays whole is ours.
    let raw = fs::read_to_string(&spill).expect("spill");
    assert!(["begun done\nsaid\n", "said\nbegun done\n"].contains(&raw.as_str()), "{raw:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_the_spill_is_bounded_appended_and_follows_no_link() {
    let scratch = tempfile::tempdir().expect("scratch");
    let spill = scratch.path().join("raw");
    fs::write(&spill, "before\n").expect("written");
    let mut command = sh("exec yes");
    command.limits.output = 100_000;
    command.limits.spill = Some(spill.clone());
    assert_eq!(whole(command).await.1.exit, Exit::OutputLimit);
    let raw = fs::read_to_string(&spill).expect("spill");
    assert_eq!((raw.len(), &raw[..9]), (100_007, "before\ny\n"));

    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(&spill, &link).expect("link");
    let mut command = sh("true");
    command.limits.spill = Some(link.clone());
    match start(&shim(), command).await {
        Err(StartError::Spill { path, .. }) => assert_eq!(path, link),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_the_last_of_standard_error_is_kept() {
    let (_, ended) = whole(sh("seq 1 100000 >&2; echo last words >&2; exit 9")).await;
    assert_eq!((ended.exit, ended.stderr_tail.len()), (Exit::Code(9), 8 * 1024));
    assert!(ended.stderr_tail.ends_with("\n100000\nlast words\n"), "{}", ended.stderr_tail);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_needed_of_the_lines() {
    let child = crate::help::begin(sh("seq 1 500000; exit 4")).await;
    let ended = child.end().await;
    assert_eq!((ended.exit, ended.output_bytes), (Exit::Code(4), 3_388_895));
    assert_eq!(texts(&[]), [""; 0]);
}
