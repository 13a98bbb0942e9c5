//! A run as a recording: its ledger, the texts that it began with and that checks said, and every acknowledged answer
//! as a script's turn, changes included. Made from what is recorded; it calls nobody and changes nothing.
//!
//! From a recording that is kept, secrets are taken out everywhere: those of the environment by their values, others by
//! their forms. What is named by its content is named anew, so that the recording still agrees with itself. A tree
//! cannot be named anew: where a changed file held a secret, it says so.

use crate::parts::EngineError;
use crate::record::in_parts;
use mao_core::event::{AttemptResult, Event, Recorded};
use mao_core::ids::{BlobId, RunId, Stamp};
use mao_core::reply::{Answer, Usage};
use mao_policy::secret;
use mao_providers::cli::Secrets;
use mao_providers::script::{Act, At, Link, Placed, Turn};
use mao_repo::{Content, RunRepo};
use mao_store::{Store, blob_id};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A run as a recording.
#[derive(Debug)]
pub struct Recording {
    /// What was recorded, in order.
    pub events: Vec<Recorded>,
    /// What a replay cannot make again itself, by its name.
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    /// The acknowledged answers of each step, in order.
    pub turns: BTreeMap<String, Vec<Turn>>,
    /// The changed files that held a secret: their trees cannot come out the same.
    pub cut: BTreeSet<String>,
}

/// What becomes of the secrets in a recording.
#[derive(Debug, Clone)]
pub enum Keeping {
    /// It is kept, and may leave this machine: they are taken out; those of the environment are these.
    Without(Secrets),
    /// It is played again at once, and gone then: they stay.
    Whole,
}

impl Keeping {
    fn text(&self, text: String) -> String {
        match self {
            // Their forms first: what a prompt was sent without, it lacks by its form.
            Self::Without(secrets) => secrets.redact(secret::kept(&text)),
            Self::Whole => text,
        }
    }

    fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match (self, String::from_utf8(bytes)) {
            (Self::Without(secrets), Err(no_text)) => secrets.redact_bytes(no_text.into_bytes()),
            (Self::Whole, Err(no_text)) => no_text.into_bytes(),
            (_, Ok(text)) => self.text(text).into_bytes(),
        }
    }
}

/// Records what `run` has come to so far. `repo` is its repository.
pub fn record(store: &dyn Store, repo: &RunRepo, run: &RunId, keeping: &Keeping) -> Result<Recording, EngineError> {
    let mut recorder =
        Recorder { store, repo, keeping, renamed: BTreeMap::new(), turns: BTreeMap::new(), cut: BTreeSet::new() };
    let mut blobs = BTreeMap::new();
    let mut events = Vec::new();
    for (at, event) in whole(store.read(run, 0)?)? {
        // What these name comes from the world: a replay makes everything else again.
        let kept = matches!(
            event,
            Event::RunOpened(_) | Event::Supplied { .. } | Event::Verified { .. } | Event::Probed { .. }
        );
        let clean = recorder.event(&event, kept.then_some(&mut blobs))?;
        if let Event::RunOpened(opened) = &event {
            // The report ticks this file, so it is written by the run as well.
            let tasks = opened.request.tasks.iter().filter(|tasks| recorder.was_cut(&tasks.text));
            let paths: Vec<String> = tasks.map(|tasks| tasks.path.clone()).collect();
            recorder.cut.extend(paths);
        }
        if let Event::AttemptEnded { step, result, loss, .. } = &event {
            let mut turn = recorder.turn(result)?;
            if let Some(loss) = loss {
                turn.usage = loss.usage;
            }
            recorder.turns.entry(step.to_string()).or_default().push(turn);
        }
        for event in in_parts(&[clean]) {
            events.push(Recorded { seq: events.len() as u64 + 1, at, event });
        }
    }
    Ok(Recording { events, blobs, turns: recorder.turns, cut: recorder.cut })
}

/// The events with every answer whole that was recorded in parts: a secret may lie across two of them.
fn whole(recorded: Vec<Recorded>) -> Result<Vec<(Stamp, Event)>, EngineError> {
    let mut events: Vec<(Stamp, Event)> = Vec::with_capacity(recorded.len());
    let mut text = String::new();
    for Recorded { at, event, .. } in recorded {
        let Event::Continued { step, attempt, text: part, more } = event else {
            events.push((at, event));
            continue;
        };
        text.push_str(&part);
        if more {
            continue;
        }
        let Some((_, Event::AttemptEnded { result: AttemptResult::Answered(answer), .. })) = events.last_mut() else {
            return Err(EngineError::Broken(format!("nothing is continued at attempt {attempt} of {step}")));
        };
        let value = serde_json::from_str(&std::mem::take(&mut text));
        answer.structured = Some(value.map_err(|wrong| EngineError::Broken(wrong.to_string()))?);
    }
    Ok(events)
}

struct Recorder<'a> {
    store: &'a dyn Store,
    repo: &'a RunRepo,
    keeping: &'a Keeping,
    /// What texts are called without the secrets in them, by what they are called with them.
    renamed: BTreeMap<String, BlobId>,
    turns: BTreeMap<String, Vec<Turn>>,
    cut: BTreeSet<String>,
}

