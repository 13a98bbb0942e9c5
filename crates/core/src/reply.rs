//! What a model's attempt yielded, in every vendor's case the same shape.

use crate::change::Change;
use crate::ids::{BlobId, TreeId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tokens of one attempt, the session's earlier attempts subtracted. Absent where the transport says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Prompt tokens, cache reads and writes included.
    pub input: u64,
    /// Of these, read from the vendor's cache.
    pub cached: u64,
    /// Answer tokens, thinking included.
    pub output: u64,
    /// Of these, spent on thinking, where the vendor tells.
    pub thinking: u64,
    /// Money as the vendor's own tool reported it: millionths of a US dollar.
    pub micro_usd: Option<u64>,
}

impl Usage {
    /// The sum of two readings; money is known when either side knows it.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let micro_usd = match (self.micro_usd, other.micro_usd) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
            thinking: self.thinking.saturating_add(other.thinking),
            micro_usd,
        }
    }
}

/// What was found of an answer that proposes a change in words: nothing of it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// What came of the diff that stands in it.
    pub diff: Claimed,
    /// The person's checkout before and after the attempt; absent where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checkout: Option<Checkout>,
}

/// What came of a diff that stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "claimed")]
pub enum Claimed {
    /// There is none.
    Nothing,
    /// It applies, and this is the change that it makes. It can never land.
    Applies(Change),
    /// It was not applied.
    Refused {
        /// Why, in one line.
        why: String,
    },
}

/// The files of the person's checkout as a tree, uncommitted ones included, before an attempt and after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// Before.
    pub before: TreeId,
    /// After.
    pub after: TreeId,
}

impl Checkout {
    /// Whether nothing in it changed meanwhile.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.before == self.after
    }
}

/// An acknowledged answer, as an event holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The model's last message, whole.
    pub text: BlobId,
    /// Its structured form, where one was asked for and it held.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub structured: Option<serde_json::Value>,
    /// How many lines the files have that its structured form names, in the tree that it was asked about; a file that is
    /// not there is absent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub lines: BTreeMap<String, u32>,
    /// The change it made, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<Change>,
    /// What was found of the change that its structured form claims to be the right one, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proposed: Option<Box<Proposed>>,
    /// The model that the vendor says served the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served: Option<String>,
    /// What it cost.
    pub usage: Usage,
    /// The effort that was really sent; absent where the transport cannot carry one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effort_sent: Option<String>,
}
