//! `mao logs`: a run's events as they are recorded, views of them, the raw transcript of one attempt, or all of it as
//! one file for a bug report.

mod bundle;
mod calls;
mod fallback;
mod outbound;

use crate::args::{Common, Logs, LogsView};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use crate::print::human::duration;
use mao_core::event::Event;
use mao_core::text;
use mao_engine::Announcement;
use mao_policy::fallback as taken_fallbacks;
use mao_policy::spend::usd;
use mao_store::{Blobs, Ledger};
use mao_workflows::develop::report::fallback_line;
use std::time::Duration;

/// Between two looks at the ledger.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the command.
pub fn run(common: &Common, words: &Logs, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    match &words.view {
        Some(LogsView::Calls(words)) => return calls::print(&house, words, printer),
        Some(LogsView::Fallback(words)) => return fallback::print(&house, words, printer),
        Some(LogsView::Outbound(words)) => return outbound::print(&house, words, printer),
        None => {}
    }
    let run = house.run(words.run.as_deref())?.run;
    if let Some(file) = &words.bundle {
        let content = if words.with_content { bundle::Content::Whole } else { bundle::Content::LeftOut };
        return bundle::write(common, &house, &run, file, content, printer);
    }
    if let Some(step) = &words.step {
        return transcript(&house, &run, step, printer);
    }
    if words.fallbacks {
        return fallbacks(&house, &run, printer);
    }
    let mut after = 0;
    loop {
        for recorded in house.store.read(&run, after)? {
            after = recorded.seq;
            printer.announce_on_stdout(&Announcement::Recorded(Box::new(recorded)));
        }
        if !words.follow || house.state(&run)?.outcome.is_some() {
            return Ok(Exit::Ok);
        }
        std::thread::sleep(LOOK);
    }
}

/// FBK-02: what is recorded of every fallback, from the calls that were made.
fn fallbacks(house: &House, run: &mao_core::ids::RunId, printer: &Printer) -> Result<Exit, Failure> {
    let state = house.state(run)?;
    for taken in taken_fallbacks::taken(&house.policy_of(&state)?, &state) {
        if printer.is_json() {
            printer.value(serde_json::json!(taken));
            continue;
        }
        printer.line(&fallback_line(&taken.label, taken.from.as_str(), taken.to.as_str(), &taken.reason));
        let attempt = taken.attempt.map_or_else(|| "nobody was asked".to_owned(), |no| format!("attempt {no}"));
        let took = taken.took_ms.map(|ms| format!(", {}", duration(ms))).unwrap_or_default();
        let exit = taken.exit.map(|code| format!(", exit {code}")).unwrap_or_default();
        let lost = format!(", {} tokens lost", taken.lost.input.saturating_add(taken.lost.output));
        let money = taken.lost_micro_usd.map(|micro_usd| format!(" (${})", usd(micro_usd))).unwrap_or_default();
        let left = taken.partial.map(|commit| format!(", left {}", &commit.as_str()[..12])).unwrap_or_default();
        let privacy = format!(", privacy {}: {} may see it", taken.privacy.name(), taken.vendor);
        printer.line(&format!("  {}: {attempt}{took}{exit}{lost}{money}{left}{privacy}", taken.step));
    }
    Ok(Exit::Ok)
}

fn transcript(house: &House, run: &mao_core::ids::RunId, named: &str, printer: &Printer) -> Result<Exit, Failure> {
    let (step, wanted) = match named.split_once('#') {
        Some((step, no)) => (step, no.parse::<u32>().ok()),
        None => (named, None),
    };
    let events = house.store.read(run, 0)?;
    let found = events.iter().rev().find_map(|recorded| {
        let Event::AttemptEnded { step: of, attempt, transcript, .. } = &recorded.event else { return None };
        let meant = of.as_str() == step && wanted.is_none_or(|no| no == attempt.0);
        transcript.clone().filter(|_| meant)
    });
    let Some(blob) = found else {
        return Err(Failure::new(Exit::Negative, format!("no attempt of `{step}` has a transcript"))
            .hint("`mao show` lists the steps"));
    };
    let content = house.store.get(&blob)?;
    if printer.is_json() {
        let text = text::printable(&String::from_utf8_lossy(&content));
        printer
            .value(serde_json::json!({ "kind": "transcript", "run": run, "step": step, "blob": blob, "text": text }));
        return Ok(Exit::Ok);
    }
    printer.line(text::printable(&String::from_utf8_lossy(&content)).trim_end());
    Ok(Exit::Ok)
}
