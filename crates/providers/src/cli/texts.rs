//! What several vendors' troubles have in common: status codes, words, and answers in JSON. No vendor's own texts.

use crate::provider::Progress;
use mao_core::fault::FaultKind;
use mao_core::text::one_line;

/// Characters of a piece of progress.
const NEWS: usize = 200;

/// What an HTTP status means; `None` for one that says nothing.
pub(super) const fn of_status(status: u16) -> Option<FaultKind> {
    match status {
        400 | 405..=407 | 409..=412 | 414..=428 => Some(FaultKind::BadRequest),
        401 | 403 => Some(FaultKind::NotAuthenticated),
        402 => Some(FaultKind::QuotaExhausted { until: None }),
        404 => Some(FaultKind::ModelUnknown),
        408 => Some(FaultKind::TimedOut),
        413 => Some(FaultKind::ContextTooLong),
        429 => Some(FaultKind::RateLimited { until: None }),
        500..=599 => Some(FaultKind::Overloaded),
        _ => None,
    }
}

/// A table of texts, tried in order, without regard to case: the first that `text` holds decides.
pub(super) fn of_words(text: &str, table: &[(&str, FaultKind)]) -> Option<FaultKind> {
    let text = text.to_lowercase();
    table.iter().find(|(words, _)| text.contains(words)).map(|(_, kind)| *kind)
}

/// What broken connections are called everywhere.
pub(super) const CONNECTION: &[(&str, FaultKind)] = &[
    ("idle timeout", FaultKind::TimedOut),
    ("timed out", FaultKind::TimedOut),
    ("econnrefused", FaultKind::Network),
    ("econnreset", FaultKind::Network),
    ("enotfound", FaultKind::Network),
    ("eai_again", FaultKind::Network),
    ("failed to lookup address", FaultKind::Network),
    ("error sending request", FaultKind::Network),
    ("stream disconnected", FaultKind::Network),
    ("connection refused", FaultKind::Network),
    ("connection reset", FaultKind::Network),
    ("connection closed", FaultKind::Network),
    ("connection error", FaultKind::Network),
    ("connection failed", FaultKind::Network),
    ("socket hang up", FaultKind::Network),
    ("fetch failed", FaultKind::Network),
];

/// What the model said, as one harmless line; nothing for nothing.
pub(super) fn said(text: &str) -> Option<Progress> {
    let line = one_line(text, NEWS);
    (!line.is_empty()).then_some(Progress::Said(line))
}

/// A tool and what it was called with, as one harmless line.
pub(super) fn tool(name: &str, about: Option<&str>) -> Progress {
    Progress::Tool(one_line(&format!("{name} {}", about.unwrap_or_default()), NEWS))
}

/// A retry inside the CLI, as one harmless line.
pub(super) fn retrying(what: &str) -> Progress {
    Progress::Retrying(one_line(what, NEWS))
}

/// The one JSON value of an answer: the whole text, else its fenced block, else from its first brace to its last.
/// For vendors whose CLI does not validate.
pub(super) fn json_in(text: &str) -> Option<serde_json::Value> {
    let whole = text.trim();
    if let Ok(value) = serde_json::from_str(whole) {
        return Some(value);
    }
    let fenced = whole
        .split_once("```")
        .and_then(|(_, rest)| rest.split_once('\n'))
        .and_then(|(_, rest)| rest.rsplit_once("```"));
    if let Some(value) = fenced.and_then(|(inside, _)| serde_json::from_str(inside.trim()).ok()) {
        return Some(value);
    }
    let from = whole.find(['{', '['])?;
    let to = whole.rfind(['}', ']'])?;
    whole.get(from..=to).and_then(|inside| serde_json::from_str(inside).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_whole_fenced_or_in_prose() {
        let one = serde_json::json!({ "a": 1 });
        assert_eq!(json_in("{\"a\":1}"), Some(one.clone()));
        assert_eq!(json_in("Here:\n```json\n{\"a\": 1}\n```\nDone."), Some(one.clone()));
        assert_eq!(json_in("It is {\"a\":1}."), Some(one));
        assert_eq!(json_in("no answer"), None);
        assert_eq!(json_in("{\"a\": 1, oops"), None);
    }
}
