//! The committed list of mutations, held against the switches in the sources and against the requirements. Never runs one.

use crate::outcome::{Failure, Outcome};
use crate::requirements::{self, Requirement};
use crate::source::Source;
use crate::tools;
use serde::Deserialize;
use std::collections::BTreeSet;

/// One mutation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// The switch's name; begins with the requirement's id, `inv_03_…`.
    pub(super) name: String,
    /// The requirement that it breaks.
    pub(super) requirement: String,
    /// Tests that carry another id and may fail too.
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// Who runs it instead, for a mutation that only a whole binary notices.
    pub(super) elsewhere: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    mutant: Vec<Mutant>,
}

/// Reads the list and checks it.
pub(super) fn read(requirements: &[Requirement], sources: &[Source]) -> Outcome<Vec<Mutant>> {
    let text = std::fs::read_to_string(tools::root().join("xtask/mutants.toml"))
        .map_err(|why| Failure::broken(format!("xtask/mutants.toml: {why}")))?;
    let list: List = toml::from_str(&text).map_err(|why| Failure::broken(format!("xtask/mutants.toml: {why}")))?;
    let wrong = check(&list.mutant, requirements, sources);
    if wrong.is_empty() { Ok(list.mutant) } else { Err(Failure::broken(format!("mutants:\n  {}", wrong.join("\n  ")))) }
}

fn check(mutants: &[Mutant], requirements: &[Requirement], sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for mutant in mutants {
        let (name, id) = (&mutant.name, &mutant.requirement);
        if !names.insert(name.as_str()) {
            wrong.push(format!("`{name}` is listed twice"));
        }
        if !requirements.iter().any(|requirement| requirement.id == *id) {
            wrong.push(format!("`{name}` breaks {id}, which docs/requirements.txt does not have"));
        }
        if mutant.elsewhere.is_none() && requirements::carried_id(name).as_deref() != Some(id) {
            wrong.push(format!("`{name}` does not begin with {id}"));
        }
    }
    let switches: BTreeSet<&str> = sources.iter().flat_map(switches).collect();
    wrong
        .extend(switches.difference(&names).map(|name| format!("`{name}` is a switch in the sources, but not listed")));
    wrong.extend(names.difference(&switches).map(|name| format!("`{name}` is listed, but no source has that switch")));
    wrong
}

/// The families of requirements whose every rule is pure enough to have a switch.
const FAMILIES: &[&str] = &["INV", "PRV", "CHK", "DIS", "ESC", "FBK", "THK"];

/// Those of these requirements that should have a mutation and have none.
pub(super) fn without<'a>(mutants: &[Mutant], ids: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let owed = ids.filter(|id| FAMILIES.iter().any(|family| id.split('-').next() == Some(family)));
    owed.filter(|id| !mutants.iter().any(|mutant| mutant.requirement == *id))
}

/// The rooms in which switches stand.
pub(super) fn rooms(sources: &[Source]) -> BTreeSet<String> {
    let switched = sources.iter().filter(|source| switches(source).next().is_some());
    switched.filter_map(|source| source.room().map(str::to_owned)).collect()
}

/// The names in `mutant::is("…")`.
fn switches(source: &Source) -> impl Iterator<Item = &str> {
    source.code.match_indices("mutant::is(").filter(|_| source.room().is_some()).filter_map(|(at, call)| {
        let argument = source.code[at + call.len()..].trim_start().strip_prefix('"')?;
        argument.split_once('"').map(|(name, _)| name)
    })
}

#[cfg(test)]
mod tests {
    use super::{Mutant, check};
    use crate::source::Source;

    fn wrong(names: &[(&str, &str)], text: &str) -> Vec<String> {
        let mutant = |(name, requirement): &(&str, &str)| Mutant {
            name: (*name).into(),
            requirement: (*requirement).into(),
            also: Vec::new(),
            elsewhere: None,
        };
        let mutants: Vec<Mutant> = names.iter().map(mutant).collect();
        let requirements = crate::requirements::list().expect("the committed list");
        check(&mutants, &requirements, &[Source::new("crates/core/src/a.rs", text)])
    }

    #[test]
    fn the_list_and_the_switches_are_the_same() {
        let text = "//! `mutant::is(\"name\")`\nif !mutant::is(\"inv_03_a\") && mutant::is(\n    \"inv_06_b\",\n) {}\n";
        assert_eq!(wrong(&[("inv_03_a", "INV-03"), ("inv_06_b", "INV-06")], text), Vec::<String>::new());
        assert_eq!(wrong(&[("inv_03_a", "INV-03")], text), ["`inv_06_b` is a switch in the sources, but not listed"]);
        assert_eq!(wrong(&[("inv_03_a", "INV-03")], ""), ["`inv_03_a` is listed, but no source has that switch"]);
    }

    #[test]
    fn a_mutant_names_what_it_breaks() {
        let text = "mutant::is(\"inv_03_a\")";
        assert_eq!(wrong(&[("inv_03_a", "INV-06")], text), ["`inv_03_a` does not begin with INV-06"]);
        assert_eq!(wrong(&[("inv_03_a", "INV-99")], text).len(), 2);
    }
}
