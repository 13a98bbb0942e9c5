//! What a run is carried with, joined by whoever opens the engine; and what can go wrong on the way.

use crate::announce::Announcer;
use crate::clock::{Clock, NoRandom};
use crate::failpoint::Points;
use crate::playback::{Halt, Playback};
use mao_core::event::Caps;
use mao_core::ids::{ProviderId, RunId, StepId};
use mao_core::run::Illegal;
use mao_policy::orchestrator::RoleError;
use mao_policy::route::Conditions;
use mao_providers::provider::Provider;
use mao_repo::{Checker, RepoError, UserRepo};
use mao_store::{Store, StoreError};
use mao_workflows::prompt::PromptError;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything the engine needs and does not make itself.
pub struct Parts {
    /// Where everything durable is.
    pub store: Arc<dyn Store>,
    /// What reaches models, by name.
    pub providers: BTreeMap<ProviderId, Arc<dyn Provider>>,
    /// The providers that are enabled just now; what a run was opened with and is not among them is withdrawn.
    pub enabled: BTreeSet<ProviderId>,
    /// The limits that a person gave in words just now; they hold for the run from here on.
    pub caps: Caps,
    /// The limit on what all runs of a month spend, in millionths of a US dollar.
    pub month_micro_usd: Option<u64>,
    /// Providers that were found unusable before the run was carried, with the reason.
    pub unusable: BTreeMap<ProviderId, String>,
    /// The user's repository.
    pub user_repo: Arc<UserRepo>,
    /// What runs checks.
    pub checker: Arc<Checker>,
    /// Under which every run has its own directory: repository, worktrees, scratch, transcripts.
    pub runs_dir: PathBuf,
    /// What children may inherit from; each provider passes on only what its allow-list names.
    pub environment: BTreeMap<String, String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who is told what happens.
    pub announcer: Announcer,
    /// How long a lease lasts without renewal, in milliseconds.
    pub lease_ms: u64,
    /// Who is told of points between writing and acting.
    pub points: Points,
    /// Present where a recorded run is played again.
    pub playback: Option<Arc<Playback>>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("providers", &self.providers)
            .field("runs_dir", &self.runs_dir)
            .finish_non_exhaustive()
    }
}

impl Parts {
    /// The directory of a run.
    #[must_use]
    pub fn run_dir(&self, run: &RunId) -> PathBuf {
        self.runs_dir.join(run.to_string())
    }

    /// What the world allows just now, for the route of `step`.
    pub(crate) fn conditions_of(&self, step: &StepId) -> Conditions {
        match &self.playback {
            Some(playback) => {
                Conditions { now: self.clock.now(), unusable: playback.unusable(step), resting: BTreeMap::new() }
            }
            None => self.conditions(),
        }
    }

    /// What the world allows just now.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        let unusable = self
            .providers
            .iter()
            .filter_map(|(id, provider)| provider.abilities().unusable.as_ref().map(|why| (id.clone(), why.clone())));
        let unusable = unusable.chain(self.unusable.clone()).collect();
        Conditions { now: self.clock.now(), unusable, resting: BTreeMap::new() }
    }
}

/// What can go wrong with carrying a run. A model's failure is none of these: it is an event.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Git refused.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The ledger cannot be folded, or an event would not fit.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// A prompt's template and its values do not fit.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The registry's roles are wrong.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// No random bits.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// No run has this id.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// No workflow has this name.
    #[error("there is no workflow `{0}`")]
    NoSuchWorkflow(String),
    /// The run was opened by another version of its workflow.
    #[error(
        "run {run} was opened by version {opened} of `{workflow}`; this mao has version {here}: use the mao that opened it"
    )]
    OtherVersion {
        /// The run.
        run: RunId,
        /// The workflow.
        workflow: String,
        /// Its version then.
        opened: u32,
        /// Its version now.
        here: u32,
    },
    /// Nothing would decide whether a tree is good.
    #[error("no command decides whether a change is good")]
    NoChecks,
    /// A route names a provider that this program was not opened with.
    #[error("provider `{0}` was not opened")]
    NoSuchProvider(ProviderId),
    /// A replay does not go on.
    #[error(transparent)]
    Halted(#[from] Halt),
    /// The house broke one of its own rules.
    #[error("internal error: {0}")]
    Broken(String),
}
