//! What is asked of the journal's voices, as forms.

use crate::plan::object;
use mao_core::ids::{StepId, TaskClass};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of a perspective's form.
pub(crate) const PERSPECTIVE: &str = "perspective";

/// The name of the entry's form.
pub(crate) const ENTRY: &str = "entry";

/// The most sentences of a summary.
const SENTENCES: usize = 3;

/// The step in which the entry is written.
pub const WRITE: &str = "journal.entry";

/// JRN-01: from where a session is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What was built.
    Technical,
    /// How it went.
    Process,
    /// What was learnt.
    Creative,
}

impl View {
    /// All of them, in the order of entries.
    pub const ALL: [Self; 3] = [Self::Technical, Self::Process, Self::Creative];

    /// Its name in step ids and entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Process => "process",
            Self::Creative => "creative",
        }
    }

    /// What people call it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Technical => "Technical summary",
            Self::Process => "Process reflection",
            Self::Creative => "Creative insights",
        }
    }

    /// What it looks at.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Technical => "what was built: what changed, how the parts meet, what is finished and what is not",
            Self::Process => "how it went: what took long, what had to be done again and why, what to do otherwise",
            Self::Creative => "what was learnt: surprises, ideas, what it makes possible, what to try next",
        }
    }

    /// The task class that routes and effort rows know it by.
    pub(crate) fn class(self) -> TaskClass {
        TaskClass::from(match self {
            Self::Technical => "technical_summary",
            Self::Process => "process_reflection",
            Self::Creative => "creative_insights",
        })
    }

    /// The step in which it is asked for.
    #[must_use]
    pub fn step(self) -> StepId {
        StepId::new(format!("journal.{}", self.name()))
    }
}

/// A perspective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Perspective {
    /// In a few sentences.
    pub(crate) summary: String,
    /// One thing each.
    pub(crate) points: Vec<String>,
}

/// JRN-02: what an entry holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// One to three sentences.
    pub(crate) summary: String,
    pub(crate) work_completed: Vec<String>,
    pub(crate) issues: Vec<Trouble>,
    pub(crate) decisions: Vec<Decided>,
    pub(crate) learnings: Vec<String>,
    pub(crate) open_items: Vec<String>,
    /// What the next session must know.
    pub(crate) context: String,
    pub(crate) topics: Vec<String>,
    /// Where the perspectives contradict each other.
    pub(crate) disagreements: Vec<String>,
}

/// An issue and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trouble {
    pub(crate) issue: String,
    pub(crate) resolution: String,
    pub(crate) status: Status,
}

/// Whether an issue is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// It is.
    Resolved,
    /// It is not.
    Open,
}

/// A decision with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decided {
    pub(crate) decision: String,
    pub(crate) rationale: String,
}

pub(crate) fn perspective(value: &Value) -> Result<Perspective, String> {
    let read = Perspective::deserialize(value).map_err(|wrong| wrong.to_string())?;
    if read.summary.trim().is_empty() { Err("a perspective says something".into()) } else { Ok(read) }
}

pub(crate) fn written(value: &Value) -> Result<Written, String> {
    let read = Written::deserialize(value).map_err(|wrong| wrong.to_string())?;
    match sentences(&read.summary) {
        0 => Err("an entry has a summary".into()),
        1..=SENTENCES => Ok(read),
        more => Err(format!("a summary has at most {SENTENCES} sentences, not {more}")),
    }
}

/// How many sentences a text has: what ends like one, and is followed by a capital or by nothing. An abbreviation may join
/// two, and never makes two of one.
fn sentences(text: &str) -> usize {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ends = |word: &str| word.trim_end_matches(['"', '\'', ')', '”', '’', '`', '*']).ends_with(['.', '!', '?']);
    let begins = |word: &str| {
        let plain = word.trim_start_matches(['"', '\'', '(', '“', '‘', '`', '*']);
        plain.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
    };
    let within = words.windows(2).filter(|pair| ends(pair[0]) && begins(pair[1]) && !abbreviates(pair[0])).count();
    within + usize::from(!words.is_empty())
}

/// `e.g.`, `i.e.`, `J.`
fn abbreviates(word: &str) -> bool {
    let plain = word.trim_end_matches('.');
    plain.contains('.') || plain.chars().count() == 1
}

/// The JSON schema of a form of the journal.
pub(crate) fn schema(name: &str) -> Option<Value> {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": {"type": "string"}});
    match name {
        PERSPECTIVE => Some(object(json!({"summary": text, "points": texts}))),
        ENTRY => {
            let status = json!({"type": "string", "enum": ["Resolved", "Open"]});
            let issue = object(json!({"issue": text, "resolution": text, "status": status}));
            let decision = object(json!({"decision": text, "rationale": text}));
            Some(object(json!({
                "summary": text,
                "work_completed": texts,
                "issues": {"type": "array", "items": issue},
                "decisions": {"type": "array", "items": decision},
                "learnings": texts,
                "open_items": texts,
                "context": text,
                "topics": texts,
                "disagreements": texts,
            })))
        }
        _ => None,
    }
}

/// Whether a reply is what a form of the journal asks for; `None` for a form that is none of its.
pub(crate) fn accepts(name: &str, value: &Value) -> Option<Result<(), String>> {
    match name {
        PERSPECTIVE => Some(perspective(value).map(|_| ())),
        ENTRY => Some(written(value).map(|_| ())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Value {
        json!({
            "summary": "One. Two.", "work_completed": ["a"], "learnings": ["b"], "open_items": ["c"], "context": "d",
            "issues": [{"issue": "e", "resolution": "f", "status": "Open"}], "topics": ["g"],
            "decisions": [{"decision": "h", "rationale": "i"}], "disagreements": [],
        })
    }

    #[test]
    fn jrn_02_an_entry_that_lacks_one_of_its_fields_is_refused() {
        assert!(written(&entry()).is_ok());
        for field in
            ["summary", "work_completed", "issues", "decisions", "learnings", "open_items", "context", "topics"]
        {
            let mut lacking = entry();
            lacking.as_object_mut().unwrap().remove(field);
            let why = written(&lacking).unwrap_err();
            assert!(why.contains(field), "{field}: {why}");
        }
        for (place, field) in
            [("issues", "issue"), ("issues", "resolution"), ("issues", "status"), ("decisions", "rationale")]
        {
            let mut lacking = entry();
            lacking[place][0].as_object_mut().unwrap().remove(field);
            assert!(written(&lacking).is_err(), "{place}: {field}");
        }
        let mut other = entry();
        other["issues"][0]["status"] = json!("Postponed");
        assert!(written(&other).is_err(), "an issue is Resolved or Open");
        let wanted = schema(ENTRY).unwrap();
        assert_eq!(wanted["required"].as_array().unwrap().len(), entry().as_object().unwrap().len());
    }

    #[test]
    fn jrn_02_a_summary_has_one_to_three_sentences() {
        let said = |summary: &str| {
            let mut one = entry();
            one["summary"] = json!(summary);
            written(&one).map(|_| ())
        };
        for good in [
            "Accounts were judged",
            "One. Two! Three?",
            "Version 1.2 of a.rs, e.g. Its parser (by J. Doe), was mended. It holds.",
            "He said “Stop.” Then it went on.",
        ] {
            assert_eq!(said(good), Ok(()), "{good}");
        }
        assert!(said(" ").is_err());
        assert_eq!(said("A. One. Two. Three. Four."), Err("a summary has at most 3 sentences, not 4".into()));
    }
}
