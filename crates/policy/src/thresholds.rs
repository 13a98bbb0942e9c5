//! From where on something is worth suggesting, and in how large pieces it is sent: numbers and words, no judgement.

use mao_core::ask::Complexity;
use mao_core::glob::Glob;
use serde::{Deserialize, Serialize};

/// Lock files and what generators call their output.
const GENERATED: [&str; 11] = [
    "**/*.lock",
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/pnpm-lock.yaml",
    "**/go.sum",
    "**/*.min.js",
    "**/*.min.css",
    "**/*.map",
    "**/*.pb.go",
    "**/*_pb2.py",
    "**/*.generated.*",
];

/// When something is suggested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// A review is suggested for strictly more changed files.
    pub review_files: u64,
    /// What makes a change a matter of security, wherever it stands in a word.
    pub security_patterns: Vec<String>,
    /// Whole words that do not.
    pub security_ignore: Vec<String>,
    /// A large window is suggested for strictly more tokens.
    pub large_context_tokens: u64,
    /// Escalation is offered after at least so many failed cycles.
    pub debug_cycles: u64,
    /// A plan is reviewed for strictly more tasks.
    pub plan_tasks: u64,
    /// The large model reviews strictly more files.
    pub large_model_files: u64,
    /// Up to which complexity the small model of a family is enough.
    pub small_model_up_to: Option<Complexity>,
    /// The most tokens of a diff that go to a reviewer in one call.
    pub diff_tokens: u64,
    /// What a request may be expected to answer, in tokens, before it is split.
    pub answer_tokens: u64,
    /// Files that a tool wrote: listed in a review, not read.
    pub generated: Vec<Glob>,
}

impl Default for Thresholds {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            review_files: 10,
            security_patterns: words(&[
                "auth",
                "crypto",
                "token",
                "password",
                "secret",
                "injection",
                "sanitiz",
                "escap",
            ]),
            security_ignore: words(&[
                "author",
                "authors",
                "authored",
                "authorship",
                "coauthor",
                "tokenizer",
                "tokenization",
            ]),
            large_context_tokens: 150_000,
            debug_cycles: 2,
            plan_tasks: 20,
            large_model_files: 5,
            small_model_up_to: Some(Complexity::Simple),
            diff_tokens: 32_000,
            answer_tokens: 32_000,
            generated: GENERATED.iter().map(|glob| Glob((*glob).to_owned())).collect(),
        }
    }
}
