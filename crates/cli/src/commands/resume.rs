//! `mao resume`: owns a run that nobody owns, and carries it on from its ledger.

use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::{House, SCRIPT};
use crate::print::Printer;
use crate::signals::Signals;
use mao_core::ids::RunId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_engine::announce::{Announcement, Stream};
use mao_engine::{Carried, Parts};
use mao_store::Ledger;
use std::sync::Arc;

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let run = house.run(words.run.as_deref())?.run;
    let state = house.state(&run)?;
    if state.outcome.is_some() {
        printer.note(&format!("run {} is over already", run.prefix(8)));
        return finish(&house, &run, None, printer);
    }
    go_on(&house, &run, &state, printer)
}

/// Carries a run that is not over.
pub fn go_on(house: &House, run: &RunId, state: &RunState, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = house.config(Vec::new(), printer)?;
    let script = state.opened.scripted.as_ref().map(|_| house.runs_dir().join(run.to_string()).join(SCRIPT));
    let (parts, stream) = house.parts(&loaded, script.as_deref())?;
    for recorded in house.store.read(run, 0)? {
        // What was recorded before is known to the printer, not said again.
        printer.catch_up(&Announcement::Recorded(Box::new(recorded)));
    }
    carry(house, parts, stream, *run, printer)
}

/// Owns the run until it is over or waits, printing what happens.
pub fn carry(
    house: &House,
    parts: Arc<Parts>,
    mut stream: Stream,
    run: RunId,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    let fresh = printer.knows_no_run();
    if fresh {
        for recorded in house.store.read(&run, 0)? {
            printer.announce(&Announcement::Recorded(Box::new(recorded)));
        }
    }
    let (carried, signal) = runtime.block_on(async {
        let signals = Signals::listen().map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
        let mut owner = tokio::spawn(mao_engine::carry(parts, run, signals.cancel.clone()));
        let carried = loop {
            tokio::select! {
                Some(announcement) = stream.next() => printer.announce(&announcement),
                carried = &mut owner => break carried,
            }
        };
        while let Some(announcement) = stream.try_next() {
            printer.announce(&announcement);
        }
        let carried = carried.map_err(|broken| Failure::new(Exit::Internal, broken))??;
        Ok::<_, Failure>((carried, signals.exit()))
    })?;
    let exit = finish(house, &run, Some(&carried), printer)?;
    Ok(match (&carried, signal) {
        (Carried::Closed(Outcome::Cancelled { .. }), Some(signal)) => signal,
        (Carried::Closed(_) | Carried::Parked { .. }, _) => exit,
    })
}

/// Says how a run ended and what a person can do with it.
fn finish(house: &House, run: &RunId, carried: Option<&Carried>, printer: &Printer) -> Result<Exit, Failure> {
    let state = house.state(run)?;
    let short = run.prefix(8);
    let branch = state.steps.values().find_map(|step| match step {
        Step::Publish { branch, .. } => branch.clone(),
        Step::Ask(_) | Step::Verify { .. } | Step::Merge { .. } | Step::Report { .. } | Step::Question { .. } => None,
    });
    let exit = match (carried, &state.outcome) {
        (_, Some(outcome)) => Exit::of(&Carried::Closed(outcome.clone())),
        (Some(carried), None) => Exit::of(carried),
        (None, None) => Exit::Parked,
    };
    if printer.is_json() {
        printer.value(serde_json::json!({
            "kind": "result", "run": run, "exit": exit.code(), "outcome": state.outcome, "branch": branch,
            "head": state.head, "waiting_for": state.parked, "scripted": state.opened.scripted,
        }));
        return Ok(exit);
    }
    let mark = if state.opened.scripted.is_some() { "[scripted] " } else { "" };
    if let Some(waiting) = &state.parked {
        printer.line(&format!("{mark}run {short} waits for {waiting}"));
        printer.line(&format!("{mark}  answer it: mao answer {short} yes|no    go on: mao resume {short}"));
    }
    if let Some(branch) = branch {
        let path = mao_workflows::find(&state.opened.workflow).map(|workflow| workflow.report_path(&state));
        let report = path.as_ref().and_then(|path| house.repo.read(&state.head, path).ok().flatten());
        if let Some(report) = report {
            printer.line(&format!("\n{}", String::from_utf8_lossy(&report)));
        }
        printer.line(&format!("{mark}branch   {branch}"));
        if let Some(path) = path {
            printer.line(&format!("{mark}report   git show {branch}:{path}"));
        }
        printer.line(&format!("{mark}take it  mao apply {short}      drop it  mao discard {short}"));
    }
    Ok(exit)
}
