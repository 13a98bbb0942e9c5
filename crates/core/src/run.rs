//! `RunState`: what the events of a run add up to. The fold is the only way to know anything about a run.
//!
//! An event that does not fit the state is an error, never a surprise.

use crate::ask::Role;
use crate::change::Member;
use crate::contest::Settled;
use crate::effect::Note;
use crate::event::{AttemptResult, Caps, Decision, Event, Opened, Recorded, Verification};
use crate::ids::{AttemptNo, CommitId, ProviderId, Stamp, StepId, TreeId};
use crate::mutant;
use crate::outcome::Outcome;
use crate::reply::Usage;
use crate::step::{Answered, AskStep, Attempt, AttemptState, Standing, Step};
use crate::supply::Supply;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a run after its last event.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    /// What it was opened with.
    pub opened: Opened,
    /// What it was supplied with beside, in order.
    pub supplies: Vec<Supply>,
    /// When it was opened: the date of every commit the run makes.
    pub opened_at: Stamp,
    /// The place of the last event.
    pub seq: u64,
    /// The stamp of the last event.
    pub at: Stamp,
    /// Its steps by id.
    pub steps: BTreeMap<StepId, Step>,
    /// Trees whose checks ran to their end.
    pub trees: BTreeMap<TreeId, Verification>,
    /// Trees that were red and were checked again: what the first checks said. Where the tree is green by now, the check
    /// that was red is flaky.
    pub rechecked: BTreeMap<TreeId, Verification>,
    /// The run's head.
    pub head: CommitId,
    /// The head's tree.
    pub head_tree: TreeId,
    /// The last head that checks were green on: the head without the report.
    pub verified: CommitId,
    /// Its tree.
    pub verified_tree: TreeId,
    /// The steps whose changes are part of the head: asked of every workstream again and again, so it is not searched for.
    pub landed: BTreeSet<StepId>,
    /// Steps that were planned and will not be taken, with the reason.
    pub skipped: BTreeMap<StepId, String>,
    /// Providers that were enabled when it was opened and are not any more.
    pub withdrawn: BTreeSet<ProviderId>,
    /// The limits that a person gave it since it was opened.
    pub caps: Caps,
    /// For how long it was parked, in milliseconds.
    pub parked_ms: u64,
    /// How its contest was settled.
    pub settled: Option<Settled>,
    /// Who cancelled it.
    pub cancelled: Option<String>,
    /// Whether the last owner left because only waiting was left.
    pub parked: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// An event that does not fit the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} ({kind}) does not fit the run: {why}")]
pub struct Illegal {
    /// Its place.
    pub seq: u64,
    /// Its kind.
    pub kind: &'static str,
    /// What is wrong.
    pub why: String,
}

