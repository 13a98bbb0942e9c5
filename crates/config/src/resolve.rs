//! From settings to the effective policy: names become registry entries, roles become routes, rows become efforts.

use crate::error::{ConfigError, ConfigErrors, Layer, Origin, Warning, WarningKind, quoted};
use crate::inputs::Inputs;
use crate::judgement;
use crate::models::{self, Models};
use crate::registry::{Registry, state};
use crate::registry_file::LEVELS;
use crate::roster::{RoleRoute, routes};
use crate::schema::{self, Kind};
use crate::settings::{Setting, Settings};
use crate::value::{EffortRow, Value};
use crate::words::nearest;
use mao_core::glob::Glob;
use mao_core::ids::{ModelId, ProviderId, TaskClass};
use mao_core::mutant;
use mao_policy::orchestrator;
use mao_policy::policy::{
    Billing, Check, Fallback, Ground, Handover, Lifecycle, Limits, Mode, ModelEntry, Policy, Privacy, Private, Profile,
    TaskRoute,
};
use mao_policy::score::{Dimension, Weights};
use std::collections::BTreeMap;

/// A configuration, understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What the engine obeys.
    pub policy: Policy,
    /// Every key that has a value, with its origin.
    pub settings: Settings,
    /// Where the command lines are, where a layer says it; otherwise they are looked for on PATH.
    pub commands: BTreeMap<ProviderId, String>,
    /// The task file, relative to the repository's root.
    pub sections_file: String,
    /// The requirements document, relative to the repository's root, where one is named.
    pub requirements_file: Option<String>,
    /// Where the entries, roles and routes come from that the repository's own files give:
    /// `registry.ID`, `roles.ROLE`, `routes.CLASS`.
    pub given: BTreeMap<String, Origin>,
    /// What each role means.
    pub roles: BTreeMap<String, ModelId>,
    /// What `models.defaults` names, by its last word; a name of creative work that no registry holds stays as it is.
    pub defaults: BTreeMap<String, ModelId>,
    /// What the person should know. The caller shows it.
    pub warnings: Vec<Warning>,
}

/// The switches of `[models]`, and the provider that each enables.
const SWITCHES: [(&str, &str); 5] = [
    ("models.codex_enabled", "codex"),
    ("models.gemini_enabled", "gemini"),
    ("models.nano_banana_enabled", "nano_banana"),
    ("models.sora_enabled", "sora"),
    ("models.local_llm_enabled", "local_llm"),
];

/// The command lines that `[transport]` speaks of.
const TRANSPORTS: [&str; 3] = ["claude", "codex", "gemini"];

