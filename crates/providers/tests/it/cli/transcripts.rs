//! Every recorded stream against the committed table of outcomes.

use super::{asked, lines, reader, recorded};
use mao_core::fault::FaultKind;
use mao_providers::cli::{Ending, Form};
use mao_providers::provider::Access;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Meta {
    rc: i32,
}

/// A whole `--output-format json` document of gemini, which its stream would have said in events.
#[derive(Deserialize)]
struct Document {
    session_id: String,
    response: String,
}

/// The stream as a reader is fed it. What was recorded with a document format is turned into the lines of the stream.
fn fed(transcript: &str) -> Vec<String> {
    let lines = lines(transcript);
    if transcript.ends_with(".jsonl") || lines.is_empty() {
        return lines;
    }
    let text = lines.join("\n");
    if let Ok(events) = serde_json::from_str::<Vec<serde_json::Value>>(&text) {
        return events.iter().map(ToString::to_string).collect();
    }
    if let (true, Ok(whole)) = (transcript.starts_with("gemini/"), serde_json::from_str::<Document>(&text)) {
        let said = serde_json::json!({ "type": "message", "role": "assistant", "content": whole.response });
        let init = serde_json::json!({ "type": "init", "session_id": whole.session_id });
        let result = serde_json::json!({ "type": "result", "status": "success" });
        return vec![init.to_string(), said.to_string(), result.to_string()];
    }
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    vec![value.to_string()]
}

/// `quota_exhausted@1795175985000`: the kind as it is recorded, and the reset.
fn named(kind: &FaultKind) -> String {
    let recorded = serde_json::to_value(kind).unwrap();
    let name = recorded["kind"].as_str().unwrap().to_owned();
    match recorded["until"].as_u64() {
        Some(at) => format!("{name}@{at}"),
        None => name,
    }
}

#[test]
fn fbk_03_every_recorded_stream_comes_to_what_the_table_says() {
    let table = std::fs::read_to_string(recorded().join("expected.tsv")).unwrap();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [transcript, access, form, outcome, said, why] = cells[..] else { panic!("six cells: {row}") };
        seen.insert(transcript.to_owned());
        let access = if access == "write" { Access::Write } else { Access::Read };
        let form = if form == "json" { Form::Json } else { Form::Text };
        let stem = transcript.rsplit_once('.').unwrap().0;
        let (vendor, _) = transcript.split_once('/').unwrap();
        let meta: Meta = serde_json::from_str(&lines(&format!("{stem}.meta.json")).join("\n")).unwrap();
        let stderr = std::fs::read_to_string(recorded().join(format!("{stem}.stderr.txt"))).unwrap_or_default();
        let mut reader = reader(vendor, asked(access, form));
        for line in fed(transcript) {
            reader.feed(&line);
        }
        let ending =
            Ending { code: (meta.rc >= 0).then_some(meta.rc), stderr: mao_core::text::tail(&stderr, 8 * 1024) };
        let (is, text) = match reader.finish(&ending) {
            Ok(reply) => ("reply".to_owned(), reply.text),
            Err(fault) => {
                assert!(!fault.hint.is_empty(), "{transcript}: a fault without a hint");
                (named(&fault.kind), String::new())
            }
        };
        let begins = said == "-" || text.starts_with(&serde_json::from_str::<String>(said).unwrap());
        if is != outcome || !begins {
            wrong.push(format!("{transcript}: {is} {text:?}, but the table says {outcome} {said} ({why})"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));

    let mut there = BTreeSet::new();
    for vendor in ["claude", "codex", "gemini"] {
        for entry in std::fs::read_dir(recorded().join(vendor)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.ends_with(".meta.json") && !name.ends_with(".stderr.txt") {
                there.insert(format!("{vendor}/{name}"));
            }
        }
    }
    assert_eq!(seen, there, "the table names exactly what was recorded");
    assert_eq!(seen.len(), 295);
}
