//! PLN-04: what a plan will take, before anybody is asked: calls, load on each account, time. Money only where
//! every first attempt has a price.
//!
//! A range is an honest one: from the pace of a quick workstream without a failure to that of a slow one that needs a
//! second attempt.

use crate::policy::Limits;
use mao_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// From the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

/// How long one workstream takes, in milliseconds, its judgement and merge included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// A quick one.
    pub quick_ms: u64,
    /// A slow one; never more than the limit of one attempt.
    pub slow_ms: u64,
}

impl Default for Pace {
    /// An assumption, not a measurement: until a repository's own runs say it better.
    fn default() -> Self {
        Self { quick_ms: 2 * 60_000, slow_ms: 10 * 60_000 }
    }
}

/// The first attempt at one workstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Whom it loads.
    pub account: AccountId,
    /// What it costs, in millionths of a US dollar, where somebody knows.
    pub micro_usd: Option<Range>,
}

/// What a plan will take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// How many workstreams: five times the sections, less those with nothing to do.
    pub workstreams: u64,
    /// How many may be out at once.
    pub at_once: u64,
    /// First attempts on each account.
    pub load: BTreeMap<AccountId, u64>,
    /// From the first workstream to the last merge, in milliseconds.
    pub time_ms: Range,
    /// In millionths of a US dollar, at list prices; absent where some call has no price.
    pub micro_usd: Option<Range>,
}

/// Estimates workstreams in groups: a group works at once, as far as the limits let it, and the next one follows.
#[must_use]
pub fn estimate(groups: &[Vec<Call>], limits: &Limits, pace: Pace) -> Estimate {
    let calls = || groups.iter().flatten();
    let rounds: u64 = groups.iter().map(|group| rounds(group, limits)).sum();
    let slow = pace.slow_ms.min(limits.attempt_ms).max(pace.quick_ms);
    Estimate {
        workstreams: count(calls().count()),
        at_once: u64::from(limits.max_parallel.max(1)),
        load: load(calls()),
        time_ms: Range { least: rounds * pace.quick_ms, most: rounds.saturating_mul(slow).saturating_mul(2) },
        // Once for the first attempts, twice where everything is tried again.
        micro_usd: calls().try_fold(Range { least: 0, most: 0 }, |sum, call| {
            let price = call.micro_usd?;
            Some(Range { least: sum.least + price.least, most: sum.most + 2 * price.most })
        }),
    }
}

fn load<'a>(calls: impl Iterator<Item = &'a Call>) -> BTreeMap<AccountId, u64> {
    let mut load = BTreeMap::new();
    for call in calls {
        *load.entry(call.account.clone()).or_default() += 1;
    }
    load
}

/// How often everything that may be out at once is out, for one group.
fn rounds(group: &[Call], limits: &Limits) -> u64 {
    let all = count(group.len()).div_ceil(u64::from(limits.max_parallel.max(1)));
    let cap = u64::from(limits.account_parallel.max(1));
    let fullest = load(group.iter()).values().map(|count| count.div_ceil(cap)).max().unwrap_or(0);
    all.max(fullest)
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