impl RunState {
    /// Folds a whole ledger. `None` for an empty one.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Result<Option<Self>, Illegal> {
        let mut state: Option<Self> = None;
        for recorded in events {
            match &mut state {
                None => state = Some(Self::open(recorded)?),
                Some(state) => state.apply(recorded)?,
            }
        }
        Ok(state)
    }

    fn open(recorded: &Recorded) -> Result<Self, Illegal> {
        match (&recorded.event, recorded.seq) {
            (Event::RunOpened(opened), 1) => Ok(Self {
                opened: (**opened).clone(),
                supplies: Vec::new(),
                opened_at: recorded.at,
                seq: 1,
                at: recorded.at,
                steps: BTreeMap::new(),
                trees: BTreeMap::new(),
                rechecked: BTreeMap::new(),
                head: opened.base.clone(),
                head_tree: opened.base_tree.clone(),
                verified: opened.base.clone(),
                verified_tree: opened.base_tree.clone(),
                landed: BTreeSet::new(),
                skipped: BTreeMap::new(),
                withdrawn: BTreeSet::new(),
                caps: Caps::default(),
                parked_ms: 0,
                settled: None,
                cancelled: None,
                parked: None,
                outcome: None,
            }),
            (event, seq) => {
                Err(Illegal { seq, kind: event.kind(), why: "a ledger begins with run_opened at 1".into() })
            }
        }
    }

    /// Takes one more event in.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), Illegal> {
        let wrong = |why: &str| Illegal { seq: recorded.seq, kind: recorded.event.kind(), why: why.to_owned() };
        if recorded.seq != self.seq + 1 {
            return Err(wrong(&format!("{} follows {}", recorded.seq, self.seq)));
        }
        if self.outcome.is_some() {
            return Err(wrong("the run is closed"));
        }
        let parked = self.parked.is_some();
        self.take(recorded).map_err(|why| wrong(&why))?;
        if parked {
            self.parked_ms = self.parked_ms.saturating_add(recorded.at.since(self.at));
        }
        self.seq = recorded.seq;
        self.at = recorded.at;
        if !matches!(recorded.event, Event::Parked { .. }) {
            self.parked = None;
        }
        Ok(())
    }

    fn take(&mut self, recorded: &Recorded) -> Result<(), String> {
        match &recorded.event {
            Event::RunOpened(_) => Err("a run is opened once".into()),
            Event::Supplied { items } => {
                if !self.steps.is_empty() {
                    return Err("a run is supplied before its first step".into());
                }
                for item in items {
                    match item {
                        Supply::Section(brief) => self.opened.request.sections.push((**brief).clone()),
                        Supply::Candidate(_) | Supply::Packed(_) | Supply::Wants { .. } | Supply::Fact(_) => {
                            self.supplies.push(item.clone())
                        }
                    }
                }
                Ok(())
            }
            Event::StepOpened { step, work } => {
                if self.steps.contains_key(step) {
                    return Err(format!("step {step} exists"));
                }
                self.steps.insert(step.clone(), Step::open(work));
                Ok(())
            }
            Event::Routed { step, route } => {
                let ask = self.ask_mut(step)?;
                if ask.route.is_some() {
                    return Err(format!("step {step} is routed already"));
                }
                ask.route = Some(route.clone());
                Ok(())
            }
            Event::AttemptStarted { step, attempt, link, base, session, .. } => {
                let ask = self.ask_mut(step)?;
                if ask.next_no() != *attempt || !matches!(ask.standing(), Standing::Idle) {
                    return Err(format!("attempt {attempt} of {step} cannot start now"));
                }
                if ask.route.as_ref().is_none_or(|route| route.links.len() <= *link) {
                    return Err(format!("step {step} has no link {link}"));
                }
                ask.decided = None;
                ask.attempts.push(Attempt {
                    no: *attempt,
                    link: *link,
                    base: base.clone(),
                    session: session.clone(),
                    started: recorded.at,
                    state: AttemptState::Running,
                    loss: None,
                });
                Ok(())
            }
            Event::AttemptEnded { step, attempt, result, loss, .. } => {
                let at = recorded.at;
                let running = self.running_mut(step, *attempt)?;
                running.loss = loss.as_deref().cloned();
                running.state = match result {
                    AttemptResult::Failed(fault) => AttemptState::Failed(fault.clone(), at),
                    AttemptResult::Answered(answer) => AttemptState::Answered(Box::new(Answered {
                        answer: (**answer).clone(),
                        at,
                        verdict: None,
                        refusal: None,
                    })),
                };
                Ok(())
            }
            Event::Continued { step, attempt, text, more } => {
                let answer = &mut self.answered_mut(step, *attempt)?.answer;
                let Some(Value::String(whole)) = &mut answer.structured else {
                    return Err(format!("the answer of attempt {attempt} of {step} is whole"));
                };
                whole.push_str(text);
                if !more {
                    let whole = serde_json::from_str(whole).map_err(|wrong| wrong.to_string())?;
                    answer.structured = Some(whole);
                }
                Ok(())
            }
            Event::AttemptLost { step, attempt, .. } => {
                self.running_mut(step, *attempt)?.state = AttemptState::Lost;
                Ok(())
            }
            Event::Decided { step, after, decision } => {
                let ask = self.ask_mut(step)?;
                let last = ask.attempts.last().map_or(AttemptNo(0), |attempt| attempt.no);
                if last != *after || !matches!(ask.standing(), Standing::Idle) {
                    return Err(format!("nothing is to be decided after attempt {after} of {step}"));
                }
                if let (Decision::Next { reason, .. }, true) = (decision, ask.attempts.is_empty()) {
                    ask.passed_on.get_or_insert_with(|| reason.clone());
                }
                ask.decided = Some(decision.clone());
                Ok(())
            }
            Event::Verified { step, tree, verification } => match self.steps.get_mut(step) {
                Some(Step::Verify { tree: asked, done, .. }) if asked == tree && !*done => {
                    *done = true;
                    let before = self.trees.insert(tree.clone(), verification.clone());
                    if let Some(red) = before.filter(|before| !before.green()) {
                        self.rechecked.entry(tree.clone()).or_insert(red);
                    }
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} does not verify tree {tree}")),
            },
            Event::Probed { step, verification, signature: said, trace: began, named: files } => {
                match self.steps.get_mut(step) {
                    Some(Step::Probe { found, signature, trace, named, .. }) if found.is_none() => {
                        *found = Some(verification.clone());
                        signature.clone_from(said);
                        trace.clone_from(began);
                        named.clone_from(files);
                        Ok(())
                    }
                    Some(_) | None => Err(format!("step {step} is no open probe")),
                }
            }
            Event::Compared { step, compared } => match self.steps.get_mut(step) {
                Some(Step::Compare { found: found @ None, .. }) => {
                    *found = Some(compared.clone());
                    Ok(())
                }
                Some(Step::Compare { found: Some(found), .. }) if found.diff == compared.diff => {
                    found.packed.extend(compared.packed.iter().cloned());
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} compares nothing")),
            },
            Event::Inspected { step, inspection } => match self.steps.get_mut(step) {
                Some(Step::Inspect { found, .. }) if found.is_none() => {
                    *found = Some(inspection.clone());
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} looks at no candidate")),
            },
            Event::Merged { step, results: merged } => match self.steps.get_mut(step) {
                Some(Step::Merge { changes, results, .. })
                    if results.is_empty() && changes.len() == merged.len() && !merged.is_empty() =>
                {
                    results.clone_from(merged);
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} is no open merge of {} changes", merged.len())),
            },
            Event::Foreseen { .. } => Ok(()),
            Event::Reported { step, commit, tree } => match self.steps.get_mut(step) {
                Some(Step::Report { onto, done }) if *onto == self.head && !*done => {
                    *done = true;
                    self.head = commit.clone();
                    self.head_tree = tree.clone();
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} is no open report on the head")),
            },
            Event::Published { step, branch: published, commit: named } => match self.steps.get_mut(step) {
                Some(Step::Publish { commit, branch }) if commit == named && branch.is_none() => {
                    *branch = Some(published.clone());
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} does not publish {named}")),
            },
            Event::Answered { step, answer: given, because: why, by: channel } => match self.steps.get_mut(step) {
                Some(Step::Question { choices, answer, because, by, .. })
                    if answer.is_none() && choices.contains(given) =>
                {
                    *answer = Some(given.clone());
                    *because = why.clone();
                    *by = Some(channel.clone());
                    Ok(())
                }
                Some(_) | None => Err(format!("step {step} asks nothing that `{given}` answers")),
            },
            Event::Withdrawn { provider } => {
                self.withdrawn.insert(provider.clone());
                Ok(())
            }
            Event::CapsSet { caps } => {
                self.caps = self.caps.with(*caps);
                Ok(())
            }
            Event::CancelRequested { by } => {
                self.cancelled.get_or_insert_with(|| by.clone());
                Ok(())
            }
            Event::Parked { waiting_for, .. } => {
                self.parked = Some(waiting_for.clone());
                Ok(())
            }
            Event::Noted(note) => self.note(note),
        }
    }

    fn note(&mut self, note: &Note) -> Result<(), String> {
        match note {
            Note::ChangeJudged { step, attempt, tree, verdict, by } => {
                let judge = match self.steps.get(by) {
                    Some(Step::Ask(ask)) if ask.ask.role == Role::Orchestrator => match ask.standing() {
                        Standing::Answered(attempt, _) => ask.link_of(attempt).map(|link| link.model.clone()),
                        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
                    },
                    Some(_) | None => None,
                };
                let judge = judge.ok_or_else(|| format!("step {by} holds no orchestrator's answer"))?;
                let member = Member { of: step.clone(), attempt: *attempt };
                if !self.made(&member, tree) && !mutant::is("inv_03_any_tree_is_judged") {
                    return Err(format!("attempt {attempt} of {step} did not make tree {tree}"));
                }
                let answered = self.answered_mut(step, *attempt)?;
                answered.verdict = Some((verdict.clone(), tree.clone(), judge));
                Ok(())
            }
            Note::ChangeRefused { step, attempt, refusal } => {
                let answered = self.answered_mut(step, *attempt)?;
                if answered.refusal.is_some() {
                    return Err(format!("attempt {attempt} of {step} is refused already"));
                }
                answered.refusal = Some(refusal.clone());
                Ok(())
            }
            Note::HeadMoved { step, commit, tree } => {
                let lands = self.lands(step, commit, tree)?;
                self.landed.extend(self.behind(step, lands));
                if let Some(Step::Merge { landed, .. }) = self.steps.get_mut(step) {
                    *landed = lands;
                }
                self.head = commit.clone();
                self.head_tree = tree.clone();
                self.verified = commit.clone();
                self.verified_tree = tree.clone();
                Ok(())
            }
            Note::StepSkipped { step, why } => {
                if self.steps.contains_key(step) {
                    return Err(format!("step {step} was opened"));
                }
                self.skipped.insert(step.clone(), why.clone());
                Ok(())
            }
            Note::Settled(settled) => {
                if self.settled.is_some() {
                    return Err("the contest is settled already".into());
                }
                if let Some(winner) = settled.winner.as_ref().filter(|winner| !self.has_change(winner)) {
                    return Err(format!("step {winner} holds no candidate"));
                }
                self.settled = Some((**settled).clone());
                Ok(())
            }
            Note::RunClosed { outcome } => {
                self.outcome = Some(outcome.clone());
                Ok(())
            }
        }
    }

    fn ask_mut(&mut self, step: &StepId) -> Result<&mut AskStep, String> {
        match self.steps.get_mut(step) {
            Some(Step::Ask(ask)) => Ok(ask),
            Some(_) | None => Err(format!("step {step} asks no model")),
        }
    }

    fn running_mut(&mut self, step: &StepId, no: AttemptNo) -> Result<&mut Attempt, String> {
        self.ask_mut(step)?
            .last_mut(no)
            .filter(|attempt| attempt.state == AttemptState::Running)
            .ok_or_else(|| format!("attempt {no} of {step} is not running"))
    }

    fn answered_mut(&mut self, step: &StepId, no: AttemptNo) -> Result<&mut Answered, String> {
        match self.ask_mut(step)?.last_mut(no).map(|attempt| &mut attempt.state) {
            Some(AttemptState::Answered(answered)) => Ok(answered),
            Some(_) | None => Err(format!("attempt {no} of {step} has no answer")),
        }
    }

    /// The question `step` asks, if it asks one.
    #[must_use]
    pub fn ask(&self, step: &StepId) -> Option<&AskStep> {
        match self.steps.get(step) {
            Some(Step::Ask(ask)) => Some(ask),
            Some(_) | None => None,
        }
    }

    /// All attempts that were started, in the order of their steps' ids.
    pub fn attempts(&self) -> impl Iterator<Item = (&StepId, &AskStep, &Attempt)> {
        self.steps
            .iter()
            .filter_map(|(id, step)| match step {
                Step::Ask(ask) => Some(ask.attempts.iter().map(move |attempt| (id, &**ask, attempt))),
                Step::Verify { .. }
                | Step::Probe { .. }
                | Step::Inspect { .. }
                | Step::Compare { .. }
                | Step::Merge { .. }
                | Step::Report { .. }
                | Step::Publish { .. }
                | Step::Question { .. } => None,
            })
            .flatten()
    }

    /// The commands that were red and then green on the same tree, sorted.
    #[must_use]
    pub fn flaky(&self) -> BTreeSet<&str> {
        let green = |tree: &TreeId| self.trees.get(tree).is_some_and(Verification::green);
        let red = self.rechecked.iter().filter(|(tree, _)| green(tree)).filter_map(|(_, red)| red.first_red());
        red.map(|check| check.command.as_str()).collect()
    }

    /// What all acknowledged attempts cost together, those that failed included.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.attempts().filter_map(|(_, _, attempt)| attempt.usage()).fold(Usage::default(), Usage::plus)
    }

    /// Whether `step` was opened, or skipped for good.
    #[must_use]
    pub fn knows(&self, step: &StepId) -> bool {
        self.steps.contains_key(step) || self.skipped.contains_key(step)
    }
}
