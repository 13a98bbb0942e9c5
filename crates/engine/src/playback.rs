//! A recorded run, played again: what stands in for time, chance, order and the world's answers while the real engine
//! decides everything anew, and what compares each event that it would record with the recorded one.
//!
//! The run goes on in the recorded order: what arrives (an attempt's end, a check's, a person's word) arrives when the
//! recording says so; what is decided must be what was decided. The first event that is another ends the replay.
//! Nothing is called, and no recorded command runs: a verification is the recorded one of its step.

use crate::clock::Clock;
use mao_core::ask::Size;
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, Caps, Event, Recorded, Route, Verification};
use mao_core::ids::{AttemptNo, ProviderId, Stamp, StepId};
use mao_core::reply::{Checkout, Claimed};
use mao_core::text;
use mao_policy::spend;
use mao_store::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Why an owner of a replayed run leaves before the run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// The recorded owner left here (it died, or its run was parked): the next one goes on.
    #[error("the recorded owner left here")]
    OwnerLeft,
    /// The recording ends here.
    #[error("the recording ends here")]
    Over,
    /// What follows is not what was recorded.
    #[error("the replay and the recording part here")]
    Parted,
}

/// Where a replay and its recording part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// The place of the recorded event.
    pub seq: u64,
    /// Its kind.
    pub kind: &'static str,
    /// Its step.
    pub step: Option<StepId>,
    /// Which part of it is another, where kind and step are the same: `route.links[0].model`.
    pub part: Option<String>,
    /// What was recorded.
    pub recorded: String,
    /// What is decided now.
    pub now: String,
}

/// A recorded run on its way to be the same again.
#[derive(Debug)]
pub struct Playback {
    recorded: Vec<Recorded>,
    standing: Mutex<Standing>,
    moved: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Standing {
    /// How many events came again.
    at: usize,
    /// Grows with everything that happens here.
    version: u64,
    /// Work that is done and waits for its turn, or waits for nothing that was recorded.
    waiting: BTreeMap<u64, Option<Event>>,
    /// Steps whose attempt might start and must not yet.
    held: BTreeSet<StepId>,
    /// Steps that wait now, and for what.
    waits: BTreeMap<StepId, String>,
    /// What the last idle look saw.
    idle: Option<u64>,
    /// The signal that was posted last, by the place of its event.
    posted: Option<usize>,
    halt: Option<Halt>,
    parting: Option<Parting>,
}

/// Whether an event comes from the world, and is not the consequence of what is recorded before it.
const fn arrives(event: &Event) -> bool {
    match event {
        Event::AttemptEnded { .. }
        | Event::Continued { .. }
        | Event::AttemptLost { .. }
        | Event::Verified { .. }
        | Event::Probed { .. }
        | Event::Inspected { .. }
        | Event::Compared { .. }
        | Event::Merged { .. }
        | Event::Reported { .. }
        | Event::Published { .. }
        | Event::Answered { .. }
        | Event::Withdrawn { .. }
        | Event::CapsSet { .. }
        | Event::Foreseen { .. }
        | Event::CancelRequested { .. } => true,
        Event::RunOpened(_)
        | Event::Supplied { .. }
        | Event::StepOpened { .. }
        | Event::Routed { .. }
        | Event::AttemptStarted { .. }
        | Event::Decided { .. }
        | Event::Parked { .. }
        | Event::Noted(_) => false,
    }
}

/// Whether only a new owner records it.
const fn is_of_a_new_owner(event: &Event) -> bool {
    matches!(event, Event::AttemptLost { .. } | Event::Withdrawn { .. } | Event::CapsSet { .. })
}

fn same_place(a: &Event, b: &Event) -> bool {
    a.kind() == b.kind() && a.step() == b.step() && a.attempt() == b.attempt()
}

impl Playback {
    /// A replay of `recorded`, a whole ledger from its first event.
    #[must_use]
    pub fn new(mut recorded: Vec<Recorded>) -> Self {
        // Forecasts come when a machine has time for them; nothing follows from one.
        recorded.retain(|recorded| !matches!(recorded.event, Event::Foreseen { .. }));
        Self { recorded, standing: Mutex::default(), moved: watch::channel(0).0 }
    }

    /// What was recorded.
    #[must_use]
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }

    /// How many events came again as they were recorded.
    #[must_use]
    pub fn same(&self) -> usize {
        self.standing().at
    }

    /// How many of the first `same` events are decisions, and not what the world answered.
    #[must_use]
    pub fn decisions(&self) -> usize {
        self.recorded[..self.same()].iter().filter(|recorded| !arrives(&recorded.event)).count()
    }

    /// Where replay and recording part, if they do.
    #[must_use]
    pub fn parting(&self) -> Option<Parting> {
        self.standing().parting.clone()
    }

