//! What can be wrong with a configuration, and where each value came from.
//!
//! Text from files is data: every excerpt is made printable and cut before it is kept.

use mao_core::text::{is_printable, one_line};
use std::fmt;

/// The longest piece of a line that an excerpt shows, in characters.
const EXCERPT: usize = 120;

/// Which layer a value stands in, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Compiled in.
    BuiltIn,
    /// The user's own file.
    User,
    /// The repository's file.
    Project,
    /// `MAO_*`.
    Environment,
    /// The command line.
    Flag,
}

/// A place in a file, with its line for people to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The layer that the file is.
    pub layer: Layer,
    /// The file as people know it.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The line, printable; cut around the column where it is long.
    pub excerpt: String,
    /// How many characters of `excerpt` stand before the mark, and how many are marked.
    pub mark: (usize, usize),
}

impl Spot {
    /// The place of `span` (bytes) in `text`. A span that does not fit is moved to where it does.
    pub(crate) fn new(layer: Layer, file: &str, text: &str, span: std::ops::Range<usize>) -> Self {
        let border = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let start = border(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = border(span.end).clamp(start, line_end);
        let before: Vec<char> = text[line_start..start].chars().collect();
        let marked = text[start..end].chars().count().max(1);
        // Keep half an excerpt before the mark, so that the mark is always seen.
        let hidden = before.len().saturating_sub(EXCERPT / 2);
        let clean = |c: char| if c == '\t' || !is_printable(c) { ' ' } else { c };
        let shown = before.iter().copied().skip(hidden).chain(text[start..line_end].chars());
        let excerpt: String = shown.take(EXCERPT).map(clean).collect::<String>().trim_end().to_owned();
        let left = before.len() - hidden;
        Self {
            layer,
            file: file.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: before.len() + 1,
            excerpt,
            mark: (left, marked.min(EXCERPT.saturating_sub(left)).max(1)),
        }
    }

    fn picture(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.to_string();
        let gutter = " ".repeat(line.len());
        let (before, marked) = (" ".repeat(self.mark.0), "^".repeat(self.mark.1));
        write!(f, "\n {gutter} |\n {line} | {}\n {gutter} | {before}{marked}", self.excerpt)
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file, the built-in one included.
    File(Box<Spot>),
    /// An environment variable, by name.
    Environment(String),
    /// A flag, as typed.
    Flag(String),
}

impl Origin {
    /// The layer it belongs to.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match self {
            Self::File(spot) => spot.layer,
            Self::Environment(_) => Layer::Environment,
            Self::Flag(_) => Layer::Flag,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(spot) if spot.layer == Layer::BuiltIn => f.write_str("built in"),
            Self::File(spot) => write!(f, "{}:{}", spot.file, spot.line),
            Self::Environment(name) => write!(f, "{name} in the environment"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value, a key or the syntax, at its place.
    #[error("{}", at(.origin, .what, .hint))]
    Wrong {
        /// Where.
        origin: Origin,
        /// What.
        what: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A file that cannot be read at all.
    #[error("{file}: {what}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        what: String,
    },
    /// The effective values do not fit each other.
    #[error(transparent)]
    Roles(#[from] mao_policy::orchestrator::RoleError),
}

/// Everything that is wrong, in the order of the layers and of their lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// Kinds of warnings: what is said again with every command, and what is said once, by the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// Something is left out until its user consents.
    Waiting,
    /// Anything else: it was read as it was meant, or will not do what it seems to.
    Repair,
}

/// Something that is not wrong, but should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Of which kind.
    pub kind: WarningKind,
    /// Where.
    pub origin: Origin,
    /// What.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        at(&self.origin, &self.what, &self.hint).fmt(f)
    }
}

/// How an error or a warning is written: the place, what it is, the excerpt, the hint.
struct At<'a> {
    origin: &'a Origin,
    what: &'a str,
    hint: Option<&'a str>,
}

fn at<'a>(origin: &'a Origin, what: &'a str, hint: &'a Option<String>) -> At<'a> {
    At { origin, what, hint: hint.as_deref() }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::File(spot) => {
                write!(f, "{}:{}:{}: {}", spot.file, spot.line, spot.column, self.what)?;
                spot.picture(f)?;
            }
            Origin::Environment(_) | Origin::Flag(_) => write!(f, "{}: {}", self.origin, self.what)?,
        }
        self.hint.map_or(Ok(()), |hint| write!(f, "\n = {hint}"))
    }
}

/// A word from a file, for a message: printable, short, in backquotes.
pub(crate) fn quoted(word: &str) -> String {
    format!("`{}`", one_line(word, 60))
}
