//! What a rule is, and how a breach of it reads.

use crate::house::House;

/// One rule of the house.
pub(super) struct Rule {
    /// Its name, one word where possible.
    pub(super) name: &'static str,
    /// Why it exists.
    pub(super) reason: &'static str,
    /// What a breach means.
    pub(super) severity: Severity,
    /// Finds the breaches.
    pub(super) check: fn(&House) -> Vec<Breach>,
}

/// What a breach of a rule means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Severity {
    /// `tidy` fails.
    Refused,
    /// It is printed.
    Noted,
}

/// One place where a rule is broken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Breach {
    /// The file, with `:line` where there is one.
    pub(super) place: String,
    /// What stands there.
    pub(super) what: String,
}

impl Breach {
    /// A breach of a whole file.
    pub(super) fn file(path: &str, what: impl Into<String>) -> Self {
        Self { place: path.to_owned(), what: what.into() }
    }

    /// A breach in one line.
    pub(super) fn line(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), what: what.into() }
    }
}

impl Rule {
    /// A rule whose breach fails `tidy`.
    pub(super) const fn new(name: &'static str, reason: &'static str, check: fn(&House) -> Vec<Breach>) -> Self {
        Self { name, reason, severity: Severity::Refused, check }
    }

    /// A rule whose breach is only printed.
    pub(super) const fn note(name: &'static str, reason: &'static str, check: fn(&House) -> Vec<Breach>) -> Self {
        Self { name, reason, severity: Severity::Noted, check }
    }

    /// `rule: what broke, where, why the rule exists`.
    pub(super) fn render(&self, breach: &Breach) -> String {
        let mark = match self.severity {
            Severity::Refused => "",
            Severity::Noted => " (note)",
        };
        format!("{}{mark}: {}\n  in  {}\n  why {}", self.name, breach.what, breach.place, self.reason)
    }
}
