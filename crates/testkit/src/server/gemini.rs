//! Google's `generateContent` protocol, and the tools of Gemini CLI (seen: 0.61.0).

use super::dialect::{Answer, Asked, Block, Call, Deed, Dialect, Event, Item, between, halves, removal, shell_line};
use mao_providers::script::Ending;
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn read(&self, path: &str, body: &Value) -> Asked {
        let mut items = Vec::new();
        for content in body["contents"].as_array().into_iter().flatten().filter(|one| one["role"] != "model") {
            for part in content["parts"].as_array().into_iter().flatten() {
                if let Some(text) = part["text"].as_str() {
                    items.push(Item::Text(text.into()));
                } else if let Some(response) = part.get("functionResponse") {
                    let response = &response["response"];
                    let text = response["output"].as_str().or_else(|| response["error"].as_str());
                    items.push(Item::Result(text.map_or_else(|| response.to_string(), str::to_owned)));
                }
            }
        }
        let tools = body["tools"].as_array().into_iter().flatten();
        let functions = tools.flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten());
        let asked = Asked {
            model: between(path, "/models/", ':').unwrap_or_default().into(),
            stream: path.contains(":streamGenerateContent"),
            tools: functions.filter_map(|function| function["name"].as_str()).map(str::to_owned).collect(),
            ..Asked::default()
        };
        asked.converse(items, |text| between(text, "**Workspace Directories:**\n  - ", '\n'))
    }

    fn calls(&self, asked: &Asked, deed: Deed<'_>) -> Result<Vec<Call>, String> {
        let shell = |argv: &[String]| {
            asked.offered("run_shell_command", json!({ "command": shell_line(argv), "description": "scripted" }))
        };
        match deed {
            Deed::Edit(path, text) => {
                let file_path = Path::new(asked.cwd.as_deref().unwrap_or_default()).join(path);
                asked.offered("write_file", json!({ "file_path": file_path.display().to_string(), "content": text }))
            }
            Deed::Delete(path) => shell(&removal(path)),
            Deed::Run(argv) => shell(argv),
            Deed::Tool(call) => Ok(vec![Call::json(&call.name, call.input.clone())]),
            Deed::Reply(_) => Ok(vec![]),
        }
    }

    fn whole(&self, _asked: &Asked, answer: &Answer) -> Value {
        let parts = answer.blocks.iter().enumerate().map(|(at, one)| part(answer, at, one)).collect();
        last(answer, parts)
    }

    fn stream(&self, _asked: &Asked, answer: &Answer) -> Vec<Event> {
        let mut events = Vec::new();
        for (at, one) in answer.blocks.iter().enumerate() {
            let pieces = match one {
                Block::Say(text) => halves(text).into_iter().map(|half| Block::Say(half.into())).collect(),
                Block::Think(_) | Block::Call(_) => vec![one.clone()],
            };
            events.extend(
                pieces.iter().map(|piece| Event::plain(Some(at), response(answer, vec![part(answer, at, piece)]))),
            );
        }
        events.push(Event::plain(None, last(answer, Vec::new())));
        events
    }

    fn error(&self, status: u16, code: Option<&str>, message: &str) -> Value {
        let word = code.unwrap_or(match status {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            500.. => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        });
        json!({ "error": { "code": status, "message": message, "status": word } })
    }

    fn stream_error(&self, _asked: &Asked, _serial: u64, code: &str, message: &str) -> Vec<Event> {
        vec![Event::plain(None, self.error(503, Some(code), message))]
    }

    fn count(&self, tokens: u64) -> Value {
        json!({ "totalTokens": tokens })
    }
}

fn part(answer: &Answer, at: usize, block: &Block) -> Value {
    match block {
        Block::Think(text) => json!({ "text": text, "thought": true }),
        Block::Say(text) => json!({ "text": text }),
        Block::Call(call) => json!({ "functionCall": {
            "id": format!("call_scripted_{}_{at}", answer.serial), "name": call.name, "args": call.value(),
        }}),
    }
}

/// A response without an end.
fn response(answer: &Answer, parts: Vec<Value>) -> Value {
    json!({
        "responseId": format!("scripted_{}", answer.serial), "modelVersion": answer.served,
        "candidates": [{ "index": 0, "content": { "role": "model", "parts": parts } }],
    })
}

/// The response that ends the answer.
fn last(answer: &Answer, parts: Vec<Value>) -> Value {
    let mut value = response(answer, parts);
    value["candidates"][0]["finishReason"] = match answer.ending {
        Some(Ending::MaxTokens) => "MAX_TOKENS",
        Some(Ending::Refusal) => "SAFETY",
        Some(Ending::Empty) | None => "STOP",
    }
    .into();
    let usage = answer.usage;
    value["usageMetadata"] = json!({
        "promptTokenCount": usage.input, "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output.saturating_sub(usage.thinking), "thoughtsTokenCount": usage.thinking,
        "totalTokenCount": usage.input.saturating_add(usage.output),
    });
    value
}
