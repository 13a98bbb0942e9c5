//! DIS-05: how large a candidate is, counted from its diff and the files that it touches.

use mao_core::contest::Measures;
use mao_core::diff::{Diff, FileDiff};
use mao_core::glob::{self, Glob};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A file that a candidate touches, before and after, as far as it is text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Its path.
    pub path: String,
    /// In the base; absent where it is new.
    pub before: Option<String>,
    /// In the candidate; absent where it is gone.
    pub after: Option<String>,
}

/// Counts. `generated` are the paths that tools write.
#[must_use]
pub fn measure(diff: &Diff, touched: &[Touched], generated: &[Glob]) -> Measures {
    let own = |file: &&FileDiff| !is_test(&file.path) && !is_generated(&file.path, generated);
    let lines: usize = diff.files.iter().filter(own).map(|file| added(file).count() + removed(file).count()).sum();
    let symbols: usize = diff.files.iter().filter(own).map(new_names).sum();
    let dependencies: usize = touched.iter().map(new_dependencies).sum();
    Measures {
        new_dependencies: count(dependencies),
        files: count(diff.files.len()),
        lines: count(lines),
        public_symbols: count(symbols),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The lines that a file gains, without their sign.
pub(crate) fn added(file: &FileDiff) -> impl Iterator<Item = &str> {
    signed(file, '+')
}

/// The lines that it loses.
pub(crate) fn removed(file: &FileDiff) -> impl Iterator<Item = &str> {
    signed(file, '-')
}

fn signed(file: &FileDiff, sign: char) -> impl Iterator<Item = &str> {
    file.hunks.iter().flat_map(move |hunk| hunk.text.lines().skip(1).filter_map(move |line| line.strip_prefix(sign)))
}

/// Whether a path is a test by the names that languages give to theirs.
#[must_use]
pub fn is_test(path: &str) -> bool {
    let mut names = path.split('/').rev();
    let file = names.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    names.any(|dir| matches!(dir, "tests" | "test" | "__tests__" | "spec" | "t"))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || (stem.ends_with("Test") && file.ends_with(".java"))
        || matches!(stem, "test" | "tests" | "conftest")
        || file.contains(".test.")
        || file.contains(".spec.")
}

/// Whether a tool wrote it.
fn is_generated(path: &str, generated: &[Glob]) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let locked =
        matches!(file, "package-lock.json" | "pnpm-lock.yaml" | "yarn.lock" | "go.sum" | "npm-shrinkwrap.json");
    locked || file.ends_with(".lock") || file.contains(".min.") || glob::any(generated, path)
}

/// How the languages declare a name that others may use. The first group is the name.
static PUBLIC: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let all = [
        (
            "rs",
            r"^\s*pub\s+(?:async\s+|const\s+|unsafe\s+)*(?:fn|struct|enum|trait|const|type|mod|static|union)\s+(\w+)",
        ),
        ("py", r"^(?:async\s+)?(?:def|class)\s+([A-Za-z]\w*)"),
        (
            "js",
            r"^\s*export\s+(?:default\s+)?(?:async\s+)?(?:function\*?|class|const|let|var|interface|type|enum)\s+(\w+)",
        ),
        ("js", r"^\s*(?:module\.)?exports\.(\w+)\s*="),
        ("go", r"^(?:func|type|var|const)\s+(?:\([^)]*\)\s*)?([A-Z]\w*)"),
        ("java", r"^\s*public\s+[\w<>\[\], ]*?(\w+)\s*[({]"),
        ("c", r"^(?:[A-Za-z_]\w*[\s*]+)+([A-Za-z_]\w*)\s*\([^;]*\)?\s*\{?\s*$"),
        ("sh", r"^(?:function\s+)?([A-Za-z]\w*)\s*\(\)"),
        ("pl", r"^sub\s+([A-Za-z]\w*)"),
    ];
    all.into_iter().filter_map(|(language, text)| Some((language, Regex::new(text).ok()?))).collect()
});

/// The language of a path, as [`PUBLIC`] names it.
pub(crate) fn language(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "rs" => "rs",
        "py" => "py",
        "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" => "js",
        "go" => "go",
        "java" => "java",
        "c" | "h" | "cc" | "cpp" | "hpp" => "c",
        "sh" | "bash" => "sh",
        "pl" | "pm" => "pl",
        _ => "",
    }
}