/// Produces the policy.
pub(crate) fn resolve(
    mut settings: Settings,
    inputs: &Inputs,
    mut warnings: Vec<Warning>,
) -> Result<Loaded, ConfigErrors> {
    let mut errors = Vec::new();
    same_threshold(&mut settings, &mut errors);
    let models = models::read(inputs, &mut warnings, &mut errors);
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    always_on(&mut settings, models.thinking.as_ref());
    at_once(&mut settings);
    weights(&settings, &mut errors);
    let Named { roles, defaults, journal } = named(&settings, &models.registry, &mut warnings, &mut errors);
    let routes = routes()
        .routes
        .iter()
        .map(|(task, route)| (task.clone(), task_route(&settings, task, route, &roles, &models, &mut errors)))
        .map(|(task, mut route): (TaskClass, TaskRoute)| {
            if let Some(first) = journal.get(&task) {
                route.diverse.retain(|id| id != first);
                route.diverse.insert(0, first.clone());
            }
            (task, route)
        });
    let policy = Policy {
        mode: match settings.text("engine.mode") {
            Some("diverse") => Mode::Diverse,
            Some(_) | None => Mode::Assist,
        },
        models: models.registry.models.clone(),
        enabled: SWITCHES.iter().filter(|(key, _)| settings.is_true(key)).map(|(_, id)| (*id).into()).collect(),
        routes: routes.collect(),
        checks: commands(&settings, "engine.verify"),
        ground: Ground { setup: commands(&settings, "engine.setup"), copy: globs(settings.list("engine.copy")) },
        protected: globs(settings.list("engine.protected_paths")),
        ownership: ownership(&settings),
        limits: limits(&settings),
        billing: TRANSPORTS.iter().map(|id| ((*id).into(), billing(&settings, id))).collect(),
        profile: match settings.text("engine.thinking_profile") {
            Some("max") => Profile::Max,
            Some(_) | None => Profile::Budgeted,
        },
        privacy: match settings.text("privacy.class") {
            Some("local_only") => Privacy::LocalOnly,
            Some("claude_ok") => Privacy::HomeOnly,
            Some(_) | None => Privacy::Any,
        },
        private: Private {
            local_only: globs(settings.list("privacy.local_only")),
            home_only: globs(settings.list("privacy.claude_ok")),
            always_local: names(settings.list("models.local_llm.always_local")),
        },
        fallback: fallback(&settings),
        frozen: globs(settings.list("engine.test_paths")),
        weights: dimension_weights(&settings),
        checkpoints: judgement::checkpoints(&settings),
        thresholds: judgement::thresholds(&settings),
        answers: judgement::answers(&settings),
        consensus: judgement::consensus(&settings),
        min_diversity: settings.int("engine.min_diversity").and_then(|int| u8::try_from(int).ok()),
    };
    if let Err(error) = orchestrator::check(&policy) {
        errors.push(error.into());
    }
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    let command = |id: &&str| Some(((*id).into(), settings.text(&format!("transport.{id}.command"))?.to_owned()));
    Ok(Loaded {
        commands: TRANSPORTS.iter().filter_map(command).collect::<BTreeMap<ProviderId, String>>(),
        sections_file: settings.text("engine.sections_file").unwrap_or_default().to_owned(),
        requirements_file: settings.text("engine.requirements_file").map(str::to_owned),
        defaults,
        roles: roles.iter().map(|(role, (id, _))| ((*role).to_owned(), id.clone())).collect(),
        given: models.origins,
        policy,
        settings,
        warnings,
    })
}

/// the threshold of debug escalation has two names. The one in `[thresholds]` wins; both written apart differ.
fn same_threshold(settings: &mut Settings, errors: &mut Vec<ConfigError>) {
    const NAMES: [&str; 2] = ["models.codex.debug_escalation_threshold", "thresholds.suggest_codex_debug_after_cycles"];
    let [old, new] = NAMES.map(|key| settings.get(key).cloned());
    let Some(old) = old else { return };
    match new {
        Some(new) if new.origin.layer() != Layer::BuiltIn && new.value != old.value => {
            errors.push(ConfigError::Wrong {
                what: format!("{} = {} contradicts {} = {} ({})", NAMES[0], old.value, NAMES[1], new.value, new.origin),
                origin: old.origin,
                hint: Some(format!("keep {} alone", NAMES[1])),
            });
        }
        Some(_) | None => {
            settings.0.insert(NAMES[1].to_owned(), old);
        }
    }
}

/// What `privacy.class` calls this.
#[must_use]
pub const fn privacy_word(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::Any => "any",
        Privacy::HomeOnly => "claude_ok",
        Privacy::LocalOnly => "local_only",
    }
}

/// how many attempts are out at once in mode `diverse`, where nobody wrote a number.
pub const DIVERSE_PARALLEL: u32 = 5;

fn at_once(settings: &mut Settings) {
    let diverse = settings.text("engine.mode") == Some("diverse");
    if let Some(setting) = settings.0.get_mut("engine.max_parallel").filter(|_| diverse)
        && setting.origin.layer() == Layer::BuiltIn
    {
        setting.value = Value::Int(u64::from(DIVERSE_PARALLEL));
    }
}

/// THK-04: a registry that keeps thinking on asks for the highest levels, unless a profile is written.
fn always_on(settings: &mut Settings, origin: Option<&Origin>) {
    const KEY: &str = "engine.thinking_profile";
    let written = settings.get(KEY).is_some_and(|setting| setting.origin.layer() != Layer::BuiltIn);
    if let Some(origin) = origin.filter(|_| !written) {
        let setting = Setting { value: Value::Text("max".into()), origin: origin.clone() };
        settings.0.insert(KEY.to_owned(), setting);
    }
}

