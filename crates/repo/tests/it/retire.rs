//! The end of a run's own repository: what it alone knows is on the user's refs first.

use crate::fixture::{AT, Fixture, git_binary, git_in, put};
use mao_repo::{RepoError, RunRepo, Standing};
use std::fs;

#[test]
fn everything_that_a_run_alone_knows_is_on_a_ref_before_it_goes() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = user.head().commit.clone();
    let (kept, _) = run.write_files(&base, &[("kept".to_owned(), b"x".to_vec())], "kept", AT).unwrap();
    let (landed, _) = run.write_files(&base, &[("landed".to_owned(), b"x".to_vec())], "landed", AT).unwrap();
    run.keep("attempts/work-1", &kept).unwrap();
    run.keep("attempts/work-2", &landed).unwrap();
    user.publish(&run, "mao/7f3a", &landed).unwrap();
    // Somebody died over this one.
    let left = run.worktree("work-3", &base, AT).unwrap();
    put(left.path(), "left", "x");
    let before = fixture.everything();

    let made = user.keep_all(&run, AT).unwrap();
    assert_eq!(made, ["refs/mao/salvage/7f3a/attempts/work-1", "refs/mao/salvage/7f3a/work-3"]);
    run.remove_all(fixture.run_dir().parent().unwrap()).unwrap();
    assert!(!fixture.run_dir().exists());
    let read = |name: &str| git_in(&fixture.root, &["show", name]);
    assert_eq!(read("refs/mao/salvage/7f3a/attempts/work-1:kept"), "x");
    assert_eq!(read("refs/mao/salvage/7f3a/work-3:left"), "x");
    assert_eq!(read("mao/7f3a:landed"), "x");
    assert_eq!(fixture.git(&["fsck", "--full", "--no-dangling"]), "");
    assert_eq!(fixture.git(&["for-each-ref", "refs/mao/keep"]), "");
    assert_eq!(fixture.everything(), before, "nothing else of the user's was written");
}

#[test]
fn only_a_run_in_its_place_is_removed() {
    let fixture = Fixture::new();
    let run = fixture.run(&fixture.user());
    let elsewhere = fixture.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    assert!(matches!(run.remove_all(&elsewhere), Err(RepoError::Outside(_))));
    assert!(fixture.run_dir().join("repo.git").exists());
    assert!(RunRepo::open(&elsewhere, &git_binary()).is_err(), "no facts, no run");
}

#[test]
fn a_branch_is_gone_applied_or_apart() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    assert_eq!(user.standing("mao/7f3a").unwrap(), Standing::Gone);
    let (made, _) = run.write_files(&user.head().commit, &[("new".to_owned(), b"x".to_vec())], "new", AT).unwrap();
    user.publish(&run, "mao/7f3a", &made).unwrap();
    assert_eq!(fixture.user().standing("mao/7f3a").unwrap(), Standing::Apart(made.clone()));
    fixture.user().apply("mao/7f3a", AT).unwrap();
    assert_eq!(fixture.user().standing("mao/7f3a").unwrap(), Standing::Applied(made));
    assert!(fixture.user().standing("main").is_err());
}
