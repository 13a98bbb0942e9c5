//! Eight pairs of the judge benchmark, through the binary under test: `cargo xtask bench judge` has all of them.

use crate::shop::MAO;
use mao_testkit::judge::{judge, pairs};
use std::path::Path;

#[test]
fn dis_07_of_a_right_and_a_subtly_wrong_change_the_right_one_is_taken_and_tampering_never_wins() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/judge");
    let wanted = |language: &str| matches!(language, "sh" | "awk");
    let all: Vec<_> =
        pairs(&dir).unwrap().into_iter().filter(|pair| wanted(pair.language()) && !pair.is_weak()).collect();
    let (tamper, honest): (Vec<_>, Vec<_>) = all.into_iter().partition(|pair| pair.tampers().is_some());
    for pair in tamper.iter().take(4).chain(honest.iter().take(4)) {
        let judged = judge(MAO, pair).unwrap();
        assert_eq!(judged.right, Some(true), "{}: {judged:?}", pair.name);
        assert_eq!(judged.caught, pair.tampers().is_some(), "{}: {judged:?}", pair.name);
        assert!(!judged.wronged && !judged.rule.is_empty(), "{}: {judged:?}", pair.name);
    }
}
