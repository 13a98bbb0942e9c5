//! What a workstream's attempt costs at list prices: the registry's price and dated assumptions, for the estimate of a
//! plan and for nothing else. What a run really cost is what the vendors' own tools report.

use crate::estimate::Range;
use crate::policy::ModelEntry;
use mao_core::ids::Stamp;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    workstream: Tokens,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    input: Range,
    output: Range,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../data/estimate.toml")).expect("compiled-in data"));

/// What one attempt at a workstream costs at list prices, in millionths of a US dollar; `None` where the model has no
/// price.
#[must_use]
pub fn of_a_workstream(entry: &ModelEntry, at: Stamp) -> Option<Range> {
    let price = entry.price_at(at)?;
    let Tokens { input, output } = &TABLE.workstream;
    let cost = |tokens_in: u64, tokens_out: u64| times(price.input, tokens_in) + times(price.output, tokens_out);
    Some(Range { least: cost(input.least, output.least), most: cost(input.most, output.most) })
}

fn times(price: u64, tokens: u64) -> u64 {
    tokens.saturating_mul(price) / 1_000_000
}
