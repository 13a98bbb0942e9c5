//! ESC-01 to ESC-03, ESC-12: how often a repair was tried and failed. The program counts, from exit codes and trees; a model
//! cannot.

pub use mao_core::debug::Trial;
use mao_core::ids::TreeId;
use mao_core::mutant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How often it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycles {
    /// Since it was green last.
    pub total: u64,
    /// Of those, with the failure that it has now.
    pub same_failure: u64,
}

/// The ways on that are offered; exactly these, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The orchestrator's family goes on, differently.
    AtHome,
    /// Another vendor's coder looks at it on its own.
    Independent,
    /// Another vendor's analyzer reads the whole code base.
    Investigation,
}

impl Way {
    /// All of them, as they are numbered in the question.
    pub const ALL: [Self; 3] = [Self::AtHome, Self::Independent, Self::Investigation];
}

/// Counts. A cycle is a change followed by red; the first red tree is where it began and counts as none. A tree that was
/// red before is not counted again.
#[must_use]
pub fn count(trials: &[Trial]) -> Cycles {
    let green = trials.iter().rposition(Trial::is_green).filter(|_| !mutant::is("esc_02_green_is_forgotten"));
    let since = green.map_or(0, |green| green + 1);
    let mut seen: Vec<&TreeId> = Vec::new();
    let mut cycles = Cycles::default();
    let mut failure: Option<&str> = None;
    for trial in &trials[since..] {
        if failure != Some(trial.signature.as_str()) {
            cycles.same_failure = 0;
            failure = Some(&trial.signature);
        }
        if seen.contains(&&trial.tree) && !mutant::is("esc_12_every_red_run_counts") {
            continue;
        }
        if !seen.is_empty() {
            cycles.total += 1;
            cycles.same_failure += 1;
        }
        seen.push(&trial.tree);
    }
    cycles
}

/// ESC-01: what a person is offered. Nothing before the threshold; nothing is ever done without the person.
#[must_use]
pub fn offer(cycles: Cycles, threshold: u64) -> Option<[Way; 3]> {
    (cycles.total >= threshold.max(1)).then_some(Way::ALL)
}

/// The longest signature, in characters.
const SIGNATURE: usize = 300;

/// What failed, read from a log: the names of the failing tests, sorted; else the first line that speaks of an error. What
/// differs from run to run (numbers, places in memory, times) is left out.
#[must_use]
pub fn signature(log: &str) -> String {
    let mut tests: Vec<String> = log.lines().filter_map(failing).collect();
    tests.sort();
    tests.dedup();
    let said = if tests.is_empty() {
        let speaks = |line: &&str| {
            let lower = line.to_lowercase();
            ["error", "panicked", "assert", "exception", "expected", "not found", "failed"]
                .iter()
                .any(|word| lower.contains(word))
        };
        let line = log.lines().find(speaks).or_else(|| log.lines().find(|line| !line.trim().is_empty()));
        line.unwrap_or_default().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    } else {
        tests.join(", ")
    };
    mao_core::text::one_line(&said, SIGNATURE)
}

/// How many files of a log are named, and how long their paths may be, in bytes.
const NAMED: (usize, usize) = (20, 200);

/// ESC-03: the files that a command and its log name, of those that there are, in the order in which it names them.
#[must_use]
pub fn named(log: &str, files: &[String]) -> Vec<String> {
    let known: BTreeSet<&str> = files.iter().map(String::as_str).filter(|path| path.len() <= NAMED.1).collect();
    let between = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;:=|".contains(c);
    let mut found: Vec<String> = Vec::new();
    for word in log.split(between) {
        // A path may stand there from the root of the machine, or of a part of the tree.
        let mut rest = Some(word.trim_end_matches('.'));
        while let Some(path) = rest.filter(|path| !path.is_empty()) {
            if known.contains(path) {
                if !found.iter().any(|one| one == path) {
                    found.push(path.to_owned());
                }
                break;
            }
            rest = path.split_once('/').map(|(_, rest)| rest);
        }
        if found.len() == NAMED.0 {
            break;
        }
    }
    found
}

/// The test that a line says failed, as the common tools put it.
fn failing(line: &str) -> Option<String> {
    let line = line.trim();
    let name = line
        .strip_prefix("test ")
        .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        .or_else(|| line.strip_prefix("FAILED ").map(|rest| rest.split(" - ").next().unwrap_or(rest)))
        .or_else(|| line.strip_prefix("FAIL: "))
        .or_else(|| line.strip_prefix("ERROR: "))
        .or_else(|| line.strip_prefix("--- FAIL: ").map(|rest| rest.split(" (").next().unwrap_or(rest)))
        .or_else(|| line.strip_prefix("not ok ").and_then(|rest| Some(rest.split_once(" - ")?.1)))
        .or_else(|| line.strip_prefix("✖ ").map(|rest| rest.split(" (").next().unwrap_or(rest)))?;
    (!name.is_empty() && !name.starts_with('(')).then(|| name.to_owned())
}
