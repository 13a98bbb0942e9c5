//! Keeping what would be lost: before a worktree goes, its files and its worker's own commits are on a ref.
//!
//! It never judges: names and links that no change may hold are kept here as they are, as far as git can hold them.
//! Left out: empty directories, directories that are ignored as a whole (build output, packages), ignored files of
//! more than 1 MiB, the inside of nested `.git` directories.

use crate::error::{Result, io};
use crate::git::{Place, copy_objects};
use crate::gitdir::GitDir;
use crate::names::{self, FOUND, SALVAGE};
use crate::refs::{self, Move};
use crate::run::RunRepo;
use crate::snapshot::{self, Ignored, Kind, Survey};
use crate::worktree::Worktree;
use mao_core::ids::{CommitId, Stamp};
use mao_core::mutant;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The largest ignored file that is kept, in bytes.
const IGNORED_LIMIT: u64 = 1024 * 1024;
/// How many of a worker's own commits are kept by name; their ancestors come along.
const COMMITS: usize = 64;

impl RunRepo {
    /// Brings every file of `worktree` and every commit its worker made onto `refs/mao/salvage/<name>` of the run's
    /// repository; an earlier salvage of that name stays reachable from it. Nothing where the worktree is as it was.
    ///
    /// # Errors
    /// When git fails; then the worktree must not be removed.
    pub fn salvage(&self, worktree: &Worktree, name: &str, at: Stamp) -> Result<Option<CommitId>> {
        let target = format!("{SALVAGE}{}", names::many("salvage ref", name)?);
        let place = self.place_of(worktree);
        if !worktree.index.is_file() {
            self.git().call(place, &["read-tree", "--reset", worktree.base.as_str()], b"")?;
        }
        self.take_everything(worktree, place)?;
        let tree = self.git().line(place, &["write-tree"], b"")?;
        let own = self.commits_of(worktree)?;
        if own.is_empty() && tree == self.tree(&worktree.base)?.as_str() {
            return Ok(None);
        }
        let before = refs::list(self.git(), self.place(), &[&target])?.remove(&target).map(|standing| standing.id);
        let mut parents = vec![worktree.base.as_str()];
        parents.extend(before.as_deref());
        parents.extend(own.iter().map(String::as_str));
        let subject = format!("salvage of {name}");
        let commit = self.commit(&tree, &parents, &subject, "", at)?;
        let from = before.clone().unwrap_or_else(|| self.format().zero());
        refs::transact(self.git(), self.place(), "mao: salvage", &[Move { name: target, from, to: commit.clone() }])?;
        Ok(Some(CommitId::new(commit)))
    }

    fn take_everything(&self, worktree: &Worktree, place: Place<'_>) -> Result<()> {
        let root = &worktree.path;
        let mut paths = Vec::new();
        // What stands in a submodule's place is seen only once the submodule is out of the index.
        let Survey { differing: mut found, filled } = snapshot::survey(self.git(), place, root)?;
        if !filled.is_empty() {
            let names: Vec<u8> = filled.iter().flat_map(|path| [path.as_slice(), b"\0"].concat()).collect();
            self.git().call(place, &["update-index", "-z", "--force-remove", "--stdin"], &names)?;
            found = snapshot::survey(self.git(), place, root)?.differing;
        }
        for (path, kind) in found {
            match kind {
                Kind::Plain | Kind::Gone => paths.push((path, kind)),
                Kind::Repository => nested(root, &path, &mut paths),
                Kind::Special => {}
            }
        }
        for (path, kind) in snapshot::differing(self.git(), place, root, Ignored::Only)? {
            let small = || {
                let meta = fs::symlink_metadata(snapshot::beneath(root, &path));
                meta.is_ok_and(|meta| meta.len() <= IGNORED_LIMIT)
            };
            if kind == Kind::Plain && small() {
                paths.push((path, kind));
            }
        }
        self.leave_out_given(worktree, &mut paths)?;
        paths.retain(|(path, _)| is_readable(root, path));
        snapshot::take(self.git(), place, &paths)
    }

    /// The commits that only the worker's own git directory knows, brought into the run's repository. That directory is
    /// the worker's: what cannot be read there is not kept.
    fn commits_of(&self, worktree: &Worktree) -> Result<Vec<String>> {
        let theirs = Place::of(&worktree.git_dir, self.format());
        let not_base = format!("^{}", worktree.base);
        let args = ["rev-list", "--all", "--reflog", "HEAD", &not_base];
        let Ok(out) = self.git().call(theirs, &args, b"") else { return Ok(Vec::new()) };
        let said = String::from_utf8_lossy(&out).into_owned();
        let commits: Vec<String> = said.lines().filter(|id| self.format().is_id(id)).map(str::to_owned).collect();
        if commits.is_empty() {
            return Ok(commits);
        }
        // The objects are copied by a git directory of our own: the worker's configuration takes no part.
        let reader = self.dir().join("building").join(format!("{}.reader", worktree.name));
        let mut alternates = vec![worktree.git_dir.join("objects")];
        alternates.extend(worktree.objects.iter().cloned());
        GitDir {
            format: self.format(),
            head: worktree.base.as_str(),
            alternates: &alternates,
            shallow: self.shallow(),
        }
        .write(&reader)?;
        let place = Place::of(&reader, self.format());
        let copied =
            copy_objects(self.git(), place, &worktree.objects[0], &format!("{}\n{not_base}\n", commits.join("\n")));
        self.clear(&reader)?;
        // Newest first: the first ones reach the others, and the rest of a fan of branches is cut.
        Ok(if copied.is_ok() { commits.into_iter().take(COMMITS).collect() } else { Vec::new() })
    }

