//! `mao logs fallback`: what followed each failure and each refused change, with its reason, and who was passed over when
//! a route was drawn; of every fallback also what was lost. Out of the ledger alone.

use crate::args::RunName;
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use crate::print::human::duration;
use mao_core::event::{Decision, Event, Recorded, Skipped};
use mao_core::text;
use mao_policy::fallback::{Taken, taken};
use mao_policy::spend::usd;
use mao_store::Ledger;
use mao_workflows::develop::report::fallback_line;
use serde_json::{Value, json};

/// Prints them.
pub(super) fn print(house: &House, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let run = house.run(words.run.as_deref())?.run;
    let state = house.state(&run)?;
    let taken = taken(&house.policy_of(&state)?, &state);
    let rows: Vec<(Value, String)> =
        house.store.read(&run, 0)?.iter().flat_map(|recorded| rows(recorded, &taken)).collect();
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

fn rows(recorded: &Recorded, taken: &[Taken]) -> Vec<(Value, String)> {
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
    let next = if let Decision::Next { to, .. } = decision { Some(to) } else { None };
    let lost = taken
        .iter()
        .find(|one| Some(&one.to) == next && one.step == *step && one.attempt.map_or(0, |no| no.0) == after.0);
    let value = json!({
        "kind": "decided", "at": recorded.at, "step": step, "after": after.0, "decision": decision, "taken": lost,
    });
    let mut text = line(&format!("{step}#{}", after.0), what, &who, reason);
    if let Some(lost) = lost {
        text.push_str(&format!("\n  {}", in_words(lost)));
    }
    vec![(value, text)]
}

/// FBK-02: what is recorded of a fallback, from the calls that were made.
fn in_words(taken: &Taken) -> String {
    let said = fallback_line(&taken.label, taken.from.as_str(), taken.to.as_str(), &taken.reason);
    let attempt = taken.attempt.map_or_else(|| "nobody was asked".to_owned(), |no| format!("attempt {no}"));
    let took = taken.took_ms.map(|ms| format!(", {}", duration(ms))).unwrap_or_default();
    let exit = taken.exit.map(|code| format!(", exit {code}")).unwrap_or_default();
    let lost = format!(", {} tokens lost", taken.lost.input.saturating_add(taken.lost.output));
    let money = taken.lost_micro_usd.map(|micro_usd| format!(" (${})", usd(micro_usd))).unwrap_or_default();
    let left = taken.partial.as_ref().map(|commit| format!(", left {}", &commit.as_str()[..12])).unwrap_or_default();
    let privacy = format!(", privacy {}: {} may see it", taken.privacy.name(), taken.vendor);
    format!("{said}: {attempt}{took}{exit}{lost}{money}{left}{privacy}")
}

fn line(step: &str, what: &str, who: &str, reason: &str) -> String {
    format!("{step:<30} {what:<12} {who:<34} {}", text::one_line(reason, 160)).trim_end().to_owned()
}
