//! `mao debug -- CMD`: looks for the fault that a command shows. What earlier searches of this repository for the same
//! command recorded is collected here, so that failed repairs are counted over all of them.

use super::begin::{Beginning, Needs};
use super::resume::Asking;
use crate::args::{Common, Debug};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::debug::{self, Trial};
use mao_core::matter::Matter;
use mao_policy::policy::Check;
use mao_workflows::debug::{is_about, trials};

/// How many runs of this repository are looked through.
const RUNS: usize = 60;

/// How many earlier runs of the command are taken along.
const EARLIER: usize = 30;

/// Runs the command.
pub fn run(common: &Common, words: &Debug, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let mut start = Beginning::from(&house, Vec::new(), &words.start, printer)?;
    start.policy.checks = vec![Check { argv: words.command.clone() }];
    let earlier = earlier(&house, &words.command)?;
    let matter = Matter::Debug(Box::new(debug::Debug { command: words.command.clone(), earlier }));
    let new = start.about(("debug", &words.command.join(" ")), matter)?;
    Ok(start.begin(new, Needs::Orchestrator, printer, Asking::of(printer))?.1)
}

/// When this command was run in earlier searches of this repository, oldest first.
fn earlier(house: &House, command: &[String]) -> Result<Vec<Trial>, Failure> {
    let mut found = Vec::new();
    for entry in house.runs()?.into_iter().take(RUNS) {
        // A ledger of another version is no reason not to look for a fault.
        let Ok(state) = house.state(&entry.run) else { continue };
        if is_about(&state, command) {
            found.push(trials(&state));
        }
    }
    let all: Vec<Trial> = found.into_iter().rev().flatten().collect();
    let from = all.len().saturating_sub(EARLIER);
    Ok(all[from..].to_vec())
}
