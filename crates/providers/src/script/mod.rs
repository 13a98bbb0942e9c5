//! The one script format, and the provider that plays it inside this process.
//!
//! A script is a directory with one file per step, `<step>.toml`, whose `[[turn]]` tables are keyed by the count of
//! acknowledged attempts: the first turn is played while no attempt of the step is acknowledged, the second after one
//! was, and so on. Three players read it: [`ScriptedProvider`] here, the fake command line and the fake model server.
//!
//! ```toml
//! # work.2.storage.toml
//! [[turn]]
//! expects = ["storage"]            # the prompt must hold these texts, or the player fails loudly
//! lacks = ["PRIVATE"]              # … and none of these
//! models = ["opus"]                # the endpoints that this turn was written for; others are an error
//! served = "opus"                  # default: the endpoint that was asked for
//! usage = { input = 900, output = 120 }
//! act = [
//!   { think = "A file per table." },
//!   { edit = { path = "src/store.rs", from = "files/store.rs" } },
//!   { delete = { path = "src/old.rs" } },
//!   { say = "The storage layer stands." },
//! ]
//!
//! [[turn]]                         # after one acknowledged attempt
//! act = [{ json = { verdict = "accept" } }]
//! ```
//!
//! See [`Act`] for every action and who can play it. A script is checked as a whole before anything is played. It
//! never reaches anything outside its own directory and the job's, follows no link, and a scripted reply always says
//! that it is scripted. Scripts are reached by flags and tests only, never from configuration.
//!
//! Read in this order: `format.rs` (the nouns), `file.rs` (from text to nouns), `provider.rs` (what plays them),
//! `write.rs` (from nouns to text: a recording).

mod beneath;
mod error;
mod file;
mod format;
mod provider;
mod write;

pub use error::{At, ScriptError};
pub use format::{Act, Delete, Ending, Http, Link, Placed, Stage, Stall, StreamError, ToolCall, Turn};
pub use provider::ScriptedProvider;
pub use write::write;

use std::collections::BTreeMap;
use std::path::Path;

/// A script that was read and checked as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    name: String,
    steps: BTreeMap<String, Vec<Turn>>,
}

impl Script {
    /// Reads and checks a script directory with every file that its steps name.
    ///
    /// # Errors
    /// [`ScriptError`] with file and line of the first thing that is wrong.
    pub fn load(dir: &Path) -> Result<Self, ScriptError> {
        let name = dir.display().to_string();
        let unreadable = |file: &Path, cause| ScriptError::Unreadable { file: file.display().to_string(), cause };
        let mut steps = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(|cause| unreadable(dir, cause))? {
            let path = entry.map_err(|cause| unreadable(dir, cause))?.path();
            let step = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
            let (Some(step), true) = (step, path.extension().is_some_and(|ext| ext == "toml")) else { continue };
            let text = std::fs::read_to_string(&path).map_err(|cause| unreadable(&path, cause))?;
            steps.insert(step, (path, text));
        }
        let read = |inner: &Path| beneath::read(dir, inner);
        let steps = steps
            .into_iter()
            .map(|(step, (path, text))| Ok((step, file::turns(&path.display().to_string(), &text, &read)?)))
            .collect::<Result<BTreeMap<_, _>, ScriptError>>()?;
        if steps.is_empty() {
            return Err(ScriptError::Empty { dir: name });
        }
        Ok(Self { name, steps })
    }

    /// A script from texts by step, without a directory: its actions cannot name further files.
    ///
    /// # Errors
    /// As [`Script::load`]; the files are named `<step>.toml`.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ScriptError> {
        let none = |_: &Path| Err(std::io::Error::new(std::io::ErrorKind::NotFound, "this script has no directory"));
        let steps = texts
            .into_iter()
            .map(|(step, text)| Ok((step.to_owned(), file::turns(&format!("{step}.toml"), text, &none)?)))
            .collect::<Result<BTreeMap<_, _>, ScriptError>>()?;
        Ok(Self { name: String::new(), steps })
    }

    /// The turn that is played while `acknowledged` attempts of `step` are acknowledged (ended, not lost).
    ///
    /// # Errors
    /// [`ScriptError::Missing`] or [`ScriptError::NoTurn`].
    pub fn turn(&self, step: &str, acknowledged: u32) -> Result<&Turn, ScriptError> {
        let file = || Path::new(&self.name).join(format!("{step}.toml")).display().to_string();
        let turns = self.steps.get(step).ok_or_else(|| ScriptError::Missing { file: file(), step: step.into() })?;
        turns.get(acknowledged as usize).ok_or_else(|| ScriptError::NoTurn {
            file: file(),
            turns: turns.len(),
            attempt: acknowledged.saturating_add(1),
        })
    }

    /// Every turn with its step, in the order of the steps' names.
    pub fn turns(&self) -> impl Iterator<Item = (&str, &Turn)> {
        self.steps.iter().flat_map(|(step, turns)| turns.iter().map(move |turn| (step.as_str(), turn)))
    }
}

/// The line of a prompt that tells the fake model server which turn to play: `[mao step work.2.storage attempt 1]`.
#[must_use]
pub fn marker(step: &str, acknowledged: u32) -> String {
    format!("[mao step {step} attempt {}]", acknowledged.saturating_add(1))
}

/// Step and count of acknowledged attempts of the first marker in `text`: a prompt begins with its own, and what it
/// quotes further down may hold others.
#[must_use]
pub fn find_marker(text: &str) -> Option<(String, u32)> {
    text.match_indices("[mao step ").find_map(|(at, open)| {
        let inner = text[at + open.len()..].split_once(']')?.0;
        let (step, attempt) = inner.split_once(" attempt ")?;
        let acknowledged = attempt.parse::<u32>().ok()?.checked_sub(1)?;
        (!step.contains(char::is_whitespace)).then(|| (step.to_owned(), acknowledged))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_whole_marker_is_found() {
        let text = format!("[mao step x\n{}\nb {}", marker("work.2.storage", 1), marker("plan", 0));
        assert_eq!(find_marker(&text), Some(("work.2.storage".into(), 1)));
        assert_eq!(find_marker("[mao step plan attempt 0] [mao step a b attempt 1]"), None);
    }
}
