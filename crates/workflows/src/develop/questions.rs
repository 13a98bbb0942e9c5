//! The questions that `develop` asks: their prompts' values, their forms, their places.

use super::order;
use super::place::{Place, contract};
use super::steps::short;
use crate::plan::{Plan, Stream};
use mao_core::ask::{Ask, Binding, Prompt, Proposal, ReplyForm, Role, Size};
use mao_core::change::Change;
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, TaskClass};
use mao_core::request::{Request, SectionBrief};
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;
use mao_policy::route::{Conditions, of_class};
use mao_policy::waves::Waves;
use std::collections::{BTreeMap, BTreeSet};

/// How the sections depend on each other: a small question for a cheap model.
pub(crate) fn deps(run: &RunState) -> Ask {
    let request = &run.opened.request;
    let mut attached: Vec<(String, BlobId)> = vec![("files".into(), request.files.clone())];
    attached.extend(each(request, "section_text", |section| Some(section.text.clone())));
    Ask {
        task: TaskClass::from("dependency_check"),
        label: "Dependency check".into(),
        role: Role::Worker,
        prompt: prompt("deps", [("sections", named(request))], attached),
        reply: ReplyForm::Json { schema: "deps".into() },
        base: run.opened.base.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

pub(super) fn plan(policy: &Policy, run: &RunState) -> Ask {
    let request = &run.opened.request;
    let ownership: Vec<String> = Stream::ALL
        .into_iter()
        .filter_map(|stream| Some((stream, policy.ownership.get(stream.name())?)))
        .map(|(stream, globs)| format!("- {}: {}", stream.name(), list(globs)))
        .collect();
    let data = [
        ("sections", named(request)),
        ("order", said(&order::order(run))),
        ("ownership", ownership.join("\n")),
        ("routes", routes(policy, run)),
        ("checks", checks(policy)),
    ];
    let mut attached: Vec<(String, BlobId)> = vec![("files".into(), request.files.clone())];
    attached.extend(each(request, "section_text", |section| Some(section.text.clone())));
    attached.extend(each(request, "context", |section| section.context.clone()));
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
        apart_from: BTreeSet::new(),
        size: Size::default(),
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
    attached.extend(section.context.clone().map(|blob| ("context".to_owned(), blob)));
    let requirements = section.requirements.clone().or_else(|| run.opened.request.requirements.clone());
    attached.extend(requirements.map(|blob| ("requirements".to_owned(), blob)));
    let mut prompt = prompt("work", data, attached);
    if section.requirements.is_some() {
        prompt.data.insert("parts".to_owned(), "yes".to_owned());
    }
    if let Some(contract) = contract(run, plan, &place.section) {
        prompt.data.insert("contract".to_owned(), contract.to_owned());
    }
    let reason = || workstream.rationale.clone().unwrap_or_else(|| "no reason given".to_owned());
    Some(Ask {
        task: TaskClass::from(place.stream.task()),
        label: place.stream.label().into(),
        role: Role::Worker,
        prompt,
        reply: ReplyForm::Change { owned: workstream.owns.clone(), resolves: None },
        base: run.head.clone(),
        proposal: workstream.model.clone().map(|model| Proposal { model, reason: reason(), binding: Binding::First }),
        complexity: Some(order::rating(run, &place.section).complexity),
        apart_from: BTreeSet::new(),
        size: Size::default(),
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
    let mut prompt = prompt("judge", data, vec![("diff".to_owned(), change.diff.clone())]);
    if let Some(contract) = contract(run, plan, &place.section) {
        prompt.data.insert("contract".to_owned(), contract.to_owned());
    }
    Some(Ask {
        task: TaskClass::from("validation"),
        label: format!("Validation of {}", place.stream.name()),
        role: Role::Orchestrator,
        prompt,
        reply: ReplyForm::Json { schema: "verdict".into() },
        base: change.commit.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    })
}

/// The last look at the whole, with the record of what came of the plan and every change that landed (DEV-12).
pub(super) fn synthesis(run: &RunState, plan: &Plan, record: String) -> Ask {
    let data = [("record", record), ("base", short(&run.opened.base))];
    let places = Place::all(run, plan);
    let diffs =
        places.iter().filter(|place| place.landed(run)).filter_map(|place| match run.ask(&place.step)?.standing() {
            Standing::Answered(_, answered) => Some((
                format!("diff/{}.{}", place.section, place.stream.name()),
                answered.answer.change.as_ref()?.diff.clone(),
            )),
            Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
        });
    let mut prompt = prompt("synthesis", data, diffs.collect());
    let contracts: Vec<String> = plan
        .sections
        .iter()
        .filter_map(|section| Some(format!("Section {}:\n{}", section.section, contract(run, plan, &section.section)?)))
        .collect();
    if !contracts.is_empty() {
        prompt.data.insert("contracts".to_owned(), contracts.join("\n\n"));
    }
    Ask {
        task: TaskClass::from("synthesis"),
        label: "Synthesis".into(),
        role: Role::Orchestrator,
        prompt,
        reply: ReplyForm::Json { schema: "synthesis".into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

fn prompt<const N: usize>(template: &str, data: [(&str, String); N], attached: Vec<(String, BlobId)>) -> Prompt {
    let data: BTreeMap<String, String> = data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Prompt { template: template.to_owned(), data, attached: attached.into_iter().collect() }
}

/// One text of each section, under a name of its own where there are several.
fn each(request: &Request, name: &str, text: impl Fn(&SectionBrief) -> Option<BlobId>) -> Vec<(String, BlobId)> {
    if let [only] = &request.sections[..] {
        return text(only).map(|blob| (name.to_owned(), blob)).into_iter().collect();
    }
    let named = |section: &SectionBrief| Some((format!("{name}/{}", section.id), text(section)?));
    request.sections.iter().filter_map(named).collect()
}

fn named(request: &Request) -> String {
    let named: Vec<String> =
        request.sections.iter().map(|section| format!("{} ({})", section.id, section.title)).collect();
    named.join(", ")
}

/// In which order the sections run, for the one who plans.
fn said(order: &Waves) -> String {
    if order.waves.len() < 2 && order.waves.first().is_none_or(|wave| wave.len() < 2) {
        return "It runs alone.".to_owned();
    }
    let waves: Vec<String> = order
        .waves
        .iter()
        .enumerate()
        .map(|(at, wave)| {
            let ids: Vec<&str> = wave.iter().map(|id| id.as_str()).collect();
            format!("- wave {}: {}", at + 1, ids.join(", "))
        })
        .collect();
    let notes = order.notes.iter().map(|note| format!("\n- note: {note}"));
    format!(
        "The sections run in waves; a wave begins when everything of the one before it is merged ({}):\n{}{}",
        order.reason,
        waves.join("\n"),
        notes.collect::<String>()
    )
}

/// Which models a workstream's route admits, for the one who may propose another order.
fn routes(policy: &Policy, run: &RunState) -> String {
    let conditions = Conditions { now: run.opened_at, ..Conditions::default() };
    let lines = Stream::ALL.into_iter().map(|stream| {
        let route = of_class(policy, &TaskClass::from(stream.task()), Role::Worker, &conditions);
        let models: Vec<&str> = route.links.iter().map(|link| link.model.as_str()).collect();
        format!("- {}: {}", stream.name(), models.join(", then "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text as an event holds it beside others.
pub(super) fn bounded(text: &str) -> String {
    const MOST: usize = 6 * 1024;
    let end = (0..=text.len().min(MOST)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    if end < text.len() { format!("{}\n… (cut)", &text[..end]) } else { text.to_owned() }
}

fn checks(policy: &Policy) -> String {
    let commands: Vec<String> = policy.checks.iter().map(|check| format!("`{}`", check.argv.join(" "))).collect();
    commands.join(", ")
}

fn list(globs: &[Glob]) -> String {
    globs.iter().map(|glob| format!("`{}`", glob.0)).collect::<Vec<_>>().join(", ")
}
