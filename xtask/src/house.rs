//! What is known of the workspace: its Rust files, its other texts, its packages. Never changes any of them.

use crate::outcome::{Failure, Outcome};
use crate::source::Source;
use crate::tools;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The workspace, read once.
#[derive(Debug, Default)]
pub(crate) struct House {
    /// The Rust files of the rooms and of the house's commands, by path. Nested crates (samples) are content, not ours.
    pub(crate) sources: Vec<Source>,
    /// Every text that git tracks or would track, Rust included, by path.
    pub(crate) files: Vec<Text>,
    /// Every package of the dependency graph, ours included.
    pub(crate) packages: Vec<Package>,
}

/// One text.
#[derive(Debug)]
pub(crate) struct Text {
    /// Its path under the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence expression.
    pub(crate) license: Option<String>,
    /// Where it comes from; none for our own.
    pub(crate) source: Option<String>,
    /// What it depends on.
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
    /// What it builds.
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

impl Package {
    /// Whether it is part of this workspace.
    pub(crate) fn is_ours(&self) -> bool {
        self.source.is_none()
    }

    /// The room it is: `core` for `mao-core`.
    pub(crate) fn room(&self) -> Option<&str> {
        if self.is_ours() { self.name.strip_prefix("mao-") } else { None }
    }
}

/// One dependency of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) name: String,
    /// `dev` or `build`; none for a normal one.
    pub(crate) kind: Option<String>,
}

/// One thing that a package builds.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test`, …
    pub(crate) kind: Vec<String>,
}

/// The part of `cargo metadata` that is read here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// Reads the workspace.
pub(crate) fn read() -> Outcome<House> {
    let mut metadata = tools::cargo();
    metadata.args(["metadata", "--format-version", "1"]);
    let said = tools::read(metadata)?;
    let metadata: Metadata = serde_json::from_str(&said)
        .map_err(|why| Failure::broken(format!("`cargo metadata` is not readable: {why}")))?;
    let files = texts()?;
    let sources = sources(&files);
    Ok(House { sources, files, packages: metadata.packages })
}

/// Reads the Rust files alone, which takes no `cargo`.
pub(crate) fn read_sources() -> Outcome<Vec<Source>> {
    Ok(sources(&texts()?))
}

fn texts() -> Outcome<Vec<Text>> {
    let mut list = tools::git();
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let said = tools::read(list)?;
    let paths: BTreeSet<&str> = said.split('\0').filter(|path| !path.is_empty()).collect();
    let root = tools::root();
    // A path that is gone (deleted, not yet committed) or that is no UTF-8 text has nothing to check.
    let read =
        |path: &str| std::fs::read_to_string(root.join(path)).ok().map(|text| Text { path: path.to_owned(), text });
    Ok(paths.into_iter().filter_map(read).collect())
}

fn sources(files: &[Text]) -> Vec<Source> {
    let ours = |text: &&Text| {
        let inside = text.path.starts_with("crates/") || text.path.starts_with("xtask/");
        inside && text.path.ends_with(".rs") && !is_nested(&text.path, files)
    };
    files.iter().filter(ours).map(|text| Source::new(&text.path, &text.text)).collect()
}

/// Whether a path lies in a crate inside one of our crates.
fn is_nested(path: &str, files: &[Text]) -> bool {
    let own = if path.starts_with("crates/") { 2 } else { 1 };
    let parts: Vec<&str> = path.split('/').collect();
    (own + 1..parts.len()).any(|depth| {
        let manifest = format!("{}/Cargo.toml", parts[..depth].join("/"));
        files.iter().any(|text| text.path == manifest)
    })
}

#[cfg(test)]
impl House {
    /// A house of these texts, for the tests of the rules.
    pub(crate) fn of(texts: &[(&str, &str)]) -> Self {
        let files: Vec<Text> =
            texts.iter().map(|(path, text)| Text { path: (*path).to_owned(), text: (*text).to_owned() }).collect();
        Self { sources: sources(&files), files, packages: Vec::new() }
    }

    /// The same with one package, as `cargo metadata` writes it.
    pub(crate) fn with(mut self, package: serde_json::Value) -> Self {
        self.packages.push(serde_json::from_value(package).expect("a package"));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::House;

    #[test]
    fn a_nested_crate_is_content() {
        let house = House::of(&[
            ("crates/cli/Cargo.toml", ""),
            ("crates/cli/src/main.rs", ""),
            ("crates/cli/sample/Cargo.toml", ""),
            ("crates/cli/sample/src/lib.rs", ""),
            ("docs/a.rs", ""),
        ]);
        assert_eq!(
            house.sources.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(),
            ["crates/cli/src/main.rs"]
        );
    }
}
