//! The named cases of reading a stream.

use super::{asked, lines, reader};
use mao_core::fault::FaultKind;
use mao_core::ids::Stamp;
use mao_core::reply::Usage;
use mao_providers::cli::{Asked, Ending, Form};
use mao_providers::provider::{Access, Progress, Reply};
use serde_json::json;

const WELL: Ending<'static> = Ending { code: Some(0), stderr: "" };

fn read(vendor: &str, asked: Asked, lines: &[String], ending: &Ending<'_>) -> Result<Reply, mao_core::fault::Fault> {
    let mut reader = reader(vendor, asked);
    for line in lines {
        reader.feed(line);
    }
    reader.finish(ending)
}

fn worker() -> Asked {
    asked(Access::Write, Form::Text)
}

fn kind(vendor: &str, lines: &[String], ending: &Ending<'_>) -> FaultKind {
    read(vendor, worker(), lines, ending).unwrap_err().kind
}

/// One terminal success of each vendor that says `text`.
fn success(vendor: &str, text: &str) -> Vec<String> {
    let events = match vendor {
        "claude" => vec![json!({ "type": "result", "subtype": "success", "is_error": false, "result": text })],
        "codex" => vec![
            json!({ "type": "item.completed", "item": { "type": "agent_message", "text": text } }),
            json!({ "type": "turn.completed", "usage": { "input_tokens": 1, "output_tokens": 1 } }),
        ],
        _ => vec![
            json!({ "type": "message", "role": "assistant", "content": text, "delta": true }),
            json!({ "type": "result", "status": "success" }),
        ],
    };
    events.iter().map(ToString::to_string).collect()
}

const VENDORS: [&str; 3] = ["claude", "codex", "gemini"];

#[test]
fn ivk_01_a_line_of_two_megabytes_is_one_reply() {
    let long = "wörd ".repeat(400_000);
    for vendor in VENDORS {
        let reply = read(vendor, worker(), &success(vendor, &long), &WELL).unwrap();
        assert_eq!(reply.text.len(), long.len(), "{vendor}");
    }
}

#[test]
fn ivk_01_the_last_of_two_results_counts() {
    let lines = lines("claude/bgbash_sj.jsonl");
    let results = lines.iter().filter(|line| line.contains("\"type\":\"result\"")).count();
    assert_eq!(results, 2, "the recording holds two results");
    let reply = read("claude", worker(), &lines, &WELL).unwrap();
    // Tokens of both results, money of the last: it counts from the session's beginning.
    assert_eq!(reply.usage.output, 68 + 34);
    assert_eq!(reply.usage.micro_usd, Some(6000));

    let first = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "one" });
    let second = json!({ "type": "result", "subtype": "success", "is_error": true, "result": "API Error", "api_error_status": 529 });
    assert_eq!(kind("claude", &[first.to_string(), second.to_string()], &WELL), FaultKind::Overloaded);
    assert_eq!(read("claude", worker(), &[second.to_string(), first.to_string()], &WELL).unwrap().text, "one");
}

/// The session's counters after `transcript`, and what its own share was when `before` had been read.
fn usage(vendor: &str, transcript: &str, before: Usage) -> (Usage, Usage) {
    let mut reader = reader(vendor, Asked { before, ..worker() });
    for line in lines(transcript) {
        reader.feed(&line);
    }
    let reading = reader.reading();
    (reading, reader.finish(&WELL).unwrap().usage)
}

#[test]
fn ivk_04_what_a_resumed_session_cost_before_is_not_paid_again() {
    let (before, fresh) = usage("codex", "codex/sess_new.jsonl", Usage::default());
    let (reading, resumed) = usage("codex", "codex/sess_resume.jsonl", before);
    assert_eq!(reading.input, 2400, "the recorded counters run over the session");
    assert_eq!(resumed, fresh);
    assert_eq!(resumed, Usage { input: 1200, cached: 1000, output: 34, thinking: 12, micro_usd: None });

    let (before, fresh) = usage("claude", "claude/sess_new.json", Usage::default());
    let (reading, resumed) = usage("claude", "claude/sess_resume.json", before);
    assert_eq!(reading.micro_usd, Some(4000), "the recorded money runs over the session");
    assert_eq!(resumed.micro_usd, Some(2000));
    assert_eq!(resumed, fresh);
}

