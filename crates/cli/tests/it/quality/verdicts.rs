//! What it adds up to, and which exit code comes of it.

use super::sample::{
    DIMENSIONS, Defect, defects, issue, play_clean, play_reviewers, published, published_json, qa, rendered_again,
    review, sample,
};
use std::collections::BTreeSet;

fn one_critical() -> String {
    issue(&Defect {
        section: "1".into(),
        reporters: Vec::new(),
        severity: "CRITICAL".into(),
        file: Some("src/login.ts".into()),
        place: "5".into(),
        category: "injection".into(),
        description: "The mail goes into the query as it is.".into(),
    })
}

#[test]
fn qa_02_every_report_holds_the_whole_of_an_issue() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95; 5]);
    let whole = r#"{ file = "src/login.ts", line = 5, severity = "Critical", category = "injection",
        description = "The mail is a query.", impact = "Anyone reads all.", evidence = "WHERE mail =", fix = "Bind it." }"#
        .replace('\n', "");
    let missing = r#"{ wanted_by = "1.3", severity = "Major", category = "absent", description = "No deletion.",
        impact = "It stays.", evidence = "", fix = "Write it." }"#
        .replace('\n', "");
    let small =
        r#"{ file = "src/store.ts", line = 4, severity = "minor", category = "naming", description = "A bad name.",
        impact = "Hard to read.", evidence = "x", fix = "Rename it." }"#
            .replace('\n', "");
    // What a reviewer is told of severities.
    let told = review(40, &[whole.clone(), missing, small]).replacen(
        "act",
        "expects = [\"exploitable, loses data, crashes or blocks\"]\nact",
        1,
    );
    shop.play("review.1.security", &told);
    shop.play("review.1.type_safety", &review(60, &[whole.replace("Critical", "Minor")]));
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    let issues = report["issues"].as_array().unwrap();
    let severities: Vec<&str> = issues.iter().map(|one| one["severity"].as_str().unwrap()).collect();
    assert_eq!(issues.len(), 3, "{issues:#?}");
    assert!(["CRITICAL", "HIGH", "LOW"].iter().all(|word| severities.contains(word)), "{severities:?}");
    let found = issues.iter().find(|one| one["category"] == "injection").unwrap();
    for (field, value) in [
        ("severity", "CRITICAL"),
        ("dimension", "type_safety"),
        ("file", "src/login.ts"),
        ("description", "The mail is a query."),
        ("impact", "Anyone reads all."),
        ("fix", "Bind it."),
        ("evidence", "WHERE mail ="),
        ("place", "verified"),
        ("state", "open"),
    ] {
        assert_eq!(found[field], value, "{field}");
    }
    assert_eq!(found["line"], 5);
    let id = found["id"].as_str().unwrap();
    assert!(id.starts_with("1-"), "{id}");
    let by: Vec<&str> =
        found["reporters"].as_array().unwrap().iter().map(|by| by["dimension"].as_str().unwrap()).collect();
    assert_eq!(by, ["type_safety", "security"]);
    let served = found["reporters"][0]["served"].as_str().unwrap();
    let markdown = published(&shop, "docs/Section1-QA-issues.md");
    let part = markdown.split("\n### ").find(|part| part.starts_with(id)).expect("a part of its own");
    for said in [
        "CRITICAL Type safety: injection",
        "- place: `src/login.ts:5` (verified)",
        "- what: The mail is a query.",
        "- impact: Anyone reads all.",
        "- evidence: WHERE mail =",
        "- fix: Bind it.",
        "- reported by: ",
        served,
    ] {
        assert!(part.contains(said), "{said}: {part}");
    }
    let log = published_json(&shop, "docs/Section1-QA-issues.sarif");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|one| one["properties"]["id"] == id).unwrap();
    let message = result["message"]["text"].as_str().unwrap();
    assert_eq!(
        message, "The mail is a query.\nImpact: Anyone reads all.\nEvidence: WHERE mail =\nFix: Bind it.",
        "{result}"
    );
    assert_eq!((&result["ruleId"], &result["level"]), (&"type_safety".into(), &"error".into()));
    assert_eq!(result["properties"]["reporters"].as_array().unwrap().len(), 2);
    assert_eq!(result["properties"]["severity"], "CRITICAL");
}

#[test]
fn qa_03_golden_15_the_worked_example_passes_and_one_critical_fails_at_any_score() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95, 90, 98, 95, 100]);
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    assert_eq!((&report["final"]["overall"], &report["final"]["verdict"]), (&94.85.into(), &"PASS".into()));
    assert!(ran.stdout.contains("**PASS**: 94.85 of 100 (excellent)"), "{}", ran.stdout);

    let mut shop = sample();
    play_clean(&mut shop, "1", [100; 5]);
    shop.play("review.1.security", &review(100, &[one_critical()]));
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    // Four hundreds and a 49: 94.90 in all, and still.
    assert_eq!((&report["final"]["overall"], &report["final"]["verdict"]), (&94.9.into(), &"FAIL".into()));
    assert_eq!(report["final"]["because"][0], "a CRITICAL stands in security");
}

