//! CFG-06: what loads and still would not do what its author meant. It reads the effective configuration and no file.

use crate::error::{ConfigError, Layer, Origin, Warning, WarningKind, quoted};
use crate::registry::Registry;
use crate::resolve::Loaded;
use crate::roster::routes;
use crate::schema::{self, Kind};
use mao_core::ids::ModelId;
use mao_policy::policy::Lifecycle;
use std::collections::BTreeMap;

/// What is wrong with a configuration that loads, and what else should be known.
#[must_use]
pub fn lint(loaded: &Loaded) -> (Vec<ConfigError>, Vec<Warning>) {
    let mut errors = retired(loaded);
    errors.extend(levels(loaded));
    errors.extend(rows(loaded));
    let mut warnings = gone(loaded);
    warnings.extend(later(loaded));
    (errors, warnings)
}

/// Keys that somebody wrote and that nothing in this version reads: one warning for each thing that will.
fn later(loaded: &Loaded) -> Vec<Warning> {
    let mut waiting: BTreeMap<&str, Vec<(&str, &Origin)>> = BTreeMap::new();
    for (path, setting) in &loaded.settings.0 {
        let key = schema::get().find(&path.split('.').collect::<Vec<_>>());
        if let Some(later) = key.and_then(|key| key.later.as_deref())
            && setting.origin.layer() != Layer::BuiltIn
        {
            waiting.entry(later).or_default().push((path, &setting.origin));
        }
    }
    let warning = |(later, keys): (&str, Vec<(&str, &Origin)>)| {
        let names: Vec<&str> = keys.iter().map(|(path, _)| *path).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        Some(Warning {
            kind: WarningKind::Repair,
            origin: (*keys.first()?.1).clone(),
            what: format!("{} {verb} for {later}, which this version does not have", names.join(", ")),
            hint: None,
        })
    };
    waiting.into_iter().filter_map(warning).collect()
}

/// A route that needs a model which nobody serves any more.
fn retired(loaded: &Loaded) -> Vec<ConfigError> {
    let mut needed: BTreeMap<&ModelId, Vec<&str>> = BTreeMap::new();
    for (task, route) in &loaded.policy.routes {
        for id in route.assist.iter().chain(&route.diverse) {
            let retired = loaded.policy.models.get(id).is_some_and(|entry| entry.lifecycle == Lifecycle::Retired);
            let tasks = needed.entry(id).or_default();
            if retired && !tasks.contains(&task.as_str()) {
                tasks.push(task.as_str());
            }
        }
    }
    let wrong = |(id, tasks): (&ModelId, Vec<&str>)| {
        let entry = loaded.policy.models.get(id)?;
        let routes = if tasks.len() == 1 { "the route" } else { "the routes" };
        Some(ConfigError::Wrong {
            origin: named(loaded, id, tasks.first()?)?,
            what: format!(
                "{routes} {} would need {}, which is retired (as of {})",
                tasks.join(", "),
                quoted(id.as_str()),
                entry.verified_at
            ),
            hint: entry.replacement.as_ref().map(|next| format!("use \"{next}\"")),
        })
    };
    needed.into_iter().filter(|(_, tasks)| !tasks.is_empty()).filter_map(wrong).collect()
}

/// Where a model came into a route: the route itself, a key, a role, its own entry, or the built-in file.
fn named(loaded: &Loaded, id: &ModelId, task: &str) -> Option<Origin> {
    let route = loaded.given.get(&format!("routes.{task}"));
    let names = |text: &str| {
        let entry = loaded.policy.models.get(id);
        text == id.as_str() || entry.is_some_and(|entry| entry.endpoint == text)
    };
    let key = || {
        let keys = schema::get().keys.iter().filter(|key| key.kind == Kind::Model && key.role.is_some());
        let setting = |path: &str| loaded.settings.get(path).filter(|_| loaded.settings.text(path).is_some_and(names));
        keys.filter_map(|key| setting(&key.path)).map(|setting| &setting.origin).next()
    };
    let role = || {
        let role = loaded.roles.iter().find(|(_, held)| *held == id)?;
        loaded.given.get(&format!("roles.{}", role.0))
    };
    let entry = || loaded.given.get(&format!("registry.{id}"));
    let built_in = || loaded.settings.get("engine.mode").map(|setting| &setting.origin);
    route.or_else(key).or_else(role).or_else(entry).or_else(built_in).cloned()
}

/// A family's own default is one of its own levels.
fn levels(loaded: &Loaded) -> Vec<ConfigError> {
    let families = loaded.settings.0.keys().filter_map(|key| {
        let family = key.strip_prefix("models.effort_levels.")?.strip_suffix(".default")?;
        Some((key, family))
    });
    let wrong = |(key, family): (&String, &str)| {
        let level = loaded.settings.text(key)?;
        let known = loaded.settings.list(&format!("models.effort_levels.{family}.levels"));
        let legal = known.is_empty() || known.iter().any(|known| known == level);
        (!legal).then(|| loaded.settings.get(key)).flatten().map(|setting| ConfigError::Wrong {
            origin: setting.origin.clone(),
            what: format!("{key}: {} is no level of {}", quoted(level), quoted(family)),
            hint: Some(format!("levels: {}", known.join(", "))),
        })
    };
    families.filter_map(wrong).collect()
}

/// Every task class has a row of efforts.
fn rows(loaded: &Loaded) -> Vec<ConfigError> {
    let has = |row: &str| loaded.settings.get(&format!("models.effort_policy.{row}")).is_some();
    let without = routes().routes.iter().filter(|(task, route)| !has(task.as_str()) && !has(&route.effort));
    let wrong = |task: &str| {
        let origin = loaded.settings.get("engine.mode").map(|setting| setting.origin.clone())?;
        Some(ConfigError::Wrong { origin, what: format!("{} has no row of efforts", quoted(task)), hint: None })
    };
    without.filter_map(|(task, _)| wrong(task.as_str())).collect()
}

/// Names of creative work that nothing answers to any more.
fn gone(loaded: &Loaded) -> Vec<Warning> {
    let keys = schema::get().keys.iter().filter(|key| key.kind == Kind::Choice);
    let warning = |path: &str| {
        let (means, why) = Registry::gone(loaded.settings.text(path)?)?;
        let setting = loaded.settings.get(path)?;
        Some(Warning {
            kind: WarningKind::Repair,
            origin: setting.origin.clone(),
            what: format!("{path}: {} is retired: {why}", setting.value),
            hint: Some(format!("use \"{means}\"")),
        })
    };
    keys.filter_map(|key| warning(&key.path)).collect()
}
