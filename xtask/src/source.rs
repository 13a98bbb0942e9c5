//! What is known of one Rust file without compiling it: its code without comments, the paths it mentions, which lines
//! are tests, and the tests' names.
//!
//! A scanner, not a parser: it never fails, and what it does not understand it leaves out. It never reads a file.

mod blank;
mod lines;
mod scan;

pub(crate) use lines::numbered;
pub(crate) use scan::{Mention, MentionKind, TestFn};

/// One Rust file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Its path under the root, with `/`.
    pub(crate) path: String,
    /// Comments blanked, strings kept.
    pub(crate) code: String,
    /// Comments and the contents of strings blanked.
    pub(crate) bare: String,
    /// Everything but comments blanked.
    pub(crate) comments: String,
    /// The file as it is.
    pub(crate) text: String,
    /// Every path it mentions, `use` trees flattened.
    pub(crate) mentions: Vec<Mention>,
    /// The test functions in it.
    pub(crate) tests: Vec<TestFn>,
    /// For every line, whether it belongs to a test.
    test_lines: Vec<bool>,
}

impl Source {
    /// Scans a file.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let views = blank::views(text);
        let scanned = scan::scan(&views.bare, views.bare.lines().count());
        let in_test_folder = is_test_path(path);
        let mut test_lines = scanned.test_lines;
        if in_test_folder {
            test_lines.fill(true);
        }
        let mut mentions = scanned.mentions;
        for mention in &mut mentions {
            mention.in_test = mention.in_test || in_test_folder;
        }
        Self {
            path: path.to_owned(),
            code: views.code,
            bare: views.bare,
            comments: views.comments,
            text: text.to_owned(),
            mentions,
            tests: scanned.tests,
            test_lines,
        }
    }

    /// The room this file belongs to: `core` for `crates/core/…`.
    pub(crate) fn room(&self) -> Option<&str> {
        self.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next())
    }

    /// How many lines it has.
    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Whether line `number` (from 1) belongs to a test.
    pub(crate) fn is_test_line(&self, number: usize) -> bool {
        number.checked_sub(1).and_then(|at| self.test_lines.get(at)).copied().unwrap_or(false)
    }

    /// The numbered lines of one of its views that belong to no test.
    pub(crate) fn shipped<'a>(&'a self, view: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        numbered(view).filter(|(number, _)| !self.is_test_line(*number))
    }
}

/// A program in a room's `src/bin` helps that room's tests: what ships is built from `crates/cli/src/main.rs`.
fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs" | "testkit"))
        || path.contains("/src/bin/")
}
