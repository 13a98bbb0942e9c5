//! Opening, reading, and seeing uncommitted work.

use crate::fixture::{AT, Fixture, git_binary, git_in, put};
use mao_repo::{RepoError, RunRepo, UserRepo};
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
    assert!(unborn.hint().is_some_and(|hint| hint.contains("first commit")));
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
fn what_the_user_ignores_everywhere_is_no_uncommitted_work() {
    let fixture = Fixture::new();
    let home = fixture.dir.path().join("home");
    fixture.write("editor.swp", "x");
    fixture.write("notes.mine", "x");
    fixture.write("other", "x");
    let dirty = |config: Option<&std::path::Path>| fixture.user().ignoring(&home, config).dirty().unwrap();
    assert_eq!(dirty(None), ["editor.swp", "notes.mine", "other"]);
    // The usual place, then the one that the environment names, then the one that the configuration names.
    put(&home, ".config/git/ignore", "*.swp\n");
    assert_eq!(dirty(None), ["notes.mine", "other"]);
    put(&home, "elsewhere/git/ignore", "*.mine\n");
    assert_eq!(dirty(Some(&home.join("elsewhere"))), ["editor.swp", "other"]);
    put(&home, ".gitconfig", "[core]\n\texcludesFile = ~/mine\n");
    put(&home, "mine", "other\n");
    assert_eq!(dirty(None), ["editor.swp", "notes.mine"]);
    fixture.git(&["config", "core.excludesFile", home.join("nowhere").to_str().unwrap()]);
    assert_eq!(dirty(None), ["editor.swp", "notes.mine", "other"], "the repository's own comes first");
}

#[test]
fn uncommitted_work_becomes_a_commit_and_everything_of_the_users_stays_as_it_is() {
    let fixture = Fixture::new();
    fixture.write("gone", "x");
    fixture.commit("second");
    fixture.write("src/a.rs", "pub fn c() {}\n");
    fs::remove_file(fixture.root.join("gone")).unwrap();
    fixture.write("staged", "staged\n");
    fixture.git(&["add", "staged"]);
    fixture.write("staged", "and changed\n");
    fixture.write("new/deep/file", "x");
    symlink("/etc/passwd", fixture.root.join("link")).unwrap();
    fixture.write("ignored.log", "x");
    let home = fixture.dir.path().join("home");
    put(&home, ".config/git/ignore", "*.swp\n");
    fixture.write("editor.swp", "x");
    let before = fixture.everything();
    let user = fixture.user().ignoring(&home, None);
    let included = user.include(AT).unwrap();
    assert_eq!(fixture.everything(), before, "nothing of the user's was written");
    assert_eq!(
        user.files(&included.commit).unwrap(),
        [".gitignore", "README.md", "link", "new/deep/file", "src/a.rs", "src/b.rs", "staged"]
    );
    assert_eq!(user.read(&included.commit, "staged").unwrap().unwrap(), b"and changed\n");
    assert_eq!(user.read(&included.commit, "link").unwrap().unwrap(), b"/etc/passwd");
    assert_eq!(user.tree(&included.commit).unwrap(), included.tree);
    // A run starts from it, and goes on when everything that was in memory is gone.
    user.bring(&included).unwrap();
    RunRepo::create(&fixture.run_dir(), "7f3a", &user, &included.commit).unwrap();
    drop(user);
    let run = RunRepo::open(&fixture.run_dir(), &git_binary()).unwrap();
    assert_eq!(run.read(&included.commit, "src/a.rs").unwrap().unwrap(), b"pub fn c() {}\n");
    let parent = fixture.git(&["rev-parse", &format!("{}^", included.commit)]);
    assert_eq!(parent, fixture.git(&["rev-parse", "HEAD"]));
    assert_eq!(fixture.everything(), before);
}

#[test]
fn uncommitted_work_that_needs_a_filter_or_is_a_repository_is_refused_by_name() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "*.bin filter=lfs\n");
    fixture.write("a.bin", "pointer\n");
    fixture.commit("filtered");
    fixture.write("src/a.rs", "changed\n");
    fixture.user().include(AT).unwrap();
    fixture.write("a.bin", "longer content\n");
    let refused = fixture.user().include(AT).unwrap_err();
    assert!(matches!(&refused, RepoError::NotIncluded(paths) if paths == &["a.bin"]), "{refused}");
    fixture.git(&["checkout", "-q", "--", "a.bin"]);
    git_in(&fixture.root, &["init", "-q", "nested"]);
    put(&fixture.root, "nested/file", "x");
    let refused = fixture.user().include(AT).unwrap_err();
    assert!(matches!(&refused, RepoError::NotIncluded(paths) if paths == &["nested/"]), "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("--base HEAD")));
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
