//! The vendors' command lines, each in its pinned version, installed by npm into `target/clis`. What is there already
//! in that version is kept; a directory that `MAO_CLIS` names is taken as it is.

use super::npm::{self, Manifest, Scripts};
use crate::outcome::{Failure, Outcome};
use crate::tools;
use serde::Deserialize;
use std::path::{Path, PathBuf};

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

/// The directory that holds the programs.
pub(crate) fn ready() -> Outcome<PathBuf> {
    let pins = npm::pins::<Pins>("clis.toml")?.cli;
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
        let packages: Vec<String> = pins.iter().map(|pin| format!("{}@{}", pin.package, pin.version)).collect();
        npm::install(&packages, &dir, Scripts::Run)?;
    }
    match wrong(&pins, &modules) {
        None => Ok(modules.join(".bin")),
        Some(what) => Err(Failure::broken(format!("after the installation: {what}"))),
    }
}

/// What is missing or of another version.
fn wrong(pins: &[Pin], modules: &Path) -> Option<String> {
    pins.iter().find_map(|pin| match Manifest::of(&pin.package, modules) {
        None => Some(format!("{} is not there", pin.package)),
        Some(Manifest { version }) if version != pin.version => {
            Some(format!("{} is {version}, pinned is {}", pin.package, pin.version))
        }
        Some(_) if !modules.join(".bin").join(&pin.command).exists() => Some(format!("no program {}", pin.command)),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Pins, wrong};
    use crate::real::npm;

    #[test]
    fn every_pin_is_one_version() {
        let pins = npm::pins::<Pins>("clis.toml").unwrap().cli;
        assert_eq!(pins.iter().map(|pin| pin.command.as_str()).collect::<Vec<_>>(), ["claude", "codex", "gemini"]);
        for pin in &pins {
            assert!(pin.version.split('.').all(|part| part.parse::<u32>().is_ok()), "{pin:?}");
        }
    }

    #[test]
    fn nothing_installed_is_said() {
        let said = wrong(&npm::pins::<Pins>("clis.toml").unwrap().cli, std::path::Path::new("/nowhere"));
        assert_eq!(said.as_deref(), Some("@anthropic-ai/claude-code is not there"));
    }
}
