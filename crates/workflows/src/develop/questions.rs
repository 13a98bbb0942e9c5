//! The questions that `develop` asks: their prompts' values, their forms, their places.

use super::place::Place;
use super::report;
use crate::plan::{Plan, Stream};
use mao_core::ask::{Ask, Prompt, ReplyForm, Role};
use mao_core::change::Change;
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, TaskClass};
use mao_core::run::RunState;
use mao_policy::Policy;
use std::collections::BTreeMap;

pub(super) fn plan(policy: &Policy, run: &RunState) -> Ask {
    let request = &run.opened.request;
    let named: Vec<String> =
        request.sections.iter().map(|section| format!("{} ({})", section.id, section.title)).collect();
    let ownership: Vec<String> = Stream::ALL
        .into_iter()
        .filter_map(|stream| Some((stream, policy.ownership.get(stream.name())?)))
        .map(|(stream, globs)| format!("- {}: {}", stream.name(), list(globs)))
        .collect();
    let data = [("sections", named.join(", ")), ("ownership", ownership.join("\n")), ("checks", checks(policy))];
    let mut attached: Vec<(String, BlobId)> = vec![("files".into(), request.files.clone())];
    if let [only] = &request.sections[..] {
        attached.push(("section_text".into(), only.text.clone()));
    } else {
        attached.extend(request.sections.iter().map(|s| (format!("section_text/{}", s.id), s.text.clone())));
    }
    attached.extend(request.requirements.clone().map(|blob| ("requirements".to_owned(), blob)));
    Ask {
        task: TaskClass::from("orchestration"),
        label: "Plan".into(),
        role: Role::Orchestrator,
        prompt: prompt("plan", data, attached),
        reply: ReplyForm::Json { schema: "plan".into() },
        base: run.opened.base.clone(),
        proposal: None,
        complexity: None,
    }
}

pub(super) fn work(policy: &Policy, run: &RunState, plan: &Plan, place: &Place) -> Option<Ask> {
    let workstream = plan.workstream(&place.section, place.stream)?;
    let section = run.opened.request.sections.iter().find(|section| section.id == place.section)?;
    let data = [
        ("stream", place.stream.name().to_owned()),
        ("section", place.section.to_string()),
        ("title", section.title.clone()),
        ("goal", workstream.goal.clone()),
        ("owns", list(&workstream.owns)),
        ("checks", checks(policy)),
    ];
    let mut attached = vec![("section_text".to_owned(), section.text.clone())];
    attached.extend(run.opened.request.requirements.clone().map(|blob| ("requirements".to_owned(), blob)));
    Some(Ask {
        task: TaskClass::from(place.stream.task()),
        label: place.stream.label().into(),
        role: Role::Worker,
        prompt: prompt("work", data, attached),
        reply: ReplyForm::Change { owned: workstream.owns.clone() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
    })
}

pub(super) fn judge(policy: &Policy, run: &RunState, plan: &Plan, place: &Place, change: &Change) -> Option<Ask> {
    let workstream = plan.workstream(&place.section, place.stream)?;
    let section = run.opened.request.sections.iter().find(|section| section.id == place.section)?;
    let data = [
        ("stream", place.stream.name().to_owned()),
        ("section", place.section.to_string()),
        ("title", section.title.clone()),
        ("goal", workstream.goal.clone()),
        ("checks", checks(policy)),
    ];
    Some(Ask {
        task: TaskClass::from("validation"),
        label: format!("Validation of {}", place.stream.name()),
        role: Role::Orchestrator,
        prompt: prompt("judge", data, vec![("diff".to_owned(), change.diff.clone())]),
        reply: ReplyForm::Json { schema: "verdict".into() },
        base: change.commit.clone(),
        proposal: None,
        complexity: None,
    })
}

pub(super) fn synthesis(run: &RunState, plan: &Plan) -> Ask {
    let data = [("record", report::record(run, plan)), ("base", report::short(&run.opened.base))];
    Ask {
        task: TaskClass::from("synthesis"),
        label: "Synthesis".into(),
        role: Role::Orchestrator,
        prompt: prompt("synthesis", data, Vec::new()),
        reply: ReplyForm::Json { schema: "synthesis".into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
    }
}

fn prompt<const N: usize>(template: &str, data: [(&str, String); N], attached: Vec<(String, BlobId)>) -> Prompt {
    let data: BTreeMap<String, String> = data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Prompt { template: template.to_owned(), data, attached: attached.into_iter().collect() }
}

fn checks(policy: &Policy) -> String {
    let commands: Vec<String> = policy.checks.iter().map(|check| format!("`{}`", check.argv.join(" "))).collect();
    commands.join(", ")
}

fn list(globs: &[Glob]) -> String {
    globs.iter().map(|glob| format!("`{}`", glob.0)).collect::<Vec<_>>().join(", ")
}
