//! What the server answers when all goes well, and what it says when a script does not fit.

use crate::client::{End, Form, VENDORS, Vendor, ask, plan, request, server};
use mao_providers::script::{Script, marker};
use mao_testkit::server::{FakeServer, Settings};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The texts, thoughts and calls of a whole answer, one line each.
fn blocks(vendor: Vendor, body: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match vendor {
        Vendor::Anthropic => list(&body["content"])
            .iter()
            .map(|block| match block["type"].as_str().unwrap() {
                "thinking" => format!("think {}", block["thinking"].as_str().unwrap()),
                "text" => format!("say {}", block["text"].as_str().unwrap()),
                _ => format!("call {} {}", block["name"].as_str().unwrap(), block["input"]),
            })
            .collect(),
        Vendor::OpenAi | Vendor::CodeMode => list(&body["output"])
            .iter()
            .map(|item| match item["type"].as_str().unwrap() {
                "reasoning" => format!("think {}", item["summary"][0]["text"].as_str().unwrap()),
                "message" => format!("say {}", item["content"][0]["text"].as_str().unwrap()),
                "custom_tool_call" => {
                    format!("call {} {}", item["name"].as_str().unwrap(), item["input"].as_str().unwrap())
                }
                _ => format!("call {} {}", item["name"].as_str().unwrap(), item["arguments"].as_str().unwrap()),
            })
            .collect(),
        Vendor::Gemini => list(&body["candidates"][0]["content"]["parts"])
            .iter()
            .map(|part| match part.get("functionCall") {
                Some(call) => format!("call {} {}", call["name"].as_str().unwrap(), call["args"]),
                None if part["thought"] == true => format!("think {}", part["text"].as_str().unwrap()),
                None => format!("say {}", part["text"].as_str().unwrap()),
            })
            .collect(),
    }
}

