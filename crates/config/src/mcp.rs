//! `.mcp.json`: which servers a repository names, typed and checked. Nobody is started and no variable is expanded.
//!
//! Keys stand as `${VAR}` or `${VAR:-default}`. A text that looks like a key is an error, and no message shows it.

use crate::error::{ConfigErrors, Layer, Warning, quoted};
use crate::json;
use crate::node::{Node, Word};
use crate::report::Report;
use crate::source::Source;
use crate::words::nearest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// The file, relative to the repository's root.
pub const FILE: &str = ".mcp.json";

/// The keys of a server that are read.
const KEYS: [&str; 7] = ["type", "command", "args", "env", "url", "headers", "cwd"];

/// The most servers, arguments and variables that are read.
const MOST: usize = 200;

/// The servers of one file, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Servers(pub BTreeMap<String, Server>);

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// How it is reached.
    pub reach: Reach,
    /// Variables that it gets, or headers that are sent.
    pub values: BTreeMap<String, Template>,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// A program that speaks on its standard input and output.
    Stdio {
        /// The program.
        command: Template,
        /// Its arguments.
        args: Vec<Template>,
    },
    /// An address.
    Http {
        /// The address.
        url: Template,
    },
}

/// A text with variables in it, which stay variables.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable { name: String, default: Option<String> },
}

impl Template {
    /// The names of the variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Variable { name, .. } => Some(name.as_str()),
        })
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let (inner, more) = after.split_once('}').ok_or("`${` is never closed")?;
            let (name, default) = match inner.split_once(":-") {
                Some((name, default)) => (name, Some(default.to_owned())),
                None => (inner, None),
            };
            let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || name.len() > 100 {
                return Err("a variable is written `${NAME}` or `${NAME:-default}`".into());
            }
            pieces.push(Piece::Variable { name: name.to_owned(), default });
            rest = more;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The texts of it that are written out, defaults included.
    fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Variable { default, .. } => default.as_deref(),
        })
    }
}

/// As it was written; a default is left out, since it may be anything.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Variable { name, default: None } => write!(f, "${{{name}}}")?,
                Piece::Variable { name, default: Some(_) } => write!(f, "${{{name}:-…}}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Server {
    /// Every text of it.
    fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = self.values.values().collect();
        match &self.reach {
            Reach::Stdio { command, args } => all.extend(args.iter().chain([command])),
            Reach::Http { url } => all.push(url),
        }
        all
    }
}

impl Servers {
    /// The variables that the servers want, each once.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<&str> {
        self.0.values().flat_map(Server::templates).flat_map(Template::variables).collect()
    }
}

/// Reads the file.
///
/// # Errors
/// Everything that is wrong, with its line; no message holds what looks like a key.
pub fn read(source: &Source) -> Result<(Servers, Vec<Warning>), ConfigErrors> {
    let text = source.text()?;
    let masked = masked(text);
    let mut report = Report::new(Layer::Project, &source.name, &masked);
    let mut servers = Servers::default();
    match json::read(text) {
        Ok(node) => top(&mut report, &node, &mut servers),
        Err((span, what)) => report.wrong(span, format!("this is not JSON: {what}"), None),
    }
    let (errors, warnings) = report.errors();
    if errors.is_empty() { Ok((servers, warnings)) } else { Err(ConfigErrors(errors)) }
}

