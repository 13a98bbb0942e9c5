//! OpenAI's Responses protocol, and the tools of Codex (seen: 0.169.0).
//!
//! Codex has two sets of tools. Models it knows to be new get *code mode*: no `tools`, but an input item
//! `additional_tools` with a namespace `functions` whose freeform tool `exec` takes JavaScript that calls the real
//! tools. All others get plain functions, `exec_command` among them.

use super::dialect::{
    Answer, Asked, Block, Call, CallInput, Deed, Dialect, Event, Item, between, halves, shell_line, texts,
};
use mao_providers::script::Ending;
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug)]
pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn read(&self, _path: &str, body: &Value) -> Asked {
        let mut items: Vec<Item> = texts(&body["instructions"]).into_iter().map(Item::Text).collect();
        let mut tools = Vec::new();
        name_tools(&body["tools"], "", &mut tools);
        if let Value::String(text) = &body["input"] {
            items.push(Item::Text(text.clone()));
        }
        for item in body["input"].as_array().into_iter().flatten() {
            match item["type"].as_str() {
                Some("additional_tools") => name_tools(&item["tools"], "", &mut tools),
                Some("function_call_output" | "custom_tool_call_output") => {
                    items.push(Item::Result(texts(&item["output"]).join("\n")));
                }
                Some("message") | None if item["role"] != "assistant" => {
                    items.extend(texts(&item["content"]).into_iter().map(Item::Text));
                }
                _ => {}
            }
        }
        let asked = Asked {
            model: body["model"].as_str().unwrap_or_default().into(),
            stream: body["stream"] == true,
            tools,
            ..Asked::default()
        };
        asked.converse(items, |text| between(text, "<cwd>", '<'))
    }

    fn calls(&self, asked: &Asked, deed: Deed<'_>) -> Result<Vec<Call>, String> {
        let shell = |command: &str| {
            if asked.offers("functions.exec") {
                let script = format!("text(await tools.exec_command({}));", json!({ "cmd": command }));
                Ok(vec![Call { name: "functions.exec".into(), input: CallInput::Free(script) }])
            } else if asked.offers("exec_command") {
                Ok(vec![Call::json("exec_command", json!({ "cmd": command }))])
            } else {
                Err("neither `functions.exec` nor `exec_command` was offered".to_owned())
            }
        };
        let patch = |patch: String| {
            if asked.offers("functions.exec") {
                let script = format!("text(await tools.apply_patch({}));", Value::String(patch));
                Ok(vec![Call { name: "functions.exec".into(), input: CallInput::Free(script) }])
            } else if asked.offers("apply_patch") {
                Ok(vec![Call { name: "apply_patch".into(), input: CallInput::Free(patch) }])
            } else {
                shell(&format!("apply_patch <<'SCRIPTED_END'\n{patch}\nSCRIPTED_END"))
            }
        };
        match deed {
            Deed::Edit(path, text) => match text.strip_suffix('\n') {
                Some(lines) => {
                    let lines = lines.split('\n').map(|line| format!("+{line}\n")).collect::<String>();
                    patch(format!("*** Begin Patch\n*** Add File: {}\n{lines}*** End Patch", path.display()))
                }
                // A patch knows whole lines only.
                None => shell(&written(path, text)),
            },
            Deed::Delete(path) => patch(format!("*** Begin Patch\n*** Delete File: {}\n*** End Patch", path.display())),
            Deed::Run(argv) => shell(&shell_line(argv)),
            Deed::Tool(call) => {
                let free = call.input.as_str().map(|text| CallInput::Free(text.into()));
                let input = free.unwrap_or_else(|| CallInput::Json(call.input.clone()));
                Ok(vec![Call { name: call.name.clone(), input }])
            }
            Deed::Reply(_) => Ok(vec![]),
        }
    }

    fn whole(&self, _asked: &Asked, answer: &Answer) -> Value {
        let output = answer.blocks.iter().enumerate().map(|(at, one)| item(answer, at, one)).collect();
        ended(answer, output)
    }

    fn stream(&self, _asked: &Asked, answer: &Answer) -> Vec<Event> {
        let begun = response(answer.serial, &answer.served, "in_progress");
        let mut events = vec![
            Event::typed(None, json!({ "type": "response.created", "response": begun })),
            Event::typed(None, json!({ "type": "response.in_progress", "response": begun })),
        ];
        let mut output = Vec::new();
        for (at, one) in answer.blocks.iter().enumerate() {
            let done = item(answer, at, one);
            let mut started = done.clone();
            if started.get("status").is_some() {
                started["status"] = "in_progress".into();
            }
            let id = done["id"].clone();
            let mut add = |kind: &str, mut data: Value| {
                data["type"] = format!("response.{kind}").into();
                data["output_index"] = at.into();
                events.push(Event::typed(Some(at), data));
            };
            match one {
                Block::Think(text) => {
                    started["summary"] = json!([]);
                    add("output_item.added", json!({ "item": started }));
                    let part = |text: &str| json!({ "type": "summary_text", "text": text });
                    let place = |mut data: Value| {
                        (data["item_id"], data["summary_index"]) = (id.clone(), 0.into());
                        data
                    };
                    add("reasoning_summary_part.added", place(json!({ "part": part("") })));
                    for half in halves(text) {
                        add("reasoning_summary_text.delta", place(json!({ "delta": half })));
                    }
                    add("reasoning_summary_text.done", place(json!({ "text": text })));
                    add("reasoning_summary_part.done", place(json!({ "part": part(text) })));
                }
                Block::Say(text) => {
                    started["content"] = json!([]);
                    add("output_item.added", json!({ "item": started }));
                    let word = if answer.ending == Some(Ending::Refusal) { "refusal" } else { "text" };
                    let place = |mut data: Value| {
                        (data["item_id"], data["content_index"]) = (id.clone(), 0.into());
                        if word == "text" {
                            data["logprobs"] = json!([]);
                        }
                        data
                    };
                    let name = if word == "text" { "output_text" } else { "refusal" };
                    add("content_part.added", place(json!({ "part": spoken(answer, "") })));
                    for half in halves(text) {
                        add(&format!("{name}.delta"), place(json!({ "delta": half })));
                    }
                    add(&format!("{name}.done"), place(json!({ word: text })));
                    add("content_part.done", place(json!({ "part": spoken(answer, text) })));
                }
                Block::Call(call) => {
                    let (kind, key, text) = match &call.input {
                        CallInput::Json(_) => ("function_call_arguments", "arguments", call.value().to_string()),
                        CallInput::Free(text) => ("custom_tool_call_input", "input", text.clone()),
                    };
                    started[key] = "".into();
                    add("output_item.added", json!({ "item": started }));
                    for half in halves(&text) {
                        add(&format!("{kind}.delta"), json!({ "item_id": id, "delta": half }));
                    }
                    add(&format!("{kind}.done"), json!({ "item_id": id, "name": call.name, key: text }));
                }
            }
            add("output_item.done", json!({ "item": done }));
            output.push(done);
        }
        let last = ended(answer, output);
        let kind = if last["status"] == "incomplete" { "response.incomplete" } else { "response.completed" };
        events.push(Event::typed(None, json!({ "type": kind, "response": last })));
        number(&mut events, 0);
        events
    }

    fn error(&self, status: u16, code: Option<&str>, message: &str) -> Value {
        let (kind, usual) = match status {
            401 => ("invalid_request_error", "invalid_api_key"),
            403 => ("permission_error", "forbidden"),
            404 => ("invalid_request_error", "model_not_found"),
            429 => ("rate_limit_error", "rate_limit_exceeded"),
            503 => ("server_error", "server_is_overloaded"),
            500.. => ("server_error", "server_error"),
            _ => ("invalid_request_error", "invalid_prompt"),
        };
        json!({ "error": { "message": message, "type": kind, "code": code.unwrap_or(usual), "param": null } })
    }

    fn stream_error(&self, asked: &Asked, serial: u64, code: &str, message: &str) -> Vec<Event> {
        let mut failed = response(serial, &asked.model, "failed");
        failed["error"] = json!({ "code": code, "message": message });
        let mut events = vec![Event::typed(None, json!({ "type": "response.failed", "response": failed }))];
        number(&mut events, 1000);
        events
    }

    fn count(&self, tokens: u64) -> Value {
        json!({ "object": "response.input_tokens", "input_tokens": tokens })
    }
}