    /// Says that nothing of what follows happens now: `instead`.
    pub fn part(&self, instead: &str) {
        let mut standing = self.standing();
        let halt = self.parted(&mut standing, None, instead);
        self.halt(&mut standing, halt);
    }

    /// A new owner goes on. The providers that are enabled for it, of those that `all` names.
    pub fn next_owner(&self, all: &BTreeSet<ProviderId>) -> BTreeSet<ProviderId> {
        let mut standing = self.standing();
        standing.halt = None;
        standing.waiting.clear();
        standing.held.clear();
        standing.waits.clear();
        let ahead = self.recorded[standing.at..].iter().take_while(|recorded| is_of_a_new_owner(&recorded.event));
        let before = self.recorded[..standing.at].iter();
        let gone: BTreeSet<&ProviderId> = before
            .chain(ahead)
            .filter_map(
                |recorded| {
                    if let Event::Withdrawn { provider } = &recorded.event { Some(provider) } else { None }
                },
            )
            .collect();
        all.iter().filter(|provider| !gone.contains(provider)).cloned().collect()
    }

    /// The limits that a person gave the run where this owner took it over.
    #[must_use]
    pub fn caps(&self) -> Caps {
        let standing = self.standing();
        let ahead = self.recorded[standing.at..].iter().take_while(|recorded| is_of_a_new_owner(&recorded.event));
        let given =
            ahead.filter_map(|recorded| if let Event::CapsSet { caps } = &recorded.event { Some(*caps) } else { None });
        given.fold(Caps::default(), Caps::with)
    }

    /// Takes `events`, about to be recorded in one commit, if they are what was recorded; the stamp that they had.
    pub(crate) fn admit(&self, events: &[Event]) -> Result<Stamp, Halt> {
        let mut standing = self.standing();
        if let Some(halt) = standing.halt {
            return Err(halt);
        }
        let stamp = self.recorded.get(standing.at).or(self.recorded.last()).map_or(Stamp(0), |recorded| recorded.at);
        for event in events {
            let halt = match self.recorded.get(standing.at) {
                None => Some(Halt::Over),
                Some(next) if is_of_a_new_owner(&next.event) && !is_of_a_new_owner(event) => Some(Halt::OwnerLeft),
                Some(next) if differs(&next.event, event).is_some() => {
                    Some(self.parted(&mut standing, Some(event), ""))
                }
                Some(_) => None,
            };
            if let Some(halt) = halt {
                self.halt(&mut standing, halt);
                return Err(halt);
            }
            standing.at += 1;
        }
        standing.held.clear();
        standing.waits.clear();
        self.changed(&mut standing);
        Ok(stamp)
    }

    /// Waits until `event` is what comes next in the recording, or the replay is halted.
    pub(crate) async fn turn(&self, event: &Event) {
        self.wait(Some(event.clone())).await;
    }

    /// Waits until the replay is halted: what was not recorded never comes.
    pub(crate) async fn never(&self) {
        self.wait(None).await;
    }

    async fn wait(&self, event: Option<Event>) {
        let mut moved = self.moved.subscribe();
        let ticket = {
            let mut standing = self.standing();
            self.changed(&mut standing);
            let ticket = standing.version;
            standing.waiting.insert(ticket, event.clone());
            ticket
        };
        loop {
            {
                let mut standing = self.standing();
                let next = self.recorded.get(standing.at);
                let mine = event.as_ref().zip(next).is_some_and(|(event, next)| same_place(event, &next.event));
                if mine || standing.halt.is_some() {
                    standing.waiting.remove(&ticket);
                    self.changed(&mut standing);
                    return;
                }
            }
            if moved.changed().await.is_err() {
                return;
            }
        }
    }

    /// What the run waits for where the limit of a month parks it next: what others spent is not in the recording.
    pub(crate) fn month(&self) -> Option<String> {
        let next = self.recorded.get(self.standing().at)?;
        let Event::Parked { waiting_for, .. } = &next.event else { return None };
        Some(waiting_for.clone()).filter(|waits| waits.ends_with(spend::OF_THE_MONTH))
    }

    /// Whether an attempt of `step` is what starts next in the recording.
    pub(crate) fn may_start(&self, step: &StepId) -> bool {
        let mut standing = self.standing();
        let next = self.recorded.get(standing.at).map(|recorded| &recorded.event);
        let may = matches!(next, Some(Event::AttemptStarted { step: next, .. }) if next == step);
        if !may {
            standing.held.insert(step.clone());
        }
        may
    }

    /// Takes down that `step` does not go on now, and what it waits for.
    pub(crate) fn waits(&self, step: &StepId, why: &str) {
        self.standing().waits.insert(step.clone(), why.to_owned());
    }

