//! `mao route CLASS`: who would do work of this kind, in which order, and why. Without a class, the whole table. It
//! calls nobody and writes nothing.

use crate::args::{Common, Route};
use crate::exit::{Exit, Failure};
use crate::open::glance::Glance;
use crate::print::Printer;
use mao_config::Flag;
use mao_core::ids::{ModelId, TaskClass};
use mao_policy::Policy;
use mao_policy::case::{Access, Case, CheckpointMode, Choice, Creative, Record, Trait};
use mao_policy::policy::{Billing, Mode};
use mao_policy::{touchpoints, tree};
use std::collections::BTreeSet;

/// Runs the command.
pub fn run(common: &Common, words: &Route, printer: &Printer) -> Result<Exit, Failure> {
    let flag = |value: &String| Flag { flag: "--mode".into(), key: "engine.mode".into(), value: value.clone() };
    let glance = Glance::at(common, words.mode.iter().map(flag).collect(), printer)?;
    let policy = &glance.loaded.policy;
    let Some(named) = &words.class else {
        table(policy, printer);
        phases(printer);
        return Ok(Exit::Ok);
    };
    let class = known(policy, named)?;
    let record = tree::walk(policy, &glance.tuning(), &case(class, words), &glance.conditions());
    if printer.is_json() {
        let mut value = serde_json::to_value(&record).map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("kind".into(), "route".into());
            object.insert("billing".into(), serde_json::json!(policy.billing));
        }
        printer.value(value);
    } else {
        show(policy, &record, printer);
        if words.explain {
            explain(&record, printer);
        }
    }
    Ok(match record.choice {
        Choice::Model { .. } | Choice::Tests => Exit::Ok,
        Choice::Consent { .. } | Choice::AskPerson { .. } | Choice::Refused { .. } => Exit::Negative,
    })
}

fn case(class: TaskClass, words: &Route) -> Case {
    let creative = CREATIVE.into_iter().find(|kind| kind.key() == class.as_str());
    let mut case = Case::of(class);
    case.creative = creative;
    case.privacy = words.privacy.into();
    case.explicit = words.model.as_deref().map(ModelId::from);
    case.failed_cycles = words.failed_cycles;
    case.files = words.files;
    case.context_tokens = words.context;
    let sandbox = words.sandbox.then_some(Trait::NeedsSandbox);
    case.traits = words.web.then_some(Trait::NeedsWeb).into_iter().chain(sandbox).collect();
    case
}

/// What is made that is no code; each is a class of its own.
const CREATIVE: [Creative; 4] = [Creative::Image, Creative::Svg, Creative::Mockup, Creative::Video];