#[test]
fn qa_06_golden_16_a_codex_only_critical_survives_four_clean_reviewers() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [100; 5]);
    shop.play("review.1.type_safety", &review(97, &[one_critical()]));
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    let issues = report["issues"].as_array().unwrap();
    assert_eq!(issues.len(), 1);
    assert_eq!((&issues[0]["severity"], &issues[0]["corroborated"]), (&"CRITICAL".into(), &false.into()));
    let reporters = issues[0]["reporters"].as_array().unwrap();
    assert_eq!((reporters.len(), &reporters[0]["provider"]), (1, &"codex".into()));
    assert_eq!(report["final"]["verdict"], "FAIL");
}

#[test]
fn qa_05_a_killed_reviewer_gives_incomplete() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [100; 5]);
    shop.play(
        "review.1.architecture",
        &"[[turn]]\nact = [{ fault = { kind = \"crashed\", hint = \"killed\" } }]\n".repeat(8),
    );
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(5), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    assert_eq!(
        (&report["final"]["verdict"], &report["final"]["overall"]),
        (&"INCOMPLETE".into(), &serde_json::Value::Null)
    );
    assert_eq!(report["missing"][0]["dimension"], "architecture");
    let sarif = published_json(&shop, "docs/Section1-QA-issues.sarif");
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    super::sarif::valid(&sarif);
}

#[test]
fn qa_12_25_seeded_defects_are_reported_once_each_and_the_ledger_gives_the_same_bytes() {
    let mut shop = sample();
    play_reviewers(&mut shop, "1");
    play_reviewers(&mut shop, "2");
    let ran = qa(&shop, &["1,2", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let mut found = Vec::new();
    for section in ["1", "2"] {
        let report = published_json(&shop, &format!("docs/Section{section}-QA-issues.json"));
        assert_eq!(report["final"]["verdict"], "FAIL");
        found.extend(report["issues"].as_array().unwrap().iter().cloned());
    }
    let seeded = defects();
    assert_eq!((found.len(), seeded.len()), (25, 25));
    let ids: BTreeSet<&str> = found.iter().map(|issue| issue["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 25);
    for defect in &seeded {
        let issue = found.iter().find(|issue| issue["description"] == defect.description.as_str());
        let issue = issue.unwrap_or_else(|| panic!("{} is missing", defect.description));
        assert_eq!((&issue["severity"], &issue["place"]), (&defect.severity.as_str().into(), &"verified".into()));
        // QA-07: every reporter is kept, in the order of the dimensions.
        let by: Vec<&str> =
            issue["reporters"].as_array().unwrap().iter().map(|by| by["dimension"].as_str().unwrap()).collect();
        let wanted: Vec<&str> =
            DIMENSIONS.into_iter().filter(|one| defect.reporters.iter().any(|by| by == one)).collect();
        assert_eq!(by, wanted, "{}", defect.description);
        // QA-06: corroborated where two providers say so.
        assert_eq!(issue["corroborated"], wanted.len() > 1, "{}", defect.description);
    }
    let files = rendered_again(&shop);
    assert!(files.len() >= 7, "an overview, and three a section: {}", files.len());
    for (path, text) in &files {
        assert_eq!(&published(&shop, path), text, "{path}");
    }
    for section in ["1", "2"] {
        super::sarif::valid(&published_json(&shop, &format!("docs/Section{section}-QA-issues.sarif")));
    }
}

#[test]
fn qa_04_red_checks_fail_whatever_the_reviewers_say() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [100; 5]);
    shop.sandbox.set("MAO_ENGINE_VERIFY", "false");
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    assert_eq!(
        (&report["final"]["verdict"], &report["final"]["because"][0]),
        (&"FAIL".into(), &"the checks are red".into())
    );
}

#[test]
fn qa_04_the_strict_profile_wants_eighty_in_every_dimension() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [100, 100, 79, 100, 100]);
    let ran = qa(&shop, &["1", "--no-fix", "--strict"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let ran = qa(&sample_with(&[100, 100, 79, 100, 100]), &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

fn sample_with(scores: &[u32; 5]) -> crate::shop::Shop {
    let mut shop = sample();
    play_clean(&mut shop, "1", *scores);
    shop
}

#[test]
fn qa_07_places_that_are_not_there_are_kept_and_gate_nothing_but_a_critical() {
    let nowhere = |severity: &str, file: &str, line: &str| {
        issue(&Defect {
            section: "1".into(),
            reporters: Vec::new(),
            severity: severity.into(),
            file: Some(file.into()),
            place: line.into(),
            category: format!("{severity}{line}"),
            description: format!("{file}:{line}"),
        })
    };
    let mut shop = sample();
    play_clean(&mut shop, "1", [95; 5]);
    shop.play(
        "review.1.security",
        &review(95, &[nowhere("HIGH", "src/nothing.ts", "3"), nowhere("HIGH", "src/login.ts", "900")]),
    );
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    let places: Vec<&str> =
        report["issues"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["no such file", "no such line"]);
    assert_eq!(report["final"]["dimensions"][4]["counted"], 95);

    let mut shop = sample();
    play_clean(&mut shop, "1", [95; 5]);
    shop.play("review.1.security", &review(95, &[nowhere("CRITICAL", "src/nothing.ts", "3")]));
    assert_eq!(qa(&shop, &["1", "--no-fix"]).code, Some(1), "a CRITICAL stands until it is disproved");
}
