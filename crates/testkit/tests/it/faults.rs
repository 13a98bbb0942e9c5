//! What the server does when it is told to go wrong, over raw HTTP.

use crate::client::{End, Form, VENDORS, Vendor, plan, server};

#[test]
fn http_errors_have_the_vendors_form() {
    for (status, anthropic, openai, gemini) in [
        (401, "authentication_error", "invalid_api_key", "UNAUTHENTICATED"),
        (429, "rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED"),
        (500, "api_error", "server_error", "INTERNAL"),
        (503, "api_error", "server_is_overloaded", "UNAVAILABLE"),
        (529, "overloaded_error", "server_error", "INTERNAL"),
    ] {
        let server = server(&format!("{{ http = {{ status = {status} }} }}"));
        for vendor in VENDORS {
            let got = plan(&server, vendor, Form::Stream, &[]);
            assert_eq!((got.status, got.end), (status, End::Whole));
            assert!(!got.headers.contains_key("retry-after"));
            let error = &got.json()["error"];
            match vendor {
                Vendor::Anthropic => assert_eq!(error["type"], anthropic),
                Vendor::OpenAi | Vendor::CodeMode => assert_eq!(error["code"], openai),
                Vendor::Gemini => assert_eq!((&error["status"], &error["code"]), (&gemini.into(), &status.into())),
            }
        }
    }
}

#[test]
fn a_fault_that_passes_befalls_as_many_requests_as_it_says() {
    let server = server(
        r#"{ http = { status = 429, retry_after = 7, code = "quota", message = "later", headers = { x-a = "b" }, times = 2 } },
           { say = "done" }"#,
    );
    let status = || plan(&server, Vendor::OpenAi, Form::Whole, &[]).status;
    let first = plan(&server, Vendor::OpenAi, Form::Whole, &[]);
    assert_eq!((first.headers["retry-after"].as_str(), first.headers["x-a"].as_str()), ("7", "b"));
    assert_eq!(first.json()["error"]["code"], "quota");
    assert_eq!(first.json()["error"]["message"], "later");
    assert_eq!([status(), status(), status()], [429, 200, 200]);
    let played: Vec<_> = server.requests().into_iter().map(|seen| seen.played).collect();
    assert_eq!(played, ["http 429", "http 429", "say", "say"]);

    let body = crate::client::server(
        r#"{ http = { status = 502, body = "<html>", headers = { content-type = "text/html" } } }"#,
    );
    let got = plan(&body, Vendor::Gemini, Form::Stream, &[]);
    assert_eq!((got.status, got.body.as_str(), got.headers["content-type"].as_str()), (502, "<html>", "text/html"));
}

#[test]
fn streams_can_be_silent_cut_or_garbled() {
    for vendor in VENDORS {
        let got = |act: &str| {
            plan(
                &server(&format!("{{ say = \"QQEE\" }}, {{ {act} }}, {{ say = \"ZZYY\" }}")),
                vendor,
                Form::Stream,
                &[],
            )
        };
        let hung = got("hang = {}");
        assert_eq!((hung.status, hung.end), (200, End::Silent), "{vendor:?}");
        let cut = got("cut = {}");
        assert_eq!((cut.status, cut.end), (200, End::Broken), "{vendor:?}");
        let garbled = got("garbage = { text = \"%%%\" }");
        assert_eq!((garbled.status, garbled.end), (200, End::Whole), "{vendor:?}");
        assert!(garbled.body.ends_with("%%%"), "{}", garbled.body);
        for body in [hung.body, cut.body, garbled.body] {
            assert!(body.contains("QQ") && body.contains("EE") && !body.contains("ZZ"), "{vendor:?} {body}");
            for end in ["message_delta", "message_stop", "response.completed", "finishReason"] {
                assert!(!body.contains(end), "{vendor:?} {body}");
            }
        }
        let failed = got("stream_error = { code = \"overloaded_error\", message = \"busy\" }");
        assert_eq!((failed.status, failed.end), (200, End::Whole));
        let last = failed.events().pop().unwrap();
        let error = if vendor == Vendor::Anthropic || vendor == Vendor::Gemini {
            &last["error"]
        } else {
            &last["response"]["error"]
        };
        assert_eq!(error["message"], "busy", "{vendor:?} {}", failed.body);
    }
}

#[test]
fn connections_can_be_silent_cut_or_garbled_from_the_start() {
    for vendor in VENDORS {
        let got = |act: &str| plan(&server(&format!("{{ {act} }}, {{ say = \"x\" }}")), vendor, Form::Stream, &[]);
        let hung = got("hang = { at = \"headers\" }");
        assert_eq!((hung.status, hung.end), (0, End::Silent), "{vendor:?}");
        let cut = got("cut = { at = \"headers\" }");
        assert_eq!((cut.status, cut.end), (0, End::Broken), "{vendor:?}");
        let garbled = got("garbage = { at = \"headers\", text = \"%%%\" }");
        assert_eq!((garbled.status, garbled.body.as_str()), (200, "%%%"), "{vendor:?}");
    }
}

#[test]
fn endings_have_the_vendors_words() {
    let last = |vendor, ending: &str, form| {
        let got = plan(&server(&format!("{{ say = \"x\" }}, {{ end = \"{ending}\" }}")), vendor, form, &[]);
        assert_eq!((got.status, got.end), (200, End::Whole));
        got
    };
    for (ending, anthropic, openai, gemini) in [
        ("max_tokens", "max_tokens", "incomplete", "MAX_TOKENS"),
        ("refusal", "refusal", "completed", "SAFETY"),
        ("empty", "end_turn", "completed", "STOP"),
    ] {
        for vendor in VENDORS {
            let whole = last(vendor, ending, Form::Whole).json();
            let events = last(vendor, ending, Form::Stream).events();
            let end = events.last().unwrap();
            match vendor {
                Vendor::Anthropic => {
                    assert_eq!(whole["stop_reason"], anthropic);
                    assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], anthropic);
                    assert_eq!(whole["content"].as_array().unwrap().is_empty(), ending == "empty");
                }
                Vendor::OpenAi | Vendor::CodeMode => {
                    assert_eq!((&whole["status"], &end["response"]["status"]), (&openai.into(), &openai.into()));
                    assert_eq!(whole["output"].as_array().unwrap().is_empty(), ending == "empty");
                    assert_eq!(whole["output"][0]["content"][0]["type"] == "refusal", ending == "refusal");
                }
                Vendor::Gemini => {
                    assert_eq!(whole["candidates"][0]["finishReason"], gemini);
                    assert_eq!(end["candidates"][0]["finishReason"], gemini);
                }
            }
        }
    }
}

#[test]
fn a_pause_comes_before_what_follows_it() {
    let server = server(r#"{ say = "QQEE" }, { sleep_ms = 60000 }, { say = "ZZYY" }"#);
    for vendor in VENDORS {
        let got = plan(&server, vendor, Form::Stream, &[]);
        assert_eq!((got.status, got.end), (200, End::Silent), "{vendor:?}");
        assert!(got.body.contains("EE") && !got.body.contains("ZZ"), "{vendor:?} {}", got.body);
    }
}
