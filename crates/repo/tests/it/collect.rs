//! Worktrees, and what a worker leaves in them.

use crate::fixture::{AT, Fixture, change, collect, git_in, put, trespasses};
use mao_core::ids::Stamp;
use mao_repo::{Collected, RepoError, RunRepo};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

#[test]
fn x_20_a_worktree_is_a_git_checkout_in_which_plain_git_works() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    assert!(!worktree.path().starts_with(&fixture.root));
    assert_eq!(git_in(worktree.path(), &["rev-parse", "HEAD"]), user.head().commit.as_str());
    assert_eq!(git_in(worktree.path(), &["status", "--porcelain"]), "");
    put(worktree.path(), "src/a.rs", "x");
    assert_eq!(git_in(worktree.path(), &["status", "--porcelain"]), " M src/a.rs");
    assert_eq!(fs::read_to_string(worktree.path().join("README.md")).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn every_kind_of_edit_is_in_the_change_and_ignored_files_are_not() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    let root = worktree.path();
    assert_eq!(collect(&run, &worktree, &["**"], &[]), Collected::NoChange);
    // Same size as before, in the same second.
    put(root, "src/a.rs", "pub fn z() {}\n");
    fs::remove_file(root.join("README.md")).unwrap();
    put(root, "README.md/now/a/directory", "x");
    fs::set_permissions(root.join("src/b.rs"), fs::Permissions::from_mode(0o755)).unwrap();
    put(root, "new file ü", "x");
    symlink("../src/a.rs", root.join("src/link")).unwrap();
    put(root, "build.log", "ignored");
    put(root, "target/out", "ignored");
    for left_behind in [".codex", ".agents", ".aws"] {
        fs::create_dir(root.join(left_behind)).unwrap();
    }
    let Collected::Change { commit, tree, files, diff } = collect(&run, &worktree, &["**"], &[]) else {
        panic!("no change")
    };
    assert_eq!(files, ["README.md", "README.md/now/a/directory", "new file ü", "src/a.rs", "src/b.rs", "src/link"]);
    assert_eq!(run.files(&commit).unwrap().len(), 6);
    assert_eq!(run.tree(&commit).unwrap(), tree);
    assert_eq!(run.files_changed(&user.head().commit, &commit).unwrap(), files);
    let diff = String::from_utf8(diff).unwrap();
    assert!(diff.contains("+pub fn z() {}") && diff.contains("new mode 100755"), "{diff}");
    let message =
        git_in(&fixture.run_dir().join("repo.git"), &["log", "-1", "--format=%an <%ae> %at%n%B", commit.as_str()]);
    assert_eq!(message, "mao <mao@localhost> 1790000000\nwork\n\na body");
    assert_eq!(
        collect(&run, &worktree, &["**"], &[]),
        Collected::Change { commit, tree, files, diff: diff.into_bytes() }
    );
}

#[test]
fn the_same_work_has_the_same_commit_id_in_another_place() {
    let ids = [1, 2].map(|_| {
        let fixture = Fixture::new();
        let user = fixture.user();
        let run = fixture.run(&user);
        let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
        put(worktree.path(), "src/new.rs", "x");
        let (commit, _) = change(collect(&run, &worktree, &["src/**"], &[]));
        let report = run.write_files(&commit, &[("docs/r.md".into(), b"# r\n".to_vec())], "report", AT).unwrap();
        (commit, report)
    });
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn dev_04_golden_20_what_a_worker_does_not_own_is_a_violation() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    put(worktree.path(), "src/storage/x.rs", "mine");
    put(worktree.path(), "src/a.rs", "not mine");
    fs::remove_file(worktree.path().join("README.md")).unwrap();
    let owned = &["src/storage/**"];
    assert_eq!(trespasses(collect(&run, &worktree, owned, &[])), ["README.md (not owned)", "src/a.rs (not owned)"]);
    assert_eq!(trespasses(collect(&run, &worktree, &[], &[])).len(), 3);
}

