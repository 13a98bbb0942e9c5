//! DIS-11, DIS-12: two reviewers of one change. What they contradict each other about is tried where it can be, and both
//! are listed where it cannot; how many said something decides nothing. Tests are the referee, then a person.

use crate::anchor::{Anchor, gates};
use crate::coverage::{Said, is_same};
use mao_core::ids::VendorId;
use mao_core::mutant;
use mao_core::review::{DiffReview, DiffVerdict, Issue, Severity};
use serde::{Deserialize, Serialize};

/// Whether a change passes only where two models of different vendors find nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consensus {
    /// One model reads it.
    #[default]
    Off,
    /// Two do, and must agree.
    Wanted,
}

/// A claim of one reviewer that the other, who read the same piece, does not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contested {
    /// What is claimed.
    pub issue: Issue,
    /// By whom.
    pub by: String,
    /// Who read the same and says nothing of it.
    pub denied_by: String,
}

/// What two reviewers contradict each other about, chunk by chunk: first what one claims, then the other.
#[must_use]
pub fn contested(one: &[Said], other: &[Said]) -> Vec<Contested> {
    let mut found = Vec::new();
    for (one, other) in one.iter().zip(other) {
        for (claims, denies) in [(one, other), (other, one)] {
            let (Some(claimed), Some(read)) = (&claims.review, &denies.review) else { continue };
            let denied = claimed.issues.iter().filter(|issue| denies_it(read, issue));
            found.extend(denied.map(|issue| Contested {
                issue: issue.clone(),
                by: claims.by.clone(),
                denied_by: denies.by.clone(),
            }));
        }
    }
    found
}

/// Whether whoever gave this review looked there and found nothing.
fn denies_it(review: &DiffReview, issue: &Issue) -> bool {
    let looked = match (review.verdict, &issue.file) {
        (DiffVerdict::Lgtm, _) | (DiffVerdict::Issues, None) => true,
        (DiffVerdict::Issues, Some(file)) => review.coverage.contains(file),
    };
    looked && !review.issues.iter().any(|known| is_same(known, issue))
}

/// How a command that is said to show a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It succeeded.
    Green,
    /// It failed.
    Red,
    /// It came to no exit code.
    Broken,
}

/// What became of a claim that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// Its command fails with the change and succeeds without it.
    Confirmed,
    /// Its command succeeds with the change.
    Disproved,
    /// Nobody could tell: there is no command, or it fails without the change too.
    Open,
}

/// What a claim's own command says of it: `before` without the change, `after` with it.
#[must_use]
pub fn trial(before: Option<Ran>, after: Option<Ran>) -> Trial {
    match (before, after) {
        (_, Some(Ran::Green)) => Trial::Disproved,
        (Some(Ran::Green), Some(Ran::Red)) => Trial::Confirmed,
        // What fails everywhere shows nothing of the change.
        (_, Some(Ran::Red)) if mutant::is("dis_11_whatever_fails_is_confirmed") => Trial::Confirmed,
        (Some(Ran::Red | Ran::Broken) | None, Some(Ran::Red)) | (_, Some(Ran::Broken) | None) => Trial::Open,
    }
}

/// Whether a claim may stop anything. One that was disproved never does; a CRITICAL that somebody denies stands until it
/// is disproved.
#[must_use]
pub fn stands(severity: Severity, anchor: Anchor, denied: Option<Trial>) -> bool {
    match denied {
        Some(Trial::Disproved) => false,
        Some(Trial::Confirmed) => true,
        Some(Trial::Open) if mutant::is("dis_11_a_lone_critical_is_outvoted") => false,
        Some(Trial::Open) | None => gates(severity, anchor),
    }
}

/// What one reviewer says of one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Whose mind it is.
    pub vendor: VendorId,
    /// What it says; absent where it gave no verdict.
    pub verdict: Option<DiffVerdict>,
}

/// One thing that was found, as far as agreement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// What came of trying it, where the other reviewer denies it.
    pub denied: Option<Trial>,
    /// Whether it may stop anything.
    pub stands: bool,
}

/// DIS-12: what two reviewers and the checks come to together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "agreement", content = "why")]
pub enum Agreement {
    /// Both found nothing, and the checks are green.
    Agreed,
    /// One found something, and tests disproved all of it; the checks are green.
    Refereed,
    /// It does not pass.
    Refused(String),
    /// They differ, and no test decides: a person does.
    Differ(String),
    /// It was not read by two vendors: nobody can agree.
    Short(String),
}

/// Whether a change passes: the two voices on each chunk, everything that was found, and what the repository's own checks
/// say of it.
#[must_use]
pub fn agreement(chunks: &[(Voice, Voice)], found: &[Weight], checks_green: bool) -> Agreement {
    if !checks_green {
        return Agreement::Refused("the checks are red".into());
    }
    let apart = |(one, other): &(Voice, Voice)| {
        one.vendor != other.vendor || mutant::is("dis_12_one_vendor_agrees_with_itself")
    };
    let read = |(one, other): &(Voice, Voice)| one.verdict.is_some() && other.verdict.is_some();
    if chunks.is_empty() || !chunks.iter().all(read) {
        return Agreement::Short("not all of it was read by two models".into());
    }
    if !chunks.iter().all(apart) {
        return Agreement::Short("both who read it are of one vendor".into());
    }
    let sees = |voice: &Voice| voice.verdict == Some(DiffVerdict::Issues);
    let one = chunks.iter().any(|(one, _)| sees(one));
    let other = chunks.iter().any(|(_, other)| sees(other));
    if !one && !other {
        return Agreement::Agreed;
    }
    if found.iter().any(|weight| weight.denied == Some(Trial::Confirmed)) {
        return Agreement::Refused("a test shows what one of the two claims".into());
    }
    let gone = |weight: &Weight| weight.denied == Some(Trial::Disproved);
    if !found.is_empty() && found.iter().all(gone) {
        return Agreement::Refereed;
    }
    if found.iter().any(|weight| weight.denied.is_none() && weight.stands) {
        return Agreement::Refused("both found the same".into());
    }
    if (one && other) || mutant::is("dis_12_a_majority_of_one_passes") {
        return if one && other { Agreement::Refused("both found something".into()) } else { Agreement::Agreed };
    }
    let open = found.iter().filter(|weight| !gone(weight)).count();
    Agreement::Differ(format!("one model finds nothing, the other {open} things that no test decides"))
}
