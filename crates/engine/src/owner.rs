//! The loop: own the run, ask the workflow what comes next, record it, act, record what came of it, again.
//!
//! One owner at a time. Everyone else posts signals and reads the ledger. When only waiting is left the owner parks the
//! run and leaves; whoever brings the answer starts a new owner.

use crate::attempt::{self, AttemptWork};
use crate::foresight;
use crate::month::Month;
use crate::parts::{EngineError, Parts};
use crate::perform;
use crate::record::Record;
use crate::recover;
use crate::work::{Done, blocking, in_turn};
use mao_core::effect::{Effect, Note, Work};
use mao_core::event::{AttemptResult, Event};
use mao_core::fault::FaultKind;
use mao_core::ids::{RunId, Stamp, StepId};
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::decide::{Next, decide};
use mao_policy::route::Conditions;
use mao_policy::{Policy, breaker, route, tokens};
use mao_repo::RunRepo;
use mao_store::{Signal, SignalId, StoreError};
use mao_workflows::Workflow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the inbox is looked at.
const TICK: Duration = Duration::from_millis(150);

/// A wait longer than this is not sat out: the run is parked.
const LONGEST_WAIT_MS: u64 = 10 * 60_000;

/// How the loop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The run is closed.
    Closed(Outcome),
    /// Only waiting is left.
    Parked {
        /// For what.
        waiting_for: String,
    },
}

/// How a face cancels the run that this process owns: the name of the signal that it got.
pub type Cancel = watch::Receiver<Option<String>>;

/// Owns `run` until it is closed or parked.
pub async fn carry(parts: Arc<Parts>, run: RunId, cancel: Cancel) -> Result<Carried, EngineError> {
    let repository = crate::record::fold(&parts, &run)?.opened.repository;
    let owner = parts.store.take(&run, &repository, parts.clock.now(), parts.lease_ms)?;
    let carried = Loop::start(Arc::clone(&parts), owner, cancel).await;
    let carried = match carried {
        Ok(running) => running.turn().await,
        Err(wrong) => Err(wrong),
    };
    // What went wrong first is what is said.
    let released = parts.store.release(&owner);
    let carried = carried?;
    released?;
    Ok(carried)
}

/// Work that is out, and what stops it.
struct Out {
    stop: watch::Sender<bool>,
    models: u32,
}

struct Loop {
    parts: Arc<Parts>,
    policy: Arc<Policy>,
    workflow: &'static dyn Workflow,
    repo: Arc<RunRepo>,
    record: Record,
    out: BTreeMap<StepId, Out>,
    done: JoinSet<Done>,
    cancel: Cancel,
    month: Month,
}

/// What the loop found when it looked for work.
enum Idle {
    /// Something is out, or was started.
    No,
    /// Nothing can be done before this moment.
    Until(Stamp, String),
    /// Nothing can be done before a person answers.
    Person(String),
}

impl Loop {
    async fn start(parts: Arc<Parts>, owner: mao_store::Owner, cancel: Cancel) -> Result<Self, EngineError> {
        let mut record = Record::load(Arc::clone(&parts), owner)?;
        let opened = record.state().opened.clone();
        let workflow =
            mao_workflows::find(&opened.workflow).ok_or(EngineError::NoSuchWorkflow(opened.workflow.clone()))?;
        if workflow.version() != opened.workflow_version {
            return Err(EngineError::OtherVersion {
                run: opened.run,
                workflow: opened.workflow,
                opened: opened.workflow_version,
                here: workflow.version(),
            });
        }
        let policy = crate::record::policy(&*parts.store, &opened.policy)?;
        let month = Month::new(parts.month_micro_usd);
        let repo = recover::open_run_repo(&parts, &opened).await?;
        recover::after_a_dead_owner(&repo, &mut record).await?;
        recover::withdraw(&parts, &policy, &mut record)?;
        recover::caps(&parts, &policy, &mut record)?;
        Ok(Self {
            parts,
            policy: Arc::new(policy),
            workflow,
            repo,
            record,
            out: BTreeMap::new(),
            done: JoinSet::new(),
            cancel,
            month,
        })
    }

    async fn turn(mut self) -> Result<Carried, EngineError> {
        let carried = self.until_over().await;
        // Whatever happened, nothing this process started outlives the loop.
        match &carried {
            Ok(_) => self.stop_all().await,
            Err(_) => self.abandon().await,
        }
        if let Ok(Carried::Closed(_)) = &carried {
            let (repo, at) = (Arc::clone(&self.repo), self.record.state().opened_at);
            let user = Arc::clone(&self.parts.user_repo);
            blocking(move || {
                repo.clear_worktrees(at)?;
                user.release(repo.name())
            })
            .await?;
        }
        carried
    }

