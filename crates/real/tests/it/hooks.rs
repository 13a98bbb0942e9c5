//! The shipped binary has none of the switches by which tests fix clocks, kill at named points or break rules. That a
//! `mao` built for tests has them, and that this would be seen, is proven in `mao-cli`.

use crate::place::{mao, say};

#[test]
fn the_shipped_binary_has_no_hook_of_the_tests() {
    if std::env::var_os("MAO_BIN").is_none() {
        say("skipped: MAO_BIN names no binary");
        return;
    }
    let binary = std::fs::read(mao()).unwrap();
    for hook in ["MAO_TEST_", "MAO_MUTANT"] {
        assert!(!binary.windows(hook.len()).any(|bytes| bytes == hook.as_bytes()), "{hook} is in it");
    }
}
