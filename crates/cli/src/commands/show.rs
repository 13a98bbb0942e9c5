//! `mao show`: a run's steps and attempts, with models, times and reasons.

use crate::args::{Common, RunName};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use crate::print::human::{duration, standing};
use mao_core::step::{AttemptState, Step};
use mao_core::text;
use mao_policy::spend;

/// Runs the command.
pub fn run(common: &Common, words: &RunName, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(words.run.as_deref())?;
    let state = house.state(&entry.run)?;
    let owned = entry.held_until > house.clock.now();
    if !printer.is_json() {
        printer.line(&format!(
            "run {}  {} {}  {}  {}",
            entry.run,
            state.opened.workflow,
            state.opened.request.text,
            super::runs::when(entry.opened_at),
            super::runs::standing(&state, owned)
        ));
        for line in state.opened.scripted.iter().chain(&state.parked) {
            printer.line(line);
        }
    }
    for (id, step) in &state.steps {
        let attempts: Vec<(String, String, String)> = match step {
            Step::Ask(ask) => ask
                .attempts
                .iter()
                .map(|attempt| {
                    let model = ask.link_of(attempt).map_or_else(String::new, |link| link.model.to_string());
                    let (took, what) = match &attempt.state {
                        AttemptState::Running => (String::new(), "running".to_owned()),
                        AttemptState::Lost => (String::new(), "lost when mao was killed".to_owned()),
                        AttemptState::Failed(fault, at) => (duration(at.since(attempt.started)), fault.to_string()),
                        AttemptState::Answered(answered) => {
                            let took = duration(answered.at.since(attempt.started));
                            let served = answered.answer.served.as_deref().unwrap_or("unconfirmed");
                            let what = match &answered.refusal {
                                Some(refusal) => format!("served by {served}; {}", refusal.label()),
                                None => format!("served by {served}"),
                            };
                            (took, what)
                        }
                    };
                    (model, took, what)
                })
                .collect(),
            Step::Verify { .. }
            | Step::Probe { .. }
            | Step::Inspect { .. }
            | Step::Compare { .. }
            | Step::Merge { .. }
            | Step::Report { .. }
            | Step::Publish { .. } => Vec::new(),
            Step::Question { text, .. } => vec![(String::new(), String::new(), text.clone())],
        };
        if printer.is_json() {
            let (expected, out) = tokens_out(step);
            let attempts: Vec<serde_json::Value> = attempts
                .iter()
                .enumerate()
                .map(|(at, (model, took, what))| {
                    let out = out.get(at).copied().flatten();
                    serde_json::json!({"model": model, "took": took, "what": what, "tokens_out": out})
                })
                .collect();
            printer.value(serde_json::json!({
                "step": id, "standing": standing(step), "tokens_out_expected": expected, "attempts": attempts,
            }));
            continue;
        }
        printer.line(&format!("  {:<30} {}", id.as_str(), standing(step)));
        for (model, took, what) in attempts {
            printer.line(&format!("      {model:<18} {took:>7}  {}", text::one_line(&what, 160)));
        }
    }
    for (id, why) in &state.skipped {
        printer.line(&format!("  {:<30} skipped: {why}", id.as_str()));
    }
    if !printer.is_json() {
        let usage = state.usage();
        printer.line(&format!("tokens: {} in ({} cached), {} out", usage.input, usage.cached, usage.output));
        let spend = spend::spent(&house.policy_of(&state)?, &state);
        let unknown = match spend.unpriced {
            0 => String::new(),
            count => format!(", and {count} attempts at a price that nobody knows"),
        };
        printer.line(&format!("cost at list prices: ${}{unknown}", spend::usd(spend.micro_usd)));
    }
    Ok(Exit::Ok)
}

/// CNK-09: the tokens that an answer was expected to take, and those that each attempt took.
fn tokens_out(step: &Step) -> (Option<u32>, Vec<Option<u64>>) {
    let Step::Ask(ask) = step else { return (None, Vec::new()) };
    let took = ask.attempts.iter().map(|attempt| attempt.usage().map(|usage| usage.output));
    (ask.ask.size.expected, took.collect())
}
