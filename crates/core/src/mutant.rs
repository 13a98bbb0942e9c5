//! Committed mutations: run-time switches that break one rule each, to show that a test notices.
//!
//! Without the test-only feature `mutants` every switch is a constant `false` and costs nothing. With it,
//! `MAO_MUTANT=name` turns one on; `xtask mutate` runs the tests under each.

/// Whether the mutation `name` is switched on.
#[must_use]
#[cfg(not(feature = "mutants"))]
pub const fn is(_name: &'static str) -> bool {
    false
}

/// Whether the mutation `name` is switched on. With `MAO_MUTANT_ASKED` every name that is asked for is said once on
/// stderr: where a switch is never asked for, its mutation cannot matter.
#[must_use]
#[cfg(feature = "mutants")]
pub fn is(name: &'static str) -> bool {
    use std::collections::BTreeSet;
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    static ON: OnceLock<Option<String>> = OnceLock::new();
    static ASKED: OnceLock<Option<Mutex<BTreeSet<&'static str>>>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| std::env::var_os("MAO_MUTANT_ASKED").map(|_| Mutex::default()));
    if let Some(asked) = asked
        && asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name)
    {
        // Not the macro: the test harness would keep it to itself.
        drop(writeln!(std::io::stderr(), "asked for {name}"));
    }
    ON.get_or_init(|| std::env::var("MAO_MUTANT").ok()).as_deref() == Some(name)
}
