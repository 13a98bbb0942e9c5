//! What reviewers answer, as forms.

use crate::plan::object;
use mao_core::review::{Issue, Severity};
use mao_policy::score::Dimension;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// The name of a reviewer's form.
pub(super) const QUALITY: &str = "quality";

/// The name of the form of whoever looks again.
pub(super) const RECHECK: &str = "recheck";

/// A reviewer's answer on one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reviewed {
    /// 0 to 100.
    pub(super) score: u32,
    /// What was found.
    pub(super) issues: Vec<Claim>,
}

/// QA-02: one thing that a reviewer claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    /// The file, beneath the root; absent for behaviour that is missing.
    pub(super) file: Option<String>,
    /// The line in the file as it is, from 1.
    pub(super) line: Option<u32>,
    /// How bad.
    #[serde(deserialize_with = "in_capitals")]
    pub(super) severity: Severity,
    /// What kind: `injection`, `lost_error`.
    pub(super) category: String,
    /// What is wrong.
    pub(super) description: String,
    /// What comes of it.
    pub(super) impact: String,
    /// What shows it.
    pub(super) evidence: String,
    /// What would be better.
    pub(super) fix: String,
    /// For behaviour that is missing: the requirement or task item that wants it.
    #[serde(default)]
    pub(super) wanted_by: Option<String>,
}

/// Tools of other houses write `major`, `Critical`.
fn in_capitals<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
    let word = String::deserialize(from)?.trim().to_uppercase();
    Severity::deserialize(serde::de::value::StrDeserializer::<D::Error>::new(&word))
}

impl Claim {
    /// The claim under a name that nothing else in its run has.
    pub(super) fn named(&self, id: String) -> Issue {
        Issue {
            id,
            file: self.file.as_deref().map(|file| file.trim_start_matches("./").to_owned()),
            line: self.line,
            severity: self.severity,
            category: self.category.clone(),
            claim: self.description.clone(),
            evidence: self.evidence.clone(),
            suggestion: self.fix.clone(),
            wanted_by: self.wanted_by.clone(),
            reproduction: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.description.trim().is_empty() {
            return Err("an issue claims nothing".into());
        }
        Ok(())
    }
}

/// What somebody else says of a repair.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rechecked {
    /// Each issue, whether it is gone.
    pub(super) repaired: Vec<Repaired>,
    /// Each dimension that was repaired, as it is now.
    pub(super) scores: Vec<Rescored>,
    /// What the repair brought.
    pub(super) issues: Vec<Brought>,
}

/// Whether one issue is gone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repaired {
    pub(super) id: String,
    pub(super) resolved: bool,
    pub(super) evidence: String,
}

/// One dimension after a repair.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rescored {
    pub(super) section: String,
    pub(super) dimension: Dimension,
    pub(super) score: u32,
}

/// Something new that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brought {
    pub(super) section: String,
    pub(super) dimension: Dimension,
    file: Option<String>,
    line: Option<u32>,
    #[serde(deserialize_with = "in_capitals")]
    severity: Severity,
    category: String,
    description: String,
    impact: String,
    evidence: String,
    fix: String,
    #[serde(default)]
    wanted_by: Option<String>,
}

impl Brought {
    /// What is claimed.
    pub(super) fn claim(&self) -> Claim {
        Claim {
            file: self.file.clone(),
            line: self.line,
            severity: self.severity,
            category: self.category.clone(),
            description: self.description.clone(),
            impact: self.impact.clone(),
            evidence: self.evidence.clone(),
            fix: self.fix.clone(),
            wanted_by: self.wanted_by.clone(),
        }
    }
}

/// What was said of a repair, read.
pub(super) fn rechecked(value: &Value) -> Result<Rechecked, String> {
    let said = Rechecked::deserialize(value).map_err(|wrong| wrong.to_string())?;
    if let Some(score) = said.scores.iter().find(|score| score.score > 100) {
        return Err(format!("a score is 0 to 100, not {}", score.score));
    }
    said.issues.iter().try_for_each(|found| found.claim().check())?;
    Ok(said)
}

/// A reviewer's answer, read.
pub(super) fn reviewed(value: &Value) -> Result<Reviewed, String> {
    let reviewed = Reviewed::deserialize(value).map_err(|wrong| wrong.to_string())?;
    if reviewed.score > 100 {
        return Err(format!("a score is 0 to 100, not {}", reviewed.score));
    }
    reviewed.issues.iter().try_for_each(Claim::check)?;
    Ok(reviewed)
}