#[test]
fn fbk_03_a_success_that_is_an_error_is_a_fault() {
    let lines = lines("claude/fault_e400.jsonl");
    assert!(lines.last().unwrap().contains("\"subtype\":\"success\""));
    assert_eq!(kind("claude", &lines, &WELL), FaultKind::BadRequest);
}

#[test]
fn fbk_03_golden_8_code_zero_with_nothing_said_is_empty_output() {
    for vendor in VENDORS {
        assert_eq!(kind(vendor, &success(vendor, ""), &WELL), FaultKind::EmptyOutput, "{vendor}: an empty answer");
        assert_eq!(kind(vendor, &success(vendor, " \n"), &WELL), FaultKind::EmptyOutput, "{vendor}: blanks");
        assert_eq!(kind(vendor, &[], &WELL), FaultKind::EmptyOutput, "{vendor}: no event at all");
    }
}

#[test]
fn fbk_03_a_stream_without_its_end_is_a_crash_whatever_the_code() {
    for (vendor, transcript) in [
        ("claude", "claude/write_acceptEdits.jsonl"),
        ("codex", "codex/write_ww.jsonl"),
        ("gemini", "gemini/write_yolo.jsonl"),
    ] {
        let mut lines = lines(transcript);
        lines.pop();
        for code in [None, Some(0), Some(1), Some(143)] {
            assert_eq!(kind(vendor, &lines, &Ending { code, stderr: "" }), FaultKind::Crashed, "{vendor} {code:?}");
        }
        // Cut within the terminal event: half an event is none.
        let whole = super::lines(transcript);
        let end = whole.last().unwrap();
        lines.push(end[..end.len() / 2].to_owned());
        assert_eq!(kind(vendor, &lines, &WELL), FaultKind::Crashed, "{vendor}: cut");
    }
}

#[test]
fn fbk_03_a_reply_never_claims_a_change() {
    // "Done: wrote hello.txt." with tools that were refused in silence: words are all that a reply holds.
    let transcript = lines("codex/shell_ro.jsonl");
    let reply = read("codex", worker(), &transcript, &WELL).unwrap();
    let Reply { text, structured, served: _, usage: _, effort_sent: _ } = reply;
    assert_eq!((text.as_str(), structured), ("Done: command ran.", None));
}

#[test]
fn fbk_03_a_denied_tool_spoils_a_workers_reply_only() {
    let lines = lines("claude/write_default.jsonl");
    let fault = read("claude", worker(), &lines, &WELL).unwrap_err();
    assert_eq!((fault.kind, fault.hint.contains("denied")), (FaultKind::Denied, true));
    assert!(read("claude", asked(Access::Read, Form::Text), &lines, &WELL).is_ok());
}

#[test]
fn fbk_03_a_reset_is_known_where_the_stream_gives_a_moment() {
    let known = kind("claude", &lines("claude/oauth_limit.jsonl"), &WELL);
    assert_eq!(known, FaultKind::QuotaExhausted { until: Some(Stamp(1_795_175_985_000)) });
    // "try again at 11:23 AM" is no moment without a date.
    assert_eq!(kind("codex", &lines("codex/fault_limit.jsonl"), &WELL), FaultKind::QuotaExhausted { until: None });
}

#[test]
fn fbk_03_every_fault_has_a_hint() {
    for (vendor, end) in [
        ("claude", json!({ "type": "result", "is_error": true })),
        ("codex", json!({ "type": "turn.failed", "error": { "message": "" } })),
        ("gemini", json!({ "type": "result", "status": "error" })),
    ] {
        let fault = read(vendor, worker(), &[end.to_string()], &WELL).unwrap_err();
        assert!(!fault.hint.is_empty(), "{vendor}");
        assert_eq!(fault.kind, FaultKind::Crashed, "{vendor}");
    }
}