/// How many public names a file gains that it did not lose in the same diff.
fn new_names(file: &FileDiff) -> usize {
    let of = |lines: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        lines.filter_map(|line| public(&file.path, line)).collect()
    };
    let (new, old) = (of(&mut added(file)), of(&mut removed(file)));
    new.difference(&old).count()
}

fn public(path: &str, line: &str) -> Option<String> {
    let language = language(path);
    let hidden = language == "c" && line.starts_with("static") || line.trim_start().starts_with("return");
    let mut found = PUBLIC.iter().filter(|(of, _)| *of == language && !hidden);
    found.find_map(|(_, regex)| Some(regex.captures(line)?.get(1)?.as_str().to_owned()))
}

fn new_dependencies(file: &Touched) -> usize {
    added_dependencies(file).len()
}

/// The dependencies that a manifest names and did not name before.
#[must_use]
pub fn added_dependencies(file: &Touched) -> BTreeSet<String> {
    let of = |text: &Option<String>| text.as_deref().map(|text| dependencies(&file.path, text)).unwrap_or_default();
    of(&file.after).difference(&of(&file.before)).cloned().collect()
}

/// Whether a path is called like a file that names dependencies.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    matches!(file, "Cargo.toml" | "Pipfile" | "pyproject.toml" | "package.json" | "go.mod" | "pom.xml" | "Gemfile")
        || file.starts_with("requirements") && file.ends_with(".txt")
}

/// The dependencies that a manifest names; none where the path is no manifest.
fn dependencies(path: &str, text: &str) -> BTreeSet<String> {
    match path.rsplit('/').next().unwrap_or_default() {
        "Cargo.toml" => tables(text, |table| table.ends_with("dependencies")),
        "Pipfile" => tables(text, |table| matches!(table, "packages" | "dev-packages")),
        "pyproject.toml" => {
            let mut all = tables(text, |table| table.starts_with("tool.poetry") && table.ends_with("dependencies"));
            all.extend(listed(text));
            all
        }
        "package.json" => {
            let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            let kinds = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
            let named = kinds.iter().filter_map(|kind| json.get(kind)?.as_object());
            named.flat_map(|named| named.keys().cloned()).collect()
        }
        "go.mod" => lines(text, |line| {
            let rest = line.strip_prefix("require ").unwrap_or(line);
            let (name, version) = rest.split_once(' ')?;
            (version.starts_with('v') && name.contains('.')).then(|| name.to_owned())
        }),
        "pom.xml" => lines(text, |line| Some(line.strip_prefix("<artifactId>")?.split('<').next()?.to_owned())),
        "Gemfile" => lines(text, |line| Some(line.strip_prefix("gem ")?.split(['\'', '"']).nth(1)?.to_owned())),
        file if file.starts_with("requirements") && file.ends_with(".txt") => lines(text, requirement),
        _ => BTreeSet::new(),
    }
}

fn lines(text: &str, name: impl Fn(&str) -> Option<String>) -> BTreeSet<String> {
    text.lines().filter_map(|line| name(line.trim())).collect()
}

/// The keys of the tables that `wanted` names; a table `[dependencies.x]` names `x`.
fn tables(text: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let (mut inside, mut found) = (false, BTreeSet::new());
    for line in text.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            inside = wanted(table);
            if let Some((outer, name)) = table.rsplit_once('.')
                && wanted(outer)
            {
                found.insert(name.trim_matches('"').to_owned());
            }
        } else if inside && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim().trim_matches('"');
            if line.contains('=') && !name.is_empty() {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// The requirements in `dependencies = [ "x>=1", … ]`.
fn listed(text: &str) -> BTreeSet<String> {
    let (mut inside, mut found) = (false, BTreeSet::new());
    for line in text.lines().map(str::trim) {
        inside = inside || line.starts_with("dependencies") && line.contains('[');
        if inside {
            found.extend(line.split('"').skip(1).step_by(2).filter_map(requirement));
            inside = !line.ends_with(']');
        }
    }
    found
}

/// `name[extra]>=1.0 ; marker`
fn requirement(line: &str) -> Option<String> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(line.len());
    (end > 0 && !line.starts_with(['#', '-'])).then(|| line[..end].to_ascii_lowercase())
}
