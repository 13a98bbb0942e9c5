//! List prices: dated data, for the estimate of a plan and for nothing else. What a run really cost is what the vendors'
//! own tools report.

use crate::estimate::Range;
use mao_core::ids::Stamp;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    prices: Vec<Price>,
    workstream: Tokens,
}

/// Thousandths of a US dollar for a million tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    endpoint: String,
    input: u64,
    output: u64,
    /// The first moment at which it does not hold any more.
    #[serde(default)]
    until: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    input: Range,
    output: Range,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("../data/prices.toml")).expect("compiled-in data"));

/// What one attempt at a workstream costs at list prices, in millionths of a US dollar; `None` where the model has no
/// price here.
#[must_use]
pub fn of_a_workstream(endpoint: &str, at: Stamp) -> Option<Range> {
    let holds = |price: &&Price| price.endpoint == endpoint && price.until.is_none_or(|until| at.0 < until);
    let price = TABLE.prices.iter().find(holds)?;
    let Tokens { input, output } = &TABLE.workstream;
    let cost = |tokens_in: u64, tokens_out: u64| times(price.input, tokens_in) + times(price.output, tokens_out);
    Some(Range { least: cost(input.least, output.least), most: cost(input.most, output.most) })
}

fn times(price: u64, tokens: u64) -> u64 {
    tokens.saturating_mul(price) / 1_000
}
