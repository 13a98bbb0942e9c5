//! QA-01, QA-03 to QA-06: five dimensions with weights, and what they come to. The program computes; no model does.
//!
//! Scores and weights are whole numbers; the overall score is in hundredths, so that nothing is rounded on the way.

use mao_core::mutant;
use mao_core::review::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a section is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Does it do what the requirements say?
    PrdCompliance,
    /// Does it fail well?
    ErrorHandling,
    /// Do its types hold?
    TypeSafety,
    /// Does it fit the whole?
    Architecture,
    /// Can it be abused?
    Security,
}

impl Dimension {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::PrdCompliance, Self::ErrorHandling, Self::TypeSafety, Self::Architecture, Self::Security];

    /// Its name in routes, configuration and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrdCompliance => "prd_compliance",
            Self::ErrorHandling => "error_handling",
            Self::TypeSafety => "type_safety",
            Self::Architecture => "architecture",
            Self::Security => "security",
        }
    }
}

/// How much each dimension counts, in hundredths: 100 in all.
pub type Weights = BTreeMap<Dimension, u32>;

/// The weights of the specification.
#[must_use]
pub fn weights() -> Weights {
    Dimension::ALL.into_iter().zip([30, 25, 20, 15, 10]).collect()
}

/// What was found in one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The reviewer's score, 0 to 100.
    pub score: u32,
    /// The severities of its issues that are verified and not resolved.
    pub verified: Vec<Severity>,
    /// The severities of its issues whose place could not be verified.
    pub unverified: Vec<Severity>,
}

impl Judged {
    /// The score that counts: no more than the worst verified issue allows.
    #[must_use]
    pub fn capped(&self) -> u32 {
        let cap = match self.verified.iter().min() {
            Some(Severity::Critical) => 49,
            Some(Severity::High) => 79,
            Some(Severity::Medium | Severity::Low) | None => 100,
        };
        let cap = if mutant::is("qa_06_no_cap") { 100 } else { cap };
        self.score.min(cap)
    }

    /// Whether something stands in it that nothing outweighs: a CRITICAL, verified or not yet disproved.
    #[must_use]
    pub fn has_critical(&self) -> bool {
        self.verified.iter().chain(&self.unverified).any(|severity| *severity == Severity::Critical)
    }
}

/// How good, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// 90 and more.
    Excellent,
    /// 70 to 89.
    Good,
    /// 50 to 69.
    Weak,
    /// Less than 50.
    Poor,
}

/// What a section's QA comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Good enough.
    Pass,
    /// Good enough but for one dimension or a few points.
    Conditional,
    /// Not good enough.
    Fail,
    /// A dimension was judged by nobody.
    Incomplete,
}

/// Which gate a section must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Overall 80, every dimension 70, no CRITICAL.
    #[default]
    Normal,
    /// Every dimension 80, at most two HIGH, no CRITICAL.
    Strict,
}

/// The result of the arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The weighted sum in hundredths of a point; absent where a dimension is missing.
    pub overall: Option<u32>,
    /// Its band.
    pub band: Option<Band>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is what it is, in the order in which it was asked.
    pub because: Vec<String>,
    /// The dimensions that nobody judged.
    pub missing: Vec<Dimension>,
}

/// Adds it up. `checks_green` is what the repository's own checks said of the tree that was judged.
#[must_use]
pub fn score(judged: &BTreeMap<Dimension, Judged>, weights: &Weights, gate: Gate, checks_green: bool) -> Score {
    let missing: Vec<Dimension> = Dimension::ALL.into_iter().filter(|each| !judged.contains_key(each)).collect();
    let points = |each: &Dimension| Some(weights.get(each)? * judged.get(each)?.capped());
    let overall: Option<u32> = Dimension::ALL.iter().map(points).sum();
    let mut because = Vec::new();
    let verdict = if !missing.is_empty() && !mutant::is("qa_05_missing_is_renormalised") {
        because.extend(missing.iter().map(|each| format!("{} was judged by nobody", each.name())));
        Verdict::Incomplete
    } else {
        judge(judged, overall.unwrap_or_default(), gate, checks_green, &mut because)
    };
    Score { overall, band: overall.map(band), verdict, because, missing }
}

fn judge(
    judged: &BTreeMap<Dimension, Judged>,
    overall: u32,
    gate: Gate,
    checks_green: bool,
    because: &mut Vec<String>,
) -> Verdict {
    if !checks_green {
        because.push("the checks are red".into());
    }
    let critical: Vec<&str> = judged.iter().filter(|(_, j)| j.has_critical()).map(|(d, _)| d.name()).collect();
    if !critical.is_empty() {
        because.push(format!("a CRITICAL stands in {}", critical.join(", ")));
    }
    if !because.is_empty() {
        return Verdict::Fail;
    }
    match gate {
        Gate::Normal => {
            let below = judged.iter().filter(|(_, judged)| judged.capped() < 70);
            because.extend(below.map(|(dimension, _)| format!("{} is below 70", dimension.name())));
            let weak = because.len();
            if overall < 8_000 {
                because.push("overall is below 80".into());
            }
            match (overall, weak) {
                (8_000.., 0) => Verdict::Pass,
                (7_000.., 0 | 1) => Verdict::Conditional,
                _ => Verdict::Fail,
            }
        }
        Gate::Strict => {
            // Its own words here: HIGH issues are counted below, and the cap would turn "two at most" into "none".
            let below = judged.iter().filter(|(_, judged)| judged.score < 80);
            because.extend(below.map(|(dimension, _)| format!("{} is below 80", dimension.name())));
            let high = judged.values().flat_map(|j| &j.verified).filter(|s| **s == Severity::High).count();
            if high > 2 {
                because.push(format!("{high} HIGH stand, 2 may"));
            }
            if because.is_empty() { Verdict::Pass } else { Verdict::Fail }
        }
    }
}

const fn band(overall: u32) -> Band {
    match overall {
        9_000.. => Band::Excellent,
        7_000..=8_999 => Band::Good,
        5_000..=6_999 => Band::Weak,
        _ => Band::Poor,
    }
}
