//! CHK-04, CHK-10 to CHK-12: what a verdict on a plan stops, what opens it again, and when reviewing ends.

use mao_core::mutant;
use mao_core::review::{PlanReview, PlanVerdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often one thing may be reviewed again.
pub const RE_REVIEWS: usize = 2;

/// What a person says to a concern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// Whether it is taken up.
    pub accepted: bool,
    /// Why, or why not; never empty.
    pub reason: String,
}

/// What is known when the gate is asked.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The review.
    pub review: &'a PlanReview,
    /// The hash of what was reviewed.
    pub reviewed: &'a str,
    /// The hash of what is to be approved.
    pub now: &'a str,
    /// What a person said to each item, by its id.
    pub resolutions: &'a BTreeMap<String, Resolution>,
    /// Why a person goes on in spite of a BLOCK.
    pub overridden: Option<&'a str>,
}

/// Whether a plan may be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// It changed since: the verdict says nothing about it.
    Stale,
    /// These items need a word.
    Unresolved(Vec<String>),
    /// It is blocked until it is fixed and reviewed again, or a person overrides it with a reason.
    Blocked,
}

/// Asks the gate.
#[must_use]
pub fn gate(standing: Standing<'_>) -> Gate {
    if standing.reviewed != standing.now && !mutant::is("chk_10_stale_verdicts_hold") {
        return Gate::Stale;
    }
    match standing.review.verdict {
        PlanVerdict::Pass => Gate::Open,
        PlanVerdict::Concern => {
            let open = |id: &&String| {
                standing.resolutions.get(*id).is_none_or(|resolution| {
                    resolution.reason.trim().is_empty() && !mutant::is("chk_04_no_reason_is_a_reason")
                })
            };
            let unresolved: Vec<String> =
                standing.review.items.iter().map(|item| &item.id).filter(open).cloned().collect();
            if unresolved.is_empty() { Gate::Open } else { Gate::Unresolved(unresolved) }
        }
        PlanVerdict::Block => match standing.overridden {
            Some(reason) if !reason.trim().is_empty() => Gate::Open,
            Some(_) | None if mutant::is("chk_11_a_block_is_advice") => Gate::Open,
            Some(_) | None => Gate::Blocked,
        },
    }
}

/// What follows a round of review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Another round, of what changed since.
    Review,
    /// The same kind of defect came twice: the design is wrong, not the text.
    Redesign,
    /// It was reviewed as often as it may be.
    Enough,
}

/// CHK-12: what follows, from the kinds of defect that each round found, the first round first.
#[must_use]
pub fn again(rounds: &[Vec<String>]) -> Again {
    if mutant::is("chk_12_reviews_never_end") {
        return Again::Review;
    }
    if let [.., before, last] = rounds
        && last.iter().any(|kind| before.contains(kind))
    {
        return Again::Redesign;
    }
    if rounds.len() > RE_REVIEWS { Again::Enough } else { Again::Review }
}
