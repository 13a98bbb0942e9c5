//! What every vendor's protocol has in common: a conversation that asks, an answer in blocks, and tools.

use mao_core::reply::Usage;
use mao_providers::script::{Act, Ending, ToolCall, find_marker};
use serde_json::Value;
use std::fmt::Debug;
use std::path::Path;

/// One vendor's protocol, and the tools of its command line.
pub(super) trait Dialect: Debug + Send + Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;
    /// What a request says. `path` names the model where the body does not.
    fn read(&self, path: &str, body: &Value) -> Asked;
    /// The calls of the vendor's own tools that do a deed, none where it is simply said; an error where it cannot be done.
    fn calls(&self, asked: &Asked, deed: Deed<'_>) -> Result<Vec<Call>, String>;
    /// The answer as one body.
    fn whole(&self, asked: &Asked, answer: &Answer) -> Value;
    /// The answer as a stream of events.
    fn stream(&self, asked: &Asked, answer: &Answer) -> Vec<Event>;
    /// An error's body.
    fn error(&self, status: u16, code: Option<&str>, message: &str) -> Value;
    /// An error within a stream.
    fn stream_error(&self, asked: &Asked, serial: u64, code: &str, message: &str) -> Vec<Event>;
    /// The answer to a question for the count of tokens.
    fn count(&self, tokens: u64) -> Value;
}

/// A request in every vendor's case.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) tools: Vec<String>,
    pub(super) cwd: Option<String>,
    /// Step and count of acknowledged attempts, from the marker of the last text that holds one.
    pub(super) marker: Option<(String, u32)>,
    /// The text that holds the marker.
    pub(super) prompt: String,
    /// What came back from the tools since then.
    pub(super) results: Vec<String>,
}

/// A piece of a conversation.
#[derive(Debug)]
pub(super) enum Item {
    /// What a person, the command line or the vendor's client said.
    Text(String),
    /// What a tool gave back.
    Result(String),
}

impl Asked {
    /// Fills marker, prompt, results and directory from the conversation.
    pub(super) fn converse(mut self, items: Vec<Item>, cwd: fn(&str) -> Option<&str>) -> Self {
        for item in items {
            match item {
                Item::Text(text) => {
                    if let Some(found) = cwd(&text) {
                        self.cwd = Some(found.to_owned());
                    }
                    if let Some(marker) = find_marker(&text) {
                        (self.marker, self.prompt) = (Some(marker), text);
                        self.results.clear();
                    }
                }
                Item::Result(text) => self.results.push(text),
            }
        }
        self
    }

    pub(super) fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }

    /// A call of a tool that must have been offered.
    pub(super) fn offered(&self, name: &str, input: Value) -> Result<Vec<Call>, String> {
        match self.offers(name) {
            true => Ok(vec![Call::json(name, input)]),
            false => Err(format!("`{name}` was not offered")),
        }
    }
}

/// What of a script's actions a model does with its tools; the rest is said, or befalls the answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed<'a> {
    /// Writes a whole file of text.
    Edit(&'a Path, &'a str),
    /// Removes a file.
    Delete(&'a Path),
    /// Runs a command.
    Run(&'a [String]),
    /// Calls this tool, whether it was offered or not.
    Tool(&'a ToolCall),
    /// Gives the structured reply.
    Reply(&'a Value),
}

impl<'a> Deed<'a> {
    /// The deed in an action, if there is one.
    ///
    /// # Errors
    /// A file that is no text: no vendor's tools write one.
    pub(super) fn of(act: &'a Act) -> Result<Option<Self>, String> {
        Ok(match act {
            Act::Edit { path, content } => match std::str::from_utf8(content) {
                Ok(text) => Some(Self::Edit(path, text)),
                Err(_) => return Err(format!("{} is no text, and a model's tools write text only", path.display())),
            },
            Act::Delete { path } => Some(Self::Delete(path)),
            Act::Run(argv) => Some(Self::Run(argv)),
            Act::Tool(call) => Some(Self::Tool(call)),
            Act::Json(value) => Some(Self::Reply(value)),
            Act::Say(_) | Act::Think(_) | Act::Sleep(_) | Act::Hang(_) | Act::Garbage(_) | Act::Cut(_) => None,
            Act::Http(_) | Act::StreamError(_) | Act::End(_) | Act::Fault(_) | Act::Exit(_) => None,
            Act::Link(_) | Act::Executable { .. } => None,
        })
    }
}

/// A command that removes a file.
pub(super) fn removal(path: &Path) -> Vec<String> {
    vec!["rm".into(), "--".into(), path.display().to_string()]
}

/// The text between `open` and `close`.
pub(super) fn between<'a>(text: &'a str, open: &str, close: char) -> Option<&'a str> {
    text.split_once(open)?.1.split(close).next().map(str::trim).filter(|found| !found.is_empty())
}

/// Texts of a value that is a text, or a list of parts that have one.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) input: CallInput,
}

