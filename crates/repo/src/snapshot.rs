//! The files of a worktree as they are, brought into our own index of it.
//!
//! git is told path by path what to take; it is never asked to look for repositories, drivers or attributes there.

use crate::error::Result;
use crate::git::{Git, Place, items};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A path in a worktree that differs from the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file or a link.
    Plain,
    /// Nothing, where something was; also what is seen only through a link now.
    Gone,
    /// A directory with a git directory of its own.
    Repository,
    /// A pipe, a socket, a device.
    Special,
}

/// Which untracked files count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ignored {
    /// Those that `.gitignore` files do not name.
    LeftOut,
    /// Only those that `.gitignore` files name, outside directories that are ignored as a whole.
    Only,
}

/// The paths beneath `root` that differ from the index, sorted, as bytes.
pub(crate) fn differing(git: &Git, place: Place<'_>, root: &Path, which: Ignored) -> Result<Vec<(Vec<u8>, Kind)>> {
    differing_as(git, place, root, which, &[], &[])
}

/// The same, under `settings` (`-c` arguments) and `exclusions` (options of `ls-files`) of the checkout's own.
pub(crate) fn differing_as(
    git: &Git,
    place: Place<'_>,
    root: &Path,
    which: Ignored,
    settings: &[&str],
    exclusions: &[&str],
) -> Result<Vec<(Vec<u8>, Kind)>> {
    let args: &[&str] = match which {
        Ignored::LeftOut => &["ls-files", "-z", "-m", "-d", "-o", "--exclude-standard"],
        Ignored::Only => &["ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory"],
    };
    let out = git.call(place, &[settings, args, exclusions].concat(), b"")?;
    let paths: BTreeSet<&[u8]> = items(&out).collect();
    Ok(paths.into_iter().map(|path| (path.to_vec(), kind(root, path))).collect())
}

fn kind(root: &Path, path: &[u8]) -> Kind {
    if path.ends_with(b"/") {
        return Kind::Repository;
    }
    let behind_a_link = (1..path.len()).filter(|&at| path[at] == b'/').any(|at| {
        let above = fs::symlink_metadata(beneath(root, &path[..at]));
        !above.is_ok_and(|meta| meta.is_dir())
    });
    match fs::symlink_metadata(beneath(root, path)) {
        Ok(_) if behind_a_link => Kind::Gone,
        // A directory where a file was: git lists the files in it besides.
        Ok(meta) if meta.is_dir() => Kind::Gone,
        Ok(meta) if meta.is_file() || meta.is_symlink() => Kind::Plain,
        Ok(_) => Kind::Special,
        Err(_) => Kind::Gone,
    }
}

/// Brings `paths` into the index: changed, added or removed, as they are now. Only plain and gone ones can be.
pub(crate) fn take(git: &Git, place: Place<'_>, paths: &[(Vec<u8>, Kind)]) -> Result<()> {
    take_as(git, place, paths, &[])
}

/// The same, under `settings` (`-c` arguments) of the checkout's own.
pub(crate) fn take_as(git: &Git, place: Place<'_>, paths: &[(Vec<u8>, Kind)], settings: &[&str]) -> Result<()> {
    let of = |wanted: Kind| {
        let named = paths.iter().filter(move |(_, kind)| *kind == wanted);
        named.flat_map(|(path, _)| [path.as_slice(), b"\0"].concat()).collect::<Vec<u8>>()
    };
    let (gone, plain) = (of(Kind::Gone), of(Kind::Plain));
    if !gone.is_empty() {
        let remove = ["update-index", "-z", "--force-remove", "--stdin"];
        git.call(place, &[settings, &remove].concat(), &gone)?;
    }
    if !plain.is_empty() {
        let add = ["update-index", "-z", "--add", "--remove", "--replace", "--stdin"];
        git.call(place, &[settings, &add].concat(), &plain)?;
    }
    Ok(())
}

