//! What reviewers are asked, and the forms in which they answer. Whoever reviews only reads.

use super::found::Found;
use super::steps::supplied;
use crate::plan::object;
use mao_core::ask::{Ask, Binding, Prompt, Proposal, ReplyForm, Role, Size};
use mao_core::ids::{BlobId, CommitId, TaskClass};
use mao_core::matter::Reviewed;
use mao_core::review::{DiffReview, PlanReview, read};
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::packing::Recalled;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The form of an answer on a plan.
pub const PLAN: &str = "plan_review";

/// The form of an answer on a diff.
pub const DIFF: &str = "diff_review";

/// The form of the orchestrator's word on what was found.
pub const NOTES: &str = "notes";

/// One question for each part.
pub(super) fn all(run: &RunState, reviewed: &Reviewed) -> Vec<Ask> {
    let base = &run.opened.base;
    match reviewed {
        Reviewed::Plan { path, text } => vec![plan(base, std::slice::from_ref(text), None, Some(path))],
        Reviewed::Diff { class, by, .. } => {
            let files = run.opened.request.files.clone();
            let mut asks = of_chunks(base, class, &supplied(run), Some(&files));
            for ask in &mut asks {
                let reason = || "a person asked for it by name".to_owned();
                ask.proposal = by.clone().map(|model| Proposal { model, reason: reason(), binding: Binding::Alone });
            }
            asks
        }
    }
}

/// A question about a plan, given whole or in parts. `before` is what was said of it before it changed.
#[must_use]
pub fn plan(base: &CommitId, texts: &[BlobId], before: Option<&BlobId>, path: Option<&str>) -> Ask {
    let mut attached = each("plan", texts);
    attached.extend(before.map(|blob| ("before".to_owned(), blob.clone())));
    let data = path.map(|path| ("path".to_owned(), mao_core::text::one_line(path, 200)));
    let prompt = Prompt { template: "review_plan".into(), data: data.into_iter().collect(), attached };
    asked("plan_review", "Review of the plan".into(), prompt, PLAN, base)
}

/// Texts that a prompt shows as one, under names that keep their order; one alone by the plain name.
#[must_use]
pub(crate) fn each(name: &str, texts: &[BlobId]) -> BTreeMap<String, BlobId> {
    match texts {
        [only] => [(name.to_owned(), only.clone())].into(),
        _ => texts.iter().enumerate().map(|(at, text)| (format!("{name}/{:04}", at + 1), text.clone())).collect(),
    }
}

/// A question for each chunk of a diff, in their order.
#[must_use]
pub fn of_chunks(base: &CommitId, class: &TaskClass, packed: &Recalled, files: Option<&BlobId>) -> Vec<Ask> {
    let all = packed.texts.len();
    let one = |(at, text): (usize, &BlobId)| {
        let mut attached = BTreeMap::from([("diff".to_owned(), text.clone())]);
        attached.extend(files.map(|blob| ("files".to_owned(), blob.clone())));
        let part = (all > 1).then(|| format!("part {} of {all}", at + 1));
        let label = part.as_ref().map_or_else(|| "Review".to_owned(), |part| format!("Review, {part}"));
        let data = part.map(|part| ("part".to_owned(), part)).into_iter().collect();
        let prompt = Prompt { template: "review_diff".into(), data, attached };
        asked(class.as_str(), label, prompt, DIFF, base)
    };
    packed.texts.iter().enumerate().map(one).collect()
}

fn asked(class: &str, label: String, prompt: Prompt, schema: &str, base: &CommitId) -> Ask {
    Ask {
        task: TaskClass::from(class),
        label,
        role: Role::Worker,
        prompt,
        reply: ReplyForm::Json { schema: schema.into() },
        base: base.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The orchestrator weighs what was found: its word stands beside the reviewers'.
pub(super) fn weigh(run: &RunState, reviewed: &Reviewed, found: &Found) -> Ask {
    let (what, text) = match reviewed {
        Reviewed::Plan { path, text } => {
            (format!("the plan in {}", mao_core::text::one_line(path, 200)), vec![text.clone()])
        }
        Reviewed::Diff { .. } => ("a change".to_owned(), supplied(run).texts),
    };
    let answers = found.readings().filter_map(|part| match run.ask(&part.step)?.standing() {
        Standing::Answered(_, answered) => Some(answered.answer.text.clone()),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    // Attached texts go by their names' order: numbers of one length keep the parts in theirs.
    let numbered = |name: &'static str, blobs: Vec<BlobId>| {
        blobs.into_iter().enumerate().map(move |(at, blob)| (format!("{name}/{:04}", at + 1), blob))
    };
    let names = found.names();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let attached = numbered("reviewed", text).chain(numbered("answers", answers.collect()));
    Ask {
        task: TaskClass::from("synthesis"),
        label: "Weighing".into(),
        role: Role::Orchestrator,
        prompt: Prompt {
            template: "weigh".into(),
            data: [("what".to_owned(), what), ("names".to_owned(), names)].into(),
            attached: attached.collect(),
        },
        reply: ReplyForm::Json { schema: NOTES.into() },
        base: run.opened.base.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The JSON schema of a form.
#[must_use]
pub fn schema(name: &str) -> Option<Value> {
    let text = json!({"type": "string"});
    let severity = json!({"type": "string", "enum": ["CRITICAL", "HIGH", "MEDIUM", "LOW"]});
    let list = |item: Value| json!({"type": "array", "items": object(item)});
    match name {
        PLAN => Some(object(json!({
            "verdict": {"type": "string", "enum": ["PASS", "CONCERN", "BLOCK"]},
            "items": list(json!({
                "id": text, "severity": severity, "area": text, "detail": text, "plan_ref": text, "suggestion": text,
            })),
        }))),
        DIFF => Some(object(json!({
            "verdict": {"type": "string", "enum": ["LGTM", "ISSUES"]},
            "issues": list(json!({
                "id": text, "file": {"type": ["string", "null"]}, "line": {"type": ["integer", "null"]},
                "severity": severity, "category": text, "claim": text, "evidence": text, "suggestion": text,
                "wanted_by": {"type": ["string", "null"]}, "reproduction": {"type": "array", "items": text},
            })),
            "coverage": {"type": "array", "items": text},
        }))),
        NOTES => Some(object(json!({
            "summary": text,
            "notes": list(json!({"name": text, "accept": {"type": "boolean"}, "reason": text})),
            "own": list(json!({
                "file": {"type": ["string", "null"]}, "line": {"type": ["integer", "null"]}, "claim": text,
            })),
        }))),
        _ => None,
    }
}

/// Whether a reply is a review in its form.
///
/// # Errors
/// Why it is none.
pub fn accepts(schema: &str, value: &Value) -> Result<(), String> {
    let text = value.to_string();
    match schema {
        PLAN => read::<PlanReview>(&text).map(|_| ()).map_err(|wrong| wrong.to_string()),
        DIFF => read::<DiffReview>(&text).map(|_| ()).map_err(|wrong| wrong.to_string()),
        other => Err(format!("nobody reviews in the form `{other}`")),
    }
}

/// The files that a review of a diff names as places.
#[must_use]
pub fn named_paths(schema: &str, value: &Value) -> Vec<String> {
    if schema != DIFF {
        return Vec::new();
    }
    let review = read::<DiffReview>(&value.to_string());
    review.map(|review| review.issues.into_iter().filter_map(|issue| issue.file).collect()).unwrap_or_default()
}
