//! DIV-01: how many minds take part, as a number from 0 to 100 with its components. Information, no claim of quality.
//!
//! - evenness: the entropy of the vendors' shares of a section's workstreams ÷ ln(min(workstreams, vendors));
//! - variety: (distinct models − 1) ÷ (min(workstreams, models) − 1);
//! - review: over the dimensions of a review, weight × the share of workstreams that another vendor wrote.
//!
//! Score = 100 × (0.4 evenness + 0.2 variety + 0.4 review), or 100 × (0.67 evenness + 0.33 variety) where no review is
//! planned. Vendors and models are those of the chains that were admitted when the plan was made, and stay that.
//! Each section is scored apart, and the sections are averaged.

use mao_core::event::Route;
use mao_core::ids::{ModelId, SectionId, StepId, TaskClass, VendorId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who writes one workstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The model.
    pub model: ModelId,
    /// Whose mind it is.
    pub vendor: VendorId,
}

/// One workstream and who was to write it when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Its section.
    pub section: SectionId,
    /// The step that asks for it.
    pub step: StepId,
    /// The first admitted link of its route; none where nobody was admitted.
    pub author: Option<Author>,
}

/// One dimension of a review that is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewer {
    /// Which.
    pub dimension: TaskClass,
    /// How much it weighs, in any unit.
    pub weight: u32,
    /// Whose mind reviews.
    pub vendor: VendorId,
}

/// What a section's components are divided by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denominators {
    /// Its workstreams.
    pub workstreams: usize,
    /// The vendors of its admitted chains.
    pub vendors: BTreeSet<VendorId>,
    /// The models of its admitted chains.
    pub models: BTreeSet<ModelId>,
}

/// What is kept of a plan, so that what happened is measured with the same rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// Its workstreams.
    pub workstreams: Vec<Planned>,
    /// Its sections.
    pub sections: BTreeMap<SectionId, Denominators>,
    /// The review that is planned; empty where none is.
    pub reviewers: Vec<Reviewer>,
}

/// One component, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// From 0 to 1000.
    Thousandths(u16),
    /// It cannot be said; it counts as 0.
    NotApplicable(String),
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Authors and reviewers.
    Full,
    /// Authors only: no review is planned.
    AuthoringOnly,
}

/// A score with its components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// From 0 to 100.
    pub score: u8,
    /// How evenly vendors share the work.
    pub evenness: Component,
    /// How many models share it.
    pub variety: Component,
    /// How much is reviewed by another vendor than wrote it.
    pub review: Component,
}

/// The score of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diversity {
    /// What was measured.
    pub scope: Scope,
    /// The mean of the sections.
    pub overall: Score,
    /// Each section's own.
    pub sections: BTreeMap<SectionId, Score>,
}

/// Freezes a plan: the route of each workstream as it was admitted, and who is to review.
#[must_use]
pub fn freeze(workstreams: &[(SectionId, StepId, &Route)], reviewers: &[Reviewer]) -> Frozen {
    let mut frozen = Frozen { reviewers: reviewers.to_vec(), ..Frozen::default() };
    for (section, step, route) in workstreams {
        let author = route.links.first().map(|link| Author { model: link.model.clone(), vendor: link.vendor.clone() });
        frozen.workstreams.push(Planned { section: section.clone(), step: step.clone(), author });
        let denominators = frozen.sections.entry(section.clone()).or_default();
        denominators.workstreams += 1;
        denominators.vendors.extend(route.links.iter().map(|link| link.vendor.clone()));
        denominators.models.extend(route.links.iter().map(|link| link.model.clone()));
    }
    frozen
}

/// The score that the plan promises.
#[must_use]
pub fn planned(frozen: &Frozen) -> Diversity {
    let authors = frozen.workstreams.iter().filter_map(|planned| Some((&planned.section, planned.author.clone()?)));
    measure(frozen, authors)
}

/// The score of these authors, by the rule that the plan froze.
pub(crate) fn measure<'a>(frozen: &'a Frozen, authors: impl Iterator<Item = (&'a SectionId, Author)>) -> Diversity {
    let mut written: BTreeMap<&SectionId, Vec<Author>> =
        frozen.sections.keys().map(|section| (section, Vec::new())).collect();
    for (section, author) in authors {
        written.entry(section).or_default().push(author);
    }
    let scope = if weights(&frozen.reviewers) == 0 { Scope::AuthoringOnly } else { Scope::Full };
    let raw: Vec<(&SectionId, Raw)> = written
        .iter()
        .map(|(section, authors)| {
            let rule = frozen.sections.get(section).cloned().unwrap_or_default();
            (*section, Raw::of(authors, &rule, &frozen.reviewers))
        })
        .collect();
    let overall = Raw {
        evenness: mean(raw.iter().map(|(_, raw)| &raw.evenness)),
        variety: mean(raw.iter().map(|(_, raw)| &raw.variety)),
        review: mean(raw.iter().map(|(_, raw)| &raw.review)),
    };
    let points = raw.iter().map(|(_, raw)| raw.points(scope)).sum::<f64>() / count(raw.len().max(1));
    let sections = raw.iter().map(|(section, raw)| ((*section).clone(), raw.score(raw.points(scope)))).collect();
    Diversity { scope, overall: overall.score(points), sections }
}

