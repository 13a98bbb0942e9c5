//! Claude Code's `stream-json`, read to its last `result`: subtype "success" may carry an error, and a run may print
//! several results. Unknown events and fields are passed over; a terminal event that cannot be read is not one.

use crate::cli::stream::{Events, Hint, Told};
use crate::cli::texts::{self, of_status, of_words};
use crate::cli::{Ending, Form};
use crate::provider::{Access, Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::Stamp;
use mao_core::mutant;
use mao_core::reply::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What stands for "no model" in messages that the CLI writes itself.
const SYNTHETIC: &str = "<synthetic>";

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    System(System),
    Assistant(Assistant),
    #[serde(rename = "rate_limit_event")]
    Limit {
        rate_limit_info: RateLimit,
    },
    Result(Box<Ended>),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct System {
    subtype: Option<String>,
    session_id: Option<String>,
    attempt: Option<u32>,
    error_status: Option<u16>,
    error: Option<String>,
    tool_name: Option<String>,
    message: Option<String>,
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Assistant {
    message: Message,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    model: Option<String>,
    #[serde(default)]
    content: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        name: String,
        #[serde(default)]
        input: ToolInput,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
struct ToolInput {
    file_path: Option<String>,
    command: Option<String>,
    pattern: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RateLimit {
    status: Option<String>,
    #[serde(rename = "resetsAt")]
    resets_at: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    is_error: bool,
    subtype: Option<String>,
    result: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
    structured_output: Option<serde_json::Value>,
    session_id: Option<String>,
    stop_reason: Option<String>,
    terminal_reason: Option<String>,
    api_error_status: Option<u16>,
    total_cost_usd: Option<f64>,
    usage: Option<Tokens>,
    #[serde(rename = "modelUsage", default)]
    model_usage: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(default)]
    permission_denials: Vec<Denial>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Tokens {
    input_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    output_tokens: u64,
    output_tokens_details: Option<Details>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Details {
    #[serde(default)]
    thinking_tokens: u64,
}

#[derive(Debug, Deserialize)]
struct Denial {
    tool_name: String,
}

/// What one run of `claude` said.
#[derive(Debug, Default)]
pub(super) struct Said {
    served: Option<String>,
    class: Option<String>,
    limit: Option<RateLimit>,
    last: Option<Ended>,
}

impl Said {
    fn system(event: System, told: &mut Told) -> Vec<Progress> {
        match event.subtype.as_deref() {
            Some("init") => named(event.session_id, told),
            Some("api_retry") => {
                let what = match (event.error, event.error_status) {
                    (Some(error), Some(status)) => format!("{error} ({status})"),
                    (Some(error), None) => error,
                    (None, Some(status)) => format!("status {status}"),
                    (None, None) => "an error".to_owned(),
                };
                let line = format!("{what}, attempt {}", event.attempt.unwrap_or(0));
                let news = texts::retrying(&line);
                told.trouble = Some(line);
                vec![news]
            }
            Some("permission_denied") => {
                let tool = event.tool_name.unwrap_or_default();
                told.trouble = Some(format!("{tool} was denied: {}", event.message.unwrap_or_default()));
                Vec::new()
            }
            Some("model_fallback") => event.content.as_deref().map(texts::retrying).into_iter().collect(),
            Some(_) | None => Vec::new(),
        }
    }

    fn assistant(&mut self, event: Assistant) -> Vec<Progress> {
        if event.error.is_some() {
            self.class = event.error;
        }
        if let Some(model) = event.message.model.filter(|model| model != SYNTHETIC) {
            self.served = Some(model);
        }
        let news = event.message.content.into_iter().filter_map(|block| match block {
            Block::Text { text } => texts::said(&text),
            Block::ToolUse { name, input } => {
                let about = input.file_path.or(input.command).or(input.pattern);
                Some(texts::tool(&name, about.as_deref()))
            }
            Block::Other => None,
        });
        news.collect()
    }

    fn ended(&mut self, event: Ended, told: &mut Told) -> Vec<Progress> {
        // Tokens count from result to result; money counts from the session's beginning.
        if let Some(tokens) = event.usage {
            told.spent = told.spent.plus(Usage {
                input: tokens.input_tokens + tokens.cache_creation_input_tokens + tokens.cache_read_input_tokens,
                cached: tokens.cache_read_input_tokens,
                output: tokens.output_tokens,
                thinking: tokens.output_tokens_details.map_or(0, |details| details.thinking_tokens),
                micro_usd: None,
            });
        }
        if let Some(cost) = event.total_cost_usd {
            told.spent.micro_usd = Some(micro(cost));
        }
        let news = named(event.session_id.clone(), told);
        self.last = Some(event);
        news
    }

    /// The cause of an error, fields before texts.
    fn cause(&self, end: &Ended, words: &str) -> FaultKind {
        let until = self.limit.as_ref().filter(|limit| limit.status.as_deref() == Some("rejected"));
        match end.terminal_reason.as_deref() {
            Some("prompt_too_long" | "blocking_limit") => return FaultKind::ContextTooLong,
            Some("max_turns" | "budget_exhausted") => return FaultKind::Truncated,
            Some("structured_output_retry_exhausted") => return FaultKind::Unparsable,
            Some("aborted_tools" | "aborted_streaming") => return FaultKind::Crashed,
            Some(_) | None => {}
        }
        if end.stop_reason.as_deref() == Some("refusal") {
            return FaultKind::Refused;
        }
        if let Some(limit) = until {
            return FaultKind::QuotaExhausted {
                until: limit.resets_at.map(|seconds| Stamp(seconds.saturating_mul(1000))),
            };
        }
        match self.class.as_deref() {
            Some("authentication_failed") => return FaultKind::NotAuthenticated,
            Some("billing_error") => return FaultKind::QuotaExhausted { until: None },
            Some("rate_limit") => return FaultKind::RateLimited { until: None },
            Some("model_not_found") => return FaultKind::ModelUnknown,
            Some("max_output_tokens") => return FaultKind::Truncated,
            Some(_) | None => {}
        }
        end.api_error_status
            .and_then(of_status)
            .or_else(|| of_words(words, WORDS))
            .or_else(|| of_words(words, texts::CONNECTION))
            .unwrap_or(match self.class.as_deref() {
                Some("server_error") => FaultKind::Overloaded,
                Some("invalid_request") => FaultKind::BadRequest,
                Some(_) | None => FaultKind::Crashed,
            })
    }
}

fn named(session: Option<String>, told: &mut Told) -> Vec<Progress> {
    if session.is_none() || session == told.session {
        return Vec::new();
    }
    told.session = session;
    told.session.clone().map(Progress::Session).into_iter().collect()
}

/// This run's share: money runs over the whole session, resumed ones included.
fn spent(told: &Told) -> Usage {
    let before = told.asked.before.micro_usd.unwrap_or(0);
    Usage { micro_usd: told.spent.micro_usd.map(|cost| cost.saturating_sub(before)), ..told.spent }
}

/// Texts that stand where no field says it.
const WORDS: &[(&str, FaultKind)] = &[
    ("not logged in", FaultKind::NotAuthenticated),
    ("invalid api key", FaultKind::NotAuthenticated),
    ("failed to authenticate", FaultKind::NotAuthenticated),
    ("prompt is too long", FaultKind::ContextTooLong),
    ("input exceeds 10mb", FaultKind::ContextTooLong),
    ("credit balance is too low", FaultKind::QuotaExhausted { until: None }),
    ("you've hit your", FaultKind::QuotaExhausted { until: None }),
    // What came was not the protocol: something stands between.
    ("empty or malformed response", FaultKind::Network),
];

/// What the CLI says of a command line that it will not run.
const USAGE: &[(&str, FaultKind)] = &[
    ("is already in use", FaultKind::BadRequest),
    ("no conversation found", FaultKind::BadRequest),
    ("cannot be used with root", FaultKind::BadRequest),
    ("unknown option", FaultKind::BadRequest),
    ("is not valid json", FaultKind::BadRequest),
    ("requires --verbose", FaultKind::BadRequest),
    ("input must be provided", FaultKind::BadRequest),
];

impl Events for Said {
    type Event = Event;

    fn take(&mut self, event: Event, told: &mut Told) -> Vec<Progress> {
        match event {
            Event::System(event) => Self::system(event, told),
            Event::Assistant(event) => self.assistant(event),
            Event::Limit { rate_limit_info } => {
                self.limit = Some(rate_limit_info);
                Vec::new()
            }
            Event::Result(event) => self.ended(*event, told),
            Event::Other => Vec::new(),
        }
    }

    fn finish(&mut self, told: &mut Told, ending: &Ending<'_>) -> Result<Reply, Fault> {
        let Some(end) = self.last.take() else {
            let says = of_words(ending.stderr, WORDS).or_else(|| of_words(ending.stderr, USAGE));
            return Err(told.unended(says, Hint::Stderr, ending));
        };
        let said = end.result.as_deref().filter(|text| !text.is_empty());
        let words = said
            .or(end.errors.first().map(String::as_str))
            .or(end.subtype.as_deref())
            .unwrap_or("an error without words");
        if end.is_error {
            return Err(Fault::new(self.cause(&end, words), words));
        }
        if let (Access::Write, Some(first)) = (told.asked.access, end.permission_denials.first()) {
            let hint = format!("{} denied, {} in all", first.tool_name, end.permission_denials.len());
            return Err(Fault::new(FaultKind::Denied, hint));
        }
        let usage = spent(told);
        let structured = match told.asked.form {
            Form::Text => None,
            // The tool validates; a model that never calls it ends as a success without this key.
            Form::Json => match end.structured_output {
                Some(value) => Some(value),
                None => return Err(Fault::new(FaultKind::Unparsable, "no structured output was given")),
            },
        };
        let text = end.result.unwrap_or_default();
        if text.trim().is_empty() && structured.is_none() {
            return Err(Fault::new(FaultKind::EmptyOutput, "the result is empty"));
        }
        let only = match end.model_usage.len() {
            1 => end.model_usage.into_keys().next(),
            _ => None,
        };
        let ignored = ending.stderr.contains("Unknown --effort value") && !mutant::is("thk_08_asked_is_sent");
        Ok(Reply {
            text,
            structured,
            served: self.served.take().or(only),
            usage,
            effort_sent: told.asked.effort.take().filter(|_| !ignored),
        })
    }
}

/// Millionths of a dollar. The CLI prints a float; negative or absurd values become the nearest bound.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of the type first")]
fn micro(usd: f64) -> u64 {
    (usd * 1e6).round().clamp(0.0, 9e15) as u64
}
