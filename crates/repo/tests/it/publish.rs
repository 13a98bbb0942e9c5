//! Results in the user's repository.

use crate::fixture::{AT, Fixture, change_on, git_binary, try_git_in};
use mao_repo::{RepoError, RunRepo};
use std::fs;

#[test]
fn a_run_becomes_a_branch_and_touches_nothing_else() {
    let fixture = Fixture::new();
    fixture.write("src/a.rs", "uncommitted");
    fixture.write("staged", "x");
    fixture.git(&["add", "staged"]);
    let before = fixture.everything();
    let user = fixture.user();
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("src/b.rs", "done")]);
    user.publish(&run, "mao/7f3a", &change.commit).unwrap();
    user.publish(&run, "mao/7f3a", &change.commit).unwrap();
    assert_eq!(fixture.everything(), before);
    user.release("7f3a").unwrap();
    user.release("7f3a").unwrap();
    let refs = fixture.git(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/heads/main\nrefs/heads/mao/7f3a");
    // The run's directory is no longer needed.
    fs::remove_dir_all(fixture.run_dir()).unwrap();
    assert_eq!(fixture.git(&["cat-file", "blob", "mao/7f3a:src/b.rs"]), "done");
    fixture.git(&["fsck", "--strict"]);
}

#[test]
fn a_branch_that_somebody_else_moved_is_left_as_it_is() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let one = change_on(&run, "one", base, &[("src/a.rs", "one")]);
    let later = change_on(&run, "later", &one.commit, &[("src/a.rs", "later")]);
    let other = change_on(&run, "other", base, &[("src/a.rs", "other")]);
    user.publish(&run, "mao/7f3a", &one.commit).unwrap();
    user.publish(&run, "mao/7f3a", &later.commit).unwrap();
    for commit in [&other.commit, &one.commit] {
        let refused = user.publish(&run, "mao/7f3a", commit).unwrap_err();
        assert!(matches!(&refused, RepoError::BranchTaken { found, .. } if *found == later.commit), "{refused}");
    }
    fixture.git(&["checkout", "-q", "mao/7f3a"]);
    let next = change_on(&run, "next", &later.commit, &[("src/a.rs", "next")]);
    assert!(matches!(user.publish(&run, "mao/7f3a", &next.commit), Err(RepoError::CheckedOut { .. })));
    assert!(matches!(user.discard("mao/7f3a"), Err(RepoError::CheckedOut { .. })));
    assert_eq!(fixture.git(&["rev-parse", "mao/7f3a"]), later.commit.as_str());
}

#[test]
fn no_other_ref_can_be_named() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("x", "x")]);
    let before = fixture.git(&["for-each-ref"]);
    for branch in ["main", "mao/../main", "refs/heads/main", "mao/x.lock", "mao/", "--output=x", "mao/a b", "mao/$(x)"]
    {
        assert!(matches!(user.publish(&run, branch, &change.commit), Err(RepoError::BadName { .. })), "{branch}");
        assert!(user.discard(branch).is_err() && user.apply(branch, AT).is_err());
    }
    assert_eq!(fixture.git(&["for-each-ref"]), before);
}

#[test]
fn the_base_outlives_a_branch_that_the_user_rewrites_during_the_run() {
    let fixture = Fixture::new();
    let first = fixture.git(&["rev-parse", "HEAD"]);
    fixture.write("second", "x");
    fixture.commit("second");
    let user = fixture.user();
    let base = user.head().commit.clone();
    drop(fixture.run(&user));
    fixture.git(&["reset", "-q", "--hard", &first]);
    fixture.git(&["reflog", "expire", "--expire=now", "--all"]);
    fixture.git(&["gc", "-q", "--prune=now"]);
    let run = RunRepo::open(&fixture.run_dir(), &git_binary()).unwrap();
    assert_eq!((run.name(), run.base()), ("7f3a", &base));
    let change = change_on(&run, "w", &base, &[("x", "x")]);
    fixture.user().publish(&run, "mao/7f3a", &change.commit).unwrap();
    fixture.user().release("7f3a").unwrap();
    assert!(!try_git_in(&fixture.root, &["rev-parse", "--verify", "-q", "refs/mao/keep/7f3a"]).status.success());
    fixture.git(&["fsck", "--strict"]);
}

#[test]
fn a_discarded_branch_comes_back_with_the_printed_command() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("x", "x")]);
    user.publish(&run, "mao/7f3a", &change.commit).unwrap();
    let before = fixture.everything();
    let discarded = user.discard("mao/7f3a").unwrap();
    assert_eq!(discarded.commit, change.commit);
    assert_eq!(fixture.everything(), before);
    assert_eq!(fixture.git(&["branch", "--list", "mao/*"]), "");
    assert!(matches!(user.discard("mao/7f3a"), Err(RepoError::NoSuchBranch(_))));
    let words: Vec<&str> = discarded.undo.split(' ').skip(1).collect();
    fixture.git(&words);
    assert_eq!(fixture.git(&["rev-parse", "mao/7f3a"]), change.commit.as_str());
    // And away again, although the salvage ref exists.
    fixture.user().discard("mao/7f3a").unwrap();
}

#[test]
fn creating_twice_and_after_a_crash_gives_the_same_run() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("x", "x")]);
    run.keep("work.1", &change.commit).unwrap();
    let repo = fixture.run_dir().join("repo.git");
    fs::remove_file(repo.join("HEAD")).unwrap();
    fs::remove_file(fixture.run_dir().join("run")).unwrap();
    assert!(RunRepo::open(&fixture.run_dir(), &git_binary()).is_err());
    let again = fixture.run(&user);
    assert_eq!(again.tree(&change.commit).unwrap(), change.tree);
    assert!(repo.join("refs/mao/work.1").is_file());
}
