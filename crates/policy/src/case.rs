//! What the decision tree is asked, and the record that it answers with (RTE-01). Data; `tree` decides.

pub use crate::checkpoint::{Checkpoint, CheckpointMode};
pub use crate::policy::Privacy;
use crate::policy::{Mode, ModelRole};
use crate::thresholds::Thresholds;
use crate::triggers::Hit;
use mao_core::event::Route;
use mao_core::ids::{ModelId, TaskClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be made, where it is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Creative {
    /// A picture.
    Image,
    /// A drawing.
    Svg,
    /// A picture of an interface.
    Mockup,
    /// A film.
    Video,
}

impl Creative {
    /// The key that names its model: `models.defaults.*`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Image => "image_generation",
            Self::Svg => "svg_generation",
            Self::Mockup => "mockup_generation",
            Self::Video => "video_generation",
        }
    }
}

/// What is special about a piece of work, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// It fails in one place and not in another.
    EnvironmentSpecific,
    /// It changes how the parts hang together.
    ArchitectureChange,
    /// It needs what is on the web today.
    NeedsWeb,
    /// What it starts must not reach this machine.
    NeedsSandbox,
    /// Models have given different answers.
    Disagreement,
}

/// A piece of work, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What kind of work.
    pub class: TaskClass,
    /// Who may see it.
    #[serde(default)]
    pub privacy: Privacy,
    /// The model that a person asks for by name.
    #[serde(default)]
    pub explicit: Option<ModelId>,
    /// What is to be made, where it is no code.
    #[serde(default)]
    pub creative: Option<Creative>,
    /// How often a repair was tried and failed.
    #[serde(default)]
    pub failed_cycles: u64,
    /// How many files the change touches.
    #[serde(default)]
    pub files: u64,
    /// Where it touches on security.
    #[serde(default)]
    pub hits: Vec<Hit>,
    /// How large its context is, in tokens.
    #[serde(default)]
    pub context_tokens: u64,
    /// What is special about it.
    #[serde(default)]
    pub traits: Vec<Trait>,
}

impl Case {
    /// Work of this class, with nothing special about it.
    #[must_use]
    pub fn of(class: TaskClass) -> Self {
        Self {
            class,
            privacy: Privacy::Any,
            explicit: None,
            creative: None,
            failed_cycles: 0,
            files: 0,
            hits: Vec::new(),
            context_tokens: 0,
            traits: Vec::new(),
        }
    }

    /// Whether this is special about it.
    #[must_use]
    pub fn is(&self, what: Trait) -> bool {
        self.traits.contains(&what)
    }
}

/// What the tree knows beside the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// When something is suggested.
    pub thresholds: Thresholds,
    /// What each checkpoint does; `ask` where nothing is said.
    #[serde(default)]
    pub checkpoints: BTreeMap<Checkpoint, CheckpointMode>,
    /// The model of each kind of creative work, and of research on the web: `image_generation`, `web_research`.
    #[serde(default)]
    pub defaults: BTreeMap<String, ModelId>,
    /// Which model holds a role, where the registry alone leaves it open.
    #[serde(default)]
    pub roles: BTreeMap<ModelRole, ModelId>,
}

impl Tuning {
    /// What a checkpoint does.
    #[must_use]
    pub fn checkpoint(&self, checkpoint: Checkpoint) -> CheckpointMode {
        self.checkpoints.get(&checkpoint).copied().unwrap_or_default()
    }
}

/// The questions of the tree, in the order in which they are asked. The first that fits decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// May anybody else see it?
    Privacy,
    /// Is it of a kind that never leaves?
    Primary,
    /// Did a person name a model?
    Request,
    /// Is it something else than code?
    Creative,
    /// Is a fault looked for?
    Debug,
    /// Is something reviewed?
    Review,
    /// Is something looked up?
    Research,
    /// Do models disagree?
    Disagreement,
    /// Everything else.
    Default,
}

impl Node {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Primary => "primary",
            Self::Request => "request",
            Self::Creative => "creative",
            Self::Debug => "debug",
            Self::Review => "review",
            Self::Research => "research",
            Self::Disagreement => "disagreement",
            Self::Default => "default",
        }
    }
}

/// What comes of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "choice")]
pub enum Choice {
    /// This model does it.
    Model {
        /// Which.
        model: ModelId,
    },
    /// This model would, once a person says yes to this one call.
    Consent {
        /// Which.
        model: ModelId,
        /// Why a word is needed.
        why: String,
    },
    /// A person must say which.
    AskPerson {
        /// What is asked.
        question: String,
    },
    /// The repository's own checks decide between what there is; no model does.
    Tests,
    /// Nobody does.
    Refused {
        /// Why.
        why: String,
    },
}

/// What a model may do with the tree while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It reads.
    Reads,
    /// It writes the paths that it owns, in a worktree of its own.
    WritesOwned,
}

/// Somebody who is worth asking too. Nobody is asked because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// As what.
    pub role: ModelRole,
    /// Who holds that role now; none where nobody may be asked.
    pub model: Option<ModelId>,
    /// Why.
    pub why: String,
    /// Where a person decides about it.
    pub checkpoint: Option<Checkpoint>,
    /// What that checkpoint does.
    pub mode: CheckpointMode,
}

/// One question of the tree with what it looked at and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// Which.
    pub node: Node,
    /// What it looked at.
    pub inputs: BTreeMap<String, String>,
    /// What came of it.
    pub outcome: String,
}

/// RTE-01: the answer of the tree. The same for the same case, policy, tuning and conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What kind of work.
    pub class: TaskClass,
    /// Who may see it.
    pub privacy: Privacy,
    /// Who works in general.
    pub mode: Mode,
    /// The question that decided.
    pub node: Node,
    /// What comes of it.
    pub choice: Choice,
    /// Why.
    pub why: String,
    /// The chain with provider, account and effort of each link; and who was rejected, with the reason.
    pub route: Route,
    /// What whoever does it may do.
    pub access: Access,
    /// Who else is worth asking.
    pub suggestions: Vec<Suggestion>,
    /// Every question up to the one that decided.
    pub visits: Vec<Visit>,
}
