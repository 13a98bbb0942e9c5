//! `mao models list`: the registry as it holds here, and which of its models can be used. It calls nobody. `mao models
//! outcomes` is in `models/outcomes.rs`.

mod outcomes;

use crate::args::{Common, Models, ModelsWhat};
use crate::exit::{Exit, Failure};
use crate::open::glance::Glance;
use crate::print::Printer;
use mao_core::ids::ModelId;
use mao_policy::orchestrator;
use mao_policy::policy::ModelEntry;

/// Runs the command.
pub fn run(common: &Common, words: &Models, printer: &Printer) -> Result<Exit, Failure> {
    match words.what {
        ModelsWhat::List => list(&Glance::at(common, Vec::new(), printer)?, printer),
        ModelsWhat::Outcomes => return outcomes::run(printer),
    }
    Ok(Exit::Ok)
}

/// One row of the table.
struct Row<'a> {
    model: &'a ModelId,
    entry: &'a ModelEntry,
    roles: Vec<&'a str>,
    enabled: bool,
    usable: Result<(), String>,
}

fn list(glance: &Glance, printer: &Printer) {
    let policy = &glance.loaded.policy;
    let home = orchestrator::home_vendor();
    let conditions = glance.conditions();
    let rows: Vec<Row<'_>> = policy
        .models
        .iter()
        .map(|(model, entry)| {
            let held = glance.loaded.roles.iter().filter(|(_, held)| *held == model);
            Row {
                model,
                entry,
                roles: held.map(|(role, _)| role.as_str()).collect(),
                enabled: entry.vendor == home || policy.enabled.contains(&entry.provider),
                usable: glance.usable(model, &conditions),
            }
        })
        .collect();
    if printer.is_json() {
        for row in &rows {
            printer.value(row.json());
        }
        return;
    }
    let head = ["model", "vendor", "endpoint", "role", "efforts", "lifecycle", "enabled", "usable here"];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows.iter().map(Row::cells));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in &cells {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        printer.line(padded.collect::<Vec<_>>().join("  ").trim_end());
    }
    printer.note("whether you are signed in takes a call: `mao doctor` asks");
}

impl Row<'_> {
    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": "model", "model": self.model, "vendor": self.entry.vendor, "provider": self.entry.provider,
            "account": self.entry.account, "endpoint": self.entry.endpoint, "family": self.entry.family,
            "role": self.entry.role, "held_roles": self.roles, "efforts": self.entry.efforts,
            "effort": self.entry.effort, "context_tokens": self.entry.context_tokens,
            "output_tokens": self.entry.output_tokens, "lifecycle": self.entry.lifecycle,
            "replacement": self.entry.replacement, "verified_at": self.entry.verified_at, "enabled": self.enabled,
            "usable": self.usable.is_ok(), "missing": self.usable.as_ref().err(), "signed_in": null,
        })
    }

    fn cells(&self) -> [String; 8] {
        let entry = self.entry;
        // The role in the registry, and those that routes give to it by name.
        let role = entry.role.name();
        let others: Vec<&str> = self.roles.iter().copied().filter(|held| *held != role).collect();
        let roles = if others.is_empty() { role.to_owned() } else { format!("{role}, {}", others.join(", ")) };
        let efforts = match (entry.efforts.first(), entry.efforts.last()) {
            (Some(low), Some(high)) if low != high => format!("{low}…{high}"),
            (Some(only), _) => only.clone(),
            (None, _) => "-".to_owned(),
        };
        [
            self.model.to_string(),
            entry.vendor.to_string(),
            entry.endpoint.clone(),
            roles,
            efforts,
            entry.lifecycle.name().to_owned(),
            if self.enabled { "yes" } else { "no" }.to_owned(),
            self.usable.clone().map_or_else(|why| format!("no: {why}"), |()| "yes".to_owned()),
        ]
    }
}
