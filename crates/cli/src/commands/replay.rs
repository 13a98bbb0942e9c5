//! `mao replay`: decides a recorded run again from an empty ledger, and says where it comes out another.
//!
//! Recorded answers are played through the real engine, its worktrees, merges and report included; verifications are
//! the recorded ones. Nobody is called, no recorded command runs, and no branch is made.

use crate::args::{Common, Replay, ReplayPolicy};
use crate::exit::{Exit, Failure};
use crate::open::recording::{self, Recording};
use crate::open::replaying::{Place, Stage};
use crate::open::{House, Scripted};
use crate::print::Printer;
use mao_core::event::Event;
use mao_core::ids::ProviderId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_engine::playback::{Halt, Parting};
use mao_engine::recording::Keeping;
use mao_engine::{Carried, EngineError};
use mao_policy::Policy;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(common: &Common, words: &Replay, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let place = Place::new(&house)?;
    let dir = recorded(&house, &place, words, printer)?;
    let recording = recording::read(&dir)?;
    let policy = match words.policy {
        ReplayPolicy::Recorded => None,
        ReplayPolicy::Now => Some(present_policy(&house, &recording, printer)?),
    };
    let (stage, policy_name) = Stage::new(&house, &place, &recording, policy.as_ref())?;
    let enabled = match policy {
        Some(policy) => policy.enabled,
        None => recorded_policy(&recording)?.enabled,
    };
    let outcome = play(&stage, &recording, policy_name, &enabled)?;
    Ok(say(&stage, &recording, outcome.as_ref(), words, printer))
}

/// The directory of the recording: as named, or made of a run's ledger right now.
fn recorded(house: &House, place: &Place, words: &Replay, printer: &Printer) -> Result<PathBuf, Failure> {
    let named = words.recorded.as_deref();
    if let Some(dir) = named.map(Path::new).filter(|dir| recording::is_one(dir)) {
        return Ok(dir.to_owned());
    }
    if let Some(named) = named.filter(|named| named.contains('/')) {
        return Err(Failure::new(Exit::Usage, format!("{named} holds no recording"))
            .hint("`mao develop … --record=DIR` makes one; `mao replay RUN --record=DIR` makes one of any run"));
    }
    let run = house.run(named)?.run;
    let (dir, keeping) = match &words.record {
        Some(dir) => (dir.clone().unwrap_or_else(|| recording::usual_place(house, &run)), recording::to_be_kept(house)),
        None => (place.dir().join("recording"), Keeping::Whole),
    };
    recording::write(house, &run, &dir, &keeping)?;
    if words.record.is_some() {
        printer.note(&format!("recorded in {}", dir.display()));
    }
    Ok(dir)
}

fn present_policy(house: &House, recording: &Recording, printer: &Printer) -> Result<Policy, Failure> {
    let loaded = house.config(Vec::new(), printer)?;
    let scripted = if recording.opened.scripted.is_some() { Scripted::Yes } else { Scripted::No };
    let policy = house.policy(&loaded, &recording.opened.base, scripted)?;
    mao_policy::orchestrator::check(&policy).map_err(EngineError::from)?;
    Ok(policy)
}

fn recorded_policy(recording: &Recording) -> Result<Policy, Failure> {
    let blob = recording.archive.blobs.get(&recording.opened.policy);
    let blob = blob.ok_or_else(|| Failure::new(Exit::Configuration, "the recording lacks its policy"))?;
    serde_json::from_slice(blob)
        .map_err(|wrong| Failure::new(Exit::Configuration, format!("the recorded policy cannot be read: {wrong}")))
}

