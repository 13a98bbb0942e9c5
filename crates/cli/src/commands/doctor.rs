//! `mao doctor`: what is on this machine and in this repository, what is missing, and the command that fixes it. It calls
//! no model, makes nothing, and prints no secret.

mod finding;
mod machine;
mod repository;
pub(super) mod tools;
mod variables;

use super::precheck;
use crate::args::{Common, Doctor};
use crate::exit::{Exit, Failure};
use crate::open::{House, PROBES, directory, environment_at, load, repository};
use crate::print::Printer;
use finding::Finding;
pub(crate) use machine::{bytes, size};
use mao_repo::UserRepo;

/// Runs the command.
pub fn run(common: &Common, words: &Doctor, printer: &Printer) -> Result<Exit, Failure> {
    let dir = directory(common)?;
    let environment = environment_at(&dir);
    let repo = repository(&dir, &environment);
    let root = repo.as_ref().ok().map(UserRepo::root);
    if words.env {
        variables::print(&environment, &load(&environment, root, Vec::new())?, printer);
        return Ok(Exit::Ok);
    }
    if words.precheck {
        let house = House::open(common)?;
        let loaded = house.config(Vec::new(), printer)?;
        precheck::unusable(&house, &loaded, printer)?;
    }
    let findings = look(common)?;
    for finding in &findings {
        finding.print(printer);
    }
    let wrong = findings.iter().filter(|finding| finding.is_wrong()).count();
    if !printer.is_json() {
        printer.note(&match wrong {
            0 => "nothing is wrong".to_owned(),
            1 => "one thing is wrong".to_owned(),
            many => format!("{many} things are wrong"),
        });
    }
    Ok(if wrong > 0 { Exit::Negative } else { Exit::Ok })
}

/// Everything that a diagnosis finds, one JSON object each: for a bundle.
pub fn diagnosis(common: &Common) -> Result<Vec<serde_json::Value>, Failure> {
    Ok(look(common)?.iter().map(Finding::json).collect())
}

fn look(common: &Common) -> Result<Vec<Finding>, Failure> {
    let dir = directory(common)?;
    let environment = environment_at(&dir);
    let repo = repository(&dir, &environment);
    let root = repo.as_ref().ok().map(UserRepo::root);
    let loaded = load(&environment, root, Vec::new());
    let mut findings =
        vec![machine::git(&environment), machine::state(&environment), machine::containment(&environment)];
    findings.extend(tools::look(&PROBES, loaded.as_ref().ok(), &environment, root));
    findings.push(repository::configuration(&environment, root, &loaded));
    findings.push(repository::itself(&repo));
    if let (Ok(repo), Ok(loaded)) = (&repo, &loaded) {
        findings.push(repository::tasks(repo, &loaded.sections_file));
        findings.push(repository::checks(repo, loaded));
    }
    Ok(findings)
}
