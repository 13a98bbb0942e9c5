//! SARIF 2.1.0: what `mao qa` writes is valid.
//!
//! The schema in the fixtures is our own: the part of the standard that we write, closed against everything else. Where
//! `SARIF_SCHEMA` names the published one, logs are held to that too.

use super::sample::{play_reviewers, published_json, qa, sample};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn valid(path: &Path, log: &Value) {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
}

#[test]
fn qa_12_the_log_is_valid_sarif_with_a_result_for_each_issue() {
    let mut shop = sample();
    play_reviewers(&mut shop, "1");
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let log = published_json(&shop, "docs/Section1-QA-issues.sarif");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/quality/sarif-2.1.0.part.schema.json");
    valid(&own, &log);
    if let Some(published) = std::env::var_os("SARIF_SCHEMA") {
        valid(&PathBuf::from(published), &log);
        println!("valid by the published schema too");
    }
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 19);
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[at]);
    }
    let injection = results.iter().find(|one| one["properties"]["category"] == "injection").unwrap();
    let place = &injection["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"src/login.ts".into(), &5.into()));
    assert_eq!(injection["level"], "error");
    // A log that is none is seen.
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(&own).unwrap()).unwrap();
    assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&broken));
}
