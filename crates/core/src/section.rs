//! The numbered sections of a task file, and how a person names them.
//!
//! Pure: text in, typed sections out. It never guesses: a number is matched exactly, never as part of another
//! number or by its place in the file, and a heading inside a code fence or a comment is no heading.
//!
//! Accepted headings, at levels 2 and 3: `## Section 2: Name`, `## 2. Name`, `### 2.1 Name`, `### Phase 3: Name`.
//! Items are checkboxes at any depth, with or without a number: `- [x] 1.0 Task`. `N.0` means `N` everywhere.

mod fields;
mod lint;
mod number;
mod parse;
mod select;
#[cfg(test)]
mod tests;
mod tick;

pub use parse::parse;
pub use select::{NotASelection, Selection, Span, Unmatched};
pub use tick::tick;

use crate::ids::SectionId;

/// A task file, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFile {
    /// Every numbered heading, in the order of the file; a section's own sub-sections follow it.
    pub sections: Vec<Section>,
    /// Checkboxes outside every numbered section.
    pub loose: Vec<Item>,
    /// What is doubtful: duplicates, gaps, a fence that is never closed.
    pub lints: Vec<Lint>,
    /// The file's lines, with line feeds only.
    text: String,
}

/// A numbered part of the task file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its address: `2`, `2.1`.
    pub id: SectionId,
    /// Its heading without the number.
    pub title: String,
    /// Its heading's level, 2 or 3; for an item that was addressed by itself, 4.
    pub level: u8,
    /// Its heading's line, from 1.
    pub line: usize,
    /// Its Markdown from the heading on, sub-sections included, with line feeds only.
    pub body: String,
    /// Its checkboxes, those of sub-sections included.
    pub items: Vec<Item>,
    /// Where it points into the requirements: `PRD 12.2`.
    pub refs: Vec<String>,
    /// The lines under its label `Acceptance` or `Acceptance criteria`.
    pub acceptance: Vec<String>,
    /// The files it declares under its label `Files`.
    pub files: Vec<String>,
    /// The sections it declares under its label `Depends on` or `Dependencies`.
    pub depends: Vec<SectionId>,
}

impl Section {
    /// How much of it is done.
    #[must_use]
    pub fn completion(&self) -> Completion {
        Completion::of(&self.items)
    }
}

/// A checkbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number, `N.0` as `N`, where it has one.
    pub id: Option<String>,
    /// Its text without the number.
    pub text: String,
    /// Whether it is ticked.
    pub done: bool,
    /// Its line, from 1.
    pub line: usize,
    /// How many items it is nested in.
    pub depth: usize,
    /// Whether no item is nested in it.
    pub leaf: bool,
    /// The last line of its Markdown, nested items included, from 1.
    pub last: usize,
}

/// Ticked leaves of all leaves. An item with items nested in it does not count by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// Ticked leaves.
    pub done: usize,
    /// Leaves.
    pub of: usize,
}

impl Completion {
    /// The completion of some items.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let leaves = items.iter().filter(|item| item.leaf);
        Self { done: leaves.clone().filter(|item| item.done).count(), of: leaves.count() }
    }

    /// Whole per cent, rounded down, so that 100 means all; `None` where there is nothing to tick.
    #[must_use]
    pub const fn percent(self) -> Option<usize> {
        (self.done * 100).checked_div(self.of)
    }

    /// The status that these numbers mean.
    #[must_use]
    pub const fn status(self) -> Status {
        match (self.done, self.of) {
            (0, _) => Status::Open,
            (done, of) if done == of => Status::Done,
            (_, _) => Status::Started,
        }
    }
}

/// How far a section is, by its checkboxes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing is ticked.
    Open,
    /// Something is ticked.
    Started,
    /// Every leaf is ticked.
    Done,
}

/// Something doubtful in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Where, from 1.
    pub line: usize,
    /// Of which kind.
    pub kind: LintKind,
    /// What, in one printable line.
    pub what: String,
}

/// Kinds of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintKind {
    /// A number that is there already: no address names either.
    Duplicate,
    /// A number that is missing between its neighbours.
    Gap,
    /// A fence or a comment without an end hides what follows.
    Unclosed,
    /// A number that does not continue the one it stands under.
    Misplaced,
    /// A heading that counts within a section and has no address.
    Local,
}

impl LintKind {
    /// Whether the file says something else than its author can have meant.
    #[must_use]
    pub const fn is_error(self) -> bool {
        match self {
            Self::Duplicate | Self::Gap | Self::Unclosed => true,
            Self::Misplaced | Self::Local => false,
        }
    }
}

/// What of a requirements document a section's references name, exactly: each with its text, or by itself where the
/// document has no such number or has it twice. Nothing is searched and nothing is guessed.
#[must_use]
pub fn cited(document: &str, refs: &[String]) -> (Vec<Section>, Vec<String>) {
    let document = parse(document);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for reference in refs {
        let number = reference.rsplit(' ').next().unwrap_or(reference);
        let named = Selection::parse(number).ok().and_then(|selection| document.select(&selection).ok());
        match named {
            Some(sections) => found.extend(sections),
            None => missing.push(reference.clone()),
        }
    }
    (found, missing)
}
