//! One file against the schema: its settings, or everything that is wrong with it.

use crate::error::{ConfigError, Layer, Origin, Spot, Warning, WarningKind, quoted};
use crate::schema::{self, Schema};
use crate::settings::Setting;
use crate::value::Value;
use crate::words::nearest;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// How many errors of one file are kept: what follows is rarely read.
const MOST_ERRORS: usize = 20;

/// Reads one file.
pub(crate) fn read(
    layer: Layer,
    file: &str,
    text: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(String, Setting)>, Vec<ConfigError>> {
    let mut walk = Walk {
        schema: schema::get(),
        layer,
        file,
        text,
        settings: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    let repaired;
    let parsed = match DeTable::parse(text) {
        Ok(table) => Ok(table),
        Err(_) => {
            repaired = walk.repaired();
            DeTable::parse(&repaired)
        }
    };
    match parsed {
        Ok(table) => walk.table(&mut Vec::new(), table.get_ref()),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            walk.wrong(span, format!("this is not TOML: {}", error.message()), None);
        }
    }
    let Walk { settings, mut errors, warnings: new, .. } = walk;
    warnings.extend(new);
    errors.sort_by_key(position);
    errors.truncate(MOST_ERRORS);
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

fn position(error: &ConfigError) -> (usize, usize) {
    match error {
        ConfigError::Wrong { origin: Origin::File(spot), .. } => (spot.line, spot.column),
        ConfigError::Wrong { .. } | ConfigError::Unreadable { .. } | ConfigError::Roles(_) => (0, 0),
    }
}

struct Walk<'a> {
    schema: &'static Schema,
    layer: Layer,
    file: &'a str,
    text: &'a str,
    settings: Vec<(String, Setting)>,
    errors: Vec<ConfigError>,
    warnings: Vec<Warning>,
}

impl Walk<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        Origin::File(Box::new(Spot::new(self.layer, self.file, self.text, span)))
    }

    fn wrong(&mut self, span: Range<usize>, what: String, hint: Option<String>) {
        // The walk goes on for the warnings' sake; a file with thousands of errors shall not cost thousands of excerpts.
        if self.errors.len() < 4 * MOST_ERRORS {
            let origin = self.origin(span);
            self.errors.push(ConfigError::Wrong { origin, what, hint });
        }
    }

    fn warn(&mut self, span: Range<usize>, what: String, hint: Option<String>) {
        if self.warnings.len() < MOST_ERRORS {
            let origin = self.origin(span);
            self.warnings.push(Warning { kind: WarningKind::Repair, origin, what, hint });
        }
    }

    /// The text without a `...` at the end of a list, which documentation writes for "and so on".
    fn repaired(&mut self) -> String {
        let mut text = self.text.to_owned();
        for _ in 0..8 {
            let Err(error) = DeTable::parse(&text) else { break };
            let Some(span) = error.span() else { break };
            let near = span.start.saturating_sub(3)..span.end.saturating_add(3);
            let dots = text.match_indices("...").map(|(at, _)| at).find(|at| near.contains(at));
            let Some(at) = dots.filter(|at| {
                let opened = text[..*at].trim_end().ends_with([',', '[']);
                opened && text[at + 3..].trim_start().starts_with(']')
            }) else {
                break;
            };
            text.replace_range(at..at + 3, "   ");
            let hint = "write out what it stands for".to_owned();
            self.warn(at..at + 3, "`...` adds nothing to this list".into(), Some(hint));
        }
        text
    }

    fn table<'t>(&mut self, path: &mut Vec<&'t str>, table: &'t DeTable<'_>) {
        for (key, value) in table {
            // What is wrong that often is another kind of file; the nearest word to each key is not looked up.
            if self.errors.len() >= 4 * MOST_ERRORS {
                return;
            }
            let name: &'t str = key.get_ref().as_ref();
            path.push(name);
            self.entry(path, key.span(), value.get_ref(), value);
            path.pop();
        }
    }

    fn entry<'t>(
        &mut self,
        path: &mut Vec<&'t str>,
        at: Range<usize>,
        inner: &'t DeValue<'_>,
        value: &'t toml::Spanned<DeValue<'_>>,
    ) {
        let schema = self.schema;
        let name = path.last().copied().unwrap_or_default();
        if self.dropped(name, &at) {
            return;
        }
        if let Some(key) = schema.find(path) {
            return self.setting(path.join("."), key, at, value);
        }
        if let Some(renamed) = schema.renamed.iter().find(|renamed| renamed.from == name) {
            let to: Vec<&str> = renamed.to.split('.').collect();
            self.warn(at.clone(), format!("{} is an older name", quoted(name)), Some(format!("write {}", renamed.to)));
            // The newer name wins where both are written: settings are sorted so that it comes later.
            if let Some(key) = schema.find(&to) {
                let before = self.settings.len();
                self.setting(renamed.to.clone(), key, at, value);
                if self.settings.len() > before {
                    self.settings.rotate_right(1);
                }
            }
            return;
        }
        if schema.is_table(path) {
            return match inner.as_table() {
                Some(table) => self.table(path, table),
                None => self.wrong(value.span(), format!("{} is a table", quoted(&path.join("."))), None),
            };
        }
        let parent = &path[..path.len() - 1];
        let children = schema.children(parent);
        let meant = nearest(name, children.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        if let (true, Some(table)) = (parent.is_empty(), inner.as_table()) {
            self.warn(at, format!("unknown table {}: nothing reads it", quoted(name)), meant);
            return self.only_dropped(table);
        }
        let place = if parent.is_empty() {
            "at the top of the file".into()
        } else {
            format!("in {}", quoted(&parent.join(".")))
        };
        let known = || (children.len() <= 12).then(|| format!("known: {}", children.join(", ")));
        self.wrong(at, format!("unknown key {} {place}", quoted(name)), meant.or_else(known));
    }

    fn setting(&mut self, path: String, key: &schema::Key, at: Range<usize>, value: &toml::Spanned<DeValue<'_>>) {
        match Value::from_toml(key, value) {
            Ok(value) => {
                let origin = self.origin(at);
                self.settings.push((path, Setting { value, origin }));
            }
            Err(misfit) => {
                let span = misfit.span.unwrap_or_else(|| value.span());
                self.wrong(span, format!("{path}: {}", misfit.what), misfit.hint);
            }
        }
    }

    fn dropped(&mut self, name: &str, at: &Range<usize>) -> bool {
        let dropped = self.schema.dropped.iter().find(|dropped| dropped.name == name);
        if let Some(dropped) = dropped {
            self.wrong(at.clone(), format!("`{}` is no longer a key: {}", dropped.name, dropped.why), None);
        }
        dropped.is_some()
    }

    /// Looks for dropped keys in a table that nothing else reads.
    fn only_dropped(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            if !self.dropped(key.get_ref(), &key.span())
                && let Some(table) = value.get_ref().as_table()
            {
                self.only_dropped(table);
            }
        }
    }
}
