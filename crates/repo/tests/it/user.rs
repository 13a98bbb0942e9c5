//! Opening, reading, and seeing uncommitted work.

use crate::fixture::{Fixture, git_binary, git_in};
use mao_repo::{RepoError, UserRepo};
use std::fs;
use std::os::unix::fs::symlink;

fn refusal(dir: &std::path::Path) -> RepoError {
    UserRepo::open(dir, &git_binary()).expect_err("must be refused")
}

#[test]
fn what_cannot_be_worked_on_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(dir.path()), RepoError::NotARepository(_)));
    git_in(dir.path(), &["init", "-q", "--bare", "bare.git"]);
    assert!(matches!(refusal(&dir.path().join("bare.git")), RepoError::Bare(_)));
    git_in(dir.path(), &["init", "-q", "unborn"]);
    let unborn = refusal(&dir.path().join("unborn"));
    assert!(matches!(unborn, RepoError::Unborn(_)), "{unborn}");
    assert!(unborn.to_string().contains("first commit"));
    let fixture = Fixture::new();
    assert!(matches!(refusal(&fixture.root.join(".git")), RepoError::Bare(_)));
}

#[test]
fn head_branch_and_detached_head_are_seen_from_any_directory() {
    let fixture = Fixture::new();
    let user = UserRepo::open(&fixture.root.join("src"), &git_binary()).unwrap();
    assert_eq!(user.root(), fixture.root);
    assert_eq!(user.head().commit.as_str(), fixture.git(&["rev-parse", "HEAD"]));
    assert_eq!(user.head().tree.as_str(), fixture.git(&["rev-parse", "HEAD^{tree}"]));
    assert_eq!(user.head().branch.as_deref(), Some("main"));
    assert!(user.remarks().is_empty());
    fixture.git(&["checkout", "-q", "--detach"]);
    assert_eq!(fixture.user().head().branch, None);
}

#[test]
fn a_linked_worktree_of_the_user_works_and_has_its_own_key() {
    let fixture = Fixture::new();
    let other = fixture.root.with_file_name("other");
    fixture.git(&["worktree", "add", "-q", "-b", "side", other.to_str().unwrap()]);
    let linked = UserRepo::open(&other, &git_binary()).unwrap();
    assert_eq!(linked.root(), other);
    assert_eq!(linked.head().branch.as_deref(), Some("side"));
    assert!(linked.dirty().unwrap().is_empty());
    assert_ne!(linked.key().unwrap(), fixture.user().key().unwrap());
    assert_eq!(fixture.user().key().unwrap(), fixture.user().key().unwrap());
}

#[test]
fn a_git_file_or_directory_that_leads_elsewhere_is_refused() {
    let victim = Fixture::new();
    let evil = tempfile::tempdir().unwrap();
    let git = victim.root.join(".git");

    let by_file = evil.path().join("file");
    fs::create_dir(&by_file).unwrap();
    fs::write(by_file.join(".git"), format!("gitdir: {}\n", git.display())).unwrap();
    assert!(matches!(refusal(&by_file), RepoError::Forged { .. }));

    let by_link = evil.path().join("link");
    fs::create_dir(&by_link).unwrap();
    symlink(&git, by_link.join(".git")).unwrap();
    assert!(matches!(refusal(&by_link), RepoError::Forged { .. }));

    let by_commondir = evil.path().join("commondir");
    git_in(evil.path(), &["init", "-q", "commondir"]);
    fs::write(by_commondir.join(".git/commondir"), format!("{}\n", git.display())).unwrap();
    assert!(matches!(refusal(&by_commondir), RepoError::Forged { .. }));

    let by_setting = evil.path().join("setting");
    git_in(evil.path(), &["init", "-q", "setting"]);
    git_in(&by_setting, &["config", "core.worktree", victim.root.to_str().unwrap()]);
    let refused = refusal(&by_setting);
    assert!(matches!(refused, RepoError::Forged { .. } | RepoError::Bare(_) | RepoError::Git { .. }), "{refused}");

    // A worktree entry of the victim's that points back to the victim's own linked worktree, not to the forger.
    let other = victim.root.with_file_name("other");
    victim.git(&["worktree", "add", "-q", "-b", "side", other.to_str().unwrap()]);
    let by_entry = evil.path().join("entry");
    fs::create_dir(&by_entry).unwrap();
    fs::copy(other.join(".git"), by_entry.join(".git")).unwrap();
    assert!(matches!(refusal(&by_entry), RepoError::Forged { .. }));
}

