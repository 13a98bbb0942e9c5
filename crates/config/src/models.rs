//! The repository's registry and routes, read over the shipped ones.
//!
//! Both files are live and neither is trusted: what needs consent is left out and said.

use crate::error::{ConfigError, Layer, Origin, Warning, WarningKind};
use crate::inputs::Inputs;
use crate::registry::Registry;
use crate::registry_file;
use crate::registry_layer::{self, Consent, Said};
use crate::report::Report;
use crate::routing_file::{self, Chain};
use crate::source::Source;
use mao_core::ids::TaskClass;
use std::collections::BTreeMap;

/// What the two files say.
pub(crate) struct Models {
    pub(crate) registry: Registry,
    /// Chains for the mode in which everyone may work.
    pub(crate) chains: BTreeMap<TaskClass, Chain>,
    /// Where `thinking_always_on: true` stands, where it counts.
    pub(crate) thinking: Option<Origin>,
    /// Where entries, roles and routes come from.
    pub(crate) origins: BTreeMap<String, Origin>,
}

/// Reads both files.
pub(crate) fn read(inputs: &Inputs, warnings: &mut Vec<Warning>, errors: &mut Vec<ConfigError>) -> Models {
    let mut registry = Registry::shipped();
    let mut said = Said::default();
    if let Some((source, text)) = inputs.registry.as_ref().and_then(|source| readable(source, errors)) {
        let mut report = Report::new(Layer::Project, &source.name, text);
        let file = registry_file::read(&mut report);
        let consent = if inputs.trusted.contains(&source.hash()) { Consent::Given } else { Consent::Missing };
        if report.is_clean() {
            said = registry_layer::lay(&mut registry, &file, consent, &mut report);
        }
        let (wrong, new) = report.errors();
        warnings.extend(new);
        warnings.extend(waiting(&said.ignored, inputs, source));
        errors.extend(wrong);
    }
    let mut chains = BTreeMap::new();
    if let Some((source, text)) = inputs.routing.as_ref().and_then(|source| readable(source, errors)) {
        let mut report = Report::new(Layer::Project, &source.name, text);
        chains = routing_file::read(&mut report, &registry);
        let (wrong, new) = report.errors();
        warnings.extend(new);
        errors.extend(wrong);
    }
    let Said { thinking, mut origins, .. } = said;
    origins.extend(chains.iter().map(|(task, chain)| (format!("routes.{task}"), chain.origin.clone())));
    Models { registry, chains, thinking, origins }
}

fn readable<'s>(source: &'s Source, errors: &mut Vec<ConfigError>) -> Option<(&'s Source, &'s str)> {
    source.text().map_err(|error| errors.push(error)).ok().map(|text| (source, text))
}

/// What is left out until the user consents.
fn waiting(ignored: &[(String, Origin)], inputs: &Inputs, source: &Source) -> Option<Warning> {
    let (_, origin) = ignored.first()?;
    let names: Vec<String> = ignored.iter().map(|(name, origin)| format!("{name} ({origin})")).collect();
    let what = format!("ignored, since a repository may only narrow what you allow: {}", names.join(", "));
    let hash = source.hash();
    let consent = inputs.consent.replace("{hash}", &hash);
    let hint = if consent.is_empty() { format!("consent is bound to the hash {hash}") } else { consent };
    Some(Warning {
        kind: WarningKind::Waiting,
        origin: origin.clone(),
        what,
        hint: Some(format!("read the file; to consent to it as it is now: {hint}")),
    })
}
