//! `.claude/models/registry.md`: its entries, typed, with the repairs that older forms need.
//!
//! It only reads: what an entry may change is decided in `registry_layer`. It takes no command, no address and no
//! switch: those are an error here.

use crate::error::quoted;
use crate::fences;
use crate::node::{Node, NodeValue, Word};
use crate::report::Report;
use crate::schema;
use crate::words::nearest;
use mao_core::day::Day;
use mao_policy::known::Capability;
use mao_policy::policy::{Lifecycle, ModelRole};
use std::collections::BTreeSet;
use std::ops::Range;

/// The tables of a registry.
const TABLES: [&str; 3] = ["global", "models", "roles"];

/// The keys of `global`.
const GLOBAL: [&str; 2] = ["thinking_always_on", "use_latest_models"];

/// The keys of an entry.
const KEYS: [&str; 16] = [
    "provider",
    "cli",
    "endpoint",
    "capabilities",
    "thinking",
    "role",
    "family",
    "lifecycle",
    "replacement",
    "verified_at",
    "deprecated",
    "retires",
    "efforts",
    "effort",
    "context_tokens",
    "output_tokens",
];

/// Keys that a registry does not have, and why.
const REFUSED: [(&[&str], &str); 3] = [
    (&["command", "args", "env", "bin", "path"], "a registry names no commands; `[transport]` of your own file does"),
    (
        &["url", "base_url", "api_base", "address", "host", "headers", "api_key"],
        "a registry names no addresses and holds no keys",
    ),
    (&["enabled", "enable", "trusted"], "a registry enables nothing; `[models]` of multi-model.toml does"),
];

/// The most entries that are read.
const MOST: usize = 200;

/// The words for thinking in older forms that say that the model thinks by itself.
const BY_ITSELF: [&str; 5] = ["native", "thinking-model", "adaptive", "extended", "built-in"];

/// The levels that any family knows.
pub(crate) const LEVELS: [&str; 6] = ["minimal", "low", "medium", "high", "xhigh", "max"];

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// A registry file as it is written.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RegistryFile {
    pub(crate) thinking_always_on: Option<Placed<bool>>,
    pub(crate) use_latest_models: Option<Placed<bool>>,
    pub(crate) models: Vec<RawEntry>,
    pub(crate) roles: Vec<(Word, Placed<String>)>,
}

/// One entry as it is written.
#[derive(Debug, PartialEq)]
pub(crate) struct RawEntry {
    pub(crate) id: Word,
    /// The command line that reaches it, by its provider's name.
    pub(crate) provider: Option<Placed<&'static str>>,
    pub(crate) endpoint: Option<Placed<String>>,
    pub(crate) role: Option<Placed<ModelRole>>,
    pub(crate) family: Option<Placed<String>>,
    pub(crate) lifecycle: Option<Placed<Lifecycle>>,
    pub(crate) replacement: Option<Placed<String>>,
    pub(crate) verified_at: Option<Placed<String>>,
    /// The words of its capabilities that routes are drawn with; absent where it has none of them.
    pub(crate) capabilities: Option<Placed<BTreeSet<Capability>>>,
    pub(crate) deprecated: Option<Placed<Day>>,
    pub(crate) retires: Option<Placed<Day>>,
    pub(crate) efforts: Option<Placed<Vec<String>>>,
    pub(crate) effort: Option<Placed<String>>,
    pub(crate) context_tokens: Option<Placed<u64>>,
    pub(crate) output_tokens: Option<Placed<u64>>,
}

/// Vendors, and the providers that reach their models.
pub(crate) const VENDORS: [(&str, &str); 3] = [("anthropic", "claude"), ("openai", "codex"), ("google", "gemini")];

/// Reads the file.
pub(crate) fn read(report: &mut Report<'_>) -> RegistryFile {
    let mut file = RegistryFile::default();
    for (word, node) in fences::read(report, &TABLES) {
        dropped(report, &word, &node);
        match word.text.as_str() {
            "global" => global(report, &node, &mut file),
            "models" => models(report, &node, &mut file),
            "roles" => {
                for (role, node) in table(report, &node, "roles") {
                    if let Some(name) = text(report, node) {
                        file.roles.push((role.clone(), name));
                    }
                }
            }
            other => {
                let meant = nearest(other, TABLES).map(|word| format!("did you mean `{word}`?"));
                report.warn(word.span, format!("unknown table {}: nothing reads it", quoted(other)), meant);
            }
        }
    }
    file
}