/// The files that an answer speaks of, in any of the forms.
pub(super) fn places(value: &Value) -> Vec<String> {
    let issues = value.get("issues").and_then(Value::as_array).into_iter().flatten();
    let files = issues.filter_map(|issue| issue.get("file")?.as_str());
    files.map(|file| file.trim_start_matches("./").to_owned()).collect()
}

fn claim_schema() -> serde_json::Map<String, Value> {
    let text = json!({"type": "string"});
    let properties = json!({
        "file": {"type": ["string", "null"]},
        "line": {"type": ["integer", "null"]},
        "severity": {"type": "string", "enum": ["CRITICAL", "HIGH", "MEDIUM", "LOW"]},
        "category": text,
        "description": text,
        "impact": text,
        "evidence": text,
        "fix": text,
        "wanted_by": {"type": ["string", "null"]},
    });
    properties.as_object().cloned().unwrap_or_default()
}

/// The JSON schema of a reviewer's answer.
pub(super) fn quality_schema() -> Value {
    object(json!({
        "score": {"type": "integer", "minimum": 0, "maximum": 100},
        "issues": {"type": "array", "items": object(Value::Object(claim_schema()))},
    }))
}

/// The JSON schema of what is said of a repair.
pub(super) fn recheck_schema() -> Value {
    let text = json!({"type": "string"});
    let dimension = json!({"type": "string", "enum": Dimension::ALL.map(Dimension::name)});
    let mut found = claim_schema();
    found.insert("section".to_owned(), text.clone());
    found.insert("dimension".to_owned(), dimension.clone());
    let repaired = object(json!({"id": text, "resolved": {"type": "boolean"}, "evidence": text}));
    let score = object(json!({
        "section": text, "dimension": dimension, "score": {"type": "integer", "minimum": 0, "maximum": 100},
    }));
    object(json!({
        "repaired": {"type": "array", "items": repaired},
        "scores": {"type": "array", "items": score},
        "issues": {"type": "array", "items": object(Value::Object(found))},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue() -> Value {
        json!({
            "file": "src/a.rs", "line": 3, "severity": "HIGH", "category": "lost_error", "description": "It is lost.",
            "impact": "Nobody knows.", "evidence": "let _ = save();", "fix": "Return it.", "wanted_by": null,
        })
    }

    fn reply(issue: Value) -> Value {
        json!({"score": 70, "issues": [issue]})
    }

    #[test]
    fn qa_02_an_answer_whose_issue_lacks_a_field_or_has_another_is_refused() {
        assert!(reviewed(&reply(issue())).is_ok());
        for field in ["severity", "category", "description", "impact", "evidence", "fix"] {
            let mut lacking = issue();
            lacking.as_object_mut().unwrap().remove(field);
            let why = reviewed(&reply(lacking)).unwrap_err();
            assert!(why.contains(field), "{field}: {why}");
        }
        for (field, value) in [("description", json!("  ")), ("verdict", json!("PASS")), ("line", json!("three"))] {
            let mut wrong = issue();
            wrong[field] = value;
            assert!(reviewed(&reply(wrong)).is_err(), "{field}");
        }
        let asked = quality_schema();
        let wanted = asked["properties"]["issues"]["items"]["required"].as_array().unwrap();
        assert_eq!(wanted.len(), issue().as_object().unwrap().len(), "all of them are asked for");
    }

    #[test]
    fn qa_02_there_are_four_severities_and_the_words_of_other_houses_map_to_them() {
        use Severity::{Critical, High, Low, Medium};
        for (word, severity) in [
            ("CRITICAL", Critical),
            ("Critical", Critical),
            ("high", High),
            ("Major", High),
            ("MAJOR", High),
            ("medium", Medium),
            ("LOW", Low),
            ("minor", Low),
            (" Minor ", Low),
        ] {
            let mut one = issue();
            one["severity"] = json!(word);
            let found = reviewed(&reply(one.clone())).unwrap_or_else(|why| panic!("{word}: {why}"));
            assert_eq!(found.issues[0].severity, severity, "{word}");
            (one["section"], one["dimension"]) = (json!("1"), json!("security"));
            let again = json!({"repaired": [], "scores": [], "issues": [one]});
            assert_eq!(rechecked(&again).unwrap().issues[0].claim().severity, severity, "{word}, looked at again");
        }
        for word in ["blocker", "info", "", "CRITICAL!"] {
            let mut one = issue();
            one["severity"] = json!(word);
            assert!(reviewed(&reply(one)).is_err(), "`{word}` is none");
        }
        assert!(Critical < High && High < Medium && Medium < Low, "the worst first");
    }
}
