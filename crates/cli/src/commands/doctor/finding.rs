//! One thing that a diagnosis found: how it stands, what is to be said of it, and the command that puts it right.

use crate::print::Printer;
use serde_json::{Value, json};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// As it should be.
    Good,
    /// Not as it should be: something will not work.
    Wrong,
    /// Worth knowing.
    Aside,
}

/// One thing that was found.
#[derive(Debug)]
pub(super) struct Finding {
    what: &'static str,
    standing: Standing,
    says: Vec<String>,
    fix: Option<String>,
    details: Value,
}

impl Finding {
    /// A thing that stands so; `what` is one word or two.
    pub(super) fn new(what: &'static str, standing: Standing, says: impl Into<String>) -> Self {
        Self { what, standing, says: vec![says.into()], fix: None, details: Value::Null }
    }

    pub(super) fn good(what: &'static str, says: impl Into<String>) -> Self {
        Self::new(what, Standing::Good, says)
    }

    pub(super) fn aside(what: &'static str, says: impl Into<String>) -> Self {
        Self::new(what, Standing::Aside, says)
    }

    /// A thing that is wrong, and the command that puts it right.
    pub(super) fn wrong(what: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(what, Standing::Wrong, says).fix(fix)
    }

    /// One more line about it.
    pub(super) fn more(mut self, says: impl Into<String>) -> Self {
        self.says.push(says.into());
        self
    }

    /// The command that puts it right, or makes more of it.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The same, standing otherwise.
    pub(super) fn turned(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// What programs get besides.
    pub(super) fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.standing == Standing::Wrong
    }

    /// As one JSON object.
    pub(super) fn json(&self) -> Value {
        let good = match self.standing {
            Standing::Good => Some(true),
            Standing::Wrong => Some(false),
            Standing::Aside => None,
        };
        json!({
            "kind": "finding", "what": self.what, "good": good, "says": self.says, "fix": self.fix,
            "details": self.details,
        })
    }

    pub(super) fn print(&self, printer: &Printer) {
        if printer.is_json() {
            printer.value(self.json());
            return;
        }
        let mark = match self.standing {
            Standing::Good => "ok",
            Standing::Wrong => "wrong",
            Standing::Aside => "-",
        };
        let mut lines = self.says.iter();
        let first = lines.next().map_or("", String::as_str);
        printer.line(format!("{mark:<6} {:<14} {first}", self.what).trim_end());
        for line in lines {
            printer.line(&format!("{:<21} {line}", ""));
        }
        if let Some(fix) = &self.fix {
            printer.line(&format!("{:<21} fix: {fix}", ""));
        }
    }
}
