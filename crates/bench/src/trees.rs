//! What a run's repository and its worktrees cost on 5,000 files, beside what git itself takes for the same.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::{Ground, program};
use crate::sample::{Readings, timed};
use mao_core::glob::Glob;
use mao_core::ids::Stamp;
use mao_repo::{CollectSpec, Collected, RunRepo, UserRepo};
use std::path::Path;
use std::process::{Command, Stdio};

/// How many directories of how many files.
const DIRECTORIES: usize = 100;
const FILES: usize = 50;

/// How often each thing is done.
const TIMES: usize = 7;

/// Readings of one side.
#[derive(Debug, Default)]
struct Side {
    make: Readings,
    commit: Readings,
    remove: Readings,
}

/// Both sides in turn.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let git = program("git")?;
    let dir = ground.dir("trees")?;
    let user = dir.join("user");
    fill(&user)?;
    mao_repo::begin(&user, &git, "start")?;
    let repo = UserRepo::open(&user, &git)?;
    let base = repo.head().commit.clone();
    let (mut create, mut ours, mut theirs) = (Readings::default(), Side::default(), Side::default());
    // The first time is for warmth.
    for at in 0..=TIMES {
        let (run, creating) =
            timed(|| Ok(RunRepo::create(&dir.join(format!("run{at}")), &format!("r{at}"), &repo, &base)?))?;
        let by_mao = one_of_ours(&run, &base)?;
        let by_git = one_of_gits(&git, &user, &dir.join(format!("tree{at}")))?;
        if at == 0 {
            continue;
        }
        create.add(creating);
        for (side, took) in [(&mut ours, by_mao), (&mut theirs, by_git)] {
            let [make, commit, remove] = took;
            side.make.add(make);
            side.commit.add(commit);
            side.remove.add(remove);
        }
    }
    let files = DIRECTORIES * FILES;
    let row = |what: &str, ours: &Readings, theirs: &Readings| {
        let (a, b) = (ours.median(), theirs.median());
        let from = format!("medians of {TIMES}: {a:.1} ms over {b:.1} ms");
        Figure::new("trees", what, a / b, Unit::Times, from)
    };
    let from = format!("median of {TIMES}");
    Ok(vec![
        Figure::new("trees", format!("a run's repository, {files} files"), create.median(), Unit::Ms, from),
        row("a worktree over `git worktree add`", &ours.make, &theirs.make),
        row("collecting 3 changed files over `git add -A` and `git commit`", &ours.commit, &theirs.commit),
        row("removing it over `git worktree remove`", &ours.remove, &theirs.remove),
    ])
}

fn fill(root: &Path) -> Done {
    for directory in 0..DIRECTORIES {
        let path = root.join(format!("part{directory:03}"));
        std::fs::create_dir_all(&path)?;
        for file in 0..FILES {
            let line = format!("pub fn f{directory}_{file}() -> usize {{ {directory} * {file} }}\n");
            std::fs::write(path.join(format!("file{file:02}.rs")), line.repeat(1 + file % 40))?;
        }
    }
    Ok(())
}

/// What a worker does.
fn work(tree: &Path) -> Done {
    for directory in ["part003", "part050", "part097"] {
        std::fs::write(tree.join(directory).join("file07.rs"), "pub fn changed() {}\n")?;
    }
    Ok(())
}

type Took = [std::time::Duration; 3];

fn one_of_ours(run: &RunRepo, base: &mao_core::ids::CommitId) -> Done<Took> {
    let at = Stamp(1_000_000);
    let (tree, make) = timed(|| Ok(run.worktree("work", base, at)?))?;
    work(tree.path())?;
    let owned = [Glob("**".into())];
    let spec = CollectSpec { owned: &owned, frozen: &[], protected: &[], subject: "Change three files", body: "", at };
    let (collected, commit) = timed(|| Ok(run.collect(&tree, &spec)?))?;
    if !matches!(&collected, Collected::Change { files, .. } if files.len() == 3) {
        return Err(format!("three files were changed: {collected:?}").into());
    }
    let (_, remove) = timed(|| Ok(run.remove(tree)?))?;
    Ok([make, commit, remove])
}

fn one_of_gits(git: &Path, user: &Path, tree: &Path) -> Done<Took> {
    let path = tree.to_string_lossy().into_owned();
    let (_, make) = timed(|| call(git, user, &["worktree", "add", "-q", "--detach", &path]))?;
    work(tree)?;
    let (_, commit) = timed(|| {
        call(git, tree, &["add", "-A"])?;
        let author = ["-c", "user.name=mao", "-c", "user.email=mao@localhost"];
        let words: Vec<&str> = author.into_iter().chain(["commit", "-q", "-m", "Change three files"]).collect();
        call(git, tree, &words)
    })?;
    let (_, remove) = timed(|| call(git, user, &["worktree", "remove", &path]))?;
    Ok([make, commit, remove])
}

fn call(git: &Path, dir: &Path, words: &[&str]) -> Done {
    let status = Command::new(git).args(words).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("git {} ended with {status}", words.join(" ")).into()) }
}
