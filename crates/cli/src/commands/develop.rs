//! `mao develop 2,3`: opens a run for sections of the task list and carries it.

mod dry;
pub(super) mod request;

use super::precheck;
use super::resume::{Asking, caps, carry, flag};
use crate::args::{Common, Develop};
use crate::exit::{Exit, Failure};
use crate::open::recording;
use crate::open::{House, SCRIPT, Scripted, fixed_run, load};
use crate::print::{Printer, terminal};
use mao_config::{Flag, Loaded, privacy_word};
use mao_core::ids::{CommitId, RunId};
use mao_core::request::{Approval, Order};
use mao_engine::clock::draw_run;
use mao_engine::open::{NewRun, open};
use mao_engine::{EngineError, Parts};
use mao_policy::Policy;
use mao_policy::checkpoint::Channel;
use request::Wanted;
use std::path::Path;

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
    let scripted = if words.script.is_some() { Scripted::Yes } else { Scripted::No };
    let policy = Policy { answers: answers(words, &loaded, printer), ..house.policy(&loaded, &base, scripted)? };
    let order = if words.sequential { Order::Sequential } else { Order::Computed };
    let approval = match (words.yes, words.plan_only || terminal(printer)) {
        (true, _) => Approval::Given,
        (false, true) => Approval::Always,
        (false, false) => Approval::WhereWanted,
    };
    let wanted = Wanted { workflow: "develop", words: &words.sections, order, approval, scripted };
    let new = request::new_run(house, &loaded, base, &wanted)?;
    if let Some(script) = &words.script {
        // Read here first, so that what is wrong with it is said of the person's own file.
        house.parts(&loaded, Some(script))?;
    }
    if words.dry_run {
        return dry::run(house, &loaded, &policy, &new, scripted, printer);
    }
    let asking = if words.plan_only { Asking::Nobody } else { Asking::of(printer) };
    let (run, exit) = begin(house, &loaded, &policy, new, words.script.as_deref(), printer, asking)?;
    if let Some(to) = &words.record {
        let dir = to.clone().unwrap_or_else(|| recording::usual_place(house, &run));
        recording::write(house, &run, &dir, &recording::to_be_kept(house))?;
        printer.note(&format!("recorded in {}: `mao replay {}` plays it", dir.display(), dir.display()));
    }
    // The plan may have been all that was asked for, and there it is.
    Ok(if exit == Exit::Parked && words.plan_only { Exit::Ok } else { exit })
}

/// Opens a run and carries it until it is over or waits.
pub(super) fn begin(
    house: &House,
    loaded: &Loaded,
    policy: &Policy,
    new: NewRun,
    script: Option<&Path>,
    printer: &Printer,
    asking: Asking,
) -> Result<(RunId, Exit), Failure> {
    begin_where(house, loaded, policy, new, script, printer, asking, refuse_without_orchestrator)
}

/// The same for a run that may end without asking anybody: an orchestrator that cannot be reached is no reason not to
/// begin.
pub(super) fn begin_alone(
    house: &House,
    loaded: &Loaded,
    policy: &Policy,
    new: NewRun,
    script: Option<&Path>,
    printer: &Printer,
    asking: Asking,
) -> Result<(RunId, Exit), Failure> {
    begin_where(house, loaded, policy, new, script, printer, asking, |_, policy| {
        Ok(mao_policy::orchestrator::check(policy).map_err(EngineError::from)?)
    })
}

#[expect(clippy::too_many_arguments, reason = "what a run begins with, each of another kind")]
fn begin_where(
    house: &House,
    loaded: &Loaded,
    policy: &Policy,
    new: NewRun,
    script: Option<&Path>,
    printer: &Printer,
    asking: Asking,
    admits: impl Fn(&Parts, &Policy) -> Result<(), Failure>,
) -> Result<(RunId, Exit), Failure> {
    let run = match new.run {
        Some(run) => run,
        None => new_id()?,
    };
    let script = match script {
        Some(from) => {
            let to = house.runs_dir().join(run.to_string()).join(SCRIPT);
            copy_script(from, &to)?;
            Some(to)
        }
        None => None,
    };
    let (parts, stream) = house.parts(loaded, script.as_deref())?;
    admits(&parts, policy)?;
    open(&parts, policy, NewRun { run: Some(run), ..new })?;
    Ok((run, carry(house, parts, stream, run, printer, asking)?))
}

/// The id of a new run.
pub(super) fn new_id() -> Result<RunId, Failure> {
    match fixed_run() {
        Some(run) => Ok(run),
        None => Ok(draw_run().map_err(EngineError::from)?),
    }
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

/// What becomes of uncommitted changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    /// A run does not begin over them.
    Refused,
    /// They go along as a commit.
    Taken,
    /// The same, only to be looked at: nothing is kept.
    LookedAt,
}

/// HEAD, unless a commit is named; never over uncommitted changes without a word about them.
pub(super) fn base(house: &House, named: Option<&str>, along: Along, printer: &Printer) -> Result<CommitId, Failure> {
    if let Some(named) = named {
        return Ok(house.repo.resolve(named)?);
    }
    let dirty = house.repo.dirty()?;
    if dirty.is_empty() {
        return Ok(house.repo.head().commit.clone());
    }
    let listed: Vec<String> = dirty.iter().take(20).map(|path| format!("\n  {path}")).collect();
    match along {
        Along::Taken | Along::LookedAt => {
            let included = house.repo.include(house.clock.now())?;
            if along == Along::Taken {
                house.repo.bring(&included)?;
            }
            printer.note(&format!(
                "uncommitted changes go along as {}:{}",
                &included.commit.as_str()[..12],
                listed.concat()
            ));
            Ok(included.commit)
        }
        Along::Refused => {
            let what = format!("there are uncommitted changes, which a run would not see:{}", listed.concat());
            Err(Failure::new(Exit::Configuration, what)
                .hint("commit them, take them along: `--include-dirty`, or start from the last commit: `--base HEAD`"))
        }
    }
}

/// A run that cannot reach its orchestrator would fail at its first step: it is refused before it exists.
fn refuse_without_orchestrator(parts: &Parts, policy: &Policy) -> Result<(), Failure> {
    mao_policy::orchestrator::check(policy).map_err(EngineError::from)?;
    let entry = mao_policy::orchestrator::of(policy).map(|(_, entry)| &entry.provider);
    let entry = entry.filter(|provider| parts.providers.contains_key(*provider));
    match entry.map(|provider| parts.conditions().unusable.remove(provider)) {
        Some(None) => Ok(()),
        Some(Some(why)) => Err(Failure::new(Exit::NoProvider, format!("the orchestrator cannot be reached: {why}"))
            .hint("`mao doctor` says what is missing; `mao demo` needs no account at all")),
        None => Err(Failure::new(Exit::NoProvider, "nothing reaches the orchestrator")),
    }
}

/// The run keeps its own copy, so that it is resumed with what it was opened with.
fn copy_script(from: &Path, to: &Path) -> Result<(), Failure> {
    let wrong = |path: &Path, source| Failure::disk("cannot copy the script:", path, source);
    std::fs::create_dir_all(to).map_err(|source| wrong(to, source))?;
    for entry in std::fs::read_dir(from).map_err(|source| wrong(from, source))? {
        let entry = entry.map_err(|source| wrong(from, source))?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|source| wrong(&path, source))?;
        if kind.is_dir() {
            copy_script(&path, &copy)?;
        } else if kind.is_file() {
            std::fs::copy(&path, &copy).map_err(|source| wrong(&path, source))?;
        }
    }
    Ok(())
}
