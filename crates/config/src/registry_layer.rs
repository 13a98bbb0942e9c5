//! The repository's registry over the shipped roster: what it may change, and what needs its user's consent.
//!
//! Without consent an entry may only narrow a model that the roster knows, and say which of them has a role. No
//! consent moves the orchestrator's role to another family.

use crate::error::{Origin, quoted};
use crate::registry::{Meaning, Registry, state};
use crate::registry_file::{LEVELS, Placed, RawEntry, RegistryFile, VENDORS, role_word};
use crate::report::Report;
use crate::words::nearest;
use mao_core::ids::ModelId;
use mao_policy::known::Known;
use mao_policy::orchestrator;
use mao_policy::policy::{Lifecycle, ModelEntry, ModelRole};
use std::collections::BTreeMap;
use std::ops::Range;

/// Whether the user consented to a file as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// To this very file.
    Given,
    /// Not, or to another one.
    Missing,
}

/// What a model without a word about its sizes is taken to hold, in tokens.
const SIZES: (u64, u64) = (128_000, 16_000);

/// What one registry file says beside its models.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Where `thinking_always_on: true` stands, where it counts.
    pub(crate) thinking: Option<Origin>,
    /// Where each entry and each role comes from: `registry.gpt-6-luna`, `roles.coder`.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// What waits for consent, with its place.
    pub(crate) ignored: Vec<(String, Origin)>,
}

/// Lays the file over the registry.
pub(crate) fn lay(registry: &mut Registry, file: &RegistryFile, consent: Consent, report: &mut Report<'_>) -> Said {
    let mut said = Said::default();
    if let Some(latest) = &file.use_latest_models {
        registry.latest = latest.value;
    }
    if let Some(always) = &file.thinking_always_on {
        let origin = report.origin(always.span.clone());
        match consent {
            Consent::Given => said.thinking = Some(origin),
            Consent::Missing => said.ignored.push(("global.thinking_always_on".into(), origin)),
        }
    }
    for raw in &file.models {
        let origin = report.origin(raw.id.span.clone());
        let name = format!("registry.{}", raw.id.text);
        let laid = match registry.models.get(&ModelId::from(raw.id.text.as_str())) {
            Some(known) => over_known(registry, known.clone(), raw, consent, report),
            None => unknown_to_the_roster(registry, raw, consent, report),
        };
        match laid {
            Laid::Whole => {}
            Laid::InPart(keys) => said.ignored.push((format!("{name}.{{{}}}", keys.join(", ")), origin.clone())),
            Laid::Waiting => {
                registry.waiting.insert(raw.id.text.clone());
                said.ignored.push((name.clone(), origin.clone()));
            }
        }
        said.origins.insert(name, origin);
    }
    replacements(registry, file, &mut said, report);
    if report.is_clean() {
        roles(registry, file, &mut said, report);
    }
    said
}

