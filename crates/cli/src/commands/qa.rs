//! `mao qa 2`: opens a run that judges sections of the task list, and carries it.

use super::begin::{Beginning, Needs};
use super::develop::request::{Wanted, new_run};
use super::journal::session;
use super::resume::{Asking, work};
use crate::args::{Common, Qa};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::matter::Matter;
use mao_core::quality::{Fixes, Quality, Strictness, Unfinished};
use mao_core::request::{Approval, Order};
use mao_core::section;
use mao_core::supply::Supply;
use mao_engine::open::NewRun;

/// How many names one supply holds.
const NAMES: usize = 200;

/// Runs the command.
pub fn run(common: &Common, words: &Qa, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let start = Beginning::at_head(&house, work(&words.work), words.work.script.as_deref(), printer)?;
    let (loaded, scripted) = (&start.loaded, start.scripted());
    let order = if words.sequential { Order::Sequential } else { Order::Computed };
    let wanted = Wanted { workflow: "qa", words: &words.sections, order, approval: Approval::Given, scripted };
    let new = new_run(&house, loaded, start.base.clone(), &wanted)?;
    let asking = Asking::of(printer);
    refuse_unfinished(words, &new, asking)?;
    let quality = Quality {
        gate: if words.strict { Strictness::Strict } else { Strictness::Normal },
        fixes: if words.no_fix { Fixes::None } else { Fixes::Cycles },
        unfinished: if words.force { Unfinished::Judge } else { Unfinished::Ask },
        book: session::the_book(&house, &new.base)?,
    };
    let tasks = session::sections(&house, loaded, &new.base)?;
    let supplies = wants(&new).into_iter().chain(tasks.into_iter().map(|fact| Supply::Fact(Box::new(fact)))).collect();
    let new = NewRun { matter: Matter::Quality(quality), supplies, ..new };
    Ok(start.begin(new, Needs::Orchestrator, printer, asking)?.1)
}

/// QA-08: what is not finished is judged after a word about it; where nobody can be asked, nobody said yes.
fn refuse_unfinished(words: &Qa, new: &NewRun, asking: Asking) -> Result<(), Failure> {
    let open = |section: &&mao_engine::open::NewSection| section.declares.subtasks.is_some_and(|open| open > 0);
    let open: Vec<&str> = new.sections.iter().filter(open).map(|section| section.id.as_str()).collect();
    if open.is_empty() || words.force || asking == Asking::Terminal {
        return Ok(());
    }
    let what = format!("section {} has open items, and nobody is there to ask", open.join(", "));
    Err(Failure::new(Exit::Declined, what).hint("finish it and tick its items, or judge it all the same: `--force`"))
}

/// What each section can be wanting: its items by number, and the requirements that it names.
fn wants(new: &NewRun) -> Vec<Supply> {
    let mut supplies = Vec::new();
    for wanted in &new.sections {
        let tasks = section::parse(&wanted.text);
        let items = tasks.sections.iter().flat_map(|section| &section.items).filter_map(|item| item.id.clone());
        let refs = tasks.sections.iter().flat_map(|section| &section.refs).cloned();
        let mut names: Vec<String> = items.chain(refs).collect();
        names.sort();
        names.dedup();
        let supply = |names: &[String]| Supply::Wants { section: wanted.id.clone(), names: names.to_vec() };
        supplies.extend(names.chunks(NAMES).map(supply));
    }
    supplies
}