/// Components from 0 to 1, or why there are none.
struct Raw {
    evenness: Result<f64, String>,
    variety: Result<f64, String>,
    review: Result<f64, String>,
}

impl Raw {
    fn of(authors: &[Author], rule: &Denominators, reviewers: &[Reviewer]) -> Self {
        if authors.is_empty() {
            let nobody = || Err("nobody wrote anything".to_owned());
            return Self { evenness: nobody(), variety: nobody(), review: nobody() };
        }
        let few = |what: &str, known: usize| match (rule.workstreams, known) {
            (0 | 1, _) => Err("one workstream".to_owned()),
            (_, 0 | 1) => Err(format!("one {what}")),
            (workstreams, known) => Ok(count(workstreams.min(known))),
        };
        Self {
            evenness: few("vendor", rule.vendors.len()).map(|most| (entropy(authors) / most.ln()).clamp(0.0, 1.0)),
            variety: few("model", rule.models.len()).map(|most| {
                let models: BTreeSet<&ModelId> = authors.iter().map(|author| &author.model).collect();
                ((count(models.len()) - 1.0) / (most - 1.0)).clamp(0.0, 1.0)
            }),
            review: independence(authors, reviewers),
        }
    }

    fn points(&self, scope: Scope) -> f64 {
        let value = |component: &Result<f64, String>| component.as_ref().copied().unwrap_or(0.0);
        let (evenness, variety, review) = (value(&self.evenness), value(&self.variety), value(&self.review));
        match scope {
            Scope::Full => 100.0 * (0.4 * evenness + 0.2 * variety + 0.4 * review),
            Scope::AuthoringOnly => 100.0 * (0.67 * evenness + 0.33 * variety),
        }
    }

    fn score(&self, points: f64) -> Score {
        let component = |raw: &Result<f64, String>| match raw {
            Ok(value) => Component::Thousandths(whole(1000.0 * value, 1000)),
            Err(why) => Component::NotApplicable(why.clone()),
        };
        Score {
            score: u8::try_from(whole(points, 100)).unwrap_or(100),
            evenness: component(&self.evenness),
            variety: component(&self.variety),
            review: component(&self.review),
        }
    }
}

/// Shannon's, of the vendors' shares.
fn entropy(authors: &[Author]) -> f64 {
    let mut shares: BTreeMap<&VendorId, usize> = BTreeMap::new();
    for author in authors {
        *shares.entry(&author.vendor).or_default() += 1;
    }
    let all = count(authors.len());
    shares.values().map(|share| count(*share) / all).map(|share| -share * share.ln()).sum()
}

fn independence(authors: &[Author], reviewers: &[Reviewer]) -> Result<f64, String> {
    let weights = weights(reviewers);
    if weights == 0 {
        return Err("no review is planned".to_owned());
    }
    let apart = |reviewer: &Reviewer| authors.iter().filter(|author| author.vendor != reviewer.vendor).count();
    let sum: f64 = reviewers.iter().map(|one| f64::from(one.weight) * count(apart(one))).sum();
    Ok(sum / (f64::from(weights) * count(authors.len())))
}

fn weights(reviewers: &[Reviewer]) -> u32 {
    reviewers.iter().fold(0, |sum, reviewer| sum.saturating_add(reviewer.weight))
}

/// The mean of what can be said; the reason of the first where nothing can.
fn mean<'a>(components: impl Iterator<Item = &'a Result<f64, String>> + Clone) -> Result<f64, String> {
    let known: Vec<f64> = components.clone().filter_map(|component| component.as_ref().ok().copied()).collect();
    if known.is_empty() {
        let why = components.into_iter().find_map(|component| component.as_ref().err().cloned());
        return Err(why.unwrap_or_else(|| "no section".to_owned()));
    }
    Ok(known.iter().sum::<f64>() / count(known.len()))
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The nearest whole number from 0 to `most`. A grain is added first, so that a half that binary fractions miss from
/// below is still a half.
fn whole(value: f64, most: u16) -> u16 {
    (0..=most).find(|n| value + 1e-9 < f64::from(*n) + 0.5).unwrap_or(most)
}

/// What to say where the score is below what is wanted. Never a reason to stop by itself.
#[must_use]
pub fn falls_short(diversity: &Diversity, wanted: u8) -> Option<String> {
    let score = diversity.overall.score;
    (score < wanted).then(|| format!("diversity is {score}, and {wanted} is wanted (engine.min_diversity)"))
}
