//! How a command begins a run: in a house, with its configuration, from a commit, by a policy; and carries it until it is
//! over or waits.

use super::develop::request::run_about;
use super::resume::{Asking, carry};
use crate::args::Start;
use crate::exit::{Exit, Failure};
use crate::open::{House, SCRIPT, Scripted, fixed_run};
use crate::print::{Printer, terminal};
use mao_config::{Flag, Loaded};
use mao_core::ids::{CommitId, RunId};
use mao_core::matter::Matter;
use mao_engine::clock::draw_run;
use mao_engine::open::{NewRun, open};
use mao_engine::{EngineError, Parts};
use mao_policy::Policy;
use mao_policy::checkpoint::Channel;
use std::path::Path;

/// Where a run begins, and by what.
pub(super) struct Beginning<'a> {
    /// The house.
    pub(super) house: &'a House,
    /// What is configured.
    pub(super) loaded: Loaded,
    /// The commit.
    pub(super) base: CommitId,
    /// The effective policy.
    pub(super) policy: Policy,
    /// The script that is played instead of models.
    pub(super) script: Option<&'a Path>,
}

/// Whom a run cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// The orchestrator: without it the run would fail at its first step, and is refused before it exists.
    Orchestrator,
    /// Nobody: it may end without asking anybody.
    Nobody,
}

impl<'a> Beginning<'a> {
    /// From this commit.
    pub(super) fn at(
        house: &'a House,
        loaded: Loaded,
        base: CommitId,
        script: Option<&'a Path>,
    ) -> Result<Self, Failure> {
        let policy = house.policy(&loaded, &base, scripted(script))?;
        Ok(Self { house, loaded, base, policy, script })
    }

    /// From HEAD as it is committed.
    pub(super) fn at_head(
        house: &'a House,
        flags: Vec<Flag>,
        script: Option<&'a Path>,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let base = house.repo.head().commit.clone();
        Self::at(house, house.config(flags, printer)?, base, script)
    }

    /// From where the words say.
    pub(super) fn from(
        house: &'a House,
        flags: Vec<Flag>,
        from: &'a Start,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let loaded = house.config(flags, printer)?;
        let along = if from.include_dirty { Along::Taken } else { Along::Refused };
        let base = base(house, from.base.as_deref(), along, printer)?;
        Self::at(house, loaded, base, from.script.as_deref())
    }

    /// Whether models are scripted.
    pub(super) fn scripted(&self) -> Scripted {
        scripted(self.script)
    }

    /// How a person can be reached: at the terminal, or as configured.
    pub(super) fn ask_at_the_terminal(&mut self, printer: &Printer) {
        if terminal(printer) {
            self.policy.answers = Channel::Terminal;
        }
    }

    /// A run of `workflow` that is about something else than sections. `text` is what lists show of it.
    pub(super) fn about(&self, what: (&str, &str), matter: Matter) -> Result<NewRun, Failure> {
        run_about(self.house, &self.policy, self.base.clone(), what, matter, self.scripted())
    }

    /// Opens a run and carries it until it is over or waits.
    pub(super) fn begin(
        &self,
        new: NewRun,
        needs: Needs,
        printer: &Printer,
        asking: Asking,
    ) -> Result<(RunId, Exit), Failure> {
        let Self { house, loaded, policy, .. } = self;
        let run = match new.run {
            Some(run) => run,
            None => new_id()?,
        };
        let script = match self.script {
            Some(from) => {
                let to = house.runs_dir().join(run.to_string()).join(SCRIPT);
                copy_script(from, &to)?;
                Some(to)
            }
            None => None,
        };
        let (parts, stream) = house.parts(loaded, script.as_deref())?;
        mao_policy::orchestrator::check(policy).map_err(EngineError::from)?;
        match needs {
            Needs::Orchestrator => refuse_without_orchestrator(&parts, policy)?,
            Needs::Nobody => {}
        }
        open(&parts, policy, NewRun { run: Some(run), ..new })?;
        Ok((run, carry(house, parts, stream, run, printer, asking)?))
    }
}

fn scripted(script: Option<&Path>) -> Scripted {
    if script.is_some() { Scripted::Yes } else { Scripted::No }
}

/// The id of a new run.
pub(super) fn new_id() -> Result<RunId, Failure> {
    match fixed_run() {
        Some(run) => Ok(run),
        None => Ok(draw_run().map_err(EngineError::from)?),
    }
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

/// A run that cannot reach its orchestrator would fail at its first step.
fn refuse_without_orchestrator(parts: &Parts, policy: &Policy) -> Result<(), Failure> {
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