/// The weights of a review are hundredths of the whole.
fn weights(settings: &Settings, errors: &mut Vec<ConfigError>) {
    const TABLE: &str = "qa.weights.";
    let weights = || settings.0.iter().filter(|(key, _)| key.starts_with(TABLE));
    let sum: u64 = weights().filter_map(|(key, _)| settings.int(key)).sum();
    let written = weights().find(|(_, setting)| setting.origin.layer() != Layer::BuiltIn);
    if let Some((key, setting)) = written.filter(|_| sum != 100) {
        errors.push(ConfigError::Wrong {
            origin: setting.origin.clone(),
            what: format!("{key}: the five weights come to {sum}, not to 100"),
            hint: Some("write all five".into()),
        });
    }
}

/// How much each dimension of QA counts, in hundredths.
fn dimension_weights(settings: &Settings) -> Weights {
    let weight = |dimension: Dimension| {
        let weight = settings.int(&format!("qa.weights.{}", dimension.name()));
        (dimension, weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or_default())
    };
    Dimension::ALL.into_iter().map(weight).collect()
}

/// The models that keys name.
struct Named<'a> {
    roles: BTreeMap<&'a str, (ModelId, &'a ModelEntry)>,
    defaults: BTreeMap<String, ModelId>,
    journal: BTreeMap<TaskClass, ModelId>,
}