#[test]
fn fbk_03_a_killed_tool_is_told_by_its_signal_and_whole_lines() {
    let stderr = format!("{}\nThe last line.\n", "a warning ".repeat(60));
    for vendor in ["claude", "codex", "gemini"] {
        let fault = read(vendor, worker(), &[], &Ending { code: None, stderr: &stderr }).unwrap_err();
        assert_eq!(
            (fault.kind, fault.hint.as_str()),
            (FaultKind::Crashed, "ended by a signal; last: The last line."),
            "{vendor}"
        );
    }
}

#[test]
fn fbk_03_terminal_reasons_come_before_texts() {
    for (reason, kind_of) in [
        ("prompt_too_long", FaultKind::ContextTooLong),
        ("blocking_limit", FaultKind::ContextTooLong),
        ("max_turns", FaultKind::Truncated),
        ("structured_output_retry_exhausted", FaultKind::Unparsable),
        ("aborted_tools", FaultKind::Crashed),
    ] {
        let end = json!({
            "type": "result", "is_error": true, "terminal_reason": reason, "api_error_status": 400, "result": "API Error: 400",
        });
        assert_eq!(kind("claude", &[end.to_string()], &WELL), kind_of, "{reason}");
    }
}

#[test]
fn ivk_03_unknown_events_and_fields_are_passed_over() {
    for vendor in VENDORS {
        let mut lines: Vec<String> = [
            "",
            "not json",
            "{}",
            "[]",
            "null",
            "17",
            "{\"type\":\"from.the.future\",\"x\":{}}",
            "{\"type\":7}",
            "{\"type\":\"system\",\"subtype\":[]}",
            "{\"type\":\"item.completed\",\"item\":{\"type\":\"dream\"}}",
            "{\"type\":\"result\"}",
        ]
        .map(str::to_owned)
        .to_vec();
        lines.extend(success(vendor, "fine"));
        assert_eq!(read(vendor, worker(), &lines, &WELL).unwrap().text, "fine", "{vendor}");
    }
}

#[test]
fn ivk_01_the_answer_in_json_is_required_where_a_schema_was_given() {
    let form = || asked(Access::Read, Form::Json);
    for vendor in ["codex", "gemini"] {
        let reply = read(vendor, form(), &success(vendor, "```json\n{\"ok\": true}\n```"), &WELL).unwrap();
        assert_eq!(reply.structured, Some(json!({ "ok": true })), "{vendor}");
        let fault = read(vendor, form(), &success(vendor, "{\"ok\": tr"), &WELL).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unparsable, "{vendor}");
    }
    // Claude Code validates by itself; text that looks right is not its structured output.
    let fault = read("claude", form(), &success("claude", "{\"ok\": true}"), &WELL).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unparsable);
    let reply = read("claude", form(), &lines("claude/schema.json"), &WELL).unwrap();
    assert_eq!(reply.structured, Some(json!({ "answer": "42", "ok": true })));
}

#[test]
fn ivk_01_terminal_escapes_do_not_reach_progress() {
    let evil = "\u{1b}]8;;http://evil\u{7}click\u{1b}[2J\u{202e}x\nsecond\u{9b}31m";
    let events = [
        (
            "claude",
            json!({ "type": "assistant", "message": { "content": [
            { "type": "text", "text": evil }, { "type": "tool_use", "name": evil, "input": { "command": evil } },
        ] } }),
        ),
        ("claude", json!({ "type": "system", "subtype": "api_retry", "error": evil })),
        ("codex", json!({ "type": "item.started", "item": { "type": "command_execution", "command": evil } })),
        ("codex", json!({ "type": "item.completed", "item": { "type": "agent_message", "text": evil } })),
        ("codex", json!({ "type": "error", "message": evil })),
        ("gemini", json!({ "type": "tool_use", "tool_name": evil, "parameters": { "file_path": evil } })),
        ("gemini", json!({ "type": "error", "severity": "warning", "message": evil })),
    ];
    for (vendor, event) in events {
        let mut reader = reader(vendor, worker());
        let news = reader.feed(&event.to_string());
        assert!(!news.is_empty(), "{vendor}: {event}");
        for line in news {
            let (Progress::Said(line) | Progress::Tool(line) | Progress::Retrying(line) | Progress::Session(line)) =
                line;
            assert!(line.chars().all(mao_core::text::is_printable), "{vendor}: {line:?}");
            assert!(line.chars().count() <= 200);
        }
    }
}

