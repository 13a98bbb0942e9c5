//! What a child is given: its input, its environment, its directory, and nothing else. And what is refused at once.

use crate::help::{begin, sh, shim, texts, whole};
use mao_process::{Exit, StartError, start};
use std::ffi::OsString;
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_the_environment_is_exactly_what_was_given() {
    let scratch = tempfile::tempdir().expect("scratch");
    let mut command = sh("");
    command.program = PathBuf::from("/usr/bin/env");
    command.args = Vec::new();
    command.cwd = scratch.path().to_owned();
    command.env = [("ONE", "1"), ("PWD", "/stale"), ("TWO", "2 = two")].map(|(k, v)| (k.into(), v.into())).to_vec();
    let (lines, _) = whole(command).await;
    let mut given = texts(&lines);
    given.sort_unstable();
    assert_eq!(given, ["ONE=1", &format!("PWD={}", scratch.path().display()), "TWO=2 = two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_five_megabytes_go_in_and_come_out() {
    let mut command = sh("exec cat");
    command.stdin = [&b"x".repeat(5_000_000)[..], b"\nend"].concat();
    let (lines, ended) = whole(command).await;
    assert_eq!((lines[0].text.len(), lines[1].text.as_str()), (5_000_000, "end"));
    assert_eq!(ended.exit, Exit::Code(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_input_need_not_be_read() {
    let mut command = sh("exit 5");
    command.stdin = vec![b'x'; 5_000_000];
    assert_eq!(whole(command).await.1.exit, Exit::Code(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_a_prompt_stands_in_nobodys_arguments() {
    let nonce = crate::help::nonce();
    let mut command = sh("cat >/dev/null; echo up; exec sleep 600");
    command.stdin = nonce.clone().into_bytes();
    let mut child = begin(command).await;
    child.line().await.expect("up");
    assert!(crate::help::carriers(&nonce).is_empty());
    child.stop();
    child.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_02_standard_input_is_always_at_an_end() {
    let (lines, ended) = whole(sh("cat; readlink /proc/self/fd/0")).await;
    assert_eq!((texts(&lines), ended.exit), (vec!["/dev/null"], Exit::Code(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_a_child_holds_no_other_file_of_ours() {
    // A file that outlives an exec, as a careless parent of ours may have left one.
    let file = std::fs::File::open("/").expect("opened");
    let left_open = rustix::io::dup(&file).expect("dup");
    let mut command = sh("cat; ls /proc/self/fd");
    command.stdin = b"in\n".to_vec();
    let (lines, _) = whole(command).await;
    // The fourth is the folder that `ls` lists.
    assert_eq!(texts(&lines), ["in", "0", "1", "2", "3"]);
    drop(left_open);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_arguments_are_never_read_by_a_shell() {
    let mut command = sh("");
    command.program = PathBuf::from("/usr/bin/printf");
    let hostile = ["$(touch PWNED)", "`id`", "; id", "| id", "--", "a b", "\u{3000};", "*"];
    command.args = std::iter::once("%s\\n").chain(hostile).map(OsString::from).collect();
    let (lines, _) = whole(command).await;
    assert_eq!(texts(&lines), hostile);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_children_gain_no_rights_and_dump_no_core() {
    let (lines, _) = whole(sh("grep NoNewPrivs /proc/self/status; ulimit -c")).await;
    assert_eq!(texts(&lines), ["NoNewPrivs:\t1", "0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ivk_01_what_cannot_be_started_is_said() {
    let mut command = sh("");
    command.program = PathBuf::from("/nowhere/mao-none");
    assert!(matches!(start(&shim(), command).await, Err(StartError::NotFound(path)) if path.ends_with("mao-none")));

    let mut command = sh("");
    command.program = PathBuf::from("sh");
    assert!(matches!(start(&shim(), command).await, Err(StartError::Relative(_))));

    let mut command = sh("");
    command.cwd = PathBuf::from("/nowhere");
    assert!(matches!(start(&shim(), command).await, Err(StartError::Directory(_))));

    let mut command = sh("");
    command.program = PathBuf::from("/etc/passwd");
    match start(&shim(), command).await {
        Err(StartError::Spawn { source, .. }) => assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied),
        other => panic!("{other:?}"),
    }

    let mut none = shim();
    none.program = PathBuf::from("/bin/true");
    assert!(matches!(start(&none, sh("")).await, Err(StartError::Shim { .. })));
}
