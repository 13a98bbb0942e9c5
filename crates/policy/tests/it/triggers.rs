//! Thresholds and patterns, at their borders.

use mao_core::diff::{Diff, FileDiff};
use mao_policy::measure::Touched;
use mao_policy::packing::changes;
use mao_policy::policy::ModelRole;
use mao_policy::triggers::{
    Changed, Complexity, Hit, Line, Override, Side, Thresholds, context, escalation, plan_review, redesign, review,
    reviewer, second_looks, security, size,
};

fn path(path: &str) -> Changed {
    Changed { paths: vec![path.to_owned()], lines: Vec::new() }
}

fn line(side: Side, number: u32, text: &str) -> Changed {
    Changed { paths: vec!["src/a.rs".into()], lines: vec![Line { side, number, text: text.to_owned() }] }
}

fn hits(changed: Changed) -> Vec<Hit> {
    security(&[changed], &Thresholds::default())
}

fn hit() -> Vec<Hit> {
    hits(path("auth/login.ts"))
}

#[test]
fn rte_06_a_name_of_a_writer_is_no_hit_and_what_opens_doors_is() {
    for calm in ["author.ts", "src/authors/AUTHORED.md", "docs/coauthor-authorship.txt", "nlp/tokenizer_v2.py"] {
        assert_eq!(hits(path(calm)), [], "{calm}");
    }
    for hot in ["auth/login.ts", "isAuthorized", "unsanitized", "authorization", "OAuth", "unauthorized", "csrftoken"] {
        assert_eq!(hits(path(hot)).len(), 1, "{hot}");
        assert_eq!(hits(line(Side::Added, 3, &format!("  let x = {hot};"))).len(), 1, "{hot}");
        assert_eq!(hits(line(Side::Removed, 3, &format!("  let x = {hot};"))).len(), 1, "{hot}");
    }
    assert_eq!(hits(line(Side::Added, 1, "the author's name")), []);
    assert_eq!(hits(line(Side::Added, 1, "authorId is rather one offer too many")).len(), 1);
}

#[test]
fn rte_06_golden_4_a_change_as_git_tells_it() {
    let diff = |path: &str, line: &str| {
        let text = format!(
            "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,2 +1,2 @@\n let a = 1;\n-let b = 1;\n+{line}\n"
        );
        changes(&Diff::parse(&text).unwrap())
    };
    let found = |path, line| -> Vec<String> {
        security(&diff(path, line), &Thresholds::default()).iter().map(Hit::shown).collect()
    };
    assert_eq!(found("author.ts", "let b = 2;"), [] as [&str; 0]);
    assert_eq!(found("auth/login.ts", "let b = 2;"), ["auth/login.ts matches \"auth\" in its name"]);
    assert_eq!(found("src/a.ts", "if (isAuthorized) {"), ["src/a.ts:2:7 matches \"auth\""]);
    assert_eq!(found("src/a.ts", "let unsanitized = q;"), ["src/a.ts:2:7 matches \"sanitiz\""]);
}

#[test]
fn rte_06_every_hit_is_told_with_its_pattern_and_place() {
    let mut change = line(Side::Removed, 12, "é Token = secret(author, AUTH)");
    change.paths = vec!["src/new.rs".into(), "src/password.rs".into()];
    let found: Vec<String> = hits(change).iter().map(Hit::shown).collect();
    assert_eq!(
        found,
        [
            "src/password.rs matches \"password\" in its name",
            "src/new.rs:12:3 (removed) matches \"token\"",
            "src/new.rs:12:11 (removed) matches \"secret\"",
            "src/new.rs:12:26 (removed) matches \"auth\"",
        ]
    );
    let bytes = serde_json::to_string(&hits(line(Side::Added, 1, "password=\"hunter2\""))).unwrap();
    assert!(!bytes.contains("hunter2"), "what stands around a hit may be the secret: {bytes}");
}

#[test]
fn rte_06_words_and_patterns_are_configured() {
    let own = Thresholds {
        security_patterns: vec!["Über".into(), String::new()],
        security_ignore: vec!["ÜBERALL".into()],
        ..Default::default()
    };
    let found = |text: &str| security(&[line(Side::Added, 1, text)], &own).len();
    assert_eq!([found("überall auth"), found("DARÜBER"), found("")], [0, 1, 0]);
}

#[test]
fn rte_06_a_review_is_offered_for_strictly_more_files_or_a_hit() {
    let limits = Thresholds::default();
    assert_eq!(review(10, &[], &limits), Vec::<String>::new());
    assert_eq!(review(11, &[], &limits), ["11 files changed, more than 10"]);
    assert_eq!(review(1, &hit(), &limits), ["security: auth/login.ts matches \"auth\" in its name"]);
    let every = Thresholds { review_files: 0, ..Default::default() };
    assert_eq!((review(0, &[], &every).len(), review(1, &[], &every).len()), (0, 1));
    assert!(!plan_review(20, &limits) && plan_review(21, &limits));
    assert!(!escalation(1, &limits) && escalation(2, &limits));
}

