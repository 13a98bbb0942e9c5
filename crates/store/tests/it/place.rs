//! The state directory: private, local, and only as new as this program.

use crate::{Home, Probe, announce, run};
use mao_store::sqlite::SCHEMA_VERSION;
use mao_store::{Ledger, SqliteStore, StoreError};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

/// The mode of everything at and under `path`.
fn modes(path: &Path, found: &mut Vec<(String, u32)>) {
    let about = path.symlink_metadata().expect("there");
    found.push((path.display().to_string(), about.mode() & 0o7777));
    if about.is_dir() {
        for entry in fs::read_dir(path).expect("a directory") {
            modes(&entry.expect("an entry").path(), found);
        }
    }
}

#[test]
fn everything_is_private_whatever_the_umask() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let dir = root.path().join("a/b/state");
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_store-probe"), "open"]);
    command.arg(&dir).arg(run(1).to_string());
    let mut probe = Probe::from(command);
    assert_eq!(probe.line().expect("an answer"), "ready");
    let mut found = Vec::new();
    modes(&root.path().join("a"), &mut found);
    let names: Vec<_> = found.iter().filter_map(|(path, _)| path.rsplit('/').next()).collect();
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "incoming"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    for (path, mode) in &found {
        let wanted = if Path::new(path).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, wanted, "{path} has {mode:o}");
    }
    probe.end();
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let root = tempfile::tempdir().expect("a temporary directory");
    for mode in [0o777, 0o1777, 0o770, 0o702] {
        fs::set_permissions(root.path(), Permissions::from_mode(mode)).expect("changed");
        let refused = SqliteStore::open(root.path()).expect_err("others may write");
        assert!(matches!(refused, StoreError::Unusable { .. }), "{refused:?}");
        assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 0, "nothing was made in it");
        assert_eq!(root.path().metadata().expect("there").mode() & 0o7777, mode, "its mode is its owner's business");
    }
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).expect("changed");
    SqliteStore::open(root.path()).expect("others may look");
}

#[test]
fn a_database_that_others_may_read_is_narrowed_and_a_link_is_refused() {
    let home = Home::new();
    let file = home.dir().join("ledger.sqlite");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("changed");
    home.another();
    assert_eq!(file.metadata().expect("there").mode() & 0o7777, 0o600);

    let root = tempfile::tempdir().expect("a temporary directory");
    symlink(&file, root.path().join("ledger.sqlite")).expect("a link");
    let refused = SqliteStore::open(root.path()).expect_err("a link");
    assert!(matches!(refused, StoreError::Unusable { .. }), "{refused:?}");
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let home = Home::new();
    home.opened(1);
    home.raw().pragma_update(None, "user_version", SCHEMA_VERSION + 1).expect("changed");
    let refused = SqliteStore::open(&home.dir()).expect_err("newer");
    assert!(
        matches!(refused, StoreError::Newer { found, known } if found == SCHEMA_VERSION + 1 && known == SCHEMA_VERSION),
        "{refused:?}"
    );
    home.raw().pragma_update(None, "user_version", SCHEMA_VERSION).expect("changed");
    assert_eq!(home.another().runs(None).expect("runs").len(), 1);
}

#[test]
fn what_is_no_ledger_of_ours_is_refused() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let file = root.path().join("ledger.sqlite");
    fs::write(&file, "this is a text, and long enough to be taken for a page of a database").expect("written");
    let refused = SqliteStore::open(root.path()).expect_err("a text");
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");

    fs::remove_file(&file).expect("removed");
    let other = rusqlite::Connection::open(&file).expect("a database");
    other.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1;").expect("a table");
    let refused = SqliteStore::open(root.path()).expect_err("another program's");
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
}

#[test]
fn many_may_open_a_new_directory_at_once() {
    let root = tempfile::tempdir().expect("a temporary directory");
    for round in 0..5 {
        let dir = root.path().join(format!("state-{round}"));
        let probes = ["1", "2", "3"].map(|holder| Probe::start(&dir, "slot", &["pool", "9", holder, "0"]));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| SqliteStore::open(&dir).expect("opened"));
            }
        });
        for probe in probes {
            assert_eq!(probe.end(), ["true"]);
        }
    }
}

#[test]
fn a_directory_called_like_a_uri_or_relative_is_just_a_directory() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let dir = root.path().join("file:x?mode=memory");
    drop(SqliteStore::open(&dir).expect("opened"));
    assert!(dir.join("ledger.sqlite").metadata().expect("on disk").len() > 0);
    assert!(SqliteStore::open(&dir.join("../file:x?mode=memory")).expect("opened").dir().is_absolute());
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing_half_written() {
    let root = tempfile::tempdir().expect("a temporary directory");
    // A mount of our own in a mount namespace of our own: it is gone with the probe, whatever happens.
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.arg("mount -t tmpfs -o size=3m,mode=700 tmpfs \"$1\" && echo mounted && exec \"$2\" full \"$1\" \"$3\"");
    command.arg("sh").arg(root.path()).arg(env!("CARGO_BIN_EXE_store-probe")).arg(run(1).to_string());
    let mut probe = Probe::from(command);
    if probe.line().as_deref() != Some("mounted") {
        announce("skipped: a full disk: no tmpfs can be mounted here");
        return;
    }
    assert_eq!(
        probe.end(),
        [
            "append full",
            "put full",
            "put_file full",
            "open full",
            "open full",
            "left behind 0",
            "kept all true",
            "kept all true",
            "goes on"
        ]
    );
}

#[test]
fn a_look_at_a_directory_makes_nothing() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let dir = root.path().join("a/b");
    let look = mao_store::sqlite::look(&dir).expect("looked");
    assert!(!look.there && look.free > 0);
    assert!(!root.path().join("a").exists());
    std::fs::create_dir_all(&dir).expect("made");
    assert!(mao_store::sqlite::look(&dir).expect("looked").there);
}
