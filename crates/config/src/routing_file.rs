//! `.claude/models/task-routing.md`: which models do which task class where everyone may work.
//!
//! It names models, roles and older names; all are resolved here, once. What stays with the orchestrator stays there.

use crate::error::{Origin, quoted};
use crate::fences;
use crate::node::{Node, NodeValue, Word};
use crate::registry::{Meaning, Registry};
use crate::registry_file::{Placed, table, text};
use crate::registry_layer::dangling;
use crate::report::Report;
use crate::roster::routes;
use crate::words::nearest;
use mao_core::ids::{ModelId, TaskClass};
use mao_policy::orchestrator;
use std::collections::BTreeMap;
use std::ops::Range;

/// The tables, and what is in them.
const TABLES: [&str; 5] = ["development", "qa", "pre_flight", "journal", "selection_criteria"];

/// Task classes that no file takes away from the orchestrator.
const STAYS: [&str; 4] = ["orchestration", "plan", "validation", "synthesis"];

/// The most task classes of one table that are read; there are fewer.
const MOST: usize = 200;

/// The longest chain.
const LONGEST: usize = 8;

/// The chain of one task class and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chain {
    pub(crate) models: Vec<ModelId>,
    pub(crate) origin: Origin,
}

/// Reads the file. Every name in it has to mean a model of `registry`.
pub(crate) fn read(report: &mut Report<'_>, registry: &Registry) -> BTreeMap<TaskClass, Chain> {
    let mut chains = BTreeMap::new();
    let mut criteria = BTreeMap::new();
    let mut repairs = Repairs::default();
    for (word, node) in fences::read(report, &TABLES) {
        if !TABLES.contains(&word.text.as_str()) {
            let meant = nearest(&word.text, TABLES).map(|word| format!("did you mean `{word}`?"));
            report.warn(word.span, format!("unknown table {}: nothing reads it", quoted(&word.text)), meant);
            continue;
        }
        for (task, node) in table(report, &node, &word.text).iter().take(MOST) {
            if !known(report, task) {
                continue;
            }
            let names = if word.text == "selection_criteria" { vec![node] } else { links(report, task, node) };
            let Some(chain) = chain(report, registry, task, &names, &mut repairs) else { continue };
            let into = if word.text == "selection_criteria" { &mut criteria } else { &mut chains };
            if into.insert(TaskClass::from(task.text.as_str()), chain).is_some() {
                report.wrong(task.span.clone(), format!("{} has a route already", quoted(&task.text)), None);
            }
        }
    }
    repairs.say(report);
    // A route of a task class comes before a mere criterion for it.
    for (task, chain) in criteria {
        chains.entry(task).or_insert(chain);
    }
    chains
}

fn known(report: &mut Report<'_>, task: &Word) -> bool {
    let known = routes().routes.contains_key(&TaskClass::from(task.text.as_str()));
    if !known {
        let meant = nearest(&task.text, routes().routes.keys().map(TaskClass::as_str));
        let hint = meant.map(|word| format!("did you mean `{word}`?"));
        report.wrong(task.span.clone(), format!("{} is no task class", quoted(&task.text)), hint);
    }
    known
}

/// The names of a route, first to last.
fn links<'n>(report: &mut Report<'_>, task: &Word, node: &'n Node) -> Vec<&'n Node> {
    let (mut primary, mut fallback) = (None, Vec::new());
    for (word, node) in table(report, node, &task.text) {
        match word.text.as_str() {
            "primary" => primary = Some(node),
            "fallback" => match &node.value {
                NodeValue::List(list) => fallback.extend(list.iter()),
                NodeValue::Null => {}
                NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number | NodeValue::Text(_) | NodeValue::Map(_) => {
                    fallback.push(node);
                }
            },
            "rationale" => drop(text(report, node)),
            other => {
                let meant = nearest(other, ["primary", "fallback", "rationale"]);
                let hint =
                    meant.map_or("known: primary, fallback, rationale".into(), |m| format!("did you mean `{m}`?"));
                let what = format!("unknown key {} in the route of {}", quoted(other), quoted(&task.text));
                report.wrong(word.span.clone(), what, Some(hint));
            }
        }
    }
    let Some(primary) = primary else {
        if report.is_clean() {
            report.wrong(task.span.clone(), format!("the route of {} has no `primary`", quoted(&task.text)), None);
        }
        return Vec::new();
    };
    std::iter::once(primary).chain(fallback).collect()
}

/// What the names mean. `None` where something is wrong or nothing is left of the chain.
fn chain(
    report: &mut Report<'_>,
    registry: &Registry,
    task: &Word,
    names: &[&Node],
    repairs: &mut Repairs,
) -> Option<Chain> {
    let mut models: Vec<ModelId> = Vec::new();
    if names.len() > LONGEST {
        report.wrong(task.span.clone(), format!("more than {LONGEST} models in one route"), None);
        return None;
    }
    for node in names {
        let name: Placed<String> = text(report, node)?;
        match registry.meaning(&name.value) {
            Meaning::Model { id, repair } => {
                if let Some(why) = repair {
                    let what = format!("{}: {why}; read as `{id}`", quoted(&name.value));
                    repairs.0.entry(what).or_default().push(name.span);
                }
                if !models.contains(&id) {
                    models.push(id);
                }
            }
            Meaning::Waiting => {}
            Meaning::Lost(what) => report.wrong(name.span, what, None),
            Meaning::Unknown => dangling(registry, &name, report),
        }
    }
    let orchestrates = |id: &ModelId| registry.models.get(id).is_some_and(orchestrator::may_orchestrate);
    if STAYS.contains(&task.text.as_str()) && !models.iter().all(orchestrates) {
        report.wrong(task.span.clone(), format!("{} stays with the orchestrator", quoted(&task.text)), None);
        return None;
    }
    let origin = report.origin(task.span.clone());
    (!models.is_empty()).then_some(Chain { models, origin })
}

/// What was read differently from how it was written, with its places: each is said once.
#[derive(Default)]
struct Repairs(BTreeMap<String, Vec<Range<usize>>>);

impl Repairs {
    fn say(self, report: &mut Report<'_>) {
        let mut all: Vec<(String, Vec<Range<usize>>)> = self.0.into_iter().collect();
        all.sort_by_key(|(_, spans)| spans.first().map(|span| span.start));
        for (what, spans) in all {
            let line = |span: &Range<usize>| report.text[..span.start].matches('\n').count() + 1;
            let more: Vec<String> = spans.iter().skip(1).take(20).map(|span| line(span).to_string()).collect();
            let what = if more.is_empty() { what } else { format!("{what} (also on line {})", more.join(", ")) };
            if let Some(span) = spans.into_iter().next() {
                report.warn(span, what, None);
            }
        }
    }
}
