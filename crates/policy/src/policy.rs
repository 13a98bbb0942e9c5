//! The effective policy of a run: everything that was configured, resolved. A run keeps it as a blob and is resumed
//! with it, whatever the files say by then.

use crate::checkpoint::{Channel, Checkpoint, CheckpointMode};
use crate::consensus::Consensus;
use crate::known::Known;
pub use crate::known::Price;
use crate::score;
use crate::thresholds::Thresholds;
use mao_core::glob::Glob;
use mao_core::ids::{AccountId, ModelId, ProviderId, TaskClass, VendorId};
use mao_core::mutant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The vendor of models that run on this machine.
pub const LOCAL: &str = "local";

/// Everything that was configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Who works: the orchestrator's vendor alone, or everyone who is enabled.
    pub mode: Mode,
    /// The registry.
    pub models: BTreeMap<ModelId, ModelEntry>,
    /// Providers that were written `true`, by name. The orchestrator's own needs no word.
    pub enabled: BTreeSet<ProviderId>,
    /// Which models a task class may use, in order.
    pub routes: BTreeMap<TaskClass, TaskRoute>,
    /// The commands that decide whether a tree is good.
    pub checks: Vec<Check>,
    /// Paths that no model may write.
    pub protected: Vec<Glob>,
    /// Which paths belong to which workstream.
    pub ownership: BTreeMap<String, Vec<Glob>>,
    /// How much of everything.
    pub limits: Limits,
    /// How each provider is paid.
    pub billing: BTreeMap<ProviderId, Billing>,
    /// How much everybody thinks.
    #[serde(default)]
    pub profile: Profile,
    /// Who may see the work.
    #[serde(default)]
    pub privacy: Privacy,
    /// What of the work fewer may see.
    #[serde(default)]
    pub private: Private,
    /// The diversity, from 0 to 100, below which a plan wants a person's word.
    #[serde(default)]
    pub min_diversity: Option<u8>,
    /// How one model follows another.
    #[serde(default)]
    pub fallback: Fallback,
    /// Tests that stand already and only work on tests may change.
    #[serde(default)]
    pub frozen: Vec<Glob>,
    /// What a fresh worktree needs before anybody works in it.
    #[serde(default)]
    pub ground: Ground,
    /// How much each dimension of QA counts.
    #[serde(default = "score::weights")]
    pub weights: score::Weights,
    /// What each checkpoint does; `ask` where nothing is said.
    #[serde(default)]
    pub checkpoints: BTreeMap<Checkpoint, CheckpointMode>,
    /// From where on something is suggested.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// How a person can be reached who is asked something.
    #[serde(default)]
    pub answers: Channel,
    /// Whether two models must agree on a change that is reviewed.
    #[serde(default)]
    pub consensus: Consensus,
}

impl Policy {
    /// What a checkpoint does.
    #[must_use]
    pub fn checkpoint(&self, checkpoint: Checkpoint) -> CheckpointMode {
        self.checkpoints.get(&checkpoint).copied().unwrap_or_default()
    }
}

/// What a fresh worktree needs before a worker or a check uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Commands that are run in it once, in order.
    pub setup: Vec<Check>,
    /// Untracked files of the user's checkout that are copied into it.
    pub copy: Vec<Glob>,
}

/// How much everybody thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As much as the rows say, and less for what is simple.
    #[default]
    Budgeted,
    /// As much as each model can.
    Max,
}

impl Profile {
    /// Its name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Budgeted => "budgeted",
            Self::Max => "max",
        }
    }
}

/// Who may see what the work is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Every vendor that is enabled.
    #[default]
    Any,
    /// The orchestrator's vendor, and this machine.
    HomeOnly,
    /// This machine.
    LocalOnly,
}

impl Privacy {
    /// Whether a vendor may see it.
    #[must_use]
    pub fn admits(self, vendor: &VendorId, home: &VendorId) -> bool {
        match self {
            Self::Any => true,
            Self::HomeOnly => vendor == home || vendor.as_str() == LOCAL,
            Self::LocalOnly => vendor.as_str() == LOCAL || vendor == home && mutant::is("prv_01_local_work_goes_home"),
        }
    }

    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::HomeOnly => "home_only",
            Self::LocalOnly => "local_only",
        }
    }
}

/// What of the work fewer may see than the rest of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Paths whose content stays on this machine.
    #[serde(default)]
    pub local_only: Vec<Glob>,
    /// Paths whose content goes to the orchestrator's vendor at most.
    #[serde(default)]
    pub home_only: Vec<Glob>,
    /// Kinds of work that stay on this machine.
    #[serde(default)]
    pub always_local: Vec<TaskClass>,
}

/// How one model follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// What the next model is told of the one before it.
    pub handover: Handover,
    /// After how many failures in a row an account is left alone.
    pub failures: u32,
    /// For how long, in milliseconds; then one attempt tries it again.
    pub rest_ms: u64,
}

