//! Which keys there are and what each may hold: the data of `data/schema.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The whole schema.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    pub(crate) keys: Vec<Key>,
    pub(crate) renamed: Vec<Renamed>,
    pub(crate) dropped: Vec<Dropped>,
    /// Where in `keys` each path without `*` stands.
    #[serde(skip)]
    places: BTreeMap<String, usize>,
}

/// One key. The fields are explained at the top of `data/schema.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) guard: Guard,
    #[serde(default)]
    pub(crate) allowed: Vec<String>,
    #[serde(default)]
    pub(crate) min: u64,
    #[serde(default)]
    pub(crate) max: Option<u64>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) refused: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) provider: Option<String>,
    #[serde(default)]
    pub(crate) additive: bool,
    /// What will read the key, where nothing does yet.
    #[serde(default)]
    pub(crate) later: Option<String>,
    /// The names of `path`.
    #[serde(skip)]
    segments: Vec<String>,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Bool,
    Int,
    Money,
    Text,
    Path,
    Choice,
    Model,
    Duration,
    List,
    Globs,
    Commands,
    Effort,
}

/// What a project file without consent may do to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Guard {
    Free,
    Narrow,
    Consent,
}

impl Kind {
    /// Its word in `data/schema.toml`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Money => "money",
            Self::Text => "text",
            Self::Path => "path",
            Self::Choice => "choice",
            Self::Model => "model",
            Self::Duration => "duration",
            Self::List => "list",
            Self::Globs => "globs",
            Self::Commands => "commands",
            Self::Effort => "effort",
        }
    }
}

impl Guard {
    /// Its word in `data/schema.toml`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Narrow => "narrow",
            Self::Consent => "consent",
        }
    }
}

/// An older name of a key, wherever it stands in a known table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renamed {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A name that is an error wherever it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dropped {
    pub(crate) name: String,
    pub(crate) why: String,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema: Schema = toml::from_str(include_str!("../data/schema.toml")).expect("compiled-in data");
    for (place, key) in schema.keys.iter_mut().enumerate() {
        key.segments = key.path.split('.').map(str::to_owned).collect();
        schema.places.insert(key.path.clone(), place);
    }
    schema
});

/// The schema.
pub(crate) fn get() -> &'static Schema {
    &SCHEMA
}

impl Schema {
    /// The key at `path`, given by its names. A key that is written out wins over one with `*`.
    pub(crate) fn find(&self, path: &[&str]) -> Option<&Key> {
        // A quoted name may hold dots, so that the joined path alone proves nothing.
        let exact = self.places.get(&path.join(".")).map(|place| &self.keys[*place]);
        let fits = |key: &&Key| key.segments.len() == path.len() && key.fits(path);
        exact.filter(fits).or_else(|| self.keys.iter().filter(|key| key.is_free()).find(fits))
    }

    /// Whether keys stand beneath `path`.
    pub(crate) fn is_table(&self, path: &[&str]) -> bool {
        self.keys.iter().any(|key| key.segments.len() > path.len() && key.fits(path))
    }

    /// The names that may stand directly beneath `path`.
    pub(crate) fn children<'a>(&'a self, path: &'a [&str]) -> Vec<&'a str> {
        let beneath = self.keys.iter().filter(|key| key.fits(path));
        let mut names: Vec<&str> = beneath
            .flat_map(|key| match key.segments.get(path.len()).map(String::as_str) {
                Some("*") => key.names.iter().map(String::as_str).collect(),
                Some(name) => vec![name],
                None => Vec::new(),
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Key {
    /// Whether `path` is this key or the beginning of it.
    fn fits(&self, path: &[&str]) -> bool {
        let same = |own: &String, name: &&str| match own.as_str() {
            "*" => self.names.is_empty() || self.names.iter().any(|known| known == name),
            own => own == *name,
        };
        path.len() <= self.segments.len() && self.segments.iter().zip(path).all(|(own, name)| same(own, name))
    }

    /// Whether its path has a free name.
    fn is_free(&self) -> bool {
        self.segments.iter().any(|segment| segment == "*")
    }

    /// Its environment variable; none where its path has a free name.
    pub(crate) fn variable(&self) -> Option<String> {
        (!self.is_free()).then(|| format!("MAO_{}", self.path.replace('.', "_").to_ascii_uppercase()))
    }
}
