//! Typed settings, each with its origin.

use crate::error::Origin;
use crate::schema::Key;
use crate::value::Value;
use std::collections::BTreeMap;

/// The value of a key and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Every key that has a value: `engine.max_parallel`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, Setting>);

impl Settings {
    /// The setting of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.0.get(key)
    }

    /// Whether a key is written `true`.
    #[must_use]
    pub fn is_true(&self, key: &str) -> bool {
        self.value(key) == Some(&Value::Bool(true))
    }

    /// The number of a key.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::Int(int) => Some(*int),
            Value::Bool(_) | Value::Text(_) | Value::Duration(_) | Value::List(_) | Value::Commands(_) => None,
            Value::Money(_) | Value::Effort(_) => None,
        }
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            Value::Bool(_) | Value::Int(_) | Value::Duration(_) | Value::List(_) | Value::Commands(_) => None,
            Value::Money(_) | Value::Effort(_) => None,
        }
    }

    /// The duration of a key in milliseconds.
    #[must_use]
    pub fn millis(&self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::Duration(ms) => Some(*ms),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_) | Value::Commands(_) => None,
            Value::Money(_) | Value::Effort(_) => None,
        }
    }

    /// The amount of a key in millionths of a US dollar.
    #[must_use]
    pub fn micro_usd(&self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::Money(amount) => Some(*amount),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Duration(_) | Value::List(_) => None,
            Value::Commands(_) | Value::Effort(_) => None,
        }
    }

    /// The list of a key; empty where it has none.
    #[must_use]
    pub fn list(&self, key: &str) -> &[String] {
        match self.value(key) {
            Some(Value::List(list)) => list,
            Some(Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Duration(_) | Value::Commands(_)) => &[],
            Some(Value::Money(_) | Value::Effort(_)) | None => &[],
        }
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        Some(&self.0.get(key)?.value)
    }

    /// Lays `setting` over what is there.
    pub(crate) fn put(&mut self, key: &Key, path: String, mut setting: Setting) {
        if let (true, Value::List(new), Some(Value::List(old))) = (key.additive, &setting.value, self.value(&path)) {
            setting.value = Value::List(union(old, new));
        }
        self.0.insert(path, setting);
    }
}

/// Both lists, each entry once.
pub(crate) fn union(old: &[String], new: &[String]) -> Vec<String> {
    let more = new.iter().filter(|entry| !old.contains(entry));
    old.iter().chain(more).cloned().collect()
}
