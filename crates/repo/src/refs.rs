//! Moving refs: all at once, each only from the value it was seen with.
//!
//! In the user's repository nothing moves but `refs/heads/mao/*`, `refs/mao/*` and, by `apply`, what `HEAD` names.

use crate::error::{RepoError, Result};
use crate::git::{Git, Place, failed};
use std::collections::BTreeMap;

/// One ref's move. All zeros mean "does not exist".
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) name: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Moves all of `moves` or none; a ref that is not where `from` says stops everything.
pub(crate) fn transact(git: &Git, place: Place<'_>, why: &str, moves: &[Move]) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let mut stdin = String::new();
    for Move { name, from, to } in moves {
        stdin.push_str(&format!("update {name}\0{to}\0{from}\0"));
    }
    git.call(place, &["update-ref", "--no-deref", "-m", why, "-z", "--stdin"], stdin.as_bytes()).map(drop)
}

/// A ref as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) id: String,
    /// The checkout that has it as its current branch; empty where none has.
    pub(crate) checked_out: String,
}

/// The refs beneath `prefixes` (or exactly of that name).
pub(crate) fn list(git: &Git, place: Place<'_>, prefixes: &[&str]) -> Result<BTreeMap<String, Standing>> {
    let mut args = vec!["for-each-ref", "--format=%(objectname) %(refname) %(worktreepath)", "--"];
    args.extend(prefixes);
    let out = git.run(place, &args, b"", &[])?;
    if out.code != 0 {
        return Err(failed(&args, &out));
    }
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut refs = BTreeMap::new();
    for line in said.lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(id), Some(name)) = (words.next(), words.next()) else {
            return Err(RepoError::Answer("for-each-ref"));
        };
        let checked_out = words.next().unwrap_or_default().to_owned();
        refs.insert(name.to_owned(), Standing { id: id.to_owned(), checked_out });
    }
    Ok(refs)
}
