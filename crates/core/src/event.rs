//! What can be recorded of a run. Every event is durable before its consequence starts, at most 16 KiB, and names
//! large content by hash.
//!
//! Only meaning stands here: no path, pid or host, so that a ledger can be resumed on another machine.

mod attempt;
mod route;
mod verified;

pub use attempt::{AttemptResult, Decision, Loss, Outbound, Partial};
pub use route::{Link, Route, Skipped};
pub use verified::{CheckRun, Counts, MergeResult, Verification};

use crate::contest::Inspection;
use crate::effect::{Note, Work};
use crate::ids::{AttemptNo, BlobId, CommitId, ProviderId, RepositoryKey, RunId, Stamp, StepId, TreeId, VendorId};
use crate::packed::Compared;
use crate::request::Request;
use crate::supply::Supply;
use serde::{Deserialize, Serialize};

/// The version of this vocabulary. A ledger with a higher one is refused, naming the version it needs.
pub const EVENT_VERSION: u32 = 1;

/// The largest serialised event, in bytes.
pub const EVENT_LIMIT: usize = 16 * 1024;

/// An event in its place in a run's ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place, from 1 without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Stamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The first event of every run.
    RunOpened(Box<Opened>),
    /// What the first event had no room for. Before every step.
    Supplied {
        /// In their order.
        items: Vec<Supply>,
    },
    /// A step exists; its work starts after this is durable.
    StepOpened {
        /// The step.
        step: StepId,
        /// Its work.
        #[serde(flatten)]
        work: Box<Work>,
    },
    /// Which models a step may use, in order, and why; drawn once per step.
    Routed {
        /// The step.
        step: StepId,
        /// The chain.
        route: Route,
    },
    /// A model is about to be called.
    AttemptStarted {
        /// The step.
        step: StepId,
        /// Which attempt of it.
        attempt: AttemptNo,
        /// Which link of the route.
        link: usize,
        /// The prompt, whole.
        prompt: BlobId,
        /// The commit its worktree starts from; later than the step's base when others merged meanwhile.
        base: CommitId,
        /// The CLI session id and process nonce drawn for it.
        session: String,
        /// What leaves with it.
        #[serde(default)]
        outbound: Outbound,
    },
    /// The call is over and acknowledged: it will never be repeated.
    AttemptEnded {
        /// The step.
        step: StepId,
        /// Which attempt of it.
        attempt: AttemptNo,
        /// What came of it.
        result: AttemptResult,
        /// The raw, redacted transcript.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        transcript: Option<BlobId>,
        /// What really contained the child.
        containment: String,
        /// What the call cost and left although it failed; absent where it answered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        loss: Option<Box<Loss>>,
    },
    /// More of a structured answer than one event holds; in the same commit as the `AttemptEnded` that it belongs to.
    Continued {
        /// The step.
        step: StepId,
        /// Which attempt of it.
        attempt: AttemptNo,
        /// The next part of the answer's JSON text.
        text: String,
        /// Whether more follows.
        more: bool,
    },
    /// The owner died during the call. What was in its worktree is on a salvage ref.
    AttemptLost {
        /// The step.
        step: StepId,
        /// Which attempt of it.
        attempt: AttemptNo,
        /// The commit that holds what was found, if anything was.
        salvage: Option<CommitId>,
    },
    /// What follows a fault or a refused change.
    Decided {
        /// The step.
        step: StepId,
        /// The attempt it follows.
        after: AttemptNo,
        /// What follows.
        decision: Decision,
    },
    /// The checks ran to their end on a tree.
    Verified {
        /// The step.
        step: StepId,
        /// The tree.
        tree: TreeId,
        /// What they said.
        verification: Verification,
    },
    /// The commands of a probe ran to their end.
    Probed {
        /// The step.
        step: StepId,
        /// What they said.
        verification: Verification,
        /// What failed, in a form that is the same for the same failure; empty where nothing did.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        signature: String,
        /// How a stack trace in the log of the first red command begins; empty where there is none.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        trace: String,
        /// The files of the tree that this command and its log name, the first ones.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        named: Vec<String>,
    },
    /// A candidate was looked at.
    Inspected {
        /// The step.
        step: StepId,
        /// What was found.
        inspection: Inspection,
    },
    /// A diff was taken apart. Further ones of the same step follow in the same commit, with more of its parts.
    Compared {
        /// The step.
        step: StepId,
        /// What was found.
        compared: Box<Compared>,
    },
    /// A merge was tried.
    Merged {
        /// The step.
        step: StepId,
        /// What came of each of its changes, in their order.
        results: Vec<MergeResult>,
    },
    /// Two finished changes would not merge as they are. A forecast that decides nothing: either may be redone.
    Foreseen {
        /// The step whose change is the later one.
        step: StepId,
        /// The attempt that made it.
        attempt: AttemptNo,
        /// The step whose change is the earlier one.
        with: StepId,
        /// Where.
        paths: Vec<String>,
    },
    /// The report is a commit.
    Reported {
        /// The step.
        step: StepId,
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
    },
    /// The run's branch exists in the user's repository.
    Published {
        /// The step.
        step: StepId,
        /// The branch, without `refs/heads/`.
        branch: String,
        /// The commit it names.
        commit: CommitId,
    },
    /// A person answered a question.
    Answered {
        /// The question's step.
        step: StepId,
        /// One of its choices.
        answer: String,
        /// Over which channel: `terminal`, `mao answer`.
        by: String,
        /// Why, in the person's own words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        because: Option<String>,
    },
    /// A provider that the run was opened with is not enabled any more: no further attempt reaches it.
    Withdrawn {
        /// The provider.
        provider: ProviderId,
    },
    /// A person gave the run other limits than it was opened with.
    CapsSet {
        /// What was said; everything else stays as it was.
        caps: Caps,
    },
    /// Somebody wants the run to end.
    CancelRequested {
        /// Who: `SIGINT`, `mao cancel`.
        by: String,
    },
    /// Nothing is left but waiting; the owner leaves.
    Parked {
        /// For what, in one line.
        waiting_for: String,
        /// Until when, where a moment is known.
        until: Option<Stamp>,
    },
    /// A conclusion drawn by the workflow.
    Noted(Note),
}

