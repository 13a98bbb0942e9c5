//! `mao models list`: the registry as it holds here, and which of its models can be used. It calls nobody. The other
//! `mao models …` are in `models/`.

mod check;
mod outcomes;

use crate::args::{Common, Models, ModelsWhat};
use crate::exit::{Exit, Failure};
use crate::open::glance::Glance;
use crate::print::Printer;
use mao_core::ids::{ModelId, Stamp};
use mao_policy::known::{Capability, Cost};
use mao_policy::orchestrator;
use mao_policy::policy::{Lifecycle, ModelEntry};

/// Runs the command.
pub fn run(common: &Common, words: &Models, printer: &Printer) -> Result<Exit, Failure> {
    match words.what {
        ModelsWhat::List => list(&Glance::at(common, Vec::new(), printer)?, printer),
        ModelsWhat::Check => return Ok(check::run(&Glance::at(common, Vec::new(), printer)?, printer)),
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
    now: Stamp,
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
                now: conditions.now,
            }
        })
        .collect();
    if printer.is_json() {
        for row in &rows {
            printer.value(row.json());
        }
        return;
    }
    let head = [
        "model",
        "vendor",
        "endpoint",
        "role",
        "efforts",
        "tokens in/out",
        "can",
        "cost",
        "lifecycle",
        "enabled",
        "usable here",
    ];
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

/// Tokens as people say them: `1.05M`, `128K`.
fn short(tokens: u64) -> String {
    let cut = |value: u64, unit: &str| {
        let (whole, part) = (value / 100, value % 100);
        let part = format!("{part:02}");
        let part = part.trim_end_matches('0');
        if part.is_empty() { format!("{whole}{unit}") } else { format!("{whole}.{part}{unit}") }
    };
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => format!("{}K", tokens / 1_000),
        _ => cut(tokens / 10_000, "M"),
    }
}

impl Row<'_> {
    /// What it can do that not every model can.
    fn can(&self) -> String {
        let Some(all) = &self.entry.known.capabilities else { return "unknown".to_owned() };
        let shared = [Capability::Edit, Capability::Tools];
        let own: Vec<&str> = all.iter().filter(|one| !shared.contains(one)).map(|one| one.name()).collect();
        if own.is_empty() { "-".to_owned() } else { own.join(", ") }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": "model", "model": self.model, "vendor": self.entry.vendor, "provider": self.entry.provider,
            "account": self.entry.account, "endpoint": self.entry.endpoint, "family": self.entry.family,
            "role": self.entry.role, "held_roles": self.roles, "efforts": self.entry.efforts,
            "effort": self.entry.effort, "context_tokens": self.entry.context_tokens,
            "output_tokens": self.entry.output_tokens, "known": self.entry.known, "price": self.entry.price_at(self.now),
            "lifecycle": self.entry.stage(self.now),
            "replacement": self.entry.replacement, "verified_at": self.entry.verified_at, "enabled": self.enabled,
            "usable": self.usable.is_ok(), "missing": self.usable.as_ref().err(), "signed_in": null,
        })
    }

    fn cells(&self) -> [String; 11] {
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
            format!("{}/{}", short(entry.context_tokens), short(entry.output_tokens)),
            self.can(),
            entry.known.cost.map_or("unknown", Cost::name).to_owned(),
            match (entry.stage(self.now), entry.known.retires) {
                (stage @ (Lifecycle::Active | Lifecycle::Legacy | Lifecycle::Deprecated), Some(day)) => {
                    format!("{} until {day}", stage.name())
                }
                (stage, _) => stage.name().to_owned(),
            },
            if self.enabled { "yes" } else { "no" }.to_owned(),
            self.usable.clone().map_or_else(|why| format!("no: {why}"), |()| "yes".to_owned()),
        ]
    }
}
