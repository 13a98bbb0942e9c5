//! ESC-09: who else is worth asking about a change that was reviewed. A line for a person and nothing more: no step follows
//! from it, and whoever read the change already is not suggested.

use super::found::Found;
use super::steps::{reviewed, supplied};
use mao_core::ids::{ModelId, TaskClass};
use mao_core::matter::Reviewed;
use mao_core::run::RunState;
use mao_core::step::AttemptState;
use mao_policy::Policy;
use mao_policy::policy::ModelRole;
use mao_policy::triggers::{reviews, second_looks};
use serde::Serialize;

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Suggestion {
    role: &'static str,
    /// The model that has this role; absent where the registry names none.
    model: Option<ModelId>,
    /// Whether it may be asked at all.
    enabled: bool,
    why: String,
}

impl Suggestion {
    /// In one line, with the words that ask it.
    pub(super) fn shown(&self) -> String {
        let Self { role, model, enabled, why } = self;
        match model {
            None => format!("the {role}: {why} (the registry names none)"),
            Some(model) if *enabled => format!("{model} (the {role}): {why}. Ask it: `mao review pr --by {model}`"),
            Some(model) => format!("{model} (the {role}, not enabled): {why}"),
        }
    }
}

/// The suggestions for a reviewed change; none for a plan.
pub(super) fn suggestions(policy: &Policy, run: &RunState, found: &Found) -> Vec<Suggestion> {
    let Some(Reviewed::Diff { files, redesign, .. }) = reviewed(run) else { return Vec::new() };
    let read: Vec<ModelRole> = found.parts.iter().filter_map(|part| read_by(policy, run, part)).collect();
    let looks = second_looks(*files, &supplied(run).hits, redesign, &policy.thresholds);
    let looks = looks.into_iter().filter(|look| !read.contains(&look.role));
    let suggestion = |look: mao_policy::triggers::SecondLook| {
        let model = holder(policy, look.role);
        let entry = model.as_ref().and_then(|model| policy.models.get(model));
        let enabled = entry.is_some_and(|entry| policy.enabled.contains(&entry.provider));
        Suggestion { role: look.role.name(), model, enabled, why: look.why }
    };
    looks.map(suggestion).collect()
}

/// The role of whoever read a part.
fn read_by(policy: &Policy, run: &RunState, part: &super::found::Part) -> Option<ModelRole> {
    let ask = run.ask(&part.step)?;
    let last = ask.attempts.last().filter(|attempt| matches!(attempt.state, AttemptState::Answered(_)))?;
    policy.models.get(&ask.link_of(last)?.model).map(|entry| entry.role)
}

/// The model that reviews in this role, by the routes.
fn holder(policy: &Policy, role: ModelRole) -> Option<ModelId> {
    let row = policy.routes.get(&TaskClass::from(reviews(role)))?;
    let holds = |model: &&ModelId| policy.models.get(*model).is_some_and(|entry| entry.role == role);
    row.diverse.iter().chain(&row.assist).find(holds).cloned()
}
