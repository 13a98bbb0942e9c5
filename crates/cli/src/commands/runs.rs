//! `mao runs`: the runs of this repository, newest first.

use crate::args::{Common, Runs};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_store::Ledger;

/// Runs the command.
pub fn run(common: &Common, words: &Runs, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let runs = if words.all { house.store.runs(None)? } else { house.runs()? };
    if runs.is_empty() && !printer.is_json() {
        printer.note("no runs yet: `mao develop 1` starts one, `mao demo` plays one");
    }
    for entry in runs {
        let state = house.state(&entry.run)?;
        let owned = entry.held_until > house.clock.now();
        let standing = standing(&state, owned);
        if printer.is_json() {
            printer.value(serde_json::json!({
                "run": entry.run, "workflow": state.opened.workflow, "request": state.opened.request.text,
                "opened_at": entry.opened_at, "standing": standing, "outcome": state.outcome,
                "scripted": state.opened.scripted,
            }));
            continue;
        }
        let when = when(entry.opened_at);
        let scripted = if state.opened.scripted.is_some() { "  (scripted)" } else { "" };
        printer.line(&format!(
            "{}  {when}  {} {:<12} {standing}{scripted}",
            entry.run.prefix(8),
            state.opened.workflow,
            state.opened.request.text
        ));
    }
    Ok(Exit::Ok)
}

/// Where a run stands, in a word.
#[must_use]
pub fn standing(state: &RunState, owned: bool) -> &'static str {
    match (&state.outcome, &state.parked) {
        (Some(Outcome::Complete), _) => "complete",
        (Some(Outcome::Incomplete), _) => "incomplete",
        (Some(Outcome::Negative { .. }), _) => "no",
        (Some(Outcome::NoProvider { .. }), _) => "no model answered",
        (Some(Outcome::Cancelled { .. }), _) => "cancelled",
        (Some(Outcome::Declined { .. }), _) => "declined",
        (None, _) if owned => "running",
        (None, Some(_)) => "waiting",
        (None, None) => "interrupted",
    }
}

/// A moment in UTC, to the minute.
#[must_use]
pub fn when(stamp: mao_core::ids::Stamp) -> String {
    let seconds = i64::try_from(stamp.seconds()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "unknown time".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