/// What each role means, after the keys that give a role to another model. Checks every model that is named.
fn named<'a>(
    settings: &Settings,
    registry: &'a Registry,
    warnings: &mut Vec<Warning>,
    errors: &mut Vec<ConfigError>,
) -> Named<'a> {
    let held = registry.roles.iter().filter_map(|(role, id)| {
        let (id, entry) = registry.models.get_key_value(id)?;
        Some((role.as_str(), (id.clone(), entry)))
    });
    let mut roles: BTreeMap<&str, (ModelId, &ModelEntry)> = held.collect();
    let (mut defaults, mut journal) = (BTreeMap::new(), BTreeMap::new());
    for (path, setting) in &settings.0 {
        let Some(key) = schema::get().find(&path.split('.').collect::<Vec<_>>()) else { continue };
        let Some(name) = settings.text(path) else { continue };
        let default = path.strip_prefix("models.defaults.");
        if key.kind != Kind::Model {
            defaults.extend(default.map(|word| (word.to_owned(), ModelId::from(name))));
            continue;
        }
        match model(path, name, key.provider.as_deref(), registry, setting, warnings) {
            Ok((id, entry)) => {
                defaults.extend(default.map(|word| (word.to_owned(), id.clone())));
                journal.extend(path.strip_prefix("journal.").map(|class| (TaskClass::from(class), id.clone())));
                if let Some(role) = &key.role {
                    roles.insert(role, (id, entry));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    Named { roles, defaults, journal }
}

fn model<'a>(
    path: &str,
    name: &str,
    provider: Option<&str>,
    registry: &'a Registry,
    setting: &Setting,
    warnings: &mut Vec<Warning>,
) -> Result<(ModelId, &'a ModelEntry), ConfigError> {
    let wrong = |what: String, hint: Option<String>| ConfigError::Wrong {
        origin: setting.origin.clone(),
        what: format!("{path}: {what}"),
        hint,
    };
    let Some((id, entry)) = registry.find(name) else {
        let hint = nearest(name, registry.known()).map_or_else(
            || format!("known: {}", active(registry).map(ModelId::as_str).collect::<Vec<_>>().join(", ")),
            |word| format!("did you mean `{word}`?"),
        );
        return Err(wrong(format!("{} is not in the registry", quoted(name)), Some(hint)));
    };
    if let Some(provider) = provider.filter(|provider| entry.provider.as_str() != *provider) {
        let what =
            format!("{} is reached over {}, and this key is for models over {provider}", quoted(name), entry.provider);
        return Err(wrong(what, None));
    }
    if path == "models.defaults.orchestration" && !orchestrator::may_orchestrate(entry) {
        let orchestrator = registry.roles.get("orchestrator").map_or("orchestrator", ModelId::as_str);
        let hint = format!("write \"{orchestrator}\", or leave the key out");
        return Err(wrong(format!("{} cannot be the orchestrator", quoted(name)), Some(hint)));
    }
    if entry.lifecycle != Lifecycle::Active {
        let skipped = if entry.lifecycle == Lifecycle::Retired { ", so routes skip it" } else { "" };
        let state = format!("{}{skipped}", state(entry.lifecycle));
        warnings.push(Warning {
            kind: WarningKind::Repair,
            origin: setting.origin.clone(),
            what: format!("{path}: {} is {state} (as of {})", quoted(name), entry.verified_at),
            hint: entry.replacement.as_ref().map(|id| format!("use \"{id}\"")),
        });
    }
    Ok((id.clone(), entry))
}

fn active(registry: &Registry) -> impl Iterator<Item = &ModelId> {
    registry.models.iter().filter(|(_, entry)| entry.lifecycle == Lifecycle::Active).map(|(id, _)| id)
}

fn task_route(
    settings: &Settings,
    task: &TaskClass,
    route: &RoleRoute,
    roles: &BTreeMap<&str, (ModelId, &ModelEntry)>,
    models: &Models,
    errors: &mut Vec<ConfigError>,
) -> TaskRoute {
    let chain = |names: &[String]| {
        let mut chain: Vec<ModelId> = Vec::new();
        for (id, _) in names.iter().filter_map(|name| roles.get(name.as_str())) {
            if !chain.contains(id) {
                chain.push(id.clone());
            }
        }
        chain
    };
    let row = |name: &str| match settings.get(&format!("models.effort_policy.{name}")) {
        Some(Setting { value: Value::Effort(row), origin }) => Some((row, origin)),
        Some(_) | None => None,
    };
    let mut effort = BTreeMap::new();
    if let Some((row, origin)) = row(task.as_str()).or_else(|| row(&route.effort)) {
        let chained = models.chains.get(task).into_iter().flat_map(|chain| &chain.models);
        let named = chained.filter_map(|id| models.registry.models.get(id));
        for entry in roles.values().map(|(_, entry)| *entry).chain(named) {
            match level(settings, row, origin.layer(), entry) {
                Ok(Some(level)) => {
                    effort.insert(entry.family.clone(), level);
                }
                Ok(None) => {}
                Err(what) => {
                    let error = ConfigError::Wrong { origin: origin.clone(), what, hint: None };
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                }
            }
        }
    }
    let diverse = models.chains.get(task).map_or_else(|| chain(&route.diverse), |own| own.models.clone());
    TaskRoute { assist: chain(&route.assist), diverse, effort }
}

/// The level that a row of `layer` asks of a model; `None` for the model's own default.
fn level(settings: &Settings, row: &EffortRow, layer: Layer, entry: &ModelEntry) -> Result<Option<String>, String> {
    if settings.text("engine.thinking_profile") == Some("max") && !mutant::is("thk_01_max_is_a_row_like_any") {
        return Ok(entry.efforts.last().cloned());
    }
    if mutant::is("thk_02_rows_are_ignored") {
        return Ok(None);
    }
    let asked = match entry.provider.as_str() {
        "claude" => match row.claude.as_deref() {
            Some("extended") => return Ok(entry.efforts.last().cloned()),
            Some(_) | None => return Ok(None),
        },
        "codex" => row.codex.as_deref().or_else(|| settings.text("models.codex.default_reasoning")),
        _ => None,
    };
    match asked {
        // Thinking is never switched off: `none` asks for the lowest level that is on.
        Some("none") if mutant::is("thk_04_thinking_is_switched_off") => Ok(Some("none".to_owned())),
        Some("none") => Ok(entry.efforts.first().cloned()),
        // Nobody wrote a built-in row for a model that a registry adds: it gets the highest level below.
        Some(level) if layer == Layer::BuiltIn && !entry.efforts.iter().any(|known| known == level) => {
            let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
            let below = entry.efforts.iter().rev().find(|known| rank(known) <= rank(level));
            Ok(below.or(entry.efforts.first()).cloned())
        }
        Some(level) if mutant::is("thk_05_any_word_is_a_level") => Ok(Some(level.to_owned())),
        Some(level) if !entry.efforts.is_empty() && !entry.efforts.iter().any(|known| known == level) => {
            Err(format!("`{level}` is no level of {}; it knows {}", entry.endpoint, entry.efforts.join(", ")))
        }
        Some(level) if !entry.efforts.is_empty() => Ok(Some(level.to_owned())),
        Some(_) | None => Ok(None),
    }
}

fn commands(settings: &Settings, key: &str) -> Vec<Check> {
    match settings.get(key).map(|setting| &setting.value) {
        Some(Value::Commands(commands)) => commands.iter().map(|argv| Check { argv: argv.clone() }).collect(),
        Some(_) | None => Vec::new(),
    }
}

fn globs(texts: &[String]) -> Vec<Glob> {
    texts.iter().map(|text| Glob(text.clone())).collect()
}

fn names(texts: &[String]) -> Vec<TaskClass> {
    texts.iter().map(|name| name.as_str().into()).collect()
}

fn ownership(settings: &Settings) -> BTreeMap<String, Vec<Glob>> {
    let owned = |key: &str| key.strip_prefix("engine.ownership.").map(str::to_owned);
    settings.0.keys().filter_map(|key| Some((owned(key)?, globs(settings.list(key))))).collect()
}

fn billing(settings: &Settings, provider: &str) -> Billing {
    match settings.text(&format!("transport.{provider}.billing")) {
        Some("api") => Billing::Api,
        Some(_) | None => Billing::Subscription,
    }
}

fn limits(settings: &Settings) -> Limits {
    let built_in = Limits::default();
    let count = |key: &str, or: u32| settings.int(key).and_then(|int| u32::try_from(int).ok()).unwrap_or(or);
    let time = |key: &str, or: u64| settings.millis(key).unwrap_or(or);
    Limits {
        max_parallel: count("engine.max_parallel", built_in.max_parallel),
        max_attempts: count("engine.max_attempts", built_in.max_attempts),
        wall_clock_ms: settings.millis("engine.wall_clock").or(built_in.wall_clock_ms),
        max_tokens: settings.int("budgets.run_tokens").or(built_in.max_tokens),
        max_micro_usd: settings.micro_usd("budgets.run_usd").or(built_in.max_micro_usd),
        first_byte_ms: time("engine.timeouts.first_byte", built_in.first_byte_ms),
        idle_ms: time("engine.timeouts.idle", built_in.idle_ms),
        attempt_ms: time("engine.timeouts.total", built_in.attempt_ms),
        grace_ms: time("engine.timeouts.grace", built_in.grace_ms),
        check_ms: time("engine.timeouts.check", built_in.check_ms),
        rate_wait_ms: time("engine.rate_wait", built_in.rate_wait_ms),
        account_parallel: count("engine.account_parallel", built_in.account_parallel),
    }
}

fn fallback(settings: &Settings) -> Fallback {
    let built_in = Fallback::default();
    let failures = settings.int("breaker.failures").and_then(|int| u32::try_from(int).ok());
    Fallback {
        handover: match settings.text("fallback.handover") {
            Some("packet") => Handover::Packet,
            Some(_) | None => Handover::Clean,
        },
        failures: failures.unwrap_or(built_in.failures),
        rest_ms: settings.millis("breaker.cool_down").unwrap_or(built_in.rest_ms),
    }
}

/// Where each key's value came from, for those who only show it.
impl Loaded {
    /// The origin of every key that has a value.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<&str, &Origin> {
        self.settings.0.iter().map(|(key, setting)| (key.as_str(), &setting.origin)).collect()
    }
}
