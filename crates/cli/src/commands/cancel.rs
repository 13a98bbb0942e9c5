//! `mao cancel`: posts to a run's inbox that it shall end. Where nobody owns the run, it is ended here.

use super::resume::go_on;
use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_store::{Inbox, Signal};

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(words.run.as_deref())?;
    let state = house.state(&entry.run)?;
    let short = entry.run.prefix(8);
    if state.outcome.is_some() {
        return Err(Failure::new(Exit::Negative, format!("run {short} is over already")));
    }
    let now = house.clock.now();
    house.store.post(&entry.run, now, &Signal::Cancel { by: "mao cancel".to_owned() })?;
    if entry.held_until > now {
        printer.note(&format!("run {short} was told to end"));
    } else {
        go_on(&house, &entry.run, &state, Vec::new(), printer)?;
    }
    Ok(Exit::Ok)
}
