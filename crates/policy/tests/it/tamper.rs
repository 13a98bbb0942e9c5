//! What is found by looking at a candidate: how large it is, and what it does to the tests.

use mao_core::debug::Trial;
use mao_core::diff::Diff;
use mao_core::event::{CheckRun, Verification};
use mao_policy::artifact::grounds;
use mao_policy::cycle::{count, named, signature};
use mao_policy::measure::{Touched, is_test, measure};
use mao_policy::tamper::{Evidence, tampering};
use std::collections::{BTreeMap, BTreeSet};

/// A diff that replaces `before` by `after`.
fn diff(path: &str, before: &str, after: &str) -> String {
    let lines = |sign: char, text: &str| text.lines().map(|line| format!("{sign}{line}\n")).collect::<String>();
    let (old, new) = (before.lines().count(), after.lines().count());
    let mode = if before.is_empty() { "new file mode 100644\n" } else { "" };
    format!(
        "diff --git a/{path} b/{path}\n{mode}--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n{}{}",
        lines('-', before),
        lines('+', after)
    )
}

/// What is said of one file that becomes another, beside this locked test.
fn found(path: &str, before: &str, after: &str, test: (&str, &str)) -> Vec<String> {
    let text = diff(path, before, after);
    let parsed = Diff::parse(&text).expect("a diff of git's");
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let touched = [Touched { path: path.into(), before: some(before), after: some(after) }];
    let locked = BTreeSet::from([test.0.to_owned()]);
    let texts = BTreeMap::from([(test.0.to_owned(), test.1.to_owned())]);
    let commands = [vec!["make".to_owned(), "test".to_owned()]];
    let (diff, touched, locked, texts) = (&parsed, &touched[..], &locked, &texts);
    tampering(&Evidence { diff, touched, locked, texts, commands: &commands, task: Some("404 means \"not found\"") })
}

const TEST: (&str, &str) = (
    "tests/test_price.py",
    "def test_discounted_price():\n    assert price(\"gold\", 250) == 225\n    assert text(404) == \"not found\"\n",
);

#[test]
fn dis_07_every_way_around_a_test_is_named() {
    let ways = [
        ("tests/test_price.py", TEST.1, "def test_discounted_price():\n    pass\n", "was edited"),
        ("conftest.py", "", "def pytest_collection_modifyitems(items):\n    items.clear()\n", "which tests run"),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = --deselect tests/test_price.py\n", "which tests run"),
        ("Makefile", "test:\n\tpytest\n", "test:\n\ttrue\n", "which tests run"),
        ("package.json", "{\"scripts\":{\"test\":\"jest\"}}", "{\"scripts\":{\"test\":\"true\"}}", "which tests run"),
        ("price.py", "x = 1\n", "import os\nif os.environ.get(\"PYTEST_CURRENT_TEST\"):\n    x = 2\n", "it is tested"),
        ("price.js", "x\n", "if (process.argv[1].includes(\"test\")) process.exit(0);\n", "it is tested"),
        ("price.rs", "fn a() {}\n", "fn a() { if cfg!(test) { return; } }\n", "it is tested"),
        ("price.rs", "fn a() {}\n", "#[cfg(test)]\nfn a() {}\n", "compiled for tests"),
        ("price.py", "x = 1\n", "names = [\"test_discounted_price\"]\n", "it names a test"),
        ("price.py", "x = 1\n", "if kind == \"gold\" and n == 250:\n    return 225\n", "the answer to a test"),
    ];
    for (path, before, after, said) in ways {
        let found = found(path, before, after, TEST);
        assert!(found.iter().any(|line| line.contains(said)), "{path}: {after}: {found:?}");
    }
    let inline = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn one() { assert!(true); }\n}\n";
    let gone = inline.replace("    fn one() { assert!(true); }\n", "    fn one() {}\n");
    assert!(found("lib.rs", inline, &gone, TEST).iter().any(|line| line.contains("a test in it")));
}

