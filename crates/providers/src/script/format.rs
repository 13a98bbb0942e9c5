//! The nouns of a script: turns and their actions, in the words that the files use.
//!
//! Nothing here reads or plays; what a word means for the scripted provider is said at each action.

use mao_core::fault::Fault;
use mao_core::reply::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::{At, ScriptError};

/// What is played for one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Where it stands.
    pub at: At,
    /// The endpoints it was written for; empty: any.
    pub models: Vec<String>,
    /// Texts that the prompt must hold.
    pub expects: Vec<String>,
    /// Texts that the prompt must not hold.
    pub lacks: Vec<String>,
    /// The model that is said to have served it.
    pub served: Option<String>,
    /// The effort that is said to have been sent; a recording's only.
    pub effort: Option<String>,
    /// What it is said to have cost, all requests of the turn together.
    pub usage: Usage,
    /// What is played, in order.
    pub acts: Vec<Placed>,
}

impl Turn {
    /// Whether this turn was written for that endpoint and that prompt.
    ///
    /// # Errors
    /// [`ScriptError::Bad`] at the turn's place, with what is missing.
    pub fn check(&self, endpoint: &str, prompt: &str) -> Result<(), ScriptError> {
        if !self.models.is_empty() && !self.models.iter().any(|model| model == endpoint) {
            return Err(self.at.bad(format!(
                "this turn is for {}, and `{}` was asked",
                self.models.join(", "),
                mao_core::text::one_line(endpoint, 80)
            )));
        }
        if let Some(text) = self.expects.iter().find(|text| !prompt.contains(text.as_str())) {
            return Err(self.at.bad(format!("the prompt lacks `{text}`")));
        }
        if let Some(text) = self.lacks.iter().find(|text| prompt.contains(text.as_str())) {
            return Err(self.at.bad(format!("the prompt holds `{text}`")));
        }
        Ok(())
    }
}

/// An action and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Where it stands.
    pub at: At,
    /// What is played.
    pub act: Act,
}

/// One action. *All*: every player knows it; *server*: the fake model server; *cli*: the fake command line;
/// *provider*: the scripted provider. A player refuses what is not for it before it plays anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// `say = "text"` (all): the text of the message; the last one is the reply's.
    Say(String),
    /// `json = { … }` or `json_file = "file"` (all): the structured reply, and its text where nothing is said.
    Json(serde_json::Value),
    /// `edit = { path, content | from }` (all): writes a whole file, with its directories; `from` is a file of the
    /// script.
    Edit {
        /// Beneath the job's directory.
        path: PathBuf,
        /// What the file holds afterwards.
        content: Vec<u8>,
    },
    /// `delete = { path }` (all): removes a file.
    Delete {
        /// Beneath the job's directory.
        path: PathBuf,
    },
    /// `link = { path, to }` (provider): makes a symbolic link.
    Link(Link),
    /// `executable = { path }` (provider): lets its owner run a file.
    Executable {
        /// Beneath the job's directory.
        path: PathBuf,
    },
    /// `run = ["argv", …]` (server, cli): a command, run by the model's own shell tool in the job's directory.
    Run(Vec<String>),
    /// `tool = { name, input }` (server): a call of that tool whether it was offered or not.
    Tool(ToolCall),
    /// `think = "text"` (all): a block of thinking.
    Think(String),
    /// `sleep_ms = 50` (all): silence for that long.
    Sleep(std::time::Duration),
    /// `hang = {}` (all): silence until a timer or somebody stops it.
    Hang(Stall),
    /// `garbage = { text = "…" }` (all): bytes that are not in any protocol; the scripted provider's reply is then
    /// unparsable.
    Garbage(Stall),
    /// `cut = {}` (server): the connection breaks.
    Cut(Stall),
    /// `http = { status = 429, retry_after = 2 }` (server): an HTTP error instead of an answer.
    Http(Http),
    /// `stream_error = { code = "overloaded_error" }` (server): an error event within a stream that began well.
    StreamError(StreamError),
    /// `end = "max_tokens"` (all): how the answer ends, where it does not end well.
    End(Ending),
    /// `fault = { kind = "rate_limited", until_ms = 1790000000000, hint = "…" }` (provider): the attempt ends with this
    /// fault; `until_ms`, where the kind has one, is a moment and not a time from now, for there is no clock here.
    Fault(Fault),
    /// `exit = 3` (cli): the process ends at once with this code.
    Exit(u8),
}

impl Act {
    /// The word that files use for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Say(_) => "say",
            Self::Json(_) => "json",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Link(_) => "link",
            Self::Executable { .. } => "executable",
            Self::Run(_) => "run",
            Self::Tool(_) => "tool",
            Self::Think(_) => "think",
            Self::Sleep(_) => "sleep_ms",
            Self::Hang(_) => "hang",
            Self::Garbage(_) => "garbage",
            Self::Cut(_) => "cut",
            Self::Http(_) => "http",
            Self::StreamError(_) => "stream_error",
            Self::End(_) => "end",
            Self::Fault(_) => "fault",
            Self::Exit(_) => "exit",
        }
    }
}

/// A path of the job's directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// Beneath the job's directory.
    pub path: String,
}

/// A symbolic link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Beneath the job's directory.
    pub path: PathBuf,
    /// Its target, as it stands.
    pub to: String,
}

/// A call of a tool by its name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool's name as the vendor's command line knows it.
    pub name: String,
    /// Its input as it stands.
    #[serde(default)]
    pub input: serde_json::Value,
}

/// A connection that goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// When.
    #[serde(default)]
    pub at: Stage,
    /// How many requests it befalls before the script goes on; absent: all.
    #[serde(default)]
    pub times: Option<u32>,
    /// The bytes of `garbage`.
    #[serde(default)]
    pub text: Option<String>,
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before a byte was sent.
    Headers,
    /// After the first events.
    #[default]
    Stream,
}

/// An HTTP error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The status.
    pub status: u16,
    /// The `retry-after` header: seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// The vendor's own word for it; absent: what the status usually means there.
    #[serde(default)]
    pub code: Option<String>,
    /// The message; absent: a scripted one.
    #[serde(default)]
    pub message: Option<String>,
    /// The whole body as it stands, instead of the vendor's form.
    #[serde(default)]
    pub body: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How many requests it befalls before the script goes on; absent: all.
    #[serde(default)]
    pub times: Option<u32>,
}

/// An error event within a stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamError {
    /// The vendor's own word for it.
    pub code: String,
    /// The message; absent: a scripted one.
    #[serde(default)]
    pub message: Option<String>,
    /// How many requests it befalls before the script goes on; absent: all.
    #[serde(default)]
    pub times: Option<u32>,
}

/// How an answer ends, where it does not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It is cut by the output cap.
    MaxTokens,
    /// The model would not answer.
    Refusal,
    /// Nothing is said.
    Empty,
}