/// Names that are an error wherever they stand.
fn dropped(report: &mut Report<'_>, word: &Word, node: &Node) {
    let dropped = schema::get().dropped.iter().find(|dropped| dropped.name == word.text);
    if let Some(dropped) = dropped {
        report.wrong(word.span.clone(), format!("`{}` is no longer a key: {}", dropped.name, dropped.why), None);
    }
    for (word, node) in node.map().unwrap_or_default() {
        self::dropped(report, word, node);
    }
}

/// The entries of a table; wrong where it is none.
pub(crate) fn table<'n>(report: &mut Report<'_>, node: &'n Node, name: &str) -> &'n [(Word, Node)] {
    if node.value == NodeValue::Null {
        return &[];
    }
    node.map().unwrap_or_else(|| {
        report.wrong(node.span.clone(), format!("{} is a table, not {}", quoted(name), node.kind()), None);
        &[]
    })
}

/// A text that is not empty.
pub(crate) fn text(report: &mut Report<'_>, node: &Node) -> Option<Placed<String>> {
    match node.text().map(str::trim) {
        Some(text) if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) => {
            report.wrong(node.span.clone(), "expected one line of at most 200 characters".into(), None);
            None
        }
        Some(text) => Some(Placed { value: text.to_owned(), span: node.span.clone() }),
        None => {
            report.wrong(node.span.clone(), format!("expected a text, found {}", node.kind()), None);
            None
        }
    }
}

/// A name for a model: what a command line can take as one word, and never as an option.
fn name(report: &mut Report<'_>, node: &Node) -> Option<Placed<String>> {
    let placed = text(report, node)?;
    if is_name(&placed.value) {
        return Some(placed);
    }
    report.wrong(placed.span, format!("{} is no model's name", quoted(&placed.value)), Some(NAME.into()));
    None
}

/// What a name is made of.
const NAME: &str = "a name begins with a letter or digit and has letters, digits, `.`, `-`, `_`, `:`, `/`, `@`";

fn is_name(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '@');
    word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(fits) && word.len() <= 100
}

