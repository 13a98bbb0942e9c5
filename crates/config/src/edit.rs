//! Setting one key in the text of a file: comments, order and everything else stay as they are. It writes no file.

use crate::document;
use crate::error::{ConfigError, ConfigErrors, Layer, Origin, quoted};
use crate::schema::{self, Key};
use crate::source::Source;
use crate::value::Value;
use crate::words::nearest;
use toml_edit::{DocumentMut, Item, Table};

/// A file's new text and what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// The value as it is now written.
    pub after: String,
    /// The value as it was written, where the key was there.
    pub before: Option<String>,
}

/// The text of `source` with `key` set to `word`, as `MAO_…` would take it.
///
/// # Errors
/// An unknown key, a value that does not fit it, and a file that was wrong before.
pub fn set(source: &Source, layer: Layer, key: &str, word: &str) -> Result<Edited, ConfigErrors> {
    let text = source.text()?;
    let (segments, found) = find(key)?;
    let wrong = |what: String, hint: Option<String>| {
        ConfigErrors::from(ConfigError::Wrong { origin: Origin::Flag(key.to_owned()), what, hint })
    };
    let value = Value::from_word(found, word).map_err(|misfit| wrong(misfit.what, misfit.hint))?;
    let mut warnings = Vec::new();
    document::read(layer, &source.name, text, &mut warnings).map_err(ConfigErrors)?;
    let mut document: DocumentMut =
        text.parse().map_err(|_| wrong(format!("{} cannot be edited as it is", source.name), None))?;
    let after = value.to_string();
    let new: toml_edit::Value =
        after.parse().map_err(|_| wrong(format!("{after} cannot be written to a file"), None))?;
    let before = put(document.as_table_mut(), &segments, new)
        .map_err(|table| wrong(format!("{} is no table in {}", quoted(&table), source.name), None))?;
    let text = document.to_string();
    document::read(layer, &source.name, &text, &mut warnings).map_err(ConfigErrors)?;
    Ok(Edited { text, after, before })
}

/// The key of this name and its segments.
fn find(name: &str) -> Result<(Vec<&str>, &'static Key), ConfigErrors> {
    let segments: Vec<&str> = name.split('.').collect();
    if let Some(key) = schema::get().find(&segments).filter(|_| segments.iter().all(|part| !part.is_empty())) {
        return Ok((segments, key));
    }
    let meant = nearest(name, schema::get().keys.iter().map(|key| key.path.as_str()));
    Err(ConfigErrors::from(ConfigError::Wrong {
        origin: Origin::Flag(name.to_owned()),
        what: "there is no such key".into(),
        hint: meant
            .map_or_else(|| Some("`mao config schema` lists them".into()), |m| Some(format!("did you mean `{m}`?"))),
    }))
}

/// Puts the value in its place, with the comments of what was there. The error names what should be a table.
fn put(table: &mut Table, segments: &[&str], mut new: toml_edit::Value) -> Result<Option<String>, String> {
    let Some((last, tables)) = segments.split_last() else { return Ok(None) };
    let mut here: &mut dyn toml_edit::TableLike = table;
    for name in tables {
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        let next = here.entry(name).or_insert(Item::Table(fresh));
        here = next.as_table_like_mut().ok_or_else(|| (*name).to_owned())?;
    }
    match here.get_mut(last) {
        Some(item) => {
            let old = item.as_value().ok_or_else(|| segments.join("."))?;
            let before = old.clone().decorated("", "").to_string();
            *new.decor_mut() = old.decor().clone();
            *item = Item::Value(new);
            Ok(Some(before))
        }
        None => {
            here.insert(last, Item::Value(new));
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn edited(text: &str, key: &str, word: &str) -> Edited {
        set(&Source::new("user.toml", text), Layer::User, key, word).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn cfg_01_one_key_is_set_and_everything_else_stays() {
        let text =
            "# mine\n[engine] # here\nmax_parallel = 2   # two\n\n[models]\n# off for now\ncodex_enabled = false\n";
        let set = edited(text, "engine.max_parallel", "4");
        assert_eq!(set.text, text.replace("= 2 ", "= 4 "));
        assert_eq!((set.before.as_deref(), set.after.as_str()), (Some("2"), "4"));
        let back = edited(&set.text, "engine.max_parallel", "2");
        assert_eq!(back.text, text);
        let new = edited(text, "engine.timeouts.idle", "90s");
        expect![[r#"
            # mine
            [engine] # here
            max_parallel = 2   # two

            [engine.timeouts]
            idle = "90s"

            [models]
            # off for now
            codex_enabled = false
        "#]]
        .assert_eq(&new.text);
        let row = edited("", "models.effort_policy.tests", "{ codex = \"low\" }");
        assert_eq!(row.text, "[models.effort_policy]\ntests = { codex = \"low\" }\n");
        let list = edited("models = { codex_enabled = true }\n", "models.gemini_enabled", "true");
        assert!(list.text.contains("gemini_enabled = true"), "{}", list.text);
        let verify = edited("\u{feff}[engine]\r\n", "engine.verify", "cargo test -q");
        assert!(verify.text.contains("verify = [[\"cargo\", \"test\", \"-q\"]]"), "{}", verify.text);
    }

    #[test]
    fn cfg_02_what_does_not_fit_is_not_set() {
        for (text, key, word, says) in [
            ("", "engine.max_paralel", "4", "did you mean `engine.max_parallel`?"),
            ("", "engine.max_parallel", "0", "the smallest value is 1"),
            ("", "checkpoints.debug_escalation", "auto", "is refused"),
            ("", "engine", "x", "there is no such key"),
            ("", "engine.timeouts.", "x", "there is no such key"),
            ("[engine\n", "engine.max_parallel", "4", "user.toml:1:8: this is not TOML"),
            ("engine = 3\n", "engine.max_parallel", "4", "`engine` is a table"),
            ("[models]\nx = 1\n", "engine.max_parallel", "4", "unknown key `x`"),
        ] {
            let said = set(&Source::new("user.toml", text), Layer::User, key, word).expect_err(key).to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
