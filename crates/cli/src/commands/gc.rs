//! `mao gc`: what ended runs left in the state directory, and content that no event names. Without `--yes` it only says
//! what would go.
//!
//! The ledger stays. A run that is not over is never touched, and neither is one whose branch still waits for a person;
//! commits that only the run's own repository knows are on salvage refs of the user's before it goes.

use super::doctor::bytes;
use crate::args::{Common, Gc};
use crate::exit::{Exit, Failure};
use crate::open::{House, git};
use crate::print::Printer;
use mao_core::ids::{RepositoryKey, RunId, Stamp};
use mao_core::run::RunState;
use mao_engine::perform::branch_of;
use mao_repo::{RunRepo, Standing};
use mao_store::{Act, Lease, RunEntry};
use serde_json::json;
use std::path::Path;

/// How long the run is held while it is put away, in milliseconds.
const HELD_MS: u64 = 600_000;

/// What is done with one run.
struct Judged {
    run: RunId,
    request: String,
    size: u64,
    /// Why it stays; absent where it goes.
    stays: Option<String>,
    /// The salvage refs that were made.
    kept: Vec<String>,
}

/// Runs the command.
pub fn run(common: &Common, words: &Gc, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let now = house.clock.now();
    let before = Stamp(now.0.saturating_sub(words.older_than));
    let act = if words.yes { Act::Remove } else { Act::Look };
    let repository = house.repo.key()?;
    let (mut runs, mut freed) = (0, 0);
    for entry in house.runs()? {
        let dir = house.runs_dir().join(entry.run.to_string());
        if !dir.exists() {
            continue;
        }
        let judged = judge(&house, &entry, &dir, before, &repository, act)?;
        if judged.stays.is_none() {
            runs += 1;
            freed += judged.size;
        }
        say(&judged, act, printer);
    }
    let unnamed = house.store.unnamed(before, act)?;
    freed += unnamed.bytes;
    if printer.is_json() {
        printer.value(json!({
            "kind": "collected", "removed": act == Act::Remove, "runs": runs, "blobs": unnamed.count, "bytes": freed,
        }));
        return Ok(Exit::Ok);
    }
    if unnamed.count > 0 {
        let plural = if unnamed.count == 1 { "" } else { "s" };
        let what = format!("{} blob{plural} that no event names", unnamed.count);
        printer.line(&format!("{:<13} {what}  {}", word(act), bytes(unnamed.bytes)));
    }
    printer.note(&match (act, runs, unnamed.count) {
        (_, 0, 0) => "nothing is old enough to go".to_owned(),
        (Act::Look, _, _) => format!("{} would be free; nothing was removed: `mao gc --yes` does it", bytes(freed)),
        (Act::Remove, _, _) => {
            format!("{} are free; the ledger stays: `mao runs` and `mao show` as before", bytes(freed))
        }
    });
    Ok(Exit::Ok)
}

fn judge(
    house: &House,
    entry: &RunEntry,
    dir: &Path,
    before: Stamp,
    repository: &RepositoryKey,
    act: Act,
) -> Result<Judged, Failure> {
    let state = house.state(&entry.run)?;
    let request = format!("{} {}", state.opened.workflow, state.opened.request.text);
    let judged =
        |stays: Option<String>, kept| Judged { run: entry.run, request, size: super::doctor::size(dir), stays, kept };
    if let Some(why) = stays(house, entry, &state, before)? {
        return Ok(judged(Some(why), Vec::new()));
    }
    let repo = match RunRepo::open(dir, &git(&house.environment)?) {
        Ok(repo) => repo,
        Err(wrong) => return Ok(judged(Some(format!("its repository cannot be read: {wrong}")), Vec::new())),
    };
    match act {
        Act::Look => Ok(judged(None, Vec::new())),
        Act::Remove => {
            // Held, so that nobody resumes what is about to go.
            let owner = house.store.take(&entry.run, repository, house.clock.now(), HELD_MS)?;
            let kept = house.repo.keep_all(&repo, state.opened_at);
            let gone = kept.and_then(|kept| repo.remove_all(&house.runs_dir()).map(|()| kept));
            house.store.release(&owner)?;
            Ok(judged(None, gone?))
        }
    }
}

/// Why a run must stay, if it must.
fn stays(house: &House, entry: &RunEntry, state: &RunState, before: Stamp) -> Result<Option<String>, Failure> {
    let short = entry.run.prefix(8);
    if state.outcome.is_none() {
        return Ok(Some(format!("it is not over: `mao resume {short}` or `mao cancel {short}`")));
    }
    if entry.held_until > house.clock.now() {
        return Ok(Some("a process owns it".to_owned()));
    }
    if state.at >= before {
        return Ok(Some("it ended not long ago".to_owned()));
    }
    Ok(match house.repo.standing(&branch_of(state))? {
        Standing::Gone | Standing::Applied(_) => None,
        Standing::Apart(_) => Some(format!("its branch waits: `mao apply {short}` or `mao discard {short}`")),
    })
}

const fn word(act: Act) -> &'static str {
    match act {
        Act::Look => "would remove",
        Act::Remove => "removed",
    }
}

fn say(judged: &Judged, act: Act, printer: &Printer) {
    if printer.is_json() {
        printer.value(json!({
            "kind": "run", "run": judged.run, "goes": judged.stays.is_none(), "stays": judged.stays,
            "bytes": judged.size, "kept": judged.kept,
        }));
        return;
    }
    let about = format!("run {}  {}", judged.run.prefix(8), judged.request);
    match &judged.stays {
        Some(why) => printer.line(&format!("{:<13} {about}  {why}", "keeps")),
        None => printer.line(&format!("{:<13} {about}  {}", word(act), bytes(judged.size))),
    }
    for name in &judged.kept {
        printer.line(&format!("{:<13} {name}", "  on a ref:"));
    }
}
