//! Diffs that somebody claims to be right: applied where they do no harm, refused with the reason where they would.

use crate::fixture::{AT, Fixture};
use mao_core::glob::Glob;
use mao_repo::{CollectSpec, RunRepo, Tried};

const RIGHT: &str = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1 +1,2 @@\n pub fn a() {}\n+pub fn c() {}\n";

fn tried(run: &RunRepo, diff: &str) -> Tried {
    let (owned, protected) = ([Glob("**".into())], [Glob("README.md".into())]);
    let frozen = [Glob("src/b.rs".into())];
    let spec =
        CollectSpec { owned: &owned, frozen: &frozen, protected: &protected, subject: "Claimed", body: "", at: AT };
    run.try_diff(run.base(), diff, &spec, "claimed/investigate.3-1").unwrap()
}

#[test]
fn esc_06_a_diff_that_applies_is_a_commit_of_its_own_and_touches_nothing_else() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let before = fixture.everything();
    for diff in [RIGHT, RIGHT.trim_end()] {
        let Tried::Change { commit, files, diff, .. } = tried(&run, diff) else { panic!("it applies") };
        assert_eq!(files, ["src/a.rs"]);
        assert!(String::from_utf8_lossy(&diff).contains("+pub fn c() {}"));
        assert_eq!(run.read(&commit, "src/a.rs").unwrap().unwrap(), b"pub fn a() {}\npub fn c() {}\n");
    }
    assert_eq!(fixture.everything(), before);
}

#[test]
fn esc_06_what_does_not_apply_as_it_stands_or_would_do_harm_is_refused_with_the_reason() {
    let fixture = Fixture::new();
    let user = fixture.user();
    let run = fixture.run(&user);
    let before = fixture.everything();
    let new = |path: &str, mode: &str, content: &str| {
        format!(
            "diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{content}\n"
        )
    };
    let link =
        new("leads", "120000", "/etc/passwd").replace("+/etc/passwd\n", "+/etc/passwd\n\\ No newline at end of file\n");
    let module = new("sub", "160000", "Subproject commit 0123456789012345678901234567890123456789");
    let long = format!("{RIGHT}{}", "x".repeat(64 * 1024));
    let cases = [
        (RIGHT.replace("pub fn a() {}", "pub fn other() {}"), "it does not apply"),
        ("I would change the first line.".to_owned(), "it does not apply"),
        (RIGHT.replace("@@ -1 +1,2 @@", "@@ -1,7 +1,8 @@"), "it does not apply"),
        (new("../outside", "100644", "x"), "it does not apply"),
        (new(".git/hooks/post-checkout", "100755", "x"), "it does not apply"),
        (new("/etc/outside", "100644", "x"), "it"),
        (link, "it may not change leads (a link out of the tree)"),
        (module, "it may not change sub (a repository of its own)"),
        (
            RIGHT.replace("a.rs", "b.rs").replace("fn a", "fn b"),
            "it may not change src/b.rs (a test that stands already)",
        ),
        (
            "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-one\n+eins\n".replace("@@ -1 +1 @@", "@@ -1,2 +1,2 @@")
                + " two\n",
            "it may not change README.md (protected)",
        ),
        ("diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 3\n".to_owned(), "no text"),
        (long, "at most 65536 are tried"),
    ];
    for (diff, why) in cases {
        match tried(&run, &diff) {
            Tried::Refused(said) => assert!(said.contains(why), "{said}: {why}"),
            Tried::Change { files, .. } => panic!("{files:?} changed: {diff}"),
        }
    }
    assert_eq!(fixture.everything(), before);
    assert!(!fixture.root.with_file_name("outside").exists());
}

#[test]
fn esc_05_the_checkouts_tree_is_what_stands_there() {
    let fixture = Fixture::new();
    let before = fixture.everything();
    let head = fixture.git(&["rev-parse", "HEAD^{tree}"]);
    assert_eq!(fixture.user().standing_tree().unwrap().as_str(), head);
    let mut seen = vec![head];
    for (path, text) in [("src/a.rs", "changed\n"), ("new.rs", "untracked\n")] {
        fixture.write(path, text);
        seen.push(fixture.user().standing_tree().unwrap().to_string());
    }
    fixture.write("ignored.log", "x\n");
    assert_eq!(fixture.user().standing_tree().unwrap().as_str(), seen[2], "what is ignored is left out");
    std::fs::remove_file(fixture.root.join("src/b.rs")).unwrap();
    seen.push(fixture.user().standing_tree().unwrap().to_string());
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 4, "{seen:?}");
    // The same files give the same tree, and nothing of the user's was written.
    fixture.git(&["checkout", "-q", "--", "."]);
    for path in ["new.rs", "ignored.log"] {
        std::fs::remove_file(fixture.root.join(path)).unwrap();
    }
    assert_eq!(fixture.user().standing_tree().unwrap().as_str(), seen[0]);
    let mut after = fixture.everything();
    let mut before = before;
    // git itself renews its index when files come back.
    for all in [&mut before, &mut after] {
        all.retain(|path, _| !path.ends_with(".git/index"));
    }
    assert_eq!(after, before);
}
