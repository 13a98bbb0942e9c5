//! `mao salvage`: what was kept of worktrees before they were removed, by the attempt that left it; how to look at it, and
//! how to have it back as a branch.

use super::runs::when;
use crate::args::{Common, Salvage, SalvageWhat, Salvaged};
use crate::exit::{Exit, Failure};
use crate::open::{House, git};
use crate::print::Printer;
use mao_core::ids::{CommitId, RunId, Stamp};
use mao_core::run::RunState;
use mao_core::step::AttemptState;
use mao_core::text;
use mao_repo::RunRepo;

/// Runs the command.
pub fn run(common: &Common, words: &Salvage, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    match &words.what {
        None => list(&house, words.run.as_deref(), printer),
        Some(SalvageWhat::Show(one)) => show(&house, one, printer),
        Some(SalvageWhat::Restore(one)) => restore(&house, one, printer),
    }
}

fn list(house: &House, named: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    let (run, repo) = open(house, named)?;
    let state = house.state(&run)?;
    let all = repo.salvaged()?;
    if all.is_empty() && !printer.is_json() {
        printer
            .note(&format!("run {}: every worktree was empty or collected, nothing had to be salvaged", run.prefix(8)));
    }
    for (name, commit) in all {
        let files = repo.salvage_files(&commit)?.len();
        let (at, why) = left(&state, &name);
        if printer.is_json() {
            printer.value(serde_json::json!({
                "kind": "salvage", "run": run, "name": name, "commit": commit, "files": files, "at": at, "why": why,
            }));
            continue;
        }
        let at = at.map_or_else(String::new, when);
        let plural = if files == 1 { "" } else { "s" };
        printer.line(&format!("{name:<28} {at:<21} {files} file{plural}  {why}"));
    }
    Ok(Exit::Ok)
}

fn show(house: &House, one: &Salvaged, printer: &Printer) -> Result<Exit, Failure> {
    let (_, repo) = open(house, one.run.as_deref())?;
    let commit = find(&repo, &one.name)?;
    let diff = text::printable(&String::from_utf8_lossy(&repo.salvage_diff(&commit)?));
    if printer.is_json() {
        printer.value(serde_json::json!({"kind": "salvage", "name": one.name, "commit": commit, "diff": diff}));
    } else {
        printer.line(diff.trim_end());
    }
    Ok(Exit::Ok)
}

fn restore(house: &House, one: &Salvaged, printer: &Printer) -> Result<Exit, Failure> {
    let (run, repo) = open(house, one.run.as_deref())?;
    let commit = find(&repo, &one.name)?;
    let branch = format!("mao/salvage/{}/{}", run.prefix(8), one.name);
    house.repo.publish(&repo, &branch, &commit)?;
    if printer.is_json() {
        printer.value(serde_json::json!({"kind": "restored", "branch": branch, "commit": commit}));
        return Ok(Exit::Ok);
    }
    printer.line(&format!("branch {branch} holds it; nothing was checked out"));
    printer.line(&format!("look at it: git switch {branch}"));
    printer.line(&format!("undo it: git branch -D {branch}"));
    Ok(Exit::Ok)
}

fn open(house: &House, named: Option<&str>) -> Result<(RunId, RunRepo), Failure> {
    let run = house.run(named)?.run;
    Ok((run, RunRepo::open(&house.runs_dir().join(run.to_string()), &git(&house.environment)?)?))
}

fn find(repo: &RunRepo, name: &str) -> Result<CommitId, Failure> {
    let found = repo.salvaged()?.into_iter().find(|(one, _)| one == name);
    found.map(|(_, commit)| commit).ok_or_else(|| {
        Failure::new(Exit::Negative, format!("nothing is salvaged as `{}`", text::one_line(name, 120)))
            .hint("`mao salvage` lists what there is")
    })
}

/// When and why it was left, where its name is an attempt's.
fn left(state: &RunState, name: &str) -> (Option<Stamp>, String) {
    let attempt = state.attempts().find(|(step, _, attempt)| format!("{step}-{}", attempt.no) == name);
    match attempt {
        None => (None, "a worktree that nobody worked in any more".to_owned()),
        Some((_, _, attempt)) => match &attempt.state {
            AttemptState::Failed(fault, at) => (Some(*at), fault.kind.label().to_owned()),
            AttemptState::Lost => (Some(attempt.started), "lost when mao was killed".to_owned()),
            AttemptState::Running => (Some(attempt.started), "at work".to_owned()),
            AttemptState::Answered(answered) => (Some(answered.at), "left beside its change".to_owned()),
        },
    }
}