/// What a run is opened with. Large content by hash; what resume uses, whatever the files say by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// The workflow's version: a run is resumed by the version that opened it, or refused.
    pub workflow_version: u32,
    /// The repository.
    pub repository: RepositoryKey,
    /// The commit everything starts from.
    pub base: CommitId,
    /// Its tree.
    pub base_tree: TreeId,
    /// The effective policy, registry and routes included.
    pub policy: BlobId,
    /// Whose work needs no second mind: the orchestrator's vendor.
    pub home_vendor: VendorId,
    /// What was asked for.
    pub request: Request,
    /// Present where models are scripted: the text that every face shows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scripted: Option<String>,
}

/// How much a run may take in all. Absent: nothing is said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// How many attempts it may start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attempts: Option<u32>,
    /// For how long it may start them, in milliseconds; what it was parked for does not count.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wall_clock_ms: Option<u64>,
    /// How many tokens it may spend, in and out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tokens: Option<u64>,
    /// How much money it may spend, in millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub micro_usd: Option<u64>,
}

impl Caps {
    /// These, with what `later` says of them.
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        Self {
            attempts: later.attempts.or(self.attempts),
            wall_clock_ms: later.wall_clock_ms.or(self.wall_clock_ms),
            tokens: later.tokens.or(self.tokens),
            micro_usd: later.micro_usd.or(self.micro_usd),
        }
    }
}

