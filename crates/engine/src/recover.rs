//! After a dead owner: its processes are ended, what its attempts left is salvaged onto refs, and the attempts are
//! recorded as lost. Then the run goes on as if nothing had happened.

use crate::parts::{EngineError, Parts};
use crate::record::Record;
use crate::work::blocking;
use mao_core::event::{Event, Opened};
use mao_core::ids::{AttemptNo, StepId};
use mao_core::step::AttemptState;
use mao_policy::{Policy, spend};
use mao_repo::RunRepo;
use std::sync::Arc;
use std::time::Duration;

/// How long a dead owner's processes have from TERM to KILL.
const GRACE: Duration = Duration::from_secs(2);

/// The run's own repository, made if it is not there yet.
pub(crate) async fn open_run_repo(parts: &Arc<Parts>, opened: &Opened) -> Result<Arc<RunRepo>, EngineError> {
    let (dir, user, base) = (parts.run_dir(&opened.run), Arc::clone(&parts.user_repo), opened.base.clone());
    let name = opened.run.prefix(8);
    blocking(move || RunRepo::create(&dir, &name, &user, &base)).await.map(Arc::new)
}

/// Records which of the run's providers are not enabled any more: tightening holds at once, loosening never does.
pub(crate) fn withdraw(parts: &Arc<Parts>, policy: &Policy, record: &mut Record) -> Result<(), EngineError> {
    let gone = policy.enabled.difference(&parts.enabled).filter(|gone| !record.state().withdrawn.contains(*gone));
    let events: Vec<Event> = gone.map(|provider| Event::Withdrawn { provider: provider.clone() }).collect();
    if record.state().outcome.is_some() { Ok(()) } else { record.append(&events, &[]) }
}

/// Records the limits that a person gave the run now, where they are others than before.
pub(crate) fn caps(parts: &Arc<Parts>, policy: &Policy, record: &mut Record) -> Result<(), EngineError> {
    let before = spend::caps(policy, record.state());
    if record.state().outcome.is_some() || before.with(parts.caps) == before {
        return Ok(());
    }
    record.append(&[Event::CapsSet { caps: parts.caps }], &[])
}

/// Ends what a dead owner left running, salvages what it left lying, and records its attempts as lost.
pub(crate) async fn after_a_dead_owner(repo: &Arc<RunRepo>, record: &mut Record) -> Result<(), EngineError> {
    let (evicted, at) = (Arc::clone(repo), record.state().opened_at);
    blocking(move || {
        evicted.evict(GRACE);
        evicted.clear_locks()?;
        evicted.keep_found()
    })
    .await?;
    let running: Vec<(StepId, AttemptNo)> = record
        .state()
        .attempts()
        .filter(|(_, _, attempt)| attempt.state == AttemptState::Running)
        .map(|(step, _, attempt)| (step.clone(), attempt.no))
        .collect();
    for (step, attempt) in running {
        let (repo, name) = (Arc::clone(repo), format!("{step}-{attempt}"));
        let salvage = blocking(move || match repo.find_worktree(&name)? {
            Some(left) => repo.salvage(&left, &name, at),
            None => Ok(None),
        })
        .await?;
        record.append(&[Event::AttemptLost { step, attempt, salvage }], &[])?;
    }
    // Nothing is out now, so nothing that lies there is in use.
    let cleared = Arc::clone(repo);
    blocking(move || cleared.clear_worktrees(at)).await
}
