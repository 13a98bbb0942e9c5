//! One call of one model: prepared, recorded as started by the owner, made, judged for form, and turned into the one
//! event that acknowledges it.
//!
//! Nothing here says what follows a failure, and nothing here asks which vendor it is.

mod judged;
mod told;

use crate::announce::News;
use crate::clock::draw_uuid;
use crate::ground::{self, Ground};
use crate::parts::{EngineError, Parts};
use crate::perform::asked_to_stop;
use crate::work::{Done, blocking};
use mao_core::ask::{Ask, ReplyForm, Role};
use mao_core::event::{AttemptResult, Event, Link, Loss, Outbound, Partial};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{AttemptNo, BlobId, CommitId, RunId, StepId};
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState};
use mao_policy::grant::{self, Grant};
use mao_policy::policy::{Billing, ModelRole};
use mao_policy::{Policy, fallback, privacy};
use mao_providers::provider::{self, Access, Provider, Timers, TurnEnd};
use mao_repo::{RunRepo, Worktree};
use mao_workflows::Workflow;
use mao_workflows::prompt::{Occasion, render};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use told::{failure, outbound, seen};

/// An attempt, ready to be recorded and then made.
#[derive(Debug)]
pub(crate) struct AttemptWork {
    parts: Arc<Parts>,
    policy: Arc<Policy>,
    workflow: &'static dyn Workflow,
    repo: Arc<RunRepo>,
    state: RunState,
    provider: Arc<dyn Provider>,
    step: StepId,
    ask: Ask,
    no: AttemptNo,
    link: usize,
    to: Link,
    prompt: String,
    prompt_blob: BlobId,
    outbound: Outbound,
    base: CommitId,
    session: String,
    acknowledged: u32,
}

/// Whether a worktree was made ready: what was wrong, and what ran.
#[derive(Debug, Default)]
struct Ready {
    fault: Option<Fault>,
    said: String,
}

/// The name of an attempt's worktree, scratch directory and refs.
fn name_of(step: &StepId, no: AttemptNo) -> String {
    format!("{step}-{no}")
}

/// How many attempts of a question were acknowledged.
fn acknowledged(ask: &AskStep) -> u32 {
    let settled = |state: &AttemptState| matches!(state, AttemptState::Failed(..) | AttemptState::Answered(_));
    u32::try_from(ask.attempts.iter().filter(|attempt| settled(&attempt.state)).count()).unwrap_or(u32::MAX)
}

/// RTE-09: whose prompt is shaped for the role: of those who make something, and of those who check quickly. Whoever
/// reads and judges is told its form by the question itself.
const fn is_shaped(ask: &Ask, role: ModelRole) -> bool {
    let makes = matches!(ask.reply, ReplyForm::Change { .. });
    matches!(ask.role, Role::Worker) && (makes || matches!(role, ModelRole::Checker))
}

impl AttemptWork {
    /// Draws and stores everything that the attempt needs; `None` while its account has no free slot.
    pub(crate) fn prepare(
        parts: &Arc<Parts>,
        policy: &Arc<Policy>,
        workflow: &'static dyn Workflow,
        repo: Arc<RunRepo>,
        state: &RunState,
        step: &StepId,
        link: usize,
    ) -> Result<Option<Self>, EngineError> {
        let asked = state.ask(step).ok_or_else(|| EngineError::Broken(format!("{step} asks no model")))?;
        let to = asked.route.as_ref().and_then(|route| route.links.get(link)).cloned();
        let to = to.ok_or_else(|| EngineError::Broken(format!("{step} has no link {link}")))?;
        let provider =
            parts.providers.get(&to.provider).ok_or_else(|| EngineError::NoSuchProvider(to.provider.clone()))?;
        repo.room()?;
        let holder = slot_holder(state, step);
        let (cap, now) = (policy.limits.account_parallel, parts.clock.now());
        // The owner holds it along with its lease: a dead one's place is free when its lease is over.
        if !parts.store.try_take(&to.account, cap, &holder, now, parts.lease_ms)? {
            return Ok(None);
        }
        let recorded = parts.playback.as_ref().and_then(|playback| playback.session(step, asked.next_no()));
        let session = recorded.map_or_else(draw_uuid, Ok)?;
        let acknowledged = acknowledged(asked);
        let mut texts = BTreeMap::new();
        let withheld = privacy::withheld(policy, &to.vendor);
        for (name, blob) in &asked.ask.prompt.attached {
            let text = String::from_utf8_lossy(&parts.store.get(blob)?).into_owned();
            texts.insert(name.clone(), seen(text, &withheld));
        }
        let failure = failure(parts, policy, asked, link, &withheld)?;
        let role = policy.models.get(&to.model).map(|entry| entry.role);
        let occasion = Occasion {
            step: step.as_str(),
            attempt: acknowledged + 1,
            nonce: &session,
            failure: failure.as_deref(),
            shape: role.filter(|role| is_shaped(&asked.ask, *role)).map(|role| (role, &asked.ask.task)),
        };
        let (prompt, outbound) = outbound(render(&asked.ask.prompt, &texts, &occasion)?, &to, withheld);
        Ok(Some(Self {
            parts: Arc::clone(parts),
            policy: Arc::clone(policy),
            workflow,
            repo,
            provider: Arc::clone(provider),
            step: step.clone(),
            ask: asked.ask.clone(),
            no: asked.next_no(),
            link,
            to,
            prompt_blob: parts.store.put(prompt.as_bytes())?,
            prompt,
            outbound,
            base: fallback::base(state, asked),
            session,
            acknowledged,
            state: state.clone(),
        }))
    }

