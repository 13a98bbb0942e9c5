//! Rules about everything that is committed, whatever its kind: the machine it was written on leaves no trace.

use super::rule::{Breach, Rule};
use crate::house::{House, Text};
use crate::source::numbered;

pub(super) const RULES: &[Rule] = &[
    Rule::new("machine", "a path of one machine works on no other, and tells where the text was written", machine),
    Rule::new(
        "registry",
        "packages come from the public registries by default; another one is each machine's own setting",
        registry,
    ),
    Rule::new("root", "the root holds what a newcomer reads; plans and summaries belong in commit messages", root),
];

/// The Markdown files of the root.
const PAGES: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

fn machine(house: &House) -> Vec<Breach> {
    // Written apart, so that this file passes its own check.
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp/bash", "_jobs")];
    each_line(
        house,
        |_| true,
        |line| {
            folders.iter().find(|folder| has_path(line, folder)).map(|folder| format!("has a path under `{folder}`"))
        },
    )
}

/// Whether a path beginning with `folder` stands in a line; `crates/work/` has none.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| {
            before.is_alphanumeric() || matches!(before, '_' | '-' | '.' | '/' | '}' | '~' | ')' | '>')
        })
    })
}

fn registry(house: &House) -> Vec<Breach> {
    let public = concat!("registry+https://github.com/rust-lang/", "crates.io-index");
    let settings =
        |text: &Text| matches!(text.path.rsplit('/').next(), Some("Cargo.lock" | ".npmrc" | "config.toml" | "run"));
    each_line(house, settings, |line| {
        let other = ["registry+", "sparse+", "replace-with", "index-url", "--registry", "registry="];
        let other = other.iter().find(|mark| line.contains(**mark));
        other.filter(|_| !line.contains(public)).map(|mark| format!("names a registry of its own (`{mark}`)"))
    })
}

fn root(house: &House) -> Vec<Breach> {
    let page = |path: &str| {
        let lower = path.to_lowercase();
        !path.contains('/') && [".md", ".markdown", ".txt"].iter().any(|ending| lower.ends_with(ending))
    };
    let strays = house.files.iter().filter(|text| page(&text.path) && !PAGES.contains(&text.path.as_str()));
    strays.map(|text| Breach::file(&text.path, format!("is none of {}", PAGES.join(", ")))).collect()
}

fn each_line(house: &House, of: impl Fn(&Text) -> bool, check: impl Fn(&str) -> Option<String>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for text in house.files.iter().filter(|text| of(text)) {
        for (number, line) in numbered(&text.text) {
            if let Some(what) = check(line) {
                breaches.push(Breach::line(&text.path, number, what));
            }
        }
    }
    breaches
}