/// Adds the names of tools, those of a namespace as `namespace.name`.
fn name_tools(tools: &Value, space: &str, names: &mut Vec<String>) {
    for tool in tools.as_array().into_iter().flatten() {
        let name = tool["name"].as_str().or_else(|| tool["type"].as_str()).unwrap_or_default();
        if tool["type"] == "namespace" {
            name_tools(&tool["tools"], &format!("{name}."), names);
        } else {
            names.push(format!("{space}{name}"));
        }
    }
}

/// A command that writes a file whose end is no line's end.
fn written(path: &Path, text: &str) -> String {
    let parent = path.parent().map(|parent| parent.display().to_string()).filter(|parent| !parent.is_empty());
    let line = |argv: &[&str]| shell_line(&argv.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
    let made = parent.map_or_else(String::new, |parent| format!("{} && ", line(&["mkdir", "-p", "--", &parent])));
    format!("{made}{} > {}", line(&["printf", "%s", text]), line(&[&path.display().to_string()]))
}

/// Numbers the events in their order.
fn number(events: &mut [Event], from: u64) {
    for (number, event) in (from..).zip(events) {
        event.data["sequence_number"] = number.into();
    }
}

fn response(serial: u64, served: &str, status: &str) -> Value {
    json!({
        "id": format!("resp_scripted_{serial}"), "object": "response", "created_at": 1_790_000_000, "status": status,
        "model": served, "output": [], "parallel_tool_calls": false, "tool_choice": "auto", "tools": [],
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {}, "usage": null,
        "temperature": null, "top_p": null, "store": false,
    })
}

/// The response that ends an answer.
fn ended(answer: &Answer, output: Vec<Value>) -> Value {
    let status = if answer.ending == Some(Ending::MaxTokens) { "incomplete" } else { "completed" };
    let mut value = response(answer.serial, &answer.served, status);
    if status == "incomplete" {
        value["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    }
    value["output"] = output.into();
    let usage = answer.usage;
    value["usage"] = json!({
        "input_tokens": usage.input, "output_tokens": usage.output,
        "input_tokens_details": { "cached_tokens": usage.cached, "cache_write_tokens": 0 },
        "output_tokens_details": { "reasoning_tokens": usage.thinking },
        "total_tokens": usage.input.saturating_add(usage.output),
    });
    value
}

/// The part of a message that holds its text.
fn spoken(answer: &Answer, text: &str) -> Value {
    match answer.ending {
        Some(Ending::Refusal) => json!({ "type": "refusal", "refusal": text }),
        Some(Ending::MaxTokens | Ending::Empty) | None => {
            json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
        }
    }
}

/// A finished item.
fn item(answer: &Answer, at: usize, block: &Block) -> Value {
    let id = |kind: &str| format!("{kind}_scripted_{}_{at}", answer.serial);
    match block {
        Block::Think(text) => json!({
            "type": "reasoning", "id": id("rs"), "summary": [{ "type": "summary_text", "text": text }],
            "encrypted_content": "c2NyaXB0ZWQ=",
        }),
        Block::Say(text) => json!({
            "type": "message", "id": id("msg"), "role": "assistant", "status": "completed",
            "content": [spoken(answer, text)],
        }),
        Block::Call(call) => {
            let (space, name) = call.name.rsplit_once('.').unwrap_or(("", &call.name));
            let mut value = match &call.input {
                CallInput::Json(_) => json!({
                    "type": "function_call", "id": id("fc"), "status": "completed",
                    "arguments": call.value().to_string(),
                }),
                CallInput::Free(text) => json!({ "type": "custom_tool_call", "id": id("ctc"), "input": text }),
            };
            (value["call_id"], value["name"]) = (id("call").into(), name.into());
            if !space.is_empty() {
                value["namespace"] = space.into();
            }
            value
        }
    }
}
