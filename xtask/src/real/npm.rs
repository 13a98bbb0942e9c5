//! npm, into a folder under `target/` and never globally; and the committed versions that are taken from it.

use crate::outcome::{Failure, Outcome};
use crate::tools;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::process::{Command, Stdio};

/// The part of a `package.json` that is read here.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: String,
}

impl Manifest {
    /// The manifest of an installed package; absent where it is not there.
    pub(super) fn of(package: &str, modules: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(modules.join(package).join("package.json")).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// Whether the scripts of packages run when they are installed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scripts {
    /// One of the packages puts its program in place with one.
    Run,
    /// Nothing of the package is run.
    Ignored,
}

/// The pins in a file of this package's folder.
pub(super) fn pins<T: DeserializeOwned>(name: &str) -> Outcome<T> {
    let path = tools::root().join("xtask").join(name);
    let text = std::fs::read_to_string(&path).map_err(|why| Failure::broken(format!("{}: {why}", path.display())))?;
    toml::from_str(&text).map_err(|why| Failure::broken(format!("{}: {why}", path.display())))
}

/// npm, into `dir` alone.
pub(super) fn install(packages: &[String], dir: &Path, scripts: Scripts) -> Outcome {
    let unmade = |why| Failure::broken(format!("{}: {why}", dir.display()));
    std::fs::create_dir_all(dir).map_err(unmade)?;
    // A manifest of its own keeps npm from looking for one further up.
    std::fs::write(dir.join("package.json"), "{\"private\":true}\n").map_err(unmade)?;
    let mut npm = Command::new("npm");
    npm.current_dir(dir).stdin(Stdio::null());
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]);
    match scripts {
        Scripts::Run => {}
        Scripts::Ignored => drop(npm.arg("--ignore-scripts")),
    }
    npm.args(packages);
    tools::run(npm)
}
