//! Merging validated changes.

use crate::fixture::{AT, Fixture, change_on, git_in, merge, merged};
use mao_core::change::Change;
use mao_repo::{Merged, RepoError};

#[test]
fn changes_from_one_base_become_a_line_of_commits() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let one = change_on(&run, "one", base, &[("README.md", "ONE\ntwo\nthree\n")]);
    let two = change_on(&run, "two", base, &[("README.md", "one\ntwo\nTHREE\n"), ("new", "x")]);
    let merge = |onto, change: &Change, subject: &str| match merged(&run, onto, change, subject) {
        Merged::Candidate { commit, tree } => (commit, tree),
        Merged::Conflict { paths } => panic!("{paths:?}"),
    };
    let (first, first_tree) = merge(base, &one, "one");
    assert_eq!(first_tree, one.tree);
    let (second, second_tree) = merge(&first, &two, "two");
    assert_eq!(run.tree(&second).unwrap(), second_tree);
    assert_eq!(run.read(&second, "README.md").unwrap().unwrap(), b"ONE\ntwo\nTHREE\n");
    let repo = fixture.run_dir().join("repo.git");
    let line = git_in(&repo, &["log", "--format=%s|%an|%at|%p", &format!("{base}..{second}")]);
    let short = |id: &str| git_in(&repo, &["rev-parse", "--short", id]);
    let expected = format!("two|mao|1790000000|{}\none|mao|1790000000|{}", short(first.as_str()), short(base.as_str()));
    assert_eq!(line, expected);
    assert_eq!(merge(&first, &two, "two"), (second, second_tree), "the same merge is the same commit");
}

#[test]
fn a_conflict_names_its_paths_and_leaves_nothing() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let one = change_on(&run, "one", base, &[("README.md", "mine\n"), ("src/a.rs", "mine")]);
    let two = change_on(&run, "two", base, &[("README.md", "yours\n"), ("src/a.rs", "yours"), ("src/b.rs", "x")]);
    let three = change_on(&run, "three", base, &[("src/c.rs", "x")]);
    let conflict = Merged::Conflict { paths: vec!["README.md".into(), "src/a.rs".into()] };
    let merged = merge(&run, base, &[(&one, "one"), (&two, "two"), (&three, "three")]).unwrap();
    let [Merged::Candidate { commit, .. }, between, Merged::Candidate { commit: last, .. }] = &merged[..] else {
        panic!("{merged:?}")
    };
    assert_eq!(*between, conflict);
    let repo = fixture.run_dir().join("repo.git");
    assert_eq!(git_in(&repo, &["rev-parse", &format!("{last}^")]), commit.as_str(), "what conflicts is left out");
    assert_eq!(git_in(&repo, &["rev-parse", "refs/mao/merges/m"]), last.as_str(), "the line is kept on a ref");
    assert_eq!(run.foresee(&one, &two).unwrap(), ["README.md", "src/a.rs"]);
    assert!(run.foresee(&one, &three).unwrap().is_empty());
    assert_eq!(merge(&run, commit, &[(&two, "two")]).unwrap(), [conflict]);
}

#[test]
fn dev_05_a_file_in_the_way_of_a_directory_is_a_conflict_at_its_own_path() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let file = change_on(&run, "file", base, &[("lib/x", "a file")]);
    let below = change_on(&run, "below", base, &[("lib/x/y", "in a directory")]);
    let merged = merge(&run, base, &[(&file, "file"), (&below, "below")]).unwrap();
    assert_eq!(merged[1], Merged::Conflict { paths: vec!["lib/x".into()] });
}

#[test]
fn inv_03_a_trial_needs_no_proof_and_makes_the_same_trees() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let one = change_on(&run, "one", base, &[("src/a.rs", "one")]);
    let two = change_on(&run, "two", base, &[("src/b.rs", "two")]);
    let trees = |merged: Vec<Merged>| -> Vec<String> {
        let tree = |merged: Merged| match merged {
            Merged::Candidate { tree, .. } => tree.to_string(),
            Merged::Conflict { paths } => panic!("{paths:?}"),
        };
        merged.into_iter().map(tree).collect()
    };
    let tried = run.trial(base, &[(one.clone(), "t".into()), (two.clone(), "t".into())], "merges/t", AT).unwrap();
    assert_eq!(trees(tried), trees(merge(&run, base, &[(&one, "one"), (&two, "two")]).unwrap()));
    let swapped = Change { commit: two.commit.clone(), ..one };
    let refused = run.trial(base, &[(swapped, "t".into())], "merges/t", AT).unwrap_err();
    assert!(matches!(refused, RepoError::NotTheValidatedTree { .. }), "{refused}");
}

#[test]
fn inv_03_the_merge_reads_again_which_tree_the_commit_holds() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let good = change_on(&run, "good", base, &[("src/a.rs", "good")]);
    let evil = change_on(&run, "evil", base, &[("src/a.rs", "evil")]);
    // The record proves the good tree; the commit it is said to be in holds the other.
    let swapped = Change { commit: evil.commit.clone(), ..good.clone() };
    let refused = merge(&run, base, &[(&swapped, "s")]).unwrap_err();
    assert!(matches!(&refused, RepoError::NotTheValidatedTree { found, .. } if *found == evil.tree), "{refused}");
}

#[test]
fn inv_03_a_change_must_stand_on_its_base_alone() {
    let fixture = Fixture::new();
    let before = fixture.user().head().commit.clone();
    fixture.write("second", "x");
    fixture.commit("second");
    let user = fixture.user();
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("src/a.rs", "x")]);
    let moved = Change { base: before, ..change };
    let refused = merge(&run, &user.head().commit, &[(&moved, "s")]).unwrap_err();
    assert!(matches!(refused, RepoError::NotOnItsBase { .. }), "{refused}");
}

#[test]
fn files_are_written_onto_a_commit_without_a_checkout() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let base = &user.head().commit;
    let files = [("docs/run.md".to_owned(), b"# Report\n".to_vec()), ("README.md".to_owned(), b"new\0".to_vec())];
    let (commit, tree) = run.write_files(base, &files, "report", AT).unwrap();
    assert_eq!(run.tree(&commit).unwrap(), tree);
    assert_eq!(run.read(&commit, "README.md").unwrap().unwrap(), b"new\0");
    assert_eq!(run.files_changed(base, &commit).unwrap(), ["README.md", "docs/run.md"]);
    for path in ["../x", "/x", ".git/config", "a//b", "a\nb"] {
        let refused = run.write_files(base, &[(path.to_owned(), Vec::new())], "report", AT);
        assert!(matches!(refused, Err(RepoError::BadName { .. })), "{path}");
    }
    run.keep("head", &commit).unwrap();
    assert!(run.keep("../../heads/x", &commit).is_err());
    assert_eq!(git_in(&fixture.run_dir().join("repo.git"), &["rev-parse", "refs/mao/head"]), commit.as_str());
}