#[test]
fn dev_11_protected_files_are_a_violation_even_when_owned() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    put(worktree.path(), ".env", "x");
    put(worktree.path(), ".env.example", "matched exactly, so not protected");
    put(worktree.path(), "sub/Cargo.lock", "x");
    let protected = &[".env", "**/Cargo.lock"];
    let found = trespasses(collect(&run, &worktree, &["**"], protected));
    assert_eq!(found, [".env (protected)", "sub/Cargo.lock (protected)"]);
}

/// A name, what is refused with its reason, and what the worker does.
type Case = (&'static str, &'static str, fn(&std::path::Path));

#[test]
fn links_out_nested_repositories_pipes_and_names_like_git_are_violations() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let cases: &[Case] = &[
        ("absolute", "l (a link out of the tree)", |root| symlink("/etc/passwd", root.join("l")).unwrap()),
        ("climbing", "src/l (a link out of the tree)", |root| symlink("../../x", root.join("src/l")).unwrap()),
        ("two-steps", "l (a link out of the tree)", |root| symlink("src/../../x", root.join("l")).unwrap()),
        ("into-git", "l (a link out of the tree)", |root| symlink(".git/config", root.join("l")).unwrap()),
        ("file-to-link", "README.md (a link out of the tree)", |root| {
            fs::remove_file(root.join("README.md")).unwrap();
            symlink("/etc", root.join("README.md")).unwrap();
        }),
        ("nested", "nested/ (a repository of its own)", |root| {
            git_in(root, &["init", "-q", "nested"]);
            put(root, "nested/x", "x");
        }),
        ("nested-with-commit", "nested/ (a repository of its own)", |root| {
            git_in(root, &["init", "-q", "nested"]);
            git_in(&root.join("nested"), &["commit", "-q", "--allow-empty", "-m", "x"]);
        }),
        ("case", ".GIT/config (not a plain name)", |root| put(root, ".GIT/config", "x")),
        ("short", "src/GIT~1/config (not a plain name)", |root| put(root, "src/GIT~1/config", "x")),
        ("control", "ab (not a plain name)", |root| put(root, "a\u{1b}b", "x")),
        ("pipe", "src/a.rs (not a regular file)", |root| {
            fs::remove_file(root.join("src/a.rs")).unwrap();
            assert!(Command::new("mkfifo").arg(root.join("src/a.rs")).status().unwrap().success());
        }),
    ];
    for (name, expected, plant) in cases {
        let worktree = run.worktree(name, &user.head().commit, AT).unwrap();
        plant(worktree.path());
        assert_eq!(trespasses(collect(&run, &worktree, &["**"], &[])), [*expected], "{name}");
        run.salvage(&worktree, name, AT).unwrap();
        run.remove(worktree).unwrap();
    }
    assert_eq!(fs::read_dir(fixture.run_dir().join("trees")).unwrap().count(), 0);
}

#[test]
fn a_directory_swapped_for_a_link_brings_nothing_from_outside() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let outside = fixture.root.with_file_name("outside");
    put(&outside, "a.rs", "a secret\n");
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    fs::remove_dir_all(worktree.path().join("src")).unwrap();
    symlink(&outside, worktree.path().join("src")).unwrap();
    assert_eq!(trespasses(collect(&run, &worktree, &["**"], &[])), ["src (a link out of the tree)"]);
    let kept = run.salvage(&worktree, "work.1", AT).unwrap().unwrap();
    assert_eq!(run.read(&kept, "src").unwrap().unwrap(), outside.to_str().unwrap().as_bytes());
    run.remove(worktree).unwrap();
    assert_eq!(fs::read_to_string(outside.join("a.rs")).unwrap(), "a secret\n", "removal follows no link");
}

