//! What a fresh worktree needs before anybody works in it: untracked files of the user's checkout, and commands that are
//! run once. The commands are confined as checks are, have a check's time, and are recorded with their exit codes.

use crate::parts::{EngineError, Parts};
use crate::work::blocking;
use mao_core::event::CheckRun;
use mao_core::fault::{Fault, FaultKind};
use mao_core::glob::Glob;
use mao_core::text;
use mao_policy::{Policy, secret};
use mao_repo::checks::{CheckOutcome, CheckSpec};
use mao_repo::{RunRepo, Worktree};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A fresh worktree, and whom it is for.
pub(crate) struct Ground<'a> {
    pub(crate) parts: &'a Arc<Parts>,
    pub(crate) policy: &'a Policy,
    pub(crate) repo: &'a Arc<RunRepo>,
    pub(crate) worktree: &'a Worktree,
    /// A directory of its own for what its commands write elsewhere.
    pub(crate) scratch: &'a Path,
    /// What must not be seen there.
    pub(crate) withheld: &'a [Glob],
}

impl Ground<'_> {
    /// Makes it ready. What ran comes back; the last one is red where it is not ready.
    pub(crate) async fn prepare(&self) -> Result<Vec<CheckRun>, EngineError> {
        let needs = &self.policy.ground;
        if !needs.copy.is_empty() {
            let (repo, worktree, user) =
                (Arc::clone(self.repo), self.worktree.clone(), Arc::clone(&self.parts.user_repo));
            let (wanted, withheld) = (needs.copy.clone(), self.withheld.to_vec());
            blocking(move || repo.give(&worktree, user.root(), &wanted, &withheld)).await?;
        }
        if needs.setup.is_empty() {
            return Ok(Vec::new());
        }
        let timeout = Duration::from_millis(self.policy.limits.check_ms);
        let specs: Vec<CheckSpec> =
            needs.setup.iter().map(|check| CheckSpec { command: check.argv.clone(), timeout }).collect();
        let mut runs = self.run(&specs).await?;
        if runs.iter().all(|run| run.exit == Some(0)) {
            let (repo, worktree) = (Arc::clone(self.repo), self.worktree.clone());
            let changed = blocking(move || repo.made_by_setup(&worktree)).await?;
            if !changed.is_empty() {
                let said = format!("setup changed files of the commit: {}", changed.join(", "));
                let log = self.parts.store.put(text::printable(text::tail(&said, 4096)).as_bytes())?;
                let command = "setup leaves what is committed as it is".to_owned();
                runs.push(CheckRun { command, exit: None, log, counts: None, took_ms: None });
            }
        }
        Ok(runs)
    }

    /// Runs commands in order until one is red.
    pub(crate) async fn run(&self, specs: &[CheckSpec]) -> Result<Vec<CheckRun>, EngineError> {
        let grace = Duration::from_millis(self.policy.limits.grace_ms);
        let mut runs = Vec::with_capacity(specs.len());
        for spec in specs {
            let began = self.parts.clock.now();
            let one = std::slice::from_ref(spec);
            let outcomes = self.parts.checker.run(self.worktree, one, self.scratch, grace).await;
            let took_ms = Some(self.parts.clock.now().since(began));
            for outcome in outcomes {
                let log = secret::kept(&text::printable(&String::from_utf8_lossy(&outcome.tail)));
                let log = self.parts.store.put(log.as_bytes())?;
                let CheckOutcome { command, exit, counts, .. } = outcome;
                runs.push(CheckRun { command, exit, log, counts, took_ms });
            }
            if runs.last().is_none_or(|run| run.exit != Some(0)) {
                break;
            }
        }
        Ok(runs)
    }

    /// What was wrong with the preparation, where something was.
    pub(crate) fn fault(&self, runs: &[CheckRun]) -> Result<Option<Fault>, EngineError> {
        let Some(red) = runs.iter().find(|run| run.exit != Some(0)) else { return Ok(None) };
        let log = String::from_utf8_lossy(&self.parts.store.get(&red.log)?).into_owned();
        let exit = red.exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit {code}"));
        let last = text::one_line(text::tail(log.trim_end(), 240), 240);
        Ok(Some(Fault::new(FaultKind::Unprepared, format!("`{}` {exit}: {last}", red.command))))
    }
}

/// What ran, for the record of the attempt that it was run for.
pub(crate) fn said(runs: &[CheckRun]) -> String {
    let one = |run: &CheckRun| match run.exit {
        Some(code) => format!("; setup: `{}` exit {code}", run.command),
        None => format!("; setup: `{}` red", run.command),
    };
    runs.iter().map(one).collect()
}
