//! The one table of exit codes, and what carries a failure to it.

use mao_config::{ConfigError, ConfigErrors, Layer};
use mao_core::outcome::Outcome;
use mao_engine::{Carried, EngineError};
use mao_repo::RepoError;
use mao_store::StoreError;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

/// How the program ended. The numbers are a public promise: `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done.
    Ok,
    /// The answer is no: nothing found, a check red, a run cancelled.
    Negative,
    /// The words were wrong.
    Usage,
    /// A configuration file, the repository or the machine's set-up is wrong.
    Configuration,
    /// No model could be asked.
    NoProvider,
    /// Some of the work is missing.
    Incomplete,
    /// A person, or the absence of one, declined.
    Declined,
    /// The run waits.
    Parked,
    /// The house broke one of its own rules, or the machine gave out.
    Internal,
    /// A signal ended it: 128 + its number.
    Signal(u8),
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NoProvider => 4,
            Self::Incomplete => 5,
            Self::Declined => 6,
            Self::Parked => 7,
            Self::Internal => 70,
            Self::Signal(number) => 128 + number,
        }
    }

    /// What a carried run's end is as an exit code.
    #[must_use]
    pub const fn of(carried: &Carried) -> Self {
        match carried {
            Carried::Closed(Outcome::Complete) => Self::Ok,
            Carried::Closed(Outcome::Incomplete) => Self::Incomplete,
            Carried::Closed(Outcome::NoProvider { .. }) => Self::NoProvider,
            Carried::Closed(Outcome::Negative { .. } | Outcome::Cancelled { .. }) => Self::Negative,
            Carried::Closed(Outcome::Declined { .. }) => Self::Declined,
            Carried::Parked { .. } => Self::Parked,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The next step where a disk is full.
const MAKE_ROOM: &str = "make room, then `mao resume`: nothing recorded is lost";

/// What went wrong, where it leads, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The error with its causes.
    pub error: Box<dyn Error>,
    /// The next step.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of `exit`'s kind.
    pub fn new(exit: Exit, error: impl Into<Box<dyn Error>>) -> Self {
        Self { exit, error: error.into(), hint: None }
    }

    /// A file or directory that could not be read or written; a full disk is no wrong set-up.
    pub fn disk(what: &str, path: &Path, source: io::Error) -> Self {
        let full = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        let failure = Self::new(
            if full { Exit::Internal } else { Exit::Configuration },
            format!("{what} {}: {source}", path.display()),
        );
        if full { failure.hint(MAKE_ROOM) } else { failure }
    }

    /// The same with its next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Repo(error) => error.into(),
            EngineError::NoChecks => Self::new(Exit::Configuration, error).hint(
                "write `verify = [\"…\"]` under `[engine]` in .claude/config/multi-model.toml: the commands that must pass",
            ),
            EngineError::Role(_) | EngineError::OtherVersion { .. } | EngineError::NoSuchProvider(_) => {
                Self::new(Exit::Configuration, error)
            }
            EngineError::NoSuchRun(_) => Self::new(Exit::Negative, error).hint("`mao runs` lists the runs there are"),
            EngineError::Illegal(_)
            | EngineError::Prompt(_)
            | EngineError::Random(_)
            | EngineError::NoSuchWorkflow(_)
            | EngineError::Halted(_)
            | EngineError::Broken(_) => Self::new(Exit::Internal, error).hint("nothing recorded is lost: `mao resume`"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, hint) = match &error {
            StoreError::Held { .. } => (Exit::Negative, Some("`mao logs --follow` watches it; `mao cancel` ends it")),
            StoreError::Fenced { .. } => {
                (Exit::Negative, Some("another process took the run over; `mao runs` shows it"))
            }
            StoreError::NoSuchRun(_) => (Exit::Negative, Some("`mao runs` lists the runs there are")),
            StoreError::Newer { .. } => (Exit::Configuration, None),
            StoreError::Unusable { .. } | StoreError::NetworkFileSystem { .. } => {
                (Exit::Configuration, Some("set XDG_STATE_HOME to a directory on a local disk that is yours alone"))
            }
            StoreError::Full { .. } => (Exit::Internal, Some(MAKE_ROOM)),
            StoreError::Moved { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Misplaced { .. }
            | StoreError::NotWaiting { .. }
            | StoreError::Damaged { .. }
            | StoreError::Database(_) => (Exit::Internal, None),
        };
        Self { exit, error: Box::new(error), hint: hint.map(str::to_owned) }
    }
}

impl From<RepoError> for Failure {
    fn from(error: RepoError) -> Self {
        if matches!(error, RepoError::NoSuchBranch(_)) {
            return Self::new(Exit::Negative, error).hint("`mao show` says whether the run published it");
        }
        // What the checkout holds is a person's: nothing is done over it without their word.
        let exit = if matches!(error, RepoError::NotApplied(_)) {
            Exit::Declined
        } else if matches!(error, RepoError::Full { .. }) {
            Exit::Internal
        } else {
            Exit::Configuration
        };
        let hint = error.hint().map(str::to_owned);
        Self { exit, error: Box::new(error), hint }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(error: ConfigErrors) -> Self {
        let typed = |wrong: &ConfigError| match wrong {
            ConfigError::Wrong { origin, .. } => origin.layer() == Layer::Flag,
            ConfigError::Unreadable { .. } | ConfigError::Roles(_) => false,
        };
        let exit = if error.0.iter().all(typed) { Exit::Usage } else { Exit::Configuration };
        Self::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn cmd_03_the_public_table_has_these_codes_and_no_others() {
        let table = include_str!("../../../docs/exit-codes.md");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
        let rows = rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit()));
        let found: Vec<(&str, &str)> =
            rows.map(|row| row.split(" | ").collect::<Vec<_>>()).map(|cells| (cells[0], cells[1])).collect();
        let code = |exit: Exit| exit.code().to_string();
        let signals = [1, 2, 15].map(|number| code(Exit::Signal(number))).join(", ");
        let all = [
            (code(Exit::Ok), "ok"),
            (code(Exit::Negative), "negative"),
            (code(Exit::Usage), "usage"),
            (code(Exit::Configuration), "configuration"),
            (code(Exit::NoProvider), "no provider"),
            (code(Exit::Incomplete), "incomplete"),
            (code(Exit::Declined), "declined"),
            (code(Exit::Parked), "parked"),
            (code(Exit::Internal), "internal"),
            (signals, "signal"),
        ];
        let all: Vec<(&str, &str)> = all.iter().map(|(code, name)| (code.as_str(), *name)).collect();
        assert_eq!(found, all);
    }
}