#[test]
fn inv_01_the_model_that_served_is_told() {
    let served = |vendor, transcript| read(vendor, worker(), &lines(transcript), &WELL).unwrap().served;
    // Asked for one model, and another answered.
    assert_eq!(served("claude", "claude/fallback_e529.jsonl").as_deref(), Some("claude-sonnet-5-5"));
    assert_eq!(served("claude", "claude/text_json.json").as_deref(), Some("claude-opus-5-5"));
    assert_eq!(served("gemini", "gemini/model_pro.jsonl").as_deref(), Some("gemini-3.1-pro-preview"));
    // A router's model beside the one that answered: not told apart.
    assert_eq!(served("gemini", "gemini/model_auto.jsonl"), None);
    assert_eq!(served("codex", "codex/text_json.jsonl"), None);
}

#[test]
fn thk_08_an_effort_that_the_tool_ignored_was_not_sent() {
    let stderr = std::fs::read_to_string(super::recorded().join("claude/effort_bad.stderr.txt")).unwrap();
    let ending = Ending { code: Some(0), stderr: &stderr };
    assert_eq!(read("claude", worker(), &lines("claude/effort_bad.json"), &ending).unwrap().effort_sent, None);
    let sent = read("claude", worker(), &lines("claude/effort_low.json"), &WELL).unwrap().effort_sent;
    assert_eq!(sent.as_deref(), Some("high"));
}

#[test]
fn ivk_01_a_session_names_itself() {
    for (vendor, transcript, id) in [
        ("claude", "claude/fault_e401.jsonl", None),
        ("codex", "codex/fault_thinking.jsonl", Some("01a1f87b-0d90-7bc2-b38f-a7a2d7208e4c")),
        ("gemini", "gemini/write_plan.jsonl", Some("ee3db051-7f08-449c-baf5-a71449999d14")),
    ] {
        let mut reader = reader(vendor, worker());
        let news: Vec<Progress> = lines(transcript).iter().flat_map(|line| reader.feed(line)).collect();
        let told: Vec<&str> = news
            .iter()
            .filter_map(|news| if let Progress::Session(id) = news { Some(id.as_str()) } else { None })
            .collect();
        assert_eq!(told, [reader.session().unwrap()], "{vendor}: told once");
        if let Some(id) = id {
            assert_eq!(told, [id]);
        }
    }
}

#[test]
fn cnk_08_people_get_text_and_the_envelope_tells_what_text_cannot() {
    for (vendor, transcript) in
        [("claude", "claude/text_json.json"), ("codex", "codex/text_json.jsonl"), ("gemini", "gemini/model_pro.jsonl")]
    {
        let lines = lines(transcript);
        assert!(lines.iter().any(|line| line.trim_start().starts_with(['{', '['])), "{vendor}: the wire is JSON");
        let reply = read(vendor, worker(), &lines, &WELL).unwrap();
        assert!(!reply.text.trim().is_empty(), "{vendor}");
        assert!(!reply.text.contains("\"type\"") && !reply.text.contains("input_tokens"), "{vendor}: {}", reply.text);
        // Text alone would not tell whether it was cut: the tokens do.
        assert!(reply.usage.output > 0, "{vendor}: {:?}", reply.usage);
    }
}
