//! `mao logs fallback`: what followed each failure and each refused change, with its reason, and who was passed over when
//! a route was drawn. Out of the ledger alone.

use crate::args::RunName;
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::event::{Decision, Event, Recorded, Skipped};
use mao_core::text;
use mao_store::Ledger;
use serde_json::{Value, json};

/// Prints them.
pub(super) fn print(house: &House, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let run = house.run(words.run.as_deref())?.run;
    let rows: Vec<(Value, String)> = house.store.read(&run, 0)?.iter().flat_map(rows).collect();
    if rows.is_empty() && !printer.is_json() {
        printer.note("no model was passed over and nothing was tried twice");
    }
    for (value, line) in rows {
        if printer.is_json() {
            printer.value(value);
        } else {
            printer.line(&line);
        }
    }
    Ok(Exit::Ok)
}

fn rows(recorded: &Recorded) -> Vec<(Value, String)> {
    if let Event::Routed { step, route } = &recorded.event {
        let passed_over = |skipped: &Skipped| {
            let value = json!({
                "kind": "passed_over", "at": recorded.at, "step": step, "model": skipped.model, "reason": skipped.why,
            });
            (value, line(step.as_str(), "passed over", skipped.model.as_str(), &skipped.why))
        };
        return route.skipped.iter().map(passed_over).collect();
    }
    let Event::Decided { step, after, decision } = &recorded.event else { return Vec::new() };
    let (what, who, reason) = match decision {
        Decision::Again { reason } => ("again", String::new(), reason),
        Decision::Next { from, to, reason, .. } => ("fallback", format!("{from} → {to}"), reason),
        Decision::Wait { reason, .. } => ("wait", String::new(), reason),
        Decision::AskPerson { question } => ("ask a person", String::new(), question),
        Decision::GiveUp { reason } => ("give up", String::new(), reason),
    };
    let value = json!({ "kind": "decided", "at": recorded.at, "step": step, "after": after.0, "decision": decision });
    vec![(value, line(&format!("{step}#{}", after.0), what, &who, reason))]
}

fn line(step: &str, what: &str, who: &str, reason: &str) -> String {
    format!("{step:<30} {what:<12} {who:<34} {}", text::one_line(reason, 160)).trim_end().to_owned()
}
