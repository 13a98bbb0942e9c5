//! How a person names sections: `2`, `2.1`, `2, 3`, `3.2-3.7`, `all`. Matched exactly, or an error that lists what
//! there is.

use super::number::Number;
use super::{Item, Section, TaskFile, fields};
use crate::ids::SectionId;
use crate::text::one_line;
use std::fmt;
use std::fmt::Write as _;

/// The most numbers that one range may name.
const WIDEST: u32 = 1000;
/// The most sections that an error lists.
const LISTED: usize = 40;

/// Sections, as a person named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// `all`: every section that lies in no other.
    All,
    /// Numbers and ranges, in the order written.
    These(Vec<Span>),
}

/// One number, or all from one to another of its siblings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    first: Number,
    last: u32,
}

/// Why a text is no selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASelection {
    /// It is prose. The caller decides what prose means.
    #[error("`{0}` is a description, not section numbers")]
    FreeText(String),
    /// It is meant as numbers, but wrong.
    #[error("`{what}` is not a section number: {why}")]
    Malformed {
        /// The wrong part.
        what: String,
        /// What is wrong with it, and the right form.
        why: &'static str,
    },
}

impl Selection {
    /// Reads a selection.
    ///
    /// # Errors
    /// `FreeText` for anything that is not made of digits, dots, commas, dashes and spaces; `Malformed` otherwise.
    pub fn parse(text: &str) -> Result<Self, NotASelection> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let dash = |c: char| matches!(c, '-' | '–' | '—');
        let numeric = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '.' | ',') || dash(c);
        if !text.chars().all(numeric) {
            return Err(NotASelection::FreeText(one_line(text, 200)));
        }
        let mut spans = Vec::new();
        for part in text.split(',') {
            let malformed = |why| NotASelection::Malformed { what: one_line(part, 60), why };
            let number = |text: &str| match text.trim() {
                "" => Err(malformed("a number is missing; write `2`, `2.1`, `2, 3` or `3.2-3.7`")),
                text => text.parse::<Number>().map_err(|_| {
                    malformed("write one to three parts with dots between them (`3.2.1`), and commas between numbers")
                }),
            };
            let Some((from, to)) = part.split_once(dash) else {
                let first = number(part)?;
                spans.push(Span { last: first.split().1, first });
                continue;
            };
            let (first, to) = (number(from)?, number(to)?);
            if first.split().0 != to.split().0 || first > to {
                return Err(malformed("a range goes upwards between siblings, such as `3.2-3.7` or `2-4`"));
            }
            let last = to.split().1;
            if last - first.split().1 >= WIDEST {
                return Err(malformed("a range names at most 1000 sections"));
            }
            spans.push(Span { first, last });
        }
        Ok(Self::These(spans))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::These(spans) = self else { return f.write_str("all") };
        for (at, span) in spans.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{}", span.first)?;
            if span.last != span.first.split().1 {
                write!(f, "-{}", span.first.sibling(span.last))?;
            }
        }
        Ok(())
    }
}

/// An address that does not name exactly one section. Both list the sections there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmatched {
    /// It names none.
    #[error("there is no section {address}; {sections}")]
    Nothing {
        /// The address.
        address: String,
        /// The sections there are, in one sentence.
        sections: String,
    },
    /// It names several.
    #[error("section {address} is there more than once, at lines {lines}; {sections}")]
    Several {
        /// The address.
        address: String,
        /// Their lines.
        lines: String,
        /// The sections there are, in one sentence.
        sections: String,
    },
}

impl TaskFile {
    /// The sections that a selection names, in the order named, each once; one that lies in another that is named
    /// too is left out, since the other's body holds it. A number that no heading has may name an item: one of the
    /// section whose number it continues, or one outside every section.
    ///
    /// # Errors
    /// `Unmatched` where an address names no section or more than one.
    pub fn select(&self, selection: &Selection) -> Result<Vec<Section>, Unmatched> {
        let mut chosen: Vec<Section> = Vec::new();
        match selection {
            Selection::All => {
                for section in &self.sections {
                    if chosen.last().is_none_or(|last| !holds(last, section)) {
                        chosen.push(section.clone());
                    }
                }
                if chosen.is_empty() {
                    return Err(Unmatched::Nothing { address: "at all".into(), sections: self.listing() });
                }
                return Ok(chosen);
            }
            Selection::These(spans) => {
                for span in spans {
                    for last in span.first.split().1..=span.last {
                        let section = self.one(&span.first.sibling(last))?;
                        if !chosen.iter().any(|other| other.line == section.line) {
                            chosen.push(section);
                        }
                    }
                }
            }
        }
        let kept = chosen.iter().filter(|inner| !chosen.iter().any(|outer| holds(outer, inner)));
        Ok(kept.cloned().collect())
    }

