//! Gemini's `stream-json`, read to its `result`. The exit code is a status modulo 256 at best, and 0 for a killed run;
//! deltas are joined until a tool is used, so that the text is the last message.

use crate::cli::Ending;
use crate::cli::stream::{Events, Hint, Told};
use crate::cli::texts::{self, of_status, of_words};
use crate::provider::{Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::reply::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    Init {
        session_id: Option<String>,
        model: Option<String>,
    },
    Message {
        role: String,
        #[serde(default)]
        content: String,
    },
    ToolUse {
        tool_name: String,
        #[serde(default)]
        parameters: ToolInput,
    },
    ToolResult {
        error: Option<Cause>,
    },
    Error {
        message: String,
    },
    Result {
        status: String,
        error: Option<Cause>,
        stats: Option<Stats>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolInput {
    file_path: Option<String>,
    pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type")]
    class: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stats {
    total_tokens: u64,
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    cached: u64,
    #[serde(default)]
    models: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The server's answer inside `[API Error: …]`.
#[derive(Debug, Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Debug, Deserialize)]
struct Inner {
    code: Option<u16>,
}

#[derive(Debug)]
enum End {
    Success,
    Failed { class: String, message: String },
}

/// What one run of `gemini` said.
#[derive(Debug, Default)]
pub(super) struct Said {
    model: Option<String>,
    served: Option<String>,
    text: String,
    said: String,
    stopped: Option<String>,
    end: Option<End>,
}

impl Said {
    /// What was said since the last tool becomes news, and the last message for now.
    fn paused(&mut self) -> Option<Progress> {
        if self.said.trim().is_empty() {
            return None;
        }
        self.text = std::mem::take(&mut self.said);
        texts::said(&self.text)
    }

    fn counted(&mut self, stats: Stats, told: &mut Told) {
        let answered = stats.total_tokens.saturating_sub(stats.input_tokens).max(stats.output_tokens);
        told.spent = Usage {
            input: stats.input_tokens,
            cached: stats.cached,
            output: answered,
            // What the total holds besides prompt and answer.
            thinking: answered.saturating_sub(stats.output_tokens),
            micro_usd: None,
        };
        // A router's or helper's model may stand beside the one that answered.
        let asked = self.model.take().filter(|model| stats.models.contains_key(model));
        let only = (stats.models.len() == 1).then(|| stats.models.into_keys().next()).flatten();
        self.served = only.or(asked);
    }

    fn reply(&mut self, told: &mut Told) -> Result<Reply, Fault> {
        if let Some(why) = self.stopped.take() {
            return Err(Fault::new(FaultKind::Truncated, why));
        }
        told.reply(std::mem::take(&mut self.text), self.served.take(), told.spent)
    }
}

/// What an error's class, message and exit code mean, in this order of trust.
fn cause(class: &str, message: &str, code: Option<i32>) -> FaultKind {
    let inside = message.strip_prefix("[API Error: ").unwrap_or(message);
    // The bracket closes after the body, and advice may follow it.
    let body = inside.rfind('}').and_then(|end| serde_json::from_str::<Body>(&inside[..=end]).ok());
    of_words(class, CLASSES)
        .or_else(|| of_words(message, WORDS))
        .or_else(|| body.and_then(|body| body.error.code).and_then(of_status))
        .or_else(|| of_words(message, texts::CONNECTION))
        .or_else(|| code.and_then(of_code))
        .unwrap_or(FaultKind::Crashed)
}

/// An exit code: one of the tool's own, or a status modulo 256.
fn of_code(code: i32) -> Option<FaultKind> {
    match code {
        41 => Some(FaultKind::NotAuthenticated),
        42 | 52 | 55 => Some(FaultKind::BadRequest),
        53 => Some(FaultKind::Truncated),
        144..=255 => u16::try_from(code + 256).ok().and_then(of_status),
        _ => None,
    }
}

const CLASSES: &[(&str, FaultKind)] = &[
    ("fatalturnlimited", FaultKind::Truncated),
    ("fatalauthentication", FaultKind::NotAuthenticated),
    ("fatalinput", FaultKind::BadRequest),
    ("fatalconfig", FaultKind::BadRequest),
];

const WORDS: &[(&str, FaultKind)] = &[
    ("exceeds the maximum number of tokens", FaultKind::ContextTooLong),
    ("api_key_invalid", FaultKind::NotAuthenticated),
    ("api key not valid", FaultKind::NotAuthenticated),
    ("please set an auth method", FaultKind::NotAuthenticated),
    ("must specify the gemini_api_key", FaultKind::NotAuthenticated),
    ("is not found for api version", FaultKind::ModelUnknown),
    ("exhausted your daily quota", FaultKind::QuotaExhausted { until: None }),
    ("exceeded your current quota", FaultKind::QuotaExhausted { until: None }),
    ("resource has been exhausted", FaultKind::RateLimited { until: None }),
    ("empty response", FaultKind::EmptyOutput),
    ("no response text", FaultKind::EmptyOutput),
    ("malformed function call", FaultKind::Unparsable),
    // The stream broke, or what came through it was not the protocol.
    ("[api error: terminated]", FaultKind::Network),
    ("in json at position", FaultKind::Network),
    ("incomplete json segment", FaultKind::Network),
    ("unexpected token", FaultKind::Network),
];

impl Events for Said {
    type Event = Event;

    fn take(&mut self, event: Event, told: &mut Told) -> Vec<Progress> {
        let news = match event {
            Event::Init { session_id, model } => {
                self.model = model;
                told.session.clone_from(&session_id);
                session_id.map(Progress::Session)
            }
            Event::Message { role, content } => {
                if role == "assistant" {
                    self.said.push_str(&content);
                }
                None
            }
            Event::ToolUse { tool_name, parameters } => {
                let said = self.paused();
                let about = parameters.file_path.or(parameters.pattern);
                return said.into_iter().chain([texts::tool(&tool_name, about.as_deref())]).collect();
            }
            Event::ToolResult { error } => {
                if let Some(message) = error.and_then(|error| error.message) {
                    told.trouble = Some(message);
                }
                None
            }
            Event::Error { message } => {
                if message.contains("stopping execution") {
                    self.stopped = Some(message.clone());
                }
                let news = texts::retrying(&message);
                told.trouble = Some(message);
                Some(news)
            }
            Event::Result { status, error, stats } => {
                let said = self.paused();
                if let Some(stats) = stats {
                    self.counted(stats, told);
                }
                self.end = Some(if status == "success" {
                    End::Success
                } else {
                    let (class, message) = error.map_or((None, None), |error| (error.class, error.message));
                    // An error without a word of its own is what was complained of before.
                    let message = message.or_else(|| told.trouble.clone()).unwrap_or(status);
                    End::Failed { class: class.unwrap_or_default(), message }
                });
                said
            }
            Event::Other => None,
        };
        news.into_iter().collect()
    }

    fn finish(&mut self, told: &mut Told, ending: &Ending<'_>) -> Result<Reply, Fault> {
        match self.end.take() {
            Some(End::Success) => self.reply(told),
            Some(End::Failed { class, message }) => Err(Fault::new(cause(&class, &message, ending.code), &message)),
            // Standard error holds the tool's chatter too: without a code of the tool's own it proves nothing.
            None => Err(told.unended(ending.code.and_then(of_code), Hint::Trouble, ending)),
        }
    }
}
