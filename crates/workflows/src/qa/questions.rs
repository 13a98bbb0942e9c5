//! The questions that `qa` asks: their prompts' values, their forms, their places.

use super::assign::Batch;
use super::dossier::{Dossier, Item};
use super::form::{QUALITY, RECHECK};
use super::names::{label, review_step};
use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::change::Change;
use mao_core::ids::{BlobId, ProviderId, StepId, TaskClass};
use mao_core::request::SectionBrief;
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_core::text;
use mao_policy::Policy;
use mao_policy::score::Dimension;
use std::collections::BTreeSet;

const fn checklist(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::PrdCompliance => include_str!("../../prompts/quality/prd_compliance.md"),
        Dimension::ErrorHandling => include_str!("../../prompts/quality/error_handling.md"),
        Dimension::TypeSafety => include_str!("../../prompts/quality/type_safety.md"),
        Dimension::Architecture => include_str!("../../prompts/quality/architecture.md"),
        Dimension::Security => include_str!("../../prompts/quality/security.md"),
    }
}

/// QA-01: a reviewer is given its dimension and its checklist, the section and its requirements, the list of files.
pub(super) fn review(run: &RunState, section: &SectionBrief, dimension: Dimension) -> Ask {
    let data = [
        ("dimension", label(dimension).to_owned()),
        ("section", section.id.to_string()),
        ("title", section.title.clone()),
        ("checklist", checklist(dimension).trim_end().to_owned()),
    ];
    let request = &run.opened.request;
    let mut attached =
        vec![("section_text".to_owned(), section.text.clone()), ("files".to_owned(), request.files.clone())];
    attached.extend(section.context.clone().map(|blob| ("context".to_owned(), blob)));
    let requirements = section.requirements.clone().or_else(|| request.requirements.clone());
    attached.extend(requirements.map(|blob| ("requirements".to_owned(), blob)));
    Ask {
        task: TaskClass::from(dimension.name()),
        label: label(dimension).into(),
        role: Role::Worker,
        prompt: Prompt {
            template: "quality".into(),
            data: data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            attached: attached.into_iter().collect(),
        },
        reply: ReplyForm::Json { schema: QUALITY.into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// QA-09: a fixer is given its issues and the files that it owns.
pub(super) fn fix(policy: &Policy, run: &RunState, dossiers: &[Dossier], batch: &Batch) -> Ask {
    let owns: Vec<String> = batch.owned.iter().map(|glob| format!("`{}`", glob.0)).collect();
    let data = [("issues", listed(dossiers, batch)), ("owns", owns.join(", ")), ("checks", checks(policy))];
    let mut attached = said(run, dossiers, batch);
    attached.extend(about(run, batch));
    Ask {
        task: batch.class.clone(),
        label: batch.label.clone(),
        role: Role::Worker,
        prompt: prompt("fix", data, attached),
        reply: ReplyForm::Change { owned: batch.owned.clone(), resolves: None },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The orchestrator's verdict on a repair that came from outside.
pub(super) fn judge(policy: &Policy, dossiers: &[Dossier], batch: &Batch, seen: &Change) -> Ask {
    let sections: BTreeSet<&str> = batch.issues.iter().map(|(section, _)| section.as_str()).collect();
    let goal = format!(
        "Repair these, which a review found, with the smallest change that does, and nothing else:\n{}",
        listed(dossiers, batch)
    );
    let data = [
        ("stream", "repair".to_owned()),
        ("section", sections.into_iter().collect::<Vec<_>>().join(", ")),
        ("title", batch.label.clone()),
        ("goal", goal),
        ("checks", checks(policy)),
    ];
    Ask {
        task: TaskClass::from("validation"),
        label: format!("Validation of {}", batch.label),
        role: Role::Orchestrator,
        prompt: prompt("judge", data, vec![("diff".to_owned(), seen.diff.clone())]),
        reply: ReplyForm::Json { schema: "verdict".into() },
        base: seen.commit.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// QA-10: somebody of another provider than the fixer looks again.
pub(super) fn recheck(
    run: &RunState,
    dossiers: &[Dossier],
    batch: &Batch,
    diff: Option<BlobId>,
    apart: Option<ProviderId>,
) -> Ask {
    let touched: BTreeSet<String> = items(dossiers, batch)
        .flat_map(|(dossier, item)| {
            item.by.iter().map(|by| format!("{} of section {}", by.dimension.name(), dossier.section))
        })
        .collect();
    let data =
        [("issues", listed(dossiers, batch)), ("dimensions", touched.into_iter().collect::<Vec<_>>().join(", "))];
    let mut attached = said(run, dossiers, batch);
    attached.extend(diff.map(|diff| ("diff".to_owned(), diff)));
    Ask {
        task: TaskClass::from(batch.dimension.name()),
        label: format!("Second look at {}", label(batch.dimension)),
        role: Role::Worker,
        prompt: prompt("recheck", data, attached),
        reply: ReplyForm::Json { schema: RECHECK.into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: apart.into_iter().collect(),
        size: Size::default(),
    }
}

fn prompt<const N: usize>(template: &str, data: [(&str, String); N], attached: Vec<(String, BlobId)>) -> Prompt {
    let data = data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Prompt { template: template.to_owned(), data, attached: attached.into_iter().collect() }
}

fn items<'a>(dossiers: &'a [Dossier], batch: &'a Batch) -> impl Iterator<Item = (&'a Dossier, &'a Item)> {
    dossiers.iter().flat_map(move |dossier| {
        dossier
            .items
            .iter()
            .filter(move |item| batch.holds(&dossier.section, &item.id))
            .map(move |item| (dossier, item))
    })
}

/// The issues by their names and places. What reviewers wrote about them stands between fences, as they wrote it.
fn listed(dossiers: &[Dossier], batch: &Batch) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
    let lines = items(dossiers, batch).map(|(_, item)| {
        let file = text::one_line(item.issue.file.as_deref().unwrap_or_default(), 120);
        let line = item.issue.line.map(|line| format!(":{line}")).unwrap_or_default();
        let category: String = item.issue.category.chars().filter(plain).take(30).collect();
        let dimension = item.by.first().map_or("", |by| by.dimension.name());
        format!("- {} {} {dimension} `{file}{line}` ({category})", item.id, item.issue.severity)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The answers in which a batch's issues stand in full, those of whoever looked at earlier repairs included.
fn said(run: &RunState, dossiers: &[Dossier], batch: &Batch) -> Vec<(String, BlobId)> {
    let mut steps: BTreeSet<StepId> = BTreeSet::new();
    for (dossier, item) in items(dossiers, batch) {
        steps.extend(item.by.iter().map(|by| review_step(&dossier.section, by.dimension)));
    }
    steps.extend(run.steps.keys().filter(|step| step.as_str().starts_with("recheck.")).cloned());
    let text = |step: StepId| match run.ask(&step)?.standing() {
        Standing::Answered(_, answered) => Some((format!("answers/{step}"), answered.answer.text.clone())),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    };
    steps.into_iter().filter_map(text).collect()
}

/// What the sections of a batch are about.
fn about(run: &RunState, batch: &Batch) -> Vec<(String, BlobId)> {
    let sections = run.opened.request.sections.iter();
    let held = sections.filter(|section| batch.issues.iter().any(|(id, _)| *id == section.id));
    held.flat_map(|section| {
        let text = (format!("section_text/{}", section.id), section.text.clone());
        let requirements = section.requirements.clone().map(|blob| (format!("requirements/{}", section.id), blob));
        std::iter::once(text).chain(requirements)
    })
    .collect()
}

fn checks(policy: &Policy) -> String {
    let commands: Vec<String> = policy.checks.iter().map(|check| format!("`{}`", check.argv.join(" "))).collect();
    commands.join(", ")
}
