//! Broken rules that only the whole binary notices: the test that carries the id is run once more, with its rule broken,
//! and must fail.

use std::process::{Command, Stdio};

/// The switch, and the test that it must make fail.
const BROKEN: [(&str, &str); 5] = [
    (
        "esc_01_goes_on_unasked",
        "debugging::esc_01_golden_5_one_failed_cycle_offers_nothing_and_two_offer_exactly_three_ways",
    ),
    (
        "esc_11_models_go_round",
        "debugging::esc_11_when_the_outside_fails_too_a_person_gets_everything_and_nobody_else_is_asked",
    ),
    (
        "inv_04_other_commands_decide",
        "contests::inv_04_the_commands_of_the_configuration_decide_and_say_the_same_in_a_plain_clone",
    ),
    ("dis_10_the_commit_says_nothing", "contests::dis_10_patches_are_applied_by_mao_and_the_checkout_stays_as_it_is"),
    (
        "rte_12_losers_are_lost",
        "contests::rte_12_a_team_of_one_model_competes_on_request_capped_and_losers_are_archived",
    ),
];

#[test]
fn a_broken_rule_makes_the_test_that_carries_it_fail() {
    for (mutant, test) in BROKEN {
        let mut once = Command::new(std::env::current_exe().unwrap());
        once.args(["--exact", test]).env("MAO_MUTANT", mutant).stdout(Stdio::piped()).stderr(Stdio::piped());
        let said = String::from_utf8_lossy(&once.output().unwrap().stdout).into_owned();
        assert!(said.contains("running 1 test"), "{test} is there: {said}");
        assert!(said.contains("0 passed; 1 failed"), "{mutant} is not noticed: {said}");
    }
}
