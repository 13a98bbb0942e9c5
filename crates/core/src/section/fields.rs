//! What a section declares about itself: references into the requirements, acceptance lines, files, dependencies.
//!
//! Only labels at the start of a line count; prose is never interpreted.

use super::number::Number;
use crate::ids::SectionId;
use crate::text::one_line;

/// The most entries that are kept of each kind.
const MOST: usize = 1000;
/// The longest entry that is kept, in characters.
const LONGEST: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) refs: Vec<String>,
    pub(super) acceptance: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) depends: Vec<SectionId>,
}

#[derive(Clone, Copy)]
enum Label {
    Acceptance,
    Files,
    Depends,
}

const LABELS: [(&str, Label); 6] = [
    ("acceptance criteria", Label::Acceptance),
    ("acceptance", Label::Acceptance),
    ("depends on", Label::Depends),
    ("dependencies", Label::Depends),
    ("depends", Label::Depends),
    ("files", Label::Files),
];

/// Reads the lines of one section; `borders` are the indices of its headings.
pub(super) fn read(lines: &[&str], borders: &[usize]) -> Fields {
    let mut fields = Fields::default();
    let mut open: Option<Label> = None;
    let mut borders = borders.iter().copied().peekable();
    for (at, line) in lines.iter().enumerate() {
        references(line, &mut fields.refs);
        let is_heading = borders.next_if_eq(&at).is_some();
        let plain = line.trim().trim_start_matches(['#', '*', '_', '-', '+', ' ']);
        if let Some((label, rest)) = labelled(plain, is_heading) {
            open = Some(label).filter(|_| rest.is_empty());
            entries(label, rest, &mut fields);
        } else if is_heading {
            open = None;
        } else if let Some(label) = open {
            let bare = line.trim();
            match bare.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with([' ', '\t'])) {
                Some(entry) if is_work(label, entry.trim()) => open = None,
                Some(entry) => entries(label, entry, &mut fields),
                None if bare.is_empty() => {}
                None => open = None,
            }
        }
    }
    fields
}

/// The label that `plain` starts with. A heading needs no colon, but holds nothing else.
fn labelled(plain: &str, is_heading: bool) -> Option<(Label, &str)> {
    LABELS.iter().find_map(|(name, label)| {
        let (head, rest) = plain.split_at_checked(name.len())?;
        if !head.eq_ignore_ascii_case(name) {
            return None;
        }
        let rest = rest.trim_start_matches(['*', '_']);
        let after = rest.strip_prefix(':').map(|rest| rest.trim_start_matches(['*', '_']));
        after.or_else(|| (is_heading && rest.trim().is_empty()).then_some("")).map(|rest| (*label, rest.trim()))
    })
}

/// Whether a list entry is an item of work rather than an entry under `label`: a checkbox, or in a list of
/// acceptance lines, which may be ticked themselves, a numbered one.
fn is_work(label: Label, entry: &str) -> bool {
    let Some(text) = ["[ ]", "[x]", "[X]"].iter().find_map(|tick| entry.strip_prefix(tick)) else { return false };
    match label {
        Label::Acceptance => Number::lead(text.trim()).is_some(),
        Label::Files | Label::Depends => true,
    }
}

fn entries(label: Label, text: &str, fields: &mut Fields) {
    let text = ["[ ]", "[x]", "[X]"].iter().find_map(|tick| text.trim().strip_prefix(tick)).unwrap_or(text).trim();
    match label {
        Label::Acceptance => push(&mut fields.acceptance, one_line(text, LONGEST)),
        Label::Files => text.split(',').for_each(|file| {
            push(&mut fields.files, one_line(file.trim().trim_matches('`'), LONGEST));
        }),
        Label::Depends => text.split(',').for_each(|name| {
            let name = name.trim();
            let number = ["Section ", "section ", "Phase ", "phase "].iter().find_map(|word| name.strip_prefix(word));
            if let Some((number, _)) = Number::prefix(number.unwrap_or(name)) {
                let id = SectionId::new(number.to_string());
                if fields.depends.len() < MOST && !fields.depends.contains(&id) {
                    fields.depends.push(id);
                }
            }
        }),
    }
}

fn push(list: &mut Vec<String>, entry: String) {
    if !entry.is_empty() && list.len() < MOST {
        list.push(entry);
    }
}

/// Adds every `PRD 12.2`, `PRD §12.2`, `PRD section 12` of a line, and the numbers listed after a comma.
fn references(line: &str, refs: &mut Vec<String>) {
    let mut rest = line;
    while let Some(at) = rest.find("PRD") {
        let word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + 3..];
        if !word {
            continue;
        }
        let mut after = rest.trim_start_matches([' ', '\t', '§', '#', ':']);
        if let Some((head, tail)) = after.split_at_checked("section".len())
            && head.eq_ignore_ascii_case("section")
        {
            after = tail.strip_prefix('s').unwrap_or(tail).trim_start();
        }
        while let Some((number, tail)) = Number::prefix(after) {
            let entry = format!("PRD {number}");
            if refs.len() < MOST && !refs.contains(&entry) {
                refs.push(entry);
            }
            rest = tail;
            let Some(next) = tail.strip_prefix(',') else { break };
            after = next.trim_start_matches([' ', '§']);
        }
    }
}