/// What a tool is given.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CallInput {
    /// An object.
    Json(Value),
    /// Free text, for tools that take a grammar.
    Free(String),
}

impl Call {
    pub(super) fn json(name: &str, input: Value) -> Self {
        Self { name: name.into(), input: CallInput::Json(input) }
    }

    /// The input as a value, whatever its form.
    pub(super) fn value(&self) -> Value {
        match &self.input {
            CallInput::Json(value) if value.is_null() => Value::Object(serde_json::Map::new()),
            CallInput::Json(value) => value.clone(),
            CallInput::Free(text) => Value::String(text.clone()),
        }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Thinking.
    Think(String),
    /// Text.
    Say(String),
    /// A call of a tool.
    Call(Call),
}

/// One answer of the model.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The number that its ids are made of.
    pub(super) serial: u64,
    /// The model that is said to have served it.
    pub(super) served: String,
    pub(super) blocks: Vec<Block>,
    pub(super) usage: Usage,
    pub(super) ending: Option<Ending>,
}

impl Answer {
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Call(call) => Some(call),
            Block::Think(_) | Block::Say(_) => None,
        })
    }
}

/// An event of a stream.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The block that it belongs to; those of the frame before and after have none.
    pub(super) block: Option<usize>,
    /// Its SSE name, where the vendor gives one.
    pub(super) name: Option<String>,
    pub(super) data: Value,
}

impl Event {
    /// An event whose SSE name is its `type`.
    pub(super) fn typed(block: Option<usize>, data: Value) -> Self {
        Self { block, name: data["type"].as_str().map(str::to_owned), data }
    }

    /// An event without a name.
    pub(super) const fn plain(block: Option<usize>, data: Value) -> Self {
        Self { block, name: None, data }
    }

    /// Whether it is one of those that begin a stream rather than end it.
    pub(super) fn opens(&self) -> bool {
        matches!(self.name.as_deref(), Some("message_start" | "response.created" | "response.in_progress"))
    }

    /// As it goes over the wire.
    pub(super) fn wire(&self) -> String {
        match &self.name {
            Some(name) => format!("event: {name}\ndata: {}\n\n", self.data),
            None => format!("data: {}\r\n\r\n", self.data),
        }
    }
}

/// `text` in two halves, so that streams have more than one delta.
pub(super) fn halves(text: &str) -> Vec<&str> {
    let middle = (text.len() / 2..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let (a, b) = text.split_at(middle);
    [a, b].into_iter().filter(|part| !part.is_empty()).collect()
}

/// `argv` as one line for a POSIX shell. Single quotes are never escaped: Gemini CLI 0.61.0 breaks `'\''`.
pub(super) fn shell_line(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    let quote = |arg: &String| {
        if !arg.is_empty() && arg.chars().all(plain) {
            arg.clone()
        } else if arg.contains('\'') {
            let escaped = arg.chars().fold(String::new(), |mut text, c| {
                if matches!(c, '"' | '$' | '`' | '\\') {
                    text.push('\\');
                }
                text.push(c);
                text
            });
            format!("\"{escaped}\"")
        } else {
            format!("'{arg}'")
        }
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_marked_text_begins_the_conversation() {
        let text = |text: &str| Item::Text(text.into());
        let result = |text: &str| Item::Result(text.into());
        let items = vec![
            text("cwd: /w\nx"),
            text("a [mao step plan attempt 1]"),
            result("old"),
            text("b [mao step plan attempt 2]"),
            result("new"),
            text("a reminder"),
        ];
        let asked = Asked::default().converse(items, |text| between(text, "cwd: ", '\n'));
        assert_eq!(asked.marker, Some(("plan".into(), 1)));
        assert_eq!(asked.prompt, "b [mao step plan attempt 2]");
        assert_eq!((asked.results, asked.cwd.as_deref()), (vec!["new".to_owned()], Some("/w")));
    }

    #[test]
    fn a_shell_gets_what_was_meant() {
        let argv = ["printf", "%s", r#"it's $HOME "\"#, "a $b", ""].map(str::to_owned);
        let line = shell_line(&argv);
        assert_eq!(line, r#"printf %s "it's \$HOME \"\\" 'a $b' ''"#);
        let said = std::process::Command::new("sh").args(["-c", &line]).output().unwrap().stdout;
        assert_eq!(said, br#"it's $HOME "\a $b"#);
        assert_eq!(halves("éé"), ["é", "é"]);
        assert!(halves("").is_empty());
    }
}
