//! Rules about names: vendors, models, and the words that the glossary refuses.

use super::rule::{Breach, Rule};
use crate::house::House;
use crate::source::Source;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "vendor",
        "vendors' names stand under `providers` and in `config`'s own keys only: everyone else speaks of roles, and a vendor can change",
        vendors,
    ),
    Rule::new(
        "model",
        "model ids are dated data: they stand in the registry files, where they can be changed without a release",
        models,
    ),
    Rule::new("word", "one word, one thing: the glossary has a better one (docs/glossary.md)", words),
];

const VENDORS: &[&str] = &["claude", "codex", "gemini", "openai", "anthropic"];

/// Words that mean everything, and so nothing.
const REFUSED: &[&str] = &["agent", "backend", "executor", "manager", "utils", "util", "helpers", "misc"];

fn vendors(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in house.sources.iter().filter(|source| !may_name_vendors(source)) {
        for (number, line) in source.shipped(&source.code) {
            // The configuration's own place has the name of a tool that reads the same folder.
            let line = line.to_lowercase().replace(".claude/config/", "");
            for vendor in VENDORS.iter().filter(|vendor| line.contains(*vendor)) {
                breaches.push(Breach::line(&source.path, number, format!("names `{vendor}`")));
            }
        }
    }
    breaches
}

fn may_name_vendors(source: &Source) -> bool {
    match source.room() {
        // The house's own commands install and run the vendors' command lines.
        None => true,
        Some("providers" | "config" | "testkit" | "bench") => true,
        Some("cli") => source.path.ends_with("/src/open.rs") || source.path.contains("/src/open/"),
        Some(_) => false,
    }
}

fn models(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in &house.sources {
        for (number, line) in source.shipped(&source.text) {
            if let Some(id) = model_id(line) {
                breaches.push(Breach::line(&source.path, number, format!("names the model `{id}`")));
            }
        }
    }
    breaches
}

/// The first model id in a line: a family's name followed by a version.
fn model_id(line: &str) -> Option<&str> {
    const FAMILIES: &[&str] =
        &["claude-opus-", "claude-sonnet-", "claude-haiku-", "claude-fable-", "claude-", "gpt-", "gemini-", "sora-"];
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    line.char_indices().find_map(|(at, _)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at..];
        let family =
            FAMILIES.iter().find(|family| rest.starts_with(**family) && rest[family.len()..].starts_with(is_digit))?;
        let length = rest[family.len()..].find(|c| !is_id(c)).map_or(rest.len(), |end| family.len() + end);
        (!before.is_some_and(is_id)).then(|| &rest[..length])
    })
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn words(house: &House) -> Vec<Breach> {
    const DEFINE: &[&str] = &["struct", "enum", "trait", "mod", "type", "fn"];
    let mut breaches = Vec::new();
    for source in house.sources.iter().filter(|source| source.room().is_some()) {
        if let Some(word) = source.path.split(['/', '.', '_']).find(|part| REFUSED.contains(part)) {
            breaches.push(Breach::file(&source.path, format!("is named `{word}`")));
        }
        for (number, line) in source.shipped(&source.bare) {
            let mut before = "";
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
                if DEFINE.contains(&before)
                    && let Some(part) = parts(word).find(|part| REFUSED.contains(&part.as_str()))
                {
                    breaches.push(Breach::line(&source.path, number, format!("defines `{word}`: \"{part}\"")));
                }
                before = word;
            }
        }
    }
    breaches
}

/// The words in `snake_case` or `CamelCase`, in lower case.
fn parts(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if (c == '_' || c.is_uppercase()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::{model_id, parts};

    #[test]
    fn model_ids_are_recognised() {
        for (line, id) in [
            ("\"claude-opus-5-5\"", Some("claude-opus-5-5")),
            ("let a = \"gpt-5.2-codex\";", Some("gpt-5.2-codex")),
            ("gemini-3.1-pro", Some("gemini-3.1-pro")),
            ("claude-3-haiku", Some("claude-3-haiku")),
            ("claude-code", None),
            ("gemini-cli", None),
            ("not-gpt-4", None),
            ("claude-opus", None),
        ] {
            assert_eq!(model_id(line), id, "{line}");
        }
    }

    #[test]
    fn names_fall_into_words() {
        assert_eq!(parts("RunManager").collect::<Vec<_>>(), ["run", "manager"]);
        assert_eq!(parts("reagent_of").collect::<Vec<_>>(), ["reagent", "of"]);
    }
}
