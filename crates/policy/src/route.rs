//! Which models a step may use, in order, and why: `route`. Recorded once per step, with what was not admitted.

use crate::complexity;
use crate::known::{Access, Actor};
use crate::orchestrator::{self, home_vendor};
use crate::policy::{Lifecycle, Mode, ModelEntry, ModelRole, Policy, Privacy, Profile};
use crate::primary;
use crate::privacy;
use mao_core::ask::{Ask, Binding, Complexity, Proposal, Role};
use mao_core::event::{Link, Route, Skipped};
use mao_core::ids::{AccountId, ModelId, ProviderId, Stamp, TaskClass};
use mao_core::mutant;
use mao_core::text;
use std::collections::{BTreeMap, BTreeSet};

/// The task classes of a section's workstreams.
const WORKSTREAMS: [&str; 5] = ["schema_design", "storage_layer", "core_logic", "implementation", "tests"];

/// What the world allows just now. Read by the engine right before it asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The time.
    pub now: Stamp,
    /// Providers that cannot be used on this machine now, with the reason.
    pub unusable: BTreeMap<ProviderId, String>,
    /// Accounts that are left alone for now, by what reaches them, with the reason. The orchestrator is asked all the
    /// same: there is nobody else.
    pub resting: BTreeMap<(ProviderId, AccountId), String>,
}

/// The chain of models for a question: the orchestrator's proposal where policy admits it, the task's own, then the
/// orchestrator; without repeats; enabled, alive and usable ones only. The orchestrator's questions have one link and no
/// other.
#[must_use]
pub fn route(policy: &Policy, ask: &Ask, conditions: &Conditions) -> Route {
    let mut chain = chain(policy, &ask.task, ask.role);
    let mut refused = Vec::new();
    if let (Role::Worker, Some(Proposal { model, reason, binding: Binding::Alone | Binding::AtHome })) =
        (ask.role, &ask.proposal)
    {
        let at_home = |model: &ModelId| {
            policy.models.get(model).is_some_and(|entry| entry.vendor == home_vendor())
                || mutant::is("esc_07_outsiders_implement")
        };
        let alone = ask.proposal.as_ref().is_some_and(|proposal| proposal.binding == Binding::Alone);
        chain.retain(|(model, _)| !alone && at_home(model));
        if alone || at_home(model) {
            chain.insert(0, (model.clone(), text::one_line(reason, 300)));
        } else {
            refused.push(Skipped { model: model.clone(), why: "this is done at home, whoever is proposed".to_owned() });
        }
    }
    if let (Role::Worker, Some(Proposal { model, reason, binding: Binding::First })) = (ask.role, &ask.proposal) {
        let reason = text::one_line(reason, 300);
        let admitted = may_see(policy, ask, model).and_then(|()| proposable(policy, model));
        match admitted.and_then(|()| admit(policy, &ask.task, model, conditions)) {
            Ok(_) => chain.insert(0, (model.clone(), format!("proposed by the orchestrator: {reason}"))),
            Err(why) => {
                let why = format!("proposed by the orchestrator ({reason}) and refused: {why}");
                refused.push(Skipped { model: model.clone(), why });
            }
        }
    }
    // INV-08: before anything else is asked about them.
    chain.retain(|(model, _)| match may_see(policy, ask, model) {
        Ok(()) => true,
        Err(why) => {
            refused.push(Skipped { model: model.clone(), why });
            false
        }
    });
    let start = Route { links: Vec::new(), skipped: refused, unusable: conditions.unusable.clone() };
    let mut route = fill(policy, &ask.task, chain, conditions, ask.complexity, start);
    keep_apart(&mut route.links, &ask.apart_from);
    route
}

/// Those whose own work it is about come last, and are then fresh instances of the same provider.
fn keep_apart(links: &mut [Link], from: &BTreeSet<ProviderId>) {
    if mutant::is("qa_10_the_fixer_verifies_itself") {
        return;
    }
    links.sort_by_key(|link| from.contains(&link.provider));
    for link in links.iter_mut().filter(|link| from.contains(&link.provider)) {
        link.why.push_str("; same provider, a fresh instance");
    }
}

