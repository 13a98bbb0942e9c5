//! What a change, a prompt or a history makes worth suggesting: thresholds and patterns, no judgement.
//!
//! Nothing here calls or routes; a suggestion is shown with its reasons, and a person or a checkpoint decides.

use crate::measure::{Touched, added_dependencies};
use crate::policy::ModelRole;
pub use crate::thresholds::Thresholds;
pub use mao_core::ask::Complexity;
use mao_core::diff::Diff;
use mao_core::mutant;
use serde::{Deserialize, Serialize};

/// Which side of a change a line is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It came.
    Added,
    /// It went.
    Removed,
}

/// One changed line; numbered from 1 in the file of its own side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whether it came or went.
    pub side: Side,
    /// Its number.
    pub number: u32,
    /// What stands there.
    pub text: String,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where it is; where it was, too, if it moved.
    pub paths: Vec<String>,
    /// What changed in it.
    pub lines: Vec<Line>,
}

/// A security pattern that was found. The text around it is left out: it may hold the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hit {
    /// The file.
    pub path: String,
    /// The line; none where the path itself is meant.
    pub line: Option<(Side, u32)>,
    /// The character of the line or path at which it begins, from 1.
    pub column: u32,
    /// The pattern as it is configured.
    pub pattern: String,
}

impl Hit {
    /// `src/login.rs:12:4 matches "auth"`.
    #[must_use]
    pub fn shown(&self) -> String {
        let path = mao_core::text::one_line(&self.path, 200);
        match self.line {
            None => format!("{path} matches \"{}\" in its name", self.pattern),
            Some((Side::Added, line)) => format!("{path}:{line}:{} matches \"{}\"", self.column, self.pattern),
            Some((Side::Removed, line)) => {
                format!("{path}:{line}:{} (removed) matches \"{}\"", self.column, self.pattern)
            }
        }
    }
}

/// RTE-06: every place where a pattern stands in a changed path or line, in the order of the change.
#[must_use]
pub fn security(changes: &[Changed], thresholds: &Thresholds) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in changes {
        let name = change.paths.first().map_or("", String::as_str);
        for path in &change.paths {
            for (pattern, column) in found(path, thresholds) {
                hits.push(Hit { path: path.clone(), line: None, column, pattern: pattern.to_owned() });
            }
        }
        for line in &change.lines {
            for (pattern, column) in found(&line.text, thresholds) {
                let place = Some((line.side, line.number));
                hits.push(Hit { path: name.to_owned(), line: place, column, pattern: pattern.to_owned() });
            }
        }
    }
    hits
}

/// Every pattern in `text` with the character at which it begins, in the order of the text.
///
/// A hit is taken back where the whole word around it, letters and digits as far as they go, is on the list: `author`
/// is, `authorId` is not, so that there is rather one offer too many.
fn found<'a>(text: &str, thresholds: &'a Thresholds) -> Vec<(&'a str, u32)> {
    let chars: Vec<char> = text.chars().map(lower).collect();
    let mut found = Vec::new();
    for pattern in &thresholds.security_patterns {
        let wanted: Vec<char> = pattern.chars().map(lower).collect();
        if wanted.is_empty() {
            continue;
        }
        for (at, _) in chars.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted) {
            let word = word(&chars, at, at + wanted.len());
            if !thresholds.security_ignore.iter().any(|ignored| ignored.chars().map(lower).eq(word.iter().copied())) {
                found.push((pattern.as_str(), u32::try_from(at + 1).unwrap_or(u32::MAX)));
            }
        }
    }
    found.sort_by_key(|(_, column)| *column);
    found
}

/// One lower-case character for each character, so that columns stay what they were.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The letters and digits around `from..to`.
fn word(chars: &[char], from: usize, to: usize) -> &[char] {
    let inside = |c: &char| c.is_alphanumeric();
    let start = chars[..from].iter().rposition(|c| !inside(c)).map_or(0, |at| at + 1);
    let end = chars[to..].iter().position(|c| !inside(c)).map_or(chars.len(), |at| to + at);
    &chars[start..end]
}

/// Why a review by another model is worth offering; empty where it is not.
#[must_use]
pub fn review(files: u64, hits: &[Hit], thresholds: &Thresholds) -> Vec<String> {
    reasons(files, hits.first().map(Hit::shown).as_deref(), hits.len(), thresholds)
}

fn reasons(files: u64, first: Option<&str>, hits: usize, thresholds: &Thresholds) -> Vec<String> {
    let mut reasons = Vec::new();
    if files > thresholds.review_files {
        reasons.push(format!("{files} files changed, more than {}", thresholds.review_files));
    }
    if let Some(first) = first {
        let more = if hits > 1 { format!(" and {} more", hits - 1) } else { String::new() };
        reasons.push(format!("security: {first}{more}"));
    }
    reasons
}

/// A second look at a change that is worth asking for. Nobody is asked because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondLook {
    /// Whose: `coder` looks independently, `analyzer` reads the whole code base.
    pub role: ModelRole,
    /// Why.
    pub why: String,
}

