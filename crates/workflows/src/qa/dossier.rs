//! What is known of a section's quality: who judged which dimension, what was found, whether its place is real, who else
//! reported it, and what became of it. Folded from the record each time, never stored.

use super::form::{self, Claim};
use super::names::review_step;
use mao_core::ids::{ModelId, ProviderId, SectionId};
use mao_core::matter::Matter;
use mao_core::quality::{Quality, Strictness};
use mao_core::review::{Issue, Severity};
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Attempt, Standing};
use mao_core::supply::Supply;
use mao_policy::Policy;
use mao_policy::anchor::{Anchor, Snapshot, anchor};
use mao_policy::coverage::once_each;
use mao_policy::score::{Dimension, Gate, Judged, Score, score};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a run's request says of the judgement.
#[must_use]
pub fn quality(run: &RunState) -> Quality {
    if let Matter::Quality(quality) = &run.opened.request.matter { quality.clone() } else { Quality::default() }
}

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reporter {
    /// In which dimension.
    pub dimension: Dimension,
    /// The registry entry.
    pub model: ModelId,
    /// What its vendor says has served.
    pub served: String,
    /// What reached it.
    pub provider: ProviderId,
}

/// What became of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// It stands.
    Open,
    /// A fix landed, and somebody else looked again.
    Resolved {
        /// In which cycle.
        cycle: u32,
    },
    /// It stands, and nobody tries again.
    Left {
        /// Why.
        why: String,
    },
}

/// One issue with everyone who reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name in reports: `2-01`.
    pub id: String,
    /// What was said first, with the worst severity of all.
    pub issue: Issue,
    /// What comes of it.
    pub impact: String,
    /// Whether its place is real.
    pub anchor: Anchor,
    /// Who reported it.
    pub by: Vec<Reporter>,
    /// What became of it.
    pub state: State,
}

impl Item {
    /// QA-06: whether two providers reported it.
    #[must_use]
    pub fn corroborated(&self) -> bool {
        self.by.iter().map(|one| &one.provider).collect::<BTreeSet<_>>().len() > 1
    }

    /// Whether it counts against the section.
    #[must_use]
    pub fn stands(&self) -> bool {
        match self.state {
            State::Open | State::Left { .. } => true,
            State::Resolved { .. } => false,
        }
    }
}

/// A section's quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// Its address.
    pub section: SectionId,
    /// Its heading without the number.
    pub title: String,
    /// The score of each dimension that somebody judged, as the last who judged it said.
    pub scores: BTreeMap<Dimension, u32>,
    /// Who judged it first.
    pub reviewers: BTreeMap<Dimension, Reporter>,
    /// The dimensions that nobody judged, with the last reason.
    pub missing: BTreeMap<Dimension, String>,
    /// What was found, in the order in which it was said.
    pub items: Vec<Item>,
}

/// An issue on its way into a dossier.
pub(super) struct Said {
    pub(super) by: Reporter,
    pub(super) claim: Claim,
    pub(super) anchor: Anchor,
}

impl Dossier {
    /// The dossier of a section before anything is repaired; `None` while a reviewer is still at work.
    #[must_use]
    pub fn of(run: &RunState, section: &SectionId) -> Option<Self> {
        let brief = run.opened.request.sections.iter().find(|brief| brief.id == *section)?;
        let mut dossier = Self {
            section: section.clone(),
            title: brief.title.clone(),
            scores: BTreeMap::new(),
            reviewers: BTreeMap::new(),
            missing: BTreeMap::new(),
            items: Vec::new(),
        };
        let mut said = Vec::new();
        for dimension in Dimension::ALL {
            let ask = run.ask(&review_step(section, dimension))?;
            match ask.standing() {
                Standing::Idle | Standing::Running(_) => return None,
                Standing::GivenUp(why) => {
                    dossier.missing.insert(dimension, why.to_owned());
                }
                Standing::Answered(attempt, answered) => {
                    let reviewed = answered.answer.structured.as_ref().map(form::reviewed);
                    let (Some(Ok(reviewed)), Some(by)) = (reviewed, reporter(ask, attempt, answered, dimension)) else {
                        dossier.missing.insert(dimension, "its answer cannot be read".to_owned());
                        continue;
                    };
                    dossier.scores.insert(dimension, reviewed.score);
                    dossier.reviewers.insert(dimension, by.clone());
                    let snapshot = snapshot(run, section, answered);
                    said.extend(reviewed.issues.into_iter().map(|claim| {
                        let anchor = anchor(&claim.named(String::new()), &snapshot, None);
                        Said { by: by.clone(), claim, anchor }
                    }));
                }
            }
        }
        dossier.take(said);
        Some(dossier)
    }

