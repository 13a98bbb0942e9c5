//! Claude Code's `stream-json`, read to its last `result`: subtype "success" may carry an error, and a run may print
//! several results. Unknown events and fields are passed over; a terminal event that cannot be read is not one.

use crate::cli::texts::{self, Heard, of_status, of_words};
use crate::cli::{Asked, Ending, Form, Reader};
use crate::provider::{Access, Progress, Reply};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::Stamp;
use mao_core::reply::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What stands for "no model" in messages that the CLI writes itself.
const SYNTHETIC: &str = "<synthetic>";

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
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
struct System {
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
struct Assistant {
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
struct RateLimit {
    status: Option<String>,
    #[serde(rename = "resetsAt")]
    resets_at: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Ended {
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

/// The reader of one run of `claude`.
#[derive(Debug)]
pub struct Stream {
    asked: Asked,
    session: Option<String>,
    served: Option<String>,
    class: Option<String>,
    limit: Option<RateLimit>,
    trouble: Option<String>,
    heard: Heard,
    last: Option<Ended>,
    spent: Usage,
}

impl Stream {
    /// A reader of a run that was asked for this.
    #[must_use]
    pub fn new(asked: Asked) -> Self {
        Self {
            asked,
            session: None,
            served: None,
            class: None,
            limit: None,
            trouble: None,
            heard: Heard::Nothing,
            last: None,
            spent: Usage::default(),
        }
    }

    fn system(&mut self, event: System) -> Vec<Progress> {
        match event.subtype.as_deref() {
            Some("init") => self.named(event.session_id),
            Some("api_retry") => {
                let what = match (event.error, event.error_status) {
                    (Some(error), Some(status)) => format!("{error} ({status})"),
                    (Some(error), None) => error,
                    (None, Some(status)) => format!("status {status}"),
                    (None, None) => "an error".to_owned(),
                };
                let line = format!("{what}, attempt {}", event.attempt.unwrap_or(0));
                let news = texts::retrying(&line);
                self.trouble = Some(line);
                vec![news]
            }
            Some("permission_denied") => {
                let tool = event.tool_name.unwrap_or_default();
                self.trouble = Some(format!("{tool} was denied: {}", event.message.unwrap_or_default()));
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

    fn ended(&mut self, event: Ended) -> Vec<Progress> {
        // Tokens count from result to result; money counts from the session's beginning.
        if let Some(tokens) = event.usage {
            self.spent = self.spent.plus(Usage {
                input: tokens.input_tokens + tokens.cache_creation_input_tokens + tokens.cache_read_input_tokens,
                cached: tokens.cache_read_input_tokens,
                output: tokens.output_tokens,
                thinking: tokens.output_tokens_details.map_or(0, |details| details.thinking_tokens),
                micro_usd: None,
            });
        }
        if let Some(cost) = event.total_cost_usd {
            self.spent.micro_usd = Some(micro(cost));
        }
        let news = self.named(event.session_id.clone());
        self.last = Some(event);
        news
    }

    fn named(&mut self, session: Option<String>) -> Vec<Progress> {
        if session.is_none() || session == self.session {
            return Vec::new();
        }
        self.session = session;
        self.session.clone().map(Progress::Session).into_iter().collect()
    }

    fn spent(&self) -> Usage {
        let before = self.asked.before.micro_usd.unwrap_or(0);
        Usage { micro_usd: self.spent.micro_usd.map(|cost| cost.saturating_sub(before)), ..self.spent }
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

    /// There was no result at all: what standard error says of it.
    fn nothing(&self, ending: &Ending<'_>) -> Fault {
        let words = ending.stderr.trim();
        let kind = of_words(words, WORDS).or_else(|| of_words(words, USAGE)).unwrap_or(self.heard.end(ending.code));
        let hint = match (words.is_empty(), &self.trouble) {
            (false, _) => mao_core::text::tail(words, 400),
            (true, Some(trouble)) => trouble,
            (true, None) => "no result event",
        };
        Fault::new(kind, hint)
    }
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

impl Reader for Stream {
    fn feed(&mut self, line: &str) -> Vec<Progress> {
        self.heard = Heard::Lines;
        match serde_json::from_str(line) {
            Ok(Event::System(event)) => self.system(event),
            Ok(Event::Assistant(event)) => self.assistant(event),
            Ok(Event::Limit { rate_limit_info }) => {
                self.limit = Some(rate_limit_info);
                Vec::new()
            }
            Ok(Event::Result(event)) => self.ended(*event),
            Ok(Event::Other) => Vec::new(),
            Err(unread) => {
                // An event we cannot read is no news; should it have been the result, this is the hint that remains.
                if !line.trim().is_empty() {
                    self.trouble = Some(format!("unreadable: {unread}: {}", mao_core::text::one_line(line, 200)));
                }
                Vec::new()
            }
        }
    }

    fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    fn reading(&self) -> Usage {
        self.spent
    }

    fn finish(&mut self, ending: &Ending<'_>) -> Result<Reply, Fault> {
        let Some(end) = self.last.take() else {
            return Err(self.nothing(ending));
        };
        let said = end.result.as_deref().filter(|text| !text.is_empty());
        let words = said
            .or(end.errors.first().map(String::as_str))
            .or(end.subtype.as_deref())
            .unwrap_or("an error without words");
        if end.is_error {
            return Err(Fault::new(self.cause(&end, words), words));
        }
        if let (Access::Write, Some(first)) = (self.asked.access, end.permission_denials.first()) {
            let hint = format!("{} denied, {} in all", first.tool_name, end.permission_denials.len());
            return Err(Fault::new(FaultKind::Denied, hint));
        }
        let spent = self.spent();
        let structured = match self.asked.form {
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
        let ignored = ending.stderr.contains("Unknown --effort value");
        Ok(Reply {
            text,
            structured,
            served: self.served.take().or(only),
            usage: spent,
            effort_sent: self.asked.effort.take().filter(|_| !ignored),
        })
    }
}

/// Millionths of a dollar. The CLI prints a float; negative or absurd values become the nearest bound.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of the type first")]
fn micro(usd: f64) -> u64 {
    (usd * 1e6).round().clamp(0.0, 9e15) as u64
}
