//! The layers over each other: built in < user < project < environment < flags. Every value keeps its origin.
//!
//! A project file without its user's consent is narrowed here: nothing later asks whether it was trusted.

use crate::document;
use crate::error::{ConfigError, ConfigErrors, Layer, Origin, Warning, WarningKind, quoted};
use crate::inputs::Inputs;
use crate::schema::{self, Guard, Key, Kind};
use crate::settings::{Setting, Settings, union};
use crate::value::Value;
use crate::words::nearest;
use std::sync::LazyLock;

/// The built-in file.
pub(crate) const DEFAULT: &str = include_str!("../data/default.toml");

#[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
static BUILT_IN: LazyLock<Vec<(String, Setting)>> = LazyLock::new(|| {
    let read = document::read(Layer::BuiltIn, "default.toml", DEFAULT, &mut Vec::new());
    read.map_err(ConfigErrors).expect("compiled-in data")
});

/// The settings of the built-in file.
pub(crate) fn built_in() -> &'static [(String, Setting)] {
    &BUILT_IN
}

/// Reads every layer and lays them over each other.
pub(crate) fn merge(inputs: &Inputs, warnings: &mut Vec<Warning>) -> Result<Settings, ConfigErrors> {
    let schema = schema::get();
    let mut settings = Settings::default();
    let mut errors = Vec::new();
    let put = |settings: &mut Settings, found: Vec<(String, Setting)>| {
        for (path, setting) in found {
            let Some(key) = schema.find(&path.split('.').collect::<Vec<_>>()) else { continue };
            settings.put(key, path, setting);
        }
    };
    put(&mut settings, BUILT_IN.clone());
    if let Some(user) = &inputs.user {
        match user.text().map_err(|error| vec![error]) {
            Ok(text) => match document::read(Layer::User, &user.name, text, warnings) {
                Ok(found) => put(&mut settings, found),
                Err(wrong) => errors.extend(wrong),
            },
            Err(wrong) => errors.extend(wrong),
        }
    }
    if let Some(project) = &inputs.project {
        let read = project.text().map_err(|error| vec![error]);
        match read.and_then(|text| document::read(Layer::Project, &project.name, text, warnings)) {
            Ok(found) if inputs.trusted.contains(&project.hash()) => put(&mut settings, found),
            Ok(found) => {
                let kept = narrowed(&settings, found, inputs, &project.hash(), warnings);
                put(&mut settings, kept);
            }
            Err(wrong) => errors.extend(wrong),
        }
    }
    for (name, word) in inputs.environment.iter().filter(|(name, _)| name.starts_with("MAO_")) {
        let key = schema.keys.iter().find(|key| key.variable().as_deref() == Some(name));
        let origin = Origin::Environment(name.clone());
        match key {
            Some(key) => word_setting(&mut settings, key, key.path.clone(), word, origin, &mut errors),
            None => errors.extend(unknown_variable(name)),
        }
    }
    for flag in &inputs.flags {
        let origin = Origin::Flag(flag.flag.clone());
        match schema.find(&flag.key.split('.').collect::<Vec<_>>()) {
            Some(key) => word_setting(&mut settings, key, flag.key.clone(), &flag.value, origin, &mut errors),
            None => {
                let meant = nearest(&flag.key, schema.keys.iter().map(|key| key.path.as_str()));
                let hint = meant.map(|word| format!("did you mean `{word}`?"));
                errors.push(ConfigError::Wrong { origin, what: format!("unknown key {}", quoted(&flag.key)), hint });
            }
        }
    }
    if errors.is_empty() { Ok(settings) } else { Err(ConfigErrors(errors)) }
}

fn word_setting(
    settings: &mut Settings,
    key: &Key,
    path: String,
    word: &str,
    origin: Origin,
    errors: &mut Vec<ConfigError>,
) {
    match Value::from_word(key, word) {
        Ok(value) => settings.put(key, path, Setting { value, origin }),
        Err(misfit) => {
            errors.push(ConfigError::Wrong { origin, what: format!("{path}: {}", misfit.what), hint: misfit.hint });
        }
    }
}

/// An error for a variable that is named like a key and is none. Other `MAO_` names belong to other rooms.
fn unknown_variable(name: &str) -> Option<ConfigError> {
    let schema = schema::get();
    let tables = schema.children(&[]);
    let is_ours = tables.iter().any(|table| name.starts_with(&format!("MAO_{}_", table.to_ascii_uppercase())));
    is_ours.then(|| {
        let known: Vec<String> = schema.keys.iter().filter_map(Key::variable).collect();
        let hint = nearest(name, known.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?"));
        ConfigError::Wrong { origin: Origin::Environment(name.to_owned()), what: "no key has this name".into(), hint }
    })
}

/// What is left of a project file that its user did not consent to.
fn narrowed(
    settings: &Settings,
    found: Vec<(String, Setting)>,
    inputs: &Inputs,
    hash: &str,
    warnings: &mut Vec<Warning>,
) -> Vec<(String, Setting)> {
    let mut kept = Vec::new();
    let mut ignored: Vec<(String, Origin)> = Vec::new();
    for (path, mut setting) in found {
        let Some(key) = schema::get().find(&path.split('.').collect::<Vec<_>>()) else { continue };
        match narrow(key, settings.value(&path), &setting.value) {
            Some(value) => {
                setting.value = value;
                kept.push((path, setting));
            }
            None => ignored.push((path, setting.origin)),
        }
    }
    if let Some((_, origin)) = ignored.first() {
        let names: Vec<String> = ignored.iter().map(|(path, origin)| format!("{path} ({origin})")).collect();
        let what = format!("ignored, since a repository may only narrow what you allow: {}", names.join(", "));
        let consent = inputs.consent.replace("{hash}", hash);
        let hint = if consent.is_empty() { format!("consent is bound to the hash {hash}") } else { consent };
        let hint = format!("read the file; to consent to it as it is now: {hint}");
        warnings.push(Warning { kind: WarningKind::Waiting, origin: origin.clone(), what, hint: Some(hint) });
    }
    kept
}

/// The value that a project file may give to a key without consent; `None` where it may not.
fn narrow(key: &Key, current: Option<&Value>, new: &Value) -> Option<Value> {
    if current == Some(new) {
        return Some(new.clone());
    }
    let allowed = match key.guard {
        Guard::Free => true,
        Guard::Consent => false,
        Guard::Narrow => match (new, current) {
            (Value::Bool(new), _) => !new,
            (Value::Text(new), current) => {
                let place = |word: &str| key.allowed.iter().position(|allowed| allowed == word);
                let limit = match current {
                    Some(Value::Text(current)) if key.kind == Kind::Choice => place(current).unwrap_or(0),
                    Some(_) | None => 0,
                };
                place(new).is_some_and(|place| place <= limit)
            }
            (Value::Int(new), Some(Value::Int(current))) => new <= current,
            (Value::Money(new), Some(Value::Money(current))) => new <= current,
            (Value::Duration(new), Some(Value::Duration(current))) => new <= current,
            (Value::List(new), Some(Value::List(current))) => return Some(Value::List(union(current, new))),
            (Value::Int(_) | Value::Money(_) | Value::Duration(_) | Value::List(_), _) => true,
            (Value::Commands(_) | Value::Effort(_), _) => false,
        },
    };
    allowed.then(|| new.clone())
}
