//! Typed values, from TOML or from a word, checked against their key.

use crate::error::quoted;
use crate::schema::{Key, Kind};
use crate::words::{nearest, split_command};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(u64),
    /// An amount in millionths of a US dollar.
    Money(u64),
    /// Any text; a path; one of the allowed words; a model's name.
    Text(String),
    /// A duration in milliseconds.
    Duration(u64),
    /// Several texts or globs.
    List(Vec<String>),
    /// Commands, each a program and its arguments.
    Commands(Vec<Vec<String>>),
    /// A row of the effort policy.
    Effort(EffortRow),
}

/// How much a kind of work may think, in the words of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffortRow {
    /// `adaptive` or `extended`.
    pub claude: Option<String>,
    /// `none`, `low`, `medium`, `high` or `xhigh`.
    pub codex: Option<String>,
    /// `pro` or `flash`.
    pub gemini: Option<String>,
}

/// The columns of an effort row with their words.
const EFFORTS: [(&str, &[&str]); 3] = [
    ("claude", &["adaptive", "extended"]),
    ("codex", &["none", "low", "medium", "high", "xhigh"]),
    ("gemini", &["pro", "flash"]),
];

/// What is wrong with a value, where inside it, and what to write instead.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
}

impl Misfit {
    fn new(what: impl Into<String>) -> Self {
        Self { span: None, what: what.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl Value {
    /// The value that a file gives to `key`.
    pub(crate) fn from_toml(key: &Key, value: &Spanned<DeValue<'_>>) -> Result<Self, Misfit> {
        let inner = value.get_ref();
        let expected =
            |what: &str| Misfit::new(format!("expected {what}, found {}", inner.type_str())).at(value.span());
        let fitting = match key.kind {
            Kind::Bool => Self::Bool(inner.as_bool().ok_or_else(|| expected("true or false"))?),
            Kind::Int => {
                let int = inner.as_integer().ok_or_else(|| expected("a whole number"))?;
                let int = u64::from_str_radix(int.as_str(), int.radix());
                Self::Int(int.map_err(|_| expected("a whole number from 0 on"))?)
            }
            Kind::Money => {
                let text = inner.as_integer().map(|int| int.as_str()).or_else(|| Some(inner.as_float()?.as_str()));
                money(text.ok_or_else(|| expected("an amount in US dollars, such as 5 or 2.50"))?)?
            }
            Kind::Text | Kind::Path | Kind::Choice | Kind::Model => {
                Self::Text(inner.as_str().ok_or_else(|| expected("a text in quotes"))?.to_owned())
            }
            Kind::Duration => {
                let text = inner.as_str().ok_or_else(|| expected("a duration in quotes, such as \"90s\" or \"2h\""))?;
                duration(text).map_err(|misfit| misfit.at(value.span()))?
            }
            Kind::List | Kind::Globs => {
                let list = inner.as_array().ok_or_else(|| expected("a list of texts"))?;
                let texts = list.iter().map(|entry| {
                    let text = entry.get_ref().as_str().map(str::to_owned);
                    text.ok_or_else(|| Misfit::new("expected a text in quotes").at(entry.span()))
                });
                Self::List(texts.collect::<Result<_, _>>()?)
            }
            Kind::Commands => {
                let list = inner.as_array().ok_or_else(|| expected("a list of commands, such as [\"cargo test\"]"))?;
                Self::Commands(list.iter().map(command).collect::<Result<_, _>>()?)
            }
            Kind::Effort => {
                let table = inner.as_table().ok_or_else(|| expected("a table such as { claude = \"adaptive\" }"))?;
                Self::Effort(effort(table)?)
            }
        };
        fitting.checked(key).map_err(|misfit| misfit.at(value.span()))
    }

    /// The value that a word of the environment or the command line gives to `key`.
    pub(crate) fn from_word(key: &Key, word: &str) -> Result<Self, Misfit> {
        let trimmed = word.trim();
        let fitting = match key.kind {
            Kind::Bool => match trimmed {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                other => return Err(Misfit::new(format!("expected true or false, found {}", quoted(other)))),
            },
            Kind::Int => {
                let int = trimmed.parse();
                Self::Int(int.map_err(|_| Misfit::new(format!("expected a whole number, found {}", quoted(trimmed))))?)
            }
            Kind::Money => money(trimmed)?,
            Kind::Text | Kind::Path | Kind::Choice | Kind::Model => Self::Text(word.to_owned()),
            Kind::Duration => duration(trimmed)?,
            Kind::List | Kind::Globs | Kind::Commands | Kind::Effort if trimmed.starts_with(['[', '{']) => {
                let value = DeValue::parse(trimmed).map_err(|error| Misfit::new(error.message()))?;
                return Self::from_toml(key, &value).map_err(|misfit| Misfit { span: None, ..misfit });
            }
            Kind::List | Kind::Globs => {
                let entries = trimmed.split(',').map(str::trim).filter(|entry| !entry.is_empty());
                Self::List(entries.map(str::to_owned).collect())
            }
            Kind::Commands => Self::Commands(vec![split_command(trimmed).map_err(Misfit::new)?]),
            Kind::Effort => return Err(Misfit::new("expected a table such as { claude = \"adaptive\" }")),
        };
        fitting.checked(key)
    }

    fn checked(self, key: &Key) -> Result<Self, Misfit> {
        let written = match &self {
            Self::Bool(yes) => yes.to_string(),
            Self::Text(text) => text.clone(),
            Self::Int(_) | Self::Money(_) | Self::Duration(_) | Self::List(_) => String::new(),
            Self::Commands(_) | Self::Effort(_) => String::new(),
        };
        if let Some(why) = key.refused.get("*") {
            return Err(Misfit::new(format!("this key is refused: {why}")));
        }
        if let Some(why) = key.refused.get(&written) {
            let misfit = Misfit::new(format!("{} is refused: {why}", quoted(&written)));
            return Err(if key.allowed.is_empty() { misfit } else { misfit.hint(one_of(&key.allowed)) });
        }
        match &self {
            Self::Text(text) if key.kind == Kind::Choice && !key.allowed.contains(text) => {
                let misfit = Misfit::new(format!("{} is not one of the allowed values", quoted(text)));
                let meant = nearest(text, key.allowed.iter().map(String::as_str));
                let meant = meant.map_or(String::new(), |word| format!("did you mean `{word}`? "));
                Err(misfit.hint(format!("{meant}{}", one_of(&key.allowed))))
            }
            Self::Text(text) if key.kind == Kind::Path && !is_beneath(text) => Err(Misfit::new(format!(
                "{} is not a path beneath the repository: relative, with `/`, without `..`",
                quoted(text)
            ))),
            Self::Text(text) if text.trim().is_empty() => Err(Misfit::new("this text is empty")),
            Self::Int(int) if *int < key.min => Err(Misfit::new(format!("the smallest value is {}", key.min))),
            Self::Int(int) if key.max.is_some_and(|max| *int > max) => {
                Err(Misfit::new(format!("the largest value is {}", key.max.unwrap_or_default())))
            }
            Self::List(globs) if key.kind == Kind::Globs => match globs.iter().find(|glob| !is_beneath(glob)) {
                Some(glob) => Err(Misfit::new(format!(
                    "{} is not a pattern beneath the repository: relative, with `/`, without `..`",
                    quoted(glob)
                ))),
                None => Ok(self),
            },
            Self::Bool(_)
            | Self::Int(_)
            | Self::Money(_)
            | Self::Text(_)
            | Self::Duration(_)
            | Self::List(_)
            | Self::Commands(_)
            | Self::Effort(_) => Ok(self),
        }
    }
}

fn one_of(allowed: &[String]) -> String {
    format!("allowed: {}", allowed.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
}

fn is_beneath(path: &str) -> bool {
    let clean = !path.contains(['\\', '\0', '\n']) && !path.starts_with(['/', '~']) && !path.is_empty();
    clean && path.split('/').all(|name| name != "..")
}

/// Reads `5` and `2.50`, exactly.
fn money(text: &str) -> Result<Value, Misfit> {
    let wrong = || Misfit::new(format!("{} is not an amount in US dollars", quoted(text))).hint("write 5 or 2.50");
    let (dollars, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(dollars) || !digits(part) || part.len() > 6 {
        return Err(wrong());
    }
    let millionths: u64 = format!("{part:0<6}").parse().map_err(|_| wrong())?;
    let dollars: u64 = dollars.parse().map_err(|_| wrong())?;
    match dollars * 1_000_000 + millionths {
        0 => Err(wrong()),
        amount => Ok(Value::Money(amount)),
    }
}

/// Reads `1h30m`, `90s`, `500ms`.
fn duration(text: &str) -> Result<Value, Misfit> {
    let wrong = || {
        Misfit::new(format!("{} is not a duration", quoted(text))).hint("write \"500ms\", \"90s\", \"2h\" or \"1h30m\"")
    };
    let (mut rest, mut sum) = (text.trim(), 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        sum = sum.checked_add(part).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    // A year is beyond any run, and keeps every sum of durations far from its limit.
    if sum == 0 || sum > 366 * 86_400_000 { Err(wrong()) } else { Ok(Value::Duration(sum)) }
}

fn command(entry: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Misfit> {
    let wrong = |what: &str| Misfit::new(what).at(entry.span());
    let argv = match (entry.get_ref().as_str(), entry.get_ref().as_array()) {
        (Some(text), _) => split_command(text).map_err(|what| {
            wrong(&what).hint("write the arguments as a list, with the shell by name: [\"sh\", \"-c\", \"…\"]")
        })?,
        (None, Some(words)) => {
            let words = words.iter().map(|word| word.get_ref().as_str().map(str::to_owned));
            words.collect::<Option<Vec<String>>>().ok_or_else(|| wrong("every argument is a text in quotes"))?
        }
        (None, None) => return Err(wrong("expected a command as a text or as a list of arguments")),
    };
    let named = argv.first().is_some_and(|program| !program.trim().is_empty());
    if !named || argv.iter().any(|word| word.contains('\0')) {
        return Err(wrong("a command has a name, and no NUL"));
    }
    Ok(argv)
}

fn effort(table: &DeTable<'_>) -> Result<EffortRow, Misfit> {
    let mut row = EffortRow::default();
    for (name, value) in table {
        let Some((column, words)) = EFFORTS.iter().find(|(column, _)| *column == name.get_ref().as_ref()) else {
            let misfit =
                Misfit::new(format!("unknown key {} in a row of efforts", quoted(name.get_ref()))).at(name.span());
            let meant = nearest(name.get_ref(), EFFORTS.iter().map(|(column, _)| *column));
            return Err(
                misfit.hint(meant.map_or("known: claude, codex, gemini".into(), |m| format!("did you mean `{m}`?")))
            );
        };
        let word =
            value.get_ref().as_str().ok_or_else(|| Misfit::new("expected a level in quotes").at(value.span()))?;
        let lower = word.to_ascii_lowercase();
        if !words.contains(&lower.as_str()) {
            let owner = EFFORTS.iter().find(|(_, words)| words.contains(&lower.as_str()));
            let what = match owner {
                Some((other, _)) => format!("{} is a level of {other}, not of {column}", quoted(word)),
                None => format!("{} is not a level of {column}", quoted(word)),
            };
            let allowed: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            return Err(Misfit::new(what).hint(one_of(&allowed)).at(value.span()));
        }
        match *column {
            "claude" => row.claude = Some(lower),
            "codex" => row.codex = Some(lower),
            _ => row.gemini = Some(lower),
        }
    }
    Ok(row)
}

/// As a file would write it, for `mao config show`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |texts: &[String]| texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Int(int) => write!(f, "{int}"),
            Self::Money(amount) => {
                let part = format!("{:06}", amount % 1_000_000);
                let part = part.trim_end_matches('0');
                write!(f, "{}.{part:0<2}", amount / 1_000_000)
            }
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Duration(ms) => {
                match [("h", 3_600_000), ("m", 60_000), ("s", 1_000)].iter().find(|u| ms % u.1 == 0) {
                    Some((unit, size)) => write!(f, "\"{}{unit}\"", ms / size),
                    None => write!(f, "\"{ms}ms\""),
                }
            }
            Self::List(texts) => write!(f, "[{}]", list(texts)),
            Self::Commands(commands) => {
                let commands: Vec<String> = commands.iter().map(|argv| format!("[{}]", list(argv))).collect();
                write!(f, "[{}]", commands.join(", "))
            }
            Self::Effort(row) => {
                let columns = [("claude", &row.claude), ("codex", &row.codex), ("gemini", &row.gemini)];
                let set = columns.iter().filter_map(|(name, word)| Some(format!("{name} = {:?}", word.as_ref()?)));
                write!(f, "{{ {} }}", set.collect::<Vec<_>>().join(", "))
            }
        }
    }
}
