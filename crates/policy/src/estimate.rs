//! PLN-04: what a plan will take, before anybody is asked: calls, load on each account, time. Money only where the
//! caller knows prices; this room knows none.
//!
//! A range is an honest one: from the pace of a quick workstream without a failure to that of a slow one that needs a
//! second attempt.

use crate::policy::Limits;
use mao_core::ids::AccountId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many workstreams a section has.
pub const WORKSTREAMS: u64 = 5;

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

/// What a call of one account costs, in millionths of a US dollar.
pub type Prices = BTreeMap<AccountId, Range>;

/// What a plan will take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// How many sections.
    pub sections: u64,
    /// How many workstreams: five times the sections.
    pub workstreams: u64,
    /// How many may be out at once.
    pub at_once: u64,
    /// First attempts on each account.
    pub load: BTreeMap<AccountId, u64>,
    /// From the first workstream to the last merge, in milliseconds.
    pub time_ms: Range,
    /// In millionths of a US dollar; absent where some account has no price.
    pub micro_usd: Option<Range>,
}

/// Estimates waves of sections. `loads` says, for each workstream of a section, which account it goes to first.
#[must_use]
pub fn estimate(waves: &[u64], loads: &[AccountId], limits: &Limits, pace: Pace, prices: Option<&Prices>) -> Estimate {
    let sections: u64 = waves.iter().sum();
    let mut each: BTreeMap<&AccountId, u64> = BTreeMap::new();
    for account in loads {
        *each.entry(account).or_default() += 1;
    }
    let at_once = u64::from(limits.max_parallel.max(1));
    let rounds: u64 = waves.iter().map(|wave| rounds(*wave, &each, limits)).sum();
    let slow = pace.slow_ms.min(limits.attempt_ms).max(pace.quick_ms);
    let load: BTreeMap<AccountId, u64> =
        each.iter().map(|(account, count)| ((*account).clone(), count * sections)).collect();
    Estimate {
        sections,
        workstreams: sections * WORKSTREAMS,
        at_once,
        time_ms: Range { least: rounds * pace.quick_ms, most: rounds.saturating_mul(slow).saturating_mul(2) },
        micro_usd: prices.and_then(|prices| cost(&load, prices)),
        load,
    }
}

/// How often everything that may be out at once is out, for one wave.
fn rounds(sections: u64, each: &BTreeMap<&AccountId, u64>, limits: &Limits) -> u64 {
    let all = (sections * WORKSTREAMS).div_ceil(u64::from(limits.max_parallel.max(1)));
    let cap = u64::from(limits.account_parallel.max(1));
    let fullest = each.values().map(|count| (count * sections).div_ceil(cap)).max().unwrap_or(0);
    all.max(fullest)
}

/// Once for the first attempts, twice where everything is tried again.
fn cost(load: &BTreeMap<AccountId, u64>, prices: &Prices) -> Option<Range> {
    load.iter().try_fold(Range { least: 0, most: 0 }, |sum, (account, count)| {
        let price = prices.get(account)?;
        Some(Range { least: sum.least + count * price.least, most: sum.most + 2 * count * price.most })
    })
}