/// The class that is meant, if there is one.
fn known(policy: &Policy, named: &str) -> Result<TaskClass, Failure> {
    let class = TaskClass::from(named);
    let known: BTreeSet<TaskClass> = policy.routes.keys().cloned().chain(tree::classes().cloned()).collect();
    let known: BTreeSet<TaskClass> = known.into_iter().chain(CREATIVE.map(|kind| kind.key().into())).collect();
    if known.contains(&class) {
        return Ok(class);
    }
    let mut near: Vec<(usize, &str)> =
        known.iter().map(|known| (distance(named, known.as_str()), known.as_str())).collect();
    near.sort_unstable();
    let enough = named.chars().count() / 3 + 1;
    let near: Vec<&str> =
        near.iter().filter(|(distance, _)| *distance <= enough).take(3).map(|(_, name)| *name).collect();
    let what = format!("there is no task class `{}`", mao_core::text::one_line(named, 64));
    let all = "`mao route` lists them all";
    let hint = if near.is_empty() { all.to_owned() } else { format!("did you mean {}? {all}", near.join(", ")) };
    Err(Failure::new(Exit::Usage, what).hint(hint))
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(64).enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = before + usize::from(letter != *other);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Mode × task class: who is named where, before anybody looks who is enabled.
fn table(policy: &Policy, printer: &Printer) {
    let names = |models: &[ModelId]| {
        let names: Vec<&str> = models.iter().map(ModelId::as_str).collect();
        names.join(" → ")
    };
    if !printer.is_json() {
        let [assist, diverse] = [Mode::Assist, Mode::Diverse].map(|mode| {
            if mode == policy.mode { format!("{} (in force)", mode.name()) } else { mode.name().to_owned() }
        });
        printer.line(&format!("{:<20} {assist:<32} {diverse}", "class"));
    }
    for (class, row) in &policy.routes {
        if printer.is_json() {
            printer.value(serde_json::json!({
                "kind": "routes", "class": class, "assist": row.assist, "diverse": row.diverse, "effort": row.effort,
            }));
        } else {
            let line = format!("{:<20} {:<32} {}", class.as_str(), names(&row.assist), names(&row.diverse));
            printer.line(line.trim_end());
        }
    }
}

/// Who else may act in which phase of a project's life.
fn phases(printer: &Printer) {
    if !printer.is_json() {
        printer.line("");
        printer.line(&format!("{:<20} {:<32} others, where they are enabled", "phase", "at home"));
    }
    for phase in touchpoints::phases() {
        if printer.is_json() {
            printer.value(serde_json::json!({
                "kind": "phase", "phase": phase.name, "home": phase.home, "others": phase.others,
            }));
            continue;
        }
        let others = phase.others.iter().map(|touch| {
            let who = touch.who.map_or(String::new(), |who| format!(" ({})", who.name()));
            format!("{}{who}", touch.what)
        });
        let line = format!("{:<20} {:<32} {}", phase.name, phase.home.name(), others.collect::<Vec<_>>().join(", "));
        printer.line(line.trim_end());
    }
}

fn show(policy: &Policy, record: &Record, printer: &Printer) {
    let (head, why) = match &record.choice {
        Choice::Model { model } => (model.to_string(), record.why.clone()),
        Choice::Consent { model, why } => (format!("{model}, once you say yes"), why.clone()),
        Choice::AskPerson { question } => ("you are asked".to_owned(), question.clone()),
        Choice::Tests => ("tests decide".to_owned(), record.why.clone()),
        Choice::Refused { why } => ("nobody".to_owned(), why.clone()),
    };
    printer.line(&format!("{}  {}  {head}", record.class, record.mode.name()));
    printer.line(&format!("  why       {why}"));
    for (at, link) in record.route.links.iter().enumerate() {
        let effort = link.effort.as_deref().map_or("its own effort".to_owned(), |effort| format!("effort {effort}"));
        let billing = match policy.billing.get(&link.provider).copied().unwrap_or_default() {
            Billing::Subscription => "subscription",
            Billing::Api => "api",
        };
        printer.line(&format!(
            "  {:<9} {}  {effort}, over {}, billed to {} ({billing}): {}",
            at + 1,
            link.model,
            link.provider,
            link.account,
            link.why
        ));
    }
    for skipped in &record.route.skipped {
        printer.line(&format!("  without   {}  {}", skipped.model, skipped.why));
    }
    if !record.route.links.is_empty() {
        let access = match record.access {
            Access::Reads => "reads",
            Access::WritesOwned => "writes the paths that it owns, in a worktree of its own",
        };
        printer.line(&format!("  access    {access}"));
    }
    for suggestion in &record.suggestions {
        let who = suggestion.model.as_ref().map_or("nobody may be asked", ModelId::as_str);
        let mode = match suggestion.mode {
            CheckpointMode::Auto => "auto",
            CheckpointMode::Ask => "ask",
            CheckpointMode::Off => "off",
        };
        let place = suggestion.checkpoint.map_or(String::new(), |one| format!(" ({} = {mode})", one.name()));
        printer.line(&format!("  suggested {} ({who}): {}{place}", suggestion.role.name(), suggestion.why));
    }
}

fn explain(record: &Record, printer: &Printer) {
    for visit in &record.visits {
        let inputs: Vec<String> = visit.inputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if visit.node == record.node { "→" } else { " " };
        printer.line(&format!("{mark} {:<13} {}: {}", visit.node.name(), inputs.join(", "), visit.outcome));
    }
}
