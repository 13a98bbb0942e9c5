//! What a worktree is given beside its commit, and that nothing of it comes back.

use crate::fixture::{AT, Fixture, collect, git_in, globs, put};
use mao_repo::Collected;
use std::fs;
use std::os::unix::fs::symlink;

/// A checkout as node has it: packages and secrets beside the commit, one of the packages a link into another.
fn node() -> Fixture {
    let fixture = Fixture::new();
    for path in [
        "node_modules/dep/index.js",
        "node_modules/.pnpm/dep@1/index.js",
        ".env",
        "packages/a/node_modules/x/x.js",
        "untracked",
    ] {
        fixture.write(path, path);
    }
    fs::create_dir(fixture.root.join("node_modules/.bin")).unwrap();
    symlink("../dep/index.js", fixture.root.join("node_modules/.bin/dep")).unwrap();
    symlink("/etc", fixture.root.join("node_modules/away")).unwrap();
    symlink("../../../outside", fixture.root.join("node_modules/dep/up")).unwrap();
    fixture
}

#[test]
fn dev_04_what_is_copied_into_a_worktree_is_there_and_never_collected_or_salvaged() {
    let fixture = node();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    let before = fixture.everything();
    let wanted = globs(&["node_modules", ".env", "packages/*/node_modules", "README.md"]);
    let found = run.give(&worktree, user.root(), &wanted, &[]).unwrap();
    assert_eq!(found, [".env", "README.md", "node_modules", "packages/a/node_modules"]);
    let root = worktree.path();
    for path in ["node_modules/dep/index.js", ".env", "packages/a/node_modules/x/x.js"] {
        assert_eq!(fs::read_to_string(root.join(path)).unwrap(), path);
    }
    assert_eq!(fs::read_link(root.join("node_modules/.bin/dep")).unwrap().to_str(), Some("../dep/index.js"));
    for path in ["node_modules/away", "node_modules/dep/up", "untracked"] {
        assert!(root.join(path).symlink_metadata().is_err(), "{path}");
    }
    assert_eq!(fs::read_to_string(root.join("README.md")).unwrap(), "one\ntwo\nthree\n");

    // A worker writes into its copy: the user's own stays, and nothing of it comes back.
    put(root, "node_modules/dep/index.js", "changed");
    put(root, "src/a.rs", "pub fn a() -> u8 { 1 }\n");
    let Collected::Change { files, .. } = collect(&run, &worktree, &["**"], &[]) else { panic!("it is a change") };
    assert_eq!(files, ["src/a.rs"]);
    let kept = run.salvage(&worktree, "w", AT).unwrap().unwrap();
    assert_eq!(run.salvage_files(&kept).unwrap(), ["src/a.rs"]);
    assert_eq!(fixture.everything(), before);

    // The next worktree of that name begins with nothing.
    run.remove(worktree).unwrap();
    let next = run.worktree("w", &user.head().commit, AT).unwrap();
    put(next.path(), ".env", "mine");
    let Collected::Change { files, .. } = collect(&run, &next, &["**"], &[]) else { panic!("it is a change") };
    assert_eq!(files, [".env"]);
}

#[test]
fn dev_04_what_is_withheld_is_not_copied_and_no_link_is_followed() {
    let fixture = node();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    let found = run.give(&worktree, user.root(), &globs(&["node_modules", "**/.env"]), &globs(&["**/.env"])).unwrap();
    assert_eq!(found, [".env", "node_modules"]);
    assert!(!worktree.path().join(".env").exists());
    assert!(worktree.path().join("node_modules/dep/index.js").exists());

    // A link in the place of a directory, in the checkout or in the worktree, leads nowhere.
    fs::create_dir(fixture.dir.path().join("elsewhere")).unwrap();
    fs::write(fixture.dir.path().join("elsewhere/secret"), "s").unwrap();
    symlink(fixture.dir.path().join("elsewhere"), fixture.root.join("link")).unwrap();
    assert_eq!(run.give(&worktree, user.root(), &globs(&["link/secret"]), &[]).unwrap(), Vec::<String>::new());
    symlink(fixture.dir.path().join("elsewhere"), worktree.path().join("packages")).unwrap();
    run.give(&worktree, user.root(), &globs(&["packages/a/node_modules"]), &[]).unwrap_err();
    assert_eq!(fs::read_dir(fixture.dir.path().join("elsewhere")).unwrap().count(), 1);
}

#[test]
fn dev_04_what_setup_makes_is_not_collected_and_what_it_changes_is_named() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let worktree = run.worktree("w", &user.head().commit, AT).unwrap();
    let root = worktree.path();
    put(root, "vendor/lib/a.js", "made");
    put(root, "made", "made");
    git_in(root, &["status", "--porcelain"]);
    assert_eq!(run.made_by_setup(&worktree).unwrap(), Vec::<String>::new());
    put(root, "vendor/lib/b.js", "by a worker");
    assert_eq!(collect(&run, &worktree, &["**"], &[]), Collected::NoChange);
    put(root, "README.md", "changed by setup");
    assert_eq!(run.made_by_setup(&worktree).unwrap(), ["README.md"]);

    let other = run.worktree("x", &user.head().commit, AT).unwrap();
    assert_ne!(worktree.port(), other.port());
    assert!((20_000..30_000).contains(&worktree.port()));
}
