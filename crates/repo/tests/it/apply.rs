//! The one thing that touches the checkout.

use crate::fixture::{AT, Fixture, change_on};
use mao_repo::{How, NotApplied, RepoError};
use std::fs;

/// A published branch that changes `src/b.rs`, adds `new/file` and removes `README.md`.
fn published(fixture: &Fixture) {
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    crate::fixture::put(worktree.path(), "src/b.rs", "done\n");
    crate::fixture::put(worktree.path(), "new/file", "new\n");
    fs::remove_file(worktree.path().join("README.md")).unwrap();
    let (commit, _) = crate::fixture::change(crate::fixture::collect(&run, &worktree, &["**"], &[]));
    user.publish(&run, "mao/7f3a", &commit).unwrap();
}

fn undo(fixture: &Fixture, command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "git");
    fixture.git(&words[1..]);
}

#[test]
fn a_fast_forward_keeps_uncommitted_work_and_its_undo_really_undoes() {
    let fixture = Fixture::new();
    published(&fixture);
    fixture.write("src/a.rs", "uncommitted\n");
    fixture.write("staged", "x\n");
    fixture.git(&["add", "staged"]);
    fixture.write("untracked", "x\n");
    let status = fixture.git(&["status", "--porcelain"]);
    let files = |fixture: &Fixture| {
        let mut all = fixture.everything();
        all.retain(|path, _| !path.starts_with(fixture.root.join(".git")));
        all
    };
    let (before, head) = (files(&fixture), fixture.git(&["rev-parse", "HEAD"]));

    let applied = fixture.user().apply("mao/7f3a", AT).unwrap();
    assert_eq!(applied.how, How::FastForward);
    assert_eq!(fixture.git(&["rev-parse", "main"]), fixture.git(&["rev-parse", "mao/7f3a"]));
    assert_eq!(fixture.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(fixture.git(&["status", "--porcelain"]), status, "only the user's own work is uncommitted");
    assert_eq!(fs::read_to_string(fixture.root.join("src/b.rs")).unwrap(), "done\n");
    assert!(!fixture.root.join("README.md").exists());
    assert_eq!(fixture.user().apply("mao/7f3a", AT).unwrap().how, How::Already);

    undo(&fixture, &applied.undo);
    assert_eq!(fixture.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(files(&fixture), before);
    // `git reset` takes what is staged out of the index; the file itself stays, as compared above.
    assert_eq!(fixture.git(&["status", "--porcelain", "src"]), " M src/a.rs");
}

#[test]
fn a_merge_commit_joins_what_was_committed_meanwhile() {
    let fixture = Fixture::new();
    published(&fixture);
    fixture.write("src/a.rs", "meanwhile\n");
    let mine = fixture.commit("meanwhile");
    let applied = fixture.user().apply("mao/7f3a", AT).unwrap();
    assert_eq!((applied.how, &applied.from), (How::MergeCommit, &mine));
    let parents = fixture.git(&["log", "-1", "--format=%P|%s"]);
    assert_eq!(parents, format!("{mine} {}|Merge branch 'mao/7f3a'", fixture.git(&["rev-parse", "mao/7f3a"])));
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
    fixture.git(&["fsck", "--strict"]);
    undo(&fixture, &applied.undo);
    assert_eq!(fixture.git(&["rev-parse", "HEAD"]), mine.as_str());
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_detached_head_is_moved_and_no_branch_is() {
    let fixture = Fixture::new();
    published(&fixture);
    fixture.git(&["checkout", "-q", "--detach"]);
    let main = fixture.git(&["rev-parse", "main"]);
    fixture.user().apply("mao/7f3a", AT).unwrap();
    assert_eq!(fixture.git(&["rev-parse", "main"]), main);
    assert_eq!(fixture.git(&["rev-parse", "HEAD"]), fixture.git(&["rev-parse", "mao/7f3a"]));
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
}

/// A name, the path that is in the way, and how it comes there.
type Case = (&'static str, &'static str, fn(&Fixture));

#[test]
fn nothing_is_ever_written_over_uncommitted_untracked_or_ignored_work() {
    let cases: &[Case] = &[
        ("changed", "src/b.rs", |fixture| fixture.write("src/b.rs", "mine")),
        ("removed by the branch", "README.md", |fixture| fixture.write("README.md", "mine")),
        ("staged", "src/b.rs", |fixture| {
            fixture.write("src/b.rs", "mine");
            fixture.git(&["add", "src/b.rs"]);
        }),
        ("untracked", "new/", |fixture| fixture.write("new/file", "mine")),
        ("untracked in the way of a directory", "new", |fixture| fixture.write("new", "mine")),
        ("ignored", "new/file", |fixture| {
            fixture.write(".git/info/exclude", "new/\n");
            fixture.write("new/file", "mine");
        }),
        ("ignored in the way of a directory", "new", |fixture| {
            fixture.write(".git/info/exclude", "new\n");
            fixture.write("new", "mine");
        }),
    ];
    for (name, path, plant) in cases {
        let fixture = Fixture::new();
        published(&fixture);
        plant(&fixture);
        let before = fixture.everything();
        match fixture.user().apply("mao/7f3a", AT) {
            Err(RepoError::NotApplied(NotApplied::Dirty(paths))) => {
                assert!(paths.iter().any(|found| found == path), "{name}: {paths:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(fixture.everything(), before, "{name}");
    }
}

#[test]
fn conflicts_and_unfinished_business_are_refused_with_the_reason() {
    let fixture = Fixture::new();
    published(&fixture);
    fixture.write("src/b.rs", "meanwhile\n");
    fixture.commit("meanwhile");
    let before = fixture.everything();
    match fixture.user().apply("mao/7f3a", AT) {
        Err(RepoError::NotApplied(NotApplied::Conflict(paths))) => assert_eq!(paths, ["src/b.rs"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.everything(), before);
    fixture.write(".git/MERGE_HEAD", &format!("{}\n", fixture.git(&["rev-parse", "HEAD"])));
    let refused = fixture.user().apply("mao/7f3a", AT);
    assert!(matches!(refused, Err(RepoError::NotApplied(NotApplied::UnderWay("a merge")))));
    assert!(matches!(fixture.user().apply("mao/none", AT), Err(RepoError::NoSuchBranch(_))));
}

#[test]
fn a_branch_moved_by_somebody_else_meanwhile_keeps_its_place_and_its_files() {
    let fixture = Fixture::new();
    published(&fixture);
    let user = fixture.user();
    let other = change_on(&fixture.run(&user), "o", &user.head().commit, &[("other", "x")]);
    user.publish(&fixture.run(&user), "mao/other", &other.commit).unwrap();
    let before = fixture.everything();
    // `user` was opened before this, and believes the old head.
    fixture.git(&["update-ref", "refs/heads/main", other.commit.as_str()]);
    assert!(user.apply("mao/7f3a", AT).is_err());
    fixture.git(&["update-ref", "refs/heads/main", user.head().commit.as_str()]);
    let mut after = fixture.everything();
    let kept = |map: &mut std::collections::BTreeMap<std::path::PathBuf, (u32, Vec<u8>)>| {
        map.retain(|path, _| !path.starts_with(fixture.root.join(".git")));
    };
    let mut before = before;
    kept(&mut before);
    kept(&mut after);
    assert_eq!(after, before);
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
}
