//! Durable on return, as the system sees it: what was acknowledged was synced before, under its name.

use crate::{Home, announce};
use std::process::Command;

/// The calls that the probe made, with the paths of their descriptors; `None` where nothing can be traced here.
fn traced(home: &Home, words: &[&str]) -> Option<Vec<String>> {
    let out = home.root.path().join("trace");
    let calls = "trace=write,fsync,fdatasync,?rename,?renameat,?renameat2";
    let ended = Command::new("strace")
        .args(["-y", "-s", "512", "-e", calls, "-o"])
        .arg(&out)
        .arg(env!("CARGO_BIN_EXE_store-probe"))
        .args(words)
        .output();
    let trace = std::fs::read_to_string(&out).unwrap_or_default();
    match ended {
        Ok(ended) if !trace.is_empty() => {
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            Some(trace.lines().map(str::to_owned).collect())
        }
        Ok(_) | Err(_) => {
            announce("skipped: durable on return: strace cannot trace here");
            None
        }
    }
}

fn syncs(call: &str, what: &str) -> bool {
    (call.starts_with("fsync(") || call.starts_with("fdatasync(")) && call.contains(what) && call.ends_with("= 0")
}

#[test]
fn an_append_is_synced_before_it_is_acknowledged() {
    let home = Home::new();
    let owner = home.opened(1);
    let dir = home.dir();
    let (run, epoch) = (owner.run.to_string(), owner.epoch.0.to_string());
    let Some(calls) = traced(&home, &["append", dir.to_str().expect("UTF-8"), &run, &epoch, "a", "5"]) else { return };
    let mut acknowledged = 0;
    for between in calls.split(|call| call.starts_with("write(1<")).take(5) {
        let written = between.iter().rposition(|call| call.starts_with("write(")).unwrap_or(0);
        assert!(between[written..].iter().any(|call| syncs(call, "/ledger.sqlite-wal>")), "{between:#?}");
        acknowledged += 1;
    }
    assert_eq!(acknowledged, 5);
}

#[test]
fn a_blob_is_synced_before_it_has_its_name_and_its_name_before_it_is_acknowledged() {
    let home = Home::new();
    let source = home.root.path().join("source");
    std::fs::write(&source, "content").expect("written");
    let dir = home.dir();
    let words = ["put-file", dir.to_str().expect("UTF-8"), source.to_str().expect("UTF-8")];
    let Some(calls) = traced(&home, &words) else { return };
    let hash = blake3::hash(b"content").to_hex().to_string();
    let (shelf, rest) = hash.split_at(2);
    let mut calls = calls.iter();
    let mut next = |what: &str, is: &dyn Fn(&str) -> bool| assert!(calls.any(|call| is(call)), "missing: {what}");
    next("the content's sync", &|call| syncs(call, "/blobs/incoming/"));
    next("the name", &|call| call.starts_with("rename") && call.contains(rest) && call.ends_with("= 0"));
    next("the shelf's sync", &|call| syncs(call, &format!("/blobs/{shelf}>")));
    next("the sync of the shelf's name", &|call| syncs(call, "/blobs>"));
    next("the acknowledgement", &|call| call.starts_with("write(1<"));
}
