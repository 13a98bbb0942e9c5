//! `mao logs RUN --bundle FILE`: one tar file for a bug report. It says itself what is in it and what is not.
//!
//! Values of variables that look like secrets are taken out wherever they stand, the home directory is `~`. What models
//! were asked and what they answered goes in only where a person asks for it.

use crate::args::Common;
use crate::commands::{doctor, logs::calls};
use crate::exit::{Exit, Failure};
use crate::open::{House, SCHEMA_VERSION, Secrets};
use crate::print::Printer;
use mao_core::event::{EVENT_VERSION, Event, Recorded};
use mao_core::ids::{BlobId, RunId};
use mao_store::{Blobs, Ledger};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Whether what models were asked and answered is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Hashes stand in its place.
    LeftOut,
    /// All of it.
    Whole,
}

/// Taken out of events where content is left out: what a model answered or claimed, and what it was told.
const CONTENT: [&str; 4] = ["structured", "findings", "data", "verdict"];

/// Writes the bundle. An existing file is not overwritten.
pub(super) fn write(
    common: &Common,
    house: &House,
    run: &RunId,
    file: &Path,
    content: Content,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let events = house.store.read(run, 0)?;
    let state = house.state(run)?;
    let mut parts: Vec<(String, String)> = Vec::new();
    let lines = |values: Vec<Value>| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    parts.push(("events.jsonl".to_owned(), lines(events.iter().filter_map(|one| event(one, content)).collect())));
    parts.push(("calls.jsonl".to_owned(), lines(calls::calls(&events))));
    let path = mao_workflows::find(&state.opened.workflow).map(|workflow| workflow.report_path(&state));
    if let Some(report) = path.and_then(|path| house.repo.read(&state.head, &path).ok().flatten()) {
        parts.push(("report.md".to_owned(), String::from_utf8_lossy(&report).into_owned()));
    }
    let text = |blob: &BlobId| house.store.get(blob).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    parts.push(("policy.json".to_owned(), text(&state.opened.policy)?));
    parts.push((
        "versions.json".to_owned(),
        format!("{:#}\n", versions(&state.opened.workflow, state.opened.workflow_version)),
    ));
    parts.push(("doctor.jsonl".to_owned(), lines(doctor::diagnosis(common)?)));
    if content == Content::Whole {
        for (name, blob) in blobs(&events) {
            parts.push((format!("content/{name}"), text(&blob)?));
        }
    }
    let secrets = Secrets::of(&house.environment);
    let home = house.environment.get("HOME").filter(|home| home.len() > 1).cloned();
    let clean = |text: String| {
        let text = secrets.redact(text);
        home.as_ref().map_or_else(|| text.clone(), |home| text.replace(home.as_str(), "~"))
    };
    let parts: Vec<(String, String)> = parts.into_iter().map(|(name, text)| (name, clean(text))).collect();
    let about = about(run, &parts, content);
    let folder = format!("mao-{}", run.prefix(8));
    tar(file, &folder, std::iter::once(&("README.txt".to_owned(), about.clone())).chain(&parts), state.at.seconds())
        .map_err(|source| Failure::new(Exit::Configuration, format!("cannot write {}: {source}", file.display())))?;
    if printer.is_json() {
        let names: Vec<&String> = parts.iter().map(|(name, _)| name).collect();
        printer.value(json!({
            "kind": "bundle", "file": file, "parts": names, "content": content == Content::Whole,
        }));
    } else {
        printer.line(&format!("wrote {}\n\n{}", file.display(), about.trim_end()));
    }
    Ok(Exit::Ok)
}

/// One event as it goes into the bundle.
fn event(recorded: &Recorded, content: Content) -> Option<Value> {
    let mut value = serde_json::to_value(recorded).ok()?;
    if content == Content::LeftOut {
        leave_out(&mut value);
    }
    Some(value)
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if CONTENT.contains(&name.as_str()) && !value.is_null() {
                    *value = json!("left out");
                } else {
                    leave_out(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn versions(workflow: &str, version: u32) -> Value {
    json!({
        "mao": env!("CARGO_PKG_VERSION"), "events": EVENT_VERSION, "tables": SCHEMA_VERSION,
        "workflow": workflow, "workflow_version": version,
        "system": std::env::consts::OS, "machine": std::env::consts::ARCH,
    })
}

/// Prompts, answers and transcripts of the calls, by a name that says whose they are.
fn blobs(events: &[Recorded]) -> Vec<(String, BlobId)> {
    let mut found = Vec::new();
    for recorded in events {
        if let Event::AttemptStarted { step, attempt, prompt, .. } = &recorded.event {
            found.push((format!("{step}-{attempt}.prompt.md"), prompt.clone()));
        }
        if let Event::AttemptEnded { step, attempt, transcript, .. } = &recorded.event {
            found.extend(transcript.iter().map(|blob| (format!("{step}-{attempt}.transcript.jsonl"), blob.clone())));
        }
    }
    found
}

fn about(run: &RunId, parts: &[(String, String)], content: Content) -> String {
    let what = |name: &str| match name {
        "events.jsonl" => "everything that was recorded of the run, one event a line",
        "calls.jsonl" => "every call of a model: who, when, how long, tokens, what came of it",
        "report.md" => "the run's report, as its branch has it",
        "policy.json" => "the policy that the run was opened with",
        "versions.json" => "of mao, its events and its tables; the system",
        "doctor.jsonl" => "what `mao doctor` finds on this machine now",
        _ => "content",
    };
    let mut about = format!("A bundle of run {run}, made by `mao logs --bundle`.\n\nIn it:\n");
    let (rest, whole): (Vec<_>, Vec<_>) = parts.iter().partition(|(name, _)| !name.starts_with("content/"));
    for (name, text) in rest {
        about.push_str(&format!("  {name:<14} {} ({} bytes)\n", what(name), text.len()));
    }
    if !whole.is_empty() {
        about.push_str(&format!("  {:<14} {} prompts and transcripts\n", "content/", whole.len()));
    }
    about.push_str("\nNot in it: values of variables that look like secrets; the home directory (`~` stands for it)");
    about.push_str(match content {
        Content::LeftOut => {
            "; prompts,\nanswers, verdicts and transcripts, whose hashes are there. Titles of sections, paths of files, error texts and the\nreport are in it: read them before you send it.\n"
        }
        Content::Whole => {
            ".\nPrompts and transcripts are in it, and they hold what is in your repository: read them before you send it.\n"
        }
    });
    about
}

fn tar<'a>(
    file: &Path,
    folder: &str,
    parts: impl Iterator<Item = &'a (String, String)>,
    at_seconds: u64,
) -> std::io::Result<()> {
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let mut archive = tar::Builder::new(out);
    for (name, text) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(at_seconds);
        archive.append_data(&mut header, format!("{folder}/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.sync_all()
}
