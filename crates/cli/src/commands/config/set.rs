//! `mao config set KEY VALUE`: one key of one file. The file is whole before and after: it is checked with all other
//! layers before anything is written, and replaced in one step.

use crate::args::Set;
use crate::exit::{Exit, Failure};
use crate::open::inputs;
use crate::print::Printer;
use mao_config::locate::{PROJECT_FILE, user_file};
use mao_config::{Layer, Source, edit};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(
    environment: &BTreeMap<String, String>,
    root: Option<&Path>,
    words: &Set,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let wrong = |what: &str| Failure::new(Exit::Configuration, what.to_owned());
    let mut inputs = inputs(environment, root, Vec::new())?;
    let (layer, path, source) = if words.project {
        let root = root.ok_or_else(|| wrong("this is no git repository"))?;
        (Layer::Project, root.join(PROJECT_FILE), &mut inputs.project)
    } else {
        let path = user_file(environment).ok_or_else(|| wrong("neither XDG_CONFIG_HOME nor HOME is set"))?;
        // A person's own file may be a link to where they keep such files; the link stays.
        (Layer::User, std::fs::canonicalize(&path).unwrap_or(path), &mut inputs.user)
    };
    let old = source.take().unwrap_or_else(|| Source::new(path.display().to_string(), ""));
    let edited = edit::set(&old, layer, &words.key, &words.value)?;
    let new = Source::new(old.name.clone(), edited.text.clone());
    let was_trusted = words.project && inputs.trusted.contains(&old.hash());
    if words.project {
        // The person who writes this consents to it for the check; the file itself still asks.
        inputs.trusted.insert(new.hash());
        inputs.project = Some(new);
    } else {
        inputs.user = Some(new);
    }
    let loaded = mao_config::load(&inputs).map_err(Failure::from)?;
    write(&path, &edited.text)
        .map_err(|source| Failure::new(Exit::Configuration, format!("cannot write {}: {source}", path.display())))?;

    let scope = if words.project { " --project" } else { "" };
    printer.line(&format!("{} = {} in {}", words.key, edited.after, path.display()));
    printer.line(&match &edited.before {
        Some(before) if *before == edited.after => "it was that before".to_owned(),
        Some(before) => format!("undo it: mao config set{scope} {} {}", words.key, quoted(before)),
        None => format!("undo it: remove the line of {} from {}", last(&words.key), path.display()),
    });
    let effective = loaded.settings.get(&words.key);
    if let Some(setting) = effective.filter(|setting| setting.origin.layer() > layer) {
        printer.note(&format!("it has no effect here: {} says {}", setting.origin, setting.value));
    }
    if was_trusted {
        printer.note("the file is another one now: `mao config trust` consents to it");
    }
    Ok(Exit::Ok)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A value as a shell passes it on: what TOML puts quotes around needs none for `set`.
fn quoted(value: &str) -> String {
    let plain = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let word = plain.filter(|word| !word.contains(['\\', '"'])).unwrap_or(value);
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | ',');
    if !word.is_empty() && word.chars().all(bare) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Replaces the file in one step; what a crash leaves is the old file or the new one.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let fresh: PathBuf = folder.join(format!(".multi-model.{}.new", std::process::id()));
    let filled = std::fs::File::create(&fresh).and_then(|mut file| {
        if let Ok(metadata) = std::fs::metadata(path) {
            file.set_permissions(metadata.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    filled.and_then(|()| std::fs::rename(&fresh, path)).inspect_err(|_| drop(std::fs::remove_file(&fresh)))
}

#[cfg(test)]
mod tests {
    use super::{quoted, write};

    #[test]
    fn cfg_01_a_file_is_replaced_in_one_step_and_keeps_its_rights() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("mao-set-{}", std::process::id()));
        let path = folder.join("deep/multi-model.toml");
        write(&path, "a\n").expect("a new file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its rights");
        write(&path, "b\n").expect("another one");
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "b\n");
        assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.join("deep")).expect("a folder").count(), 1, "nothing is left beside it");
        std::fs::remove_dir_all(&folder).expect("gone");
    }

    #[test]
    fn a_value_is_said_as_a_shell_takes_it() {
        assert_eq!(quoted("\"2h\""), "2h");
        assert_eq!(quoted("true"), "true");
        assert_eq!(quoted("[\"a b\"]"), "'[\"a b\"]'");
    }
}
