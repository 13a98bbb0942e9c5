//! The reports of a judgement, one a section: Markdown for people, JSON and SARIF for programs. All from the record alone,
//! so that the same ledger gives the same bytes.

mod form;
mod markdown;
mod sarif;

pub(super) use markdown::word;

use super::course::{CYCLES, Course, Fix};
use super::dossier::{Dossier, Item, State, quality};
use super::names::label;
use crate::workflow::ReportFile;
use form::{CheckRow, DimensionRow, IssueRow, Missing, RepairRow, Repaired, Report, Scores};
use mao_core::event::Verification;
use mao_core::ids::{SectionId, TreeId};
use mao_core::quality::Fixes;
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
pub(super) fn files(policy: &Policy, run: &RunState, course: &Course) -> Vec<ReportFile> {
    let sections = run.opened.request.sections.iter();
    let reports: Vec<(SectionId, Report)> =
        sections.filter_map(|section| Some((section.id.clone(), gather(policy, run, course, &section.id)?))).collect();
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

fn gather(policy: &Policy, run: &RunState, course: &Course, section: &SectionId) -> Option<Report> {
    let of = |dossiers: &[Dossier]| dossiers.iter().find(|dossier| dossier.section == *section).cloned();
    let (first, last) = (of(&course.first)?, of(&course.last)?);
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
        issues: last.items.iter().map(|item| IssueRow::of(item, remains(run, course, item))).collect(),
        repairs: course.fixes.iter().filter_map(|fix| repair(fix, section)).collect(),
    })
}

/// Why an issue is still there.
fn remains(run: &RunState, course: &Course, item: &Item) -> Option<String> {
    let cycles = course.fixes.iter().map(|fix| fix.cycle).max().unwrap_or_default();
    match (&item.state, quality(run).fixes) {
        (State::Resolved { .. }, _) => None,
        (State::Left { why }, _) => Some(format!("manual review required: {why}")),
        (State::Open, Fixes::None) => Some("nothing was to be repaired".to_owned()),
        (State::Open, Fixes::Cycles) if cycles == CYCLES => {
            Some(format!("manual review required: still there after {CYCLES} cycles"))
        }
        (State::Open, Fixes::Cycles) => Some("nothing was repaired that is not worse, or not judged whole".to_owned()),
    }
}

/// A repair as far as it is about this section.
fn repair(fix: &Fix, section: &SectionId) -> Option<RepairRow> {
    let own = fix.batch.issues.iter().filter(|(of, _)| of == section).map(|(_, id)| id.clone());
    let issues: Vec<Repaired> = own
        .map(|id| {
            let said = fix.said.get(&id);
            let status = match (fix.landed, said) {
                (false, _) => "discarded",
                (true, Some((true, _))) => "repaired",
                (true, Some((false, _))) => "not repaired",
                (true, None) => "not looked at again",
            };
            Repaired { evidence: said.map(|(_, evidence)| evidence.clone()).unwrap_or_default(), id, status }
        })
        .collect();
    (!issues.is_empty()).then(|| RepairRow {
        cycle: fix.cycle,
        step: fix.batch.step().to_string(),
        issues,
        fixer: fix.served.clone(),
        landed: fix.landed,
        files: fix.batch.owned.iter().map(|glob| glob.0.clone()).collect(),
        commit: fix.commit.clone().filter(|_| fix.landed),
        history: fix.history.clone(),
        rechecked_by: fix.rechecked_by.clone(),
        same_provider: fix.same_provider,
    })
}

fn view(score: Score, dimensions: Vec<DimensionRow>) -> Scores {
    let overall = score.overall.map(|hundredths| f64::from(hundredths) / 100.0);
    Scores { overall, band: score.band, verdict: score.verdict, because: score.because, dimensions }
}
