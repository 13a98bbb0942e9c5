//! `mao init`: writes a commented configuration into the repository. It enables nobody and overwrites nothing.

use crate::args::{Common, Init};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_config::locate::PROJECT_FILE;

/// Runs the command.
pub fn run(common: &Common, words: &Init, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let path = house.repo.root().join(PROJECT_FILE);
    if path.exists() {
        printer.note(&format!("{PROJECT_FILE} is there already and stays as it is"));
        return Ok(Exit::Ok);
    }
    let head = house.repo.head().commit.clone();
    let files = house.repo.files(&head)?;
    let checks = mao_repo::detect::checks(&files, |path: &str| house.repo.read(&head, path).ok().flatten());
    let commands: Vec<String> = checks.iter().map(|check| format!("{:?}", check.command.join(" "))).collect();
    let there = files.iter().any(|file| file == "todo/tasks.md");
    let text = file(&commands, if there { Tasks::There } else { Tasks::Missing });
    if words.dry_run {
        printer.line(&format!("would write {PROJECT_FILE}:\n\n{text}"));
        return Ok(Exit::Ok);
    }
    let wrote = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, &text));
    wrote.map_err(|source| Failure::new(Exit::Configuration, format!("cannot write {}: {source}", path.display())))?;
    printer.line(&format!("wrote {PROJECT_FILE}; undo it: rm {PROJECT_FILE}"));
    printer.line("next: read it, commit it, then `mao doctor` and `mao develop 1 --dry-run`");
    Ok(Exit::Ok)
}

fn file(checks: &[String], tasks: Tasks) -> String {
    let (verify, found) = match checks {
        [] => ("\"make test\"".to_owned(), "the commands that must pass"),
        found => (found.join(", "), "found here: the commands that must pass"),
    };
    let sections = match tasks {
        Tasks::There => "",
        Tasks::Missing => "      # not there yet: `## Section 1: Name`, then `- [ ] 1.1 …`",
    };
    mao_config::project_file().replace("{verify}", &verify).replace("{found}", found).replace("{sections}", sections)
}

/// Whether the repository has a task list where one is looked for.
#[derive(Clone, Copy)]
enum Tasks {
    There,
    Missing,
}
