//! `mao` alone: looks at where it stands and says what to do next. It writes nothing.

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::open::{House, directory, environment, git, state_dir};
use crate::print::Printer;
use mao_config::locate::PROJECT_FILE;
use mao_core::outcome::Outcome;
use mao_core::section;
use mao_repo::UserRepo;

/// Runs the command.
pub fn run(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    let environment = environment();
    let say = |what: &str, command: &str| {
        if printer.is_json() {
            printer.value(serde_json::json!({"next": command, "why": what}));
        } else {
            printer.line(&format!("  {command:<28} {what}"));
        }
    };
    if !printer.is_json() {
        printer.line("mao: several models on one repository, planned, validated, tested and merged");
        printer.line("next:");
    }
    let repo = match UserRepo::open(&directory(common)?, &git(&environment)?) {
        Ok(repo) => repo,
        Err(wrong) => {
            say("see it work on a bundled sample, with scripted models and no account", "mao demo");
            say("what is on this machine and what is missing", "mao doctor");
            say(&wrong.to_string(), "cd into a repository");
            return Ok(Exit::Ok);
        }
    };
    // The store is opened only where it is there already: looking writes nothing.
    if state_dir(&environment)?.join("ledger.sqlite").exists() {
        let house = House::open(common)?;
        for entry in house.runs()?.into_iter().take(3) {
            let state = house.state(&entry.run)?;
            let short = entry.run.prefix(8);
            match (&state.outcome, &state.parked) {
                (None, Some(waiting)) => say(&format!("waits for {waiting}"), &format!("mao resume {short}")),
                (None, None) if entry.held_until > house.clock.now() => {
                    say("is running", &format!("mao logs {short} --follow"))
                }
                (None, None) => say("was interrupted", &format!("mao resume {short}")),
                (Some(Outcome::Complete), _) => say("is complete: take its branch", &format!("mao apply {short}")),
                (Some(Outcome::Incomplete), _) => say("is incomplete: see why", &format!("mao show {short}")),
                (Some(Outcome::NoProvider { .. } | Outcome::Cancelled { .. } | Outcome::Declined { .. }), _) => {}
            }
        }
    }
    if !repo.root().join(PROJECT_FILE).exists() {
        say("write a commented configuration here", "mao init");
    }
    let head = repo.head().commit.clone();
    let tasks = repo.read(&head, "todo/tasks.md")?;
    let open = tasks.map(|bytes| section::parse(&String::from_utf8_lossy(&bytes)));
    match open
        .iter()
        .flat_map(|tasks| &tasks.sections)
        .find(|section| section.completion().status() != section::Status::Done)
    {
        Some(section) => {
            say(&format!("develop “{}”", section.title), &format!("mao develop {}", section.id));
            say("the same, calling nobody", &format!("mao develop {} --dry-run", section.id));
        }
        None => say("write numbered sections there: `## Section 1: …`, `- [ ] 1.1 …`", "todo/tasks.md"),
    }
    say("what is on this machine and what is missing", "mao doctor");
    say("see it work on a bundled sample, with scripted models and no account", "mao demo");
    Ok(Exit::Ok)
}
