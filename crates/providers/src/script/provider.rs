//! The scripted provider: plays a script inside this process, for `demo`, `--script` and tests.
//!
//! It starts no process and calls no network, writes only beneath the job's directory and to its transcript, and
//! never passes for a model: every reply and every line of news says that it is scripted.

use super::format::{Act, Ending, Turn as Scripted};
use super::{Script, ScriptError, beneath};
use crate::provider::{Abilities, Access, Job, Progress, Provider, Reply, Turn, TurnEnd};
use async_trait::async_trait;
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::ProviderId;
use mao_core::text::one_line;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// What stands for a containment where there is nothing to contain.
const CONTAINMENT: &str = "scripted: no process";

/// Longer than any attempt, and still a moment that the clock can name.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A provider whose models are the files of a directory.
#[derive(Debug)]
pub struct ScriptedProvider {
    id: ProviderId,
    abilities: Abilities,
    script: Script,
    voice: Voice,
}

/// Who is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// A script: every reply says so, and the job's timers go.
    Scripted,
    /// What a model said once: word for word, with the model that served it then. It is played to a replay alone, whose
    /// ledger says that it is one; how long the model took is not played.
    Recorded,
}

impl ScriptedProvider {
    /// Loads and checks the whole directory.
    ///
    /// # Errors
    /// [`ScriptError`] with file and line, also for actions that only the other players know.
    pub fn new(id: ProviderId, dir: PathBuf) -> Result<Self, ScriptError> {
        Self::playing(id, Script::load(&dir)?)
    }

    /// Plays a script that is already loaded.
    ///
    /// # Errors
    /// [`ScriptError::Bad`] for an action that only the other players know.
    pub fn playing(id: ProviderId, script: Script) -> Result<Self, ScriptError> {
        for placed in script.turns().flat_map(|(_, turn)| &turn.acts) {
            match &placed.act {
                Act::Run(_) | Act::Tool(_) | Act::Cut(_) | Act::Http(_) | Act::StreamError(_) | Act::Exit(_) => {
                    let word = placed.act.word();
                    return Err(placed.at.bad(format!("the scripted provider cannot play `{word}`")));
                }
                Act::Say(_) | Act::Json(_) | Act::Edit { .. } | Act::Delete { .. } | Act::Think(_) => {}
                Act::Link(_) | Act::Executable { .. } => {}
                Act::Sleep(_) | Act::Hang(_) | Act::Garbage(_) | Act::End(_) | Act::Fault(_) => {}
            }
        }
        let abilities = Abilities { program: None, unusable: None, edits: true, schema: true, effort: true };
        Ok(Self { id, abilities, script, voice: Voice::Scripted })
    }

    /// Plays the recorded answers of `script` as they were given.
    ///
    /// # Errors
    /// As [`ScriptedProvider::playing`].
    pub fn replaying(id: ProviderId, script: Script) -> Result<Self, ScriptError> {
        Ok(Self { voice: Voice::Recorded, ..Self::playing(id, script)? })
    }
}

#[async_trait]
impl Provider for ScriptedProvider {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    async fn start(&self, job: Job) -> Result<Turn, Fault> {
        let turn = self
            .script
            .turn(&job.step, job.acknowledged)
            .and_then(|turn| turn.check(&job.endpoint, &job.prompt).map(|()| turn.clone()))
            .map_err(|error| Fault::new(FaultKind::BadRequest, format!("script: {error}")))?;
        let (news, progress) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel();
        let began = Instant::now();
        let stage = Playing { job, voice: self.voice, news, stopped, began, last: None, transcript: Vec::new() };
        Ok(Turn::new(progress, tokio::spawn(stage.play(turn)), stop))
    }
}

/// One turn while it is played.
struct Playing {
    job: Job,
    voice: Voice,
    news: mpsc::Sender<Progress>,
    stopped: oneshot::Receiver<()>,
    began: Instant,
    last: Option<Instant>,
    transcript: Vec<String>,
}

impl Playing {
    async fn play(mut self, turn: Scripted) -> TurnEnd {
        let (served, effort) = match self.voice {
            Voice::Scripted => {
                let served = turn.served.as_deref().unwrap_or(&self.job.endpoint);
                (Some(format!("{served} (scripted)")), self.job.effort.clone())
            }
            Voice::Recorded => (turn.served.clone(), turn.effort.clone()),
        };
        self.note("scripted", &serde_json::json!({ "label": self.job.label, "at": turn.at.to_string() }));
        // The session is ours and no sign of life: the first-byte timer goes on.
        drop(self.news.try_send(Progress::Session(self.job.session.clone())));
        let session = Some(self.job.session.clone());
        let spoken = self.acts(&turn).await;
        let result =
            spoken.map(|(text, structured)| Reply { text, structured, served, usage: turn.usage, effort_sent: effort });
        match &result {
            Ok(reply) => self.note("reply", &serde_json::json!(reply.text)),
            Err(fault) => self.note("fault", &serde_json::json!(fault)),
        }
        let written = std::fs::write(&self.job.transcript, self.transcript.concat());
        let result = match written {
            Ok(()) => result,
            Err(cause) => Err(Fault::new(FaultKind::Crashed, format!("could not write the transcript: {cause}"))),
        };
        TurnEnd { result, session, containment: CONTAINMENT.into(), exit: None, usage: turn.usage }
    }

