//! What was asked of the server, for tests to assert on. Secrets are never kept.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The headers that carry a secret.
const SECRET: [&str; 5] = ["authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "cookie"];

/// One request and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Its number, from 1.
    pub number: u64,
    /// `anthropic`, `openai` or `gemini`; absent for what is no vendor's.
    pub vendor: Option<&'static str>,
    /// `POST`.
    pub method: String,
    /// The path with its query, a key in it redacted.
    pub path: String,
    /// Headers in lower case; `redacted` where they carry a secret.
    pub headers: BTreeMap<String, String>,
    /// The body; `null` when it is no JSON.
    pub body: serde_json::Value,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The step of the marker.
    pub step: Option<String>,
    /// The attempt of the marker, from 1.
    pub attempt: Option<u32>,
    /// The names of the tools that were offered, nested ones as `namespace.name`.
    pub offered: Vec<String>,
    /// What came back from the tools since the marker, as text.
    pub results: Vec<String>,
    /// What was answered: `call Write`, `say`, `end`, `http 429`, `hang`, `cut`, `garbage`, `stream_error`, `problem`;
    /// `count`, `ok` or `404` for what is no question for a model.
    pub played: String,
    /// Why it did not fit the script.
    pub problem: Option<String>,
}

/// The requests so far, and the file that mirrors them.
#[derive(Debug)]
pub(super) struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    seen: Vec<Seen>,
    file: Option<File>,
}

impl Log {
    pub(super) fn new(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self { inner: Mutex::new(Inner { seen: Vec::new(), file }) })
    }

    /// Keeps a request under the next number.
    pub(super) fn add(&self, mut seen: Seen) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        seen.number = inner.seen.len() as u64 + 1;
        if let (Some(file), Ok(line)) = (&mut inner.file, serde_json::to_string(&seen)) {
            // The memory is what tests read; a full disk shows itself elsewhere.
            drop(file.write_all(format!("{line}\n").as_bytes()));
        }
        inner.seen.push(seen);
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }
}

/// The headers as they may be kept.
pub(super) fn kept(headers: &hyper::HeaderMap) -> BTreeMap<String, String> {
    let text = |name: &str, value: &hyper::header::HeaderValue| {
        if SECRET.contains(&name) { "redacted".into() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() }
    };
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(name.as_str(), value))).collect()
}

/// The path as it may be kept: a key in its query is not.
pub(super) fn kept_path(uri: &hyper::Uri) -> String {
    let Some(query) = uri.query() else { return uri.path().to_owned() };
    let keep = |pair: &str| if pair.starts_with("key=") { "key=redacted".to_owned() } else { pair.to_owned() };
    format!("{}?{}", uri.path(), query.split('&').map(keep).collect::<Vec<_>>().join("&"))
}
