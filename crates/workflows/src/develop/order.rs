//! The order in which sections run: the dependency check's answer, the task list's own words, and what follows from both.
//!
//! PLN-02, PLN-03: waves are computed from edges; what is uncertain, circular or failed runs one after another. Derived
//! from the record each time, never stored.

use mao_core::ids::{SectionId, StepId};
use mao_core::request::{Order, Request};
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::complexity::{Declared, Rating, rate};
use mao_policy::triggers::Complexity;
use mao_policy::waves::{Cycle, Dependencies, Edge, Relation, Severity, Strategy, Waves, waves};
use serde::Deserialize;
use serde_json::{Value, json};

/// The step in which the dependencies between sections are checked.
pub const DEPS: &str = "deps";

/// Whether somebody is asked how the sections depend on each other: not for one, and not where the order is given.
#[must_use]
pub fn is_checked(request: &Request) -> bool {
    request.sections.len() > 1 && request.order == Order::Computed
}

/// Whether the check is over, or is none.
pub(super) fn settled(run: &RunState) -> bool {
    !is_checked(&run.opened.request)
        || match run.ask(&StepId::from(DEPS)).map(|ask| ask.standing()) {
            Some(Standing::Answered(..) | Standing::GivenUp(_)) => true,
            Some(Standing::Idle | Standing::Running(_)) | None => false,
        }
}

/// What the check said, the task list's own words added; `None` where it gave no answer.
#[must_use]
pub fn dependencies(run: &RunState) -> Option<Dependencies> {
    let Standing::Answered(_, answered) = run.ask(&StepId::from(DEPS))?.standing() else { return None };
    let said = read(answered.answer.structured.as_ref()?).ok()?;
    Some(with_declared(&run.opened.request, said))
}

/// The dependencies in a structured reply.
pub(crate) fn read(value: &Value) -> Result<Dependencies, String> {
    Dependencies::deserialize(value).map_err(|wrong| wrong.to_string())
}

/// Whether a reply says how the sections depend on each other: a circle is no answer.
pub(crate) fn accepts(request: &Request, value: &Value) -> Result<(), String> {
    let said = with_declared(request, read(value)?);
    waves(&ids(request), Some(&said)).map(|_| ()).map_err(|circle| circle.to_string())
}

/// The order of the run's sections, with its reason.
#[must_use]
pub fn order(run: &RunState) -> Waves {
    let request = &run.opened.request;
    let ids = declared_first(request);
    if request.order == Order::Sequential && ids.len() > 1 {
        return in_turn(ids, "asked for: one after another".to_owned());
    }
    let said = if is_checked(request) { dependencies(run) } else { None };
    let mut found = match waves(&ids, said.as_ref()) {
        Ok(found) => found,
        Err(circle) => in_turn(ids, circle.to_string()),
    };
    // Within a wave the request's own order holds.
    let place = |id: &SectionId| request.sections.iter().position(|section| section.id == *id);
    for wave in &mut found.waves {
        wave.sort_by_key(place);
    }
    found
}

/// The order that the task list's own words give, where nobody is asked for more.
#[must_use]
pub fn as_declared(run: &RunState) -> Waves {
    let request = &run.opened.request;
    let ids = ids(request);
    if request.order == Order::Sequential {
        return in_turn(declared_first(request), "asked for: one after another".to_owned());
    }
    match waves(&ids, Some(&with_declared(request, Dependencies::default()))) {
        Ok(found) => found,
        Err(circle) => in_turn(ids, circle.to_string()),
    }
}

/// A circle in what the task list itself says of these sections.
///
/// # Errors
/// The circle.
pub fn check_declared(request: &[(SectionId, Vec<SectionId>)]) -> Result<(), Cycle> {
    let ids: Vec<SectionId> = request.iter().map(|(id, _)| id.clone()).collect();
    let edges = request.iter().flat_map(|(id, depends)| edges(&ids, id, depends)).collect();
    waves(&ids, Some(&Dependencies { edges, ..Dependencies::default() })).map(|_| ())
}

/// The sections that `section` cannot do without, among those of the request.
pub(super) fn needs(run: &RunState, section: &SectionId) -> Vec<SectionId> {
    let said = dependencies(run).unwrap_or_else(|| with_declared(&run.opened.request, Dependencies::default()));
    let blocking = |edge: &&Edge| edge.severity == Severity::Blocking && edge.to == *section;
    said.edges.iter().filter(blocking).map(|edge| edge.from.clone()).collect()
}

/// How much there is to a section (PLN-06).
#[must_use]
pub fn rating(run: &RunState, section: &SectionId) -> Rating {
    let declares = run.opened.request.sections.iter().find(|brief| brief.id == *section).map(|brief| &brief.declares);
    let Some((declares, subtasks)) = declares.and_then(|declares| Some((declares, declares.subtasks?))) else {
        let why = "nothing is declared: taken as moderate".to_owned();
        return Rating { complexity: Complexity::Moderate, points: 0, why };
    };
    let said = dependencies(run).unwrap_or_else(|| with_declared(&run.opened.request, Dependencies::default()));
    let touches = |edge: &&Edge| edge.severity == Severity::Blocking && (edge.from == *section || edge.to == *section);
    rate(&Declared {
        subtasks,
        dependencies: u64::try_from(said.edges.iter().filter(touches).count()).unwrap_or(u64::MAX),
        existing_files: declares.existing_files,
        security_hits: declares.security_hits,
    })
}

fn ids(request: &Request) -> Vec<SectionId> {
    request.sections.iter().map(|section| section.id.clone()).collect()
}

/// The sections as the task list's own words order them; as asked for, where they go in a circle.
fn declared_first(request: &Request) -> Vec<SectionId> {
    let ids = ids(request);
    let declared = with_declared(request, Dependencies::default());
    waves(&ids, Some(&declared)).map_or(ids, |found| found.waves.into_iter().flatten().collect())
}

fn with_declared(request: &Request, mut said: Dependencies) -> Dependencies {
    let ids = ids(request);
    let declared = request.sections.iter().flat_map(|section| edges(&ids, &section.id, &section.declares.depends));
    for edge in declared {
        let known = |one: &Edge| (&one.from, &one.to, one.severity) == (&edge.from, &edge.to, edge.severity);
        if !said.edges.iter().any(known) {
            said.edges.push(edge);
        }
    }
    said
}

fn edges<'a>(
    ids: &'a [SectionId],
    section: &'a SectionId,
    depends: &'a [SectionId],
) -> impl Iterator<Item = Edge> + 'a {
    depends.iter().filter(move |id| ids.contains(id) && *id != section).map(move |from| Edge {
        from: from.clone(),
        to: section.clone(),
        kind: Relation::Temporal,
        severity: Severity::Blocking,
        evidence: "the task list says so".to_owned(),
    })
}

fn in_turn(ids: Vec<SectionId>, reason: String) -> Waves {
    let waves = ids.into_iter().map(|id| vec![id]).collect();
    Waves { waves, strategy: Strategy::Sequential, reason, notes: Vec::new() }
}

/// The JSON schema of the check's answer.
#[must_use]
pub fn schema() -> Value {
    let edge = crate::plan::object(json!({
        "from": {"type": "string"},
        "to": {"type": "string"},
        "kind": {"type": "string", "enum": ["type", "import", "data_flow", "temporal"]},
        "severity": {"type": "string", "enum": ["blocking", "soft"]},
        "evidence": {"type": "string"},
    }));
    crate::plan::object(json!({
        "edges": {"type": "array", "items": edge},
        "uncertain": {"type": ["string", "null"]},
    }))
}
