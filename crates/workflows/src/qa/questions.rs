//! The questions that `qa` asks: their prompts' values, their forms, their places.

use super::form::QUALITY;
use mao_core::ask::{Ask, Prompt, ReplyForm, Role};
use mao_core::ids::{SectionId, StepId, TaskClass};
use mao_core::request::SectionBrief;
use mao_core::run::RunState;
use mao_policy::score::Dimension;
use std::collections::BTreeSet;

/// The step in which a section is reviewed in one dimension.
#[must_use]
pub fn review_step(section: &SectionId, dimension: Dimension) -> StepId {
    StepId::new(format!("review.{section}.{}", dimension.name()))
}

/// What a dimension is called in log lines and reports.
pub(super) const fn label(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::PrdCompliance => "PRD compliance",
        Dimension::ErrorHandling => "Error handling",
        Dimension::TypeSafety => "Type safety",
        Dimension::Architecture => "Architecture",
        Dimension::Security => "Security",
    }
}

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
    }
}
