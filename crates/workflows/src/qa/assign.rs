//! Who repairs what: worst first, one fixer a set of files, so that no two ever write the same file.

use super::dossier::{Dossier, Item, State};
use super::names::label;
use crate::plan::Stream;
use mao_core::glob::{Glob, any};
use mao_core::ids::{SectionId, StepId, TaskClass};
use mao_core::quality::Strictness;
use mao_core::review::Severity;
use mao_policy::Policy;
use mao_policy::anchor::Anchor;
use mao_policy::score::{Dimension, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The most issues that one fixer is given at a time.
const ISSUES: usize = 60;

/// What one fixer is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What tells its steps from those of others: wave, cycle, place.
    pub name: String,
    /// The task class of the work.
    pub class: TaskClass,
    /// What people call it.
    pub label: String,
    /// The files it owns.
    pub owned: Vec<Glob>,
    /// The issues, by section and name.
    pub issues: Vec<(SectionId, String)>,
    /// The dimension of the worst of them.
    pub dimension: Dimension,
}

impl Batch {
    /// The step in which it is repaired.
    #[must_use]
    pub fn step(&self) -> StepId {
        StepId::new(format!("fix.{}", self.name))
    }

    /// The step in which somebody else looks whether it is.
    #[must_use]
    pub fn recheck(&self) -> StepId {
        StepId::new(format!("recheck.{}", self.name))
    }

    /// Whether this issue is one of its.
    #[must_use]
    pub fn holds(&self, section: &SectionId, id: &str) -> bool {
        self.issues.iter().any(|(of, name)| of == section && name == id)
    }
}

/// Marks what nobody can be given, with the reason.
pub(super) fn set_aside(policy: &Policy, dossiers: &mut [Dossier]) {
    for item in dossiers.iter_mut().flat_map(|dossier| &mut dossier.items).filter(|item| item.state == State::Open) {
        if let Some(why) = unassignable(policy, item) {
            item.state = State::Left { why: why.to_owned() };
        }
    }
}

fn unassignable(policy: &Policy, item: &Item) -> Option<&'static str> {
    let Some(file) = &item.issue.file else { return Some("it names no file: where it belongs is for a person to say") };
    match item.anchor {
        Anchor::NoSuchFile => return Some("the file it names is not there"),
        Anchor::Real | Anchor::NoSuchLine | Anchor::Unchanged | Anchor::Nowhere => {}
    }
    if any(&policy.protected, file) {
        return Some("no model may write that file");
    }
    // A path with a wildcard in its name would mean others too.
    file.contains(['*', '?', '[', ']', '{', '}', '!', '\\']).then_some("its file cannot be owned alone")
}

/// What the next cycle repairs: of every section what is worst and open. Nothing where all is well enough.
pub(super) fn batches(policy: &Policy, gate: Strictness, dossiers: &[Dossier], prefix: &str) -> Vec<Batch> {
    let mut sets: BTreeMap<Owner, Vec<(&Dossier, &Item)>> = BTreeMap::new();
    for dossier in dossiers.iter().filter(|dossier| dossier.missing.is_empty()) {
        for item in worst(policy, gate, dossier) {
            let Some(file) = &item.issue.file else { continue };
            sets.entry(owner(policy, file)).or_default().push((dossier, item));
        }
    }
    let alone = sets.len() == 1;
    let each = sets.into_iter().enumerate();
    each.map(|(at, (owner, mut items))| {
        items.sort_by_key(|(_, item)| item.issue.severity);
        items.truncate(ISSUES);
        batch(policy, format!("{prefix}.{}", at + 1), &owner, &items, alone)
    })
    .collect()
}

/// QA-09: CRITICAL and HIGH first; what is less only where the section does not pass without.
fn worst<'a>(policy: &Policy, gate: Strictness, dossier: &'a Dossier) -> Vec<&'a Item> {
    let open = |severities: &[Severity]| -> Vec<&'a Item> {
        let items = dossier.items.iter();
        items.filter(|item| item.state == State::Open && severities.contains(&item.issue.severity)).collect()
    };
    let first = open(&[Severity::Critical, Severity::High]);
    if !first.is_empty() {
        return first;
    }
    // The checks are green, or nothing is repaired at all.
    if dossier.score(policy, gate, true).verdict == Verdict::Pass {
        return Vec::new();
    }
    let second = open(&[Severity::Medium]);
    if second.is_empty() { open(&[Severity::Low]) } else { second }
}

/// Whose file it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// A workstream's.
    Stream(usize),
    /// Nobody's: each such file is a set of its own.
    File(String),
}

fn owner(policy: &Policy, file: &str) -> Owner {
    let owns = |stream: &Stream| policy.ownership.get(stream.name()).is_some_and(|globs| any(globs, file));
    Stream::ALL.iter().position(owns).map_or_else(|| Owner::File(file.to_owned()), Owner::Stream)
}

fn batch(policy: &Policy, name: String, owner: &Owner, items: &[(&Dossier, &Item)], alone: bool) -> Batch {
    let files: BTreeSet<&String> = items.iter().filter_map(|(_, item)| item.issue.file.as_ref()).collect();
    let mut owned: Vec<Glob> = files.into_iter().map(|file| Glob(file.clone())).collect();
    // Tests where they are needed: nobody else is at work who could write the same ones.
    if alone {
        owned.extend(policy.ownership.get(Stream::Tests.name()).into_iter().flatten().cloned());
    }
    let worst = items.iter().filter_map(|(_, item)| item.by.first()).map(|by| by.dimension).next();
    let dimension = worst.unwrap_or(Dimension::PrdCompliance);
    let (class, called) = match owner {
        Owner::Stream(at) => (Stream::ALL[*at].task(), Stream::ALL[*at].label()),
        Owner::File(_) => (dimension.name(), label(dimension)),
    };
    let issues = items.iter().map(|(dossier, item)| (dossier.section.clone(), item.id.clone())).collect();
    Batch { name, class: TaskClass::from(class), label: format!("Repair: {called}"), owned, issues, dimension }
}
