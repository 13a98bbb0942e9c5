//! Two who read one change: what they contradict each other about, and what they come to.

use mao_core::review::{DiffReview, DiffVerdict, Issue, Severity};
use mao_policy::anchor::Anchor;
use mao_policy::consensus::{Agreement, Ran, Trial, Voice, Weight, agreement, contested, stands, trial};
use mao_policy::coverage::Said;

fn issue(id: &str, file: &str, line: u32, severity: Severity) -> Issue {
    Issue {
        id: id.into(),
        file: Some(file.into()),
        line: Some(line),
        severity,
        category: "logic".into(),
        claim: "wrong".into(),
        evidence: String::new(),
        suggestion: String::new(),
        wanted_by: None,
        reproduction: Vec::new(),
    }
}

fn said(by: &str, issues: &[Issue], coverage: &[&str]) -> Said {
    let verdict = if issues.is_empty() { DiffVerdict::Lgtm } else { DiffVerdict::Issues };
    let coverage = coverage.iter().map(|path| (*path).to_owned()).collect();
    Said { by: by.into(), review: Some(DiffReview { verdict, issues: issues.to_vec(), coverage }) }
}

fn names(one: &Said, other: &Said) -> Vec<(String, String, String)> {
    let found = contested(std::slice::from_ref(one), std::slice::from_ref(other));
    found.into_iter().map(|claim| (claim.issue.id, claim.by, claim.denied_by)).collect()
}

#[test]
fn dis_11_a_claim_is_contested_where_another_read_the_same_and_does_not_make_it() {
    let critical = issue("I1", "a.rs", 4, Severity::Critical);
    let (claims, fine) = (said("one", std::slice::from_ref(&critical), &["a.rs"]), said("other", &[], &[]));
    let contest = ("I1".to_owned(), "one".to_owned(), "other".to_owned());
    assert_eq!(names(&claims, &fine), [contest]);
    assert_eq!(names(&fine, &claims).len(), 1, "whoever came first");
    // Whoever found something else must have looked there.
    let elsewhere = issue("I1", "b.rs", 9, Severity::Low);
    assert!(names(&claims, &said("other", std::slice::from_ref(&elsewhere), &["b.rs"])).is_empty());
    assert_eq!(names(&claims, &said("other", &[elsewhere], &["a.rs", "b.rs"])).len(), 1);
    // What both say is contested by nobody, and who was not heard denies nothing.
    assert!(names(&claims, &said("other", &[issue("X", "a.rs", 5, Severity::Low)], &["a.rs"])).is_empty());
    assert!(names(&claims, &Said { by: "other".into(), review: None }).is_empty());
}

#[test]
fn dis_11_a_claim_is_confirmed_by_what_fails_with_the_change_alone_and_disproved_by_what_does_not_fail() {
    assert_eq!(trial(Some(Ran::Green), Some(Ran::Red)), Trial::Confirmed);
    for before in [None, Some(Ran::Green), Some(Ran::Red), Some(Ran::Broken)] {
        assert_eq!(trial(before, Some(Ran::Green)), Trial::Disproved, "{before:?}");
        assert_eq!(trial(before, Some(Ran::Broken)), Trial::Open, "{before:?}");
        assert_eq!(trial(before, None), Trial::Open, "{before:?}");
    }
    for before in [None, Some(Ran::Red), Some(Ran::Broken)] {
        assert_eq!(trial(before, Some(Ran::Red)), Trial::Open, "what fails without it too shows nothing: {before:?}");
    }
}

#[test]
fn dis_11_a_lone_critical_stands_until_it_is_disproved() {
    let every = [Anchor::Real, Anchor::NoSuchFile, Anchor::Nowhere];
    for anchor in every {
        assert!(stands(Severity::Critical, anchor, Some(Trial::Open)), "{anchor:?}");
        assert!(stands(Severity::Low, anchor, Some(Trial::Confirmed)), "{anchor:?}");
        assert!(!stands(Severity::Critical, anchor, Some(Trial::Disproved)), "{anchor:?}");
    }
    assert!(stands(Severity::High, Anchor::Real, Some(Trial::Open)));
}

const LGTM: Option<DiffVerdict> = Some(DiffVerdict::Lgtm);
const ISSUES: Option<DiffVerdict> = Some(DiffVerdict::Issues);

fn voices(verdicts: [Option<DiffVerdict>; 2]) -> Vec<(Voice, Voice)> {
    let [one, other] = verdicts;
    vec![(Voice { vendor: "a".into(), verdict: one }, Voice { vendor: "b".into(), verdict: other })]
}

const fn weight(denied: Option<Trial>) -> Weight {
    Weight { denied, stands: true }
}

#[test]
fn dis_12_it_passes_where_two_vendors_find_nothing_and_the_checks_are_green() {
    assert_eq!(agreement(&voices([LGTM, LGTM]), &[], true), Agreement::Agreed);
    assert!(matches!(agreement(&voices([LGTM, LGTM]), &[], false), Agreement::Refused(_)), "tests are asked first");
    assert!(matches!(agreement(&voices([LGTM, None]), &[], true), Agreement::Short(_)));
    assert!(matches!(agreement(&[], &[], true), Agreement::Short(_)));
    let mut same = voices([LGTM, LGTM]);
    same[0].1.vendor = "a".into();
    assert!(matches!(agreement(&same, &[], true), Agreement::Short(_)), "one vendor does not agree with itself");
}

#[test]
fn dis_12_where_two_differ_tests_are_the_referee_and_then_a_person() {
    let differ = voices([LGTM, ISSUES]);
    let come_to = |found: &[Option<Trial>]| {
        let weights: Vec<Weight> = found.iter().map(|denied| weight(*denied)).collect();
        agreement(&differ, &weights, true)
    };
    assert_eq!(come_to(&[Some(Trial::Disproved)]), Agreement::Refereed);
    assert!(matches!(come_to(&[Some(Trial::Disproved), Some(Trial::Confirmed)]), Agreement::Refused(_)));
    assert!(matches!(come_to(&[Some(Trial::Disproved), Some(Trial::Open)]), Agreement::Differ(_)));
    assert!(matches!(come_to(&[Some(Trial::Open)]), Agreement::Differ(_)), "no majority passes it");
    assert!(matches!(agreement(&voices([ISSUES, ISSUES]), &[weight(None)], true), Agreement::Refused(_)));
    let both = [weight(Some(Trial::Open)), weight(Some(Trial::Open))];
    assert!(matches!(agreement(&voices([ISSUES, ISSUES]), &both, true), Agreement::Refused(_)));
}
