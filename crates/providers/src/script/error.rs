//! What can be wrong with a script, and where. Nothing here reads or plays.

use std::fmt;

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file as its directory was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl At {
    /// An error at this place.
    pub(crate) fn bad(&self, what: impl Into<String>) -> ScriptError {
        ScriptError::Bad { at: self.clone(), what: what.into() }
    }
}

/// What is wrong with a script, or with playing it here. Every message names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The directory or a file in it cannot be read.
    #[error("could not read the script `{file}`")]
    Unreadable {
        /// The path as it was given.
        file: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The directory holds no step.
    #[error("the script `{dir}` holds no step: it has no `.toml` file")]
    Empty {
        /// The path as it was given.
        dir: String,
    },
    /// A file is not in the script format, or names something that cannot be used.
    #[error("{at}: {what}")]
    Bad {
        /// Where.
        at: At,
        /// What is wrong there.
        what: String,
    },
    /// The step has no file.
    #[error("the script has no file `{file}` for step `{step}`")]
    Missing {
        /// The path that would be read.
        file: String,
        /// The step.
        step: String,
    },
    /// The step has a file, but no turn for this attempt.
    #[error("`{file}` has {turns} turn(s), and attempt {attempt} needs one more")]
    NoTurn {
        /// The step's file.
        file: String,
        /// How many it has.
        turns: usize,
        /// The attempt that was to be played, from 1.
        attempt: u32,
    },
}
