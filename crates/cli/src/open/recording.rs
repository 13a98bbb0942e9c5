//! Recordings as directories: `recording.json` says what it is, beside it lie the ledger (`events.jsonl`), the texts
//! that it names (`blobs/`) and the recorded answers as a script (`script/`). No transcript, no path of this machine and
//! no secret of its environment goes in. The base commit does not either: a replay needs a repository that holds it.

use super::House;
use crate::exit::{Exit, Failure};
use mao_core::event::{Event, Opened, Recorded};
use mao_core::ids::RunId;
use mao_engine::recording::Keeping;
use mao_providers::cli::Secrets;
use mao_providers::script::{self, Script, ScriptError};
use mao_repo::RunRepo;
use mao_store::Archive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file by which a recording is known, written last.
const ABOUT: &str = "recording.json";
/// Where its script lies.
const SCRIPT: &str = "script";
/// The version of what stands in the directory.
const VERSION: u32 = 1;

/// What a recording says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    version: u32,
    mao: String,
    run: RunId,
    /// Changed files that a secret was taken out of.
    cut: BTreeSet<String>,
}

/// A recording that was read.
#[derive(Debug)]
pub struct Recording {
    /// What the run was opened with.
    pub opened: Opened,
    /// Its ledger and texts.
    pub archive: Archive,
    /// Its answers.
    pub script: Script,
    /// Changed files that a secret was taken out of: their trees come out another.
    pub cut: BTreeSet<String>,
}

/// Where a run is recorded when nobody says where.
pub fn usual_place(house: &House, run: &RunId) -> PathBuf {
    house.state_dir.join("recordings").join(run.to_string())
}

/// Whether a directory holds a recording.
#[must_use]
pub fn is_one(dir: &Path) -> bool {
    dir.join(ABOUT).is_file()
}

/// Refuses a directory in which something is already.
pub fn refuse_taken(dir: &Path) -> Result<(), Failure> {
    let taken = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    };
    if !taken {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, format!("{} is not an empty directory", dir.display()))
        .hint("name a new one: no recording is written over"))
}

/// What is left out of a recording that somebody keeps.
#[must_use]
pub fn to_be_kept(house: &House) -> Keeping {
    Keeping::Without(Secrets::of(&house.environment))
}

/// Records what a run has come to so far into `dir`.
pub fn write(house: &House, run: &RunId, dir: &Path, keeping: &Keeping) -> Result<(), Failure> {
    refuse_taken(dir)?;
    let run_dir = house.runs_dir().join(run.to_string());
    if !run_dir.join("run").is_file() {
        let what = format!("run {} has no repository here to record its changes from", run.prefix(8));
        return Err(Failure::new(Exit::Negative, what).hint("`mao resume` begins a run that was never begun"));
    }
    let repo = RunRepo::open(&run_dir, house.repo.git())?;
    let recording = mao_engine::recording::record(&*house.store, &repo, run, keeping)?;
    let script = dir.join(SCRIPT);
    fs::create_dir_all(&script).map_err(|source| Failure::disk("cannot write", &script, source))?;
    script::write(&script, &recording.turns).map_err(|wrong| match wrong {
        ScriptError::Unreadable { file, cause } => Failure::disk("cannot write", Path::new(&file), cause),
        ScriptError::Empty { .. }
        | ScriptError::Bad { .. }
        | ScriptError::Missing { .. }
        | ScriptError::NoTurn { .. } => Failure::new(Exit::Internal, wrong),
    })?;
    Archive { events: recording.events, blobs: recording.blobs }.write(dir)?;
    let about = About { version: VERSION, mao: env!("CARGO_PKG_VERSION").to_owned(), run: *run, cut: recording.cut };
    let mut text = serde_json::to_string_pretty(&about).map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    text.push('\n');
    let file = dir.join(ABOUT);
    fs::write(&file, text).map_err(|source| Failure::disk("cannot write", &file, source))
}

/// Reads a recording, and checks it as a whole.
pub fn read(dir: &Path) -> Result<Recording, Failure> {
    let wrong = |what: String| Failure::new(Exit::Configuration, format!("{} {what}", dir.display()));
    let text = fs::read_to_string(dir.join(ABOUT))
        .map_err(|source| wrong(format!("holds no recording: {ABOUT}: {source}")))?;
    let about: About = serde_json::from_str(&text)
        .map_err(|source| wrong(format!("is no recording of this mao: {ABOUT}: {source}")))?;
    if about.version != VERSION {
        return Err(wrong(format!(
            "is a recording of version {}, written by mao {}; this mao reads version {VERSION}",
            about.version, about.mao
        )));
    }
    let archive = Archive::read(dir)?;
    let opened = match archive.events.first() {
        Some(Recorded { event: Event::RunOpened(opened), .. }) if opened.run == about.run => (**opened).clone(),
        Some(_) | None => return Err(wrong("does not begin with the opening of its run".to_owned())),
    };
    let script = match Script::load(&dir.join(SCRIPT)) {
        // Of a run that came to no answer there is nothing to play.
        Err(ScriptError::Empty { .. }) => Script::from_texts([]),
        loaded => loaded,
    };
    let script = script.map_err(|source| Failure::new(Exit::Configuration, source))?;
    Ok(Recording { opened, archive, script, cut: about.cut })
}