/// One entry of the difference between two trees.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) from_mode: String,
    pub(crate) to_mode: String,
    pub(crate) to_id: String,
    pub(crate) path: Vec<u8>,
}

/// The differences between two trees (or commits), in git's order, renames not guessed; and the same as text.
pub(crate) fn difference(git: &Git, place: Place<'_>, from: &str, to: &str) -> Result<(Vec<Entry>, Vec<u8>)> {
    let text = ["-p", "--no-ext-diff", "--no-textconv", "--no-color"];
    let out = diff_tree(git, place, &text, from, to)?;
    let (entries, text) = entries(&out);
    Ok((entries, text.to_vec()))
}

/// The entries that git's answer begins with, and the text behind them.
fn entries(out: &[u8]) -> (Vec<Entry>, &[u8]) {
    // Every entry is two items; an empty one stands before the text.
    let (mut entries, mut rest) = (Vec::new(), out);
    while rest.first() == Some(&b':') {
        let mut items = rest.splitn(3, |&byte| byte == 0);
        let (Some(meta), Some(path), after) = (items.next(), items.next(), items.next()) else { break };
        let meta = String::from_utf8_lossy(meta).into_owned();
        let mut parts = meta.trim_start_matches(':').split(' ').map(str::to_owned);
        if let (Some(from_mode), Some(to_mode), Some(to_id)) = (parts.next(), parts.next(), parts.nth(1)) {
            entries.push(Entry { from_mode, to_mode, to_id, path: path.to_vec() });
        }
        rest = after.unwrap_or_default();
    }
    (entries, rest.strip_prefix(b"\0").unwrap_or(rest))
}

/// The differences alone.
pub(crate) fn between(git: &Git, place: Place<'_>, from: &str, to: &str) -> Result<Vec<Entry>> {
    Ok(entries(&diff_tree(git, place, &[], from, to)?).0)
}

fn diff_tree(git: &Git, place: Place<'_>, more: &[&str], from: &str, to: &str) -> Result<Vec<u8>> {
    let args = ["diff-tree", "-r", "-z", "--raw", "--no-renames"];
    git.call(place, &[&args[..], more, &[from, to]].concat(), b"")
}

/// What a worker may have left in a worktree.
#[derive(Debug)]
pub(crate) struct Survey {
    /// As [`differing`] says it, without what is ignored.
    pub(crate) differing: Vec<(Vec<u8>, Kind)>,
    /// The directories that stand for submodules and hold something, although submodules are left empty here.
    pub(crate) filled: Vec<Vec<u8>>,
}

/// Looks at a worktree, in one call.
pub(crate) fn survey(git: &Git, place: Place<'_>, root: &Path) -> Result<Survey> {
    let args = ["ls-files", "-z", "-t", "--stage", "-m", "-d", "-o", "--exclude-standard"];
    let out = git.call(place, &args, b"")?;
    let (mut differing, mut filled) = (BTreeSet::new(), Vec::new());
    for item in items(&out) {
        let Some((tag, rest)) = item.split_at_checked(2) else { continue };
        // `? path`, and with a tag of one letter `mode id stage<TAB>path`.
        let path = || rest.splitn(2, |&byte| byte == b'\t').nth(1).unwrap_or_default();
        match tag {
            b"? " => {
                differing.insert(rest);
            }
            b"C " | b"R " => {
                differing.insert(path());
            }
            // What is in the index; withheld files among it.
            _ if rest.starts_with(b"160000 ") => {
                let inside = fs::read_dir(beneath(root, path()));
                if inside.is_ok_and(|mut entries| entries.next().is_some()) {
                    filled.push(path().to_vec());
                }
            }
            _ => {}
        }
    }
    let differing = differing.into_iter().map(|path| (path.to_vec(), kind(root, path))).collect();
    Ok(Survey { differing, filled })
}

pub(crate) fn beneath(root: &Path, path: &[u8]) -> PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}
