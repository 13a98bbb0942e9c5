//! SARIF 2.1.0: what `mao qa` writes is valid.
//!
//! The schema in the fixtures is our own: the part of the standard that we write, closed against everything else. Where
//! `SARIF_SCHEMA` names the published one, as `cargo xtask real` does, logs are held to that too.

use super::sample::{play_reviewers, published_json, qa, sample};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The schemas that a log is held to: our own and, where it is there, the published one.
fn schemas() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/quality/sarif-2.1.0.part.schema.json");
    std::iter::once(own).chain(std::env::var_os("SARIF_SCHEMA").map(PathBuf::from)).collect()
}

fn validator(path: &Path) -> jsonschema::Validator {
    let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    // The pattern for languages closes a bracket that is not open. ECMAScript, whose patterns these are, takes it as it is.
    let text = text.replace("{2}]?$", r"{2}\\]?$");
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// Holds a log to every schema that is there.
pub fn valid(log: &Value) {
    schemas().iter().for_each(|path| valid_by(path, log));
}

fn valid_by(path: &Path, log: &Value) {
    let validator = validator(path);
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
    valid(&log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 19);
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[at]);
    }
    let at = results.iter().position(|one| one["properties"]["category"] == "injection").unwrap();
    let injection = &results[at];
    let place = &injection["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"src/login.ts".into(), &5.into()));
    assert_eq!(injection["level"], "error");
    // A log that is none is seen, by each of them.
    let mut level = log.clone();
    level["runs"][0]["results"][at]["level"] = "fatal".into();
    let mut line = log.clone();
    line["runs"][0]["results"][at]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    let mut key = log.clone();
    key["runs"][0]["verdict"] = "PASS".into();
    let mut driver = log;
    driver["runs"][0]["tool"] = serde_json::json!({});
    for path in schemas() {
        let validator = validator(&path);
        for broken in [&level, &line, &key, &driver] {
            assert!(!validator.is_valid(broken), "{}", path.display());
        }
        println!("held to {}", path.display());
    }
}
