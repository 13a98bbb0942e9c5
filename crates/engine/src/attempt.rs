//! One call of one model: prepared, recorded as started by the owner, made, judged for form, and turned into the one
//! event that acknowledges it.
//!
//! Nothing here says what follows a failure, and nothing here asks which vendor it is.

use crate::announce::News;
use crate::clock::draw_uuid;
use crate::ground::{self, Ground};
use crate::parts::{EngineError, Parts};
use crate::perform::asked_to_stop;
use crate::proposed;
use crate::work::{Done, blocking, subject};
use mao_core::ask::{Ask, ReplyForm, Role};
use mao_core::change::{Change, Refusal};
use mao_core::event::{AttemptResult, Event, Link, Loss, Outbound, Partial};
use mao_core::fault::{Fault, FaultKind};
use mao_core::glob::Glob;
use mao_core::ids::{AttemptNo, BlobId, CommitId, RunId, StepId, TreeId};
use mao_core::reply::{Answer, Checkout, Claimed, Proposed, Usage};
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState};
use mao_core::text;
use mao_policy::grant::{self, Grant};
use mao_policy::policy::{Billing, LOCAL, ModelRole};
use mao_policy::truncated::{self, Cut};
use mao_policy::{Policy, fallback, orchestrator, privacy, secret};
use mao_providers::provider::{self, Access, Provider, Reply, Timers, TurnEnd};
use mao_repo::{CollectSpec, Collected, RunRepo, Tried, Worktree};
use mao_workflows::Workflow;
use mao_workflows::prompt::{Occasion, render};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The largest structured reply that is taken, in bytes.
const STRUCTURED_LIMIT: usize = 256 * 1024;

/// The most files of a structured reply that are looked at.
const NAMED_PATHS: usize = 200;

/// The longest failure text that is attached to a prompt, in bytes.
const FAILURE_LIMIT: usize = 12 * 1024;