#[test]
fn rte_07_small_or_large_by_files_hits_and_request() {
    let limits = Thresholds::default();
    let role = |files, hits: &[Hit], wanted| reviewer(files, hits, wanted, &limits).role;
    assert_eq!(role(5, &[], Override::None), ModelRole::Drafter);
    assert_eq!(role(6, &[], Override::None), ModelRole::Analyzer);
    assert_eq!(role(1, &hit(), Override::None), ModelRole::Analyzer);
    assert_eq!(role(1, &hit(), Override::Coder), ModelRole::Coder);
    let small = |up_to, complexity| size(complexity, &Thresholds { small_model_up_to: up_to, ..Default::default() });
    assert_eq!(small(Some(Complexity::Simple), Complexity::Simple), ModelRole::Drafter);
    assert_eq!(small(Some(Complexity::Simple), Complexity::Moderate), ModelRole::Analyzer);
    assert_eq!(small(Some(Complexity::Moderate), Complexity::Moderate), ModelRole::Drafter);
    assert_eq!(small(None, Complexity::Simple), ModelRole::Analyzer, "never");
}

#[test]
fn rte_08_a_large_context_is_told_what_to_leave_out_first() {
    let limits = Thresholds::default();
    assert_eq!(context(150_000, &limits), None);
    let said = context(150_001, &limits).unwrap();
    assert!(said.contains("name the files") && said.contains("never the whole repository"), "{said}");
}

#[test]
fn esc_09_a_large_or_secret_change_is_worth_a_second_coder_and_another_architecture_the_analysis() {
    let limits = Thresholds::default();
    let looks = |files, hits: &[&str], redesign: &[&str]| {
        let words = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let found = second_looks(files, &words(hits), &words(redesign), &limits);
        found.into_iter().map(|look| (look.role, look.why)).collect::<Vec<_>>()
    };
    assert_eq!(looks(10, &[], &[]), []);
    assert_eq!(looks(11, &[], &[]), [(ModelRole::Coder, "11 files changed, more than 10".to_owned())]);
    let security = looks(1, &["a.rs:1:1 matches \"auth\"", "b.rs:1:1 matches \"token\""], &[]);
    assert_eq!(security, [(ModelRole::Coder, "security: a.rs:1:1 matches \"auth\" and 1 more".to_owned())]);
    let both = looks(11, &[], &["docs/adr/2.md changes"]);
    assert_eq!(both.iter().map(|(role, _)| *role).collect::<Vec<_>>(), [ModelRole::Coder, ModelRole::Analyzer]);
    let whole = looks(1, &[], &["Cargo.toml gains the dependency serde"]);
    let why = "the architecture changes: Cargo.toml gains the dependency serde";
    assert_eq!(whole, [(ModelRole::Analyzer, why.to_owned())]);
}

#[test]
fn esc_09_another_architecture_is_a_dependency_a_move_or_a_document_about_it() {
    let file = |path: &str, from: Option<&str>| FileDiff {
        path: path.into(),
        from: from.map(str::to_owned),
        header: String::new(),
        binary: false,
        hunks: Vec::new(),
    };
    let signs = |files: Vec<FileDiff>, touched: &[Touched]| redesign(&Diff { files }, touched);
    assert_eq!(signs(vec![file("src/a.rs", None), file("src/b.rs", Some("src/c.rs"))], &[]), Vec::<String>::new());
    assert_eq!(signs(vec![file("store/a.rs", Some("src/a.rs"))], &[]), ["src/a.rs moves to store/a.rs"]);
    assert_eq!(signs(vec![file("docs/ARCHITECTURE.md", None)], &[]), ["docs/ARCHITECTURE.md changes"]);
    assert_eq!(signs(vec![file("docs/adr/0007-queue.md", None)], &[]), ["docs/adr/0007-queue.md changes"]);
    let manifest = |before: &str, after: &str| Touched {
        path: "Cargo.toml".into(),
        before: Some(before.into()),
        after: Some(after.into()),
    };
    let bumped = manifest("[dependencies]\nserde = \"1.0\"\n", "[dependencies]\nserde = \"1.1\"\n");
    assert_eq!(signs(Vec::new(), &[bumped]), Vec::<String>::new(), "a newer version is none");
    let gained = manifest("[dependencies]\n", "[dependencies]\nserde = \"1.1\"\n");
    assert_eq!(signs(Vec::new(), &[gained]), ["Cargo.toml gains the dependency serde"]);
}
