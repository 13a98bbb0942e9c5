//! `mao debug -- CMD`: looks for the fault that a command shows. What earlier searches of this repository for the same
//! command recorded is collected here, so that failed repairs are counted over all of them.

use super::begin::{Beginning, Needs};
use super::resume::Asking;
use crate::args::{Common, Debug};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::debug::{self, Trial};
use mao_core::ids::{BlobId, CommitId};
use mao_core::matter::Matter;
use mao_policy::policy::Check;
use mao_store::Blobs;
use mao_workflows::debug::{is_about, trials};

/// How many runs of this repository are looked through.
const RUNS: usize = 60;

/// How many earlier runs of the command are taken along.
const EARLIER: usize = 30;

/// How much of the first event they may take, in bytes.
const ROOM: usize = 8 * 1024;

/// Runs the command.
pub fn run(common: &Common, words: &Debug, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let mut start = Beginning::from(&house, Vec::new(), &words.start, printer)?;
    start.policy.checks = vec![Check { argv: words.command.clone() }];
    let earlier = earlier(&house, &words.command)?;
    let dirty = dirty(&house, &start.base, words.start.base.as_deref())?;
    let command = words.command.clone();
    let environment = vec![
        format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
        format!("mao {}", env!("CARGO_PKG_VERSION")),
    ];
    let matter = Matter::Debug(Box::new(debug::Debug { command, earlier, environment, dirty }));
    let new = start.about(("debug", &words.command.join(" ")), matter)?;
    Ok(start.begin(new, Needs::Orchestrator, printer, Asking::of(printer))?.1)
}

/// When this command was run in earlier searches of this repository, oldest first.
fn earlier(house: &House, command: &[String]) -> Result<Vec<Trial>, Failure> {
    let mut found = Vec::new();
    for entry in house.runs()?.into_iter().take(RUNS) {
        // A ledger of another version is no reason not to look for a fault.
        let Ok(state) = house.state(&entry.run) else { continue };
        if is_about(&state, command) {
            found.push(trials(&state));
        }
    }
    let mut all: Vec<Trial> = found.into_iter().rev().flatten().collect();
    let size = |trial: &Trial| serde_json::to_string(trial).map_or(ROOM, |text| text.len());
    let mut room = ROOM;
    let fits = all.iter().rev().take(EARLIER).take_while(|trial| {
        let taken = size(trial);
        let fits = taken <= room;
        room = room.saturating_sub(taken);
        fits
    });
    let from = all.len() - fits.count();
    Ok(all.split_off(from))
}

/// ESC-03: the uncommitted changes that go along, as a diff by its hash; none where a commit was named or nothing is
/// uncommitted.
fn dirty(house: &House, base: &CommitId, named: Option<&str>) -> Result<Option<BlobId>, Failure> {
    let head = &house.repo.head().commit;
    if named.is_some() || base == head {
        return Ok(None);
    }
    let diff = house.repo.diff(head, base)?;
    Ok(Some(house.store.put(diff.as_bytes())?))
}