    /// QA-07: takes in what was said, every issue once, with all who reported it.
    pub(super) fn take(&mut self, mut said: Vec<Said>) {
        // What has a real place speaks for what is said of the same place less exactly.
        said.sort_by_key(|one| one.anchor != Anchor::Real);
        let named: Vec<Issue> = said.iter().enumerate().map(|(at, one)| one.claim.named(at.to_string())).collect();
        let marks: Vec<String> = (0..said.len()).map(|at| at.to_string()).collect();
        let mut items: Vec<Item> = Vec::new();
        for merged in once_each(marks.iter().map(String::as_str).zip(&named)) {
            let at = |mark: &String| mark.parse::<usize>().ok().and_then(|at| said.get(at));
            let Some(first) = at(&merged.issue.id) else { continue };
            let mut by: Vec<Reporter> = Vec::new();
            for one in merged.by.iter().filter_map(at) {
                if !by.contains(&one.by) {
                    by.push(one.by.clone());
                }
            }
            by.sort_by_key(|one| one.dimension);
            let (impact, anchor) = (first.claim.impact.clone(), first.anchor);
            items.push(Item { id: String::new(), issue: merged.issue, impact, anchor, by, state: State::Open });
        }
        items.sort_by_key(|item| (item.by.first().map(|by| by.dimension), item.issue.severity));
        for mut item in items {
            item.id = format!("{}-{:02}", self.section, self.items.len() + 1);
            item.issue.id.clone_from(&item.id);
            self.items.push(item);
        }
    }

    /// What it adds up to.
    #[must_use]
    pub fn score(&self, policy: &Policy, gate: Strictness, checks_green: bool) -> Score {
        let gate = match gate {
            Strictness::Normal => Gate::Normal,
            Strictness::Strict => Gate::Strict,
        };
        score(&self.judged(), &policy.weights, gate, checks_green)
    }

    /// Each dimension with what stands in it.
    #[must_use]
    pub fn judged(&self) -> BTreeMap<Dimension, Judged> {
        let judged = |(dimension, score): (&Dimension, &u32)| {
            let standing =
                self.items.iter().filter(|item| item.stands() && item.by.iter().any(|by| by.dimension == *dimension));
            let (verified, unverified): (Vec<&Item>, Vec<&Item>) =
                standing.partition(|item| item.anchor == Anchor::Real);
            let severities =
                |items: Vec<&Item>| -> Vec<Severity> { items.iter().map(|item| item.issue.severity).collect() };
            (*dimension, Judged { score: *score, verified: severities(verified), unverified: severities(unverified) })
        };
        self.scores.iter().map(judged).collect()
    }
}

/// What an answer's places are compared with.
pub(super) fn snapshot(run: &RunState, section: &SectionId, answered: &Answered) -> Snapshot {
    let wants = run.supplies.iter().filter_map(|supply| {
        if let Supply::Wants { section: of, names } = supply { (of == section).then_some(names) } else { None }
    });
    Snapshot { lines: answered.answer.lines.clone(), wants: wants.flatten().cloned().collect() }
}

/// Who gave an answer.
pub(super) fn reporter(
    ask: &AskStep,
    attempt: &Attempt,
    answered: &Answered,
    dimension: Dimension,
) -> Option<Reporter> {
    let link = ask.link_of(attempt)?;
    let served = answered.answer.served.clone().unwrap_or_else(|| format!("{} (unconfirmed)", link.endpoint));
    Some(Reporter { dimension, model: link.model.clone(), served, provider: link.provider.clone() })
}
