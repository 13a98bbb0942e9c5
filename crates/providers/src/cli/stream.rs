//! What the readers of all vendors' streams have in common: one JSON object a line, of which what cannot be read is no
//! news, and an end that is a reply or a fault. What an event means is the vendor's part, [`Events`].

use super::{Asked, Ending, Form, Reader, texts};
use crate::provider::{Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::reply::Usage;
use mao_core::text::{one_line, tail};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Characters of a hint that is taken from standard error.
const HINT: usize = 400;

/// One vendor's events: what each of them says, and what they come to.
pub(super) trait Events: Debug + Default + Send {
    /// An event, tolerant of kinds and fields that it does not know.
    type Event: DeserializeOwned;

    /// Takes one event, and returns the news in it.
    fn take(&mut self, event: Self::Event, told: &mut Told) -> Vec<Progress>;

    /// What came of it.
    ///
    /// # Errors
    /// As [`Reader::finish`].
    fn finish(&mut self, told: &mut Told, ending: &Ending<'_>) -> Result<Reply, Fault>;
}

/// What every stream tells.
#[derive(Debug)]
pub(super) struct Told {
    /// What the job asked for.
    pub(super) asked: Asked,
    /// The tool's own session.
    pub(super) session: Option<String>,
    /// The last trouble, as one line.
    pub(super) trouble: Option<String>,
    /// The session's counters as they were last read.
    pub(super) spent: Usage,
    heard: Heard,
}

/// Whether a stream held anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Not one line.
    Nothing,
    /// Something, whether it could be read or not.
    Lines,
}

/// Which hint is the better one where a stream has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// The stream's last trouble, then standard error.
    Trouble,
    /// Standard error, then the stream's last trouble.
    Stderr,
}

impl Told {
    /// The fault of a stream without a terminal event: of the kind that something else `says`, else by how it ended.
    pub(super) fn unended(&self, says: Option<FaultKind>, better: Hint, ending: &Ending<'_>) -> Fault {
        let kind = says.unwrap_or(match (self.heard, ending.code) {
            (Heard::Nothing, Some(0)) => FaultKind::EmptyOutput,
            (Heard::Nothing | Heard::Lines, _) => FaultKind::Crashed,
        });
        let words = Some(last_lines(ending.stderr.trim())).filter(|words| !words.is_empty());
        let trouble = self.trouble.as_deref();
        let hint = match better {
            Hint::Trouble => trouble.or(words),
            Hint::Stderr => words.or(trouble),
        };
        let hint = hint.unwrap_or("no terminal event");
        match (says, ending.code) {
            (None, None) => Fault::new(kind, format!("ended by a signal; last: {hint}")),
            (Some(_), None) | (_, Some(_)) => Fault::new(kind, hint),
        }
    }

    /// The reply of a tool that checks no schema: its last message, and the JSON in it where JSON was asked for.
    ///
    /// # Errors
    /// Nothing was said, or no JSON.
    pub(super) fn reply(&mut self, text: String, served: Option<String>, usage: Usage) -> Result<Reply, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new(FaultKind::EmptyOutput, "the last message is empty"));
        }
        let structured = match self.asked.form {
            Form::Text => None,
            Form::Json => match texts::json_in(&text) {
                Some(value) => Some(value),
                None => return Err(Fault::new(FaultKind::Unparsable, format!("not JSON: {text}"))),
            },
        };
        Ok(Reply { text, structured, served, usage, effort_sent: self.asked.effort.take() })
    }
}

/// The end of a text, from the beginning of a line where one begins there.
fn last_lines(text: &str) -> &str {
    let end = tail(text, HINT);
    match end.split_once('\n') {
        Some((_, whole)) if end.len() < text.len() => whole,
        Some(_) | None => end,
    }
}

/// The reader of one run of a vendor's tool.
#[derive(Debug)]
pub(super) struct Stream<E> {
    told: Told,
    events: E,
}

impl<E: Events> Stream<E> {
    /// A reader of a run that was asked for this.
    pub(super) fn new(asked: Asked) -> Self {
        let told = Told { asked, session: None, trouble: None, spent: Usage::default(), heard: Heard::Nothing };
        Self { told, events: E::default() }
    }
}

impl<E: Events> Reader for Stream<E> {
    fn feed(&mut self, line: &str) -> Vec<Progress> {
        self.told.heard = Heard::Lines;
        match serde_json::from_str(line) {
            Ok(event) => self.events.take(event, &mut self.told),
            Err(unread) => {
                // An event we cannot read is no news; should it have been the result, this is the hint that remains.
                if !line.trim().is_empty() {
                    self.told.trouble = Some(format!("unreadable: {unread}: {}", one_line(line, 200)));
                }
                Vec::new()
            }
        }
    }

    fn session(&self) -> Option<&str> {
        self.told.session.as_deref()
    }

    fn trouble(&self) -> Option<&str> {
        self.told.trouble.as_deref()
    }

    fn reading(&self) -> Usage {
        self.told.spent
    }

    fn finish(&mut self, ending: &Ending<'_>) -> Result<Reply, Fault> {
        self.events.finish(&mut self.told, ending)
    }
}
