//! PRV-02: who may see a piece of work, from everything that says something about it. The strictest word holds; nobody can
//! loosen what a path or a kind of work says.

use crate::case::Privacy;
use mao_core::glob::{self, Glob};
use mao_core::ids::TaskClass;
use mao_core::mutant;
use serde::{Deserialize, Serialize};

/// What is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Paths whose content stays on this machine.
    #[serde(default)]
    pub local_only: Vec<Glob>,
    /// Paths whose content goes to the orchestrator's vendor at most.
    #[serde(default)]
    pub home_only: Vec<Glob>,
    /// Kinds of work that stay on this machine.
    #[serde(default)]
    pub always_local: Vec<TaskClass>,
}

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
pub fn classify(rules: &Rules, subject: Subject<'_>) -> (Privacy, Vec<Source>) {
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

const fn strictness(class: Privacy) -> u8 {
    match class {
        Privacy::Any => 0,
        Privacy::HomeOnly => 1,
        Privacy::LocalOnly => 2,
    }
}
