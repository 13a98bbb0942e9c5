//! `docs/configuration.md` is made from the schema and the built-in file: `UPDATE_EXPECT=1` writes it again.

use expect_test::expect_file;
use mao_config::{KeyInfo, default_file, schema};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const HEAD: &str = "\
# Configuration

Made from `crates/config/data/schema.toml` and `default.toml`; a test holds it to them.

A value comes from the last of these that has one: what is built in, your own file (`~/.config/mao/multi-model.toml`), the
repository's (`.claude/config/multi-model.toml`), the environment, a flag. A key's variable is its name in capitals with
underscores: `engine.max_parallel` is `MAO_ENGINE_MAX_PARALLEL`. `mao config show` says what holds and why, `mao config check`
what is wrong, `mao config set KEY VALUE` changes your own file.

*In a repository* says what its file may do before you consent to it with `mao config trust`: a *free* key takes any value, a
*narrow* one only a value that allows less than yours, a *consent* one none.
";

/// What the built-in file says of each key: the words above it and behind it. And of each table.
fn words() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (mut keys, mut tables) = (BTreeMap::new(), BTreeMap::new());
    let (mut table, mut above) = (String::new(), String::new());
    for line in default_file().lines() {
        if let Some(prose) = line.strip_prefix("# ") {
            let space = if above.is_empty() { "" } else { " " };
            above = format!("{above}{space}{}", prose.trim());
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            name.clone_into(&mut table);
            tables.insert(table.clone(), std::mem::take(&mut above));
            continue;
        }
        let bare = line.strip_prefix('#').unwrap_or(line);
        if let Some((name, rest)) =
            bare.split_once(" = ").filter(|(name, _)| name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()))
        {
            let behind = rest.rsplit_once(" # ").map(|(_, words)| words.trim()).unwrap_or_default();
            let said: Vec<&str> = [above.as_str(), behind].into_iter().filter(|words| !words.is_empty()).collect();
            keys.insert(format!("{table}.{name}"), said.join(" "));
        }
        above.clear();
    }
    (keys, tables)
}

fn kind(key: &KeyInfo) -> String {
    let list = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let mut text = match (key.allowed, key.range) {
        ([], Some((min, Some(max)))) => format!("{} from {min} to {max}", key.kind),
        ([], Some((min, None))) => format!("{} from {min} on", key.kind),
        ([], None) => key.kind.to_owned(),
        (allowed, _) => list(allowed),
    };
    if !key.names.is_empty() {
        let _infallible = write!(text, "; `*` is one of {}", list(key.names));
    }
    text
}

fn meaning(key: &KeyInfo, keys: &BTreeMap<String, String>) -> String {
    // What is true of a free name is said of the table.
    let mut parts: Vec<String> = keys.get(key.path).filter(|words| !words.is_empty()).cloned().into_iter().collect();
    for (value, why) in key.refused {
        parts.push(if value == "*" { format!("refused: {why}") } else { format!("`{value}` is refused: {why}") });
    }
    parts.extend(key.later.map(|later| format!("for {later}, which this version does not have")));
    parts.join("; ").replace('|', "\\|")
}

#[test]
fn cfg_02_the_reference_is_what_the_schema_says() {
    let (keys, tables) = words();
    let mut text = HEAD.to_owned();
    let mut table = "";
    for key in schema() {
        let own = key.path.rsplit_once('.').map_or("", |(table, _)| table);
        if own != table {
            table = own;
            let _infallible = write!(text, "\n## `[{table}]`\n\n");
            if let Some(words) = tables.get(table).filter(|words| !words.is_empty()) {
                let _infallible = write!(text, "{words}\n\n");
            }
            text.push_str("| key | takes | built in | in a repository | meaning |\n|---|---|---|---|---|\n");
        }
        let name = key.path.rsplit('.').next().unwrap_or_default();
        let default = key.default.as_ref().map_or("–".to_owned(), |value| format!("`{}`", value.replace('|', "\\|")));
        let _infallible =
            writeln!(text, "| `{name}` | {} | {default} | {} | {} |", kind(&key), key.guard, meaning(&key, &keys));
    }
    expect_file!["../../../../docs/configuration.md"].assert_eq(&text);
}
