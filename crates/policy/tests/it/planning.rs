//! What a plan will take, and how much there is to a section.

use crate::house::entry;
use mao_core::ids::AccountId;
use mao_policy::complexity::{Declared, effort, rate};
use mao_policy::estimate::{Estimate, Pace, Prices, Range, estimate};
use mao_policy::policy::{Limits, ModelRole};
use mao_policy::triggers::Complexity;

const PACE: Pace = Pace { quick_ms: 1_000, slow_ms: 5_000 };

/// One workstream of each section at home, one at `g`, three at `o`.
fn loads() -> Vec<AccountId> {
    ["g", "o", "o", "home", "o"].map(AccountId::from).to_vec()
}

fn of(waves: &[u64], limits: &Limits) -> Estimate {
    estimate(waves, &loads(), limits, PACE, None)
}

#[test]
fn pln_04_five_workstreams_a_section_and_their_load_on_each_account() {
    let found = of(&[2], &Limits::default());
    assert_eq!((found.sections, found.workstreams, found.at_once), (2, 10, 3), "X-22: three at once by default");
    let load: Vec<(&str, u64)> = found.load.iter().map(|(account, count)| (account.as_str(), *count)).collect();
    assert_eq!(load, [("g", 2), ("home", 2), ("o", 6)]);
    assert_eq!(found.micro_usd, None, "no price, no money");
}

#[test]
fn pln_04_time_follows_waves_and_both_caps() {
    // Ten workstreams, three at once: four rounds; two waves of one section: twice two.
    assert_eq!(of(&[2], &Limits::default()).time_ms, Range { least: 4_000, most: 40_000 });
    assert_eq!(of(&[1, 1], &Limits::default()).time_ms, Range { least: 4_000, most: 40_000 });
    let wide = Limits { max_parallel: 32, ..Limits::default() };
    assert_eq!(of(&[2], &wide).time_ms.least, 1_000);
    assert_eq!(of(&[1, 1], &wide).time_ms.least, 2_000, "waves wait for each other");
    let narrow = Limits { max_parallel: 32, account_parallel: 1, ..Limits::default() };
    assert_eq!(of(&[2], &narrow).time_ms.least, 6_000, "six on one account, one at once");
    let short = Limits { attempt_ms: 2_000, ..Limits::default() };
    assert_eq!(of(&[1], &short).time_ms.most, 2 * 2 * 2_000, "no attempt takes longer than it may");
}

#[test]
fn pln_04_money_is_told_only_where_every_account_has_a_price() {
    let price = |least, most| Range { least, most };
    let mut prices = Prices::from([("g".into(), price(1, 2)), ("o".into(), price(10, 20))]);
    let with = |prices: &Prices| estimate(&[1], &loads(), &Limits::default(), PACE, Some(prices)).micro_usd;
    assert_eq!(with(&prices), None);
    prices.insert("home".into(), price(100, 200));
    assert_eq!(with(&prices), Some(price(1 + 30 + 100, 2 * (2 + 60 + 200))));
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
