//! PRV-02: who may see a piece of work, from everything that says something about it. The strictest word holds; nobody can
//! loosen what a path or a kind of work says.

use crate::orchestrator;
use crate::policy::{LOCAL, Policy, Privacy, Private};
use mao_core::ask::{Ask, ReplyForm};
use mao_core::diff::Diff;
use mao_core::glob::{self, Glob};
use mao_core::ids::{TaskClass, VendorId};
use mao_core::mutant;
use serde::{Deserialize, Serialize};

/// One thing that says something about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it says.
    pub class: Privacy,
    /// What says it: `--privacy`, `secrets/** (secrets/prod.txt)`.
    pub from: String,
}

/// What a piece of work is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What a person said.
    pub flag: Option<Privacy>,
    /// What kind of work it is.
    pub class: &'a TaskClass,
    /// What it reads and writes.
    pub paths: &'a [String],
    /// Secrets that were found in what is to be sent and cannot be redacted.
    pub secrets: &'a [String],
}

/// The class, and everything that was said, in a fixed order.
#[must_use]
pub fn classify(rules: &Private, subject: Subject<'_>) -> (Privacy, Vec<Source>) {
    let mut said: Vec<Source> = Vec::new();
    said.extend(subject.flag.map(|class| Source { class, from: "--privacy".into() }));
    if rules.always_local.contains(subject.class) {
        said.push(Source { class: Privacy::LocalOnly, from: format!("{} is always local", subject.class) });
    }
    for (class, globs) in [(Privacy::LocalOnly, &rules.local_only), (Privacy::HomeOnly, &rules.home_only)] {
        let hit = |path: &&String| glob::any(globs, path);
        if let Some(path) = subject.paths.iter().find(hit) {
            let glob = globs.iter().find(|glob| glob.matches(path)).map_or("", |glob| glob.0.as_str());
            said.push(Source { class, from: format!("{glob} ({path})") });
        }
    }
    said.extend(subject.secrets.iter().map(|secret| Source { class: Privacy::LocalOnly, from: secret.clone() }));
    let strictest = said.iter().map(|source| source.class).max_by_key(|class| strictness(*class));
    let first = said.first().map(|source| source.class);
    let class = if mutant::is("prv_02_the_first_word_holds") { first } else { strictest };
    (class.unwrap_or_default(), said)
}

/// INV-08: who may see a question, asked before every other question about it, and again before every model.
#[must_use]
pub fn of(policy: &Policy, ask: &Ask) -> (Privacy, Vec<Source>) {
    let paths: Vec<String> = match &ask.reply {
        ReplyForm::Change { owned, .. } => owned.iter().map(|glob| glob.0.clone()).collect(),
        ReplyForm::Text | ReplyForm::Json { .. } | ReplyForm::Proposal { .. } => Vec::new(),
    };
    let subject = Subject { flag: Some(policy.privacy), class: &ask.task, paths: &paths, secrets: &[] };
    classify(&policy.private, subject)
}

/// The paths that are kept from a vendor: absent from its worktrees, its objects and its prompts.
#[must_use]
pub fn withheld(policy: &Policy, vendor: &VendorId) -> Vec<Glob> {
    if vendor.as_str() == LOCAL || mutant::is("prv_02_paths_are_shown") {
        return Vec::new();
    }
    let mut globs = policy.private.local_only.clone();
    if *vendor != orchestrator::home_vendor() {
        globs.extend(policy.private.home_only.iter().cloned());
    }
    globs
}

/// Whether a path is private at all: its name goes into no list of files.
#[must_use]
pub fn is_private(policy: &Policy, path: &str) -> bool {
    glob::any(&policy.private.local_only, path) || glob::any(&policy.private.home_only, path)
}

/// A text that goes to somebody from whom these paths are kept: where it is a diff, their parts are left out.
#[must_use]
pub fn without(text: &str, withheld: &[Glob]) -> String {
    let Ok(diff) = Diff::parse(text) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for file in &diff.files {
        let hidden = |path: &str| glob::any(withheld, path);
        if hidden(&file.path) || file.from.as_deref().is_some_and(hidden) {
            continue;
        }
        out.push_str(&file.header);
        file.hunks.iter().for_each(|hunk| out.push_str(&hunk.text));
    }
    out
}

const fn strictness(class: Privacy) -> u8 {
    match class {
        Privacy::Any => 0,
        Privacy::HomeOnly => 1,
        Privacy::LocalOnly => 2,
    }
}
