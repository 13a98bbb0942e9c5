//! Anthropic's Messages protocol, and the tools of Claude Code (seen: 2.1.328).

use super::dialect::{
    Answer, Asked, Block, Call, Deed, Dialect, Event, Item, between, halves, removal, shell_line, texts,
};
use mao_providers::script::Ending;
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn read(&self, _path: &str, body: &Value) -> Asked {
        let mut items: Vec<Item> = texts(&body["system"]).into_iter().map(Item::Text).collect();
        for message in body["messages"].as_array().into_iter().flatten().filter(|one| one["role"] != "assistant") {
            if let Some(text) = message["content"].as_str() {
                items.push(Item::Text(text.into()));
            }
            let parts = message["content"].as_array().into_iter().flatten();
            items.extend(parts.filter_map(|part| match part["type"].as_str() {
                Some("text") => part["text"].as_str().map(|text| Item::Text(text.into())),
                Some("tool_result") => Some(Item::Result(texts(&part["content"]).join("\n"))),
                _ => None,
            }));
        }
        let names = body["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str());
        let asked = Asked {
            model: body["model"].as_str().unwrap_or_default().into(),
            stream: body["stream"] == true,
            tools: names.map(str::to_owned).collect(),
            ..Asked::default()
        };
        asked.converse(items, |text| between(text, "orking directory: ", '\n'))
    }

    fn calls(&self, asked: &Asked, deed: Deed<'_>) -> Result<Vec<Call>, String> {
        let shell =
            |argv: &[String]| asked.offered("Bash", json!({ "command": shell_line(argv), "description": "scripted" }));
        match deed {
            Deed::Edit(path, text) => {
                let cwd = asked.cwd.as_deref().ok_or("the request names no working directory")?;
                let file_path = Path::new(cwd).join(path).display().to_string();
                // Claude Code refuses to write over a file that it has not read; reading one that is not there is harmless.
                let read = asked.offers("Read").then(|| Call::json("Read", json!({ "file_path": file_path })));
                let write = asked.offered("Write", json!({ "file_path": file_path, "content": text }))?;
                Ok(read.into_iter().chain(write).collect())
            }
            Deed::Delete(path) => shell(&removal(path)),
            Deed::Run(argv) => shell(argv),
            Deed::Tool(call) => Ok(vec![Call::json(&call.name, call.input.clone())]),
            Deed::Reply(value) if asked.offers("StructuredOutput") => asked.offered("StructuredOutput", value.clone()),
            Deed::Reply(_) => Ok(vec![]),
        }
    }

    fn whole(&self, _asked: &Asked, answer: &Answer) -> Value {
        let mut message = frame(answer);
        message["content"] = answer.blocks.iter().enumerate().map(|(at, one)| block(answer, at, one)).collect();
        (message["stop_reason"], message["stop_details"]) = stop(answer);
        message
    }

    fn stream(&self, _asked: &Asked, answer: &Answer) -> Vec<Event> {
        let mut events = vec![Event::typed(None, json!({ "type": "message_start", "message": frame(answer) }))];
        for (at, one) in answer.blocks.iter().enumerate() {
            let mut add = |data: Value| events.push(Event::typed(Some(at), data));
            let delta = |delta: Value| json!({ "type": "content_block_delta", "index": at, "delta": delta });
            let mut start = block(answer, at, one);
            match one {
                Block::Think(text) => {
                    (start["thinking"], start["signature"]) = ("".into(), "".into());
                    add(json!({ "type": "content_block_start", "index": at, "content_block": start }));
                    for part in halves(text) {
                        add(delta(json!({ "type": "thinking_delta", "thinking": part })));
                    }
                    add(delta(json!({ "type": "signature_delta", "signature": SIGNATURE })));
                }
                Block::Say(text) => {
                    start["text"] = "".into();
                    add(json!({ "type": "content_block_start", "index": at, "content_block": start }));
                    for part in halves(text) {
                        add(delta(json!({ "type": "text_delta", "text": part })));
                    }
                }
                Block::Call(call) => {
                    start["input"] = json!({});
                    add(json!({ "type": "content_block_start", "index": at, "content_block": start }));
                    for part in halves(&call.value().to_string()) {
                        add(delta(json!({ "type": "input_json_delta", "partial_json": part })));
                    }
                }
            }
            add(json!({ "type": "content_block_stop", "index": at }));
        }
        let (reason, details) = stop(answer);
        let delta = json!({ "stop_reason": reason, "stop_sequence": null, "stop_details": details, "container": null });
        events.push(Event::typed(None, json!({ "type": "message_delta", "delta": delta, "usage": usage(answer) })));
        events.push(Event::typed(None, json!({ "type": "message_stop" })));
        events
    }

    fn error(&self, status: u16, code: Option<&str>, message: &str) -> Value {
        let kind = code.unwrap_or(match status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        });
        json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_scripted" })
    }

    fn stream_error(&self, _asked: &Asked, _serial: u64, code: &str, message: &str) -> Vec<Event> {
        vec![Event::typed(None, self.error(500, Some(code), message))]
    }

    fn count(&self, tokens: u64) -> Value {
        json!({ "input_tokens": tokens })
    }
}

/// What stands for the signature of a block of thinking.
const SIGNATURE: &str = "c2NyaXB0ZWQ=";

/// The message without its content.
fn frame(answer: &Answer) -> Value {
    json!({
        "id": format!("msg_scripted_{}", answer.serial), "type": "message", "role": "assistant",
        "model": answer.served, "content": [], "stop_reason": null, "stop_sequence": null, "stop_details": null,
        "container": null, "usage": usage(answer),
    })
}

fn block(answer: &Answer, at: usize, block: &Block) -> Value {
    match block {
        Block::Think(text) => json!({ "type": "thinking", "thinking": text, "signature": SIGNATURE }),
        Block::Say(text) => json!({ "type": "text", "text": text, "citations": null }),
        Block::Call(call) => json!({
            "type": "tool_use", "id": format!("toolu_scripted_{}_{at}", answer.serial), "name": call.name,
            "input": call.value(), "caller": { "type": "direct" },
        }),
    }
}

/// The reason for the stop, and its details.
fn stop(answer: &Answer) -> (Value, Value) {
    match answer.ending {
        Some(Ending::MaxTokens) => ("max_tokens".into(), Value::Null),
        Some(Ending::Refusal) => {
            ("refusal".into(), json!({ "type": "refusal", "category": "cyber", "explanation": "scripted refusal" }))
        }
        Some(Ending::Empty) => ("end_turn".into(), Value::Null),
        None if answer.calls().next().is_some() => ("tool_use".into(), Value::Null),
        None => ("end_turn".into(), Value::Null),
    }
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "input_tokens": usage.input.saturating_sub(usage.cached), "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached, "output_tokens": usage.output,
        "cache_creation": { "ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0 },
        "output_tokens_details": { "thinking_tokens": usage.thinking },
        "service_tier": "standard", "server_tool_use": null,
    })
}
