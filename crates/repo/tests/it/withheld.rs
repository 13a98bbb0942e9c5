//! What is kept from a worker: its files, their content, and everything by which git could find them.

use crate::fixture::{AT, Fixture, change, collect, git_in, globs, put, trespasses, try_git_in};
use mao_repo::{Collected, RunRepo, Worktree};
use std::fs;
use std::path::Path;

const SECRET: &str = "the code of the vault is 4711";

/// A repository whose newest commit and history hold a secret file, and a worker's worktree without it.
fn private(fixture: &Fixture) -> (RunRepo, Worktree) {
    fixture.write("secrets/vault.txt", SECRET);
    fixture.write("secrets/deep/more.txt", SECRET);
    fixture.commit("second");
    fixture.write("src/c.rs", "pub fn c() {}\n");
    fixture.commit("third");
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree_without("work.1", &user.head().commit, &globs(&["secrets/**"]), AT).unwrap();
    (run, worktree)
}

fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).unwrap_or_default().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn prv_02_a_private_path_is_absent_from_a_workers_checkout_its_objects_and_its_history() {
    let fixture = Fixture::new();
    let (_run, worktree) = private(&fixture);
    let root = worktree.path();
    assert!(!root.join("secrets").exists(), "not even the directory");
    assert_eq!(fs::read_to_string(root.join("src/c.rs")).unwrap(), "pub fn c() {}\n");
    assert_eq!(git_in(root, &["status", "--porcelain"]), "", "plain git finds nothing missing");
    assert_eq!(git_in(root, &["rev-list", "--all", "--count", "HEAD"]), "1", "no history");
    let names = git_in(root, &["ls-tree", "-r", "--name-only", "HEAD"]);
    assert!(names.contains("src/c.rs") && !names.contains("secrets"), "{names}");
    let blob = fixture.git(&["rev-parse", "HEAD:secrets/vault.txt"]);
    assert_eq!(fixture.git(&["cat-file", "-p", &blob]), SECRET, "the user has it");
    for asked in [blob.as_str(), fixture.git(&["rev-parse", "HEAD"]).as_str()] {
        assert!(!try_git_in(root, &["cat-file", "-e", asked]).status.success(), "{asked} can be reached");
    }
    // What a confined child may read is the git directory alone.
    let reads = worktree.reads();
    assert_eq!(reads.len(), 1, "{reads:?}");
    assert!(!holds(&reads[0], SECRET) && !holds(root, SECRET));
    assert!(
        !reads[0].join("objects/info/alternates").exists() || {
            fs::read_to_string(reads[0].join("objects/info/alternates")).unwrap().is_empty()
        }
    );
}

#[test]
fn prv_02_what_is_collected_still_has_the_private_files_as_they_were() {
    let fixture = Fixture::new();
    let (run, worktree) = private(&fixture);
    assert_eq!(collect(&run, &worktree, &["**"], &[]), Collected::NoChange, "absent is not deleted");
    put(worktree.path(), "src/c.rs", "pub fn d() {}\n");
    // After a crash it is found again, and what is kept from it with it.
    let found = run.find_worktree("work.1").unwrap().unwrap();
    assert_eq!(found, worktree);
    let (commit, _) = change(collect(&run, &found, &["src/**"], &[]));
    assert_eq!(run.read(&commit, "secrets/vault.txt").unwrap().as_deref(), Some(SECRET.as_bytes()));
    assert_eq!(run.files_changed(&fixture.user().head().commit, &commit).unwrap(), ["src/c.rs"]);
}

#[test]
fn prv_02_a_worker_that_writes_at_a_private_path_is_refused() {
    let fixture = Fixture::new();
    let (run, worktree) = private(&fixture);
    put(worktree.path(), "secrets/vault.txt", "mine now");
    assert_eq!(
        trespasses(collect(&run, &worktree, &["**"], &[])),
        ["secrets/vault.txt (private: it was kept from the worker)"]
    );
    fs::remove_file(worktree.path().join("secrets/vault.txt")).unwrap();
    run.remove(worktree).unwrap();
    let whole = run.worktree("work.1", &fixture.user().head().commit, AT).unwrap();
    assert_eq!(fs::read_to_string(whole.path().join("secrets/vault.txt")).unwrap(), SECRET);
    assert!(whole.reads().len() > 1, "who may see it borrows the objects");
}
