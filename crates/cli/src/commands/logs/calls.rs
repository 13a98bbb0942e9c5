//! `mao logs calls`: every call of a model, out of the ledger alone: who was asked in which words (by their hash), when,
//! what contained it, what it took beside what was expected (CNK-09), and what came of it. A call that was lost or is still out is listed as such.

use crate::args::RunName;
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use crate::print::human::duration;
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, Event, Link, Recorded, Route};
use mao_core::ids::{AttemptNo, StepId};
use mao_core::text;
use mao_store::Ledger;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prints them.
pub(super) fn print(house: &House, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let run = house.run(words.run.as_deref())?.run;
    for call in calls(&house.store.read(&run, 0)?) {
        if printer.is_json() {
            printer.value(call);
            continue;
        }
        let of = |name: &str| call[name].as_str().unwrap_or("-").to_owned();
        let took = call["took_ms"].as_u64().map(duration).unwrap_or_default();
        let tokens = match (call["tokens"]["input"].as_u64(), call["tokens"]["output"].as_u64()) {
            (Some(input), Some(output)) => {
                let expected = call["expected"].as_u64().map(|expected| format!(" of ~{expected}")).unwrap_or_default();
                format!("{input} in, {output}{expected} out")
            }
            _ => String::new(),
        };
        let name = format!("{}#{}", of("step"), call["attempt"]);
        let what = text::one_line(&of("outcome"), 100);
        printer.line(format!("{name:<30} {:<18} {took:>7}  {tokens:<28} {what}", of("model")).trim_end());
    }
    Ok(Exit::Ok)
}

/// One object a call, in the order in which they were started.
pub(super) fn calls(events: &[Recorded]) -> Vec<Value> {
    let mut routes: BTreeMap<&StepId, &Route> = BTreeMap::new();
    let mut sizes: BTreeMap<&StepId, Option<u32>> = BTreeMap::new();
    let mut places: BTreeMap<(&StepId, AttemptNo), usize> = BTreeMap::new();
    let mut calls: Vec<Value> = Vec::new();
    for recorded in events {
        let event = &recorded.event;
        if let Event::Routed { step, route } = event {
            routes.insert(step, route);
        } else if let Event::StepOpened { step, work } = event {
            sizes.insert(step, if let Work::Ask(ask) = &**work { ask.size.expected } else { None });
        } else if let Event::AttemptStarted { step, attempt, link, prompt, base, session, .. } = event {
            places.insert((step, *attempt), calls.len());
            let link: Option<&Link> = routes.get(step).and_then(|route| route.links.get(*link));
            calls.push(json!({
                "kind": "call", "step": step, "attempt": attempt.0, "prompt": prompt, "base": base, "session": session,
                "model": link.map(|link| &link.model), "endpoint": link.map(|link| &link.endpoint),
                "vendor": link.map(|link| &link.vendor), "account": link.map(|link| &link.account),
                "effort": link.and_then(|link| link.effort.as_ref()), "started_at": recorded.at,
                "expected": sizes.get(step).copied().flatten(),
                "outcome": "not acknowledged yet",
            }));
        } else if let Event::AttemptEnded { step, attempt, result, transcript, containment, .. } = event {
            let Some(call) = places.get(&(step, *attempt)).and_then(|at| calls.get_mut(*at)) else { continue };
            ended(call, recorded, result);
            call["transcript"] = json!(transcript);
            call["containment"] = json!(containment);
        } else if let Event::AttemptLost { step, attempt, salvage } = event {
            let Some(call) = places.get(&(step, *attempt)).and_then(|at| calls.get_mut(*at)) else { continue };
            call["outcome"] = json!("lost when mao was killed");
            call["salvage"] = json!(salvage);
        }
    }
    calls
}

fn ended(call: &mut Value, recorded: &Recorded, result: &AttemptResult) {
    call["ended_at"] = json!(recorded.at);
    call["took_ms"] = json!(call["started_at"].as_u64().map(|started| recorded.at.0.saturating_sub(started)));
    match result {
        AttemptResult::Answered(answer) => {
            call["outcome"] = json!("answered");
            call["answer"] = json!(answer.text);
            call["change"] = json!(answer.change);
            if let Some(proposed) = &answer.proposed {
                call["proposed"] = json!(proposed);
            }
            call["served"] = json!(answer.served);
            call["effort_sent"] = json!(answer.effort_sent);
            call["tokens"] = json!(answer.usage);
        }
        AttemptResult::Failed(fault) => {
            call["outcome"] = json!(fault.to_string());
            call["fault"] = json!(fault);
        }
    }
}