    /// What somebody posted right here, once.
    pub(crate) fn signal(&self) -> Option<Signal> {
        let mut standing = self.standing();
        let at = standing.at;
        if standing.posted == Some(at) {
            return None;
        }
        let next = &self.recorded.get(at)?.event;
        let signal = if let Event::Answered { step, answer, by, because } = next {
            let (answer, by, because) = (answer.clone(), by.clone(), because.clone());
            Signal::Answer { step: step.to_string(), answer, by, because }
        } else if let Event::CancelRequested { by } = next {
            Signal::Cancel { by: by.clone() }
        } else {
            return None;
        };
        standing.posted = Some(at);
        Some(signal)
    }

    /// Called where an owner with `out` pieces of work would wait for news. Two looks in a row at the same standing, with
    /// all work waiting and none of it next, are a halt: what was recorded next will not come.
    pub(crate) fn idle(&self, out: usize) -> Result<(), Halt> {
        let mut standing = self.standing();
        if let Some(halt) = standing.halt {
            return Err(halt);
        }
        let halt = match self.recorded.get(standing.at) {
            None => Some(Halt::Over),
            Some(next) if is_of_a_new_owner(&next.event) => Some(Halt::OwnerLeft),
            Some(_) if standing.waiting.len() < out => None,
            Some(_) if standing.idle != Some(standing.version) => {
                standing.idle = Some(standing.version);
                None
            }
            Some(_) => {
                let instead = standing.instead();
                Some(self.parted(&mut standing, None, &instead))
            }
        };
        match halt {
            None => Ok(()),
            Some(halt) => {
                self.halt(&mut standing, halt);
                Err(halt)
            }
        }
    }

    /// What the world did not allow when the route of `step` was drawn.
    pub(crate) fn unusable(&self, step: &StepId) -> BTreeMap<ProviderId, String> {
        let found = self.recorded.iter().find_map(|recorded| {
            let Event::Routed { step: of, route } = &recorded.event else { return None };
            (of == step).then(|| route.unusable.clone())
        });
        found.unwrap_or_default()
    }

    /// The session id that was drawn for an attempt.
    pub(crate) fn session(&self, step: &StepId, no: AttemptNo) -> Option<String> {
        self.recorded.iter().find_map(|recorded| {
            let Event::AttemptStarted { step: of, attempt, session, .. } = &recorded.event else { return None };
            (of == step && *attempt == no).then(|| session.clone())
        })
    }

    /// The checkout of the person whose run was recorded, before and after an attempt.
    pub(crate) fn checkout(&self, step: &StepId, no: AttemptNo) -> Option<Checkout> {
        self.recorded.iter().find_map(|recorded| {
            let Event::AttemptEnded { step: of, attempt, result, loss, .. } = &recorded.event else { return None };
            if of != step || *attempt != no {
                return None;
            }
            match result {
                AttemptResult::Answered(answer) => answer.proposed.as_ref()?.checkout.clone(),
                AttemptResult::Failed(_) => loss.as_ref()?.checkout.clone(),
            }
        })
    }

    /// What the commands of a step said, if they came to their end.
    pub(crate) fn ran(&self, step: &StepId) -> Option<Verification> {
        self.recorded.iter().find_map(|recorded| {
            let (Event::Verified { step: of, verification, .. } | Event::Probed { step: of, verification, .. }) =
                &recorded.event
            else {
                return None;
            };
            (of == step).then(|| verification.clone())
        })
    }

    /// The files that the log of a probe named: a replay does not look for them in the stand-in's tree.
    pub(crate) fn named(&self, step: &StepId) -> Vec<String> {
        let found = self.recorded.iter().find_map(|recorded| {
            let Event::Probed { step: of, named, .. } = &recorded.event else { return None };
            (of == step).then(|| named.clone())
        });
        found.unwrap_or_default()
    }

    fn parted(&self, standing: &mut Standing, now: Option<&Event>, instead: &str) -> Halt {
        let Some(next) = self.recorded.get(standing.at) else { return Halt::Over };
        let difference = now.and_then(|now| differs(&next.event, now));
        let same = now.is_some_and(|now| same_place(&next.event, now));
        let (part, recorded, now) = match (difference, now) {
            (Some(Difference { part, recorded, now }), Some(_)) if same => (Some(part), recorded, now),
            (_, Some(now)) => (None, said(&next.event), said(now)),
            (_, None) => (None, said(&next.event), instead.to_owned()),
        };
        standing.parting = Some(Parting {
            seq: next.seq,
            kind: next.event.kind(),
            step: next.event.step().cloned(),
            part,
            recorded,
            now,
        });
        Halt::Parted
    }

    fn halt(&self, standing: &mut Standing, halt: Halt) {
        standing.halt = Some(halt);
        self.changed(standing);
    }

