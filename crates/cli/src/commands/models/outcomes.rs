//! `mao models outcomes`: what came of each model's attempts, per kind of work, in every run that this machine holds.
//! Folded from the ledgers at every call; it calls nobody and keeps nothing.

use crate::exit::{Exit, Failure};
use crate::open::{environment, open_store, state_dir};
use crate::print::Printer;
use crate::print::human::duration;
use mao_core::run::RunState;
use mao_engine::EngineError;
use mao_policy::outcomes::{Outcomes, Row, Tally};
use mao_store::Ledger;

/// Runs the command.
pub fn run(printer: &Printer) -> Result<Exit, Failure> {
    let environment = environment();
    let mut tally = Tally::default();
    // The store is opened only where it is there already: looking writes nothing.
    if state_dir(&environment)?.join("ledger.sqlite").exists() {
        let (store, _) = open_store(&environment)?;
        for entry in store.runs(None)? {
            let state = RunState::fold(&store.read(&entry.run, 0)?).map_err(EngineError::from)?;
            state.iter().for_each(|state| tally.add(state));
        }
    }
    if printer.is_json() {
        for (row, outcomes) in &tally.0 {
            printer.value(json(row, outcomes));
        }
        return Ok(Exit::Ok);
    }
    if tally.0.is_empty() {
        printer.note("no attempts yet: `mao develop 1` makes some, `mao demo` plays some");
        return Ok(Exit::Ok);
    }
    let head = ["model", "work", "attempts", "stood", "refused", "failed", "lost", "mean time", "tokens out"];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(tally.0.iter().map(|(row, outcomes)| line(row, outcomes)));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in &cells {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        printer.line(padded.collect::<Vec<_>>().join("  ").trim_end());
    }
    Ok(Exit::Ok)
}

fn json(row: &Row, outcomes: &Outcomes) -> serde_json::Value {
    serde_json::json!({
        "kind": "outcomes", "model": row.model, "task": row.task, "scripted": row.scripted,
        "attempts": outcomes.ended(), "stood": outcomes.stood, "refused": outcomes.refused, "failed": outcomes.failed,
        "lost": outcomes.lost, "took_ms": outcomes.took_ms, "usage": outcomes.usage,
    })
}

fn line(row: &Row, outcomes: &Outcomes) -> [String; 9] {
    let model = if row.scripted { format!("{} (scripted)", row.model) } else { row.model.to_string() };
    let by_kind = |counts: &std::collections::BTreeMap<&'static str, u64>| match counts.is_empty() {
        true => "-".to_owned(),
        false => counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", "),
    };
    let mean = outcomes.took_ms.checked_div(outcomes.ended()).map_or_else(|| "-".to_owned(), duration);
    [
        model,
        row.task.to_string(),
        outcomes.ended().to_string(),
        outcomes.stood.to_string(),
        by_kind(&outcomes.refused),
        by_kind(&outcomes.failed),
        if outcomes.lost == 0 { "-".to_owned() } else { outcomes.lost.to_string() },
        mean,
        outcomes.usage.output.to_string(),
    ]
}