#[test]
fn fbk_07_the_next_attempt_starts_from_the_clean_base() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let first = run.worktree("work.1", base, AT).unwrap();
    put(first.path(), "src/a.rs", "half done");
    put(first.path(), "scratch.log", "ignored by git");
    // The owner dies here; the next one asks for the same worktree.
    let run = RunRepo::open(&fixture.run_dir(), &crate::fixture::git_binary()).unwrap();
    let second = run.worktree("work.1", base, Stamp(AT.0 + 5000)).unwrap();
    assert_eq!(collect(&run, &second, &["**"], &[]), Collected::NoChange);
    assert!(!second.path().join("scratch.log").exists());
    let (name, kept) = run.salvaged().unwrap().remove(0);
    assert_eq!(name, "work.1");
    assert_eq!(run.read(&kept, "src/a.rs").unwrap().unwrap(), b"half done");
    assert_eq!(run.read(&kept, "scratch.log").unwrap().unwrap(), b"ignored by git");
}

#[test]
fn names_that_lead_elsewhere_make_no_worktree_and_remove_nothing() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    for name in ["", "..", "../x", "a/b", "/tmp/x", "-rf", ".hidden"] {
        assert!(matches!(run.worktree(name, base, AT), Err(RepoError::BadName { .. })), "{name}");
    }
    let other = Fixture::new();
    let other_user = other.user();
    let foreign = other.run(&other_user).worktree("work.1", &other_user.head().commit, AT).unwrap();
    let path = foreign.path().to_owned();
    assert!(matches!(run.remove(foreign), Err(RepoError::Outside(_))));
    assert!(path.join("README.md").is_file());
    // The place of worktrees is a link now: nothing behind it is touched.
    let mine = run.worktree("work.1", base, AT).unwrap();
    let trees = fixture.run_dir().join("trees");
    fs::rename(&trees, fixture.root.with_file_name("moved")).unwrap();
    symlink(fixture.root.with_file_name("moved"), &trees).unwrap();
    assert!(matches!(run.remove(mine), Err(RepoError::Outside(_))));
    assert!(fixture.root.with_file_name("moved").join("work.1/README.md").is_file());
}

#[test]
fn a_run_inside_the_checkout_is_refused() {
    let fixture = Fixture::new();
    let user = fixture.user();
    for dir in ["state", ".git/state"] {
        let refused = RunRepo::create(&fixture.root.join(dir), "7f3a", &user, &user.head().commit);
        assert!(matches!(refused, Err(RepoError::Outside(_))));
    }
}

#[test]
fn directories_without_the_right_to_write_are_removed_all_the_same() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    put(worktree.path(), "target/cache/deep/file", "x");
    for dir in ["target/cache/deep", "target/cache"] {
        fs::set_permissions(worktree.path().join(dir), fs::Permissions::from_mode(0o555)).unwrap();
    }
    let path = worktree.path().to_owned();
    run.remove(worktree).unwrap();
    assert!(!path.exists());
}

#[test]
fn dev_04_tests_that_stand_already_are_changed_by_work_on_tests_alone() {
    let fixture = Fixture::new();
    fixture.write("tests/old.rs", "old\n");
    let base = fixture.commit("a test");
    let run = fixture.run(&fixture.user());
    let worktree = run.worktree("work", &base, AT).unwrap();
    put(worktree.path(), "tests/old.rs", "weaker\n");
    put(worktree.path(), "src/new.rs", "new\n");
    let frozen = ["tests/old.rs (a test that stands already)"];
    assert_eq!(trespasses(collect(&run, &worktree, &["**"], &[])), frozen);
    fs::remove_file(worktree.path().join("tests/old.rs")).unwrap();
    assert_eq!(trespasses(collect(&run, &worktree, &["**"], &[])), frozen, "a test that is gone is changed too");
    put(worktree.path(), "tests/old.rs", "old\n");
    put(worktree.path(), "tests/more.rs", "more\n");
    change(collect(&run, &worktree, &["**"], &[]));
}
