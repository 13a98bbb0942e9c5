//! What follows from the tests that fail under a mutation. Never runs anything.

use super::binaries::Results;
use super::list::Mutant;
use crate::requirements::carried_id;
use std::collections::BTreeSet;

/// How a mutation ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Tests that carry its id failed, and none that must not.
    Caught {
        /// How many carry its id.
        carrying: usize,
        /// How many of its list failed too.
        listed: usize,
    },
    /// No test that carries its id failed.
    Missed,
    /// Tests failed that neither carry its id nor stand on its list.
    Spilled(BTreeSet<String>),
}

impl Verdict {
    /// Whether the mutation was caught as it should be.
    pub(super) fn is_caught(&self) -> bool {
        match self {
            Self::Caught { .. } => true,
            Self::Missed | Self::Spilled(_) => false,
        }
    }

    /// For people.
    pub(super) fn render(&self) -> String {
        match self {
            Self::Caught { carrying, listed: 0 } => format!("caught by {carrying}"),
            Self::Caught { carrying, listed } => format!("caught by {carrying}, and {listed} of its list"),
            Self::Missed => "MISSED: no test that carries its id fails".to_owned(),
            Self::Spilled(tests) => {
                let tests = tests.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("SPILLED: these fail too, and are not on its list: {tests}")
            }
        }
    }
}

/// Judges one mutation by what passed without it and what came with it.
pub(super) fn judge(mutant: &Mutant, sound: &Results, found: &Results) -> Verdict {
    // What did not report at all (a hang, a crash) has failed too.
    let failed: Vec<&String> = sound.passed.iter().filter(|test| !found.passed.contains(*test)).collect();
    let carries = |test: &str| carried_id(short(test)).as_deref() == Some(mutant.requirement.as_str());
    let listed = |test: &str| mutant.also.iter().any(|also| also == test || also == short(test));
    let carrying = failed.iter().filter(|test| carries(test)).count();
    let spilled: BTreeSet<String> =
        failed.iter().filter(|test| !carries(test) && !listed(test)).map(|test| (*test).clone()).collect();
    match (carrying, spilled.is_empty()) {
        (0, _) => Verdict::Missed,
        (_, false) => Verdict::Spilled(spilled),
        (carrying, true) => Verdict::Caught { carrying, listed: failed.len() - carrying },
    }
}

/// The function's own name: `inv_03_a` of `core::it::change::inv_03_a`.
fn short(test: &str) -> &str {
    test.rsplit("::").next().unwrap_or(test)
}

#[cfg(test)]
mod tests {
    use super::{Verdict, judge};
    use crate::mutate::binaries::Results;
    use crate::mutate::list::Mutant;

    fn verdict(failing: &[&str], also: &[&str]) -> Verdict {
        let all = ["core::it::a::inv_03_a", "core::it::a::inv_03_b", "core::it::a::inv_06_c", "core::it::plain"];
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let passed = |failing: &[&str]| names(all.into_iter().filter(|test| !failing.contains(test)).collect());
        let sound = Results { passed: passed(&[]), ..Results::default() };
        let found = Results { passed: passed(failing), failed: names(failing.to_vec()), ..Results::default() };
        let mutant = Mutant {
            name: "inv_03_x".into(),
            requirement: "INV-03".into(),
            also: also.iter().map(|name| (*name).to_owned()).collect(),
            elsewhere: None,
        };
        judge(&mutant, &sound, &found)
    }

    #[test]
    fn a_mutant_needs_a_test_of_its_own_and_no_other() {
        assert_eq!(verdict(&["core::it::a::inv_03_a"], &[]), Verdict::Caught { carrying: 1, listed: 0 });
        assert_eq!(verdict(&[], &[]), Verdict::Missed);
        assert_eq!(verdict(&["core::it::plain"], &[]), Verdict::Missed);
        let both = ["core::it::a::inv_03_a", "core::it::a::inv_06_c"];
        assert!(matches!(verdict(&both, &[]), Verdict::Spilled(tests) if tests.len() == 1));
        assert_eq!(verdict(&both, &["inv_06_c"]), Verdict::Caught { carrying: 1, listed: 1 });
    }
}