/// How much of an entry was taken.
enum Laid {
    Whole,
    InPart(Vec<&'static str>),
    Waiting,
}

/// An entry of a model that the roster knows by this id.
fn over_known(
    registry: &mut Registry,
    known: ModelEntry,
    raw: &RawEntry,
    consent: Consent,
    report: &mut Report<'_>,
) -> Laid {
    let mut entry = known.clone();
    if let Some(provider) = &raw.provider
        && provider.value != known.provider.as_str()
    {
        let what = format!("{} is reached over {}, not over {}", quoted(&raw.id.text), known.provider, provider.value);
        report.wrong(provider.span.clone(), what, None);
    }
    orchestration(&known, raw, report);
    let mut waiting = Vec::new();
    let given = consent == Consent::Given;
    let mut may = |allowed: bool, key: &'static str| {
        if !allowed && !given {
            waiting.push(key);
        }
        allowed || given
    };
    if let Some(endpoint) = raw.endpoint.as_ref().filter(|endpoint| endpoint.value != known.endpoint) {
        let older = Registry::older(&endpoint.value).is_some() || endpoint.value == raw.id.text;
        // What is not active is read as its replacement, which is said with the entry.
        if older && known.lifecycle == Lifecycle::Active {
            let what = format!("the endpoint {} is not served; read as `{}`", quoted(&endpoint.value), known.endpoint);
            report.warn(endpoint.span.clone(), what, Some(format!("write `endpoint: {}`", known.endpoint)));
        } else if !older && may(false, "endpoint") {
            entry.endpoint.clone_from(&endpoint.value);
        }
    }
    if let Some(role) = raw.role.as_ref().filter(|role| role.value != ModelRole::Orchestrator) {
        entry.role = if known.role == ModelRole::Orchestrator { known.role } else { role.value };
    }
    if let Some(lifecycle) = &raw.lifecycle
        && may(age(lifecycle.value) >= age(known.lifecycle), "lifecycle")
    {
        entry.lifecycle = lifecycle.value;
    }
    for (said, own, key) in [
        (&raw.context_tokens, &mut entry.context_tokens, "context_tokens"),
        (&raw.output_tokens, &mut entry.output_tokens, "output_tokens"),
    ] {
        if let Some(tokens) = said
            && may(tokens.value <= *own, key)
        {
            *own = tokens.value;
        }
    }
    if let Some(efforts) = &raw.efforts {
        let within = efforts.value.iter().all(|level| known.efforts.contains(level));
        if may(within, "efforts") {
            entry.efforts.clone_from(&efforts.value);
        }
    }
    if let Some(family) = raw.family.as_ref().filter(|family| family.value != known.family)
        && may(false, "family")
    {
        entry.family.clone_from(&family.value);
    }
    if let Some(verified) = &raw.verified_at {
        entry.verified_at.clone_from(&verified.value);
    }
    for (said, own, key) in [
        (&raw.deprecated, &mut entry.known.deprecated, "deprecated"),
        (&raw.retires, &mut entry.known.retires, "retires"),
    ] {
        if let Some(day) = said
            && may(own.is_none_or(|own| day.value <= own), key)
        {
            *own = Some(day.value);
        }
    }
    if let Some(said) = &raw.capabilities {
        let within = known.known.capabilities.as_ref().is_some_and(|own| said.value.is_subset(own));
        if may(within, "capabilities") {
            entry.known.capabilities = Some(said.value.clone());
        }
    }
    if let Some(replacement) = &raw.replacement {
        entry.replacement = Some(replacement.value.as_str().into());
    }
    // A level of levels that wait for consent waits with them.
    let of_waiting = |efforts: &Placed<Vec<String>>, effort: &Placed<String>| efforts.value.contains(&effort.value);
    match (&raw.efforts, &raw.effort) {
        (Some(efforts), Some(level)) if waiting.contains(&"efforts") && of_waiting(efforts, level) => {
            waiting.push("effort");
        }
        (Some(_) | None, Some(_) | None) => effort(&mut entry, raw, report),
    }
    said_older(registry, &entry, raw, report);
    registry.models.insert(ModelId::from(raw.id.text.as_str()), entry);
    if waiting.is_empty() { Laid::Whole } else { Laid::InPart(waiting) }
}

/// THK-05: a level is a word of the model's own family.
fn effort(entry: &mut ModelEntry, raw: &RawEntry, report: &mut Report<'_>) {
    let Some(effort) = &raw.effort else { return };
    let known = if entry.efforts.is_empty() { LEVELS.map(str::to_owned).to_vec() } else { entry.efforts.clone() };
    if !known.contains(&effort.value) {
        let what = format!("`{}` is no level of {}", effort.value, entry.family);
        report.wrong(effort.span.clone(), what, Some(format!("levels: {}", known.join(", "))));
    } else if !entry.efforts.is_empty() {
        entry.effort = Some(effort.value.clone());
    }
}

/// INV-01: the role stays with its family, and its family with the role.
fn orchestration(known: &ModelEntry, raw: &RawEntry, report: &mut Report<'_>) {
    let Some(role) = &raw.role else { return };
    let wrong = match (role.value == ModelRole::Orchestrator, known.role == ModelRole::Orchestrator) {
        (true, false) => format!("{} cannot be the orchestrator: the role belongs to one family", quoted(&raw.id.text)),
        (false, true) => format!("{} is the orchestrator and has no other role", quoted(&raw.id.text)),
        (true, true) | (false, false) => return,
    };
    report.wrong(role.span.clone(), wrong, None);
}

