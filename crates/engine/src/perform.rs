//! Work that asks no model: checks, merges, the report, the branch. All of it can be done again after a crash with the
//! same result.

use crate::compare;
use crate::ground::Ground;
use crate::inspect::{self, Look};
use crate::parts::{EngineError, Parts};
use crate::playback::Playback;
use crate::work::{Done, blocking, subject};
use mao_core::change::{Aim, Member};
use mao_core::effect::Work;
use mao_core::event::{CheckRun, Event, MergeResult, Verification};
use mao_core::ids::{CommitId, StepId};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::AskStep;
use mao_policy::{Policy, artifact, cycle, privacy};
use mao_repo::checks::CheckSpec;
use mao_repo::{Merged, Message, RunRepo};
use mao_store::Owner;
use mao_workflows::{Texts, Workflow};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How many bytes of conflicting paths one event holds.
const PATHS_LIMIT: usize = 6 * 1024;

/// Everything a piece of work needs.
pub(crate) struct Job {
    pub(crate) parts: Arc<Parts>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) repo: Arc<RunRepo>,
    pub(crate) owner: Owner,
    pub(crate) state: RunState,
    pub(crate) workflow: &'static dyn Workflow,
    pub(crate) step: StepId,
}

/// Does the work; `None` where it was stopped.
pub(crate) async fn perform(job: Job, work: Work, stop: watch::Receiver<bool>) -> Done {
    let step = job.step.clone();
    let event = match work {
        Work::Verify { commit, tree } => {
            let ran = job.run(&commit, &[], stop).await;
            ran.map(|ran| ran.map(|verification| Event::Verified { step: step.clone(), tree, verification }))
        }
        Work::Probe { commit, commands, .. } => match job.run(&commit, &commands, stop).await {
            Ok(Some(verification)) => job.probed(&commit, verification).await.map(Some),
            Ok(None) => Ok(None),
            Err(wrong) => Err(wrong),
        },
        Work::Inspect { change, tests } => {
            let Job { parts, policy, repo, state, step, .. } = &job;
            inspect::inspect(Look { parts, policy, repo, state, step }, &change, tests.as_ref()).await.map(Some)
        }
        Work::Compare { from, to } => {
            compare::compare(&job.parts, &job.policy, &job.repo, &step, from, to).await.map(Some)
        }
        Work::Merge { changes, onto, aim } => job.merge(changes, onto, aim).await.map(Some),
        Work::Report { onto } => job.report(onto).await.map(Some),
        Work::Publish { commit } => job.publish(commit).await.map(Some),
        Work::Ask(_) | Work::Question { .. } => Err(EngineError::Broken(format!("{step} is nobody's work here"))),
    };
    Done { step, event }
}

