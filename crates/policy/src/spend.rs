//! What a run has cost so far, and whether it may cost more: from acknowledged attempts and dated prices.
//!
//! Nothing is stopped in the middle: a limit only keeps the next attempt from starting.

use crate::policy::{Policy, Price};
use mao_core::event::{Caps, Link};
use mao_core::ids::Stamp;
use mao_core::mutant;
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::step::AttemptState;
use serde::{Deserialize, Serialize};

/// What a run has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// How many attempts were started; those that died with their owner do not count.
    pub attempts: u64,
    /// Tokens in and out.
    pub tokens: u64,
    /// Money at list prices, in millionths of a US dollar, whoever pays it.
    pub micro_usd: u64,
    /// Attempts that spent tokens at a price that nobody knows: they are missing in the money.
    pub unpriced: u64,
}

/// What the run has cost until now.
#[must_use]
pub fn spent(policy: &Policy, run: &RunState) -> Spend {
    let mut spend = Spend::default();
    for (_, ask, attempt) in run.attempts() {
        if attempt.state != AttemptState::Lost {
            spend.attempts += 1;
        }
        let Some(usage) = attempt.usage() else { continue };
        spend.tokens = spend.tokens.saturating_add(usage.input).saturating_add(usage.output);
        match ask.link_of(attempt).and_then(|link| money(policy, link, usage, attempt.started)) {
            Some(micro_usd) => spend.micro_usd = spend.micro_usd.saturating_add(micro_usd),
            None => spend.unpriced += u64::from(usage.input + usage.output > 0),
        }
    }
    spend
}

/// What this use of a link's model costs, in millionths of a US dollar: as its vendor's tool said, else by the
/// registry's price of that moment. `None` where nobody knows.
#[must_use]
pub fn money(policy: &Policy, link: &Link, usage: Usage, at: Stamp) -> Option<u64> {
    usage.micro_usd.or_else(|| Some(by_price(policy.models.get(&link.model)?.price_at(at)?, usage)))
}

fn by_price(price: Price, usage: Usage) -> u64 {
    const MILLION: u128 = 1_000_000;
    let cached = usage.cached.min(usage.input);
    let parts = [(usage.input - cached, price.input), (cached, price.cached), (usage.output, price.output)];
    let sum: u128 = parts.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(*price)).sum();
    u64::try_from(sum.div_ceil(MILLION)).unwrap_or(u64::MAX)
}

/// The limits that hold for a run now: those it was opened with, and what a person has said since.
#[must_use]
pub fn caps(policy: &Policy, run: &RunState) -> Caps {
    let limits = &policy.limits;
    let opened = Caps {
        attempts: Some(limits.max_attempts),
        wall_clock_ms: limits.wall_clock_ms,
        tokens: limits.max_tokens,
        micro_usd: limits.max_micro_usd,
    };
    opened.with(run.caps)
}

/// The first limit that keeps the run from starting a further attempt at `now`, with the word that raises it.
#[must_use]
pub fn reached(policy: &Policy, run: &RunState, now: Stamp) -> Option<String> {
    if mutant::is("fbk_08_no_limit_is_reached") {
        return None;
    }
    let (caps, spend) = (caps(policy, run), spent(policy, run));
    let took = now.since(run.opened_at).saturating_sub(run.parked_ms);
    let over = |spent: u64, cap: Option<u64>| cap.filter(|cap| spent >= *cap);
    if let Some(cap) = over(spend.attempts, caps.attempts.map(u64::from)) {
        return Some(format!("a higher limit: {cap} attempts are made (--max-attempts)"));
    }
    if let Some(cap) = over(spend.micro_usd, caps.micro_usd) {
        return Some(format!("a higher limit: ${} of ${} are spent (--max-cost)", usd(spend.micro_usd), usd(cap)));
    }
    if let Some(cap) = over(spend.tokens, caps.tokens) {
        return Some(format!("a higher limit: {} of {cap} tokens are spent (--max-tokens)", spend.tokens));
    }
    let cap = over(took, caps.wall_clock_ms)?;
    Some(format!("a higher limit: the run has taken its {} s (--wall-clock)", cap / 1000))
}

/// How what a run waits for ends where the limit of a month keeps it.
pub const OF_THE_MONTH: &str = "are spent this month (budgets.month_usd)";

/// What a run has spent since a moment, in millionths of a US dollar, by when its attempts ended.
#[must_use]
pub fn since(policy: &Policy, run: &RunState, begin: Stamp) -> u64 {
    let spent = run.attempts().filter(|(_, _, attempt)| attempt.ended().is_some_and(|at| at >= begin));
    let money =
        spent.filter_map(|(_, ask, attempt)| money(policy, ask.link_of(attempt)?, attempt.usage()?, attempt.started));
    money.fold(0, u64::saturating_add)
}

/// What keeps every run from a further attempt, where all of this month together have spent `spent` of `cap`.
#[must_use]
pub fn month_reached(cap: u64, spent: u64) -> Option<String> {
    if spent < cap || mutant::is("fbk_08_no_limit_is_reached") {
        return None;
    }
    Some(format!("a higher limit: ${} of ${} {OF_THE_MONTH}", usd(spent), usd(cap)))
}

/// Millionths of a US dollar as people write dollars: `0.30`, `12.0042`.
#[must_use]
pub fn usd(micro_usd: u64) -> String {
    let text = format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000);
    let short = text.trim_end_matches('0');
    let decimals = short.len() - short.find('.').unwrap_or(0) - 1;
    format!("{short}{}", "0".repeat(2_usize.saturating_sub(decimals)))
}
