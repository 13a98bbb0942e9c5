//! How a command can end. Never carries more than one sentence: the commands have printed the rest already.

/// What every command returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// The words were wrong: exit 2, with the usage text.
    Usage(String),
    /// What was checked does not hold, or could not be checked: exit 1.
    Broken(String),
}

impl Failure {
    /// What was checked does not hold, or could not be checked.
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }
}
