//! A hostile repository, and a hostile worker: every way by which plain git can be made to run something, planted on
//! both sides, leaves no trace.

use crate::fixture::{AT, Fixture, change, change_on, collect, git_in, merged, put, try_git_in};
use mao_repo::{Merged, NotApplied, RepoError};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const ATTRIBUTES: &str = "* filter=evil diff=evil merge=evil\n";

/// Where hooks are planted: git looks in one place only.
#[derive(Clone, Copy, PartialEq)]
enum Hooks {
    InTheGitDirectory,
    BySetting,
}

/// Programs that leave a marker with their name.
struct Trap {
    dir: PathBuf,
}

impl Trap {
    fn new(dir: &Path) -> Trap {
        let trap = Trap { dir: dir.join("trap") };
        fs::create_dir_all(trap.dir.join("sprung")).unwrap();
        trap
    }

    fn program(&self, at: &Path, name: &str) -> String {
        fs::create_dir_all(at).unwrap();
        let sprung = self.dir.join("sprung").join(name);
        let path = at.join(name);
        // A filter must pass its input on, or plain git would stop before it springs the next trap.
        fs::write(&path, format!("#!/bin/sh\n: > '{}'\nexec cat\n", sprung.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn sprung(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.join("sprung")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Plants every vector into `git_dir`.
    fn plant(&self, git_dir: &Path, hooks: Hooks) {
        let program = |name: &str| self.program(&self.dir, name);
        let included = self.dir.join("included");
        fs::write(&included, format!("[core]\n\tsshCommand = {}\n\tpager = {0}\n", program("included"))).unwrap();
        let mut config = fs::read_to_string(git_dir.join("config")).unwrap();
        for (section, key, name) in [
            ("core", "fsmonitor", "fsmonitor"),
            ("core", "askPass", "askpass"),
            ("core", "editor", "editor"),
            ("core", "pager", "pager"),
            ("core", "alternateRefsCommand", "alternate-refs"),
            ("diff", "external", "diff-external"),
            ("diff \"evil\"", "textconv", "textconv"),
            ("diff \"evil\"", "command", "diff-command"),
            ("filter \"evil\"", "clean", "clean"),
            ("filter \"evil\"", "smudge", "smudge"),
            ("gpg", "program", "gpg"),
            ("merge \"evil\"", "driver", "merge-driver"),
            ("credential", "helper", "credential"),
            ("uploadpack", "packObjectsHook", "pack-objects"),
        ] {
            config += &format!("[{section}]\n\t{key} = {}\n", program(name));
        }
        config +=
            "[filter \"evil\"]\n\trequired = true\n[commit]\n\tgpgSign = true\n[merge]\n\tverifySignatures = false\n";
        config += "[log]\n\tshowSignature = true\n[extensions]\n\tworktreeConfig = true\n";
        config += &format!("[includeIf \"gitdir:/\"]\n\tpath = {}\n", included.display());
        let attributes = self.dir.join("attributes");
        fs::write(&attributes, ATTRIBUTES).unwrap();
        config += &format!("[core]\n\tattributesFile = {}\n", attributes.display());
        let hook_dir = match hooks {
            Hooks::InTheGitDirectory => git_dir.join("hooks"),
            Hooks::BySetting => self.dir.join("hooks"),
        };
        if hooks == Hooks::BySetting {
            config += &format!("[core]\n\thooksPath = {}\n", hook_dir.display());
        }
        // Under the first version of the format git reads no extensions.
        let config = config.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
        fs::write(git_dir.join("config"), config).unwrap();
        fs::write(git_dir.join("config.worktree"), format!("[core]\n\tfsmonitor = {}\n", program("config-worktree")))
            .unwrap();
        fs::create_dir_all(git_dir.join("info")).unwrap();
        fs::write(git_dir.join("info/attributes"), ATTRIBUTES).unwrap();
        for hook in [
            "post-checkout",
            "post-index-change",
            "reference-transaction",
            "pre-commit",
            "prepare-commit-msg",
            "commit-msg",
            "post-commit",
            "pre-merge-commit",
            "post-merge",
            "pre-auto-gc",
            "fsmonitor-watchman",
        ] {
            self.program(&hook_dir, hook);
        }
    }
}

/// The control: plain git springs the traps, so that an empty folder means something.
fn assert_live(trap: &Trap, checkout: &Path) {
    fs::write(checkout.join("README.md"), "control").unwrap();
    try_git_in(checkout, &["status"]);
    try_git_in(checkout, &["add", "-A"]);
    try_git_in(checkout, &["commit", "-m", "control"]);
    try_git_in(checkout, &["diff", "HEAD~1"]);
    let sprung = trap.sprung();
    for name in ["clean", "config-worktree", "post-index-change"] {
        assert!(sprung.contains(&name.to_owned()), "plain git must spring {name}; it sprang {sprung:?}");
    }
}

#[test]
fn a_hostile_repository_of_the_user_runs_nothing_and_stays_byte_for_byte() {
    for hooks in [Hooks::InTheGitDirectory, Hooks::BySetting] {
        let fixture = Fixture::new();
        fixture.write(".gitattributes", ATTRIBUTES);
        fixture.commit("attributes");
        let trap = Trap::new(fixture.dir.path());
        trap.plant(&fixture.root.join(".git"), hooks);
        fixture.write("src/a.rs", "uncommitted");
        for name in ["git", "claude", "sh"] {
            trap.program(&fixture.root, name);
        }
        let before = fixture.everything();

        let user = fixture.user();
        user.key().unwrap();
        user.resolve("HEAD").unwrap();
        assert_eq!(user.dirty().unwrap(), ["claude", "git", "sh", "src/a.rs"]);
        let run = fixture.run(&user);
        let base = &user.head().commit;
        let one = change_on(&run, "one", base, &[("src/b.rs", "one")]);
        let two = change_on(&run, "two", base, &[("new", "two")]);
        let Merged::Candidate { commit, .. } = merged(&run, base, &one, "one") else { panic!() };
        let Merged::Candidate { commit, .. } = merged(&run, &commit, &two, "two") else { panic!() };
        let (commit, _) = run.write_files(&commit, &[("report.md".into(), b"r".to_vec())], "report", AT).unwrap();
        let left = run.worktree("left", base, AT).unwrap();
        put(left.path(), "src/b.rs", "left");
        run.salvage(&left, "left", AT).unwrap().unwrap();
        run.remove(left).unwrap();
        user.publish(&run, "mao/7f3a", &commit).unwrap();
        // A file for which the repository names a filter is never written into the checkout.
        let refused = user.apply("mao/7f3a", AT);
        assert!(matches!(refused, Err(RepoError::NotApplied(NotApplied::Filtered(_)))), "{refused:?}");
        assert_eq!(fixture.everything(), before);
        user.publish(&run, "mao/other", &commit).unwrap();
        user.discard("mao/other").unwrap();
        user.release("7f3a").unwrap();
        assert_eq!(fixture.everything(), before);
        assert_eq!(trap.sprung(), [""; 0]);
        assert_live(&trap, &fixture.root);
    }
}

#[test]
fn apply_in_a_hostile_repository_runs_nothing() {
    for hooks in [Hooks::InTheGitDirectory, Hooks::BySetting] {
        for meanwhile in ["", "meanwhile"] {
            let fixture = Fixture::new();
            let user = fixture.user();
            let run = fixture.run(&user);
            let change = change_on(&run, "w", &user.head().commit, &[("src/b.rs", "done")]);
            if !meanwhile.is_empty() {
                fixture.write("src/a.rs", meanwhile);
                fixture.commit(meanwhile);
            }
            let trap = Trap::new(fixture.dir.path());
            trap.plant(&fixture.root.join(".git"), hooks);
            let user = fixture.user();
            user.publish(&run, "mao/7f3a", &change.commit).unwrap();
            let refused = user.apply("mao/7f3a", AT);
            assert!(matches!(refused, Err(RepoError::NotApplied(NotApplied::Filtered(_)))), "{refused:?}");
            // Without a filter on the paths nothing is left but to run nothing.
            fs::write(fixture.root.join(".git/info/attributes"), "").unwrap();
            user.apply("mao/7f3a", AT).unwrap();
            assert_eq!(fs::read_to_string(fixture.root.join("src/b.rs")).unwrap(), "done");
            assert_eq!(trap.sprung(), [""; 0]);
            fs::write(fixture.root.join(".git/info/attributes"), ATTRIBUTES).unwrap();
            assert_live(&trap, &fixture.root);
        }
    }
}

#[test]
fn a_hostile_submodule_is_not_asked_anything() {
    let inner = Fixture::new();
    let fixture = Fixture::new();
    fixture.git(&["submodule", "--quiet", "add", inner.root.to_str().unwrap(), "lib"]);
    fixture.commit("a submodule");
    let trap = Trap::new(fixture.dir.path());
    trap.plant(&fixture.root.join(".git/modules/lib"), Hooks::InTheGitDirectory);
    fixture.write("lib/README.md", "changed");
    let user = fixture.user();
    assert!(user.dirty().unwrap().is_empty());
    let run = fixture.run(&user);
    let change = change_on(&run, "w", &user.head().commit, &[("src/b.rs", "done")]);
    user.publish(&run, "mao/7f3a", &change.commit).unwrap();
    user.apply("mao/7f3a", AT).unwrap();
    assert_eq!(trap.sprung(), [""; 0]);
    try_git_in(&fixture.root, &["status"]);
    assert!(!trap.sprung().is_empty(), "the control: plain git asks the submodule");
}

#[test]
fn a_hostile_worker_runs_nothing_and_hides_nothing() {
    for hooks in [Hooks::InTheGitDirectory, Hooks::BySetting] {
        let fixture = Fixture::new();
        let user = fixture.user();
        let run = fixture.run(&user);
        let base = &user.head().commit;
        let trap = Trap::new(fixture.dir.path());
        let worktree = run.worktree("w", base, AT).unwrap();
        let root = worktree.path().to_owned();
        let theirs = PathBuf::from(git_in(&root, &["rev-parse", "--absolute-git-dir"]));
        put(&root, "src/committed", "by the worker");
        git_in(&root, &["add", "src/committed"]);
        git_in(&root, &["commit", "-q", "-m", "worker"]);
        trap.plant(&theirs, hooks);
        put(&root, "src/.gitattributes", "* filter=evil diff=evil merge=evil -diff -text\n");
        put(&root, "src/a.rs", "pub fn hidden() {}\n");

        let collected = collect(&run, &worktree, &["src/**"], &[]);
        if let mao_repo::Collected::Change { diff, .. } = &collected {
            assert!(String::from_utf8_lossy(diff).contains("+pub fn hidden() {}"), "an attribute hides no line");
        }
        let (commit, tree) = change(collected);
        assert_eq!(run.read(&commit, "src/a.rs").unwrap().unwrap(), b"pub fn hidden() {}\n");
        let one = mao_core::change::Change { base: base.clone(), commit, tree, diff: "d".into(), files: 1 };
        let two = change_on(&run, "two", base, &[("src/a.rs", "pub fn two() {}\n")]);
        let Merged::Candidate { commit, .. } = merged(&run, base, &one, "one") else { panic!() };
        let conflict = merged(&run, &commit, &two, "two");
        assert_eq!(conflict, Merged::Conflict { paths: vec!["src/a.rs".into()] });
        // A fresh checkout of the hostile tree, then salvage of the hostile worktree.
        let verify = run.worktree("verify", &commit, AT).unwrap();
        run.remove(verify).unwrap();
        run.salvage(&worktree, "w", AT).unwrap().unwrap();
        assert_eq!(trap.sprung(), [""; 0]);
        assert_live(&trap, &root);
        run.remove(worktree).unwrap();
    }
}
