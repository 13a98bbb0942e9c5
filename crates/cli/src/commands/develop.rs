//! `mao develop 2,3`: opens a run for sections of the task list and carries it.

mod dry;
pub(super) mod request;

use super::begin::{Along, Beginning, Needs, base};
use super::precheck;
use super::resume::{Asking, caps, flag};
use crate::args::{Common, Develop};
use crate::exit::{Exit, Failure};
use crate::open::recording;
use crate::open::{House, load};
use crate::print::{Printer, terminal};
use mao_config::{Flag, Loaded, privacy_word};
use mao_core::request::{Approval, Order};
use mao_policy::checkpoint::Channel;
use request::Wanted;

/// Runs the command.
pub fn run(common: &Common, words: &Develop, printer: &Printer) -> Result<Exit, Failure> {
    let mut house = House::open(common)?;
    if words.precheck && words.script.is_none() {
        let loaded = load(&house.environment, Some(house.repo.root()), flags(words))?;
        house.unusable = precheck::unusable(&house, &loaded, printer)?;
    }
    run_at(&house, words, printer)
}

/// Runs the command in a house that is open already.
pub fn run_at(house: &House, words: &Develop, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = house.config(flags(words), printer)?;
    for remark in house.repo.remarks() {
        printer.note(remark);
    }
    if let Some(Some(dir)) = &words.record {
        recording::refuse_taken(dir)?;
    }
    let along = match (words.include_dirty, words.dry_run) {
        (true, true) => Along::LookedAt,
        (true, false) => Along::Taken,
        (false, _) => Along::Refused,
    };
    let base = base(house, words.base.as_deref(), along, printer)?;
    let mut start = Beginning::at(house, loaded, base, words.script.as_deref())?;
    start.policy.answers = answers(words, &start.loaded, printer);
    let (loaded, scripted) = (&start.loaded, start.scripted());
    let order = if words.sequential { Order::Sequential } else { Order::Computed };
    let approval = match (words.yes, words.plan_only || terminal(printer)) {
        (true, _) => Approval::Given,
        (false, true) => Approval::Always,
        (false, false) => Approval::WhereWanted,
    };
    let wanted = Wanted { workflow: "develop", words: &words.sections, order, approval, scripted };
    let new = request::new_run(house, loaded, start.base.clone(), &wanted)?;
    if let Some(script) = &words.script {
        // Read here first, so that what is wrong with it is said of the person's own file.
        house.parts(loaded, Some(script))?;
    }
    if words.dry_run {
        return dry::run(house, loaded, &start.policy, &new, scripted, printer);
    }
    let asking = if words.plan_only { Asking::Nobody } else { Asking::of(printer) };
    let (run, exit) = start.begin(new, Needs::Orchestrator, printer, asking)?;
    if let Some(to) = &words.record {
        let dir = to.clone().unwrap_or_else(|| recording::usual_place(house, &run));
        recording::write(house, &run, &dir, &recording::to_be_kept(house))?;
        printer.note(&format!("recorded in {}: `mao replay {}` plays it", dir.display(), dir.display()));
    }
    // The plan may have been all that was asked for, and there it is.
    Ok(if exit == Exit::Parked && words.plan_only { Exit::Ok } else { exit })
}

/// How a person can be reached who is asked whether another model shall look: whoever accepted the plan beforehand, or
/// wants nothing but the plan, is asked nothing on the way.
fn answers(words: &Develop, loaded: &Loaded, printer: &Printer) -> Channel {
    match (words.wait, words.yes || words.plan_only) {
        (true, _) => Channel::Later,
        (false, true) => Channel::None,
        (false, false) if terminal(printer) => Channel::Terminal,
        (false, false) => loaded.policy.answers,
    }
}

fn flags(words: &Develop) -> Vec<Flag> {
    let flags = [
        flag("max-parallel", "engine.max_parallel", words.max_parallel.map(|n| n.to_string())),
        flag("mode", "engine.mode", words.mode.clone()),
        flag("profile", "engine.thinking_profile", words.profile.clone()),
        flag("privacy", "privacy.class", words.privacy.map(|privacy| privacy_word(privacy.into()).to_owned())),
    ];
    flags.into_iter().flatten().chain(caps(&words.caps)).collect()
}
