//! What a model is told of earlier attempts, and what leaves of a prompt in the end.

use crate::parts::{EngineError, Parts};
use mao_core::change::Refusal;
use mao_core::event::{Link, Outbound};
use mao_core::glob::Glob;
use mao_core::step::{AskStep, AttemptState};
use mao_core::text;
use mao_policy::policy::LOCAL;
use mao_policy::{Policy, fallback, privacy, secret};

/// The longest failure text that is attached to a prompt, in bytes.
const FAILURE_LIMIT: usize = 12 * 1024;

/// The longest diff that a packet hands over, in bytes.
const PACKET_LIMIT: usize = 64 * 1024;

/// A text as somebody may see it from whom these paths are kept.
pub(super) fn seen(text: String, withheld: &[Glob]) -> String {
    if withheld.is_empty() { text } else { privacy::without(&text, withheld) }
}

/// What leaves of a prompt (PRV-06): without its secrets, unless it stays on this machine.
pub(super) fn outbound(prompt: String, to: &Link, withheld: Vec<Glob>) -> (String, Outbound) {
    let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    if to.vendor.as_str() == LOCAL {
        let bytes = bytes(&prompt);
        return (prompt, Outbound { bytes, withheld, ..Outbound::default() });
    }
    let cleaned = secret::clean(&prompt);
    let kinds = cleaned.found.iter().map(|found| found.kind.clone()).collect();
    match cleaned.text {
        Some(text) => {
            let bytes = bytes(&text);
            (text, Outbound { bytes, redacted: kinds, blocked: None, withheld })
        }
        None => {
            let blocked = cleaned.found.into_iter().find(|found| found.blocks).map(|found| found.kind);
            (String::new(), Outbound { bytes: 0, redacted: kinds, blocked, withheld })
        }
    }
}

/// What was wrong with an earlier attempt and, in a packet, the diff that it left.
pub(super) fn failure(
    parts: &Parts,
    policy: &Policy,
    ask: &AskStep,
    link: usize,
    withheld: &[Glob],
) -> Result<Option<String>, EngineError> {
    let Some(told) = fallback::told(policy, ask, link) else { return Ok(None) };
    let what = match &told.last.state {
        AttemptState::Failed(fault, _) => fault.to_string(),
        AttemptState::Answered(answered) => match &answered.refusal {
            None => return Ok(None),
            Some(refusal) => describe(parts, refusal)?,
        },
        AttemptState::Running | AttemptState::Lost => return Ok(None),
    };
    let mut said = text::printable(text::tail(&what, FAILURE_LIMIT));
    if let Some(left) = told.left {
        let diff = seen(String::from_utf8_lossy(&parts.store.get(left)?).into_owned(), withheld);
        let cut = (0..=diff.len().min(PACKET_LIMIT)).rev().find(|at| diff.is_char_boundary(*at)).unwrap_or(0);
        said.push_str("\n\nWhat it left, as a diff that is not applied:\n");
        said.push_str(&text::printable(&diff[..cut]));
        if cut < diff.len() {
            said.push_str("\n… (diff cut)");
        }
    }
    Ok(Some(said))
}

fn describe(parts: &Parts, refusal: &Refusal) -> Result<String, EngineError> {
    let detail = match refusal {
        Refusal::ChecksFailed { log } | Refusal::BrokeMerged { log } => {
            String::from_utf8_lossy(&parts.store.get(log)?).into_owned()
        }
        Refusal::Verdict { findings } => {
            let lines = findings.iter().map(|finding| {
                let place = finding.file.as_deref().map_or_else(String::new, |file| match finding.line {
                    Some(line) => format!("{file}:{line}: "),
                    None => format!("{file}: "),
                });
                format!("- {place}{}", finding.claim)
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Refusal::Conflict { paths } => paths.join("\n"),
    };
    Ok(format!("{}\n{detail}", refusal.label()))
}
