//! Committed mutations: run-time switches that break one rule each, to show that a test notices.
//!
//! Without the test-only feature `mutants` every switch is a constant `false` and costs nothing. With it,
//! `MAO_MUTANT=name` turns one on; `xtask mutate` runs the tests under each.

/// Whether the mutation `name` is switched on.
#[must_use]
#[cfg(not(feature = "mutants"))]
pub const fn is(_name: &str) -> bool {
    false
}

/// Whether the mutation `name` is switched on.
#[must_use]
#[cfg(feature = "mutants")]
pub fn is(name: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("MAO_MUTANT").ok()).as_deref() == Some(name)
}