/// An entry that the roster does not know by this id: an older name, another name, or a new model.
fn unknown_to_the_roster(registry: &mut Registry, raw: &RawEntry, consent: Consent, report: &mut Report<'_>) -> Laid {
    let endpoint = raw.endpoint.as_ref().map_or(raw.id.text.as_str(), |endpoint| endpoint.value.as_str());
    let by_endpoint = registry.find(endpoint).map(|(id, entry)| (id.clone(), entry.clone(), None));
    let older = || {
        let (means, why) = Registry::older(endpoint).or_else(|| Registry::older(&raw.id.text))?;
        let (id, entry) = registry.find(means)?;
        Some((id.clone(), entry.clone(), Some(why)))
    };
    if let Some((id, entry, why)) = by_endpoint.or_else(older) {
        orchestration(&entry, raw, report);
        if let Some(why) = why {
            let what = format!("{} ({}): {why}; read as `{id}`", quoted(&raw.id.text), quoted(endpoint));
            report.warn(raw.id.span.clone(), what, Some(format!("write `{id}` with `endpoint: {}`", entry.endpoint)));
        } else {
            said_older(registry, &entry, raw, report);
        }
        registry.names.insert(raw.id.text.clone(), id);
        return Laid::Whole;
    }
    let Some((provider, endpoint, role)) = whole(raw, report) else { return Laid::Whole };
    if role.value == ModelRole::Orchestrator {
        let what = format!("{} cannot be the orchestrator: the role belongs to one family", quoted(&raw.id.text));
        report.wrong(role.span, what, None);
        return Laid::Whole;
    }
    let vendor = VENDORS.iter().find(|(_, known)| *known == provider).map_or(provider, |(vendor, _)| vendor);
    let known = |said: &Option<Placed<u64>>, or: u64| said.as_ref().map_or(or, |tokens| tokens.value);
    let mut entry = ModelEntry {
        vendor: vendor.into(),
        provider: provider.into(),
        account: vendor.into(),
        endpoint: endpoint.value,
        family: raw.family.as_ref().map_or_else(|| raw.id.text.clone(), |family| family.value.clone()),
        role: role.value,
        efforts: raw.efforts.as_ref().map(|efforts| efforts.value.clone()).unwrap_or_default(),
        effort: None,
        context_tokens: known(&raw.context_tokens, SIZES.0),
        output_tokens: known(&raw.output_tokens, SIZES.1),
        price: None,
        lifecycle: raw.lifecycle.as_ref().map_or(Lifecycle::Active, |lifecycle| lifecycle.value),
        replacement: raw.replacement.as_ref().map(|id| id.value.as_str().into()),
        verified_at: raw.verified_at.as_ref().map_or_else(|| "unknown".into(), |verified| verified.value.clone()),
        known: Known {
            capabilities: raw.capabilities.as_ref().map(|all| all.value.clone()),
            deprecated: raw.deprecated.as_ref().map(|day| day.value),
            retires: raw.retires.as_ref().map(|day| day.value),
            ..Known::default()
        },
    };
    effort(&mut entry, raw, report);
    match consent {
        Consent::Given => {
            registry.models.insert(raw.id.text.as_str().into(), entry);
            Laid::Whole
        }
        Consent::Missing => Laid::Waiting,
    }
}

