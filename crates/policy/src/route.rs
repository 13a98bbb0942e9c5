//! Which models a step may use, in order, and why: `route`. Recorded once per step, with what was not admitted.

use crate::orchestrator;
use crate::policy::{Lifecycle, Mode, ModelEntry, Policy};
use crate::primary;
use mao_core::ask::{Ask, Role};
use mao_core::event::{Link, Route, Skipped};
use mao_core::ids::{ModelId, ProviderId, Stamp, TaskClass};
use mao_core::mutant;
use std::collections::BTreeMap;

/// What the world allows just now. Read by the engine right before it asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The time.
    pub now: Stamp,
    /// Providers that cannot be used on this machine now, with the reason.
    pub unusable: BTreeMap<ProviderId, String>,
}

/// The chain of models for a question: the task's own, then the orchestrator; without repeats; enabled, alive and
/// usable ones only. The orchestrator's questions have one link and no other.
#[must_use]
pub fn route(policy: &Policy, ask: &Ask, conditions: &Conditions) -> Route {
    of_class(policy, &ask.task, ask.role, conditions)
}

/// The same for a task class, before there is a question.
#[must_use]
pub fn of_class(policy: &Policy, task: &TaskClass, role: Role, conditions: &Conditions) -> Route {
    admitted(policy, task, chain(policy, task, role), conditions)
}

/// These models in this order, each with its reason, as far as they are admitted.
pub(crate) fn admitted(
    policy: &Policy,
    task: &TaskClass,
    chain: Vec<(ModelId, String)>,
    conditions: &Conditions,
) -> Route {
    let mut out = Route::default();
    for (model, why) in chain {
        if out.links.iter().any(|link| link.model == model) || out.skipped.iter().any(|skip| skip.model == model) {
            continue;
        }
        match admit(policy, task, &model, conditions) {
            Ok(entry) => out.links.push(link(policy, task, model, entry, why)),
            Err(why) => out.skipped.push(Skipped { model, why }),
        }
    }
    out
}

pub(crate) fn chain(policy: &Policy, task: &TaskClass, role: Role) -> Vec<(ModelId, String)> {
    let orchestrator = orchestrator::of(policy).map(|(model, _)| model.clone());
    if role == Role::Orchestrator && !mutant::is("inv_01_workers_orchestrate") {
        return orchestrator.into_iter().map(|model| (model, "the one orchestrator".to_owned())).collect();
    }
    let row = policy.routes.get(task);
    let named = row.map(|row| match policy.mode {
        Mode::Assist => ("assist", &row.assist),
        Mode::Diverse => ("diverse", &row.diverse),
    });
    let own = named.into_iter().flat_map(|(mode, models)| {
        models.iter().enumerate().map(move |(place, model)| {
            let what = if place == 0 { "primary" } else { "fallback" };
            (model.clone(), format!("{what} of {task} in mode {mode}"))
        })
    });
    own.chain(orchestrator.map(|model| (model, "universal fallback".to_owned()))).collect()
}

/// Whether a model may do work of this class now: known, allowed to, enabled, alive, usable.
///
/// # Errors
/// The first reason why it may not.
pub fn admit<'a>(
    policy: &'a Policy,
    task: &TaskClass,
    model: &ModelId,
    conditions: &Conditions,
) -> Result<&'a ModelEntry, String> {
    let entry = policy.models.get(model).ok_or("not in the registry")?;
    primary::admit(task, entry)?;
    let home = entry.vendor == orchestrator::home_vendor();
    if !home && !policy.enabled.contains(&entry.provider) && !mutant::is("inv_02_disabled_is_routed") {
        return Err(format!("{} is not enabled", entry.provider));
    }
    if entry.lifecycle == Lifecycle::Retired {
        return Err(match &entry.replacement {
            Some(replacement) => format!("retired; use {replacement}"),
            None => "retired".to_owned(),
        });
    }
    match conditions.unusable.get(&entry.provider) {
        Some(why) => Err(why.clone()),
        None => Ok(entry),
    }
}

fn link(policy: &Policy, task: &TaskClass, model: ModelId, entry: &ModelEntry, why: String) -> Link {
    let asked = policy.routes.get(task).and_then(|row| row.effort.get(&entry.family));
    let effort = asked.filter(|effort| entry.efforts.contains(effort)).or(entry.effort.as_ref()).cloned();
    Link {
        model,
        endpoint: entry.endpoint.clone(),
        vendor: entry.vendor.clone(),
        provider: entry.provider.clone(),
        account: entry.account.clone(),
        effort,
        why,
    }
}
