//! DIV-03 and DIV-04: what a run's diversity came to, from its own record, and what made the difference.
//!
//! Nothing here believes a plan or a model's words about itself: who wrote is whoever the vendor says has served.

use crate::diversity::{Author, Diversity, Frozen, measure, planned};
use mao_core::ids::{ModelId, StepId};
use mao_core::run::RunState;
use mao_core::step::{AskStep, Attempt, AttemptState, Standing, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Why a workstream was written by somebody else than planned, or by nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The step.
    pub step: StepId,
    /// In the words of the log: `Storage layer: fallback from a to b (timed out)`.
    pub says: String,
}

/// The plan's score, what it came to, and why they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What was planned.
    pub planned: Diversity,
    /// What happened so far.
    pub realised: Diversity,
    /// What was otherwise than planned, in the plan's order.
    pub causes: Vec<Cause>,
}

/// Compares a plan with what the record says.
#[must_use]
pub fn compare(frozen: &Frozen, run: &RunState) -> Comparison {
    let mut causes = Vec::new();
    let mut authors = Vec::new();
    for workstream in &frozen.workstreams {
        let Some(ask) = run.ask(&workstream.step) else {
            let why = run.skipped.get(&workstream.step).map_or("it was not asked for", String::as_str);
            causes.push(Cause { step: workstream.step.clone(), says: format!("{}: {why}", workstream.step) });
            continue;
        };
        let author = author(ask, run.opened.scripted.is_some());
        let as_planned = author.is_some() && author == workstream.author;
        if !as_planned {
            let meant = workstream.author.as_ref().map(|author| &author.model);
            let says = says(ask, meant, author.as_ref().map(|author| &author.model));
            causes.extend(says.into_iter().map(|says| Cause { step: workstream.step.clone(), says }));
        }
        authors.extend(author.map(|author| (&workstream.section, author)));
    }
    Comparison { planned: planned(frozen), realised: measure(frozen, authors.into_iter()), causes }
}

/// What a scripted model says behind the name of the one that it plays.
const PLAYED: &str = " (scripted)";

/// Who wrote the answer that stands. In a run with `scripted` models whoever plays a model stands for it.
fn author(ask: &AskStep, scripted: bool) -> Option<Author> {
    let Standing::Answered(attempt, answered) = ask.standing() else { return None };
    let link = ask.link_of(attempt)?;
    let served = answered.answer.served.as_deref();
    let model = match served.map(|served| if scripted { served.trim_end_matches(PLAYED) } else { served }) {
        Some(served) if !is_the_same(served, &link.endpoint) => ModelId::from(served),
        Some(_) | None => link.model.clone(),
    };
    Some(Author { model, vendor: link.vendor.clone() })
}

/// Whether a vendor's name for what served means this endpoint: the name itself, or the name with a date behind it.
fn is_the_same(served: &str, endpoint: &str) -> bool {
    match served.strip_prefix(endpoint) {
        Some("") => true,
        Some(rest) => {
            let date = rest.trim_start_matches(['-', '@']);
            date.len() < rest.len() && date.len() >= 6 && date.chars().all(|c| c.is_ascii_digit() || c == '-')
        }
        None => false,
    }
}

/// Each step from the model that was meant to the one that wrote, with its reason.
fn says(ask: &AskStep, meant: Option<&ModelId>, wrote: Option<&ModelId>) -> Vec<String> {
    let label = &ask.ask.label;
    let links = ask.route.as_ref().map_or(&[][..], |route| &route.links);
    let name = |at: usize| links.get(at).map_or_else(String::new, |link| link.model.to_string());
    let mut says = Vec::new();
    // Before the first attempt a link may have been passed over, or the route drawn anew.
    let mut at_hand = meant.cloned();
    let mut reason = ask.passed_on.clone().unwrap_or_else(|| "it could not be asked when its turn came".to_owned());
    for attempt in &ask.attempts {
        let to = ModelId::new(name(attempt.link));
        if at_hand.as_ref() != Some(&to) {
            let from = at_hand.as_ref().map_or("nobody", ModelId::as_str);
            says.push(format!("{label}: fallback from {from} to {to} ({reason})"));
        }
        at_hand = Some(to);
        reason = failed(attempt).unwrap_or(reason);
    }
    match (wrote, ask.standing()) {
        (Some(wrote), _) if at_hand.as_ref() != Some(wrote) => {
            let asked = at_hand.map_or_else(String::new, |model| model.to_string());
            says.push(format!("{label}: {asked} was asked and {wrote} served"));
        }
        (Some(_), _) => {}
        (None, Standing::GivenUp(why)) => says.push(format!("{label}: given up ({why})")),
        (None, Standing::Idle | Standing::Running(_) | Standing::Answered(..)) => {
            says.push(format!("{label}: no answer yet"));
        }
    }
    says
}

fn failed(attempt: &Attempt) -> Option<String> {
    match &attempt.state {
        AttemptState::Failed(fault, _) => Some(fault.kind.label().to_owned()),
        AttemptState::Answered(answered) => answered.refusal.as_ref().map(|refusal| refusal.label().to_owned()),
        AttemptState::Lost => Some("lost when its owner died".to_owned()),
        AttemptState::Running => None,
    }
}

/// Whose answers a run is built on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Viewpoints {
    /// What the vendors say has served the answers that stand.
    pub served: BTreeSet<String>,
    /// How many answers stand of which no vendor says it.
    pub unconfirmed: usize,
}

impl Viewpoints {
    /// How many there are: counted, never promised.
    #[must_use]
    pub fn count(&self) -> usize {
        self.served.len()
    }
}

/// The viewpoints of a run so far.
#[must_use]
pub fn viewpoints(run: &RunState) -> Viewpoints {
    let mut viewpoints = Viewpoints::default();
    for step in run.steps.values() {
        let Step::Ask(ask) = step else { continue };
        let Standing::Answered(_, answered) = ask.standing() else { continue };
        match &answered.answer.served {
            Some(served) => {
                viewpoints.served.insert(served.clone());
            }
            None => viewpoints.unconfirmed += 1,
        }
    }
    viewpoints
}