#[test]
fn dis_07_an_honest_change_is_not_disqualified() {
    let honest = [
        (
            "price.py",
            "x = 1\n",
            "def price(kind, amount):\n    return amount * 9 // 10 if kind == \"gold\" else amount\n",
        ),
        ("tests/test_more.py", "", "def test_more():\n    assert price(\"iron\", 250) == 250\n"),
        ("text.py", "x = 1\n", "if code == 404:\n    return \"not found\"\n"),
        (
            "lib.rs",
            "fn a() {}\n",
            "fn a() -> u32 { 7 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn seven() {}\n}\n",
        ),
        ("main.py", "x = 1\n", "import sys\nname = sys.argv[1]\n"),
        ("Makefile", "test:\n\tpytest\nall:\n\ttrue\n", "test:\n\tpytest\nall:\n\techo\n"),
    ];
    for (path, before, after) in honest {
        assert_eq!(found(path, before, after, TEST), [""; 0], "{path}: {after}");
    }
}

#[test]
fn dis_05_dependencies_files_lines_and_names_are_counted_from_the_diff() {
    let (before, after) = ("[dependencies]\nserde = \"1\"\n", "[dependencies]\nserde = \"2\"\nrand = \"0.9\"\n");
    let manifest = diff("Cargo.toml", before, after);
    let source = diff("src/a.rs", "fn a() {}\n", "pub fn a() {}\npub(crate) fn b() {}\nfn c() {}\n");
    let rest = diff("tests/a.rs", "fn t() {}\n", "pub fn t() {}\n") + &diff("Cargo.lock", "a\n", "b\nc\n");
    let parsed = Diff::parse(&(manifest + &source + &rest)).unwrap();
    let touched = [Touched { path: "Cargo.toml".into(), before: Some(before.into()), after: Some(after.into()) }];
    let found = measure(&parsed, &touched, &[]);
    assert_eq!((found.new_dependencies, found.files, found.lines, found.public_symbols), (1, 4, 5 + 4, 1));
    assert!(is_test("pkg/a_test.go") && is_test("src/__tests__/a.js") && !is_test("src/contest.rs"));
}

#[test]
fn esc_02_green_resets_and_a_changed_failure_counts_apart() {
    let trial =
        |tree: &str, exit, signature: &str| Trial { tree: tree.into(), exit, signature: signature.into(), diff: None };
    let mut trials = vec![trial("a", Some(1), "x"), trial("b", Some(1), "x"), trial("c", Some(1), "y")];
    let cycles = count(&trials);
    assert_eq!((cycles.total, cycles.same_failure), (2, 1));
    trials.extend([trial("d", Some(0), ""), trial("e", Some(1), "x"), trial("f", None, "x")]);
    let cycles = count(&trials);
    assert_eq!((cycles.total, cycles.same_failure), (1, 1), "since it was green last");
}

#[test]
fn esc_02_the_same_failure_has_the_same_signature() {
    let cargo = "running 2 tests\ntest b::two ... FAILED\ntest a::one ... FAILED\ntest c ... ok\n";
    assert_eq!(signature(cargo), "a::one, b::two");
    assert_eq!(signature("FAILED tests/t.py::test_x - assert 1 == 2\n"), "tests/t.py::test_x");
    let at = |n: u32| format!("starting\nerror at line {n}: no such thing\n");
    assert_eq!(signature(&at(17)), signature(&at(23)), "what differs from run to run is left out");
    assert_eq!(signature(""), "");
}

#[test]
fn esc_03_the_files_that_a_log_names_are_those_that_there_are() {
    let files = ["src/add.py", "src/deep/a.rs", "README.md", "x"].map(str::to_owned);
    let log = "  File \"/somewhere/else/src/add.py\", line 3\n  --> src/deep/a.rs:12:5\nsee ./README.md. and gone.py\nsrc/add.py again\n";
    assert_eq!(named(log, &files), ["src/add.py", "src/deep/a.rs", "README.md"]);
    assert_eq!(named("", &files), Vec::<String>::new());
    let many: Vec<String> = (0..50).map(|n| format!("f{n}.c")).collect();
    assert_eq!(named(&many.join(" "), &many).len(), 20);
}

#[test]
fn esc_04_without_an_artifact_there_is_no_packet() {
    let check = |exit| CheckRun { command: "make test".into(), exit, log: "log".into(), counts: None, took_ms: None };
    let ran = |exit| Verification { checks: vec![check(exit)] };
    assert!(grounds(None).is_err() && grounds(Some(&ran(Some(0)))).is_err());
    let said = grounds(None).unwrap_err().to_string();
    assert!(said.contains("no failing test") && said.contains("stack trace"), "{said}");
    assert_eq!(grounds(Some(&ran(Some(2)))).unwrap().len(), 1);
}