    /// Plays every action and returns the reply's text and structure.
    async fn acts(&mut self, turn: &Scripted) -> Result<(String, Option<serde_json::Value>), Fault> {
        let (mut text, mut structured) = (None::<String>, None::<serde_json::Value>);
        for placed in &turn.acts {
            self.note("act", &serde_json::json!({ "at": placed.at.to_string(), "act": placed.act.word() }));
            self.pause(Duration::ZERO).await?;
            match &placed.act {
                Act::Say(said) => {
                    self.tell(Progress::Said(one_line(&format!("scripted: {said}"), 200)));
                    text = Some(said.clone());
                }
                Act::Json(value) => structured = Some(value.clone()),
                Act::Think(thought) => {
                    self.tell(Progress::Said(one_line(&format!("scripted thought: {thought}"), 200)))
                }
                Act::Edit { path, content } => {
                    self.may_write()?;
                    self.tell(Progress::Tool(one_line(&format!("scripted edit: {}", path.display()), 200)));
                    beneath::write(&self.job.cwd, path, content).map_err(|cause| broken(placed, &cause))?;
                }
                Act::Delete { path } => {
                    self.may_write()?;
                    self.tell(Progress::Tool(one_line(&format!("scripted delete: {}", path.display()), 200)));
                    beneath::delete(&self.job.cwd, path).map_err(|cause| broken(placed, &cause))?;
                }
                Act::Link(link) => {
                    self.may_write()?;
                    beneath::link(&self.job.cwd, &link.path, &link.to).map_err(|cause| broken(placed, &cause))?;
                }
                Act::Executable { path } => {
                    self.may_write()?;
                    beneath::executable(&self.job.cwd, path).map_err(|cause| broken(placed, &cause))?;
                }
                Act::Sleep(time) => self.pause(*time).await?,
                Act::Hang(_) => self.pause(NEVER).await?,
                Act::Garbage(_) => return Err(Fault::new(FaultKind::Unparsable, "scripted garbage")),
                Act::End(Ending::MaxTokens) => return Err(Fault::new(FaultKind::Truncated, "scripted output cap")),
                Act::End(Ending::Refusal) => return Err(Fault::new(FaultKind::Refused, "scripted refusal")),
                Act::End(Ending::Empty) => return Err(Fault::new(FaultKind::EmptyOutput, "scripted silence")),
                Act::Fault(fault) => return Err(fault.clone()),
                Act::Run(_) | Act::Tool(_) | Act::Cut(_) | Act::Http(_) | Act::StreamError(_) | Act::Exit(_) => {
                    let what = format!("script: {}: `{}` cannot be played here", placed.at, placed.act.word());
                    return Err(Fault::new(FaultKind::BadRequest, what));
                }
            }
        }
        match (text, &structured) {
            (Some(text), _) => Ok((text, structured)),
            (None, Some(value)) => Ok((format!("{value:#}"), structured)),
            (None, None) => Err(Fault::new(FaultKind::EmptyOutput, format!("script: {}: nothing is said", turn.at))),
        }
    }

    /// Silence for `time`, cut short by a stop and by the job's own timers.
    async fn pause(&mut self, time: Duration) -> Result<(), Fault> {
        if self.voice == Voice::Recorded {
            return Ok(());
        }
        let timers = self.job.timers;
        let now = Instant::now();
        let after = |from: Instant, limit: Duration| from + limit.min(NEVER);
        let (quiet, silence) = match self.last {
            Some(last) => (after(last, timers.idle), "nothing was heard"),
            None => (after(self.began, timers.first_byte), "the first byte did not come"),
        };
        let (total, whole) = (after(self.began, timers.total), "the attempt lasted too long");
        let (end, why) = if total <= quiet { (total, whole) } else { (quiet, silence) };
        let wake = after(now, time);
        let reached = wake < end;
        let until = wake.min(end);
        tokio::select! {
            biased;
            _ = &mut self.stopped => Err(Fault::new(FaultKind::Cancelled, "scripted turn was stopped")),
            () = tokio::time::sleep_until(until) => {
                if reached { Ok(()) } else { Err(Fault::new(FaultKind::TimedOut, format!("scripted: {why}"))) }
            }
        }
    }

    fn may_write(&self) -> Result<(), Fault> {
        match self.job.access {
            Access::Write => Ok(()),
            Access::Read => Err(Fault::new(FaultKind::Denied, "scripted edit in a job that may only read")),
        }
    }

    /// News is lossy: a full channel or a listener that left is no matter.
    fn tell(&mut self, news: Progress) {
        self.last = Some(Instant::now());
        drop(self.news.try_send(news));
    }

    fn note(&mut self, what: &str, value: &serde_json::Value) {
        self.transcript.push(format!("{}\n", serde_json::json!({ what: value })));
    }
}

/// An edit that could not be made, as a script error: the script does not fit the tree.
fn broken(placed: &super::Placed, cause: &std::io::Error) -> Fault {
    Fault::new(FaultKind::BadRequest, format!("script: {}: `{}` failed: {cause}", placed.at, placed.act.word()))
}
