//! A new run: everything it is opened with, durable before anything is asked of anyone.

use crate::clock::draw_run;
use crate::failpoint::Side;
use crate::parts::{EngineError, Parts};
use mao_core::event::{Event, Opened};
use mao_core::ids::{CommitId, RepositoryKey, RunId, SectionId, TreeId};
use mao_core::matter::Matter;
use mao_core::request::{Approval, Declares, Order, Request, SectionBrief, TaskText};
use mao_core::supply::Supply;
use mao_policy::{Policy, orchestrator};

/// What a run is asked for, with the texts that it names.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The workflow's name.
    pub workflow: String,
    /// As the person wrote it.
    pub text: String,
    /// The sections.
    pub sections: Vec<NewSection>,
    /// The requirements document.
    pub requirements: Option<String>,
    /// The task file that the sections stand in: its path and its text.
    pub tasks: Option<(String, String)>,
    /// The paths of the base tree.
    pub files: Vec<String>,
    /// The repository.
    pub repository: RepositoryKey,
    /// The commit everything starts from.
    pub base: CommitId,
    /// Its tree.
    pub base_tree: TreeId,
    /// What every face shows where models are scripted.
    pub scripted: Option<String>,
    /// The run's id, where a test fixed it.
    pub run: Option<RunId>,
    /// What it is about beside sections.
    pub matter: Matter,
    /// What the first event has no room for; recorded with it.
    pub supplies: Vec<Supply>,
    /// In which order sections run.
    pub order: Order,
    /// Who says that the plan may be carried out.
    pub approval: Approval,
}

/// A section of a new run.
#[derive(Debug, Clone)]
pub struct NewSection {
    /// Its address.
    pub id: SectionId,
    /// Its heading without the number.
    pub title: String,
    /// Its Markdown.
    pub text: String,
    /// What it declares about itself.
    pub declares: Declares,
    /// What a worker should know beside its text.
    pub context: Option<String>,
    /// The parts of the requirements that it refers to.
    pub requirements: Option<String>,
}

/// Records the opening of a run that is played again, with what it was supplied with. Nobody owns it yet.
pub fn open_again(parts: &Parts, opened: Opened, supplied: impl Iterator<Item = Event>) -> Result<(), EngineError> {
    let (run, repository) = (opened.run, opened.repository.clone());
    let events: Vec<Event> = std::iter::once(Event::RunOpened(Box::new(opened))).chain(supplied).collect();
    let at = match &parts.playback {
        Some(playback) => playback.admit(&events)?,
        None => parts.clock.now(),
    };
    let owner = parts.store.take(&run, &repository, at, parts.lease_ms)?;
    parts.store.append(&owner, 0, at, &events, &[])?;
    Ok(parts.store.release(&owner)?)
}

/// The longest list of paths that a plan's prompt carries, in bytes.
const FILES_LIMIT: usize = 200_000;

/// Records a new run and gives its id. Nobody owns it yet.
pub fn open(parts: &Parts, policy: &Policy, new: NewRun) -> Result<RunId, EngineError> {
    let workflow =
        mao_workflows::find(&new.workflow).ok_or_else(|| EngineError::NoSuchWorkflow(new.workflow.clone()))?;
    orchestrator::check(policy)?;
    if policy.checks.is_empty() && workflow.verifies() {
        return Err(EngineError::NoChecks);
    }
    let run = match new.run {
        Some(run) => run,
        None => draw_run()?,
    };
    let put = |text: &str| parts.store.put(text.as_bytes());
    let mut sections = Vec::with_capacity(new.sections.len());
    for section in new.sections {
        sections.push(SectionBrief {
            id: section.id,
            title: section.title,
            text: put(&section.text)?,
            declares: section.declares,
            context: section.context.as_deref().map(put).transpose()?,
            requirements: section.requirements.as_deref().map(put).transpose()?,
        });
    }
    let mut files = new.files.join("\n");
    if files.len() > FILES_LIMIT {
        files.truncate((0..=FILES_LIMIT).rev().find(|at| files.is_char_boundary(*at)).unwrap_or(0));
        files.push_str("\n… (list cut)");
    }
    let opened = Opened {
        run,
        workflow: workflow.name().to_owned(),
        workflow_version: workflow.version(),
        repository: new.repository.clone(),
        base: new.base,
        base_tree: new.base_tree,
        policy: put(&serde_json::to_string(policy).map_err(|wrong| EngineError::Broken(wrong.to_string()))?)?,
        home_vendor: orchestrator::home_vendor(),
        request: Request {
            text: new.text,
            sections,
            requirements: new.requirements.as_deref().map(put).transpose()?,
            files: put(&files)?,
            tasks: new.tasks.map(|(path, text)| put(&text).map(|text| TaskText { path, text })).transpose()?,
            matter: new.matter,
            order: new.order,
            approval: new.approval,
        },
        scripted: new.scripted,
    };
    let now = parts.clock.now();
    let owner = parts.store.take(&run, &new.repository, now, parts.lease_ms)?;
    let events = opening(opened, new.supplies)?;
    parts.points.pass(Side::Before, &events);
    parts.store.append(&owner, 0, now, &events, &[])?;
    parts.points.pass(Side::After, &events);
    parts.store.release(&owner)?;
    Ok(run)
}

/// How large a first event may be before its sections go into events of their own, and how large those are, in bytes.
const ROOM: usize = 12 * 1024;

/// The first events of a run: what was opened, and what that has no room for.
fn opening(mut opened: Opened, supplies: Vec<Supply>) -> Result<Vec<Event>, EngineError> {
    let mut items = Vec::new();
    if bytes(&opened)? > ROOM {
        let sections = std::mem::take(&mut opened.request.sections);
        items.extend(sections.into_iter().map(|brief| Supply::Section(Box::new(brief))));
    }
    items.extend(supplies);
    let mut events = vec![Event::RunOpened(Box::new(opened))];
    let (mut batch, mut filled) = (Vec::new(), 0);
    for item in items {
        let size = bytes(&item)?;
        if filled + size > ROOM && !batch.is_empty() {
            events.push(Event::Supplied { items: std::mem::take(&mut batch) });
            filled = 0;
        }
        filled += size + 1;
        batch.push(item);
    }
    if !batch.is_empty() {
        events.push(Event::Supplied { items: batch });
    }
    Ok(events)
}

fn bytes(value: &impl serde::Serialize) -> Result<usize, EngineError> {
    serde_json::to_string(value).map(|text| text.len()).map_err(|wrong| EngineError::Broken(wrong.to_string()))
}
