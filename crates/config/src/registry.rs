//! The effective registry: the shipped roster under the repository's own, and what a name in it means.
//!
//! It reads no file; `registry_file` lays one over it. The orchestrator's role stays where `mao_policy` puts it.

use crate::roster::roster;
use mao_core::ids::ModelId;
use mao_policy::policy::{Lifecycle, ModelEntry};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// How many replacements are followed before they are taken for a circle.
const LONGEST: usize = 16;

/// All models and roles.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Registry {
    pub(crate) models: BTreeMap<ModelId, ModelEntry>,
    pub(crate) roles: BTreeMap<String, ModelId>,
    /// Names of the repository's registry, with what they mean.
    pub(crate) names: BTreeMap<String, ModelId>,
    /// Entries of the repository's registry that wait for consent.
    pub(crate) waiting: BTreeSet<String>,
    /// Whether a model that is not active is read as its replacement.
    pub(crate) latest: bool,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A model, with what was read differently from how it was written.
    Model { id: ModelId, repair: Option<String> },
    /// An entry that its user did not consent to.
    Waiting,
    /// Replacements that lead nowhere or in a circle.
    Lost(String),
    /// Nobody.
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Superseded {
    names: Vec<OlderName>,
    gone: Vec<OlderName>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OlderName {
    name: String,
    means: String,
    why: String,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static SUPERSEDED: LazyLock<Superseded> =
    LazyLock::new(|| toml::from_str(include_str!("../data/superseded.toml")).expect("compiled-in data"));

impl Registry {
    /// The shipped roster alone.
    pub(crate) fn shipped() -> Self {
        Self {
            models: roster().models.clone(),
            roles: roster().roles.clone(),
            names: BTreeMap::new(),
            waiting: BTreeSet::new(),
            latest: true,
        }
    }

    /// The model that a key of multi-model.toml means by `name`: a role, a registry id, or the vendor's own name.
    pub(crate) fn find(&self, name: &str) -> Option<(&ModelId, &ModelEntry)> {
        let id = self.roles.get(name).or_else(|| self.names.get(name)).cloned().unwrap_or_else(|| ModelId::from(name));
        let by_endpoint = || self.models.iter().find(|(_, entry)| entry.endpoint == name);
        self.models.get_key_value(&id).or_else(by_endpoint)
    }

    /// Every name that [`Self::find`] knows.
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        let models = self.models.iter().flat_map(|(id, entry)| [id.as_str(), entry.endpoint.as_str()]);
        self.roles.keys().map(String::as_str).chain(models)
    }

    /// The older name that `name` is, in any case of its letters, with what it means and why.
    pub(crate) fn older(name: &str) -> Option<(&'static str, &'static str)> {
        let older = SUPERSEDED.names.iter().find(|older| older.name.eq_ignore_ascii_case(name))?;
        Some((&older.means, &older.why))
    }

    /// What replaces a name of creative work that nothing answers to any more, and why.
    pub(crate) fn gone(name: &str) -> Option<(&'static str, &'static str)> {
        let gone = SUPERSEDED.gone.iter().find(|gone| gone.name == name)?;
        Some((&gone.means, &gone.why))
    }

    /// What the registry's and the routes' files mean by `name`.
    pub(crate) fn meaning(&self, name: &str) -> Meaning {
        if self.waiting.contains(name) {
            return Meaning::Waiting;
        }
        if let Some(id) = self.roles.get(name) {
            return Meaning::Model { id: id.clone(), repair: None };
        }
        let found = self.find(name).map(|(id, _)| (id.clone(), None));
        let older = || {
            let (means, why) = Self::older(name)?;
            Some((self.find(means)?.0.clone(), Some(why.to_owned())))
        };
        let folded = || {
            let fits = |id: &&ModelId| id.as_str().eq_ignore_ascii_case(name);
            Some((self.models.keys().find(fits)?.clone(), Some("written in other letters".to_owned())))
        };
        let Some((id, mut repair)) = found.or_else(older).or_else(folded) else { return Meaning::Unknown };
        let current = if self.latest { self.current(&id) } else { Ok(id.clone()) };
        match current {
            Ok(current) => {
                if let (true, None, Some(entry)) = (current != id, &repair, self.models.get(&id)) {
                    repair = Some(format!("{}, as of {}", state(entry.lifecycle), entry.verified_at));
                }
                Meaning::Model { id: current, repair }
            }
            Err(what) => Meaning::Lost(what),
        }
    }

    /// The active model that `id` was replaced by; itself where it is active or nothing replaces it.
    pub(crate) fn current(&self, id: &ModelId) -> Result<ModelId, String> {
        let mut at = id;
        for _ in 0..LONGEST {
            let Some(entry) = self.models.get(at) else { return Err(format!("its replacement `{at}` does not exist")) };
            match (&entry.replacement, entry.lifecycle) {
                (Some(next), Lifecycle::Legacy | Lifecycle::Deprecated | Lifecycle::Retired) => at = next,
                (None, _) | (Some(_), Lifecycle::Active) => return Ok(at.clone()),
            }
        }
        Err(format!("the replacements of `{id}` go in a circle"))
    }

    /// The newest of `ids`: what is active before what is not, then by the numbers of its name, then by its last
    /// check, then by its name, so that equal files mean equal models.
    pub(crate) fn newest(&self, ids: impl IntoIterator<Item = ModelId>) -> Option<ModelId> {
        let rank = |id: &ModelId| {
            let entry = self.models.get(id)?;
            let age = (entry.lifecycle == Lifecycle::Active, version(&entry.endpoint), entry.verified_at.clone());
            Some((age, id.clone()))
        };
        ids.into_iter().filter_map(|id| rank(&id)).max().map(|(_, id)| id)
    }
}

/// What a lifecycle is called.
pub(crate) const fn state(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Active => "active",
        Lifecycle::Legacy => "superseded",
        Lifecycle::Deprecated => "deprecated",
        Lifecycle::Retired => "retired",
    }
}

