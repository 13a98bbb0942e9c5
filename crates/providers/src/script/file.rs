//! From a file's text to turns: what TOML knows of places becomes file and line.
//!
//! Files that actions name are read here, once and before anything is played; nothing is written.

use super::beneath::plain_path;
use super::error::{At, ScriptError};
use super::format::{Act, Delete, Ending, Http, Link, Placed, Stall, StreamError, ToolCall, Turn};
use mao_core::fault::{Fault, FaultKind};
use mao_core::reply::Usage;
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    turn: Vec<Spanned<RawTurn>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTurn {
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    expects: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    served: Option<String>,
    #[serde(default)]
    effort: Option<String>,
    #[serde(default)]
    usage: RawUsage,
    act: Vec<Spanned<RawAct>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUsage {
    input: u64,
    cached: u64,
    output: u64,
    thinking: u64,
    micro_usd: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawAct {
    Say(String),
    Json(serde_json::Value),
    JsonFile(String),
    Edit(RawEdit),
    Delete(Delete),
    Link(Link),
    Executable(Delete),
    Run(Vec<String>),
    Tool(ToolCall),
    Think(String),
    SleepMs(u64),
    Hang(Stall),
    Garbage(Stall),
    Cut(Stall),
    Http(Http),
    StreamError(StreamError),
    End(Ending),
    Fault(RawFault),
    Exit(u8),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdit {
    path: String,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    from: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFault {
    kind: String,
    #[serde(default)]
    until_ms: Option<u64>,
    #[serde(default)]
    hint: Option<String>,
}

/// Reads a file that an action names: a plain path within the script's directory.
type Read<'a> = &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// The turns of one step's file.
pub(super) fn turns(file: &str, text: &str, read: Read<'_>) -> Result<Vec<Turn>, ScriptError> {
    let at = |offset: usize| At { file: file.to_owned(), line: line_of(text, offset) };
    let raw: RawStep = toml::from_str(text)
        .map_err(|error| at(error.span().map_or(0, |span| span.start)).bad(error.message().trim()))?;
    if raw.turn.is_empty() {
        return Err(at(0).bad("there is no turn"));
    }
    let mut turns = Vec::new();
    for turn in raw.turn {
        let place = at(turn.span().start);
        let turn = turn.into_inner();
        let mut acts = Vec::new();
        for act in turn.act {
            let place = at(act.span().start);
            let act = settle(act.into_inner(), read).map_err(|what| place.bad(what))?;
            acts.push(Placed { at: place, act });
        }
        let RawUsage { input, cached, output, thinking, micro_usd } = turn.usage;
        turns.push(Turn {
            at: place,
            models: turn.models,
            expects: turn.expects,
            lacks: turn.lacks,
            served: turn.served,
            effort: turn.effort,
            usage: Usage { input, cached, output, thinking, micro_usd },
            acts,
        });
    }
    Ok(turns)
}

/// Checks one action and reads the file that it names.
fn settle(raw: RawAct, read: Read<'_>) -> Result<Act, String> {
    let contents = |name: &str| {
        let path = plain_path(name)?;
        read(&path).map_err(|cause| format!("could not read `{name}` of the script: {cause}"))
    };
    Ok(match raw {
        RawAct::Say(text) => Act::Say(text),
        RawAct::Json(value) => Act::Json(value),
        RawAct::JsonFile(name) => Act::Json(
            serde_json::from_slice(&contents(&name)?).map_err(|cause| format!("`{name}` is not JSON: {cause}"))?,
        ),
        RawAct::Edit(RawEdit { path, content: Some(content), from: None }) => {
            Act::Edit { path: plain_path(&path)?, content: content.into_bytes() }
        }
        RawAct::Edit(RawEdit { path, content: None, from: Some(name) }) => {
            Act::Edit { path: plain_path(&path)?, content: contents(&name)? }
        }
        RawAct::Edit(_) => return Err("an edit needs either `content` or `from`".into()),
        RawAct::Delete(Delete { path }) => Act::Delete { path: plain_path(&path)? },
        RawAct::Link(Link { path, to }) => Act::Link(Link { path: plain_path(&path.to_string_lossy())?, to }),
        RawAct::Executable(Delete { path }) => Act::Executable { path: plain_path(&path)? },
        RawAct::Run(argv) if argv.is_empty() => return Err("`run` needs a program".into()),
        RawAct::Run(argv) => Act::Run(argv),
        RawAct::Tool(call) => Act::Tool(call),
        RawAct::Think(text) => Act::Think(text),
        RawAct::SleepMs(ms) => Act::Sleep(std::time::Duration::from_millis(ms)),
        RawAct::Hang(stall) => Act::Hang(stall),
        RawAct::Garbage(stall) => Act::Garbage(stall),
        RawAct::Cut(stall) => Act::Cut(stall),
        RawAct::Http(http) if !(400..600).contains(&http.status) => {
            return Err(format!("{} is no HTTP error", http.status));
        }
        RawAct::Http(http) => Act::Http(http),
        RawAct::StreamError(error) => Act::StreamError(error),
        RawAct::End(ending) => Act::End(ending),
        RawAct::Fault(RawFault { kind, until_ms, hint }) => {
            let parsed = FaultKind::deserialize(&serde_json::json!({ "kind": kind, "until": until_ms }))
                .map_err(|_| format!("there is no fault `{kind}`"))?;
            let timed = matches!(parsed, FaultKind::RateLimited { .. } | FaultKind::QuotaExhausted { .. });
            if until_ms.is_some() && !timed {
                return Err(format!("`until_ms` has no meaning for `{kind}`"));
            }
            let hint = hint.unwrap_or_else(|| format!("scripted {}", parsed.label()));
            Act::Fault(Fault::new(parsed, hint))
        }
        RawAct::Exit(code) => Act::Exit(code),
    })
}

/// The line of a byte offset, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}
