//! `mao journal`: opens a run that writes down the session since the last entry, and carries it.

pub(super) mod session;

use super::begin::{Beginning, Needs};
use super::resume::{Asking, work};
use crate::args::{Common, Journal};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::matter::Matter;
use mao_engine::open::NewRun;

/// Runs the command.
pub fn run(common: &Common, words: &Journal, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let start = Beginning::at_head(&house, work(&words.work), words.work.script.as_deref(), printer)?;
    let (session, supplies) = session::collect(&house, &start.loaded, &start.base, words.summary.clone())?;
    let about = ("journal", &*session.id.clone());
    let new = NewRun { supplies, ..start.about(about, Matter::Journal(session))? };
    Ok(start.begin(new, Needs::Orchestrator, printer, Asking::of(printer))?.1)
}