/// What an entry needs that no roster completes.
fn whole(raw: &RawEntry, report: &mut Report<'_>) -> Option<(&'static str, Placed<String>, Placed<ModelRole>)> {
    let missing: Vec<&str> =
        [(raw.provider.is_none(), "cli"), (raw.endpoint.is_none(), "endpoint"), (raw.role.is_none(), "role")]
            .into_iter()
            .filter_map(|(missing, key)| missing.then_some(key))
            .collect();
    if missing.is_empty() {
        return Some((raw.provider.as_ref()?.value, raw.endpoint.clone()?, raw.role.clone()?));
    }
    if report.is_clean() {
        let what = format!("{} is no model of the roster and lacks {}", quoted(&raw.id.text), missing.join(", "));
        let known: Vec<String> = Registry::shipped().known().map(str::to_owned).collect();
        let meant =
            nearest(&raw.id.text, known.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?"));
        report.wrong(raw.id.span.clone(), what, meant);
    }
    None
}

/// Says that an entry's model is not what it was.
fn said_older(registry: &Registry, entry: &ModelEntry, raw: &RawEntry, report: &mut Report<'_>) {
    if entry.lifecycle == Lifecycle::Active {
        return;
    }
    let state = format!("{} is {} (as of {})", quoted(&raw.id.text), state(entry.lifecycle), entry.verified_at);
    match entry.replacement.as_ref().filter(|_| registry.latest) {
        Some(next) => report.warn(
            raw.id.span.clone(),
            format!("{state}; read as `{next}`"),
            registry.models.get(next).map(|entry| format!("write `{next}` with `endpoint: {}`", entry.endpoint)),
        ),
        None => report.warn(raw.id.span.clone(), state, None),
    }
}

/// Every replacement exists, and none goes in a circle. One that waits for consent replaces nobody until then.
fn replacements(registry: &mut Registry, file: &RegistryFile, said: &mut Said, report: &mut Report<'_>) {
    for raw in &file.models {
        let Some(replacement) = &raw.replacement else { continue };
        let id = ModelId::from(raw.id.text.as_str());
        if !registry.models.contains_key(&id) {
            continue;
        }
        if registry.waiting.contains(&replacement.value) {
            let shipped = Registry::shipped().models.remove(&id).and_then(|entry| entry.replacement);
            if let Some(entry) = registry.models.get_mut(&id) {
                entry.replacement = shipped;
            }
            let origin = report.origin(replacement.span.clone());
            said.ignored.push((format!("registry.{}.replacement", raw.id.text), origin));
            continue;
        }
        if !registry.models.contains_key(&ModelId::from(replacement.value.as_str())) {
            let known: Vec<&str> = registry.models.keys().map(ModelId::as_str).collect();
            let meant = nearest(&replacement.value, known).map(|word| format!("did you mean `{word}`?"));
            let what = format!("the replacement {} is not in the registry", quoted(&replacement.value));
            report.wrong(replacement.span.clone(), what, meant);
        } else if let Err(what) = registry.current(&id) {
            report.wrong(replacement.span.clone(), what, None);
        }
    }
}

const fn age(lifecycle: Lifecycle) -> u8 {
    match lifecycle {
        Lifecycle::Active => 0,
        Lifecycle::Legacy => 1,
        Lifecycle::Deprecated => 2,
        Lifecycle::Retired => 3,
    }
}

/// Each role that the file speaks of goes to the newest active model that it gives the role to.
fn roles(registry: &mut Registry, file: &RegistryFile, said: &mut Said, report: &mut Report<'_>) {
    let mut holders: BTreeMap<&str, Vec<(ModelId, Range<usize>)>> = BTreeMap::new();
    for raw in &file.models {
        let Some(role) = &raw.role else { continue };
        let span = role.span.clone();
        match registry.meaning(&raw.id.text) {
            Meaning::Model { id, .. } => holders.entry(role_word(role.value)).or_default().push((id, span)),
            Meaning::Waiting => {}
            Meaning::Lost(what) => report.wrong(span, what, None),
            Meaning::Unknown => {}
        }
    }
    for (role, held) in holders {
        let Some(id) = registry.newest(held.iter().map(|(id, _)| id.clone())) else { continue };
        let span = held.iter().find(|(held, _)| *held == id).map_or(0..0, |(_, span)| span.clone());
        give(registry, role, id, span, said, report);
    }
    for (role, name) in &file.roles {
        let known: Vec<String> = registry.roles.keys().cloned().collect();
        if !known.contains(&role.text) {
            let meant =
                nearest(&role.text, known.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?"));
            let hint = meant.or_else(|| Some(format!("known: {}", known.join(", "))));
            report.wrong(role.span.clone(), format!("{} is no role", quoted(&role.text)), hint);
            continue;
        }
        match registry.meaning(&name.value) {
            Meaning::Model { id, repair } => {
                if let Some(why) = repair {
                    let what = format!("{}: {why}; read as `{id}`", quoted(&name.value));
                    report.warn(name.span.clone(), what, None);
                }
                give(registry, &role.text, id, name.span.clone(), said, report);
            }
            Meaning::Waiting => {}
            Meaning::Lost(what) => report.wrong(name.span.clone(), what, None),
            Meaning::Unknown => dangling(registry, name, report),
        }
    }
}

/// REG-08: a name that means nobody.
pub(crate) fn dangling(registry: &Registry, name: &Placed<String>, report: &mut Report<'_>) {
    let meant = nearest(&name.value, registry.known()).map(|word| format!("did you mean `{word}`?"));
    report.wrong(name.span.clone(), format!("{} is not in the registry", quoted(&name.value)), meant);
}

fn give(
    registry: &mut Registry,
    role: &str,
    id: ModelId,
    span: Range<usize>,
    said: &mut Said,
    report: &mut Report<'_>,
) {
    let orchestrates = registry.models.get(&id).is_some_and(orchestrator::may_orchestrate);
    if (role == role_word(ModelRole::Orchestrator)) != orchestrates {
        let what = match orchestrates {
            true => format!("`{id}` is the orchestrator and has no other role"),
            false => format!("`{id}` cannot be the orchestrator: the role belongs to one family"),
        };
        report.wrong(span, what, None);
        return;
    }
    said.origins.insert(format!("roles.{role}"), report.origin(span));
    registry.roles.insert(role.to_owned(), id);
}
