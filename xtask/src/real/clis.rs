//! The vendors' command lines, each in its pinned version, installed by npm into `target/clis`. What is there already
//! in that version is kept; a directory that `MAO_CLIS` names is taken as it is.

use crate::outcome::{Failure, Outcome};
use crate::tools;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `xtask/clis.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pins {
    cli: Vec<Pin>,
}

/// One command line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    /// The program's name.
    command: String,
    /// Its npm package.
    package: String,
    /// The only version that is taken.
    version: String,
}

/// The part of a `package.json` that is read here.
#[derive(Debug, Deserialize)]
struct Manifest {
    version: String,
}

/// The directory that holds the programs.
pub(crate) fn ready() -> Outcome<PathBuf> {
    let pins = pins()?;
    if let Some(named) = std::env::var_os("MAO_CLIS") {
        let bin = tools::root().join(named);
        let modules = bin.parent().unwrap_or(&bin).to_owned();
        return wrong(&pins, &modules)
            .map_or_else(|| Ok(bin), |what| Err(Failure::broken(format!("MAO_CLIS: {what}"))));
    }
    let dir = tools::root().join("target").join("clis");
    let modules = dir.join("node_modules");
    if let Some(what) = wrong(&pins, &modules) {
        println!("{what}: installing");
        install(&pins, &dir)?;
    }
    match wrong(&pins, &modules) {
        None => Ok(modules.join(".bin")),
        Some(what) => Err(Failure::broken(format!("after the installation: {what}"))),
    }
}

fn pins() -> Outcome<Vec<Pin>> {
    let path = tools::root().join("xtask").join("clis.toml");
    let text = std::fs::read_to_string(&path).map_err(|why| Failure::broken(format!("{}: {why}", path.display())))?;
    let pins: Pins = toml::from_str(&text).map_err(|why| Failure::broken(format!("{}: {why}", path.display())))?;
    Ok(pins.cli)
}

/// What is missing or of another version.
fn wrong(pins: &[Pin], modules: &Path) -> Option<String> {
    pins.iter().find_map(|pin| {
        let found = std::fs::read_to_string(modules.join(&pin.package).join("package.json")).ok();
        let found = found.and_then(|text| serde_json::from_str::<Manifest>(&text).ok());
        match found {
            None => Some(format!("{} is not there", pin.package)),
            Some(Manifest { version }) if version != pin.version => {
                Some(format!("{} is {version}, pinned is {}", pin.package, pin.version))
            }
            Some(_) if !modules.join(".bin").join(&pin.command).exists() => Some(format!("no program {}", pin.command)),
            Some(_) => None,
        }
    })
}

/// npm, into `dir` alone. Install scripts run: one of the packages puts its program in place with one.
fn install(pins: &[Pin], dir: &Path) -> Outcome {
    let unmade = |why| Failure::broken(format!("{}: {why}", dir.display()));
    std::fs::create_dir_all(dir).map_err(unmade)?;
    // A manifest of its own keeps npm from looking for one further up.
    std::fs::write(dir.join("package.json"), "{\"private\":true}\n").map_err(unmade)?;
    let mut npm = Command::new("npm");
    npm.current_dir(dir).stdin(Stdio::null());
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]);
    npm.args(pins.iter().map(|pin| format!("{}@{}", pin.package, pin.version)));
    tools::run(npm)
}

#[cfg(test)]
mod tests {
    use super::{pins, wrong};

    #[test]
    fn every_pin_is_one_version() {
        let pins = pins().unwrap();
        assert_eq!(pins.iter().map(|pin| pin.command.as_str()).collect::<Vec<_>>(), ["claude", "codex", "gemini"]);
        for pin in &pins {
            assert!(pin.version.split('.').all(|part| part.parse::<u32>().is_ok()), "{pin:?}");
        }
    }

    #[test]
    fn nothing_installed_is_said() {
        let said = wrong(&pins().unwrap(), std::path::Path::new("/nowhere"));
        assert_eq!(said.as_deref(), Some("@anthropic-ai/claude-code is not there"));
    }
}
