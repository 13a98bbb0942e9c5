//! The report for people, drawn from the report as programs read it.

use super::form::{IssueRow, RepairRow, Report, Scores};
use crate::qa::names::label;
use mao_core::quality::Strictness;
use mao_core::text::{one_line, printable};
use mao_policy::score::{Band, Verdict};

/// A verdict's word.
pub(crate) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Conditional => "CONDITIONAL",
        Verdict::Fail => "FAIL",
        Verdict::Incomplete => "INCOMPLETE",
    }
}

const fn band(band: Band) -> &'static str {
    match band {
        Band::Excellent => "excellent",
        Band::Good => "good",
        Band::Weak => "weak",
        Band::Poor => "poor",
    }
}

/// The whole report on one section.
pub(super) fn draw(report: &Report) -> String {
    let mut out = vec![format!("# QA of section {}: {}", report.section, one_line(&report.title, 200))];
    if let Some(scripted) = &report.scripted {
        out.push(format!("> **{scripted}**"));
    }
    let gate = match report.gate {
        Strictness::Normal => "",
        Strictness::Strict => ", strict",
    };
    out.push(format!("**{}{gate}**: {}", word(report.last.verdict), total(&report.last)));
    if !report.last.because.is_empty() {
        out.push(bullets(report.last.because.iter().map(|why| one_line(why, 300))));
    }
    out.push(format!(
        "Run `{}`, base `{}`, judged `{}`.",
        short(&report.run, 8),
        short(&report.base, 12),
        short(&report.judged, 12)
    ));
    out.push("## Scores".into());
    out.push(scores(report));
    if !report.missing.is_empty() {
        let missing = report
            .missing
            .iter()
            .map(|gone| format!("{} was judged by nobody: {}", gone.label, one_line(&gone.why, 300)));
        out.push(bullets(missing));
    }
    out.push("## Checks".into());
    out.push(bullets(report.checks.iter().map(|check| {
        let exit = check.exit.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
        let counts = check.counts.map(|counts| format!(", {counts}")).unwrap_or_default();
        format!("`{}`: {exit}{counts}", check.command)
    })));
    if !report.repairs.is_empty() {
        out.push("## Repairs".into());
        out.push(repairs(&report.repairs));
    }
    let manual: Vec<String> = report.issues.iter().filter_map(manual).collect();
    if !manual.is_empty() {
        out.push("## Manual review required".into());
        out.push(bullets(manual.into_iter()));
    }
    let standing: Vec<&IssueRow> = report.issues.iter().filter(|row| row.stands()).collect();
    out.push(format!("## Issues ({})", standing.len()));
    if standing.is_empty() {
        out.push("None.".into());
    }
    let mut sorted = standing;
    sorted.sort_by_key(|row| row.severity);
    out.extend(sorted.into_iter().map(issue));
    let mut text = out.join("\n\n");
    text.push('\n');
    text
}

/// A line a section.
pub(super) fn overview(reports: &[&Report]) -> String {
    let rows = reports.iter().map(|report| {
        let standing = report.issues.iter().filter(|row| row.stands()).count();
        let (id, title) = (&report.section, one_line(&report.title, 80).replace('|', "\\|"));
        format!("| {id} | {title} | {} | {} | {standing} |", word(report.last.verdict), total(&report.last))
    });
    let head = "| section | title | verdict | overall | issues |\n|---|---|---|---|---|".to_owned();
    let table: Vec<String> = std::iter::once(head).chain(rows).collect();
    let scripted = reports.iter().find_map(|report| report.scripted.as_ref());
    let scripted = scripted.map(|scripted| format!("> **{scripted}**\n\n")).unwrap_or_default();
    format!("# QA\n\n{scripted}{}\n", table.join("\n"))
}

fn total(scores: &Scores) -> String {
    match (scores.overall, scores.band) {
        (Some(overall), Some(found)) => format!("{overall:.2} of 100 ({})", band(found)),
        (Some(overall), None) => format!("{overall:.2} of 100"),
        (None, _) => "no overall score".to_owned(),
    }
}