impl Job {
    /// What the commands said when the run was recorded: a replay runs none. `None` where they never came to an end.
    async fn ran_before(
        &self,
        playback: &Playback,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Option<Verification>, EngineError> {
        if let Some(verification) = playback.ran(&self.step) {
            return Ok(Some(verification));
        }
        tokio::select! {
            () = playback.never() => {}
            () = asked_to_stop(&mut stop) => {}
        }
        Ok(None)
    }

    /// Runs `commands`, or the run's checks where there are none, on a fresh checkout; `None` where it was stopped.
    async fn run(
        &self,
        commit: &CommitId,
        commands: &[Vec<String>],
        mut stop: watch::Receiver<bool>,
    ) -> Result<Option<Verification>, EngineError> {
        if let Some(playback) = &self.parts.playback {
            return self.ran_before(playback, stop).await;
        }
        // No two owners of a run share a checkout: one that was outlived by its lease may still be at work on its own.
        let name = format!("{}-checks-{}", self.step, self.owner.epoch.0);
        let (repo, called, commit) = (Arc::clone(&self.repo), name.clone(), commit.clone());
        let at = self.state.opened_at;
        let worktree = blocking(move || repo.worktree(&called, &commit, at)).await?;
        let scratch = self.repo.scratch(&name)?;
        let timeout = Duration::from_millis(self.policy.limits.check_ms);
        let spec = |command: &Vec<String>| CheckSpec { command: command.clone(), timeout };
        let specs: Vec<CheckSpec> = if mutant::is("inv_04_other_commands_decide") {
            vec![spec(&vec!["true".to_owned()])]
        } else if commands.is_empty() {
            self.policy.checks.iter().map(|check| spec(&check.argv)).collect()
        } else {
            commands.iter().map(spec).collect()
        };
        let (parts, policy, repo) = (&self.parts, &self.policy, &self.repo);
        let ground = Ground { parts, policy, repo, worktree: &worktree, scratch: &scratch, withheld: &[] };
        let checks = tokio::select! {
            checks = checked(&ground, &specs) => Some(checks),
            () = asked_to_stop(&mut stop) => None,
        };
        if let Some(Ok(checks)) = &checks
            && checks.iter().any(|check| check.exit != Some(0))
        {
            // On a full disk every check is red: that says nothing about the tree.
            self.repo.room()?;
        }
        let repo = Arc::clone(&self.repo);
        blocking(move || {
            repo.remove(worktree)?;
            repo.clear_scratch(&name)
        })
        .await?;
        let checks = checks.transpose()?;
        Ok(checks.map(|checks| Verification { checks }))
    }

    /// What failed, read from the log of the first red check: its name, where it was, and which files it speaks of.
    async fn probed(&self, commit: &CommitId, verification: Verification) -> Result<Event, EngineError> {
        let step = self.step.clone();
        let Some(red) = verification.first_red() else {
            let (signature, trace, named) = (String::new(), String::new(), Vec::new());
            return Ok(Event::Probed { step, verification, signature, trace, named });
        };
        let log = self.parts.store.get(&red.log)?;
        let log = String::from_utf8_lossy(&log).into_owned();
        let (signature, trace) = (cycle::signature(&log), artifact::trace(&log).unwrap_or_default());
        if let Some(playback) = &self.parts.playback {
            let named = playback.named(&step);
            return Ok(Event::Probed { step, verification, signature, trace, named });
        }
        let (repo, commit) = (Arc::clone(&self.repo), commit.clone());
        let mut files = blocking(move || repo.files(&commit)).await?;
        // The name of a private file is private too.
        files.retain(|path| !privacy::is_private(&self.policy, path));
        let named = cycle::named(&format!("{}\n{log}", red.command), &files);
        Ok(Event::Probed { step, verification, signature, trace, named })
    }

    async fn merge(self, changes: Vec<Member>, onto: CommitId, aim: Aim) -> Result<Event, EngineError> {
        let (repo, at, kept) = (Arc::clone(&self.repo), self.state.opened_at, format!("merges/{}", self.step));
        let texts: Vec<(String, String)> = changes.iter().map(|member| self.message(member)).collect();
        let merged = match aim {
            Aim::Head => {
                let mut proven = Vec::with_capacity(changes.len());
                for member in &changes {
                    let validated = self.state.validated(&member.of);
                    let validated = validated.filter(|validated| validated.proof().attempt == member.attempt);
                    proven.push(validated.ok_or_else(|| unproven(member, "is not validated"))?);
                }
                blocking(move || {
                    let texts = texts.iter().map(|(subject, body)| Message { subject, body });
                    repo.merge(&onto, &proven.into_iter().zip(texts).collect::<Vec<_>>(), &kept, at)
                })
                .await?
            }
            Aim::Trial => {
                let mut tried = Vec::with_capacity(changes.len());
                for member in &changes {
                    tried.push(self.state.change(member).cloned().ok_or_else(|| unproven(member, "made no change"))?);
                }
                blocking(move || {
                    let texts = texts.iter().map(|(subject, body)| Message { subject, body });
                    repo.trial(&onto, &tried.into_iter().zip(texts).collect::<Vec<_>>(), &kept, at)
                })
                .await?
            }
        };
        Ok(Event::Merged { step: self.step, results: recorded(merged) })
    }

    /// What the commit of a merged change is called, and what it says of where it comes from.
    fn message(&self, member: &Member) -> (String, String) {
        let ask = self.state.ask(&member.of);
        let mut body = vec![format!("Mao-Run: {}", self.state.opened.run), format!("Mao-Step: {}", member.of)];
        if let Some(original) = ask.and_then(AskStep::resolves) {
            body.push(format!("Resolves: {}", original.of));
        }
        if let Some(served) = ask.and_then(served) {
            body.push(format!("Served-By: {served}"));
        }
        if let Some(judge) = self.state.validated(&member.of).and_then(|proven| proven.proof().judged_by.clone()) {
            body.push(format!("Validated-By: {judge}"));
        }
        if let Some(scripted) = &self.state.opened.scripted {
            body.push(format!("Scripted: {scripted}"));
        }
        let decided = self.state.settled.as_ref().filter(|settled| settled.winner.as_ref() == Some(&member.of));
        if let Some(settled) = decided
            && !mutant::is("dis_10_the_commit_says_nothing")
        {
            body.push(format!("Decided-By: {} ({})", settled.rule, settled.because));
        }
        let brought = || self.state.brought(&member.of).map(|brought| format!("Take {}", brought.name));
        let called = ask.map(|ask| subject(&ask.ask)).or_else(brought).unwrap_or_else(|| member.of.to_string());
        (called, body.join("\n"))
    }

    async fn report(self, onto: CommitId) -> Result<Event, EngineError> {
        let mut texts = Texts::new();
        for blob in self.workflow.reads(&self.state) {
            let text = String::from_utf8_lossy(&self.parts.store.get(&blob)?).into_owned();
            texts.insert(blob, text);
        }
        let files: Vec<(String, Vec<u8>)> = self
            .workflow
            .report(&self.policy, &self.state, &texts)
            .into_iter()
            .map(|file| (file.path, file.text.into_bytes()))
            .collect();
        let called = format!("Report on {} {}", self.state.opened.workflow, self.state.opened.request.text);
        let body = format!("Mao-Run: {}", self.state.opened.run);
        let (repo, at) = (Arc::clone(&self.repo), self.state.opened_at);
        let (commit, tree) = blocking(move || {
            let message = Message { subject: &called, body: &body };
            let (commit, tree) = repo.write_files(&onto, &files, message, at)?;
            repo.keep("report", &commit)?;
            Ok((commit, tree))
        })
        .await?;
        Ok(Event::Reported { step: self.step, commit, tree })
    }

    /// The one write into the user's repository. Ownership is confirmed right before it.
    async fn publish(self, commit: CommitId) -> Result<Event, EngineError> {
        let branch = branch_of(&self.state);
        let (user, repo, parts) = (Arc::clone(&self.parts.user_repo), Arc::clone(&self.repo), Arc::clone(&self.parts));
        let (to, what) = (branch.clone(), commit.clone());
        parts.store.confirm(&self.owner, parts.clock.now())?;
        let archives = self.workflow.archives(&self.state);
        blocking(move || {
            for (name, commit) in &archives {
                repo.archive(name, commit)?;
            }
            user.publish(&repo, &to, &what)
        })
        .await?;
        Ok(Event::Published { step: self.step, branch, commit })
    }
}

/// Makes the ground ready and runs the checks on it, in order until one is red.
async fn checked(ground: &Ground<'_>, specs: &[CheckSpec]) -> Result<Vec<CheckRun>, EngineError> {
    let mut runs = ground.prepare().await?;
    if runs.iter().all(|run| run.exit == Some(0)) {
        runs.extend(ground.run(specs).await?);
    }
    Ok(runs)
}

fn unproven(member: &Member, why: &str) -> EngineError {
    EngineError::Broken(format!("attempt {} of {} {why} and cannot merge", member.attempt, member.of))
}

/// Results as an event can hold them: of a long list of paths the first ones.
fn recorded(merged: Vec<Merged>) -> Vec<MergeResult> {
    let mut room = PATHS_LIMIT;
    let mut fits = |path: &String| {
        let fits = room > path.len();
        room = if fits { room.saturating_sub(path.len() + 8) } else { 0 };
        fits
    };
    let result = |merged: Merged| match merged {
        Merged::Candidate { commit, tree } => MergeResult::Candidate { commit, tree },
        Merged::Conflict { paths } => {
            MergeResult::Conflict { paths: paths.into_iter().take_while(&mut fits).collect() }
        }
    };
    merged.into_iter().map(result).collect()
}

/// The branch that a run's result is published as.
#[must_use]
pub fn branch_of(state: &RunState) -> String {
    format!("mao/{}", state.opened.run.prefix(8))
}

fn served(ask: &AskStep) -> Option<String> {
    match ask.standing() {
        mao_core::step::Standing::Answered(_, answered) => answered.answer.served.clone(),
        mao_core::step::Standing::Idle
        | mao_core::step::Standing::Running(_)
        | mao_core::step::Standing::GivenUp(_) => None,
    }
}

/// Ends when `stop` says so; never where nobody can say it any more.
pub(crate) async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
