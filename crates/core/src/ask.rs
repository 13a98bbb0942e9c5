//! A question to a model, before anyone has decided which model answers it.

use crate::change::Member;
use crate::glob::Glob;
use crate::ids::{BlobId, CommitId, ModelId, ProviderId, TaskClass};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who is asked: the one orchestrator, or whichever worker the route names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Plans, validates and synthesises; bound to one family, which no configuration can change.
    Orchestrator,
    /// Carries out one task; can never start, route or approve work.
    Worker,
}

/// The form an answer must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "form")]
pub enum ReplyForm {
    /// Prose.
    Text,
    /// A JSON value that fits the named schema of the workflow.
    Json {
        /// The schema's name in the workflow's table.
        schema: String,
    },
    /// A JSON value, given after work in a tree that is thrown away: what differs there is kept as a proposal, which is
    /// there to be tried and can never land.
    Proposal {
        /// The schema's name in the workflow's table.
        schema: String,
    },
    /// A change of the working tree, within `owned`.
    Change {
        /// The only paths that may change.
        owned: Vec<Glob>,
        /// The change that it replaces: one that conflicts with what others merged. Its author stays its author: what
        /// came from outside needs a verdict, whoever resolved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolves: Option<Box<Member>>,
    },
}

/// A prompt before it is rendered: a template's name, small data, and large texts by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The template's name in the workflow's table.
    pub template: String,
    /// Values for the template.
    pub data: BTreeMap<String, String>,
    /// Values for the template whose text is a blob.
    pub attached: BTreeMap<String, BlobId>,
}

/// How much there is to a piece of work, on a fixed scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// Little.
    Simple,
    /// Some.
    Moderate,
    /// Much.
    Complex,
}

impl Complexity {
    /// Its name in plans.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Moderate => "moderate",
            Self::Complex => "complex",
        }
    }
}

/// The model that the orchestrator would give a piece of work to. Policy admits or refuses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The registry entry.
    pub model: ModelId,
    /// Why this one.
    pub reason: String,
    /// Whether others may follow.
    #[serde(default)]
    pub binding: Binding,
}

/// Whether others may follow a proposed model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// It stands before the task's own chain.
    #[default]
    First,
    /// Nobody else is asked: a person named it, or everyone else takes part in what is decided.
    Alone,
    /// The models of the orchestrator's own vendor alone, this one first.
    AtHome,
}

/// A question, its form and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What routes and effort rows are keyed by.
    pub task: TaskClass,
    /// What people read: `Storage layer`.
    pub label: String,
    /// Who is asked.
    pub role: Role,
    /// What is asked.
    pub prompt: Prompt,
    /// What form the answer must have.
    pub reply: ReplyForm,
    /// The commit whose tree the model sees.
    pub base: CommitId,
    /// The model that the orchestrator proposes for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proposal: Option<Proposal>,
    /// How much there is to it, where that was rated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub complexity: Option<Complexity>,
    /// Whose work it is about: these providers are asked only where nobody else can be.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub apart_from: BTreeSet<ProviderId>,
    /// How long its answer is expected to be, and what follows where it is cut.
    #[serde(skip_serializing_if = "Size::is_silent", default)]
    pub size: Size,
}

/// How long an answer is expected to be, and what follows where it is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// CNK-09: the tokens that it is expected to take, thinking included; absent where nothing says it. An estimate: of it
    /// alone nothing follows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<u32>,
    /// What follows where it is cut.
    #[serde(default)]
    pub when_cut: WhenCut,
}

impl Size {
    /// Whether nothing is said that is not said by default.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// What follows where an answer is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenCut {
    /// What follows any failure.
    #[default]
    Again,
    /// CNK-07: nobody is asked the same again: its workflow asks for less at once.
    Smaller,
}