    /// The event that must be durable before the attempt is made.
    pub(crate) fn started(&self) -> Event {
        Event::AttemptStarted {
            step: self.step.clone(),
            attempt: self.no,
            link: self.link,
            prompt: self.prompt_blob.clone(),
            base: self.base.clone(),
            session: self.session.clone(),
            outbound: self.outbound.clone(),
        }
    }

    /// Makes the attempt. Ends when every process it started is gone.
    pub(crate) async fn run(self, stop: watch::Receiver<bool>) -> Done {
        let step = self.step.clone();
        Done { step, event: self.make(stop).await.map(Some) }
    }

    async fn make(self, stop: watch::Receiver<bool>) -> Result<Event, EngineError> {
        let name = name_of(&self.step, self.no);
        let (repo, base, called, at) = (Arc::clone(&self.repo), self.base.clone(), name.clone(), self.state.opened_at);
        let withheld = self.outbound.withheld.clone();
        let worktree = blocking(move || repo.worktree_without(&called, &base, &withheld, at)).await?;
        let transcript = self.transcript()?;
        let scratch = self.repo.scratch(&name)?;
        let job = self.job(&worktree, &scratch, &transcript);
        let checkout = self.checkout_now().await;
        let mut stop = stop;
        let ready = self.ready(&worktree, &scratch, &mut stop).await?;
        let end = match (&ready.fault, &self.outbound.blocked) {
            (Some(fault), _) => nothing_started(fault.clone()),
            (None, None) => self.call(job, stop).await,
            (None, Some(kind)) => nothing_started(Fault::new(
                FaultKind::Withheld,
                format!("the prompt holds a secret that cannot be cut out: {kind}"),
            )),
        };
        let checkout = self.checkout_since(checkout).await;
        let result = match end.result {
            Ok(reply) => self.judge(reply, &worktree, checkout.clone()).await?,
            Err(fault) => AttemptResult::Failed(fault),
        };
        if let AttemptResult::Failed(fault) = &result
            && fault.kind != FaultKind::Cancelled
        {
            // Whoever works on a full disk fails: that is not the model's doing, and no other would do better.
            self.repo.room()?;
        }
        let loss = match &result {
            AttemptResult::Answered(_) => None,
            AttemptResult::Failed(_) => {
                let partial = self.partial(worktree, name).await?;
                Some(Box::new(Loss { exit: end.exit, usage: end.usage, partial, checkout }))
            }
        };
        let containment = end.containment + &ready.said;
        let transcript = if transcript.exists() { Some(self.parts.store.put_file(&transcript)?) } else { None };
        self.parts.store.give_back(&self.to.account, &slot_holder(&self.state, &self.step))?;
        Ok(Event::AttemptEnded { step: self.step, attempt: self.no, result, transcript, containment, loss })
    }

