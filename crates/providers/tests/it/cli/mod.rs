//! The vendors' command lines: their readers on recorded streams, their words, and the driver with real processes.

mod driver;
mod streams;
mod transcripts;
mod words;

use mao_core::reply::Usage;
use mao_providers::cli::{Asked, Form, Reader, Vendor, claude, codex, gemini};
use mao_providers::provider::{Access, Billing, Job, Timers};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn asked(access: Access, form: Form) -> Asked {
    Asked { access, form, effort: Some("high".into()), before: Usage::default() }
}

fn reader(vendor: &str, asked: Asked) -> Box<dyn Reader> {
    match vendor {
        "claude" => claude::Tool.reader(asked),
        "codex" => codex::Tool.reader(asked),
        "gemini" => gemini::Tool.reader(asked),
        other => panic!("no reader for {other}"),
    }
}

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn lines(transcript: &str) -> Vec<String> {
    let path = recorded().join(transcript);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect()
}

/// A job in `root`: `root/tree` to work in, `root/scratch`, `root/home`, and an environment full of other vendors' keys.
fn job(root: &Path) -> Job {
    let text = |name: &str| root.join(name).to_string_lossy().into_owned();
    let environment: BTreeMap<String, String> = [
        ("HOME", text("home")),
        ("PATH", format!("{}:{}:relative:/usr/bin:/bin", text("bin"), text("tree/bin"))),
        ("LANG", "C.UTF-8".into()),
        ("HTTPS_PROXY", "http://proxy:3128".into()),
        ("ANTHROPIC_API_KEY", "sk-anthropic-1".into()),
        ("ANTHROPIC_BASE_URL", "http://anthropic".into()),
        ("OPENAI_API_KEY", "sk-openai-0001".into()),
        ("OPENAI_BASE_URL", "http://openai".into()),
        ("GEMINI_API_KEY", "sk-gemini-0001".into()),
        ("GOOGLE_GEMINI_BASE_URL", "http://gemini".into()),
        ("AWS_SECRET_ACCESS_KEY", "aws-secret".into()),
        ("GITHUB_TOKEN", "github-token".into()),
        ("LD_PRELOAD", "/tmp/evil.so".into()),
    ]
    .map(|(name, value): (&str, String)| (name.to_owned(), value))
    .into();
    Job {
        label: "work.2.storage#1".into(),
        step: "work.2.storage".into(),
        acknowledged: 0,
        endpoint: "a-model".into(),
        effort: Some("high".into()),
        prompt: "--dangerously-skip-permissions $(touch PWNED)".into(),
        schema: None,
        cwd: root.join("tree"),
        access: Access::Write,
        scratch: root.join("scratch"),
        reads: vec![root.join("objects")],
        session: "11111111-2222-4333-8444-555555555555".into(),
        timers: Timers {
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(20),
            total: Duration::from_secs(30),
            grace: Duration::from_millis(500),
        },
        billing: Billing::Subscription,
        environment,
        transcript: root.join("transcript"),
    }
}
