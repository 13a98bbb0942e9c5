//! `mao discard`: removes a run's branch; a salvage ref keeps its commits, and the way back is printed.

use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_engine::perform::branch_of;

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(words.run.as_deref())?;
    let branch = branch_of(&house.state(&entry.run)?);
    let discarded = house.repo.discard(&branch)?;
    if printer.is_json() {
        printer.value(serde_json::json!({
            "kind": "discarded", "branch": branch, "commit": discarded.commit, "kept": discarded.kept, "undo": discarded.undo,
        }));
        return Ok(Exit::Ok);
    }
    printer.line(&format!("removed {branch}; its commits are kept at {}", discarded.kept));
    printer.line(&format!("undo it: {}", discarded.undo));
    Ok(Exit::Ok)
}
