//! Plain use: what every command has in common, every exit code, what `gc` removes and keeps, what a bundle holds.

mod bundle;
mod codes;
mod gc;
mod words;

use crate::shop::Shop;

/// The variables that make a `mao` of the tests another than the shipped one are known to this one. The shipped one is
/// looked at where it is: `cargo xtask real`.
#[test]
fn the_binary_under_test_has_the_hooks_that_the_shipped_one_must_not_have() {
    let binary = std::fs::read(crate::shop::MAO).unwrap();
    for hook in ["MAO_TEST_", "MAO_MUTANT"] {
        assert!(binary.windows(hook.len()).any(|bytes| bytes == hook.as_bytes()), "{hook} is not in it");
    }
}

/// A greeting whose run is over for a long time.
fn long_ago() -> Shop {
    crate::pictures::developed()
}
