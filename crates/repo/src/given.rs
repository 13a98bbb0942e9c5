//! What a worktree is given that is in no commit: untracked files of the user's checkout, and what setup commands leave.
//!
//! Nothing of it is ever collected or salvaged: the list of it is written before the first file is. Files are copied,
//! never linked to, so that nobody who works on a copy changes the user's own; links are copied as links where they stay
//! within the tree, and left out where they do not.

use crate::error::{RepoError, Result, io};
use crate::git::items;
use crate::gitdir::put;
use crate::names;
use crate::run::RunRepo;
use crate::snapshot::{self, Kind};
use crate::worktree::Worktree;
use mao_core::glob::{self, Glob};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

impl RunRepo {
    /// Copies what `wanted` means of the checkout at `from` into a fresh worktree, whole directories with everything in
    /// them; what the worktree has stays as it is, and what `withheld` means stays away. Returns what was asked for and
    /// found, by path.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn give(&self, worktree: &Worktree, from: &Path, wanted: &[Glob], withheld: &[Glob]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        meant(from, "", wanted, &mut found)?;
        found.sort();
        self.note_given(&worktree.name, found.iter().map(String::as_bytes))?;
        for path in &found {
            copy(from, worktree.path(), path, withheld)?;
        }
        Ok(found)
    }

    /// After setup commands: what they made is noted as given. Returns the files of the commit that they changed, which
    /// they may not.
    ///
    /// # Errors
    /// When git fails.
    pub fn made_by_setup(&self, worktree: &Worktree) -> Result<Vec<String>> {
        let args = ["ls-files", "-z", "-o", "--exclude-standard", "--directory", "--no-empty-directory"];
        let made = self.git().call(self.place_of(worktree), &args, b"")?;
        let before = self.given(&worktree.name)?;
        let made = items(&made).map(|path| path.strip_suffix(b"/").unwrap_or(path));
        self.note_given(&worktree.name, before.iter().map(Vec::as_slice).chain(made))?;
        let mut changed = snapshot::survey(self.git(), self.place_of(worktree), &worktree.path)?.differing;
        self.leave_out_given(worktree, &mut changed)?;
        Ok(changed.into_iter().map(|(path, _)| String::from_utf8_lossy(&path).into_owned()).collect())
    }

    /// Takes away of `found` what the worktree was given.
    pub(crate) fn leave_out_given(&self, worktree: &Worktree, found: &mut Vec<(Vec<u8>, Kind)>) -> Result<()> {
        let given = self.given(&worktree.name)?;
        let beneath = |path: &[u8], root: &Vec<u8>| {
            path.strip_prefix(root.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        found.retain(|(path, _)| !given.iter().any(|root| beneath(path, root)));
        Ok(())
    }

    fn given(&self, name: &str) -> Result<Vec<Vec<u8>>> {
        match fs::read(self.list(name)) {
            Ok(list) => Ok(items(&list).map(<[u8]>::to_vec).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(io(self.list(name))(error)),
        }
    }

    fn note_given<'a>(&self, name: &str, paths: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        let list: Vec<u8> = paths.flat_map(|path| [path, b"\0"].concat()).collect();
        put(&self.list(name), &list)
    }

    pub(crate) fn list(&self, name: &str) -> PathBuf {
        self.dir().join("index").join(format!("{name}.given"))
    }
}

/// The paths beneath `dir` of the checkout that are meant, without those beneath one that is. Links are not followed.
fn meant(root: &Path, dir: &str, wanted: &[Glob], found: &mut Vec<String>) -> Result<()> {
    let here = root.join(dir);
    for entry in fs::read_dir(&here).map_err(io(&here))? {
        let entry = entry.map_err(io(&here))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
        if !names::is_plain_path(path.as_bytes()) {
            continue;
        }
        if glob::any(wanted, &path) {
            found.push(path);
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && wanted.iter().any(|glob| leads_to(glob, &path)) {
            meant(root, &path, wanted, found)?;
        }
    }
    Ok(())
}

/// Whether something beneath the directory `path` may be meant, judged by the names before the first wildcard.
fn leads_to(glob: &Glob, path: &str) -> bool {
    let literal = glob.0.split('/').take_while(|name| !name.contains(['*', '?', '[', '{', '!', '\\']));
    literal.zip(path.split('/')).all(|(wanted, name)| wanted == name)
        && (glob.0.contains(['*', '?', '[', '{', '!', '\\']) || glob.0.split('/').count() > path.split('/').count())
}

fn copy(from: &Path, to: &Path, path: &str, withheld: &[Glob]) -> Result<()> {
    if glob::any(withheld, path) || !names::is_plain_path(path.as_bytes()) {
        return Ok(());
    }
    let (source, target) = (from.join(path), to.join(path));
    directories(to, path)?;
    let meta = fs::symlink_metadata(&source).map_err(io(&source))?;
    let there = fs::symlink_metadata(&target);
    if meta.is_dir() {
        match there {
            Ok(there) if !there.is_dir() => return Ok(()),
            Ok(_) => {}
            Err(_) => fs::create_dir(&target).map_err(io(&target))?,
        }
        for entry in fs::read_dir(&source).map_err(io(&source))? {
            let name = entry.map_err(io(&source))?.file_name();
            if let Some(name) = name.to_str() {
                copy(from, to, &format!("{path}/{name}"), withheld)?;
            }
        }
    } else if there.is_ok() {
        // It is in the commit.
    } else if meta.is_symlink() {
        let leads = fs::read_link(&source).map_err(io(&source))?;
        if names::link_stays_inside(path, leads.as_os_str().as_bytes()) {
            std::os::unix::fs::symlink(&leads, &target).map_err(io(&target))?;
        }
    } else if meta.is_file() {
        // Where the file system can, this shares the blocks until one side is written.
        fs::copy(&source, &target).map_err(io(&target))?;
    }
    Ok(())
}

/// The directories above `path` in the worktree, made where they are missing. A link in their place is not followed.
fn directories(root: &Path, path: &str) -> Result<()> {
    let names: Vec<&str> = path.split('/').collect();
    let mut at = root.to_owned();
    for name in &names[..names.len() - 1] {
        at.push(name);
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(RepoError::Outside(at)),
            Err(_) => fs::create_dir(&at).map_err(io(&at))?,
        }
    }
    Ok(())
}
