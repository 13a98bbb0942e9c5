//! Everything that the server emits is valid by the vendors' own types (see `contracts/README.md`).

use crate::client::{Form, VENDORS, Vendor, plan, server};
use serde_json::Value;
use std::path::Path;

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts").join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn valid(schema: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

#[test]
fn every_answer_and_event_is_valid() {
    let scripts = [
        r#"{ think = "hm" }, { say = "text of two halves" }, { run = ["ls"] }, { json = { a = 1 } }"#,
        r#"{ edit = { path = "x", content = "y\n" } }, { tool = { name = "a.b" } }, { say = "done" }"#,
        r#"{ say = "cut" }, { end = "max_tokens" }"#,
        r#"{ say = "no" }, { end = "refusal" }"#,
        r#"{ end = "empty" }"#,
        r#"{ say = "x" }, { stream_error = { code = "server_error" } }"#,
    ];
    let message = schema("anthropic.Message");
    let message_event = schema("anthropic.RawMessageStreamEvent");
    let response = schema("openai.Response");
    let response_event = schema("openai.ResponseStreamEvent");
    let content = schema("gemini.GenerateContentResponse");
    let mut checked = 0;
    for script in scripts {
        let server = server(script);
        let fails = script.contains("stream_error");
        for vendor in VENDORS {
            let (whole, event) = match vendor {
                Vendor::Anthropic => (&message, &message_event),
                Vendor::OpenAi | Vendor::CodeMode => (&response, &response_event),
                Vendor::Gemini => (&content, &content),
            };
            for results in [&[][..], &["r"], &["r", "r"], &["r", "r", "r"]] {
                if !fails {
                    valid(whole, &plan(&server, vendor, Form::Whole, results).json(), script);
                }
                let mut events = plan(&server, vendor, Form::Stream, results).events();
                if fails && (vendor == Vendor::Anthropic || vendor == Vendor::Gemini) {
                    // An error is no event of these vendors' types.
                    assert!(events.pop().unwrap()["error"].is_object());
                }
                for one in &events {
                    valid(event, one, script);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn events_of_a_response_are_numbered_in_their_order() {
    let server = server(r#"{ think = "hm" }, { say = "text" }, { run = ["ls"] }"#);
    for vendor in [Vendor::OpenAi, Vendor::CodeMode] {
        let events = plan(&server, vendor, Form::Stream, &[]).events();
        let numbers: Vec<_> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn the_contracts_refuse_what_is_no_answer() {
    let server = server(r#"{ say = "x" }"#);
    for (vendor, name, key) in [
        (Vendor::Anthropic, "anthropic.Message", "usage"),
        (Vendor::OpenAi, "openai.Response", "output"),
        (Vendor::Gemini, "gemini.GenerateContentResponse", "candidates"),
    ] {
        let mut body = plan(&server, vendor, Form::Whole, &[]).json();
        body[key] = "nonsense".into();
        assert!(!schema(name).is_valid(&body), "{name}");
    }
    let mut event = plan(&server, Vendor::OpenAi, Form::Stream, &[]).events().remove(0);
    event.as_object_mut().unwrap().remove("sequence_number");
    assert!(!schema("openai.ResponseStreamEvent").is_valid(&event));
}
