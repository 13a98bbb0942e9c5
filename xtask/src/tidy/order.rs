//! Rules about the order inside a file and a room: sizes, headers, what is left unfinished, lints.

use super::rule::{Breach, Rule};
use crate::house::House;
use crate::source::{MentionKind, numbered};

/// A file above this is refused.
const MOST_LINES: usize = 700;
/// A file above this is noted.
const MANY_LINES: usize = 450;

pub(super) const RULES: &[Rule] = &[
    Rule::new("size", "a file that long holds more than one thing, and nobody reads it to its end", too_long),
    Rule::note("length", "most files have 130 to 280 lines; what grows past 450 is about to become two things", long),
    Rule::new("header", "each file begins with `//!`: what it is, and what it never does", header),
    Rule::new("reading", "a room's first page says in which order to read it, or a newcomer starts anywhere", reading),
    Rule::new("unfinished", "what is not done is not there: a stub that compiles looks like a feature", unfinished),
    Rule::new(
        "lint",
        "a lint is switched off with `#[expect(…, reason)]` only, so that it says why and ends by itself",
        lints,
    ),
    Rule::new("workspace", "the lints of the workspace hold in every package: `[lints] workspace = true`", manifests),
];

fn longer(house: &House, from: usize, to: usize) -> Vec<Breach> {
    let long = house.sources.iter().filter(|source| source.lines() > from && source.lines() <= to);
    long.map(|source| Breach::file(&source.path, format!("{} lines, more than {from}", source.lines()))).collect()
}

fn too_long(house: &House) -> Vec<Breach> {
    longer(house, MOST_LINES, usize::MAX)
}

fn long(house: &House) -> Vec<Breach> {
    longer(house, MANY_LINES, MOST_LINES)
}

fn header(house: &House) -> Vec<Breach> {
    let bad = house.sources.iter().filter(|source| !source.text.starts_with("//! "));
    bad.map(|source| Breach::file(&source.path, "does not begin with `//! `")).collect()
}

fn reading(house: &House) -> Vec<Breach> {
    let first = |path: &str| {
        let inside = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/')).map(|(_, inside)| inside);
        matches!(inside, Some("src/lib.rs" | "src/main.rs"))
    };
    let roots = house.sources.iter().filter(|source| first(&source.path));
    let silent = roots.filter(|source| !source.comments.contains("Read in this order"));
    silent.map(|source| Breach::file(&source.path, "does not say \"Read in this order\"")).collect()
}

fn unfinished(house: &House) -> Vec<Breach> {
    // Written apart, so that this file passes its own check.
    let marks = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];
    let mut breaches = Vec::new();
    for source in &house.sources {
        for mention in source.mentions.iter().filter(|mention| mention.kind == MentionKind::Macro) {
            if matches!(mention.path.as_str(), "todo" | "unimplemented" | "dbg") {
                breaches.push(Breach::line(&source.path, mention.line, format!("calls `{}!`", mention.path)));
            }
        }
        for (number, line) in numbered(&source.bare) {
            if line.trim_start().starts_with("#[ignore") {
                breaches.push(Breach::line(
                    &source.path,
                    number,
                    "ignores a test: one that must be skipped prints why",
                ));
            }
        }
        for (number, line) in numbered(&source.comments) {
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            if let Some(mark) = words.find(|word| marks.contains(word)) {
                breaches.push(Breach::line(&source.path, number, format!("says {mark}")));
            }
        }
    }
    breaches
}

fn lints(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in &house.sources {
        for (number, line) in numbered(&source.bare) {
            let attribute = line.trim_start().starts_with('#');
            let called = line
                .match_indices("allow(")
                .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'));
            if attribute && called {
                breaches.push(Breach::line(&source.path, number, "switches a lint off with `allow`"));
            }
        }
    }
    breaches
}

fn manifests(house: &House) -> Vec<Breach> {
    let ours = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts.as_slice(), ["crates", _, "Cargo.toml"] | ["xtask", "Cargo.toml"])
    };
    let manifests = house.files.iter().filter(|text| ours(&text.path));
    let bad = manifests.filter(|text| !text.text.contains("[lints]\nworkspace = true"));
    bad.map(|text| Breach::file(&text.path, "has no `[lints] workspace = true`")).collect()
}
