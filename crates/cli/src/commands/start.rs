//! `mao` alone: looks at where it stands and says what to do next, the most urgent first. It writes nothing, calls nobody
//! and starts nothing but git.

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::open::{House, PROBES, directory, environment_at, find, load, repository, state_dir};
use crate::print::Printer;
use mao_config::Loaded;
use mao_config::locate::PROJECT_FILE;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::section;
use mao_core::step::Step;
use mao_engine::perform::branch_of;
use mao_repo::{Standing, UserRepo};
use mao_store::RunEntry;
use std::collections::BTreeMap;

/// How many of the newest runs are looked at.
const RUNS: usize = 5;

/// The width of the commands.
const WIDE: usize = 28;

/// What is said, each with the command that does it.
struct Next<'a>(&'a Printer);

impl Next<'_> {
    fn say(&self, command: &str, why: &str) {
        if self.0.is_json() {
            self.0.value(serde_json::json!({ "kind": "next", "next": command, "why": why }));
        } else {
            // A long command has a line of its own.
            let beside = if command.chars().count() > WIDE {
                self.0.line(&format!("  {command}"));
                ""
            } else {
                command
            };
            self.0.line(&format!("  {beside:<WIDE$} {why}"));
        }
    }
}

/// Runs the command.
pub fn run(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    let dir = directory(common)?;
    let environment = environment_at(&dir);
    let next = Next(printer);
    if !printer.is_json() {
        printer.line("mao: several models on one repository, planned, validated, tested and merged");
        printer.line("next:");
    }
    match repository(&dir, &environment) {
        Ok(repo) => in_a_repository(common, &repo, &environment, &next)?,
        Err(wrong) => {
            let why = wrong.error.to_string();
            match &wrong.hint {
                Some(hint) => next.say(hint, &why),
                None => next.say("mao doctor", &why),
            }
        }
    }
    next.say("mao doctor", "what is on this machine and what is missing");
    next.say("mao demo", "see it work on a bundled sample, with scripted models and no account");
    Ok(Exit::Ok)
}

fn in_a_repository(
    common: &Common,
    repo: &UserRepo,
    environment: &BTreeMap<String, String>,
    next: &Next<'_>,
) -> Result<(), Failure> {
    // The store is opened only where it is there already: looking writes nothing.
    if state_dir(environment)?.join("ledger.sqlite").exists() {
        let house = House::open(common)?;
        for entry in house.runs()?.into_iter().take(RUNS) {
            about_a_run(&house, &entry, &house.state(&entry.run)?, next)?;
        }
    }
    let Ok(loaded) = load(environment, Some(repo.root()), Vec::new()) else {
        next.say("mao config check", "the configuration is wrong: this says file and line");
        return Ok(());
    };
    // Whose command line the orchestrator is reached over, and where it is: nothing works without.
    let orchestrator = PROBES.iter().find(|probe| probe.orchestrates);
    if let Some(missing) = orchestrator.filter(|probe| !is_there(probe.name.as_str(), &loaded, environment)) {
        next.say(&missing.install, &format!("{} is not on PATH, and nothing is developed without it", missing.name));
    }
    if !repo.root().join(PROJECT_FILE).exists() {
        next.say("mao init", "write a commented configuration here");
    }
    let head = repo.head().commit.clone();
    if loaded.policy.checks.is_empty() {
        let files = repo.files(&head)?;
        if mao_repo::detect::checks(&files, |path: &str| repo.read(&head, path).ok().flatten()).is_empty() {
            next.say("mao config set engine.verify \"make test\"", "say which commands must pass: none was found here");
        }
    }
    sections(repo, &loaded.sections_file, next)
}

fn is_there(name: &str, loaded: &Loaded, environment: &BTreeMap<String, String>) -> bool {
    loaded.commands.contains_key(&name.into()) || find(environment, name).is_some()
}

fn sections(repo: &UserRepo, file: &str, next: &Next<'_>) -> Result<(), Failure> {
    let found = repo.read(&repo.head().commit, file)?;
    let tasks = found.map(|bytes| section::parse(&String::from_utf8_lossy(&bytes)));
    let Some(tasks) = tasks.filter(|tasks| !tasks.sections.is_empty()) else {
        next.say(file, "write numbered sections there and commit it: `## Section 1: …`, `- [ ] 1.1 …`");
        return Ok(());
    };
    let open = tasks.sections.iter().find(|section| section.completion().status() != section::Status::Done);
    match open {
        Some(section) => {
            next.say(&format!("mao develop {}", section.id), &format!("develop “{}”", section.title));
            next.say(&format!("mao develop {} --dry-run", section.id), "the same, calling nobody");
        }
        None => next.say(file, "every section is done: write the next one there"),
    }
    Ok(())
}

fn about_a_run(house: &House, entry: &RunEntry, state: &RunState, next: &Next<'_>) -> Result<(), Failure> {
    let short = entry.run.prefix(8);
    let what = format!("{} {}", state.opened.workflow, state.opened.request.text);
    let question = state.steps.values().find_map(|step| {
        if let Step::Question { text, choices, answer: None, .. } = step {
            Some((text, choices.join("|")))
        } else {
            None
        }
    });
    match (&state.outcome, &state.parked) {
        (None, _) if entry.held_until > house.clock.now() => {
            next.say(&format!("mao logs {short} --follow"), &format!("{what} is running"));
        }
        (None, _) if question.is_some() => {
            let (text, choices) = question.unwrap_or((&what, String::new()));
            next.say(&format!("mao answer {short} {choices}"), &format!("{what} asks: {text}"));
        }
        (None, Some(waiting)) => next.say(&format!("mao resume {short}"), &format!("{what} waits for {waiting}")),
        (None, None) => next.say(&format!("mao resume {short}"), &format!("{what} was interrupted")),
        (Some(outcome), _) => {
            // Only what is nowhere else waits for anybody.
            let Standing::Apart(_) = house.repo.standing(&branch_of(state))? else { return Ok(()) };
            let how = match outcome {
                Outcome::Complete => "complete",
                Outcome::Negative { .. } => "over, with a no",
                Outcome::Incomplete => "incomplete",
                Outcome::NoProvider { .. } | Outcome::Declined { .. } | Outcome::Cancelled { .. } => "over",
            };
            if how != "complete" {
                next.say(&format!("mao show {short}"), &format!("{what} is {how}: see why"));
            }
            next.say(
                &format!("mao apply {short}"),
                &format!("{what} is {how}: take its branch, or `mao discard {short}`"),
            );
        }
    }
    Ok(())
}