#[test]
fn files_are_read_out_of_the_object_database_and_no_link_is_followed() {
    let fixture = Fixture::new();
    symlink("/etc/passwd", fixture.root.join("link")).unwrap();
    let commit = fixture.commit("a link");
    let user = fixture.user();
    assert_eq!(user.files(&commit).unwrap(), [".gitignore", "README.md", "link", "src/a.rs", "src/b.rs"]);
    assert_eq!(user.read(&commit, "link").unwrap().unwrap(), b"/etc/passwd");
    assert_eq!(user.read(&commit, "src/a.rs").unwrap().unwrap(), b"pub fn a() {}\n");
    fs::write(fixture.root.join("src/a.rs"), "changed").unwrap();
    assert_eq!(user.read(&commit, "src/a.rs").unwrap().unwrap(), b"pub fn a() {}\n");
    for path in ["src", "none", "../user/README.md", "/etc/passwd", "link/x", "src/a.rs\nHEAD", ""] {
        assert_eq!(user.read(&commit, path).unwrap(), None, "{path}");
    }
    assert_eq!(user.resolve("HEAD~1").unwrap().as_str(), fixture.git(&["rev-parse", "HEAD~1"]));
    for bad in ["--output=x", "nothing", "HEAD:src/a.rs", ""] {
        assert!(matches!(user.resolve(bad), Err(RepoError::NoSuchCommit(_))), "{bad}");
    }
}

#[test]
fn uncommitted_work_of_every_kind_is_listed_and_nothing_else() {
    let fixture = Fixture::new();
    fixture.write("gone", "x");
    fixture.write("staged-and-back", "x\n");
    fixture.commit("second");
    assert!(fixture.user().dirty().unwrap().is_empty());
    // Same size, same second: only the content tells.
    fixture.write("src/a.rs", "pub fn c() {}\n");
    fs::remove_file(fixture.root.join("gone")).unwrap();
    fixture.write("staged", "x");
    fixture.git(&["add", "staged"]);
    fixture.write("staged-and-back", "y\n");
    fixture.git(&["add", "staged-and-back"]);
    fixture.write("staged-and-back", "x\n");
    fixture.write("new/deep/file", "x");
    fixture.write("ignored.log", "x");
    fixture.write("target/out", "x");
    fixture.write("secret.excluded", "x");
    fs::create_dir_all(fixture.root.join(".git/info")).unwrap();
    fs::write(fixture.root.join(".git/info/exclude"), "*.excluded\n").unwrap();
    // Touched, not changed.
    let file = fs::File::options().write(true).open(fixture.root.join("src/b.rs")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let before = fixture.everything();
    assert_eq!(fixture.user().dirty().unwrap(), ["gone", "new/", "src/a.rs", "staged", "staged-and-back"]);
    assert_eq!(fixture.everything(), before, "looking changes nothing");
}

#[test]
fn a_long_list_of_uncommitted_work_is_cut_with_a_count() {
    let fixture = Fixture::new();
    for number in 0..130 {
        fixture.write(&format!("f{number:03}"), "x");
    }
    let dirty = fixture.user().dirty().unwrap();
    assert_eq!((dirty.len(), dirty[100].as_str()), (101, "… and 30 more"));
}

#[test]
fn converted_line_endings_and_a_split_index_are_not_uncommitted_work() {
    let fixture = Fixture::new();
    fixture.git(&["config", "core.autocrlf", "true"]);
    fs::remove_file(fixture.root.join("README.md")).unwrap();
    fixture.git(&["checkout", "-q", "--", "README.md"]);
    assert!(fs::read_to_string(fixture.root.join("README.md")).unwrap().contains("\r\n"));
    assert!(fixture.user().dirty().unwrap().is_empty());
    fixture.git(&["update-index", "--split-index"]);
    fixture.write("src/a.rs", "x");
    assert_eq!(fixture.user().dirty().unwrap(), ["src/a.rs"]);
}
