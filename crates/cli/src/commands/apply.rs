//! `mao apply`: brings a run's branch into the checkout. The only command that touches it, and it says how to undo it.

use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_engine::perform::branch_of;
use mao_repo::How;

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(words.run.as_deref())?;
    let branch = branch_of(&house.state(&entry.run)?);
    let applied = house.repo.apply(&branch, house.clock.now())?;
    if printer.is_json() {
        printer.value(serde_json::json!({
            "kind": "applied", "branch": branch, "from": applied.from, "to": applied.to, "undo": applied.undo,
        }));
        return Ok(Exit::Ok);
    }
    match applied.how {
        How::Already => printer.line(&format!("{branch} is in this checkout already")),
        How::FastForward => printer.line(&format!("moved forward to {branch}")),
        How::MergeCommit => printer.line(&format!("merged {branch}")),
    }
    if applied.how != How::Already {
        printer.line(&format!("undo it: {}", applied.undo));
    }
    Ok(Exit::Ok)
}