/// Plays the run, owner by owner, to its end or to where it parts from the recording.
fn play(
    stage: &Stage,
    recording: &Recording,
    policy: mao_core::ids::BlobId,
    enabled: &BTreeSet<ProviderId>,
) -> Result<Option<Outcome>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    let (_nobody_cancels, cancel) = tokio::sync::watch::channel(None);
    let playback = stage.playback();
    let mut opened = recording.opened.clone();
    opened.policy = policy;
    let run = opened.run;
    let rest = recording.archive.events.iter().skip(1).map(|recorded| &recorded.event);
    let supplied = rest.take_while(|event| matches!(event, Event::Supplied { .. })).cloned();
    mao_engine::open::open_again(&stage.parts(playback.next_owner(enabled)), opened, supplied)?;
    loop {
        let before = playback.same();
        let parts = stage.parts(playback.next_owner(enabled));
        let carried = runtime.block_on(mao_engine::carry(parts, run, cancel.clone()));
        let instead = match carried {
            Ok(Carried::Closed(outcome)) => return Ok(Some(outcome)),
            Err(EngineError::Halted(Halt::Over | Halt::Parted)) => return Ok(None),
            Ok(Carried::Parked { waiting_for }) => format!("the run waits for {waiting_for}"),
            Err(EngineError::Halted(Halt::OwnerLeft)) => "nothing follows".to_owned(),
            Err(wrong) => return Err(wrong.into()),
        };
        if playback.same() == playback.recorded().len() {
            return Ok(None);
        }
        if playback.same() == before {
            playback.part(&instead);
            return Ok(None);
        }
    }
}

fn say(stage: &Stage, recording: &Recording, outcome: Option<&Outcome>, words: &Replay, printer: &Printer) -> Exit {
    let playback = stage.playback();
    let (same, of) = (playback.same(), playback.recorded().len());
    let parting = playback.parting().or_else(|| ended_early(stage, outcome));
    let tree = RunState::fold(&playback.recorded()[..same]).ok().flatten().map(|state| state.head_tree);
    let exit = if parting.is_some() { Exit::Negative } else { Exit::Ok };
    if printer.is_json() {
        let parted = parting.as_ref().map(|parting| {
            serde_json::json!({
                "seq": parting.seq, "event": parting.kind, "step": parting.step, "part": parting.part,
                "recorded": parting.recorded, "now": parting.now,
            })
        });
        printer.value(serde_json::json!({
            "kind": "replay", "run": recording.opened.run, "exit": exit.code(), "same": same, "of": of,
            "decisions": playback.decisions(), "tree": tree, "outcome": outcome, "parted": parted,
            "cut": recording.cut, "policy": words.policy.name(),
        }));
        return exit;
    }
    let short = recording.opened.run.prefix(8);
    let decisions = playback.decisions();
    match &parting {
        None => {
            printer
                .line(&format!("run {short} replayed: all {same} events are the same, {decisions} of them decisions"));
            if let Some(tree) = tree {
                printer.line(&format!("  final tree {tree}"));
            }
            if outcome.is_none() {
                printer.line("  the recording ends there: the run was not over");
            }
        }
        Some(Parting { seq, kind, step, part, recorded: then, now }) => {
            let step = step.as_ref().map_or_else(String::new, |step| format!(" {step}"));
            printer.line(&format!("run {short} replayed: it parts from the recording at event {seq}, {kind}{step}"));
            if let Some(part) = part {
                printer.line(&format!("  part      {part}"));
            }
            printer.line(&format!("  recorded  {then}"));
            printer.line(&format!("  now       {now}"));
            printer.line(&format!("  the {same} events before it are the same, {decisions} of them decisions"));
        }
    }
    if parting.is_some() && !recording.cut.is_empty() {
        let cut: Vec<&str> = recording.cut.iter().map(String::as_str).collect();
        printer.note(&format!("secrets were taken out of {}: their trees come out another", cut.join(", ")));
    }
    exit
}

/// The run is over now, and was not over there when it was recorded.
fn ended_early(stage: &Stage, outcome: Option<&Outcome>) -> Option<Parting> {
    let playback = stage.playback();
    let next = playback.recorded().get(playback.same()).filter(|_| outcome.is_some())?;
    Some(Parting {
        seq: next.seq,
        kind: next.event.kind(),
        step: next.event.step().cloned(),
        part: None,
        recorded: next.event.kind().to_owned(),
        now: "the run is over".to_owned(),
    })
}