/// The longest diff that a packet hands over, in bytes.
const PACKET_LIMIT: usize = 64 * 1024;

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

    /// Whether the reply has the form asked for, and what it brings.
    async fn judge(
        &self,
        reply: Reply,
        worktree: &Worktree,
        checkout: Option<Checkout>,
    ) -> Result<AttemptResult, EngineError> {
        if let Some(fault) = self.wrong_family(&reply) {
            return Ok(AttemptResult::Failed(fault));
        }
        let fault = |kind, hint: &str| Ok(AttemptResult::Failed(Fault::new(kind, hint)));
        let mut structured = None;
        let mut lines = BTreeMap::new();
        let mut change = None;
        match &self.ask.reply {
            ReplyForm::Text if reply.text.trim().is_empty() => {
                return fault(FaultKind::EmptyOutput, "nothing was said");
            }
            ReplyForm::Text => {}
            ReplyForm::Json { schema } => match self.structured(schema, &reply) {
                Ok(value) => {
                    lines = self.lines(self.workflow.named_paths(schema, &value)).await?;
                    structured = Some(value);
                }
                Err(wrong) => return Ok(AttemptResult::Failed(wrong)),
            },
            ReplyForm::Proposal { schema } => {
                match self.structured(schema, &reply) {
                    Ok(value) => structured = Some(value),
                    Err(wrong) => return Ok(AttemptResult::Failed(wrong)),
                }
                match self.collect(worktree, &reply).await? {
                    Collected::Change { commit, tree, files, diff } => {
                        change = Some(self.changed(commit, tree, &files, &diff)?);
                    }
                    // It only looked, or what it tried cannot be tried again: the answer stands without a proposal.
                    Collected::NoChange | Collected::Violation { .. } => {}
                }
            }
            ReplyForm::Change { .. } => match self.collect(worktree, &reply).await? {
                Collected::Change { commit, tree, files, diff } => {
                    change = Some(self.changed(commit, tree, &files, &diff)?);
                }
                Collected::NoChange => {
                    return fault(
                        FaultKind::NoChange,
                        &format!("the tree is as it was; the model said: {}", reply.text),
                    );
                }
                Collected::Violation { trespasses } => {
                    let paths: Vec<String> = trespasses.iter().map(ToString::to_string).collect();
                    return fault(FaultKind::PolicyViolation, &paths.join(", "));
                }
            },
        }
        let tried = match (self.claims_diff(), &structured) {
            (Some(field), Some(value)) => {
                let claimed = value.get(field).and_then(serde_json::Value::as_str).unwrap_or_default();
                Some(Box::new(Proposed { diff: self.claimed(claimed).await?, checkout }))
            }
            (_, _) => None,
        };
        Ok(AttemptResult::Answered(Box::new(Answer {
            text: self.parts.store.put(said(&reply, structured.as_ref()).as_bytes())?,
            structured,
            lines,
            change,
            proposed: tried,
            served: reply.served.map(|served| text::one_line(&served, 120)),
            usage: reply.usage,
            effort_sent: reply.effort_sent,
        })))
    }

    fn changed(&self, commit: CommitId, tree: TreeId, files: &[String], diff: &[u8]) -> Result<Change, EngineError> {
        Ok(Change {
            base: self.base.clone(),
            commit,
            tree,
            diff: self.parts.store.put(diff)?,
            files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        })
    }

    fn wrong_family(&self, reply: &Reply) -> Option<Fault> {
        if self.ask.role != Role::Orchestrator {
            return None;
        }
        match &reply.served {
            Some(served) if orchestrator::served_by_the_family(served) => None,
            Some(served) => Some(Fault::new(FaultKind::WrongFamily, format!("served by {served}"))),
            None => Some(Fault::new(FaultKind::WrongFamily, "the vendor did not say which model served it")),
        }
    }

    /// The structured part, where it is whole and what was asked for.
    fn structured(&self, schema: &str, reply: &Reply) -> Result<serde_json::Value, Fault> {
        let cut = |cut: Cut| Fault::new(FaultKind::Truncated, cut.to_string());
        let unparsable = |why: String| Fault::new(FaultKind::Unparsable, why);
        let Some(value) = reply.structured.clone() else {
            let begun = reply.text.trim_start().starts_with(['{', '[']);
            let json = truncated::Form { json: true, ..truncated::Form::default() };
            let half = truncated::cut(&reply.text, None, json).filter(|_| begun);
            return Err(half.map_or_else(|| unparsable("the reply has no structured part".to_owned()), cut));
        };
        let size = value.to_string().len();
        if size > STRUCTURED_LIMIT {
            let why = format!("the structured reply has {size} bytes; at most {STRUCTURED_LIMIT} are taken");
            return Err(unparsable(why));
        }
        if let Some(sign) = self.workflow.cut(schema, &value) {
            return Err(cut(sign));
        }
        self.workflow.accepts(schema, &self.state, &value).map_err(unparsable)?;
        Ok(value)
    }

    /// How many lines these files have at the commit that the model saw.
    async fn lines(&self, mut paths: Vec<String>) -> Result<BTreeMap<String, u32>, EngineError> {
        paths.sort_unstable();
        paths.dedup();
        paths.truncate(NAMED_PATHS);
        let (repo, base) = (Arc::clone(&self.repo), self.base.clone());
        blocking(move || {
            let mut lines = BTreeMap::new();
            for path in paths {
                if let Some(content) = repo.read(&base, &path)? {
                    let count = String::from_utf8_lossy(&content).lines().count();
                    lines.insert(path, u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            Ok(lines)
        })
        .await
    }

    /// The field of the answer that holds a diff, where its form has one.
    fn claims_diff(&self) -> Option<&'static str> {
        match &self.ask.reply {
            ReplyForm::Json { schema } | ReplyForm::Proposal { schema } => self.workflow.claims_diff(schema),
            ReplyForm::Text | ReplyForm::Change { .. } => None,
        }
    }

    /// The person's checkout as it stands, where a change is only proposed.
    async fn checkout_now(&self) -> Option<TreeId> {
        if self.claims_diff().is_none() || self.parts.playback.is_some() {
            return None;
        }
        proposed::checkout(&self.parts).await
    }

    /// The same again, beside what it was.
    async fn checkout_since(&self, before: Option<TreeId>) -> Option<Checkout> {
        if let Some(playback) = &self.parts.playback {
            return playback.checkout(&self.step, self.no);
        }
        let (before, after) = (before?, self.checkout_now().await?);
        Some(Checkout { before, after })
    }

    /// What a diff that stands in the answer makes of the tree that was looked at.
    async fn claimed(&self, diff: &str) -> Result<Claimed, EngineError> {
        if diff.trim().is_empty() {
            return Ok(Claimed::Nothing);
        }
        let trial = proposed::Trial {
            repo: &self.repo,
            policy: &self.policy,
            withheld: self.grant().withheld,
            base: self.base.clone(),
            at: self.state.opened_at,
            subject: subject(&self.ask),
            kept: format!("claimed/{}", name_of(&self.step, self.no)),
        };
        Ok(match trial.of(diff.to_owned()).await? {
            Tried::Change { commit, tree, files, diff } => Claimed::Applies(self.changed(commit, tree, &files, &diff)?),
            Tried::Refused(why) => Claimed::Refused { why },
        })
    }

    async fn collect(&self, worktree: &Worktree, reply: &Reply) -> Result<Collected, EngineError> {
        let served = reply.served.clone().unwrap_or_else(|| format!("{} (unconfirmed)", self.to.endpoint));
        let (subject, body) = (subject(&self.ask), format!("Served-By: {}", text::one_line(&served, 120)));
        let (grant, mut protected, at) = (self.grant(), self.policy.protected.clone(), self.state.opened_at);
        protected.extend(grant.withheld.iter().cloned());
        let (repo, worktree) = (Arc::clone(&self.repo), worktree.clone());
        let kept = format!("attempts/{}", name_of(&self.step, self.no));
        blocking(move || {
            let (owned, frozen) = (&grant.owned[..], &grant.frozen[..]);
            let spec = CollectSpec { owned, frozen, protected: &protected, subject: &subject, body: &body, at };
            let collected = repo.collect(&worktree, &spec)?;
            if let Collected::Change { commit, .. } = &collected
                && !mao_core::mutant::is("dev_05_changes_are_not_kept")
            {
                repo.keep(&kept, commit)?;
            }
            Ok(collected)
        })
        .await
    }
}

fn nothing_started(fault: Fault) -> TurnEnd {
    let containment = "none: nothing was started".to_owned();
    TurnEnd { result: Err(fault), session: None, containment, exit: None, usage: Usage::default() }
}

/// A text as somebody may see it from whom these paths are kept.
fn seen(text: String, withheld: &[Glob]) -> String {
    if withheld.is_empty() { text } else { privacy::without(&text, withheld) }
}

/// What leaves of a prompt (PRV-06): without its secrets, unless it stays on this machine.
fn outbound(prompt: String, to: &Link, withheld: Vec<Glob>) -> (String, Outbound) {
    let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    if to.vendor.as_str() == LOCAL {
        let bytes = bytes(&prompt);
        return (prompt, Outbound { bytes, withheld, ..Outbound::default() });
    }
    let cleaned = secret::clean(&prompt);
    let kinds = cleaned.found.iter().map(|found| found.kind.clone()).collect();
    match cleaned.text {
        Some(text) => {
            let bytes = bytes(&text);
            (text, Outbound { bytes, redacted: kinds, blocked: None, withheld })
        }
        None => {
            let blocked = cleaned.found.into_iter().find(|found| found.blocks).map(|found| found.kind);
            (String::new(), Outbound { bytes: 0, redacted: kinds, blocked, withheld })
        }
    }
}

/// What is kept of what was said: of a structured answer the structure, which later questions hand on and verdicts are
/// bound to by its hash. Every word is in the transcript.
fn said(reply: &Reply, structured: Option<&serde_json::Value>) -> String {
    structured.map_or_else(|| reply.text.clone(), |value| format!("{value:#}"))
}

fn slot_holder(state: &RunState, step: &StepId) -> String {
    format!("{}{step}", slot_holders(&state.opened.run))
}

/// How the names of all of a run's holders begin.
pub(crate) fn slot_holders(run: &RunId) -> String {
    format!("{run}/")
}

/// What was wrong with an earlier attempt and, in a packet, the diff that it left.
fn failure(
    parts: &Parts,
    policy: &Policy,
    ask: &AskStep,
    link: usize,
    withheld: &[Glob],
) -> Result<Option<String>, EngineError> {
    let Some(told) = fallback::told(policy, ask, link) else { return Ok(None) };
    let what = match &told.last.state {
        AttemptState::Failed(fault, _) => fault.to_string(),
        AttemptState::Answered(answered) => match &answered.refusal {
            None => return Ok(None),
            Some(refusal) => describe(parts, refusal)?,
        },
        AttemptState::Running | AttemptState::Lost => return Ok(None),
    };
    let mut said = text::printable(text::tail(&what, FAILURE_LIMIT));
    if let Some(left) = told.left {
        let diff = seen(String::from_utf8_lossy(&parts.store.get(left)?).into_owned(), withheld);
        let cut = (0..=diff.len().min(PACKET_LIMIT)).rev().find(|at| diff.is_char_boundary(*at)).unwrap_or(0);
        said.push_str("\n\nWhat it left, as a diff that is not applied:\n");
        said.push_str(&text::printable(&diff[..cut]));
        if cut < diff.len() {
            said.push_str("\n… (diff cut)");
        }
    }
    Ok(Some(said))
}

fn describe(parts: &Parts, refusal: &Refusal) -> Result<String, EngineError> {
    let detail = match refusal {
        Refusal::ChecksFailed { log } | Refusal::BrokeMerged { log } => {
            String::from_utf8_lossy(&parts.store.get(log)?).into_owned()
        }
        Refusal::Verdict { findings } => {
            let lines = findings.iter().map(|finding| {
                let place = finding.file.as_deref().map_or_else(String::new, |file| match finding.line {
                    Some(line) => format!("{file}:{line}: "),
                    None => format!("{file}: "),
                });
                format!("- {place}{}", finding.claim)
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Refusal::Conflict { paths } => paths.join("\n"),
    };
    Ok(format!("{}\n{detail}", refusal.label()))
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
