//! A place seen without opening anything: its configuration and which command lines are there. No git runs, no ledger
//! is touched, nobody is called: a look takes milliseconds.

use super::{PROBES, clock, directory, environment, find, load, mention};
use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::print::Printer;
use mao_config::{Flag, Loaded};
use mao_core::ids::{ModelId, ProviderId, TaskClass};
use mao_policy::case::Tuning;
use mao_policy::policy::ModelRole;
use mao_policy::route::{self, Conditions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A place as it is seen.
pub struct Glance {
    /// The effective configuration.
    pub loaded: Loaded,
    environment: BTreeMap<String, String>,
    root: Option<PathBuf>,
}

impl Glance {
    /// Looks at the directory that is meant, and prints the configuration's warnings.
    pub fn at(common: &Common, flags: Vec<Flag>, printer: &Printer) -> Result<Self, Failure> {
        let environment = environment();
        let dir = directory(common)?;
        let wrong = |source| Failure::new(Exit::Configuration, format!("{}: {source}", dir.display()));
        let root = root(&dir.canonicalize().map_err(wrong)?);
        let loaded = load(&environment, root.as_deref(), flags)?;
        mention(&loaded.warnings, printer);
        Ok(Self { loaded, environment, root })
    }

    /// Which providers cannot be used here, with the reason. Who is signed in is not looked at: that takes a call.
    pub fn conditions(&self) -> Conditions {
        let providers = self.loaded.policy.models.values().map(|entry| &entry.provider);
        let unusable = providers.filter_map(|provider| Some((provider.clone(), self.missing(provider)?))).collect();
        Conditions { now: clock().now(), unusable, ..Conditions::default() }
    }

    /// CFG-03: whether a model may do any work here now, or the first thing that is missing.
    pub fn usable(&self, model: &ModelId, conditions: &Conditions) -> Result<(), String> {
        let nothing_special = TaskClass::from("");
        route::admit(&self.loaded.policy, &nothing_special, model, conditions).map(|_| ())
    }

    fn missing(&self, provider: &ProviderId) -> Option<String> {
        if !PROBES.iter().any(|probe| probe.name == provider.as_str()) {
            return Some(format!("nothing in this version reaches {provider}"));
        }
        let found = match self.loaded.commands.get(provider) {
            Some(command) => Some(PathBuf::from(command)).filter(|path| path.is_absolute() && path.is_file()),
            None => find(&self.environment, provider.as_str()),
        };
        // What a repository brings along is never started.
        match found {
            Some(program) if self.root.as_ref().is_some_and(|root| program.starts_with(root)) => {
                Some(format!("{provider} lies in this repository"))
            }
            Some(_) => None,
            None => Some(format!("{provider} is not on PATH")),
        }
    }

    /// What the decision tree knows beside the policy.
    pub fn tuning(&self) -> Tuning {
        let policy = &self.loaded.policy;
        let roles = self.loaded.roles.iter().filter_map(|(name, model)| Some((role(name)?, model.clone())));
        Tuning {
            thresholds: policy.thresholds.clone(),
            checkpoints: policy.checkpoints.clone(),
            defaults: self.loaded.defaults.clone(),
            roles: roles.collect(),
        }
    }
}

/// The nearest directory above that holds a repository, by the look of it.
fn root(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}

fn role(name: &str) -> Option<ModelRole> {
    use ModelRole::{Analyzer, Checker, Coder, Drafter, Orchestrator, Reasoner, Worker};
    [Orchestrator, Worker, Checker, Reasoner, Coder, Analyzer, Drafter].into_iter().find(|role| role.name() == name)
}
