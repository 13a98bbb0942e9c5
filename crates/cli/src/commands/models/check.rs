//! `mao models check`: which models of the registry are at their end, near it, or were not looked at for long, and what
//! needs them. It calls nobody: the facts are the registry's, the day is today's.

use crate::exit::Exit;
use crate::open::glance::Glance;
use crate::print::Printer;
use mao_core::day::Day;
use mao_core::ids::{ModelId, Stamp};
use mao_policy::policy::{Lifecycle, ModelEntry};
use serde_json::json;

/// An end that is nearer than this many days is told.
const NEAR: u64 = 60;

/// Facts that were last checked longer ago than this many days are old.
const OLD: u64 = 90;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A route needs what is not there.
    Wrong,
    /// It soon will be.
    Soon,
    /// Good to know.
    Aside,
}

impl Weight {
    const fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Soon => "soon",
            Self::Aside => "aside",
        }
    }
}

/// Prints what is to be said about each model, the worst first.
pub(super) fn run(glance: &Glance, printer: &Printer) -> Exit {
    let now = glance.conditions().now;
    let models = &glance.loaded.policy.models;
    let mut said: Vec<(Weight, &ModelId, String)> = Vec::new();
    for (model, entry) in models {
        let needed_by = needed_by(glance, model);
        said.extend(stage(entry, now, &needed_by).map(|(weight, what)| (weight, model, what)));
        said.extend(age(entry, now).map(|what| (Weight::Aside, model, what)));
    }
    said.sort();
    let exit = if said.iter().any(|(weight, ..)| *weight == Weight::Wrong) { Exit::Negative } else { Exit::Ok };
    for (weight, model, what) in &said {
        if printer.is_json() {
            let entry = &models[*model];
            printer.value(json!({
                "kind": "model_check", "weight": weight.name(), "model": model, "says": what,
                "lifecycle": entry.stage(now), "retires": entry.known.retires, "replacement": entry.replacement,
                "needed_by": needed_by(glance, model), "verified_at": entry.verified_at,
            }));
        } else {
            printer.line(&format!("{:<6} {:<16} {what}", weight.name(), model.as_str()));
        }
    }
    if !printer.is_json() {
        printer.note(&format!("{} models, as of {}", models.len(), Day::of(now)));
    }
    exit
}

fn stage(entry: &ModelEntry, now: Stamp, needed_by: &[String]) -> Option<(Weight, String)> {
    let instead = entry.replacement.as_ref().map(|model| format!("; use {model}")).unwrap_or_default();
    let needed = match needed_by {
        [] => "; nothing needs it".to_owned(),
        some => format!("; needed by {}", some.join(", ")),
    };
    let today = Day::of(now).number();
    let left = entry.known.retires.map(|day| (day, day.number().saturating_sub(today)));
    match (entry.stage(now), left) {
        (Lifecycle::Retired, _) => {
            let since = entry.known.retires.map(|day| format!(" since {day}")).unwrap_or_default();
            let weight = if needed_by.is_empty() { Weight::Aside } else { Weight::Wrong };
            Some((weight, format!("retired{since}{needed}{instead}")))
        }
        (Lifecycle::Active | Lifecycle::Legacy | Lifecycle::Deprecated, Some((day, left))) if left <= NEAR => {
            let weight = if needed_by.is_empty() { Weight::Aside } else { Weight::Soon };
            Some((weight, format!("ends on {day}, in {left} days{needed}{instead}")))
        }
        (Lifecycle::Deprecated, left) => {
            let ends = left.map_or_else(|| "no day is known".to_owned(), |(day, _)| format!("until {day}"));
            let weight = if needed_by.is_empty() { Weight::Aside } else { Weight::Soon };
            Some((weight, format!("deprecated, {ends}{needed}{instead}")))
        }
        (Lifecycle::Active | Lifecycle::Legacy, _) => None,
    }
}

fn age(entry: &ModelEntry, now: Stamp) -> Option<String> {
    let Ok(checked) = entry.verified_at.parse::<Day>() else {
        return Some("nobody says when its facts were checked".to_owned());
    };
    let days = Day::of(now).number().saturating_sub(checked.number());
    (days > OLD).then(|| format!("its facts were last checked on {checked}, {days} days ago"))
}

/// The roles, routes and defaults that name a model.
fn needed_by(glance: &Glance, model: &ModelId) -> Vec<String> {
    let loaded = &glance.loaded;
    let roles = loaded.roles.iter().filter(|(_, held)| *held == model).map(|(role, _)| format!("the role {role}"));
    let routes = loaded.policy.routes.iter().flat_map(|(class, row)| {
        let modes = [("assist", &row.assist), ("diverse", &row.diverse)];
        let named = modes.into_iter().filter(|(_, models)| models.contains(model));
        named.map(move |(mode, _)| format!("the route {class} in mode {mode}"))
    });
    let defaults = loaded.defaults.iter().filter(|(_, named)| *named == model);
    roles.chain(routes).chain(defaults.map(|(kind, _)| format!("models.defaults.{kind}"))).collect()
}
