//! A question to a model, before anyone has decided which model answers it.

use crate::glob::Glob;
use crate::ids::{BlobId, CommitId, TaskClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// A change of the working tree, within `owned`.
    Change {
        /// The only paths that may change.
        owned: Vec<Glob>,
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
}
