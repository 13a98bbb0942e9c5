//! `mao deps 2,3`: asks how sections depend on each other, and says in which waves `mao develop` would run them. It is a
//! recorded run of its own that changes nothing.

use super::begin::{Beginning, Needs};
use super::develop::request::{Wanted, new_run};
use super::resume::Asking;
use crate::args::{Common, Deps};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::{Printer, plan};
use mao_core::request::{Approval, Order};
use mao_workflows::develop::order;

/// Runs the command.
pub fn run(common: &Common, words: &Deps, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let start = Beginning::at_head(&house, Vec::new(), words.script.as_deref(), printer)?;
    let (order, approval, scripted) = (Order::Computed, Approval::Given, start.scripted());
    let wanted = Wanted { workflow: "deps", words: &words.sections, order, approval, scripted };
    let new = new_run(&house, &start.loaded, start.base.clone(), &wanted)?;
    if let [only] = &new.sections[..] {
        if printer.is_json() {
            printer.value(serde_json::json!({"kind": "order", "waves": [[only.id]], "reason": "one section"}));
        } else {
            printer.line(&format!("section {} alone: nothing to compare, and nobody was called", only.id));
        }
        return Ok(Exit::Ok);
    }
    let (run, exit) = start.begin(new, Needs::Orchestrator, printer, Asking::Nobody)?;
    let state = house.state(&run)?;
    let found = order::order(&state);
    if printer.is_json() {
        let said = order::dependencies(&state);
        let edges = said.map(|said| said.edges).unwrap_or_default();
        printer.value(serde_json::json!({
            "kind": "order", "waves": found.waves, "strategy": found.strategy, "reason": found.reason,
            "notes": found.notes, "edges": edges,
        }));
    } else {
        plan::order(&found).iter().for_each(|line| printer.line(line));
    }
    Ok(exit)
}
