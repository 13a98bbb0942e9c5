//! CNK-05: the reviews of a diff's chunks as one: issues win, a missing part is never a pass, and nothing is said twice.

use crate::chunk::Packing;
use mao_core::diff::Diff;
use mao_core::mutant;
use mao_core::review::{DiffReview, DiffVerdict, Issue, Severity};

/// How far apart two places may be and still be one, in lines.
const NEAR: u32 = 3;

/// What all chunks say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overall {
    /// Every chunk was read and looks good.
    Lgtm,
    /// There is something.
    Issues,
    /// Nothing was found, and something was not read.
    Incomplete,
}

/// An issue with everyone who reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The issue, as the first who reported it said it, with the worst severity of all.
    pub issue: Issue,
    /// Who, in the order in which they said it; nobody twice.
    pub by: Vec<String>,
}

/// The reviews of a whole diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// What they come to.
    pub overall: Overall,
    /// What was found.
    pub issues: Vec<Reported>,
    /// The files that were not read, or not whole, in the diff's order.
    pub unread: Vec<String>,
}

impl Merged {
    /// What two readings of the same diff say together: issues win, every issue is there once, and what one of them did
    /// not read was not read.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.overall = match (self.overall, other.overall) {
            (Overall::Issues, _) | (_, Overall::Issues) => Overall::Issues,
            (Overall::Incomplete, _) | (_, Overall::Incomplete) => Overall::Incomplete,
            (Overall::Lgtm, Overall::Lgtm) => Overall::Lgtm,
        };
        for found in other.issues {
            match self.issues.iter_mut().find(|known| is_same(&known.issue, &found.issue)) {
                Some(known) => {
                    known.issue.severity = worse(known.issue.severity, found.issue.severity);
                    let new = found.by.into_iter().filter(|who| !known.by.contains(who)).collect::<Vec<_>>();
                    known.by.extend(new);
                }
                None => self.issues.push(found),
            }
        }
        for path in other.unread {
            if !self.unread.contains(&path) {
                self.unread.push(path);
            }
        }
        self
    }
}

/// One chunk's review, where there is one, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub by: String,
    /// What; absent where every reviewer of the chunk failed.
    pub review: Option<DiffReview>,
}

/// Merges what was said of each chunk of a packing, in the packing's order.
#[must_use]
pub fn merge(diff: &Diff, packing: &Packing, said: &[Said]) -> Merged {
    let mut unread: Vec<usize> = packing.unreviewed.iter().map(|oversize| oversize.file).collect();
    for (at, chunk) in packing.chunks.iter().enumerate() {
        if said.get(at).is_none_or(|said| said.review.is_none()) {
            unread.extend(chunk.pieces.iter().map(|piece| piece.file));
        }
    }
    unread.sort_unstable();
    unread.dedup();
    let reviews = said.iter().filter_map(|said| Some((said.by.as_str(), said.review.as_ref()?)));
    let found = reviews.flat_map(|(by, review)| review.issues.iter().map(move |issue| (by, issue)));
    let issues = once_each(found);
    let any_issues = said.iter().flat_map(|said| &said.review).any(|review| review.verdict == DiffVerdict::Issues);
    let overall = match (any_issues, unread.is_empty() || mutant::is("cnk_05_unread_is_fine")) {
        (true, _) => Overall::Issues,
        (false, true) => Overall::Lgtm,
        (false, false) => Overall::Incomplete,
    };
    let unread = unread.into_iter().filter_map(|at| Some(diff.files.get(at)?.path.clone())).collect();
    Merged { overall, issues, unread }
}

/// QA-07: every issue once, with all who reported it.
#[must_use]
pub fn once_each<'a>(found: impl IntoIterator<Item = (&'a str, &'a Issue)>) -> Vec<Reported> {
    let mut out: Vec<Reported> = Vec::new();
    for (by, issue) in found {
        match out.iter_mut().find(|known| is_same(&known.issue, issue)) {
            Some(known) => {
                known.issue.severity = worse(known.issue.severity, issue.severity);
                if !known.by.iter().any(|who| who == by) {
                    known.by.push(by.to_owned());
                }
            }
            None => out.push(Reported { issue: issue.clone(), by: vec![by.to_owned()] }),
        }
    }
    out
}

/// Whether two issues are one: the same file and kind, and lines that are near. Without a file only the same words are.
pub(crate) fn is_same(one: &Issue, other: &Issue) -> bool {
    let near = match (one.line, other.line) {
        (Some(a), Some(b)) => a.abs_diff(b) <= NEAR,
        (None, None) => one.file.is_some() || one.claim == other.claim,
        (Some(_), None) | (None, Some(_)) => false,
    };
    near && one.file == other.file && one.category == other.category
}

fn worse(one: Severity, other: Severity) -> Severity {
    one.min(other)
}