    async fn until_over(&mut self) -> Result<Carried, EngineError> {
        let mut lease = tokio::time::interval(Duration::from_millis((self.parts.lease_ms / 3).max(1)));
        lease.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.take_signals().await?;
            let idle = loop {
                self.ask_workflow().await?;
                if let Some(outcome) = self.record.state().outcome.clone() {
                    return Ok(Carried::Closed(outcome));
                }
                let before = self.record.state().seq;
                let idle = self.start_work()?;
                // What was recorded on the way may be news to the workflow.
                if self.record.state().seq == before {
                    break idle;
                }
            };
            match idle {
                Idle::No => {}
                Idle::Until(until, why) => {
                    if until.since(self.parts.clock.now()) > LONGEST_WAIT_MS {
                        return self.park(why, Some(until));
                    }
                }
                Idle::Person(why) => return self.park(why, None),
            }
            if let Some(playback) = &self.parts.playback {
                playback.idle(self.out.len())?;
            }
            tokio::select! {
                Some(done) = self.done.join_next() => self.settle(done).await?,
                _ = lease.tick() => {
                    let now = self.parts.clock.now();
                    self.parts.store.renew(self.record.owner(), now, self.parts.lease_ms)?;
                    if self.out.values().any(|out| out.models > 0) {
                        let of = attempt::slot_holders(&self.record.owner().run);
                        self.parts.store.hold(&of, now, self.parts.lease_ms)?;
                    }
                }
                () = tokio::time::sleep(TICK) => {}
                Ok(()) = self.cancel.changed() => {
                    let by = self.cancel.borrow_and_update().clone();
                    if let Some(by) = by {
                        self.cancel_by(by, &[]).await?;
                    }
                }
            }
        }
    }

    fn park(&mut self, waiting_for: String, until: Option<Stamp>) -> Result<Carried, EngineError> {
        if self.record.state().parked.as_ref() != Some(&waiting_for) {
            self.record.append(&[Event::Parked { waiting_for: waiting_for.clone(), until }], &[])?;
        }
        Ok(Carried::Parked { waiting_for })
    }

    /// Takes what others posted. A cancel is recorded here and acted on by the workflow.
    async fn take_signals(&mut self) -> Result<(), EngineError> {
        let run = self.record.owner().run;
        if let Some(signal) = self.parts.playback.as_ref().and_then(|playback| playback.signal()) {
            self.parts.store.post(&run, self.parts.clock.now(), &signal)?;
        }
        for (id, signal) in self.parts.store.waiting(&run)? {
            let events = match signal {
                Signal::Cancel { by } => {
                    self.cancel_by(by, &[id]).await?;
                    continue;
                }
                Signal::Answer { step, answer, by, because } => {
                    let step = StepId::new(step);
                    let open = matches!(self.record.state().steps.get(&step),
                        Some(Step::Question { choices, answer: None, .. }) if choices.contains(&answer));
                    let fits = open && self.workflow.takes(&step, &answer, because.as_deref()).is_ok();
                    if fits { vec![Event::Answered { step, answer, by, because }] } else { Vec::new() }
                }
            };
            self.record.append(&events, &[id])?;
        }
        Ok(())
    }

    async fn cancel_by(&mut self, by: String, consumed: &[SignalId]) -> Result<(), EngineError> {
        self.record.append(&[Event::CancelRequested { by }], consumed)?;
        self.stop_all().await;
        Ok(())
    }

    /// Records what comes next until the workflow has nothing new to say.
    async fn ask_workflow(&mut self) -> Result<(), EngineError> {
        loop {
            let effects = self.workflow.next(&self.policy, self.record.state());
            if effects.is_empty() || self.record.state().outcome.is_some() {
                return Ok(());
            }
            let closing = effects.iter().any(|effect| matches!(effect, Effect::Note(Note::RunClosed { .. })));
            if closing && !self.out.is_empty() {
                // Nothing can be recorded after the end: what is out ends first, and may change what comes next.
                self.stop_all().await;
                continue;
            }
            let events: Vec<Event> = effects
                .into_iter()
                .map(|effect| match effect {
                    Effect::Open { step, work } => Event::StepOpened { step, work: Box::new(sized(work)) },
                    Effect::Note(note) => Event::Noted(note),
                })
                .collect();
            self.record.append(&events, &[])?;
        }
    }

    /// Starts everything that is open, not out, and may start.
    fn start_work(&mut self) -> Result<Idle, EngineError> {
        let mut idle = None;
        let open: Vec<StepId> = {
            let state = self.record.state();
            let steps = state.steps.iter().filter(|(id, step)| step.is_open() && !self.out.contains_key(*id));
            steps.map(|(id, _)| id.clone()).collect()
        };
        for step in open {
            if let Some(waits) = self.start_step(&step)? {
                if let (Some(playback), Idle::Until(_, why) | Idle::Person(why)) = (&self.parts.playback, &waits) {
                    playback.waits(&step, why);
                }
                idle = Some(soonest(idle, waits));
            }
        }
        if !self.out.is_empty() {
            return Ok(Idle::No);
        }
        Ok(idle.unwrap_or(Idle::No))
    }

    /// Starts one step's work, or says what it waits for.
    fn start_step(&mut self, step: &StepId) -> Result<Option<Idle>, EngineError> {
        let work = match self.record.state().steps.get(step) {
            None => return Ok(None),
            Some(Step::Ask(_)) => return self.start_ask(step),
            Some(Step::Question { text, .. }) => return Ok(Some(Idle::Person(format!("an answer to {step}: {text}")))),
            Some(Step::Verify { .. } | Step::Probe { .. }) if self.checks_out() >= self.policy.limits.max_parallel => {
                return Ok(None);
            }
            Some(Step::Verify { commit, tree, .. }) => Work::Verify { commit: commit.clone(), tree: tree.clone() },
            Some(Step::Probe { commit, tree, commands, .. }) => {
                Work::Probe { commit: commit.clone(), tree: tree.clone(), commands: commands.clone() }
            }
            Some(Step::Compare { from, to, .. }) => Work::Compare { from: from.clone(), to: to.clone() },
            Some(Step::Inspect { change, tests, .. }) => Work::Inspect { change: change.clone(), tests: tests.clone() },
            Some(Step::Merge { changes, onto, aim, .. }) => {
                Work::Merge { changes: changes.clone(), onto: onto.clone(), aim: *aim }
            }
            Some(Step::Report { onto, .. }) => Work::Report { onto: onto.clone() },
            Some(Step::Publish { commit, .. }) => Work::Publish { commit: commit.clone() },
        };
        let stop = self.put_out(step, 0);
        let job = perform::Job {
            parts: Arc::clone(&self.parts),
            policy: Arc::clone(&self.policy),
            repo: Arc::clone(&self.repo),
            owner: *self.record.owner(),
            state: self.record.state().clone(),
            workflow: self.workflow,
            step: step.clone(),
        };
        self.done.spawn(in_turn(Arc::clone(&self.parts), perform::perform(job, work, stop)));
        Ok(None)
    }

    fn start_ask(&mut self, step: &StepId) -> Result<Option<Idle>, EngineError> {
        loop {
            let now = self.parts.clock.now();
            let state = self.record.state();
            let Some(ask) = state.ask(step) else { return Ok(None) };
            if ask.route.is_none() {
                let resting = breaker::resting(&self.policy, state, now);
                let conditions = Conditions { resting, ..self.parts.conditions_of(step) };
                let route = route(&self.policy, &ask.ask, &conditions);
                self.record.append_at(now, &[Event::Routed { step: step.clone(), route }], &[])?;
                continue;
            }
            match decide(&self.policy, state, step, now) {
                Next::Nothing => return Ok(None),
                Next::AwaitPerson => return Ok(None),
                Next::AwaitCap { reason } => return Ok(Some(Idle::Person(reason))),
                Next::Sleep { until } => return Ok(Some(Idle::Until(until, format!("{step} may go on")))),
                Next::Record(decision) => {
                    let after = ask.attempts.last().map_or(mao_core::ids::AttemptNo(0), |last| last.no);
                    self.record.append_at(now, &[Event::Decided { step: step.clone(), after, decision }], &[])?;
                }
                Next::Start { link } => return self.start_attempt(step, link, now),
            }
        }
    }

    fn start_attempt(&mut self, step: &StepId, link: usize, now: Stamp) -> Result<Option<Idle>, EngineError> {
        let models_out: u32 = self.out.values().map(|out| out.models).sum();
        if models_out >= self.policy.limits.max_parallel {
            return Ok(None);
        }
        let month = match &self.parts.playback {
            Some(playback) => playback.month(),
            None => self.month.reached(&*self.parts.store, &self.policy, self.record.state(), now)?,
        };
        if let Some(reason) = month {
            return Ok(Some(Idle::Person(reason)));
        }
        if self.parts.playback.as_ref().is_some_and(|playback| !playback.may_start(step)) {
            return Ok(None);
        }
        let Some(work) = AttemptWork::prepare(
            &self.parts,
            &self.policy,
            self.workflow,
            Arc::clone(&self.repo),
            self.record.state(),
            step,
            link,
        )?
        else {
            return Ok(None);
        };
        if mao_core::mutant::is("engine_effect_before_write") {
            attempt::act_unrecorded(&work)?;
        }
        self.record.append_at(now, &[work.started()], &[])?;
        let stop = self.put_out(step, 1);
        self.done.spawn(in_turn(Arc::clone(&self.parts), work.run(stop)));
        Ok(None)
    }

    /// How many checks run. They are bounded like models are: each may build a whole tree.
    fn checks_out(&self) -> u32 {
        let runs_checks = |step: &&StepId| {
            matches!(self.record.state().steps.get(*step), Some(Step::Verify { .. } | Step::Probe { .. }))
        };
        let checks = self.out.keys().filter(runs_checks);
        u32::try_from(checks.count()).unwrap_or(u32::MAX)
    }

    fn put_out(&mut self, step: &StepId, models: u32) -> watch::Receiver<bool> {
        let (stop, stopped) = watch::channel(false);
        self.out.insert(step.clone(), Out { stop, models });
        stopped
    }

    /// Records what a piece of work ended with.
    async fn settle(&mut self, done: Result<Done, tokio::task::JoinError>) -> Result<(), EngineError> {
        let done = done.map_err(|broken| EngineError::Broken(format!("a piece of work broke: {broken}")))?;
        self.out.remove(&done.step);
        let Some(event) = done.event? else { return Ok(()) };
        if matches!(event, Event::Foreseen { .. }) && self.record.state().outcome.is_some() {
            return Ok(());
        }
        self.record.append(std::slice::from_ref(&event), &[])?;
        let forecasts = self.parts.playback.is_none();
        if let Some(changed) = foresight::changed(self.record.state(), &event).filter(|_| forecasts) {
            for other in foresight::others(self.record.state(), &changed) {
                self.done.spawn(foresight::foresee(Arc::clone(&self.repo), changed.clone(), other));
            }
        }
        attempt::tidy_after(&self.repo, &event).await
    }

    /// Stops everything that is out because this owner cannot go on. What had come to its end is recorded, where it still
    /// can be; what was only stopped was cancelled by nobody: the next owner finds it lost, and makes it again.
    async fn abandon(&mut self) {
        for out in self.out.values() {
            out.stop.send_replace(true);
        }
        while let Some(done) = self.done.join_next().await {
            let ended = done.as_ref().ok().and_then(|done| done.event.as_ref().ok()).and_then(Option::as_ref);
            let stopped = matches!(
                ended,
                Some(Event::AttemptEnded { result: AttemptResult::Failed(fault), .. })
                    if fault.kind == FaultKind::Cancelled
            );
            if !stopped {
                drop(self.settle(done).await);
            }
        }
        self.out.clear();
    }

    /// Stops everything that is out, waits until its processes are gone, and records what can still be recorded.
    async fn stop_all(&mut self) {
        for out in self.out.values() {
            out.stop.send_replace(true);
        }
        while let Some(done) = self.done.join_next().await {
            // A fenced owner's events are refused here, which is right: the new owner finds the attempt lost.
            drop(self.settle(done).await);
        }
        self.out.clear();
    }
}

/// CNK-09: a question with what its answer is expected to take; what its workflow says stands.
fn sized(mut work: Work) -> Work {
    if let Work::Ask(ask) = &mut work {
        let by_kind = || tokens::expected().of(&ask.task, 1);
        ask.size.expected = Some(ask.size.expected.unwrap_or_else(by_kind));
    }
    work
}

fn soonest(before: Option<Idle>, next: Idle) -> Idle {
    match (before, next) {
        (Some(Idle::Until(a, why_a)), Idle::Until(b, why_b)) => {
            if a <= b {
                Idle::Until(a, why_a)
            } else {
                Idle::Until(b, why_b)
            }
        }
        (Some(Idle::Until(a, why)), Idle::Person(_)) => Idle::Until(a, why),
        (_, next) => next,
    }
}

/// Whether a store's refusal means that somebody else owns the run by now.
#[must_use]
pub fn is_fenced(wrong: &EngineError) -> bool {
    matches!(wrong, EngineError::Store(StoreError::Fenced { .. }))
}

/// A state that faces may show without owning the run.
pub fn look(parts: &Parts, run: &RunId) -> Result<RunState, EngineError> {
    crate::record::fold(parts, run)
}
