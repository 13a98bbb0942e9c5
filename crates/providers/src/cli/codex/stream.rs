//! `codex exec --json`, read to `turn.completed` or `turn.failed`. An `error` event is not final, the exit code says
//! little, and causes are texts: the table below is what they mean.

use crate::cli::Ending;
use crate::cli::stream::{Events, Hint, Told};
use crate::cli::texts::{self, of_status, of_words};
use crate::provider::{Access, Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::reply::Usage;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event {
    #[serde(rename = "thread.started")]
    Started { thread_id: String },
    #[serde(rename = "item.started")]
    ItemStarted { item: Item },
    #[serde(rename = "item.completed")]
    ItemCompleted { item: Item },
    #[serde(rename = "error")]
    Error { message: String },
    #[serde(rename = "turn.completed")]
    Completed { usage: Option<Tokens> },
    #[serde(rename = "turn.failed")]
    Failed { error: Cause },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    AgentMessage {
        text: String,
    },
    CommandExecution {
        command: Option<String>,
    },
    FileChange {
        #[serde(default)]
        changes: Vec<Changed>,
    },
    McpToolCall {
        server: Option<String>,
        tool: Option<String>,
    },
    /// A warning, never the end.
    Error {
        message: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Changed {
    path: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    message: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Tokens {
    input_tokens: u64,
    #[serde(default)]
    cached_input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    reasoning_output_tokens: u64,
}

/// The body of an error as the vendor's server sent it, which the CLI prints as the message of a refused request.
#[derive(Debug, Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Debug, Deserialize)]
struct Inner {
    message: Option<String>,
    #[serde(rename = "type")]
    class: Option<String>,
    code: Option<serde_json::Value>,
}

#[derive(Debug)]
enum End {
    Completed,
    Failed(String),
}

/// What one run of `codex exec` said.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: Option<String>,
    end: Option<End>,
}

impl Said {
    fn reply(&mut self, told: &mut Told, ending: &Ending<'_>) -> Result<Reply, Fault> {
        if told.asked.access == Access::Write && ending.stderr.contains("patch rejected") {
            return Err(Fault::new(FaultKind::Denied, mao_core::text::tail(ending.stderr.trim(), 400)));
        }
        // The tool passes a schema on and checks nothing, and does not say which model served it.
        told.reply(self.text.take().unwrap_or_default(), None, spent(told))
    }
}

/// This run's share: the counters run over the whole session, resumed or forked ones included.
fn spent(told: &Told) -> Usage {
    let (now, before) = (told.spent, told.asked.before);
    Usage {
        input: now.input.saturating_sub(before.input),
        cached: now.cached.saturating_sub(before.cached),
        output: now.output.saturating_sub(before.output),
        thinking: now.thinking.saturating_sub(before.thinking),
        micro_usd: None,
    }
}

/// What a final message means.
fn cause(message: &str) -> FaultKind {
    if let Ok(Body { error }) = serde_json::from_str(message) {
        let words = format!("{} {}", error.message.unwrap_or_default(), error.class.unwrap_or_default());
        let status = error.code.as_ref().and_then(serde_json::Value::as_u64).and_then(|code| u16::try_from(code).ok());
        return of_words(&words, WORDS).or_else(|| status.and_then(of_status)).unwrap_or(FaultKind::BadRequest);
    }
    of_words(message, WORDS)
        .or_else(|| status_in(message).and_then(of_status))
        .or_else(|| of_words(message, texts::CONNECTION))
        .unwrap_or(FaultKind::Crashed)
}

/// The code of `unexpected status 401 Unauthorized: …` and `last status: 429 Too Many Requests`.
fn status_in(message: &str) -> Option<u16> {
    ["unexpected status ", "last status: "].iter().find_map(|lead| {
        let (_, rest) = message.split_once(lead)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}

/// Texts of the tool, lower case, before status codes: a 403 may be a quota, a 400 a full window.
const WORDS: &[(&str, FaultKind)] = &[
    ("hit your usage limit", FaultKind::QuotaExhausted { until: None }),
    ("quota exceeded", FaultKind::QuotaExhausted { until: None }),
    ("insufficient_quota", FaultKind::QuotaExhausted { until: None }),
    ("context window", FaultKind::ContextTooLong),
    ("context_length_exceeded", FaultKind::ContextTooLong),
    ("does not exist or you do not have access", FaultKind::ModelUnknown),
    ("reason: max_output_tokens", FaultKind::Truncated),
    ("reason: content_filter", FaultKind::Refused),
    ("rate limit exceeded", FaultKind::RateLimited { until: None }),
    ("model is at capacity", FaultKind::Overloaded),
    ("experiencing high demand", FaultKind::Overloaded),
    ("missing environment variable", FaultKind::NotAuthenticated),
    ("not logged in", FaultKind::NotAuthenticated),
    ("invalid_request_error", FaultKind::BadRequest),
];

/// What standard error says of a command line or a prompt that the tool would not take.
const USAGE: &[(&str, FaultKind)] = &[
    ("input exceeds the maximum length", FaultKind::ContextTooLong),
    ("not logged in", FaultKind::NotAuthenticated),
    ("no rollout found", FaultKind::BadRequest),
    ("unexpected argument", FaultKind::BadRequest),
    ("error loading config", FaultKind::BadRequest),
    ("not inside a trusted directory", FaultKind::BadRequest),
    ("no prompt provided", FaultKind::BadRequest),
    ("failed to read output schema", FaultKind::BadRequest),
];

impl Events for Said {
    type Event = Event;

    fn take(&mut self, event: Event, told: &mut Told) -> Vec<Progress> {
        let news = match event {
            Event::Started { thread_id } => {
                told.session = Some(thread_id.clone());
                Some(Progress::Session(thread_id))
            }
            Event::ItemStarted { item } | Event::ItemCompleted { item } => match item {
                Item::AgentMessage { text } => {
                    let news = texts::said(&text);
                    self.text = Some(text);
                    news
                }
                Item::CommandExecution { command } => Some(texts::tool("command", command.as_deref())),
                Item::FileChange { changes } => {
                    let paths: Vec<String> = changes.into_iter().map(|change| change.path).collect();
                    Some(texts::tool("patch", Some(&paths.join(" "))))
                }
                Item::McpToolCall { server, tool } => Some(texts::tool(&server.unwrap_or_default(), tool.as_deref())),
                Item::Error { message } => {
                    told.trouble = message;
                    None
                }
                Item::Other => None,
            },
            Event::Error { message } => {
                let news = texts::retrying(&message);
                told.trouble = Some(message);
                Some(news)
            }
            Event::Completed { usage } => {
                self.end = Some(End::Completed);
                if let Some(tokens) = usage {
                    told.spent = Usage {
                        input: tokens.input_tokens,
                        cached: tokens.cached_input_tokens,
                        output: tokens.output_tokens,
                        thinking: tokens.reasoning_output_tokens,
                        micro_usd: None,
                    };
                }
                None
            }
            Event::Failed { error } => {
                self.end = Some(End::Failed(error.message));
                None
            }
            Event::Other => None,
        };
        news.into_iter().collect()
    }

    fn finish(&mut self, told: &mut Told, ending: &Ending<'_>) -> Result<Reply, Fault> {
        match self.end.take() {
            Some(End::Completed) => self.reply(told, ending),
            // The message is the server's own body, which may be empty.
            Some(End::Failed(message)) if message.trim().is_empty() => {
                Err(Fault::new(FaultKind::Crashed, "the turn failed without a message"))
            }
            Some(End::Failed(message)) => Err(Fault::new(cause(&message), &message)),
            None => {
                let says = of_words(ending.stderr, USAGE);
                let better = if says.is_some() { Hint::Stderr } else { Hint::Trouble };
                Err(told.unended(says, better, ending))
            }
        }
    }
}