#[test]
fn a_turn_is_played_call_by_call_in_the_words_of_each_vendor() {
    let server = server(
        r#"{ think = "hm" }, { edit = { path = "a/b.rs", content = "x\n" } }, { run = ["echo", "it's"] },
           { tool = { name = "Task", input = { prompt = "p" } } }, { say = "done" }"#,
    );
    let echo = r#"echo \"it's\""#;
    let edit = r#"{"content":"x\n","file_path":"/w/a/b.rs"}"#;
    let patch = r"*** Begin Patch\n*** Add File: a/b.rs\n+x\n*** End Patch";
    let heredoc = format!(r"apply_patch <<'SCRIPTED_END'\n{patch}\nSCRIPTED_END");
    let want = |vendor| match vendor {
        Vendor::Anthropic => vec![
            r#"think hm; call Read {"file_path":"/w/a/b.rs"}"#.to_owned(),
            format!("call Write {edit}"),
            format!(r#"call Bash {{"command":"{echo}","description":"scripted"}}"#),
            r#"call Task {"prompt":"p"}"#.to_owned(),
        ],
        Vendor::OpenAi => vec![
            format!(r#"think hm; call exec_command {{"cmd":"{heredoc}"}}"#),
            format!(r#"call exec_command {{"cmd":"{echo}"}}"#),
            r#"call Task {"prompt":"p"}"#.to_owned(),
        ],
        Vendor::CodeMode => vec![
            format!(r#"think hm; call exec text(await tools.apply_patch("{patch}"));"#),
            format!(r#"call exec text(await tools.exec_command({{"cmd":"{echo}"}}));"#),
            r#"call Task {"prompt":"p"}"#.to_owned(),
        ],
        Vendor::Gemini => vec![
            format!("think hm; call write_file {}", edit.replace("/w/", "")),
            format!(r#"call run_shell_command {{"command":"{echo}","description":"scripted"}}"#),
            r#"call Task {"prompt":"p"}"#.to_owned(),
        ],
    };
    for vendor in VENDORS {
        let mut expected = want(vendor);
        expected.push("say done".into());
        let results = ["r"; 9];
        for (at, expected) in expected.iter().enumerate() {
            // A client that tries again gets the same once more.
            for _ in 0..2 {
                let got = plan(&server, vendor, Form::Whole, &results[..at]);
                assert_eq!((got.status, got.end), (200, End::Whole), "{vendor:?} {at}: {}", got.body);
                assert_eq!(&blocks(vendor, &got.json()).join("; "), expected, "{vendor:?} {at}");
            }
        }
        let beyond = plan(&server, vendor, Form::Whole, &results[..expected.len() + 1]);
        assert_eq!(blocks(vendor, &beyond.json()), ["say done"]);
    }
    assert_eq!(server.problems(), [""; 0]);
    let task = server.requests().into_iter().find(|seen| seen.played == "call Task").unwrap();
    assert!(!task.offered.contains(&"Task".to_owned()));
    assert_eq!(task.results.len(), 3);
}

#[test]
fn the_cost_is_told_once_and_where_the_turn_ends() {
    let server = server(r#"{ run = ["ls"] }, { say = "done" }"#);
    for vendor in VENDORS {
        let usage = |results: &[&str]| {
            let body = plan(&server, vendor, Form::Whole, results).json();
            match vendor {
                Vendor::Anthropic => [
                    &body["usage"]["input_tokens"],
                    &body["usage"]["cache_read_input_tokens"],
                    &body["usage"]["output_tokens"],
                    &body["usage"]["output_tokens_details"]["thinking_tokens"],
                ]
                .map(|value| value.as_u64().unwrap()),
                Vendor::OpenAi | Vendor::CodeMode => [
                    &body["usage"]["input_tokens"],
                    &body["usage"]["input_tokens_details"]["cached_tokens"],
                    &body["usage"]["output_tokens"],
                    &body["usage"]["output_tokens_details"]["reasoning_tokens"],
                ]
                .map(|value| value.as_u64().unwrap()),
                Vendor::Gemini => [
                    &body["usageMetadata"]["promptTokenCount"],
                    &body["usageMetadata"]["cachedContentTokenCount"],
                    &body["usageMetadata"]["candidatesTokenCount"],
                    &body["usageMetadata"]["thoughtsTokenCount"],
                ]
                .map(|value| value.as_u64().unwrap()),
            }
        };
        assert_eq!(usage(&[]), [0; 4], "{vendor:?}");
        let told = match vendor {
            Vendor::Anthropic => [50, 40, 20, 5],
            Vendor::OpenAi | Vendor::CodeMode => [90, 40, 20, 5],
            Vendor::Gemini => [90, 40, 15, 5],
        };
        assert_eq!(usage(&["r"]), told, "{vendor:?}");
    }
}

#[test]
fn a_structured_reply_takes_the_way_that_the_client_offers() {
    let server = server(r#"{ json = { verdict = "accept" } }, { say = "first" }"#);
    for vendor in VENDORS {
        let body = plan(&server, vendor, Form::Whole, &[]).json();
        assert_eq!(blocks(vendor, &body), ["say first", r#"say {"verdict":"accept"}"#], "{vendor:?}");
    }
    let (path, mut body) = request(Vendor::Anthropic, Form::Whole, &marker("plan", 0), &[]);
    body["tools"] = json!([{ "name": "StructuredOutput" }]);
    let got = ask(&server, "POST", &path, &body).json();
    assert_eq!(blocks(Vendor::Anthropic, &got), [r#"call StructuredOutput {"verdict":"accept"}"#]);
    assert_eq!(got["usage"]["output_tokens"], 20);
}

#[test]
fn what_does_not_fit_is_an_error_and_a_problem() {
    let texts = [
        ("plan", "[[turn]]\nmodels = [\"m-2\"]\nact = [{ say = \"x\" }]"),
        ("judge", "[[turn]]\nexpects = [\"AGENTS\"]\nact = [{ say = \"x\" }]"),
        ("work", "[[turn]]\nact = [{ exit = 3 }]"),
        ("edit", "[[turn]]\nact = [{ edit = { path = \"x\", content = \"\" } }]"),
    ];
    let server = FakeServer::start(Script::from_texts(texts).unwrap()).unwrap();
    for vendor in VENDORS {
        for (prompt, problem) in [
            ("no marker".to_owned(), "the request has no `[mao step … attempt …]`"),
            (marker("none", 0), "the script has no file `none.toml` for step `none`"),
            (marker("judge", 1), "`judge.toml` has 1 turn(s), and attempt 2 needs one more"),
            (marker("plan", 0), "plan.toml:1: this turn is for m-2, and `m-1` was asked"),
            (marker("judge", 0), "judge.toml:1: the prompt lacks `AGENTS`"),
            (marker("work", 0), "work.toml:2: the fake model server cannot play `exit`"),
        ] {
            let (path, body) = request(vendor, Form::Stream, &prompt, &[]);
            let got = ask(&server, "POST", &path, &body);
            assert_eq!(got.status, 400, "{vendor:?} {problem}");
            let message = got.json()["error"]["message"].as_str().unwrap().to_owned();
            assert_eq!(message, format!("fake model server: {problem}"));
            assert_eq!(server.requests().last().unwrap().problem.as_deref(), Some(problem));
        }
    }
    let (path, mut body) = request(Vendor::Anthropic, Form::Stream, &marker("edit", 0), &[]);
    body["tools"] = json!([]);
    assert_eq!(ask(&server, "POST", &path, &body).status, 400);
    assert_eq!(server.problems().last().unwrap(), "edit.toml:2: `Write` was not offered");
}

#[test]
fn requests_are_logged_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log.jsonl");
    let script = Script::from_texts([("plan", "[[turn]]\nact = [{ say = \"x\" }]")]).unwrap();
    let server = FakeServer::start_with(script, Settings { port: 0, log: Some(file.clone()) }).unwrap();
    let (path, mut body) = request(Vendor::Anthropic, Form::Stream, &marker("plan", 0), &[]);
    body["output_config"] = json!({ "effort": "high" });
    ask(&server, "POST", &format!("{path}&key=sk-secret"), &body);
    let seen = server.requests_of("plan").pop().unwrap();
    assert_eq!((seen.number, seen.vendor, seen.attempt), (1, Some("anthropic"), Some(1)));
    assert_eq!(seen.model.as_deref(), Some("m-1"));
    assert_eq!(seen.body["output_config"]["effort"], "high");
    assert_eq!(seen.offered, ["Bash", "Read", "Write"]);
    assert_eq!(seen.path, "/v1/messages?beta=true&key=redacted");
    for name in ["authorization", "x-api-key", "x-goog-api-key"] {
        assert_eq!(seen.headers[name], "redacted");
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("sk-secret"), "{text}");
    let line: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["played"], "say");
}

#[test]
fn questions_that_are_none_for_a_model_are_harmless() {
    let server = server(r#"{ say = "x" }"#);
    let status = |method: &str, path: &str| ask(&server, method, path, &Value::Null).status;
    assert_eq!((status("HEAD", "/"), status("GET", "/"), status("GET", "/v1/models")), (200, 200, 200));
    assert_eq!((status("POST", "/api/event_logging/batch"), status("GET", "/v1/me")), (404, 404));
    let count = |path: &str, key: &str| ask(&server, "POST", path, &json!({ "x": "y" })).json()[key].as_u64().unwrap();
    assert!(count("/v1/messages/count_tokens", "input_tokens") > 0);
    assert!(count("/v1/responses/input_tokens", "input_tokens") > 0);
    assert!(count("/v1beta/models/m:countTokens", "totalTokens") > 0);
    assert_eq!(server.problems(), [""; 0]);
}

#[test]
fn the_program_prints_its_port_and_ends_with_its_input() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plan.toml"), "[[turn]]\nact = [{ say = \"x\" }]").unwrap();
    let program = env!("CARGO_BIN_EXE_fake-model-server");
    let mut command = Command::new(program);
    command.arg("--script").arg(dir.path()).arg("--print-port").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port.trim().parse::<u16>().unwrap())).unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());

    std::fs::write(dir.path().join("plan.toml"), "[[turn]]\nact = [{ shout = \"x\" }]").unwrap();
    let bad = Command::new(program).arg("--script").arg(dir.path()).output().unwrap();
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8(bad.stderr).unwrap().contains("plan.toml:2: unknown variant `shout`"));
}
