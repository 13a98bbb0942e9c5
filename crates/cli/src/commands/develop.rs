//! `mao develop 2,3`: opens a run for sections of the task list and carries it.

use super::resume::carry;
use crate::args::{Common, Develop};
use crate::exit::{Exit, Failure};
use crate::open::{House, SCRIPT, Scripted, fixed_run};
use crate::print::Printer;
use mao_config::{Flag, Loaded};
use mao_core::ask::{Ask, Prompt, ReplyForm, Role};
use mao_core::event::{Approval, Declares, Order};
use mao_core::ids::{CommitId, SectionId, TaskClass};
use mao_core::section::{self, Section, Selection};
use mao_engine::clock::draw_run;
use mao_engine::open::{NewRun, NewSection, open};
use mao_engine::{EngineError, Parts};
use mao_policy::{Policy, route};
use mao_workflows::plan::Stream;
use std::path::Path;

/// What every face shows while models are scripted.
const SCRIPTED: &str = "scripted models: no real model was asked, every answer comes from a script";

/// Where requirements are looked for when no key names them.
const REQUIREMENTS: &str = "docs/PRD.md";

/// Runs the command.
pub fn run(common: &Common, words: &Develop, printer: &Printer) -> Result<Exit, Failure> {
    run_at(&House::open(common)?, words, printer)
}

/// Runs the command in a house that is open already.
pub fn run_at(house: &House, words: &Develop, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = house.config(flags(words), printer)?;
    for remark in house.repo.remarks() {
        printer.note(remark);
    }
    let base = base(house, words, printer)?;
    let scripted = if words.script.is_some() { Scripted::Yes } else { Scripted::No };
    let policy = house.policy(&loaded, &base, scripted)?;
    let new = new_run(house, words, &loaded, base)?;
    if let Some(script) = &words.script {
        // Read here first, so that what is wrong with it is said of the person's own file.
        house.parts(&loaded, Some(script))?;
    }
    if words.dry_run {
        return dry_run(house, &loaded, &policy, &new, scripted, printer);
    }
    let run = match fixed_run() {
        Some(run) => run,
        None => draw_run().map_err(EngineError::from)?,
    };
    let script = match &words.script {
        Some(from) => {
            let to = house.runs_dir().join(run.to_string()).join(SCRIPT);
            copy_script(from, &to)?;
            Some(to)
        }
        None => None,
    };
    let (parts, stream) = house.parts(&loaded, script.as_deref())?;
    refuse_without_orchestrator(&parts, &policy)?;
    open(&parts, &policy, NewRun { run: Some(run), ..new })?;
    carry(house, parts, stream, run, printer)
}

