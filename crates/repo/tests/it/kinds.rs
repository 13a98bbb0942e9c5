//! Repositories that are not plain: shallow, partial, borrowed, with submodules, with LFS, SHA-256.

use crate::fixture::{AT, Fixture, change, change_on, collect, git_binary, git_in, merged, put, trespasses};
use mao_repo::{How, Merged, NotApplied, RepoError, RunRepo, UserRepo};
use std::fs;
use std::path::Path;

/// Worktree, change, merge, publish, apply: the whole way.
fn whole_way(root: &Path) -> UserRepo {
    let user = UserRepo::open(root, &git_binary()).unwrap();
    let state = root.with_file_name("state-of-it");
    let run = RunRepo::create(&state, "7f3a", &user, &user.head().commit).unwrap();
    let base = &user.head().commit;
    let one = change_on(&run, "one", base, &[("one", "1")]);
    let two = change_on(&run, "two", base, &[("two", "2")]);
    let Merged::Candidate { commit, .. } = merged(&run, base, &one, "one") else { panic!() };
    let Merged::Candidate { commit, .. } = merged(&run, &commit, &two, "two") else { panic!() };
    user.publish(&run, "mao/7f3a", &commit).unwrap();
    fs::remove_dir_all(&state).unwrap();
    user.release("7f3a").unwrap();
    assert_eq!(user.apply("mao/7f3a", AT).unwrap().how, How::FastForward);
    assert_eq!(git_in(root, &["status", "--porcelain"]), "");
    git_in(root, &["fsck", "--strict"]);
    user
}

fn clone(fixture: &Fixture, args: &[&str]) -> std::path::PathBuf {
    let target = fixture.root.with_file_name("clone");
    let source = format!("file://{}", fixture.root.display());
    let args = [&["clone", "-q"], args, &[&source, target.to_str().unwrap()]].concat();
    git_in(fixture.dir.path(), &args);
    target
}

#[test]
fn a_shallow_clone_works_and_says_so() {
    let fixture = Fixture::new();
    fixture.write("second", "x");
    fixture.commit("second");
    let user = whole_way(&clone(&fixture, &["--depth=1"]));
    assert!(user.remarks()[0].contains("shallow"), "{:?}", user.remarks());
}

#[test]
fn a_clone_that_borrows_its_objects_by_a_relative_path_works() {
    let fixture = Fixture::new();
    let target = fixture.root.with_file_name("borrower");
    git_in(fixture.dir.path(), &["clone", "-q", "--shared", fixture.root.to_str().unwrap(), target.to_str().unwrap()]);
    fs::write(target.join(".git/objects/info/alternates"), "../../../user/.git/objects\n").unwrap();
    whole_way(&target);
}

#[test]
fn a_partial_clone_that_lacks_files_is_refused_and_fetches_nothing() {
    let fixture = Fixture::new();
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    let target = clone(&fixture, &["--filter=blob:none", "--no-checkout"]);
    let count = || git_in(&target, &["count-objects", "-v"]);
    let before = count();
    let refused = UserRepo::open(&target, &git_binary()).unwrap_err();
    assert!(matches!(refused, RepoError::Partial(_)), "{refused}");
    assert_eq!(count(), before);
    git_in(&target, &["checkout", "-q", "main"]);
    whole_way(&target);
}

#[test]
fn a_sha256_repository_works() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("user");
    git_in(dir.path(), &["init", "-q", "-b", "main", "--object-format=sha256", "user"]);
    put(&root, "a", "x");
    git_in(&root, &["add", "-A"]);
    git_in(&root, &["commit", "-q", "-m", "first"]);
    let user = whole_way(&root);
    assert_eq!(user.head().commit.as_str().len(), 64);
}

#[test]
fn submodules_are_left_alone_and_said() {
    let inner = Fixture::new();
    let fixture = Fixture::new();
    fixture.git(&["submodule", "--quiet", "add", inner.root.to_str().unwrap(), "lib/inner"]);
    fixture.commit("a submodule");
    put(&fixture.root, "lib/inner/README.md", "changed inside the submodule");
    let user = fixture.user();
    assert!(user.remarks()[0].contains("lib/inner"), "{:?}", user.remarks());
    assert!(user.dirty().unwrap().is_empty(), "it is not looked into");
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    put(worktree.path(), "src/new.rs", "x");
    let (commit, _) = change(collect(&run, &worktree, &["**"], &[]));
    assert_eq!(run.files_changed(&user.head().commit, &commit).unwrap(), ["src/new.rs"]);
    put(worktree.path(), "lib/inner/file", "would be lost");
    assert_eq!(trespasses(collect(&run, &worktree, &["**"], &[])), ["lib/inner (a repository of its own)"]);
    let kept = run.salvage(&worktree, "w", AT).unwrap().unwrap();
    assert_eq!(run.read(&kept, "lib/inner/file").unwrap().unwrap(), b"would be lost");
    // The submodule's own checkout is a repository like any other.
    let inside = UserRepo::open(&fixture.root.join("lib/inner"), &git_binary()).unwrap();
    assert_eq!(inside.dirty().unwrap(), ["README.md"]);
    user.publish(&run, "mao/7f3a", &commit).unwrap();
    fixture.user().apply("mao/7f3a", AT).unwrap();
    assert!(fixture.git(&["submodule", "status", "--cached"]).contains("lib/inner"));
}

#[test]
fn lfs_files_are_pointers_for_workers_and_are_not_applied_over_content() {
    let fixture = Fixture::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    fixture.write("big.bin", pointer);
    fixture.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    fixture.commit("a pointer");
    // What `git lfs` does at checkout: content in the file, and an index that knows the file's times.
    fixture.git(&["config", "filter.lfs.smudge", "echo content"]);
    fixture.git(&["config", "filter.lfs.clean", &format!("printf '{}'", pointer.replace('\n', "\\n"))]);
    fs::remove_file(fixture.root.join("big.bin")).unwrap();
    fixture.git(&["checkout", "-q", "--", "big.bin"]);
    assert_eq!(fs::read_to_string(fixture.root.join("big.bin")).unwrap(), "content\n");
    let user = fixture.user();
    assert!(user.remarks()[0].contains("LFS"), "{:?}", user.remarks());
    assert!(user.dirty().unwrap().is_empty());
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    assert_eq!(fs::read_to_string(worktree.path().join("big.bin")).unwrap(), pointer);
    put(worktree.path(), "big.bin", "replaced");
    let (commit, _) = change(collect(&run, &worktree, &["**"], &[]));
    user.publish(&run, "mao/7f3a", &commit).unwrap();
    let before = fixture.everything();
    match user.apply("mao/7f3a", AT) {
        Err(RepoError::NotApplied(NotApplied::Filtered(paths))) => assert_eq!(paths, ["big.bin"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.everything(), before);
    fixture.write("big.bin", "edited by the user, another size");
    assert_eq!(user.dirty().unwrap(), ["big.bin"]);
}
