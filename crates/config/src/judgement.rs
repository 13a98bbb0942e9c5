//! What each checkpoint does, from where on it does it, whether a run waits for an answer and whether two must agree: the
//! keys as policy reads them.

use crate::settings::Settings;
use mao_core::glob::Glob;
use mao_policy::checkpoint::{Channel, Checkpoint, CheckpointMode};
use mao_policy::consensus::Consensus;
use mao_policy::thresholds::Thresholds;
use mao_policy::triggers::Complexity;
use std::collections::BTreeMap;

/// What each checkpoint does.
pub(crate) fn checkpoints(settings: &Settings) -> BTreeMap<Checkpoint, CheckpointMode> {
    let mode = |checkpoint: Checkpoint| match settings.text(&format!("checkpoints.{}", checkpoint.name())) {
        Some("auto") => CheckpointMode::Auto,
        Some("off") => CheckpointMode::Off,
        Some(_) | None => CheckpointMode::Ask,
    };
    Checkpoint::ALL.map(|checkpoint| (checkpoint, mode(checkpoint))).into()
}

/// Whether a run without a person at its terminal waits for an answer from elsewhere.
pub(crate) fn answers(settings: &Settings) -> Channel {
    if settings.is_true("checkpoints.wait") { Channel::Later } else { Channel::None }
}

/// Whether two models must agree on a change that is reviewed.
pub(crate) fn consensus(settings: &Settings) -> Consensus {
    if settings.is_true("checkpoints.consensus") { Consensus::Wanted } else { Consensus::Off }
}

/// When something is suggested.
pub(crate) fn thresholds(settings: &Settings) -> Thresholds {
    let built_in = Thresholds::default();
    let int = |key: &str, or: u64| settings.int(&format!("thresholds.{key}")).unwrap_or(or);
    let list = |key: &str, or: Vec<String>| match settings.get(&format!("thresholds.{key}")) {
        Some(_) => settings.list(&format!("thresholds.{key}")).to_vec(),
        None => or,
    };
    Thresholds {
        review_files: int("files_changed_suggest_review", built_in.review_files),
        security_patterns: list("security_sensitive_patterns", built_in.security_patterns),
        security_ignore: list("security_ignore_words", built_in.security_ignore),
        large_context_tokens: int("suggest_gemini_for_context_above", built_in.large_context_tokens),
        debug_cycles: int("suggest_codex_debug_after_cycles", built_in.debug_cycles),
        plan_tasks: int("plan_tasks_auto_review", built_in.plan_tasks),
        large_model_files: int("pr_pro_model_files", built_in.large_model_files),
        small_model_up_to: match settings.text("models.gemini.flash_threshold") {
            Some("never") => None,
            Some("moderate") => Some(Complexity::Moderate),
            Some(_) | None => built_in.small_model_up_to,
        },
        diff_tokens: int("diff_tokens_per_review", built_in.diff_tokens),
        answer_tokens: settings.int("models.gemini.chunking_threshold").unwrap_or(built_in.answer_tokens),
        generated: match settings.get("thresholds.generated_files") {
            Some(_) => settings.list("thresholds.generated_files").iter().map(|glob| Glob(glob.clone())).collect(),
            None => built_in.generated,
        },
    }
}