fn top(report: &mut Report<'_>, node: &Node, servers: &mut Servers) {
    let Some(map) = node.map() else {
        return report.wrong(node.span.clone(), format!("expected a table, found {}", node.kind()), None);
    };
    let Some((_, all)) = map.iter().find(|(word, _)| word.text == "mcpServers") else {
        let meant = map.iter().find_map(|(word, _)| {
            nearest(&word.text, ["mcpServers"]).map(|_| (word.span.clone(), "did you mean `mcpServers`?".to_owned()))
        });
        let (span, hint) = meant.map_or((0..1, None), |(span, hint)| (span, Some(hint)));
        return report.wrong(span, "there is no table `mcpServers`".into(), hint);
    };
    for (word, _) in map.iter().filter(|(word, _)| word.text != "mcpServers") {
        report.warn(word.span.clone(), format!("unknown table {}: nothing reads it", quoted(&word.text)), None);
    }
    let Some(all) = all.map() else {
        return report.wrong(all.span.clone(), format!("`mcpServers` is a table, not {}", all.kind()), None);
    };
    for (word, node) in all.iter().take(MOST) {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if word.text.is_empty() || word.text.len() > 64 || !word.text.chars().all(fits) {
            let hint = "letters, digits, `-`, `_` and `.`, at most 64".to_owned();
            report.wrong(word.span.clone(), format!("{} is no name of a server", quoted(&word.text)), Some(hint));
        } else if let Some(server) = server(report, word, node) {
            servers.0.insert(word.text.clone(), server);
        }
    }
    if let Some((word, _)) = all.get(MOST) {
        report.wrong(word.span.clone(), format!("more than {MOST} servers"), None);
    }
}

fn server(report: &mut Report<'_>, name: &Word, node: &Node) -> Option<Server> {
    let Some(map) = node.map() else {
        report.wrong(node.span.clone(), format!("the server {} is a table", quoted(&name.text)), None);
        return None;
    };
    let get = |key: &str| map.iter().find(|(word, _)| word.text == key).map(|(_, node)| node);
    for (word, _) in map.iter().filter(|(word, _)| !KEYS.contains(&word.text.as_str())) {
        let meant = nearest(&word.text, KEYS).map(|word| format!("did you mean `{word}`?"));
        report.warn(word.span.clone(), format!("unknown key {}: nothing reads it", quoted(&word.text)), meant);
    }
    let one = |report: &mut Report<'_>, key: &str| get(key).and_then(|node| template(report, key, node));
    let (command, url) = (one(report, "command"), one(report, "url"));
    drop(one(report, "cwd"));
    let kind = match get("type").map(|node| (node, node.text())) {
        None => {
            if url.is_some() {
                "http"
            } else {
                "stdio"
            }
        }
        Some((_, Some(kind @ ("stdio" | "http" | "sse" | "streamable-http")))) => kind,
        Some((node, _)) => {
            let hint = "known: stdio, http, sse".to_owned();
            report.wrong(node.span.clone(), "this is no type of a server".into(), Some(hint));
            return None;
        }
    };
    let args = get("args").map(|node| list(report, node)).unwrap_or_default();
    let mut values = BTreeMap::new();
    for key in ["env", "headers"] {
        if let Some(node) = get(key) {
            values.extend(table(report, key, node));
        }
    }
    let reach = match (kind, command, url) {
        ("stdio", Some(command), None) => Reach::Stdio { command, args },
        ("stdio", None, _) if get("command").is_none() => {
            report.wrong(name.span.clone(), format!("the server {} has no `command`", quoted(&name.text)), None);
            return None;
        }
        ("http" | "sse" | "streamable-http", None, Some(url)) => Reach::Http { url },
        ("http" | "sse" | "streamable-http", None, None) if get("url").is_none() => {
            report.wrong(name.span.clone(), format!("the server {} has no `url`", quoted(&name.text)), None);
            return None;
        }
        (_, Some(_), Some(_)) => {
            let what = format!("the server {} has a `command` and a `url`", quoted(&name.text));
            report.wrong(name.span.clone(), what, Some("keep one of them".into()));
            return None;
        }
        _ => {
            let what = format!("the server {} has what its type does not take", quoted(&name.text));
            report.wrong(name.span.clone(), what, None);
            return None;
        }
    };
    Some(Server { reach, values })
}

fn list(report: &mut Report<'_>, node: &Node) -> Vec<Template> {
    match node.list() {
        Some(list) if list.len() <= MOST => list.iter().filter_map(|node| template(report, "args", node)).collect(),
        Some(_) | None => {
            report.wrong(node.span.clone(), format!("`args` is a list of at most {MOST} texts"), None);
            Vec::new()
        }
    }
}