fn flags(words: &Develop) -> Vec<Flag> {
    let flag = |name: &str, key: &str, value: Option<String>| {
        value.map(|value| Flag { flag: format!("--{name}"), key: key.to_owned(), value })
    };
    [
        flag("max-parallel", "engine.max_parallel", words.max_parallel.map(|n| n.to_string())),
        flag("max-attempts", "engine.max_attempts", words.max_attempts.map(|n| n.to_string())),
        flag("wall-clock", "engine.wall_clock", words.wall_clock.clone()),
        flag("mode", "engine.mode", words.mode.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// HEAD, unless a commit is named; never over uncommitted changes without a word about them.
fn base(house: &House, words: &Develop, printer: &Printer) -> Result<CommitId, Failure> {
    if let Some(named) = &words.base {
        return Ok(house.repo.resolve(named)?);
    }
    let dirty = house.repo.dirty()?;
    if dirty.is_empty() {
        return Ok(house.repo.head().commit.clone());
    }
    let listed: Vec<String> = dirty.iter().take(20).map(|path| format!("\n  {path}")).collect();
    if words.include_dirty {
        let included = house.repo.include(house.clock.now())?;
        if !words.dry_run {
            house.repo.bring(&included)?;
        }
        printer.note(&format!(
            "uncommitted changes go along as {}:{}",
            &included.commit.as_str()[..12],
            listed.concat()
        ));
        return Ok(included.commit);
    }
    let what = format!("there are uncommitted changes, which a run would not see:{}", listed.concat());
    Err(Failure::new(Exit::Configuration, what)
        .hint("commit them, take them along: `--include-dirty`, or start from the last commit: `--base HEAD`"))
}

fn new_run(house: &House, words: &Develop, loaded: &Loaded, base: CommitId) -> Result<NewRun, Failure> {
    let text = words.sections.join(" ");
    let file = &loaded.sections_file;
    let found = house.repo.read(&base, file)?.ok_or_else(|| {
        Failure::new(Exit::Configuration, format!("{file} is not in commit {}", &base.as_str()[..12])).hint(
            "write a task list with `## Section 1: …` and `- [ ] 1.1 …` there, or name yours: `sections_file` under [engine]",
        )
    })?;
    let found = String::from_utf8_lossy(&found).into_owned();
    let tasks = section::parse(&found);
    let usage = |wrong: String| Failure::new(Exit::Usage, wrong);
    let selection = Selection::parse(&text).map_err(|wrong| {
        usage(wrong.to_string()).hint("name sections by number: `1`, `2,3`, `2.1`, `3.2-3.7` or `all`")
    })?;
    let chosen = tasks.select(&selection).map_err(|wrong| usage(format!("{file}: {wrong}")))?;
    let sections: Vec<NewSection> = chosen.into_iter().map(|section| new_section(&section)).collect();
    let wanted = loaded.requirements_file.as_deref();
    let requirements = house.repo.read(&base, wanted.unwrap_or(REQUIREMENTS))?;
    if let (Some(wanted), None) = (wanted, &requirements) {
        return Err(Failure::new(
            Exit::Configuration,
            format!("{wanted} (`requirements_file`) is not in the base commit"),
        ));
    }
    Ok(NewRun {
        workflow: "develop".to_owned(),
        text: text.replace(' ', ""),
        sections,
        requirements: requirements.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        files: house.repo.files(&base)?,
        tasks: Some((file.clone(), found)),
        repository: house.repo.key()?,
        base_tree: house.repo.tree(&base)?,
        base,
        scripted: words.script.as_ref().map(|_| SCRIPTED.to_owned()),
        run: None,
        order: Order::Computed,
        approval: Approval::WhereWanted,
    })
}

fn new_section(section: &Section) -> NewSection {
    let open = section.items.iter().filter(|item| item.leaf && !item.done).count();
    NewSection {
        id: section.id.clone(),
        title: section.title.clone(),
        text: section.body.clone(),
        declares: Declares {
            subtasks: Some(u64::try_from(open).unwrap_or(u64::MAX)),
            depends: section.depends.clone(),
            ..Declares::default()
        },
        context: None,
        requirements: None,
    }
}

/// A run that cannot reach its orchestrator would fail at its first step: it is refused before it exists.
fn refuse_without_orchestrator(parts: &Parts, policy: &Policy) -> Result<(), Failure> {
    mao_policy::orchestrator::check(policy).map_err(EngineError::from)?;
    let entry = mao_policy::orchestrator::of(policy).and_then(|(_, entry)| parts.providers.get(&entry.provider));
    match entry.map(|provider| provider.abilities().unusable.clone()) {
        Some(None) => Ok(()),
        Some(Some(why)) => Err(Failure::new(Exit::NoProvider, format!("the orchestrator cannot be reached: {why}"))
            .hint("`mao doctor` says what is missing; `mao demo` needs no account at all")),
        None => Err(Failure::new(Exit::NoProvider, "nothing reaches the orchestrator")),
    }
}

fn dry_run(
    house: &House,
    loaded: &Loaded,
    policy: &Policy,
    new: &NewRun,
    scripted: Scripted,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let script = match scripted {
        Scripted::Yes => None,
        Scripted::No => Some(house.parts(loaded, None)?.0.conditions()),
    };
    let conditions = script.unwrap_or_default();
    let checks: Vec<String> = policy.checks.iter().map(|check| check.argv.join(" ")).collect();
    let mut rows = Vec::new();
    for (task, role) in [("orchestration", Role::Orchestrator)]
        .into_iter()
        .chain(Stream::ALL.into_iter().map(|stream| (stream.task(), Role::Worker)))
        .chain([("validation", Role::Orchestrator), ("synthesis", Role::Orchestrator)])
    {
        let ask = Ask {
            task: TaskClass::from(task),
            label: task.to_owned(),
            role,
            prompt: Prompt { template: String::new(), data: Default::default(), attached: Default::default() },
            reply: ReplyForm::Text,
            base: new.base.clone(),
            proposal: None,
            complexity: None,
        };
        rows.push((task, route(policy, &ask, &conditions)));
    }
    if printer.is_json() {
        let routes: serde_json::Map<String, serde_json::Value> =
            rows.iter().map(|(task, route)| ((*task).to_owned(), serde_json::json!(route))).collect();
        let sections: Vec<&SectionId> = new.sections.iter().map(|section| &section.id).collect();
        printer.value(serde_json::json!({
            "kind": "dry_run", "sections": sections, "base": new.base, "checks": checks, "routes": routes,
        }));
        return Ok(Exit::Ok);
    }
    printer.line(&format!("would develop {} from {}", new.text, &new.base.as_str()[..12]));
    for section in &new.sections {
        printer.line(&format!("  section {}: {}", section.id, section.title));
    }
    printer.line(&format!(
        "  checks: {}",
        if checks.is_empty() { "none: the run would be refused".to_owned() } else { checks.join(", ") }
    ));
    for (task, route) in rows {
        let links: Vec<String> = route
            .links
            .iter()
            .map(|link| match &link.effort {
                Some(effort) => format!("{} ({effort})", link.model),
                None => link.model.to_string(),
            })
            .collect();
        let links = if links.is_empty() { "nobody".to_owned() } else { links.join(" → ") };
        printer.line(&format!("  {task:<16} {links}"));
        for skipped in &route.skipped {
            printer.line(&format!("  {:<16} without {}: {}", "", skipped.model, skipped.why));
        }
    }
    printer.line("nobody was called and nothing was written");
    Ok(Exit::Ok)
}

/// The run keeps its own copy, so that it is resumed with what it was opened with.
fn copy_script(from: &Path, to: &Path) -> Result<(), Failure> {
    let wrong = |path: &Path, source: std::io::Error| {
        Failure::new(Exit::Configuration, format!("cannot copy the script: {}: {source}", path.display()))
    };
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
