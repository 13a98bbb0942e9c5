//! How many tokens a text takes: an estimate on the safe side, the same everywhere; what an answer is expected to take, and
//! in how many parts it is asked for where that is too much.
//!
//! No vendor's tokenizer stands here: they differ, and limits are kept with room to spare.

use mao_core::ids::TaskClass;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// Bytes a token has at least, on average, in code and prose.
const BYTES: u64 = 3;

/// An estimate of the tokens in a text: never less than one for a text that is not empty.
#[must_use]
pub fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES)
}

/// The bytes that so many tokens have at least.
#[must_use]
pub const fn bytes(tokens: u64) -> u64 {
    tokens.saturating_mul(BYTES)
}

/// How much a kind of work answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yield {
    /// Whatever is asked.
    pub base: u32,
    /// For each thing that the question is about.
    #[serde(default)]
    pub each: u32,
}

/// CNK-09: what answers are expected to take, a row for each kind of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The rows.
    pub rows: BTreeMap<TaskClass, Yield>,
    /// For a kind of work without one.
    pub otherwise: Yield,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static EXPECTED: LazyLock<Expected> =
    LazyLock::new(|| toml::from_str(include_str!("../data/answers.toml")).expect("compiled-in data"));

/// The rows that are compiled in.
#[must_use]
pub fn expected() -> &'static Expected {
    &EXPECTED
}

impl Expected {
    /// The expected tokens of an answer about so many things.
    #[must_use]
    pub fn of(&self, task: &TaskClass, things: usize) -> u32 {
        let row = self.rows.get(task).unwrap_or(&self.otherwise);
        row.base.saturating_add(row.each.saturating_mul(u32::try_from(things).unwrap_or(u32::MAX)))
    }

    /// CNK-06: the things in as few parts of one size as keep every answer within `limit`, as far as one thing alone does.
    /// The first parts are larger by one where they do not come out even.
    #[must_use]
    pub fn apart(&self, task: &TaskClass, things: usize, limit: u64) -> Vec<Range<usize>> {
        let size = |things| u64::from(self.of(task, things));
        let mut count = usize::try_from(parts(size(things), limit)).unwrap_or(usize::MAX);
        while count < things && size(things.div_ceil(count)) > limit {
            count += 1;
        }
        let count = count.clamp(1, things.max(1));
        let (size, larger) = (things / count, things % count);
        let begin = |at: usize| at * size + at.min(larger);
        (0..count).map(|at| begin(at)..begin(at + 1)).collect()
    }
}

/// CNK-01: into how many parts an answer of this size is split at least, so that none is expected to exceed `limit`.
#[must_use]
pub fn parts(expected: u64, limit: u64) -> u64 {
    expected.div_ceil(limit.max(1)).max(1)
}
