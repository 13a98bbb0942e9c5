//! Nothing a worker made is lost with its worktree.

use crate::fixture::{AT, Fixture, change_on, git_in, put};
use mao_core::ids::Stamp;
use std::fs;

#[test]
fn every_byte_is_reachable_from_a_ref_after_the_worktree_is_gone() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("work.1", &user.head().commit, AT).unwrap();
    let root = worktree.path();
    // The worker's own commits, the second reachable from the reflog alone.
    put(root, "committed", "by the worker");
    git_in(root, &["add", "committed"]);
    git_in(root, &["commit", "-q", "-m", "worker"]);
    let committed = git_in(root, &["rev-parse", "HEAD"]);
    put(root, "dropped", "by the worker");
    git_in(root, &["add", "dropped"]);
    git_in(root, &["commit", "-q", "-m", "dropped"]);
    let dropped = git_in(root, &["rev-parse", "HEAD"]);
    git_in(root, &["reset", "-q", "--hard", "HEAD^"]);
    put(root, "src/a.rs", "dirty");
    put(root, "untracked", "new");
    put(root, "ignored.log", "ignored");
    put(root, ".GIT/odd", "cannot be held by git");
    git_in(root, &["init", "-q", "nested"]);
    put(root, "nested/inner", "nested");
    let kept = run.salvage(&worktree, "work.1", AT).unwrap().unwrap();
    run.remove(worktree).unwrap();
    for (path, text) in [("committed", "by the worker"), ("src/a.rs", "dirty"), ("untracked", "new")] {
        assert_eq!(run.read(&kept, path).unwrap().as_deref(), Some(text.as_bytes()), "{path}");
    }
    assert_eq!(run.read(&kept, "ignored.log").unwrap().unwrap(), b"ignored");
    assert_eq!(run.read(&kept, "nested/inner").unwrap().unwrap(), b"nested");
    let repo = fixture.run_dir().join("repo.git");
    let reachable = git_in(&repo, &["rev-list", "refs/mao/salvage/work.1"]);
    assert!(reachable.contains(&committed) && reachable.contains(&dropped));
    git_in(&repo, &["fsck", "--strict"]);

    // The user gets it with the branch, or without one.
    user.publish_salvage(&run).unwrap();
    assert_eq!(fixture.git(&["rev-parse", "refs/mao/salvage/7f3a/work.1"]), kept.as_str());
    fs::remove_dir_all(fixture.run_dir()).unwrap();
    assert_eq!(fixture.git(&["cat-file", "blob", &format!("{dropped}:dropped")]), "by the worker");
    fixture.git(&["fsck", "--strict"]);
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
}

#[test]
fn an_untouched_worktree_leaves_no_salvage_and_a_second_one_keeps_the_first() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    fs::create_dir(worktree.path().join(".codex")).unwrap();
    assert_eq!(run.salvage(&worktree, "w", AT).unwrap(), None);
    put(worktree.path(), "one", "1");
    let first = run.salvage(&worktree, "w", AT).unwrap().unwrap();
    put(worktree.path(), "one", "2");
    let second = run.salvage(&worktree, "w", Stamp(AT.0 + 1000)).unwrap().unwrap();
    assert_eq!(run.salvaged().unwrap(), [("w".to_owned(), second.clone())]);
    let reachable = git_in(&fixture.run_dir().join("repo.git"), &["rev-list", second.as_str()]);
    assert!(reachable.contains(first.as_str()));
}

#[test]
fn a_worker_that_replaced_its_git_file_or_directory_loses_nothing_and_gains_nothing() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    for (name, dot_git) in [("away", None), ("forged", Some(fixture.root.join(".git")))] {
        let worktree = run.worktree(name, base, AT).unwrap();
        fs::remove_file(worktree.path().join(".git")).unwrap();
        if let Some(target) = &dot_git {
            fs::write(worktree.path().join(".git"), format!("gitdir: {}\n", target.display())).unwrap();
        }
        // Its git directory is garbage as well.
        fs::write(fixture.run_dir().join("gits").join(name).join("config"), "[core\n").unwrap();
        put(worktree.path(), "work", "w");
        let before = fixture.everything();
        let kept = run.salvage(&worktree, name, AT).unwrap().unwrap();
        assert_eq!(run.read(&kept, "work").unwrap().unwrap(), b"w");
        run.remove(worktree).unwrap();
        assert_eq!(fixture.everything(), before);
    }
}

#[test]
fn dev_05_a_commit_whose_owner_died_before_its_ref_is_found_again() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let (base, repo) = (user.head(), fixture.run_dir().join("repo.git"));
    assert_eq!(run.keep_found().unwrap(), [], "a new repository has nothing");
    let kept = change_on(&run, "w", &base.commit, &[("src/a.rs", "kept")]);
    run.keep("attempts/w-1", &kept.commit).unwrap();
    // Two in a line, as a merge makes them, and one beside it.
    let commit =
        |parent: &str, message: &str| git_in(&repo, &["commit-tree", base.tree.as_str(), "-p", parent, "-m", message]);
    let first = commit(kept.commit.as_str(), "one");
    let second = commit(&first, "two");
    let beside = commit(base.commit.as_str(), "beside");
    let mut wanted = vec![second.clone(), beside.clone()];
    wanted.sort();
    let mut found: Vec<String> = run.keep_found().unwrap().iter().map(ToString::to_string).collect();
    found.sort();
    assert_eq!(found, wanted);
    let reached = git_in(&repo, &["rev-list", "--all"]);
    assert!([first, second.clone(), beside].iter().all(|id| reached.contains(id.as_str())));
    assert_eq!(run.keep_found().unwrap(), [], "once");

    // One that is made and never recovered goes to the user's refs before the run's repository goes.
    let late = commit(&second, "late");
    user.keep_all(&run, AT).unwrap();
    fs::remove_dir_all(fixture.run_dir()).unwrap();
    assert!(fixture.git(&["rev-list", "--all"]).contains(&late));
}
