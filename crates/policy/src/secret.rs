//! PRV-06: secrets in what is about to leave: prompts, packets, diffs, logs. They are cut out; where that is not enough the
//! call is refused.
//!
//! The forms are data (`data/secrets.toml`). What is known by value (the environment's own secrets) is not this file's.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use mao_core::mutant;
use regex::Regex;
use serde::Deserialize;
use std::ops::Range;
use std::sync::LazyLock;

/// What stands where a secret stood.
pub const MARK: &str = "[redacted: ";

/// Encoded text that is shorter holds no secret.
const ENCODED: usize = 24;

#[derive(Deserialize)]
struct File {
    rule: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: String,
    pattern: String,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    blocks: bool,
}

struct Rule {
    row: Row,
    form: Regex,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../data/secrets.toml")).expect("compiled-in data");
    let rule = |row: Row| Rule { form: Regex::new(&row.pattern).expect("compiled-in pattern"), row };
    file.rule.into_iter().map(rule).collect()
});

#[expect(clippy::expect_used, reason = "a constant pattern")]
static RUNS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9+/_-]{24,}(?:\r?\n[ \t+-]*[A-Za-z0-9+/_-]+)*").expect("compiled-in pattern")
});

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What kind.
    pub kind: String,
    /// Where, in bytes; for an encoded secret the whole encoded run.
    pub at: Range<usize>,
    /// Whether cutting it out is not enough.
    pub blocks: bool,
}

/// The kinds that are known, in the order of the file.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.row.kind.as_str()).collect()
}

/// Every secret in a text, plain or in base64, in order and without overlap.
#[must_use]
pub fn scan(text: &str) -> Vec<Found> {
    if mutant::is("prv_06_everything_leaves") {
        return Vec::new();
    }
    let mut found = plain(text);
    for run in RUNS.find_iter(text) {
        // What stands before may have shifted it: every line on its own, too.
        let whole = std::iter::once(run.as_str()).chain(run.as_str().lines());
        if let Some(inside) = whole.filter_map(decoded).find_map(|decoded| plain(&decoded).into_iter().next()) {
            found.push(Found { at: run.range(), ..inside });
        }
    }
    found.sort_by_key(|each| (each.at.start, std::cmp::Reverse(each.at.end)));
    let mut end = 0;
    found.retain(|each| {
        let apart = each.at.start >= end;
        end = end.max(each.at.end);
        apart
    });
    found
}

/// What leaves, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The text without its secrets; absent where the call is refused.
    pub text: Option<String>,
    /// What was found.
    pub found: Vec<Found>,
}

/// Cuts the secrets out of a text.
#[must_use]
pub fn clean(text: &str) -> Cleaned {
    let found = scan(text);
    if found.iter().any(|each| each.blocks) {
        return Cleaned { text: None, found };
    }
    Cleaned { text: Some(cut(text, &found)), found }
}

/// A text that stays on this machine, without its secrets: also what would refuse a call is only cut out.
#[must_use]
pub fn kept(text: &str) -> String {
    cut(text, &scan(text))
}

fn cut(text: &str, found: &[Found]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for each in found {
        out.push_str(&text[from..each.at.start]);
        out.push_str(MARK);
        out.push_str(&each.kind);
        out.push(']');
        from = each.at.end;
    }
    out.push_str(&text[from..]);
    out
}

fn plain(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for rule in RULES.iter() {
        for hit in rule.form.captures_iter(text) {
            let Some(secret) = hit.name("s").or_else(|| hit.get(0)) else { continue };
            let words = secret.as_str();
            if is_placeholder(words) || rule.row.entropy > 0.0 && entropy(words) < rule.row.entropy {
                continue;
            }
            found.push(Found { kind: rule.row.kind.clone(), at: secret.range(), blocks: rule.row.blocks });
        }
    }
    found
}

/// Whether it plainly stands for a secret and is none.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["example", "xxxx", "placeholder", "changeme", "your-", "your_", "dummy", "redacted", "...", "****"]
        .iter()
        .any(|word| lower.contains(word))
        || text.starts_with(['$', '<', '{', '%'])
        || text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'))
}

/// Shannon entropy in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

/// The text that a base64 run holds, standard or for addresses; what is no text in it is replaced.
fn decoded(run: &str) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let standard = |c: char| match c {
        '-' => Some('+'),
        '_' => Some('/'),
        'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => Some(c),
        _ => None,
    };
    let mut letters: String = run.chars().filter_map(standard).collect();
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let bytes = (letters.len() >= ENCODED).then(|| LENIENT.decode(letters).ok())??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text that comes in pieces and goes on without its secrets: a secret that lies across pieces is whole before anything of
/// it leaves.
#[derive(Debug, Default)]
pub struct Stream {
    held: String,
}

impl Stream {
    /// The longest text that is held back to see whether a secret ends in it.
    const MOST: usize = 64 * 1024;

    /// Takes a piece, and gives what is sure by now.
    pub fn push(&mut self, piece: &str) -> Cleaned {
        self.held.push_str(piece);
        // Secrets hold no blanks, and encoded runs end at a blank line: what comes before one is sure.
        let sure = self.held.rfind("\n\n").map(|at| at + 1).filter(|_| self.held.len() <= Self::MOST);
        let sure = sure.or_else(|| self.held.rfind(['\n', ' ']).filter(|_| self.held.len() > Self::MOST));
        let Some(sure) = sure else { return Cleaned { text: Some(String::new()), found: Vec::new() } };
        let rest = self.held.split_off(sure);
        let ready = std::mem::replace(&mut self.held, rest);
        clean(&ready)
    }

    /// What is left.
    #[must_use]
    pub fn finish(self) -> Cleaned {
        clean(&self.held)
    }
}
