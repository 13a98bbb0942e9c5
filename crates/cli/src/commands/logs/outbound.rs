//! `mao logs outbound`: what left this machine, to whom, and what each worker could read. Out of the ledger alone: the
//! prompt is the blob that was sent, without the secrets that were cut out of it.

use super::calls::calls;
use crate::args::RunName;
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::event::{Event, Outbound, Recorded};
use mao_core::ids::{AttemptNo, StepId};
use mao_core::text;
use mao_store::Ledger;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prints them.
pub(super) fn print(house: &House, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let run = house.run(words.run.as_deref())?.run;
    let events = house.store.read(&run, 0)?;
    let rows = rows(&events);
    if rows.is_empty() && !printer.is_json() {
        printer.note("nothing was sent to anybody");
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

fn rows(events: &[Recorded]) -> Vec<(Value, String)> {
    let mut sent: BTreeMap<(&StepId, AttemptNo), &Outbound> = BTreeMap::new();
    for recorded in events {
        if let Event::AttemptStarted { step, attempt, outbound, .. } = &recorded.event {
            sent.insert((step, *attempt), outbound);
        }
    }
    let outbound = |call: &Value| {
        let step = StepId::from(call["step"].as_str().unwrap_or_default());
        let attempt = AttemptNo(u32::try_from(call["attempt"].as_u64().unwrap_or_default()).unwrap_or_default());
        sent.get(&(&step, attempt)).map(|outbound| (*outbound).clone()).unwrap_or_default()
    };
    calls(events).iter().map(|call| row(call, &outbound(call))).collect()
}

fn row(call: &Value, outbound: &Outbound) -> (Value, String) {
    let of = |name: &str| call[name].as_str().unwrap_or_default();
    let except: Vec<&str> = outbound.withheld.iter().map(|glob| glob.0.as_str()).collect();
    let value = json!({
        "kind": "outbound", "at": call["started_at"], "step": call["step"], "attempt": call["attempt"],
        "vendor": call["vendor"], "account": call["account"], "model": call["model"],
        "prompt": if outbound.blocked.is_some() { Value::Null } else { call["prompt"].clone() },
        "bytes": outbound.bytes, "redacted": outbound.redacted, "blocked": outbound.blocked,
        "readable": { "commit": call["base"], "except": outbound.withheld }, "containment": call["containment"],
    });
    let name = format!("{}#{}", of("step"), call["attempt"]);
    let what = match &outbound.blocked {
        Some(kind) => format!("nothing: the prompt holds a {kind}"),
        None => format!("{} bytes", outbound.bytes),
    };
    let cut = match outbound.redacted.len() {
        0 => String::new(),
        _ if outbound.blocked.is_some() => String::new(),
        _ => format!(", cut out: {}", outbound.redacted.join(", ")),
    };
    let base = of("base");
    let mut read = format!("; could read {}", &base[..base.len().min(12)]);
    if !except.is_empty() {
        read.push_str(&format!(" without {}", except.join(", ")));
    }
    // Said where nothing but the user's own permissions stood between it and the files.
    if of("containment").contains("reads: open") {
        read.push_str(", and whatever else you can: nothing here confines what it reads");
    }
    let line = format!("{name:<30} {:<12} {:<18} {what}{cut}{read}", of("vendor"), of("model"));
    (value, text::one_line(&line, 400))
}