    /// Brings every commit of the run's repository that no ref reaches onto `refs/mao/found/<id>`, and returns those that
    /// got one: git makes a commit in one call and its ref in another, and whoever died between left it to us.
    ///
    /// # Errors
    /// When git fails, or the objects cannot be listed.
    pub fn keep_found(&self) -> Result<Vec<CommitId>> {
        let loose: String = loose(&self.dir().join("repo.git/objects"))?.iter().map(|id| format!("{id}\n")).collect();
        if loose.is_empty() || mutant::is("dev_05_what_is_found_is_left") {
            return Ok(Vec::new());
        }
        let check = ["cat-file", "--batch-check=%(objecttype) %(objectname)"];
        let out = self.git().call(self.place(), &check, loose.as_bytes())?;
        let said = String::from_utf8_lossy(&out).into_owned();
        let commits = said.lines().filter_map(|line| line.strip_prefix("commit "));
        let mut revisions: String = commits.map(|id| format!("{id}\n")).collect();
        for standing in refs::list(self.git(), self.place(), &[])?.into_values() {
            revisions.push_str(&format!("^{}\n", standing.id));
        }
        revisions.push_str(&self.not_base());
        let out = self.git().call(self.place(), &["rev-list", "--parents", "--stdin"], revisions.as_bytes())?;
        let said = String::from_utf8_lossy(&out).into_owned();
        let (found, parents): (Vec<&str>, Vec<&str>) =
            said.lines().map(|line| line.split_once(' ').unwrap_or((line, ""))).unzip();
        // Those before the last one of a line come along with it.
        let reached: BTreeSet<&str> = parents.iter().flat_map(|ids| ids.split(' ')).collect();
        let last: Vec<&str> = found.into_iter().filter(|id| !reached.contains(id)).collect();
        let moves: Vec<Move> = last
            .iter()
            .map(|id| Move { name: format!("{FOUND}{id}"), from: self.format().zero(), to: (*id).to_owned() })
            .collect();
        refs::transact(self.git(), self.place(), "mao: found", &moves)?;
        Ok(last.into_iter().map(CommitId::from).collect())
    }

    /// What a salvage differs in from the commit that its worktree started from, as text.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn salvage_diff(&self, salvage: &CommitId) -> Result<Vec<u8>> {
        self.diff_of(&format!("{salvage}^1"), salvage.as_str())
    }

    /// The paths of that difference, in git's order.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn salvage_files(&self, salvage: &CommitId) -> Result<Vec<String>> {
        self.files_changed(&CommitId::new(format!("{salvage}^1")), salvage)
    }

    /// The salvage refs of the run's repository: name (without `refs/mao/salvage/`) and commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn salvaged(&self) -> Result<Vec<(String, CommitId)>> {
        let refs = refs::list(self.git(), self.place(), &[SALVAGE])?;
        let named = refs
            .into_iter()
            .filter_map(|(name, standing)| Some((name.strip_prefix(SALVAGE)?.to_owned(), CommitId::new(standing.id))));
        Ok(named.collect())
    }
}

/// The names of the objects that lie on their own in an object directory.
fn loose(objects: &Path) -> Result<Vec<String>> {
    let names = |dir: &Path| -> Result<Vec<String>> {
        let entries = fs::read_dir(dir).map_err(io(dir))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    };
    let mut found = Vec::new();
    for fan in names(objects)?.into_iter().filter(|name| name.len() == 2) {
        let rest =
            names(&objects.join(&fan))?.into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        found.extend(rest.map(|name| format!("{fan}{name}")));
    }
    Ok(found)
}

/// The files of a nested repository, without its `.git` and whatever lies deeper than 64 levels.
fn nested(root: &Path, dir: &[u8], paths: &mut Vec<(Vec<u8>, Kind)>) {
    use std::os::unix::ffi::OsStrExt;
    if dir.iter().filter(|&&byte| byte == b'/').count() > 64 {
        return;
    }
    let Ok(entries) = fs::read_dir(snapshot::beneath(root, dir)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = [dir, name.as_bytes()].concat();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !name.eq_ignore_ascii_case(".git") => {
                nested(root, &[path.as_slice(), b"/"].concat(), paths);
            }
            Ok(kind) if kind.is_file() || kind.is_symlink() => paths.push((path, Kind::Plain)),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Whether git will be able to take the path: it is gone, a link, or a file that opens.
fn is_readable(root: &Path, path: &[u8]) -> bool {
    let path = snapshot::beneath(root, path);
    match fs::symlink_metadata(&path) {
        Ok(meta) if meta.is_file() => {
            use std::os::unix::fs::PermissionsExt;
            fs::File::open(&path).is_ok()
                || (fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).is_ok()
                    && fs::File::open(&path).is_ok())
        }
        Ok(_) | Err(_) => true,
    }
}
