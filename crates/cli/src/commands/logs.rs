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
use mao_core::event::Event;
use mao_core::text;
use mao_engine::Announcement;
use mao_store::{Blobs, Ledger};
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
