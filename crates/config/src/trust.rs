//! A person's consent to one project file, bound to the file's hash. This room reads the list and never writes it.
//!
//! The list has one hash a line; what follows the hash is for people. A changed file has another hash, so consent
//! ends with the first edit.

use crate::error::ConfigError;
use crate::source::Source;
use std::collections::BTreeSet;
use std::path::Path;

/// Reads the list. Empty where there is none.
///
/// # Errors
/// `Unreadable` where something is there that cannot be read as text.
pub fn read(path: &Path) -> Result<BTreeSet<String>, ConfigError> {
    let Some(source) = Source::read(path)? else { return Ok(BTreeSet::new()) };
    let is_hash = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lines = source.text()?.lines().filter_map(|line| line.split_whitespace().next());
    Ok(lines.filter(is_hash).map(str::to_ascii_lowercase).collect())
}

/// The command that a person runs to consent, with `{hash}` in it, for [`crate::inputs::Inputs::consent`].
#[must_use]
pub fn command(path: &Path) -> String {
    let quote = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', "'\\''"));
    let folder = path.parent().unwrap_or(path);
    format!("mkdir -p {} && echo {{hash}} >> {}", quote(folder), quote(path))
}
