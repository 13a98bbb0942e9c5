//! What a plan will take, and how much there is to a section.

use crate::house::entry;
use mao_core::day::Day;
use mao_core::ids::{AccountId, Stamp};
use mao_policy::complexity::{Declared, effort, rate};
use mao_policy::estimate::{Call, Estimate, Pace, Range, estimate};
use mao_policy::known::Offer;
use mao_policy::policy::{Limits, ModelRole, Price};
use mao_policy::prices::of_a_workstream;
use mao_policy::triggers::Complexity;

const PACE: Pace = Pace { quick_ms: 1_000, slow_ms: 5_000 };

/// A section's five workstreams: one at `g`, three at `o`, one at home, each at this price.
fn section(price: Option<Range>) -> Vec<Call> {
    let call = |account: &str| Call { account: AccountId::from(account), micro_usd: price };
    ["g", "o", "o", "home", "o"].map(call).to_vec()
}

/// Two sections, whose workstreams follow each other by name: five groups of two.
fn in_turn() -> Vec<Vec<Call>> {
    section(None).into_iter().map(|call| vec![call.clone(), call]).collect()
}

fn of(groups: &[Vec<Call>], limits: &Limits) -> Estimate {
    estimate(groups, limits, PACE)
}

#[test]
fn pln_04_five_workstreams_a_section_and_their_load_on_each_account() {
    let found = of(&in_turn(), &Limits::default());
    assert_eq!((found.workstreams, found.at_once), (10, 3), "X-22: three at once by default");
    let load: Vec<(&str, u64)> = found.load.iter().map(|(account, count)| (account.as_str(), *count)).collect();
    assert_eq!(load, [("g", 2), ("home", 2), ("o", 6)]);
    assert_eq!(found.micro_usd, None, "no price, no money");
}

#[test]
fn pln_04_time_follows_groups_and_both_caps() {
    // Five groups of two, three at once: five rounds.
    assert_eq!(of(&in_turn(), &Limits::default()).time_ms, Range { least: 5_000, most: 50_000 });
    // All ten at once, as two contracts let them: four rounds of three.
    let at_once = [section(None), section(None)].concat();
    assert_eq!(of(std::slice::from_ref(&at_once), &Limits::default()).time_ms, Range { least: 4_000, most: 40_000 });
    let wide = Limits { max_parallel: 32, ..Limits::default() };
    assert_eq!(of(std::slice::from_ref(&at_once), &wide).time_ms.least, 1_000);
    assert_eq!(of(&[section(None), section(None)], &wide).time_ms.least, 2_000, "waves wait for each other");
    let narrow = Limits { max_parallel: 32, account_parallel: 1, ..Limits::default() };
    assert_eq!(of(&[at_once], &narrow).time_ms.least, 6_000, "six on one account, one at once");
    let short = Limits { attempt_ms: 2_000, ..Limits::default() };
    assert_eq!(of(&[section(None)], &short).time_ms.most, 2 * 2 * 2_000, "no attempt takes longer than it may");
}

#[test]
fn pln_04_money_is_told_only_where_every_call_has_a_price() {
    let price = |least, most| Some(Range { least, most });
    let mut calls = section(price(10, 20));
    assert_eq!(of(&[calls.clone()], &Limits::default()).micro_usd, price(50, 2 * 100));
    calls[0].micro_usd = None;
    assert_eq!(of(&[calls], &Limits::default()).micro_usd, None);
}

#[test]
fn pln_04_prices_are_dated_and_a_model_without_one_has_none() {
    let price = |dollars: u64| Price {
        input: dollars * 1_000_000,
        cached: dollars * 1_000_000,
        output: 5 * dollars * 1_000_000,
    };
    let mut model = entry("v", "cli", "v-1", "v", ModelRole::Worker);
    let day: Day = "2026-12-01".parse().unwrap();
    assert_eq!(of_a_workstream(&model, Stamp(0)), None);
    model.price = Some(price(4));
    model.known.offers = vec![Offer { until: day, price: price(2) }];
    // 30,000 tokens in and 3,000 out at 2 and 10 dollars a million.
    let november = of_a_workstream(&model, Stamp(day.begins().0 - 1)).unwrap();
    assert_eq!(november, Range { least: 60_000 + 30_000, most: 600_000 + 300_000 });
    let december = of_a_workstream(&model, day.begins()).unwrap();
    assert_eq!((december.least, december.most), (2 * november.least, 2 * november.most));
}

#[test]
fn pln_06_complexity_is_a_fixed_scale_from_what_is_declared() {
    let rated = |subtasks, dependencies, existing_files, security_hits| {
        rate(&Declared { subtasks, dependencies, existing_files, security_hits }).complexity
    };
    assert_eq!([rated(7, 0, 9, 0), rated(8, 0, 0, 0)], [Complexity::Simple, Complexity::Moderate]);
    assert_eq!(rated(0, 0, 0, 1), Complexity::Moderate, "a touch of security is never simple");
    assert_eq!([rated(8, 2, 0, 0), rated(8, 2, 10, 0)], [Complexity::Moderate, Complexity::Complex]);
    let said = rate(&Declared { subtasks: 8, dependencies: 1, existing_files: 12, security_hits: 3 });
    assert_eq!(said.why, "6 points: 8 subtasks, 1 dependencies, 12 existing files, 3 security hits");
}

#[test]
fn pln_06_complexity_changes_effort_downwards_only() {
    let mut model = entry("v", "cli", "v-1", "v", ModelRole::Worker);
    model.efforts = ["low", "medium", "high"].map(str::to_owned).to_vec();
    let sent = |row, complexity| effort(&model, row, complexity);
    assert_eq!(sent(Some("high"), Complexity::Simple).as_deref(), Some("medium"));
    assert_eq!(sent(Some("low"), Complexity::Simple).as_deref(), Some("low"), "thinking is never switched off");
    for complexity in [Complexity::Moderate, Complexity::Complex] {
        assert_eq!(sent(Some("medium"), complexity).as_deref(), Some("medium"), "INV-05: no raise without artifacts");
    }
    assert_eq!(sent(None, Complexity::Moderate).as_deref(), Some("low"), "the model's own default");
    assert_eq!(sent(Some("vast"), Complexity::Simple), None, "no level of this model");
}
