//! The stream for programs: one JSON object a line, versioned. `kind` is `event`, `news` or `error`.

use crate::exit::Failure;
use mao_core::event::EVENT_VERSION;
use mao_engine::Announcement;
use mao_providers::provider::Progress;
use serde_json::json;

/// One announcement as a line.
#[must_use]
pub fn line(announcement: &Announcement) -> Option<String> {
    match announcement {
        Announcement::Recorded(recorded) => {
            let mut value = serde_json::to_value(recorded).ok()?;
            let object = value.as_object_mut()?;
            object.insert("kind".into(), json!("event"));
            object.insert("version".into(), json!(EVENT_VERSION));
            Some(value.to_string())
        }
        Announcement::News(news) => {
            let (what, text) = match &news.progress {
                Progress::Session(id) => ("session", id),
                Progress::Said(text) => ("said", text),
                Progress::Tool(text) => ("tool", text),
                Progress::Retrying(text) => ("retrying", text),
            };
            let value = json!({
                "kind": "news", "version": EVENT_VERSION,
                "step": news.step, "attempt": news.attempt, "news": what, "text": text,
            });
            Some(value.to_string())
        }
    }
}

/// A failure as a line.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    let mut causes = Vec::new();
    let mut cause = failure.error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    let value = json!({
        "kind": "error", "version": EVENT_VERSION, "exit": failure.exit.code(),
        "error": failure.error.to_string(), "causes": causes, "hint": failure.hint,
    });
    value.to_string()
}
