//! PLN-02: which sections run together. A model says how they depend on each other; the order is computed here.
//!
//! The model's own order is kept for comparison and never used. What is uncertain runs one after another.

use mao_core::ids::SectionId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How one section needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It uses its types or its schema.
    Type,
    /// It imports its code.
    Import,
    /// It reads what the other writes.
    DataFlow,
    /// It comes later in time: migrations, seeds, configuration.
    Temporal,
}

/// How much an edge weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The later one cannot be done before the earlier one.
    Blocking,
    /// It can; there is something to be aware of.
    Soft,
}

/// `from` comes before `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The earlier section.
    pub from: SectionId,
    /// The later section.
    pub to: SectionId,
    /// How it needs the earlier one.
    pub kind: Relation,
    /// How much.
    pub severity: Severity,
    /// The words of the task list that show it.
    pub evidence: String,
}

/// What the dependency check said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependencies {
    /// How the sections depend on each other.
    pub edges: Vec<Edge>,
    /// The model's own order. Never trusted: a difference is noted.
    #[serde(default)]
    pub waves: Vec<Vec<SectionId>>,
    /// Why it is not sure, where it is not.
    #[serde(default)]
    pub uncertain: Option<String>,
}

/// How sections run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// All at once.
    Parallel,
    /// In waves of several.
    Partial,
    /// One after another.
    Sequential,
}

/// The order in which sections run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waves {
    /// Each runs together, after the one before it; within a wave in the order of the request.
    pub waves: Vec<Vec<SectionId>>,
    /// How that is called.
    pub strategy: Strategy,
    /// Why.
    pub reason: String,
    /// What orders nothing and is good to know.
    pub notes: Vec<String>,
}

/// Sections that wait for each other for ever.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sections depend on each other in a circle: {}", shown(.0))]
pub struct Cycle(
    /// The circle, each before the next and the last before the first.
    pub Vec<SectionId>,
);

fn shown(circle: &[SectionId]) -> String {
    let names: Vec<&str> = circle.iter().chain(circle.first()).map(SectionId::as_str).collect();
    names.join(" → ")
}

/// The waves of `sections`, from what the dependency check said; `None` where it failed or was not made.
///
/// # Errors
/// [`Cycle`] where blocking edges form one.
pub fn waves(sections: &[SectionId], said: Option<&Dependencies>) -> Result<Waves, Cycle> {
    let sections = once(sections);
    if sections.len() < 2 {
        return Ok(in_turn(&sections, "nothing to compare: one section".to_owned()));
    }
    let Some(said) = said else {
        return Ok(in_turn(&sections, "the dependency check gave no answer".to_owned()));
    };
    if let Some(why) = &said.uncertain {
        return Ok(in_turn(&sections, format!("the dependency check is not sure: {why}")));
    }
    let stranger = said.edges.iter().flat_map(|edge| [&edge.from, &edge.to]).find(|id| !sections.contains(*id));
    if let Some(stranger) = stranger {
        return Ok(in_turn(
            &sections,
            format!("the dependency check speaks of section {stranger}, which was not asked"),
        ));
    }
    layered(&sections, said)
}

/// Waves from edges that speak of `sections` alone.
fn layered(sections: &[SectionId], said: &Dependencies) -> Result<Waves, Cycle> {
    let mut before: BTreeMap<&SectionId, BTreeSet<&SectionId>> =
        sections.iter().map(|section| (section, BTreeSet::new())).collect();
    for edge in said.edges.iter().filter(|edge| edge.severity == Severity::Blocking) {
        before.entry(&edge.to).or_default().insert(&edge.from);
    }
    let mut done: BTreeSet<&SectionId> = BTreeSet::new();
    let mut waves: Vec<Vec<SectionId>> = Vec::new();
    while done.len() < sections.len() {
        let free = |section: &&SectionId| {
            !done.contains(section) && before.get(section).is_none_or(|earlier| earlier.is_subset(&done))
        };
        let wave: Vec<&SectionId> = sections.iter().filter(free).collect();
        if wave.is_empty() {
            return Err(circle(sections, &before, &done));
        }
        waves.push(wave.iter().map(|section| (*section).clone()).collect());
        done.extend(wave);
    }
    let (strategy, reason) = match waves.len() {
        1 => (Strategy::Parallel, "no section needs another".to_owned()),
        n if n == sections.len() => (Strategy::Sequential, "each section needs the one before it".to_owned()),
        n => (Strategy::Partial, format!("{n} waves, from {} blocking dependencies", blocking(said))),
    };
    let mut notes: Vec<String> = said.edges.iter().filter(|edge| edge.severity == Severity::Soft).map(note).collect();
    if !said.waves.is_empty() && said.waves.iter().map(|wave| once(wave)).ne(waves.iter().cloned()) {
        notes.push("the order that the dependency check proposed is another one; its edges decide".to_owned());
    }
    Ok(Waves { waves, strategy, reason, notes })
}

fn blocking(said: &Dependencies) -> usize {
    said.edges.iter().filter(|edge| edge.severity == Severity::Blocking).count()
}

fn note(edge: &Edge) -> String {
    let how = match edge.kind {
        Relation::Type => "types",
        Relation::Import => "code",
        Relation::DataFlow => "data",
        Relation::Temporal => "order in time",
    };
    let evidence = mao_core::text::one_line(&edge.evidence, 160);
    format!("{} may touch the {how} of {}: {evidence}", edge.to, edge.from)
}

/// One circle among what is left: from any section backwards to one that was seen.
fn circle(
    sections: &[SectionId],
    before: &BTreeMap<&SectionId, BTreeSet<&SectionId>>,
    done: &BTreeSet<&SectionId>,
) -> Cycle {
    let waiting = |section: &&SectionId| !done.contains(section);
    let mut path: Vec<&SectionId> = sections.iter().find(waiting).into_iter().collect();
    while let Some(earlier) = path.last().and_then(|last| before.get(last)?.iter().copied().find(waiting)) {
        if let Some(at) = path.iter().position(|section| *section == earlier) {
            let mut circle: Vec<SectionId> = path[at..].iter().rev().map(|section| (*section).clone()).collect();
            // It begins with the section that the request names first.
            let first =
                circle.iter().enumerate().min_by_key(|(_, id)| sections.iter().position(|section| section == *id));
            let first = first.map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            return Cycle(circle);
        }
        path.push(earlier);
    }
    Cycle(path.into_iter().cloned().collect())
}

fn in_turn(sections: &[SectionId], reason: String) -> Waves {
    let waves = sections.iter().map(|section| vec![section.clone()]).collect();
    Waves { waves, strategy: Strategy::Sequential, reason, notes: Vec::new() }
}

fn once(sections: &[SectionId]) -> Vec<SectionId> {
    let first = |(at, section): &(usize, &SectionId)| !sections[..*at].contains(section);
    sections.iter().enumerate().filter(first).map(|(_, section)| section.clone()).collect()
}
