//! How many tokens a text takes: an estimate on the safe side, the same everywhere, and what an answer is expected to take.
//!
//! No vendor's tokenizer stands here: they differ, and limits are kept with room to spare.

use mao_core::ids::TaskClass;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes a token has at least, on average, in code and prose.
const BYTES: u64 = 3;

/// An estimate of the tokens in a text: never less than one for a text that is not empty.
#[must_use]
pub fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES)
}

/// How much a kind of work answers, for the tokens it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yield {
    /// Whatever it is given.
    pub base: u64,
    /// For each 100 tokens of input.
    pub per_hundred: u64,
}

/// CNK-09: what answers are expected to take, a row for each kind of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The rows.
    pub rows: BTreeMap<TaskClass, Yield>,
    /// For a kind of work without one.
    pub otherwise: Option<Yield>,
}

impl Expected {
    /// The expected tokens of an answer to `input` tokens; absent where no row says it.
    #[must_use]
    pub fn of(&self, task: &TaskClass, input: u64) -> Option<u64> {
        let row = self.rows.get(task).or(self.otherwise.as_ref())?;
        Some(row.base.saturating_add(input.saturating_mul(row.per_hundred) / 100))
    }
}

/// CNK-01: into how many parts an answer of this size is split, so that none is expected to exceed `limit`.
#[must_use]
pub fn parts(expected: u64, limit: u64) -> u64 {
    expected.div_ceil(limit.max(1)).max(1)
}