/// The numbers of a name, in order. A date is no version.
fn version(name: &str) -> Vec<u64> {
    let numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| (1..6).contains(&digits.len()));
    numbers.filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(registry: &Registry, name: &str) -> (String, Option<String>) {
        match registry.meaning(name) {
            Meaning::Model { id, repair } => (id.to_string(), repair),
            other @ (Meaning::Waiting | Meaning::Lost(_) | Meaning::Unknown) => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn reg_07_a_name_means_one_active_model() {
        let mut registry = Registry::shipped();
        assert_eq!(means(&registry, "coder"), ("gpt-6.1-sol".into(), None));
        assert_eq!(means(&registry, "claude-haiku-5-5"), ("haiku-5.5".into(), None));
        let (id, repair) = means(&registry, "gpt-5.2-codex");
        assert_eq!((id.as_str(), repair.as_deref()), ("gpt-6.1-sol", Some("retired, as of 2026-11-20")));
        assert_eq!(means(&registry, "O3").0, "gpt-6.1-sol");
        assert_eq!(means(&registry, "haiku").0, "haiku-5.5");
        assert_eq!(means(&registry, "Sonnet-5.5").1.as_deref(), Some("written in other letters"));
        assert_eq!(registry.meaning("nobody"), Meaning::Unknown);
        registry.latest = false;
        assert_eq!(means(&registry, "gpt-5.2-codex"), ("gpt-5.2-codex".into(), None));
    }

    #[test]
    fn reg_07_replacements_that_go_in_a_circle_are_found() {
        let mut registry = Registry::shipped();
        for (id, next) in [("gpt-5.2", "gpt-5.2-codex"), ("gpt-5.2-codex", "gpt-5.2")] {
            registry.models.get_mut(&ModelId::from(id)).expect("an entry").replacement = Some(next.into());
        }
        assert!(matches!(registry.meaning("gpt-5.2"), Meaning::Lost(what) if what.contains("circle")));
    }

    #[test]
    fn reg_07_the_newest_is_the_same_in_any_order() {
        let registry = Registry::shipped();
        let ids = ["gpt-6-luna", "gpt-5.2-codex", "gpt-6.1-sol", "gpt-5.3-codex"].map(ModelId::from);
        let newest = registry.newest(ids.clone());
        assert_eq!(newest, Some("gpt-6.1-sol".into()));
        assert_eq!(registry.newest(ids.into_iter().rev()), newest);
    }

    #[test]
    fn reg_08_every_older_name_means_something_of_the_roster() {
        let registry = Registry::shipped();
        for older in &SUPERSEDED.names {
            assert!(registry.find(&older.means).is_some(), "{}", older.name);
            assert!(registry.find(&older.name).is_none(), "{} is in the roster", older.name);
            assert!(matches!(registry.meaning(&older.name), Meaning::Model { .. }), "{}", older.name);
        }
    }
}