fn table(report: &mut Report<'_>, key: &str, node: &Node) -> BTreeMap<String, Template> {
    let mut values = BTreeMap::new();
    let Some(map) = node.map().filter(|map| map.len() <= MOST) else {
        report.wrong(node.span.clone(), format!("`{key}` is a table of at most {MOST} texts"), None);
        return values;
    };
    for (word, node) in map {
        let Some(template) = template(report, key, node) else { continue };
        let literal: String = template.literals().collect();
        if is_named_like_a_secret(&word.text) && !literal.trim().is_empty() && !is_scheme(&literal) {
            secret(report, node, &format!("the value of {}", quoted(&word.text)));
            continue;
        }
        values.insert(word.text.clone(), template);
    }
    values
}

/// What stands before a token in a header.
fn is_scheme(literal: &str) -> bool {
    matches!(literal.trim().to_ascii_lowercase().as_str(), "bearer" | "token" | "basic")
}

fn template(report: &mut Report<'_>, key: &str, node: &Node) -> Option<Template> {
    let Some(text) = node.text() else {
        report.wrong(node.span.clone(), format!("expected a text for `{key}`, found {}", node.kind()), None);
        return None;
    };
    if text.contains('\0') || text.len() > 4096 || (text.trim().is_empty() && matches!(key, "command" | "url")) {
        report.wrong(node.span.clone(), format!("this is no `{key}`"), None);
        return None;
    }
    let template = match Template::read(text) {
        Ok(template) => template,
        Err(what) => {
            report.wrong(node.span.clone(), what, None);
            return None;
        }
    };
    if template.literals().any(|literal| keys(literal).next().is_some()) {
        secret(report, node, "this");
        return None;
    }
    Some(template)
}

fn secret(report: &mut Report<'_>, node: &Node, what: &str) {
    let hint = "write `${NAME}` and set NAME in your environment; a key that was committed is to be revoked".to_owned();
    report.wrong(node.span.clone(), format!("{what} looks like a key, and this file is shared"), Some(hint));
}

fn is_named_like_a_secret(name: &str) -> bool {
    const ENDS: [&str; 8] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS", "AUTHORIZATION", "COOKIE"];
    if !(3..=100).contains(&name.len()) {
        return false;
    }
    let name = name.to_ascii_uppercase();
    let before = |end: &&str| name.strip_suffix(*end).map(|before| before.trim_end_matches("API"));
    ENDS.iter().filter_map(before).any(|before| before.is_empty() || before.ends_with(['_', '-', '.']))
}

/// Prefixes that keys of well-known services begin with.
const PREFIXES: [&str; 14] = [
    "sk-",
    "sk_",
    "pk_live_",
    "AIza",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ctx7sk",
    "ya29.",
];

/// What in `text` looks like a key: a known prefix with something behind it, or a long run of letters and digits.
fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at + text[at..].find(is_part)?;
            let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |end| start + end);
            at = end;
            if is_key(&text[start..end]) {
                return Some(start..end);
            }
        }
        None
    })
}

fn is_key(word: &str) -> bool {
    let known = PREFIXES.iter().any(|prefix| word.len() >= prefix.len() + 12 && word.starts_with(prefix));
    let longest = word.split(['-', '.', '_']).map(str::len).max().unwrap_or(0);
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    known || (longest >= 28 && digits >= 4 && letters >= 4)
}

/// The text with marks in the place of everything that may be a key, byte for byte: places stay what they are.
fn masked(text: &str) -> String {
    let mut spans: Vec<Range<usize>> = keys(text).collect();
    // The value behind a name that says what it is, on one line, whatever the rest of the file is.
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let quotes: Vec<usize> = line.match_indices('"').map(|(quote, _)| at + quote).collect();
        for pair in quotes.windows(4).filter(|pair| is_named_like_a_secret(&text[pair[0] + 1..pair[1]])) {
            if !text[pair[2] + 1..pair[3]].contains("${") {
                spans.push(pair[2] + 1..pair[3]);
            }
        }
        at += line.len();
    }
    let mut masked = text.as_bytes().to_vec();
    for span in spans {
        masked[span].fill(b'*');
    }
    // Every span begins and ends between characters.
    String::from_utf8(masked).unwrap_or_default()
}