fn unknown(report: &mut Report<'_>, word: &Word, place: &str, known: &[&str]) {
    if schema::get().dropped.iter().any(|dropped| dropped.name == word.text) {
        return;
    }
    let refused = REFUSED.iter().find(|(names, _)| names.contains(&word.text.to_ascii_lowercase().as_str()));
    let meant = nearest(&word.text, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    let (what, hint) = match refused {
        Some((_, why)) => (format!("{} is refused in {place}: {why}", quoted(&word.text)), None),
        None => (
            format!("unknown key {} in {place}", quoted(&word.text)),
            meant.or_else(|| Some(format!("known: {}", known.join(", ")))),
        ),
    };
    report.wrong(word.span.clone(), what, hint);
}

fn global(report: &mut Report<'_>, node: &Node, file: &mut RegistryFile) {
    for (word, node) in table(report, node, "global") {
        let known = GLOBAL.iter().any(|known| *known == word.text);
        let Some(value) = node.bool().filter(|_| known) else {
            match known {
                true => report.wrong(node.span.clone(), format!("expected true or false, found {}", node.kind()), None),
                false => unknown(report, word, "`global`", &GLOBAL),
            }
            continue;
        };
        let placed = Some(Placed { value, span: word.span.clone() });
        if word.text == "use_latest_models" {
            file.use_latest_models = placed;
        } else if value {
            file.thinking_always_on = placed;
        } else {
            let what = "`thinking_always_on: false` is refused: thinking is never switched off".to_owned();
            let hint = "how much is thought is `engine.thinking_profile` of multi-model.toml".to_owned();
            report.wrong(word.span.start..node.span.end, what, Some(hint));
        }
    }
}

fn models(report: &mut Report<'_>, node: &Node, file: &mut RegistryFile) {
    let entries = table(report, node, "models");
    if let Some((word, _)) = entries.get(MOST) {
        report.wrong(word.span.clone(), format!("more than {MOST} models"), None);
        return;
    }
    for (word, node) in entries {
        if !is_name(&word.text) {
            report.wrong(word.span.clone(), format!("{} is no model's name", quoted(&word.text)), Some(NAME.into()));
            continue;
        }
        let entry = entry(report, word, node);
        file.models.push(entry);
    }
}

fn entry(report: &mut Report<'_>, id: &Word, node: &Node) -> RawEntry {
    let mut entry = RawEntry {
        id: id.clone(),
        provider: None,
        endpoint: None,
        role: None,
        family: None,
        lifecycle: None,
        replacement: None,
        verified_at: None,
        capabilities: None,
        deprecated: None,
        retires: None,
        efforts: None,
        effort: None,
        context_tokens: None,
        output_tokens: None,
    };
    for (word, node) in table(report, node, &id.text) {
        match word.text.as_str() {
            "provider" | "cli" => provider(report, word, node, &mut entry),
            "endpoint" => entry.endpoint = name(report, node),
            "capabilities" => entry.capabilities = capabilities(report, node),
            "deprecated" => entry.deprecated = day(report, node),
            "retires" => entry.retires = day(report, node),
            "thinking" => entry.effort = thinking(report, node).or(entry.effort),
            "role" => entry.role = role(report, node),
            "family" => entry.family = text(report, node),
            "lifecycle" => entry.lifecycle = lifecycle(report, node),
            "replacement" => entry.replacement = name(report, node),
            "verified_at" => entry.verified_at = text(report, node),
            "efforts" => {
                let levels = texts(report, node);
                let all: Option<Vec<String>> = levels.iter().map(|level| legal(report, level)).collect();
                entry.efforts = all.map(|value| Placed { value, span: node.span.clone() });
            }
            "effort" => {
                let placed = text(report, node);
                entry.effort =
                    placed.and_then(|placed| Some(Placed { value: legal(report, &placed)?, span: placed.span }));
            }
            "context_tokens" => entry.context_tokens = tokens(report, node),
            "output_tokens" => entry.output_tokens = tokens(report, node),
            _ => unknown(report, word, &format!("the entry {}", quoted(&id.text)), &KEYS),
        }
    }
    entry
}

fn texts(report: &mut Report<'_>, node: &Node) -> Vec<Placed<String>> {
    let Some(list) = node.list() else {
        report.wrong(node.span.clone(), format!("expected a list of texts, found {}", node.kind()), None);
        return Vec::new();
    };
    list.iter().filter_map(|node| text(report, node)).collect()
}

/// of the words of an entry only those count that a route can be drawn with; the others praise.
fn capabilities(report: &mut Report<'_>, node: &Node) -> Option<Placed<BTreeSet<Capability>>> {
    let words = texts(report, node);
    let known = words.iter().filter_map(|word| Capability::ALL.into_iter().find(|known| known.name() == word.value));
    let value: BTreeSet<Capability> = known.collect();
    (!value.is_empty()).then(|| Placed { value, span: node.span.clone() })
}

fn day(report: &mut Report<'_>, node: &Node) -> Option<Placed<Day>> {
    let said = text(report, node)?;
    match said.value.parse::<Day>() {
        Ok(value) => Some(Placed { value, span: said.span }),
        Err(wrong) => {
            report.wrong(said.span, wrong.to_string(), None);
            None
        }
    }
}

fn tokens(report: &mut Report<'_>, node: &Node) -> Option<Placed<u64>> {
    let value = node.int().filter(|tokens| (1..=100_000_000).contains(tokens));
    if value.is_none() {
        report.wrong(node.span.clone(), "expected a number of tokens, from 1 to 100000000".into(), None);
    }
    value.map(|value| Placed { value, span: node.span.clone() })
}

/// `provider` and `cli` both say what reaches the model; older forms name the vendor there.
fn provider(report: &mut Report<'_>, word: &Word, node: &Node, entry: &mut RawEntry) {
    let Some(said) = text(report, node) else { return };
    let lower = said.value.to_ascii_lowercase();
    let Some((vendor, provider)) =
        VENDORS.into_iter().find(|(vendor, provider)| lower == *vendor || lower == *provider)
    else {
        let known: Vec<&str> = VENDORS.iter().flat_map(|(vendor, provider)| [*vendor, *provider]).collect();
        let meant = nearest(&said.value, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        let what = format!("{} is no {} that is reached from here", quoted(&said.value), word.text);
        report.wrong(said.span, what, meant.or_else(|| Some(format!("known: {}", known.join(", ")))));
        return;
    };
    if word.text == "cli" && lower == vendor {
        let what = format!("there is no command line `{vendor}`; read as `{provider}`");
        report.warn(said.span.clone(), what, Some(format!("write `cli: {provider}`")));
    }
    match &entry.provider {
        Some(other) if other.value != provider => {
            let what = format!("`{provider}` does not reach what `{}` reaches", other.value);
            report.wrong(said.span, what, None);
        }
        Some(_) => {}
        None => entry.provider = Some(Placed { value: provider, span: said.span }),
    }
}

fn thinking(report: &mut Report<'_>, node: &Node) -> Option<Placed<String>> {
    let off = |report: &mut Report<'_>, span: Range<usize>| {
        let what = "thinking is never switched off".to_owned();
        report.wrong(span, what, Some(format!("levels: {}", LEVELS.join(", "))));
    };
    if let Some(map) = node.map() {
        let mut level = None;
        for (word, node) in map {
            match word.text.as_str() {
                "effort" => {
                    level = text(report, node)
                        .and_then(|placed| Some(Placed { value: legal(report, &placed)?, span: placed.span }));
                }
                _ => unknown(report, word, "`thinking`", &["effort"]),
            }
        }
        return level;
    }
    match node.bool() {
        Some(true) => return None,
        Some(false) => {
            off(report, node.span.clone());
            return None;
        }
        None => {}
    }
    let placed = text(report, node)?;
    let word = placed.value.strip_prefix("effort=").unwrap_or(&placed.value).trim().to_ascii_lowercase();
    match word.as_str() {
        "off" | "none" | "disabled" | "false" => {
            off(report, placed.span);
            None
        }
        word if BY_ITSELF.contains(&word) => None,
        _ => Some(Placed {
            value: legal(report, &Placed { value: word, span: placed.span.clone() })?,
            span: placed.span,
        }),
    }
}

/// A level that some family knows.
fn legal(report: &mut Report<'_>, said: &Placed<String>) -> Option<String> {
    let lower = said.value.to_ascii_lowercase();
    if LEVELS.contains(&lower.as_str()) {
        return Some(lower);
    }
    let meant = nearest(&lower, LEVELS).map(|word| format!("did you mean `{word}`? "));
    let hint = format!("{}levels: {}", meant.unwrap_or_default(), LEVELS.join(", "));
    report.wrong(said.span.clone(), format!("{} is no level of thinking", quoted(&said.value)), Some(hint));
    None
}

/// The roles, and two words of older versions.
const ROLES: [(&str, ModelRole); 9] = [
    ("orchestrator", ModelRole::Orchestrator),
    ("worker", ModelRole::Worker),
    ("checker", ModelRole::Checker),
    ("reasoner", ModelRole::Reasoner),
    ("coder", ModelRole::Coder),
    ("analyzer", ModelRole::Analyzer),
    ("drafter", ModelRole::Drafter),
    ("validator", ModelRole::Checker),
    ("fast-reasoner", ModelRole::Reasoner),
];

/// The word of a role.
pub(crate) fn role_word(role: ModelRole) -> &'static str {
    ROLES.iter().find(|(_, known)| *known == role).map_or("worker", |(word, _)| word)
}

