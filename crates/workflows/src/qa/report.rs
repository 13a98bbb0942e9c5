//! The reports of a judgement, one a section: Markdown for people, JSON and SARIF for programs. All from the record alone,
//! so that the same ledger gives the same bytes.

mod form;
mod markdown;
mod sarif;

use super::dossier::{Dossier, quality};
use super::questions::label;
use crate::workflow::ReportFile;
use form::{CheckRow, DimensionRow, IssueRow, Missing, Report, Scores};
use mao_core::event::Verification;
use mao_core::ids::{SectionId, TreeId};
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_policy::score::{Dimension, Score};

/// Where a section's report stands, with the ending of its form.
fn section_path(section: &SectionId, ending: &str) -> String {
    let plain: String =
        section.as_str().chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    format!("docs/Section{plain}-QA-issues.{ending}")
}

/// Where the report for people stands: the section's own, or the overview of several.
pub(super) fn path(run: &RunState) -> String {
    match &run.opened.request.sections[..] {
        [only] => section_path(&only.id, "md"),
        _ => {
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let slug: String = run.opened.request.text.chars().map(plain).take(40).collect();
            format!("docs/QA-{slug}.md")
        }
    }
}

/// Every file of the report.
pub(super) fn files(policy: &Policy, run: &RunState) -> Vec<ReportFile> {
    let sections = run.opened.request.sections.iter();
    let reports: Vec<(SectionId, Report)> =
        sections.filter_map(|section| Some((section.id.clone(), gather(policy, run, &section.id)?))).collect();
    let mut files = Vec::new();
    if reports.len() > 1 {
        let all: Vec<&Report> = reports.iter().map(|(_, report)| report).collect();
        files.push(ReportFile { path: path(run), text: markdown::overview(&all) });
    }
    for (section, report) in &reports {
        let mut json = serde_json::to_string_pretty(report).unwrap_or_default();
        json.push('\n');
        files.push(ReportFile { path: section_path(section, "md"), text: markdown::draw(report) });
        files.push(ReportFile { path: section_path(section, "json"), text: json });
        files.push(ReportFile { path: section_path(section, "sarif"), text: sarif::draw(report) });
    }
    files
}

fn gather(policy: &Policy, run: &RunState, section: &SectionId) -> Option<Report> {
    let first = Dossier::of(run, section)?;
    let last = first.clone();
    let green = |tree: &TreeId| run.trees.get(tree).is_some_and(Verification::green);
    let gate = quality(run).gate;
    let scores = |dossier: &Dossier, tree: &TreeId| {
        let judged = dossier.judged();
        let score = dossier.score(policy, gate, green(tree));
        let rows = Dimension::ALL.into_iter().map(|dimension| DimensionRow {
            dimension,
            weight: policy.weights.get(&dimension).copied().unwrap_or_default(),
            said: judged.get(&dimension).map(|judged| judged.score),
            counted: judged.get(&dimension).map(mao_policy::score::Judged::capped),
            reviewer: first.reviewers.get(&dimension).cloned(),
        });
        view(score, rows.collect())
    };
    let (initial, last_scores) = (scores(&first, &run.opened.base_tree), scores(&last, &run.verified_tree));
    let checks = run.trees.get(&run.verified_tree).map(|verification| &verification.checks[..]).unwrap_or_default();
    Some(Report {
        version: 1,
        run: run.opened.run.to_string(),
        section: section.to_string(),
        title: last.title.clone(),
        base: run.opened.base.to_string(),
        judged: run.verified.to_string(),
        gate,
        scripted: run.opened.scripted.clone(),
        checks: checks
            .iter()
            .map(|check| CheckRow { command: check.command.clone(), exit: check.exit, counts: check.counts })
            .collect(),
        initial,
        last: last_scores,
        missing: last
            .missing
            .iter()
            .map(|(dimension, why)| Missing { dimension: *dimension, label: label(*dimension), why: why.clone() })
            .collect(),
        issues: last.items.iter().map(IssueRow::of).collect(),
    })
}

fn view(score: Score, dimensions: Vec<DimensionRow>) -> Scores {
    let overall = score.overall.map(|hundredths| f64::from(hundredths) / 100.0);
    Scores { overall, band: score.band, verdict: score.verdict, because: score.because, dimensions }
}
