//! The report for people, drawn from the report as programs read it.

use super::checkpoints;
use super::form::{CheckRow, Report};
use crate::develop::outline::Outline;
use crate::develop::steps::short;
use mao_core::change::Finding;
use mao_core::text;
use mao_policy::diversity::{Component, Diversity, Scope, Score};
use mao_policy::realised::Comparison;
use mao_policy::waves::Strategy;

/// The whole report.
pub(super) fn draw(report: &Report) -> String {
    let mut out = Vec::new();
    out.push(format!("# {} {}", report.workflow, text::one_line(&report.request, 200)));
    if let Some(scripted) = &report.scripted {
        out.push(format!("> **{scripted}**"));
    }
    let outcome = if report.complete { "complete" } else { "incomplete" };
    out.push(format!(
        "Run `{}`, {outcome}. Base `{}`, merged `{}`.",
        &report.run[..8],
        short(&report.base.as_str().into()),
        short(&report.merged.as_str().into())
    ));
    if !report.base_checks_green {
        out.push("The checks are red on the base commit: nothing was started.".into());
    }
    if let Some(synthesis) = &report.synthesis {
        out.push(text::printable(&synthesis.summary));
    } else if let Some(plan) = &report.plan {
        out.push(format!("No synthesis was made. The plan was: {}", text::printable(&plan.summary)));
    }
    out.extend(report.plan.iter().flat_map(order));
    out.extend(checkpoints::draw(&report.checkpoints));
    out.push("## Workstreams".into());
    let rows = report.workstreams.iter().map(|row| {
        let blank = "–";
        format!(
            "| {} | {} | {} | {} | {} | {} |",
            row.section,
            row.workstream,
            row.state,
            row.served.as_deref().unwrap_or(blank),
            row.validated_by.as_deref().unwrap_or(blank),
            cell(&row.history)
        )
    });
    let head = "| section | workstream | state | served by | validated by | on the way |\n|---|---|---|---|---|---|";
    out.push(std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n"));
    if !report.changes.is_empty() {
        out.push("## Changes".into());
        out.push(bullets(report.changes.iter().map(|change| {
            let files = if change.files == 1 { "1 file".to_owned() } else { format!("{} files", change.files) };
            let within = change.within.iter().map(|glob| format!("`{glob}`")).collect::<Vec<_>>().join(", ");
            format!("section {} {}: {files} within {within}: {}", change.section, change.workstream, change.purpose)
        })));
    }
    out.push("## Verification of the merged tree".into());
    out.push(verification(&report.checks));
    if !report.flaky.is_empty() {
        let flaky =
            report.flaky.iter().map(|command| format!("`{command}` is flaky: red, then green on the same tree"));
        out.push(bullets(flaky));
    }
    out.extend(models(report));
    if let Some(synthesis) = &report.synthesis {
        out.push("## Decisions".into());
        out.push(bullets(
            synthesis
                .decisions
                .iter()
                .map(|d| format!("{}: {}", text::one_line(&d.title, 200), text::one_line(&d.rationale, 600))),
        ));
        out.push("## What does not fit together".into());
        out.push(bullets(synthesis.mismatches.iter().map(mismatch)));
        out.push("## Open items".into());
        out.push(bullets(synthesis.open_items.iter().map(|item| text::one_line(item, 600))));
    }
    let mut text = out.join("\n\n");
    text.push('\n');
    text
}

/// How the sections were ordered, and why.
fn order(plan: &Outline) -> Vec<String> {
    let how = match plan.order.strategy {
        Strategy::Parallel => "all sections at once",
        Strategy::Partial => "sections in waves",
        Strategy::Sequential => "sections one after another",
    };
    let wave = |(at, wave): (usize, &Vec<mao_core::ids::SectionId>)| {
        let ids: Vec<&str> = wave.iter().map(mao_core::ids::SectionId::as_str).collect();
        format!("wave {}: {}", at + 1, ids.join(", "))
    };
    let waves = plan.order.waves.iter().enumerate().map(wave);
    let notes = plan.order.notes.iter().map(|note| text::one_line(note, 300));
    let contracts = plan.sections.iter().filter(|section| section.contract.is_some());
    let contracts: Vec<String> = contracts
        .map(|one| format!("section {}: its workstreams at once, by a frozen contract", one.section))
        .collect();
    if plan.sections.len() < 2 {
        let how = if contracts.is_empty() { "" } else { ", its workstreams at once by a frozen contract" };
        return vec!["## Order".to_owned(), format!("Mode {}, one section{how}.", plan.mode)];
    }
    vec![
        "## Order".to_owned(),
        format!("Mode {}, {how}: {}.", plan.mode, text::one_line(&plan.order.reason, 300)),
        bullets(waves.chain(contracts).chain(notes)),
    ]
}

fn models(report: &Report) -> Vec<String> {
    let mut out = vec!["## Models".to_owned()];
    out.push(match report.models.len() {
        0 => "None served.".into(),
        served => format!("{served} served: {}.", report.models.join(", ")),
    });
    let mut lines: Vec<String> = Vec::new();
    if let Some(comparison) = &report.diversity {
        out.push(diversity(comparison, report.viewpoints.count()));
        lines.extend(comparison.causes.iter().map(|cause| text::one_line(&cause.says, 300)));
    }
    let news: Vec<String> = report.fallbacks.iter().filter(|line| !lines.contains(line)).cloned().collect();
    lines.extend(news);
    lines.extend(
        report
            .plan
            .iter()
            .flat_map(|plan| &plan.skipped)
            .map(|left| format!("without {}: {}", left.model, text::one_line(&left.why, 300))),
    );
    if !lines.is_empty() {
        out.push(bullets(lines.into_iter()));
    }
    let money = report.usage.micro_usd.map(|micro| format!("; {} as the vendors' own tools report it", dollars(micro)));
    out.push(format!(
        "Tokens of all answers: {} in ({} of them cached), {} out{}.",
        report.usage.input,
        report.usage.cached,
        report.usage.output,
        money.unwrap_or_default()
    ));
    out
}

/// A row a check: what ran, how it ended, what it counted, on which tree.
fn verification(checks: &[CheckRow]) -> String {
    if checks.is_empty() {
        return "None.".into();
    }
    let rows = checks.iter().map(|check| {
        let exit = check.exit.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        let counts = check.counts.map_or_else(|| "–".to_owned(), |counts| counts.to_string());
        let command = check.command.replace('|', "\\|");
        format!("| `{command}` | {exit} | {counts} | `{}` |", &check.tree[..check.tree.len().min(12)])
    });
    let head = "| command | exit | tests | tree |\n|---|---|---|---|";
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

fn diversity(comparison: &Comparison, viewpoints: usize) -> String {
    let Comparison { planned, realised, .. } = comparison;
    let what = match planned.scope {
        Scope::Full => "",
        Scope::AuthoringOnly => ", authoring only",
    };
    format!(
        "Diversity{what}: {} planned, {} realised ({}). Viewpoints: {viewpoints}.",
        planned.overall.score,
        realised.overall.score,
        components(realised)
    )
}

/// The components of a score, in words.
#[must_use]
pub fn components(found: &Diversity) -> String {
    let Score { evenness, variety, review, .. } = &found.overall;
    let part = |name: &str, component: &Component| match component {
        Component::Thousandths(n) => format!("{name} {}.{:03}", n / 1000, n % 1000),
        Component::NotApplicable(why) => format!("{name} n/a: {why}"),
    };
    let mut parts = vec![part("evenness", evenness), part("variety", variety)];
    if found.scope == Scope::Full {
        parts.push(part("review", review));
    }
    parts.join(", ")
}

fn mismatch(finding: &Finding) -> String {
    let place = finding.file.as_deref().map_or_else(String::new, |file| match finding.line {
        Some(line) => format!("`{}:{line}`: ", text::one_line(file, 200)),
        None => format!("`{}`: ", text::one_line(file, 200)),
    });
    format!("{place}{}", text::one_line(&finding.claim, 600))
}

/// Millionths of a US dollar as people read them.
fn dollars(micro: u64) -> String {
    format!("${}.{:02}", micro / 1_000_000, micro % 1_000_000 / 10_000)
}

fn cell(lines: &[String]) -> String {
    lines.iter().map(|line| line.replace('|', "\\|")).collect::<Vec<_>>().join("; ")
}

fn bullets(lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {line}")).collect();
    if lines.is_empty() { "None.".into() } else { lines.join("\n") }
}
