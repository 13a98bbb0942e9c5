//! What a diagnosis asks of each vendor's tool, and what it makes of the answers. The vendors' words are data
//! (`data/tools.toml`); nothing here starts a tool, and nothing that a tool printed is passed on.

use serde::Deserialize;
use std::sync::LazyLock;

/// One vendor's tool as a diagnosis sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Its name on PATH and in routes.
    pub name: String,
    /// Whether the orchestrator is reached over it, so that nothing works without it.
    pub orchestrates: bool,
    /// The version that our tests drive.
    pub tested: String,
    /// The oldest version that can do what is asked of it, where one is known.
    pub floor: Option<String>,
    /// The words that make it list its flags.
    pub help: Vec<String>,
    /// The flags that our command line gives it.
    pub flags: Vec<String>,
    /// The words that ask it whether it is signed in (exit code 0), where it can say so without a call.
    pub login: Option<Vec<String>>,
    /// How to tell from its answer in which way it is signed in.
    pub methods: Vec<Method>,
    /// Files beneath [`Probe::place`], or else the home directory, that a login leaves behind. They are looked for and never opened.
    pub logins: Vec<String>,
    /// The variable that names its own directory.
    pub place: String,
    /// The variables that bill the vendor's API.
    pub keys: Vec<String>,
    /// Who pays where the subscription is used.
    pub subscription: String,
    /// The command that installs it, or its newest version.
    pub install: String,
    /// The command that signs in.
    pub sign_in: String,
}

/// A way to be signed in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// What the tool's answer then holds.
    pub holds: String,
    /// What it is, for people.
    pub is: String,
    /// Who pays: `subscription` or `api`.
    pub pool: String,
}

#[derive(Deserialize)]
struct Tools {
    tool: Vec<Probe>,
}

/// The tools that this room can drive.
#[expect(clippy::expect_used, reason = "compiled-in data, read by every test of this file")]
pub static PROBES: LazyLock<Vec<Probe>> = LazyLock::new(|| {
    let tools: Tools = toml::from_str(include_str!("../../data/tools.toml")).expect("compiled-in data");
    tools.tool
});

/// How a version stands to the one that was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It is the tested one.
    Tested,
    /// It is newer than the tested one.
    Newer,
    /// It is older than the tested one, and nothing is known against it.
    Older,
    /// It is too old for what is asked of it.
    TooOld,
    /// It is no version.
    Unknown,
}

impl Probe {
    /// What `said`, the tool's answer to `--version`, means.
    #[must_use]
    pub fn age(&self, said: &str) -> Age {
        let Some(found) = version(said) else { return Age::Unknown };
        let floor = self.floor.as_deref().and_then(version);
        if floor.is_some_and(|floor| found < floor) {
            return Age::TooOld;
        }
        match version(&self.tested).map(|tested| found.cmp(&tested)) {
            Some(std::cmp::Ordering::Less) => Age::Older,
            Some(std::cmp::Ordering::Equal) => Age::Tested,
            Some(std::cmp::Ordering::Greater) => Age::Newer,
            None => Age::Unknown,
        }
    }

    /// IVK-03: the flags of ours that `help` does not list.
    #[must_use]
    pub fn unlisted(&self, help: &str) -> Vec<&str> {
        let in_a_flag = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let listed = |flag: &str| {
            help.match_indices(flag).any(|(at, _)| {
                let (before, after) = (&help.as_bytes()[..at], &help.as_bytes()[at + flag.len()..]);
                !before.last().is_some_and(in_a_flag) && !after.first().is_some_and(in_a_flag)
            })
        };
        self.flags.iter().map(String::as_str).filter(|flag| !listed(flag)).collect()
    }

    /// The way in which a tool that answered `said` is signed in, where it can be told.
    #[must_use]
    pub fn method(&self, said: &str) -> Option<&Method> {
        self.methods.iter().find(|method| said.contains(&method.holds))
    }
}

/// The first numbers with dots between them.
fn version(text: &str) -> Option<Vec<u64>> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.filter(|word| word.contains('.')).find_map(|word| word.split('.').map(|part| part.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(name: &str) -> &'static Probe {
        PROBES.iter().find(|probe| probe.name == name).expect(name)
    }

    #[test]
    fn ivk_03_the_versions_that_are_called_tested_are_the_pinned_ones() {
        let pins = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/clis.toml")).unwrap();
        let pins: toml::Table = toml::from_str(&pins).unwrap();
        let pinned: Vec<(&str, &str)> = pins["cli"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pin| (pin["command"].as_str().unwrap(), pin["version"].as_str().unwrap()))
            .collect();
        let tested: Vec<(&str, &str)> =
            PROBES.iter().map(|probe| (probe.name.as_str(), probe.tested.as_str())).collect();
        assert_eq!(tested, pinned);
    }

    #[test]
    fn ivk_03_a_version_is_held_against_the_tested_one_and_the_floor() {
        let codex = probe("codex");
        for (said, age) in [
            ("codex-cli 0.169.0", Age::Tested),
            ("codex-cli 0.170.1", Age::Newer),
            ("codex-cli 1.0", Age::Newer),
            ("codex-cli 0.60.0", Age::Older),
            ("codex-cli 0.59.9", Age::TooOld),
            ("bash: codex: no such thing", Age::Unknown),
            ("version 18446744073709551616.0", Age::Unknown),
            ("", Age::Unknown),
        ] {
            assert_eq!(codex.age(said), age, "{said}");
        }
        assert_eq!(probe("claude").age("2.1.328 (Claude Code)"), Age::Tested);
    }

    #[test]
    fn ivk_03_a_flag_is_listed_as_a_word_of_its_own() {
        let gemini = probe("gemini");
        let help = "  -m, --model  The model\n  --output-format=FORMAT\n  --skip-trust-all\n  x--approval-mode\n\
                    --session-id [string]\n  -p, --prompt-interactive";
        assert_eq!(gemini.unlisted(help), ["--skip-trust", "--approval-mode", "--prompt"]);
        assert_eq!(gemini.unlisted("").len(), gemini.flags.len());
    }

    #[test]
    fn the_way_to_be_signed_in_is_told_without_repeating_the_answer() {
        let says = |name: &str, said: &str| probe(name).method(said).map(|method| method.pool.as_str());
        assert_eq!(says("codex", "Logged in using ChatGPT"), Some("subscription"));
        assert_eq!(says("codex", "API key configured - ***"), Some("api"));
        assert_eq!(says("claude", r#"{"loggedIn":true,"authMethod":"claude.ai"}"#), Some("subscription"));
        assert_eq!(says("claude", "{}"), None);
    }
}
