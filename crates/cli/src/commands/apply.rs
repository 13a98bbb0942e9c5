//! `mao apply`: brings a run's branch into the checkout. The only command that touches it, and it says how to undo it.

use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_engine::perform::branch_of;
use mao_repo::How;
use mao_workflows::journal::{COPIES, book};

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(words.run.as_deref())?;
    let branch = branch_of(&house.state(&entry.run)?);
    let applied = house.repo.apply_settling(&branch, house.clock.now(), &settle)?;
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

/// JRN-05: two journals are one by the names of their entries.
fn settle(path: &str, ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let (one, other) = std::str::from_utf8(ours).ok().zip(std::str::from_utf8(theirs).ok())?;
    if path == book::PATH {
        return Some(book::merge(one, other).into_bytes());
    }
    // The machine's copy of one entry: the later one, as in the book.
    let at = |copy: &str| serde_json::from_str::<serde_json::Value>(copy).ok()?.get("at")?.as_u64();
    let (one, other) = at(one).zip(at(other)).filter(|_| path.starts_with(COPIES))?;
    Some(if one <= other { theirs.to_vec() } else { ours.to_vec() })
}