/// Whether a model's vendor may see a question that fewer may see than the rest of the run.
fn may_see(policy: &Policy, ask: &Ask, model: &ModelId) -> Result<(), String> {
    let (mut class, said) = privacy::of(policy, ask);
    if mutant::is("prv_04_local_work_falls_back_home") && class == Privacy::LocalOnly {
        class = Privacy::HomeOnly;
    }
    let Some(entry) = policy.models.get(model).filter(|_| class != policy.privacy) else { return Ok(()) };
    if class.admits(&entry.vendor, &home_vendor()) || mutant::is("inv_08_privacy_is_asked_last") {
        return Ok(());
    }
    let why = said.into_iter().find(|source| source.class == class).map(|source| source.from).unwrap_or_default();
    Err(format!("privacy is {}: {why}", class.name()))
}

/// a model may be proposed for a workstream when some workstream's route names it in this mode, or when it
/// orchestrates.
fn proposable(policy: &Policy, model: &ModelId) -> Result<(), String> {
    let named = WORKSTREAMS.into_iter().flat_map(|class| chain(policy, &TaskClass::from(class), Role::Worker));
    match named.into_iter().find(|(one, _)| one == model) {
        Some(_) => Ok(()),
        None if policy.models.contains_key(model) => {
            Err(format!("no workstream's route names it in mode {}", policy.mode.name()))
        }
        None => Err("not in the registry".to_owned()),
    }
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
    fill(policy, task, chain, conditions, None, Route { unusable: conditions.unusable.clone(), ..Route::default() })
}

fn fill(
    policy: &Policy,
    task: &TaskClass,
    chain: Vec<(ModelId, String)>,
    conditions: &Conditions,
    complexity: Option<Complexity>,
    mut out: Route,
) -> Route {
    for (model, why) in chain {
        let named =
            out.links.iter().any(|link| link.model == model) || out.skipped.iter().any(|skip| skip.model == model);
        if named && !mutant::is("fbk_04_repeats_stay") {
            continue;
        }
        match admit(policy, task, &model, conditions) {
            Ok(entry) => {
                out.links.push(Link { effort: effort(policy, task, entry, complexity), ..link(model, entry, why) })
            }
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
    if !policy.privacy.admits(&entry.vendor, &orchestrator::home_vendor()) && !mutant::is("fbk_05_privacy_is_crossed") {
        return Err(match policy.privacy {
            Privacy::Any | Privacy::HomeOnly => format!("privacy is home_only: not for {}", entry.vendor),
            Privacy::LocalOnly => "privacy is local_only: nothing leaves this machine".to_owned(),
        });
    }
    if !home && !policy.enabled.contains(&entry.provider) && !mutant::is("inv_02_disabled_is_routed") {
        return Err(format!("{} is not enabled", entry.provider));
    }
    if entry.known.access.get(&Actor::Orchestrator) == Some(&Access::No) {
        return Err("its vendor lets no program ask it".to_owned());
    }
    if entry.stage(conditions.now) == Lifecycle::Retired {
        return Err(match &entry.replacement {
            Some(replacement) => format!("retired; use {replacement}"),
            None => "retired".to_owned(),
        });
    }
    let resting = || conditions.resting.get(&(entry.provider.clone(), entry.account.clone()));
    let resting = || resting().filter(|_| entry.role != ModelRole::Orchestrator);
    match conditions.unusable.get(&entry.provider).or_else(resting) {
        Some(why) => Err(why.clone()),
        None => Ok(entry),
    }
}

/// The effort that a model is asked with for work of this class that nobody rated; none where its family knows no levels.
#[must_use]
pub fn effort_of(policy: &Policy, task: &TaskClass, model: &ModelId) -> Option<String> {
    effort(policy, task, policy.models.get(model)?, None)
}

/// The effort that the row asks for, or the model's own; less where little is to do and nobody asked for the most.
fn effort(policy: &Policy, task: &TaskClass, entry: &ModelEntry, complexity: Option<Complexity>) -> Option<String> {
    let asked = policy.routes.get(task).and_then(|row| row.effort.get(&entry.family));
    let effort = asked.filter(|effort| entry.efforts.contains(effort)).or(entry.effort.as_ref()).cloned();
    match (policy.profile, complexity) {
        (Profile::Budgeted, Some(complexity)) => complexity::effort(entry, effort.as_deref(), complexity).or(effort),
        (Profile::Budgeted, None) | (Profile::Max, _) => effort,
    }
}

fn link(model: ModelId, entry: &ModelEntry, why: String) -> Link {
    Link {
        model,
        endpoint: entry.endpoint.clone(),
        vendor: entry.vendor.clone(),
        provider: entry.provider.clone(),
        account: entry.account.clone(),
        effort: None,
        why,
    }
}