impl Recorder<'_> {
    /// An event without secrets, transcripts left out; what it names goes into `keep`.
    fn event(&mut self, event: &Event, keep: Option<&mut BTreeMap<BlobId, Vec<u8>>>) -> Result<Event, EngineError> {
        let mut event = event.clone();
        if let Event::AttemptEnded { transcript, .. } = &mut event {
            *transcript = None;
        }
        let wrong = |wrong: serde_json::Error| EngineError::Broken(wrong.to_string());
        let mut value = serde_json::to_value(&event).map_err(wrong)?;
        self.clean(&mut value, &mut keep.map_or_else(Keep::default, Keep::In))?;
        serde_json::from_value(value).map_err(wrong)
    }

    fn clean(&mut self, value: &mut Value, keep: &mut Keep<'_>) -> Result<(), EngineError> {
        match value {
            Value::String(text) => *text = self.text(text, keep)?,
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.clean(item, keep))?,
            Value::Object(fields) => fields.values_mut().try_for_each(|field| self.clean(field, keep))?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, keep: &mut Keep<'_>) -> Result<String, EngineError> {
        if is_an_id(text) && !looks_like_a_blob(text) {
            return Ok(text.to_owned());
        }
        if !looks_like_a_blob(text) {
            return Ok(self.keeping.text(text.to_owned()));
        }
        if let (Some(renamed), Keep::Nothing) = (self.renamed.get(text), &*keep) {
            return Ok(renamed.to_string());
        }
        // The id of a commit may look the same; it names nothing in the store.
        let Ok(content) = self.store.get(&BlobId::from(text)) else { return Ok(text.to_owned()) };
        let clean = self.keeping.bytes(content);
        let name = blob_id(&clean);
        self.renamed.insert(text.to_owned(), name.clone());
        if let Keep::In(blobs) = keep {
            blobs.insert(name.clone(), clean);
        }
        Ok(name.to_string())
    }

    /// Whether a secret was taken out of a text that was cleaned before.
    fn was_cut(&self, blob: &BlobId) -> bool {
        self.renamed.get(blob.as_str()).is_some_and(|renamed| renamed != blob)
    }

    fn turn(&mut self, result: &AttemptResult) -> Result<Turn, EngineError> {
        match result {
            AttemptResult::Failed(fault) => {
                let mut fault = fault.clone();
                fault.hint = self.keeping.text(fault.hint);
                Ok(turn(vec![Act::Fault(fault)], None))
            }
            AttemptResult::Answered(answer) => {
                let mut acts = self.change(answer)?;
                if let Some(structured) = &answer.structured {
                    let mut structured = structured.clone();
                    self.clean(&mut structured, &mut Keep::Nothing)?;
                    acts.push(Act::Json(structured));
                }
                let said = self.keeping.bytes(self.store.get(&answer.text)?);
                acts.push(Act::Say(String::from_utf8_lossy(&said).into_owned()));
                Ok(turn(acts, Some(answer)))
            }
        }
    }

    fn change(&mut self, answer: &Answer) -> Result<Vec<Act>, EngineError> {
        let Some(change) = &answer.change else { return Ok(Vec::new()) };
        if self.was_cut(&change.diff) {
            self.cut.insert(format!("the diff of {}", &change.commit.as_str()[..12]));
        }
        let mut acts = Vec::new();
        for written in self.repo.written(&change.base, &change.commit)? {
            let path = PathBuf::from(&written.path);
            if written.replaced {
                acts.push(Act::Delete { path: path.clone() });
            }
            let mut clean = |content: Vec<u8>| {
                let before = content.len();
                let clean = self.keeping.bytes(content.clone());
                if clean.len() != before || clean != content {
                    self.cut.insert(written.path.clone());
                }
                clean
            };
            match written.content {
                None => {}
                Some(Content::Plain(content)) => acts.push(Act::Edit { path, content: clean(content) }),
                Some(Content::Executable(content)) => {
                    acts.push(Act::Edit { path: path.clone(), content: clean(content) });
                    acts.push(Act::Executable { path });
                }
                Some(Content::Link(to)) => {
                    let to = String::from_utf8_lossy(&clean(to)).into_owned();
                    acts.push(Act::Link(Link { path, to }));
                }
            }
        }
        Ok(acts)
    }
}

/// Where the texts go that an event names.
#[derive(Default)]
enum Keep<'a> {
    /// A replay makes them again.
    #[default]
    Nothing,
    /// Into the recording.
    In(&'a mut BTreeMap<BlobId, Vec<u8>>),
}

fn turn(acts: Vec<Act>, answer: Option<&Answer>) -> Turn {
    let at = At { file: "recording".to_owned(), line: 0 };
    Turn {
        models: Vec::new(),
        expects: Vec::new(),
        lacks: Vec::new(),
        served: answer.and_then(|answer| answer.served.clone()),
        effort: answer.and_then(|answer| answer.effort_sent.clone()),
        usage: answer.map_or_else(Usage::default, |answer| answer.usage),
        acts: acts.into_iter().map(|act| Placed { at: at.clone(), act }).collect(),
        at,
    }
}

/// Whether it is nothing but the id of a run, a commit or a blob: no secret, whatever it looks like.
fn is_an_id(text: &str) -> bool {
    matches!(text.len(), 32 | 36 | 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

fn looks_like_a_blob(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
