//! `--precheck`: asks the vendors' command lines whether they can be used before a run counts on them, and keeps the
//! answer for an hour of the same session. Nobody is asked without it, and no tool makes a call.

use super::doctor::tools;
use crate::exit::{Exit, Failure};
use crate::open::{House, PROBES};
use crate::print::Printer;
use mao_config::Loaded;
use mao_core::ids::{ProviderId, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// How long an answer holds, in milliseconds.
const HOLDS_MS: u64 = 3_600_000;

/// What was found, and when.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    session: u32,
    at: Stamp,
    asked: BTreeSet<ProviderId>,
    unusable: BTreeMap<ProviderId, String>,
}

/// The providers that cannot be used, with the first thing that is missing; asked now, or within the hour.
pub(super) fn unusable(
    house: &House,
    loaded: &Loaded,
    printer: &Printer,
) -> Result<BTreeMap<ProviderId, String>, Failure> {
    let (now, session) = (house.clock.now(), mao_process::session());
    let file = house.state_dir.join("precheck.json");
    let needed = tools::needed(&PROBES, loaded);
    let fresh = |found: &Found| {
        found.session == session && found.at <= now && now.since(found.at) < HOLDS_MS && needed.is_subset(&found.asked)
    };
    let kept = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Found>(&text).ok()).filter(fresh);
    let found = match kept {
        Some(kept) => kept,
        None => {
            let unusable = tools::missing(&PROBES, loaded, &house.environment, house.repo.root());
            let found = Found { session, at: now, asked: needed, unusable };
            keep(&file, &found)?;
            found
        }
    };
    for (provider, why) in &found.unusable {
        let when = match now.since(found.at) / 60_000 {
            0 => String::new(),
            minutes => format!(" (asked {minutes} min ago)"),
        };
        printer.note(&format!("{provider} is left out: {why}{when}"));
    }
    Ok(found.unusable)
}

fn keep(file: &Path, found: &Found) -> Result<(), Failure> {
    let text = serde_json::to_vec(found).map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    let new = file.with_extension("new");
    let done = fs::write(&new, text).and_then(|()| fs::rename(&new, file));
    done.map_err(|source| Failure::disk("cannot write", file, source))
}