/// QA-12: what it was and what it is, a row a dimension.
fn scores(report: &Report) -> String {
    let blank = || "–".to_owned();
    let number = |n: Option<u32>| n.map_or_else(blank, |n| n.to_string());
    let rows = report.initial.dimensions.iter().zip(&report.last.dimensions).map(|(first, last)| {
        let by = first.reviewer.as_ref();
        let served = by.map_or_else(blank, |by| one_line(&by.served, 80).replace('|', "\\|"));
        let capped = match (last.said, last.counted) {
            (Some(said), Some(counted)) if said > counted => format!("{counted} (said {said})"),
            (_, counted) => number(counted),
        };
        format!("| {} | {} | {} | {capped} | {served} |", label(first.dimension), first.weight, number(first.counted))
    });
    let overall = |scores: &Scores| scores.overall.map_or_else(blank, |overall| format!("{overall:.2}"));
    let sum = format!("| **overall** | 100 | {} | {} | |", overall(&report.initial), overall(&report.last));
    let head = "| dimension | weight | initial | final | reviewed by |\n|---|---|---|---|---|".to_owned();
    std::iter::once(head).chain(rows).chain([sum]).collect::<Vec<_>>().join("\n")
}

fn issue(row: &IssueRow) -> String {
    let dimension = row.dimension.map_or("", label);
    let place = match (&row.file, row.line) {
        (Some(file), Some(line)) => format!("`{}:{line}`", one_line(file, 200)),
        (Some(file), None) => format!("`{}`", one_line(file, 200)),
        (None, _) => row
            .wanted_by
            .as_ref()
            .map_or_else(|| "no place".to_owned(), |want| format!("wanted by {}", one_line(want, 80))),
    };
    let mut lines =
        vec![format!("### {} {} {dimension}: {}", row.id, row.severity, one_line(&row.category, 60)), String::new()];
    lines.push(format!("- place: {place} ({})", row.place));
    lines.push(format!("- what: {}", flat(&row.description)));
    let more = [("impact", &row.impact), ("evidence", &row.evidence), ("fix", &row.fix)];
    lines.extend(
        more.iter().filter(|(_, text)| !text.trim().is_empty()).map(|(name, text)| format!("- {name}: {}", flat(text))),
    );
    let by: Vec<String> =
        row.reporters.iter().map(|by| format!("{} ({})", one_line(&by.served, 80), label(by.dimension))).collect();
    let mark = if row.corroborated { "; corroborated by two providers" } else { "" };
    lines.push(format!("- reported by: {}{mark}", by.join(", ")));
    lines.extend(row.remains.as_ref().map(|why| format!("- remains: {}", flat(why))));
    lines.join("\n")
}

fn flat(text: &str) -> String {
    one_line(&printable(text), 1200)
}

fn short(id: &str, digits: usize) -> &str {
    id.get(..digits).unwrap_or(id)
}

fn bullets(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {line}")).collect();
    if lines.is_empty() { "None.".into() } else { lines.join("\n") }
}

/// QA-12: issue, fixer, status, files, evidence.
fn repairs(repairs: &[RepairRow]) -> String {
    let cell = |text: &str| one_line(text, 300).replace('|', "\\|");
    let rows = repairs.iter().flat_map(|repair| {
        repair.issues.iter().map(move |issue| {
            let again = match (&repair.rechecked_by, repair.same_provider) {
                (Some(by), true) => format!("; seen again by {} (same provider)", one_line(by, 80)),
                (Some(by), false) => format!("; seen again by {}", one_line(by, 80)),
                (None, _) => String::new(),
            };
            let evidence = match (&repair.commit, repair.history.last()) {
                (Some(commit), _) => format!("`{}` {}", short(commit, 12), issue.evidence),
                (None, why) => why.cloned().unwrap_or_default(),
            };
            format!(
                "| {} | {} | {} | {}{} | {} | {} |",
                issue.id,
                repair.cycle,
                cell(repair.fixer.as_deref().unwrap_or("–")),
                issue.status,
                cell(&again),
                cell(&repair.files.join(", ")),
                cell(&evidence)
            )
        })
    });
    let head = "| issue | cycle | fixer | status | files | evidence |\n|---|---|---|---|---|---|".to_owned();
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

fn manual(row: &IssueRow) -> Option<String> {
    let why = row.remains.as_ref()?.strip_prefix("manual review required: ")?;
    let place = row.file.as_deref().or(row.wanted_by.as_deref()).unwrap_or("no place");
    Some(format!("[ ] {} {} `{}`: {} ({why})", row.id, row.severity, one_line(place, 200), one_line(&row.fix, 300)))
}