fn role(report: &mut Report<'_>, node: &Node) -> Option<Placed<ModelRole>> {
    let said = text(report, node)?;
    let Some(at) = ROLES.iter().position(|(word, _)| *word == said.value) else {
        let words: Vec<&str> = ROLES[..7].iter().map(|(word, _)| *word).collect();
        let meant = nearest(&said.value, words.iter().copied()).map(|word| format!("did you mean `{word}`? "));
        let hint = format!("{}known: {}", meant.unwrap_or_default(), words.join(", "));
        report.wrong(said.span, format!("{} is no role", quoted(&said.value)), Some(hint));
        return None;
    };
    let role = ROLES[at].1;
    if at >= 7 {
        let what = format!("the role `{}` is an older word; read as `{}`", said.value, role_word(role));
        report.warn(said.span.clone(), what, None);
    }
    Some(Placed { value: role, span: said.span })
}

fn lifecycle(report: &mut Report<'_>, node: &Node) -> Option<Placed<Lifecycle>> {
    let said = text(report, node)?;
    let value = match said.value.as_str() {
        "active" => Lifecycle::Active,
        "legacy" => Lifecycle::Legacy,
        "deprecated" => Lifecycle::Deprecated,
        "retired" => Lifecycle::Retired,
        other => {
            let hint = "known: active, legacy, deprecated, retired".to_owned();
            report.wrong(said.span, format!("{} is no lifecycle", quoted(other)), Some(hint));
            return None;
        }
    };
    Some(Placed { value, span: said.span })
}
