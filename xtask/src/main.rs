//! The house's own commands: what keeps the program's rules true, and nothing that ships.
//!
//! This is not a room: no room may import it, it imports none, and it is the one place beside `mao-cli` that prints
//! and the one place beside `mao-process` that spawns (`cargo`, `git` and the test binaries of the workspace).
//!
//! Read in this order: [`source`] (what is known of a file), [`house`] (what is known of the workspace), [`tidy`] (the
//! rules), then one file per command.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "commands for people and CI: they print what they found"
)]

mod bench;
mod ci;
mod house;
mod mutate;
mod outcome;
mod real;
mod requirements;
mod source;
mod tidy;
mod tools;

use outcome::{Failure, Outcome};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  ci                        everything a change must pass, except the tests: fmt, clippy, doc, tidy, requirements, mutate
  tidy                      the rules of the house, each with its reason
  requirements [--of PART]  which requirements a test carries; --of lists those of a part that none does
  mutate [NAME…]            every committed mutation must be noticed by a test that carries its requirement
  real [ARGS…]              the vendors' own command lines against the fake model server
  bench [--json] [PART…]    how long the usual things take, as ratios in one run; --write renews docs/benchmark.md
  bench judge [--runs N]    what `mao resolve` makes of pairs of right and subtly wrong changes; `judge` is no part of all";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(what)) => {
            eprintln!("error: {what}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Broken(what)) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[String]) -> Outcome {
    let Some((command, rest)) = words.split_first() else {
        return Err(Failure::Usage("no command given".into()));
    };
    match (command.as_str(), rest) {
        ("help" | "--help" | "-h", _) => {
            println!("{USAGE}");
            Ok(())
        }
        ("ci", []) => ci::run(),
        ("tidy", []) => tidy::run(),
        ("requirements", rest) => requirements::run(rest),
        ("mutate", rest) => mutate::run(rest),
        ("real", rest) => real::run(rest),
        ("bench", rest) => bench::run(rest),
        ("ci" | "tidy", _) => Err(Failure::Usage(format!("`{command}` takes no arguments"))),
        (other, _) => Err(Failure::Usage(format!("there is no command `{other}`"))),
    }
}