impl Default for Fallback {
    fn default() -> Self {
        Self { handover: Handover::Clean, failures: 3, rest_ms: 10 * 60_000 }
    }
}

/// FBK-07: what the next model is told of the one before it. It starts from the same commit either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// Nothing.
    #[default]
    Clean,
    /// What went wrong, and the unfinished work as text.
    Packet,
}

/// Who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The orchestrator's vendor does everything; others act when they are asked for by name.
    #[default]
    Assist,
    /// Each task class goes to the model that is best at it, where that one is enabled.
    Diverse,
}

impl Mode {
    /// Its name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assist => "assist",
            Self::Diverse => "diverse",
        }
    }
}

impl Lifecycle {
    /// Its name in registries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Legacy => "legacy",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }
}

/// What a model may be used as. There is one orchestrator; `orchestrator` says which family it must be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRole {
    /// Plans, validates, synthesises.
    Orchestrator,
    /// Implements.
    Worker,
    /// Checks quickly.
    Checker,
    /// Reasons.
    Reasoner,
    /// Writes code.
    Coder,
    /// Analyses structure.
    Analyzer,
    /// Drafts.
    Drafter,
}

impl ModelRole {
    /// Its name in registries and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
            Self::Checker => "checker",
            Self::Reasoner => "reasoner",
            Self::Coder => "coder",
            Self::Analyzer => "analyzer",
            Self::Drafter => "drafter",
        }
    }
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// Served, with a better one to take.
    Legacy,
    /// Served until a date.
    Deprecated,
    /// Not served any more.
    Retired,
}

/// One model of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Whose mind it is.
    pub vendor: VendorId,
    /// What reaches it.
    pub provider: ProviderId,
    /// Who is billed.
    pub account: AccountId,
    /// The vendor's own name for it.
    pub endpoint: String,
    /// The line it belongs to: `claude-opus`.
    pub family: String,
    /// What it may be used as.
    pub role: ModelRole,
    /// The efforts it knows, lowest first; empty where it knows none.
    #[serde(default)]
    pub efforts: Vec<String>,
    /// The effort that is sent when policy names none.
    #[serde(default)]
    pub effort: Option<String>,
    /// Largest prompt in tokens.
    pub context_tokens: u64,
    /// Largest answer in tokens.
    pub output_tokens: u64,
    /// What it costs, where that is known.
    #[serde(default)]
    pub price: Option<Price>,
    /// Where it is in its life.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// What to use instead.
    #[serde(default)]
    pub replacement: Option<ModelId>,
    /// When these facts were last checked: `2026-11-20`.
    pub verified_at: String,
    /// What else is known of it.
    #[serde(default)]
    pub known: Known,
}

/// Which models a task class may use, in order; the orchestrator follows them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRoute {
    /// In mode `assist`.
    pub assist: Vec<ModelId>,
    /// In mode `diverse`.
    pub diverse: Vec<ModelId>,
    /// The effort for each family; the model's own default where a family is missing.
    #[serde(default)]
    pub effort: BTreeMap<String, String>,
}

/// One command that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The program and its arguments; no shell reads them.
    pub argv: Vec<String>,
}

/// How much of everything. Durations in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many attempts may be out at once.
    pub max_parallel: u32,
    /// How many attempts a run may start in all.
    pub max_attempts: u32,
    /// How long a run may take from its opening before it starts no further attempt; time that it was parked for does
    /// not count.
    pub wall_clock_ms: Option<u64>,
    /// How many tokens a run may spend, in and out, before it starts no further attempt.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// How much money, in millionths of a US dollar.
    #[serde(default)]
    pub max_micro_usd: Option<u64>,
    /// Until a model's first event.
    pub first_byte_ms: u64,
    /// Between a model's events.
    pub idle_ms: u64,
    /// One attempt in all.
    pub attempt_ms: u64,
    /// From TERM to KILL.
    pub grace_ms: u64,
    /// One check.
    pub check_ms: u64,
    /// The longest wait for a rate limit before the next model is asked instead.
    pub rate_wait_ms: u64,
    /// How many attempts of one account may be out at once, over all runs of this user.
    pub account_parallel: u32,
}

impl Default for Limits {
    fn default() -> Self {
        const MINUTE: u64 = 60_000;
        Self {
            max_parallel: 3,
            max_attempts: 120,
            wall_clock_ms: None,
            max_tokens: None,
            max_micro_usd: None,
            first_byte_ms: 3 * MINUTE,
            idle_ms: 10 * MINUTE,
            attempt_ms: 30 * MINUTE,
            grace_ms: 3_000,
            check_ms: 15 * MINUTE,
            rate_wait_ms: MINUTE,
            account_parallel: 8,
        }
    }
}

/// Which pool pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// The login that the command line holds.
    #[default]
    Subscription,
    /// An API key in the environment.
    Api,
}
