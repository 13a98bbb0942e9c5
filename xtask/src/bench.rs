//! `cargo xtask bench`: how long the usual things take, as ratios in one run. Builds `mao` as it is shipped and what
//! measures it (`crates/bench`), both in release, and hands the words on. It reports no number itself.

use crate::outcome::{Failure, Outcome};
use crate::tools;
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Where a run's figures are kept for readers.
const PAGE: &str = "docs/benchmark.md";

/// Builds and measures. `words` name parts; `--json` prints JSON, `--write` renews the page in `docs`.
pub(crate) fn run(words: &[String]) -> Outcome {
    let (write, rest): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| *word == "--write");
    if !write.is_empty() && rest.iter().any(|word| *word != "--json") {
        return Err(Failure::Usage("`--write` is for all parts together".into()));
    }
    // Apart, so that `mao` is built with no feature that only the other one asks for.
    for package in ["mao-cli", "mao-bench"] {
        let mut build = tools::cargo();
        build.args(["build", "--quiet", "--release", "-p", package]);
        tools::run(build)?;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    let release = tools::root().join(target).join("release");
    let mut bench = Command::new(release.join("mao-bench"));
    bench.current_dir(tools::root()).stdin(Stdio::null()).arg("--mao").arg(release.join("mao")).args(rest);
    if !write.is_empty() {
        bench.arg("--write").arg(tools::root().join(PAGE));
    }
    tools::run(bench)
}