/// ESC-09: who else is worth asking about a change of so many files, with these places of security and these signs of
/// another architecture, each in words.
#[must_use]
pub fn second_looks(files: u64, hits: &[String], redesign: &[String], thresholds: &Thresholds) -> Vec<SecondLook> {
    let large = reasons(files, hits.first().map(String::as_str), hits.len(), thresholds);
    let redesign = redesign.iter().take(SIGNS).map(String::as_str).collect::<Vec<_>>().join("; ");
    let independent = (!large.is_empty() && !mutant::is("esc_09_a_large_change_suggests_nobody"))
        .then(|| SecondLook { role: ModelRole::Coder, why: large.join("; ") });
    let whole = (!redesign.is_empty())
        .then(|| SecondLook { role: ModelRole::Analyzer, why: format!("the architecture changes: {redesign}") });
    independent.into_iter().chain(whole).collect()
}

/// How many signs of another architecture are named, and of what length, in characters.
const SIGNS: usize = 8;
const SIGN: usize = 160;

/// The signs of another architecture in a change: a dependency that comes, a file that moves from one part of the
/// repository to another, a document that says how it is built. `touched` are its manifests, before and after.
#[must_use]
pub fn redesign(diff: &Diff, touched: &[Touched]) -> Vec<String> {
    let dependencies = touched.iter().flat_map(|file| {
        added_dependencies(file).into_iter().map(|name| format!("{} gains the dependency {name}", file.path))
    });
    let top = |path: &str| path.split_once('/').map_or_else(String::new, |(top, _)| top.to_owned());
    let rest = diff.files.iter().filter_map(|file| match &file.from {
        Some(from) if top(from) != top(&file.path) => Some(format!("{from} moves to {}", file.path)),
        Some(_) | None => says_how_it_is_built(&file.path).then(|| format!("{} changes", file.path)),
    });
    dependencies.chain(rest).map(|sign| mao_core::text::one_line(&sign, SIGN)).take(SIGNS).collect()
}

/// Whether a document is called like one about the architecture, or like a decision on it.
fn says_how_it_is_built(path: &str) -> bool {
    let lower = path.to_lowercase();
    let mut names = lower.rsplit('/');
    let file = names.next().unwrap_or_default();
    file.starts_with("architecture") || names.any(|dir| matches!(dir, "adr" | "adrs"))
}

/// Whether a plan has so many tasks that it is worth a review.
#[must_use]
pub const fn plan_review(tasks: u64, thresholds: &Thresholds) -> bool {
    tasks > thresholds.plan_tasks
}

/// Whom the user wants for a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// Nobody in particular.
    None,
    /// The coding line, which then only reads.
    Coder,
}

/// Who reviews a change, as a role of the registry, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// `drafter` is the small model of the analysing family, `analyzer` the large one.
    pub role: ModelRole,
    /// Why.
    pub why: String,
}

/// RTE-07: the small model for few files without a hit, the large one otherwise, the coding line on request.
#[must_use]
pub fn reviewer(files: u64, hits: &[Hit], wanted: Override, thresholds: &Thresholds) -> Reviewer {
    match wanted {
        Override::Coder => Reviewer { role: ModelRole::Coder, why: "asked for; it only reads".to_owned() },
        Override::None => reviewer_of(files, u64::try_from(hits.len()).unwrap_or(u64::MAX), thresholds),
    }
}

/// The same where nobody wants anybody in particular, from how many places of security there are.
#[must_use]
pub fn reviewer_of(files: u64, hits: u64, thresholds: &Thresholds) -> Reviewer {
    let reviewer = |role, why: String| Reviewer { role, why };
    match hits {
        0 if files <= thresholds.large_model_files => {
            reviewer(ModelRole::Drafter, format!("{files} files, at most {}, no hit", thresholds.large_model_files))
        }
        0 => reviewer(ModelRole::Analyzer, format!("{files} files, more than {}", thresholds.large_model_files)),
        n => reviewer(ModelRole::Analyzer, format!("{n} security hits")),
    }
}

/// The task class of a change's review by this role.
#[must_use]
pub const fn reviews(role: ModelRole) -> &'static str {
    match role {
        ModelRole::Drafter => "pr_review_small",
        ModelRole::Coder => "code_review",
        ModelRole::Orchestrator
        | ModelRole::Worker
        | ModelRole::Checker
        | ModelRole::Reasoner
        | ModelRole::Analyzer => "pr_review",
    }
}

/// RTE-07 for other work: whether the small model of a family is enough.
#[must_use]
pub fn size(complexity: Complexity, thresholds: &Thresholds) -> ModelRole {
    match thresholds.small_model_up_to {
        Some(limit) if complexity <= limit => ModelRole::Drafter,
        Some(_) | None => ModelRole::Analyzer,
    }
}

/// RTE-08: what to say about a prompt of so many tokens. Naming what matters comes first; the whole repository never.
#[must_use]
pub fn context(tokens: u64, thresholds: &Thresholds) -> Option<String> {
    (tokens > thresholds.large_context_tokens).then(|| {
        format!(
            "{tokens} tokens of context, more than {}: name the files and symbols that matter, or take a model with a \
             large window; never the whole repository",
            thresholds.large_context_tokens
        )
    })
}

/// Whether escalation is worth offering after so many failed cycles.
#[must_use]
pub const fn escalation(cycles: u64, thresholds: &Thresholds) -> bool {
    cycles >= thresholds.debug_cycles
}
