//! `mao plan show`, `mao plan diff`: the plan of a run, from its record.

use crate::args::{Common, Plan, PlanWhat};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::{Printer, plan};
use mao_workflows::develop::outline::Outline;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Runs the command.
pub fn run(common: &Common, words: &Plan, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    match &words.what {
        PlanWhat::Show(named) => {
            let outline = planned(&house, named.run.as_deref())?;
            show(&outline, printer)?;
            Ok(Exit::Ok)
        }
        PlanWhat::Diff(named) => {
            let (one, other) = (planned(&house, Some(&named.one))?, planned(&house, named.other.as_deref())?);
            let found = differences(&one, &other)?;
            if printer.is_json() {
                printer.value(json!({"kind": "plan_diff", "one": one.run, "other": other.run, "differences": found}));
            } else if found.is_empty() {
                printer.line("the plans are the same");
            }
            for (what, (before, after)) in found.iter().filter(|_| !printer.is_json()) {
                printer.line(what);
                printer.line(&format!("  - {}", plan::brief(before)));
                printer.line(&format!("  + {}", plan::brief(after)));
            }
            Ok(if found.is_empty() { Exit::Ok } else { Exit::Negative })
        }
    }
}

/// Prints a plan as data.
pub(super) fn show(outline: &Outline, printer: &Printer) -> Result<(), Failure> {
    if printer.is_json() {
        let mut value = serde_json::to_value(outline).map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("kind".into(), "plan".into());
        }
        printer.value(value);
    } else {
        plan::lines(outline).iter().for_each(|line| printer.line(line));
    }
    Ok(())
}

fn planned(house: &House, named: Option<&str>) -> Result<Outline, Failure> {
    let run = house.run(named)?.run;
    house.outline(&run)?.ok_or_else(|| {
        Failure::new(Exit::Negative, format!("run {} has no plan", run.prefix(8)))
            .hint("`mao runs` lists the runs there are; one that goes on may have it later")
    })
}

/// What differs, by what it is, as both have it. Ids of runs and of answers are no difference.
fn differences(one: &Outline, other: &Outline) -> Result<BTreeMap<String, (Value, Value)>, Failure> {
    let (mut one, mut other) = (named(one)?, named(other)?);
    let names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    let mut found = BTreeMap::new();
    for name in names {
        let pair = (one.remove(&name).unwrap_or(Value::Null), other.remove(&name).unwrap_or(Value::Null));
        if pair.0 != pair.1 {
            found.insert(name, pair);
        }
    }
    Ok(found)
}

/// Everything a plan says, each under a name of its own: `order`, `section 2: contract`, `2 storage: chain`.
fn named(outline: &Outline) -> Result<BTreeMap<String, Value>, Failure> {
    let wrong = |wrong| Failure::new(Exit::Internal, wrong);
    let mut whole = serde_json::to_value(outline).map_err(wrong)?;
    let mut all = BTreeMap::new();
    let Some(object) = whole.as_object_mut() else { return Ok(all) };
    for apart in ["version", "run", "plan", "rows", "sections"] {
        object.remove(apart);
    }
    all.extend(object.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut each = |place: String, value: Value| {
        if let Value::Object(fields) = value {
            all.extend(fields.into_iter().map(|(name, value)| (format!("{place}: {name}"), value)));
        }
    };
    for section in &outline.sections {
        each(format!("section {}", section.section), serde_json::to_value(section).map_err(wrong)?);
    }
    for row in &outline.rows {
        each(format!("{} {}", row.section, row.stream.name()), serde_json::to_value(row).map_err(wrong)?);
    }
    Ok(all)
}