    fn one(&self, number: &Number) -> Result<Section, Unmatched> {
        let id = number.to_string();
        let headings: Vec<&Section> = self.sections.iter().filter(|section| section.id.as_str() == id).collect();
        match headings.as_slice() {
            [] => {}
            [section] => return Ok((*section).clone()),
            several => return Err(self.several(&id, several.iter().map(|section| section.line))),
        }
        let mut items: Vec<&Item> = self.items_of(number).filter(|item| item.id.as_deref() == Some(&id)).collect();
        items.sort_by_key(|item| item.line);
        items.dedup_by_key(|item| item.line);
        match items.as_slice() {
            [] => Err(Unmatched::Nothing { address: id, sections: self.listing() }),
            [item] => Ok(from_item(item, self, id)),
            several => Err(self.several(&id, several.iter().map(|item| item.line))),
        }
    }

    /// The items that may bear `number`.
    fn items_of<'a>(&'a self, number: &'a Number) -> impl Iterator<Item = &'a Item> {
        let owners = self
            .sections
            .iter()
            .filter(|section| section.id.as_str().parse::<Number>().is_ok_and(|section| number.within(&section)));
        owners.flat_map(|section| &section.items).chain(&self.loose)
    }

    fn several(&self, address: &str, lines: impl Iterator<Item = usize>) -> Unmatched {
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        Unmatched::Several { address: address.to_owned(), lines: lines.join(", "), sections: self.listing() }
    }

    /// The sections there are, in one sentence.
    #[must_use]
    pub fn listing(&self) -> String {
        let named = self.sections.iter().map(|section| (section.id.as_str(), &section.title));
        let loose = self.loose.iter().filter_map(|item| Some((item.id.as_deref()?, &item.text)));
        let all: Vec<_> = named.chain(loose).collect();
        if all.is_empty() {
            return "the file has no numbered section (`## Section 1: Name`, `## 1. Name`, `### 1.1 Name`)".into();
        }
        let mut out = String::from("there are: ");
        for (at, (id, title)) in all.iter().take(LISTED).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            // Writing to a `String` cannot fail.
            let _infallible = write!(out, "{comma}{id} {}", one_line(title, 40));
        }
        if all.len() > LISTED {
            let _infallible = write!(out, " and {} more", all.len() - LISTED);
        }
        out
    }
}

/// Whether `inner` is part of `outer`'s text.
fn holds(outer: &Section, inner: &Section) -> bool {
    let end = outer.line + outer.body.lines().count();
    outer.line < inner.line && inner.line < end
}

/// A section made of one item.
fn from_item(item: &Item, file: &TaskFile, id: String) -> Section {
    let inner = |items: &[Item]| {
        let after = items.iter().skip_while(|other| other.line != item.line);
        let nested = after.clone().skip(1).take_while(|other| other.depth > item.depth);
        after.take(1).chain(nested).cloned().collect::<Vec<_>>()
    };
    let owner = file.sections.iter().rfind(|section| section.items.iter().any(|other| other.line == item.line));
    let lines: Vec<&str> = file.text.lines().take(item.last).skip(item.line - 1).collect();
    let fields = fields::read(&lines, &[]);
    Section {
        id: SectionId::new(id),
        title: item.text.clone(),
        level: 4,
        line: item.line,
        body: lines.join("\n"),
        items: inner(owner.map_or(&file.loose, |section| &section.items)),
        refs: fields.refs,
        acceptance: fields.acceptance,
        files: fields.files,
        depends: fields.depends,
    }
}
