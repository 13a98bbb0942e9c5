//! `cargo xtask tidy`: the rules of the house, each a check with its reason. Never mends what it finds.
//!
//! Read in this order: [`rule`] (what a rule is), [`rooms`] (who may import and touch what), then the rules themselves.

mod imports;
mod licences;
mod loops;
mod names;
mod order;
mod rooms;
mod rule;
mod texts;
mod touch;

use crate::house::{self, House};
use crate::outcome::{Failure, Outcome};
use rule::{Rule, Severity};

/// Every rule, in the order in which they are reported.
const RULES: &[&[Rule]] =
    &[imports::RULES, loops::RULES, touch::RULES, names::RULES, order::RULES, licences::RULES, texts::RULES];

/// Reads the workspace and prints what breaks a rule.
pub(crate) fn run() -> Outcome {
    let house = house::read()?;
    let mut broken = 0;
    for rule in rules() {
        for breach in (rule.check)(&house) {
            match rule.severity {
                Severity::Refused => broken += 1,
                Severity::Noted => {}
            }
            println!("{}", rule.render(&breach));
        }
    }
    println!("{}", summary(&house));
    if broken == 0 { Ok(()) } else { Err(Failure::broken(format!("tidy: {broken} broken"))) }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().flat_map(|rules| rules.iter())
}

fn summary(house: &House) -> String {
    let mut sizes: Vec<usize> = house.sources.iter().map(crate::source::Source::lines).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    let largest = house.sources.iter().max_by_key(|source| source.lines());
    let largest = largest.map_or_else(String::new, |source| format!("{} ({} lines)", source.path, source.lines()));
    format!("tidy: {} rules, {} files, median {median} lines, largest {largest}", rules().count(), sizes.len())
}

#[cfg(test)]
mod tests;