impl Event {
    /// The event's kind in the vocabulary: `attempt_started`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RunOpened(_) => "run_opened",
            Self::Supplied { .. } => "supplied",
            Self::Continued { .. } => "continued",
            Self::StepOpened { .. } => "step_opened",
            Self::Routed { .. } => "routed",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptEnded { .. } => "attempt_ended",
            Self::AttemptLost { .. } => "attempt_lost",
            Self::Decided { .. } => "decided",
            Self::Verified { .. } => "verified",
            Self::Probed { .. } => "probed",
            Self::Inspected { .. } => "inspected",
            Self::Compared { .. } => "compared",
            Self::Merged { .. } => "merged",
            Self::Foreseen { .. } => "foreseen",
            Self::Reported { .. } => "reported",
            Self::Published { .. } => "published",
            Self::Answered { .. } => "answered",
            Self::Withdrawn { .. } => "withdrawn",
            Self::CapsSet { .. } => "caps_set",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::Parked { .. } => "parked",
            Self::Noted(Note::ChangeJudged { .. }) => "change_judged",
            Self::Noted(Note::ChangeRefused { .. }) => "change_refused",
            Self::Noted(Note::HeadMoved { .. }) => "head_moved",
            Self::Noted(Note::StepSkipped { .. }) => "step_skipped",
            Self::Noted(Note::Settled(_)) => "settled",
            Self::Noted(Note::RunClosed { .. }) => "run_closed",
        }
    }

    /// The step it speaks of.
    #[must_use]
    pub const fn step(&self) -> Option<&StepId> {
        match self {
            Self::RunOpened(_)
            | Self::Supplied { .. }
            | Self::Withdrawn { .. }
            | Self::CapsSet { .. }
            | Self::CancelRequested { .. }
            | Self::Parked { .. } => None,
            Self::Continued { step, .. }
            | Self::StepOpened { step, .. }
            | Self::Routed { step, .. }
            | Self::AttemptStarted { step, .. }
            | Self::AttemptEnded { step, .. }
            | Self::AttemptLost { step, .. }
            | Self::Decided { step, .. }
            | Self::Verified { step, .. }
            | Self::Probed { step, .. }
            | Self::Inspected { step, .. }
            | Self::Compared { step, .. }
            | Self::Merged { step, .. }
            | Self::Foreseen { step, .. }
            | Self::Reported { step, .. }
            | Self::Published { step, .. }
            | Self::Answered { step, .. } => Some(step),
            Self::Noted(note) => match note {
                Note::ChangeJudged { step, .. }
                | Note::ChangeRefused { step, .. }
                | Note::HeadMoved { step, .. }
                | Note::StepSkipped { step, .. } => Some(step),
                Note::Settled(_) | Note::RunClosed { .. } => None,
            },
        }
    }

    /// The attempt it speaks of.
    #[must_use]
    pub const fn attempt(&self) -> Option<AttemptNo> {
        match self {
            Self::AttemptStarted { attempt, .. }
            | Self::Continued { attempt, .. }
            | Self::AttemptEnded { attempt, .. }
            | Self::AttemptLost { attempt, .. }
            | Self::Decided { after: attempt, .. }
            | Self::Foreseen { attempt, .. }
            | Self::Noted(Note::ChangeJudged { attempt, .. } | Note::ChangeRefused { attempt, .. }) => Some(*attempt),
            Self::RunOpened(_)
            | Self::Supplied { .. }
            | Self::StepOpened { .. }
            | Self::Routed { .. }
            | Self::Verified { .. }
            | Self::Probed { .. }
            | Self::Inspected { .. }
            | Self::Compared { .. }
            | Self::Merged { .. }
            | Self::Reported { .. }
            | Self::Published { .. }
            | Self::Answered { .. }
            | Self::Withdrawn { .. }
            | Self::CapsSet { .. }
            | Self::CancelRequested { .. }
            | Self::Parked { .. }
            | Self::Noted(
                Note::HeadMoved { .. } | Note::StepSkipped { .. } | Note::Settled(_) | Note::RunClosed { .. },
            ) => None,
        }
    }
}
