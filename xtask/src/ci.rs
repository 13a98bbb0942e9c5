//! `cargo xtask ci`: everything a change must pass, except the tests. Stops at nothing: it reports every broken step.

use crate::outcome::{Failure, Outcome};
use crate::{mutate, requirements, tidy, tools};
use std::time::Instant;

/// One step, by its name.
type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("fmt", fmt),
    ("clippy", clippy),
    ("doc", doc),
    ("tidy", tidy::run),
    ("requirements", || requirements::run(&[])),
    ("mutate", || mutate::run(&[])),
];

/// Runs every step and prints each with its time.
pub(crate) fn run() -> Outcome {
    let mut ends = Vec::new();
    for (name, step) in STEPS {
        println!("── {name}");
        let began = Instant::now();
        let outcome = step();
        if let Err(Failure::Broken(why) | Failure::Usage(why)) = &outcome {
            eprintln!("error: {why}");
        }
        ends.push((name, began.elapsed(), outcome.is_ok()));
    }
    println!("── ci");
    for (name, took, passed) in &ends {
        println!("{name:13} {:7.1} s  {}", took.as_secs_f64(), if *passed { "passed" } else { "failed" });
    }
    let failed: Vec<&str> = ends.iter().filter(|(_, _, passed)| !passed).map(|(name, _, _)| **name).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::broken(format!("ci: {} failed", failed.join(", ")))) }
}

fn fmt() -> Outcome {
    let mut command = tools::cargo();
    command.args(["fmt", "--all", "--check"]);
    tools::run(command)
}

fn clippy() -> Outcome {
    let mut command = tools::cargo();
    command.args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    tools::run(command)
}

fn doc() -> Outcome {
    let mut command = tools::cargo();
    command
        .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings");
    tools::run(command)
}
