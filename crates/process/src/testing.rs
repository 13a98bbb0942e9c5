//! Test only: what tests fix from outside the program, and the named points at which they kill it.
//!
//! Without the test-only feature `testing` no variable is read and every point is passed in silence. The feature is
//! switched on by the dev-dependencies of `mao-cli` alone: `cargo test` builds a `mao` with it, `cargo build` one without.

/// What a test fixed under this name: `fixed("CLOCK")` is the variable `MAO_TEST_CLOCK`.
#[must_use]
#[cfg(feature = "testing")]
pub fn fixed(name: &str) -> Option<String> {
    std::env::var(format!("MAO_TEST_{name}")).ok()
}

/// What a test fixed under this name: nothing.
#[must_use]
#[cfg(not(feature = "testing"))]
pub const fn fixed(_name: &str) -> Option<String> {
    None
}

/// Whether a variable of the environment is a test's word to the program, and no configuration.
#[must_use]
#[cfg(feature = "testing")]
pub fn is_for_tests(variable: &str) -> bool {
    variable.starts_with("MAO_TEST_") || variable == "MAO_MUTANT"
}

/// Whether a variable of the environment is a test's word to the program: none is.
#[must_use]
#[cfg(not(feature = "testing"))]
pub const fn is_for_tests(_variable: &str) -> bool {
    false
}

/// Who listens at points: `MAO_TEST_POINTS=FILE` has them written down, `MAO_TEST_POINT=NAME` has the program killed and
/// `MAO_TEST_STOP=NAME` has it stopped there (SIGSTOP).
#[must_use]
#[cfg(feature = "testing")]
pub fn listener() -> Option<fn(&str)> {
    Some(|point| {
        use rustix::process::{Signal, getpid, kill_process};
        use std::io::Write;
        if let Some(file) = fixed("POINTS") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
            drop(file.map(|mut file| writeln!(file, "{point}")));
        }
        for (word, signal) in [("POINT", Signal::KILL), ("STOP", Signal::STOP)] {
            if fixed(word).as_deref() == Some(point) {
                let _ = kill_process(getpid(), signal);
                // A stop reaches this thread by way of the first one; nothing may be done before it has.
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
    })
}

/// Who listens at points: nobody.
#[must_use]
#[cfg(not(feature = "testing"))]
pub const fn listener() -> Option<fn(&str)> {
    None
}
