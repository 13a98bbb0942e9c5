//! `cargo xtask real`: the shipped binary with the vendors' own command lines, headless, against the fake model server.
//!
//! Needs `npm` (with Node), `git`, and network access to the npm registry on the first run; installs exactly the versions
//! that `xtask/clis.toml` pins, into a folder under `target/`, never globally. It never reads or writes a developer's own
//! CLI settings: every CLI gets a HOME of its own, and the only model it can reach is the fake server.
//!
//! What is checked stands in `crates/real` and, for the server itself, in the tests of `crates/testkit`. Beside that, what
//! `mao qa` reports as SARIF is held to the published schema, which comes from npm too.

mod clis;
mod npm;
mod schema;

use crate::outcome::{Failure, Outcome};
use crate::tools;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

/// How many parts run at once: each starts up to three command lines, and the machine has two cores at least.
const AT_ONCE: &str = "--test-threads=2";

/// Installs, builds and runs. `words` go to the tests: a part of a name, `--nocapture`.
pub(crate) fn run(words: &[String]) -> Outcome {
    let mut took = Vec::new();
    let bin = timed(&mut took, "command lines", clis::ready)?;
    let mao = timed(&mut took, "build", build)?;
    let server = timed(&mut took, "server", || test("mao-testkit", &["clis::", AT_ONCE], &[], &bin, &mao));
    let real = timed(&mut took, "mao", || test("mao-real", &[AT_ONCE], words, &bin, &mao));
    let sarif = timed(&mut took, "sarif schema", schema::hold);
    println!("── real");
    for (name, seconds) in &took {
        println!("{name:13} {seconds:7.1} s");
    }
    server.and(real).and(sarif)
}

/// Does something and notes how long it took.
fn timed<T>(took: &mut Vec<(&'static str, f64)>, name: &'static str, what: impl FnOnce() -> T) -> T {
    println!("── {name}");
    let began = Instant::now();
    let done = what();
    took.push((name, began.elapsed().as_secs_f64()));
    done
}

/// The binary as it is shipped, without any of the tests' features, and what tests it.
fn build() -> Outcome<OsString> {
    let mut release = tools::cargo();
    release.args(["build", "--release", "-p", "mao-cli"]);
    tools::run(release)?;
    let mut tests = tools::cargo();
    tests.args(["test", "--no-run", "-p", "mao-real", "-p", "mao-testkit"]);
    tools::run(tests)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    let mao = tools::root().join(target).join("release").join("mao");
    if !mao.is_file() {
        return Err(Failure::broken(format!("the build left no {}", mao.display())));
    }
    Ok(mao.into_os_string())
}

/// Runs the tests of a package with the command lines and the binary in their environment.
fn test(package: &str, own: &[&str], words: &[String], bin: &Path, mao: &OsString) -> Outcome {
    let mut command = tools::cargo();
    command.args(["test", "-p", package, "--test", "it", "--"]).args(own).args(words);
    command.env("MAO_CLIS", bin).env("MAO_BIN", mao);
    tools::run(command)
}
