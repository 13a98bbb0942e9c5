//! Duplicates and gaps in a task file's numbers. A lint never changes what an address means.

use super::number::Number;
use super::{Lint, LintKind};
use std::collections::BTreeMap;

/// Duplicates and gaps among the sections, given as line and number.
pub(super) fn sections<'a>(found: impl Iterator<Item = (usize, &'a Number)>, lints: &mut Vec<Lint>) {
    check("section", found, lints);
}

/// Duplicates and gaps among the items of each section, and items with a foreign number. An item is given as line,
/// number and the number of the innermost section that it stands in.
pub(super) fn items<'a>(found: impl Iterator<Item = (usize, &'a Number, Option<&'a Number>)>, lints: &mut Vec<Lint>) {
    let mut by_section: BTreeMap<Option<&Number>, Vec<(usize, &Number)>> = BTreeMap::new();
    for (line, number, owner) in found {
        if let Some(section) = owner.filter(|section| !number.within(section)) {
            lints.push(Lint {
                line,
                kind: LintKind::Misplaced,
                what: format!("item {number} stands in section {section}"),
            });
        }
        by_section.entry(owner).or_default().push((line, number));
    }
    for found in by_section.values() {
        check("item", found.iter().copied(), lints);
    }
}

/// The most doubts of one kind that are kept: what has more is another kind of file.
const MOST: usize = 1000;

fn check<'a>(kind: &str, found: impl Iterator<Item = (usize, &'a Number)>, lints: &mut Vec<Lint>) {
    let mut sorted: Vec<(&Number, usize)> = found.map(|(line, number)| (number, line)).collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        let [(number, first), (again, line)] = pair else { continue };
        if number == again && lints.len() < MOST {
            let what = format!("{kind} {number} is there already, at line {first}");
            lints.push(Lint { line: *line, kind: LintKind::Duplicate, what });
        }
    }
    let mut last_of: BTreeMap<&[u32], u32> = BTreeMap::new();
    for (number, line) in sorted {
        let (parent, last) = number.split();
        let before = last_of.insert(parent, last);
        let Some(before) = before.filter(|before| before.saturating_add(1) < last) else { continue };
        if lints.len() >= MOST {
            break;
        }
        let (from, to) = (number.sibling(before + 1), number.sibling(last - 1));
        let missing = if from == to { from.to_string() } else { format!("{from} to {to}") };
        lints.push(Lint {
            line,
            kind: LintKind::Gap,
            what: format!("{kind} {missing} is missing before {kind} {number}"),
        });
    }
}