    fn changed(&self, standing: &mut Standing) {
        standing.version += 1;
        self.moved.send_replace(standing.version);
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// What happens now instead of what was recorded.
    fn instead(&self) -> String {
        let waits = self.waits.iter().map(|(step, why)| format!("{step} waits: {why}"));
        let starts = self.held.iter().map(|step| format!("an attempt of {step} starts"));
        let ends = self.waiting.values().flatten().map(said);
        let all: Vec<String> = waits.chain(starts).chain(ends).collect();
        if all.is_empty() { "nothing follows".to_owned() } else { text::one_line(&all.join("; "), 400) }
    }
}

/// Time is the recorded time: of the next event where that is a decision, else of the last one.
impl Clock for Playback {
    fn now(&self) -> Stamp {
        let at = self.standing().at;
        let next = self.recorded.get(at).filter(|next| !arrives(&next.event));
        let last = || self.recorded[..at].last().or(self.recorded.first());
        next.or_else(last).map_or(Stamp(0), |recorded| recorded.at)
    }
}

/// How two events of one place differ.
struct Difference {
    part: String,
    recorded: String,
    now: String,
}

/// The first part in which `now` is another than `recorded`. Left out is what no decision is made of: the policy's own
/// name (what it decides is compared), transcripts, containment, what a dead owner left lying, the diff of a change (its
/// tree is compared), why a diff does not apply, how long an answer may be (the parts that follow are compared), and what a
/// prompt says of itself (the prompt is compared).
fn differs(recorded: &Event, now: &Event) -> Option<Difference> {
    let (recorded, now) = (meaning(recorded), meaning(now));
    if recorded == now {
        return None;
    }
    if let (Event::Routed { route: a, .. }, Event::Routed { route: b, .. }) = (&recorded, &now)
        && models(a) != models(b)
    {
        return Some(Difference { part: "models".to_owned(), recorded: models(a), now: models(b) });
    }
    let wrong = |_| Value::Null;
    let a = serde_json::to_value(&recorded).unwrap_or_else(wrong);
    let b = serde_json::to_value(&now).unwrap_or_else(wrong);
    let (part, a, b) = first_difference("", &a, &b)?;
    Some(Difference { part, recorded: a, now: b })
}

fn meaning(event: &Event) -> Event {
    let mut event = event.clone();
    if let Event::RunOpened(opened) = &mut event {
        opened.policy = "".into();
    } else if let Event::StepOpened { work, .. } = &mut event
        && let Work::Ask(ask) = &mut **work
    {
        ask.size = Size::default();
    } else if let Event::AttemptStarted { outbound, .. } = &mut event {
        outbound.redacted.clear();
        outbound.bytes = 0;
    } else if let Event::AttemptEnded { transcript, containment, loss, result, .. } = &mut event {
        *transcript = None;
        *loss = None;
        containment.clear();
        if let AttemptResult::Answered(answer) = result {
            match answer.proposed.as_deref_mut().map(|proposed| &mut proposed.diff) {
                Some(Claimed::Applies(change)) => change.diff = "".into(),
                // In the words of the git that was there.
                Some(Claimed::Refused { why }) => why.clear(),
                Some(Claimed::Nothing) | None => {}
            }
            if let Some(change) = &mut answer.change {
                change.diff = "".into();
            }
        }
    } else if let Event::AttemptLost { salvage, .. } = &mut event {
        *salvage = None;
    }
    event
}

/// A route as people read it.
fn models(route: &Route) -> String {
    let models: Vec<&str> = route.links.iter().map(|link| link.model.as_str()).collect();
    if models.is_empty() { "nobody".to_owned() } else { models.join(" → ") }
}

/// The path of the first leaf that differs, and both leaves.
fn first_difference(path: &str, a: &Value, b: &Value) -> Option<(String, String, String)> {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().find_map(|key| {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
                first_difference(&inner, &of(left), &of(right))
            })
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len())).find_map(|at| {
            let of = |side: &[Value]| side.get(at).cloned().unwrap_or(Value::Null);
            first_difference(&format!("{path}[{at}]"), &of(left), &of(right))
        }),
        (a, b) if a == b => None,
        (a, b) => Some((path.to_owned(), leaf(a), leaf(b))),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text::one_line(text, 200),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            text::one_line(&value.to_string(), 200)
        }
    }
}

/// An event in a few words.
fn said(event: &Event) -> String {
    let step = event.step().map_or_else(String::new, |step| format!(" {step}"));
    let attempt = event.attempt().map_or_else(String::new, |no| format!("#{no}"));
    let what = if let Event::Decided { decision, .. } = event {
        format!(": {}", leaf(&serde_json::json!(decision)))
    } else {
        String::new()
    };
    format!("{}{step}{attempt}{what}", event.kind())
}
