//! What reviewers answer: strict forms, real places, and arithmetic that nobody's mood changes.

use mao_core::diff::Diff;
use mao_core::review::{DiffReview, Invalid, Issue, PlanReview, PlanVerdict, Severity, read};
use mao_policy::anchor::{Anchor, Snapshot, anchor, gates};
use mao_policy::coverage::once_each;
use mao_policy::score::{Band, Dimension, Gate, Judged, Score, Verdict, score, weights};
use std::collections::BTreeMap;

const ITEM: &str = r#"{"id":"P1","severity":"HIGH","area":"tests","detail":"no test","plan_ref":"2","suggestion":""}"#;

fn plan(verdict: &str, items: &str) -> String {
    format!(r#"{{"verdict":"{verdict}","items":[{items}]}}"#)
}

#[test]
fn chk_08_an_unparsable_or_missing_verdict_is_never_a_pass() {
    for text in [
        "",
        "PASS",
        "The plan is fine. Verdict: PASS",
        "{}",
        r#"{"verdict":"PASS"}"#,
        r#"{"verdict":"pass","items":[]}"#,
        r#"{"verdict":"APPROVED","items":[]}"#,
        r#"{"verdict":"PASS","items":[],"note":"x"}"#,
        r#"I looked. {"verdict":"PASS","items":[]}"#,
        "```json\n{\"verdict\":\"PASS\",\"items\":[]}\n```\n```json\n{\"verdict\":\"BLOCK\",\"items\":[]}\n```",
        "> +{\"verdict\":\"PASS\",\"items\":[]}",
        r#"{"verdict":"PASS","items":[]} {"verdict":"BLOCK","items":[]}"#,
    ] {
        assert!(matches!(read::<PlanReview>(text), Err(Invalid::Form(_))), "{text}");
    }
    for text in
        [plan("PASS", ITEM), plan("BLOCK", ""), plan("CONCERN", ""), plan("BLOCK", &ITEM.replace("no test", " "))]
    {
        assert!(matches!(read::<PlanReview>(&text), Err(Invalid::Contradiction(_))), "{text}");
    }
}

#[test]
fn chk_07_a_verdict_in_the_form_is_read() {
    assert_eq!(read::<PlanReview>(&plan("PASS", "")).unwrap().verdict, PlanVerdict::Pass);
    let fenced = format!("```json\n{}\n```", plan("BLOCK", ITEM));
    let block = read::<PlanReview>(&fenced).unwrap();
    assert_eq!((block.verdict, block.items[0].severity), (PlanVerdict::Block, Severity::High));
    let issues = r#"{"verdict":"ISSUES","issues":[{"id":"I1","file":"a.rs","line":3,"severity":"MAJOR","category":"logic",
        "claim":"off by one","evidence":"","suggestion":""}],"coverage":["a.rs"]}"#;
    assert_eq!(read::<DiffReview>(issues).unwrap().issues[0].severity, Severity::High, "QA-02: Major is HIGH");
    assert!(read::<DiffReview>(r#"{"verdict":"LGTM","issues":[],"coverage":[]}"#).is_ok());
    for items in [format!("{ITEM},{ITEM}"), ITEM.replace("P1", " ")] {
        let same = read::<PlanReview>(&plan("BLOCK", &items));
        assert_eq!(same, Err(Invalid::Contradiction("every item needs an id of its own")), "a person settles each one");
    }
}

fn issue(file: Option<&str>, line: Option<u32>, severity: Severity) -> Issue {
    Issue {
        id: "I1".into(),
        file: file.map(str::to_owned),
        line,
        severity,
        category: "logic".into(),
        claim: "wrong".into(),
        evidence: String::new(),
        suggestion: String::new(),
        wanted_by: None,
        reproduction: Vec::new(),
    }
}

#[test]
fn chk_09_a_place_must_exist_and_what_is_unverified_gates_nothing_but_a_critical() {
    let snapshot = Snapshot {
        lines: BTreeMap::from([("a.rs".to_owned(), 40), ("b.rs".to_owned(), 5)]),
        wants: ["PRD 12.2".to_owned()].into(),
    };
    let diff = Diff::parse("diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -3,1 +3,2 @@\n x\n+y\n").unwrap();
    let at = |file, line| anchor(&issue(file, line, Severity::High), &snapshot, Some(&diff));
    assert_eq!(at(Some("a.rs"), Some(4)), Anchor::Real);
    assert_eq!(at(Some("a.rs"), Some(5)), Anchor::Unchanged);
    assert_eq!(at(Some("a.rs"), Some(41)), Anchor::NoSuchLine);
    assert_eq!(at(Some("a.rs"), Some(0)), Anchor::NoSuchLine);
    assert_eq!(at(Some("b.rs"), None), Anchor::Unchanged);
    assert_eq!(at(Some("c.rs"), Some(1)), Anchor::NoSuchFile);
    assert_eq!(at(None, None), Anchor::Nowhere);
    assert_eq!(anchor(&issue(Some("b.rs"), Some(5), Severity::Low), &snapshot, None), Anchor::Real);
    let absent = Issue { wanted_by: Some("PRD 12.2".into()), ..issue(None, None, Severity::High) };
    assert_eq!(anchor(&absent, &snapshot, Some(&diff)), Anchor::Real);

    assert!(gates(Severity::High, Anchor::Real) && gates(Severity::Critical, Anchor::Nowhere));
    assert!(!gates(Severity::High, Anchor::NoSuchLine) && !gates(Severity::Low, Anchor::Unchanged));
}

fn judged(scores: [u32; 5]) -> BTreeMap<Dimension, Judged> {
    let clean = |score| Judged { score, verified: Vec::new(), unverified: Vec::new() };
    Dimension::ALL.into_iter().zip(scores.map(clean)).collect()
}

fn normal(judged: &BTreeMap<Dimension, Judged>) -> Score {
    score(judged, &weights(), Gate::Normal, true)
}

#[test]
fn qa_03_the_worked_example_scores_94_85_and_passes() {
    assert_eq!(weights().values().sum::<u32>(), 100);
    let result = normal(&judged([95, 90, 98, 95, 100]));
    assert_eq!((result.overall, result.band, result.verdict), (Some(9_485), Some(Band::Excellent), Verdict::Pass));
}

#[test]
fn qa_04_pass_conditional_fail_and_strict() {
    assert_eq!(normal(&judged([80; 5])).verdict, Verdict::Pass);
    assert_eq!(normal(&judged([79; 5])).verdict, Verdict::Conditional);
    assert_eq!(normal(&judged([95, 90, 98, 95, 69])).verdict, Verdict::Conditional);
    assert_eq!(normal(&judged([95, 90, 98, 69, 69])).verdict, Verdict::Fail);
    assert_eq!(normal(&judged([69; 5])).verdict, Verdict::Fail);
    let red = score(&judged([100; 5]), &weights(), Gate::Normal, false);
    assert_eq!((red.verdict, red.because), (Verdict::Fail, vec!["the checks are red".to_owned()]));

    let mut high = judged([100; 5]);
    let strict = |judged: &BTreeMap<Dimension, Judged>| score(judged, &weights(), Gate::Strict, true).verdict;
    high.get_mut(&Dimension::Security).unwrap().verified = vec![Severity::High; 2];
    assert_eq!(strict(&high), Verdict::Pass);
    high.get_mut(&Dimension::TypeSafety).unwrap().verified = vec![Severity::High];
    assert_eq!(strict(&high), Verdict::Fail);
    assert_eq!(strict(&judged([95, 90, 79, 95, 95])), Verdict::Fail);
}

#[test]
fn qa_05_a_missing_dimension_is_incomplete_and_weights_stay() {
    let mut four = judged([100; 5]);
    four.remove(&Dimension::Security);
    let result = normal(&four);
    assert_eq!((result.verdict, result.overall), (Verdict::Incomplete, None));
    assert_eq!(result.missing, [Dimension::Security]);
}

#[test]
fn qa_06_the_worst_verified_issue_caps_a_score_and_one_critical_fails_at_any_score() {
    let mut all = judged([100; 5]);
    all.get_mut(&Dimension::Security).unwrap().verified = vec![Severity::Low, Severity::High];
    let high = normal(&all);
    assert_eq!((high.overall, high.verdict), (Some(9_790), Verdict::Pass), "HIGH caps security at 79");
    all.get_mut(&Dimension::PrdCompliance).unwrap().verified = vec![Severity::Critical];
    let critical = normal(&all);
    assert_eq!(critical.verdict, Verdict::Fail);
    assert_eq!(critical.overall, Some(8_260), "CRITICAL caps it at 49");
    let mut lone = judged([100; 5]);
    lone.get_mut(&Dimension::ErrorHandling).unwrap().unverified = vec![Severity::Critical];
    assert_eq!(normal(&lone).verdict, Verdict::Fail, "a lone CRITICAL stands until it is disproved");
}

#[test]
fn qa_07_duplicates_keep_every_reporter_and_a_lone_critical_stays() {
    let same = issue(Some("a.rs"), Some(10), Severity::Medium);
    let near = Issue { severity: Severity::High, ..issue(Some("a.rs"), Some(12), Severity::High) };
    let lone = issue(Some("z.rs"), Some(1), Severity::Critical);
    let merged = once_each([("opus", &same), ("sonnet", &same), ("gemini", &near), ("codex", &lone)]);
    assert_eq!(merged[0].by, ["opus", "sonnet", "gemini"]);
    assert_eq!((merged[0].issue.severity, merged.len()), (Severity::High, 2));
    assert_eq!((merged[1].issue.severity, &merged[1].by[..]), (Severity::Critical, &["codex".to_owned()][..]));
}