    /// Makes a worker's worktree ready. Whoever only reads needs nothing, and a replay runs no command.
    async fn ready(
        &self,
        worktree: &Worktree,
        scratch: &Path,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Ready, EngineError> {
        if !self.grant().writes() || self.parts.playback.is_some() || self.outbound.blocked.is_some() {
            return Ok(Ready::default());
        }
        let (parts, policy, repo, withheld) = (&self.parts, &self.policy, &self.repo, &self.outbound.withheld[..]);
        // The provider has the rest of the scratch directory.
        let scratch = &scratch.join("setup");
        let ground = Ground { parts, policy, repo, worktree, scratch, withheld };
        tokio::select! {
            runs = ground.prepare() => {
                let runs = runs?;
                Ok(Ready { fault: ground.fault(&runs)?, said: ground::said(&runs) })
            }
            () = asked_to_stop(stop) => {
                let fault = Some(Fault::new(FaultKind::Cancelled, "the run was cancelled"));
                Ok(Ready { fault, said: String::new() })
            }
        }
    }

    fn transcript(&self) -> Result<PathBuf, EngineError> {
        Ok(self.repo.transcript(&format!("{}-{}", name_of(&self.step, self.no), self.session))?)
    }

    /// What a failed worker left, on a ref before its worktree goes, and as text.
    async fn partial(&self, worktree: Worktree, name: String) -> Result<Option<Partial>, EngineError> {
        if !self.grant().writes() {
            return Ok(None);
        }
        let (repo, at, base) = (Arc::clone(&self.repo), self.state.opened_at, self.base.clone());
        let left = blocking(move || match repo.salvage(&worktree, &name, at)? {
            Some(commit) => Ok(Some((repo.diff(&base, &commit)?, commit))),
            None => Ok(None),
        })
        .await?;
        left.map(|(diff, commit)| Ok(Partial { commit, diff: self.parts.store.put(&diff)? })).transpose()
    }

    fn grant(&self) -> Grant {
        grant::grant(&self.policy, &self.ask, &self.to, &self.state.opened.home_vendor)
    }

    fn job(&self, worktree: &Worktree, scratch: &Path, transcript: &Path) -> provider::Job {
        let limits = &self.policy.limits;
        let schema = match &self.ask.reply {
            ReplyForm::Json { schema } | ReplyForm::Proposal { schema } => self.workflow.schema(schema),
            ReplyForm::Text | ReplyForm::Change { .. } => None,
        };
        provider::Job {
            label: format!("{}#{}", self.step, self.no),
            step: self.step.to_string(),
            acknowledged: self.acknowledged,
            endpoint: self.to.endpoint.clone(),
            effort: self.to.effort.clone(),
            prompt: self.prompt.clone(),
            schema,
            cwd: worktree.path().to_owned(),
            access: if self.grant().writes() { Access::Write } else { Access::Read },
            scratch: scratch.to_owned(),
            reads: worktree.reads(),
            session: self.session.clone(),
            timers: Timers {
                first_byte: Duration::from_millis(limits.first_byte_ms),
                idle: Duration::from_millis(limits.idle_ms),
                total: Duration::from_millis(limits.attempt_ms),
                grace: Duration::from_millis(limits.grace_ms),
            },
            billing: match self.policy.billing.get(&self.to.provider).copied().unwrap_or_default() {
                Billing::Subscription => provider::Billing::Subscription,
                Billing::Api => provider::Billing::Api,
            },
            environment: self.parts.environment.clone().into_iter().chain(worktree.variables()).collect(),
            transcript: transcript.to_owned(),
        }
    }

    async fn call(&self, job: provider::Job, mut stop: watch::Receiver<bool>) -> TurnEnd {
        let mut turn = match self.provider.start(job).await {
            Ok(turn) => turn,
            Err(fault) => return nothing_started(fault),
        };
        let mut stopped = false;
        loop {
            tokio::select! {
                news = turn.news() => match news {
                    Some(progress) => {
                        self.parts.announcer.news(News { step: self.step.clone(), attempt: self.no, progress });
                    }
                    None => break,
                },
                _ = stop.wait_for(|stop| *stop), if !stopped => {
                    stopped = true;
                    turn.stop();
                }
            }
        }
        let end = turn.end().await;
        if stopped {
            TurnEnd { result: Err(Fault::new(FaultKind::Cancelled, "the run was cancelled")), ..end }
        } else {
            end
        }
    }
}

fn nothing_started(fault: Fault) -> TurnEnd {
    let containment = "none: nothing was started".to_owned();
    TurnEnd { result: Err(fault), session: None, containment, exit: None, usage: Usage::default() }
}

fn slot_holder(state: &RunState, step: &StepId) -> String {
    format!("{}{step}", slot_holders(&state.opened.run))
}

/// How the names of all of a run's holders begin.
pub(crate) fn slot_holders(run: &RunId) -> String {
    format!("{run}/")
}

/// Removes an acknowledged attempt's worktree and scratch directory; what was in them is on refs and in blobs by now.
pub(crate) async fn tidy_after(repo: &Arc<RunRepo>, event: &Event) -> Result<(), EngineError> {
    let Event::AttemptEnded { step, attempt, .. } = event else { return Ok(()) };
    let name = name_of(step, *attempt);
    let repo = Arc::clone(repo);
    blocking(move || {
        repo.find_worktree(&name)?.map_or(Ok(()), |left| repo.remove(left))?;
        repo.clear_scratch(&name)
    })
    .await
}

/// The committed mutation `engine_effect_before_write`: makes the attempt's first visible effect before it is recorded.
pub(crate) fn act_unrecorded(work: &AttemptWork) -> Result<(), EngineError> {
    let transcript = work.transcript()?;
    work.repo.note(&transcript, b"acted\n").map_err(EngineError::from)
}
