//! The report in SARIF 2.1.0, the standard form in which tools exchange findings: what stands, each at its place.

use super::form::{IssueRow, Report};
use super::markdown::word;
use crate::qa::names::label;
use mao_core::review::Severity;
use mao_core::text::printable;
use mao_policy::score::Dimension;
use serde_json::{Value, json};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one section.
pub(super) fn draw(report: &Report) -> String {
    let rules = Dimension::ALL.map(|dimension| {
        json!({
            "id": dimension.name(),
            "name": label(dimension),
            "shortDescription": {"text": label(dimension)},
        })
    });
    let notifications: Vec<Value> = report
        .missing
        .iter()
        .map(|gone| {
            let text = format!("{} was judged by nobody: {}", gone.label, printable(&gone.why));
            json!({"level": "error", "message": {"text": text}, "associatedRule": {"id": gone.dimension.name()}})
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "mao", "rules": rules}},
            "automationDetails": {"id": format!("mao/qa/section-{}/{}", uri(&report.section), report.run)},
            "invocations": [{
                "executionSuccessful": report.missing.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": report.issues.iter().filter(|row| row.stands()).map(result).collect::<Vec<_>>(),
            "properties": {
                "section": report.section,
                "verdict": word(report.last.verdict),
                "overall": report.last.overall,
                "base": report.base,
                "judged": report.judged,
                "scripted": report.scripted,
            },
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn result(row: &IssueRow) -> Value {
    let level = match row.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    };
    let at = row.dimension.and_then(|dimension| Dimension::ALL.iter().position(|each| *each == dimension));
    let mut result = json!({
        "ruleId": row.dimension.map(Dimension::name).unwrap_or_default(),
        "ruleIndex": at,
        "level": level,
        "message": {"text": message(row)},
        "partialFingerprints": {"maoPlace/v1": format!("{}|{}|{}", row.file.as_deref().unwrap_or(""), row.category, row.line.unwrap_or(0))},
        "properties": {
            "id": row.id,
            "severity": row.severity,
            "category": row.category,
            "place": row.place,
            "wantedBy": row.wanted_by,
            "corroborated": row.corroborated,
            "reporters": row.reporters.iter().map(|by| by.served.clone()).collect::<Vec<_>>(),
        },
    });
    // A place that is not there is told in words alone: a viewer would open it.
    if let Some(file) = row.file.as_ref().filter(|_| row.place != "no such file") {
        let mut place = json!({"artifactLocation": {"uri": uri(file), "uriBaseId": "%SRCROOT%"}});
        if let Some(line) = row.line.filter(|line| *line > 0 && row.place == "verified") {
            place["region"] = json!({"startLine": line});
        }
        result["locations"] = json!([{"physicalLocation": place}]);
    }
    result
}

fn message(row: &IssueRow) -> String {
    let mut text = printable(&row.description);
    let more = [("Impact", &row.impact), ("Evidence", &row.evidence), ("Fix", &row.fix)];
    for (name, said) in more.iter().filter(|(_, said)| !said.trim().is_empty()) {
        text.push_str(&format!("\n{name}: {}", printable(said)));
    }
    text
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
