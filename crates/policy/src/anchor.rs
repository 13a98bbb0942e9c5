//! CHK-09: whether what a finding points at is there. What is not there is kept, marked, and gates nothing, but for a
//! CRITICAL, which stands until it is disproved.

use mao_core::diff::Diff;
use mao_core::review::{Issue, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// What was reviewed.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// How many lines each file has.
    pub lines: BTreeMap<String, u32>,
    /// Requirements and task items that exist: `PRD 12.2`, `2.1`.
    pub wants: BTreeSet<String>,
}

/// Whether a finding's place is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It is.
    Real,
    /// The file is not in what was reviewed.
    NoSuchFile,
    /// The file has no such line.
    NoSuchLine,
    /// The place exists, but nothing changed there.
    Unchanged,
    /// It names no place and nothing that wants the missing behaviour.
    Nowhere,
}

/// Where a finding points. With a diff the place must be in one of its hunks.
#[must_use]
pub fn anchor(issue: &Issue, snapshot: &Snapshot, diff: Option<&Diff>) -> Anchor {
    let Some(path) = &issue.file else {
        let wanted = issue.wanted_by.as_ref().is_some_and(|want| snapshot.wants.contains(want));
        return if wanted { Anchor::Real } else { Anchor::Nowhere };
    };
    let Some(lines) = snapshot.lines.get(path) else { return Anchor::NoSuchFile };
    match issue.line {
        Some(line) if line == 0 || line > *lines => Anchor::NoSuchLine,
        Some(_) | None => match diff {
            Some(diff) if !changed(diff, path, issue.line) => Anchor::Unchanged,
            Some(_) | None => Anchor::Real,
        },
    }
}

fn changed(diff: &Diff, path: &str, line: Option<u32>) -> bool {
    let file = diff.files.iter().find(|file| file.path == path);
    file.is_some_and(|file| line.is_none_or(|line| file.hunks.iter().any(|hunk| hunk.holds(line))))
}

/// Whether a finding may stop anything.
#[must_use]
pub fn gates(severity: Severity, anchor: Anchor) -> bool {
    match severity {
        Severity::Critical => true,
        Severity::High | Severity::Medium | Severity::Low => {
            anchor == Anchor::Real || mao_core::mutant::is("chk_09_unverified_gates")
        }
    }
}
