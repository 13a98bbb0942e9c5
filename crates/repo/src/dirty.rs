//! Uncommitted work in the user's checkout: found without running anything that the checkout or its repository names.
//!
//! git looks at the checkout through the lens, with a copy of the user's index: no filter, monitor or driver of the
//! user's configuration exists there. Nothing of the user's is written, the index's cached times included.

use crate::error::{Result, io};
use crate::git::{Attributes, Place, items};
use crate::user::UserRepo;
use mao_core::text;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many paths are reported at most; one more line says how many there are beyond.
const SHOWN: usize = 100;

/// The time that a copy of the user's index has; git compares it with the times of the files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// The original's: files written in the same moment are compared by content.
    Original,
    /// Later than every file: whoever has the size and times of the index entry is taken as unchanged.
    Late,
}

/// In the year 2100: index times have 32 bits of seconds.
const LATE: std::time::Duration = std::time::Duration::from_secs(4_102_444_800);

impl UserRepo {
    /// Files with uncommitted work: changed, staged, removed, and untracked ones that are not ignored (a wholly
    /// untracked directory as `dir/`). Printable, sorted; at most 100, and then a line with the count of the others.
    /// Submodules are not looked into.
    ///
    /// # Errors
    /// When git fails.
    pub fn dirty(&self) -> Result<Vec<String>> {
        let found = self.dirty_paths()?;
        let mut shown: Vec<String> = found.iter().take(SHOWN).map(|path| text::one_line(path, 300)).collect();
        if found.len() > SHOWN {
            shown.push(format!("… and {} more", found.len() - SHOWN));
        }
        Ok(shown)
    }

    pub(crate) fn dirty_paths(&self) -> Result<BTreeSet<String>> {
        let index = self.copy_index(Clock::Original)?;
        let mut tracked = self.changed_since_head(&index)?;
        let filtered = self.filtered(tracked.iter().map(String::as_str))?;
        if !filtered.is_empty() {
            // The content of these is not what git stores, and only the user's filter could tell what it would be. The
            // recorded sizes and times decide instead.
            let by_time = self.copy_index(Clock::Late)?;
            let touched = self.changed_since_head(&by_time)?;
            tracked.retain(|path| !filtered.contains(path) || touched.contains(path));
        }
        let exclude = self.exclude();
        let ignore = self.ignore_setting();
        let mut args: Vec<&str> = ignore.iter().map(String::as_str).collect();
        args.extend(["ls-files", "-z", "--others", "--exclude-standard", "--directory", "--no-empty-directory"]);
        if self.common_dir.join("info/exclude").is_file() {
            args.push(&exclude);
        }
        let out = self.git.call(self.through_lens(&index), &args, b"")?;
        tracked.extend(items(&out).map(|path| String::from_utf8_lossy(path).into_owned()));
        Ok(tracked)
    }

    /// The repository's own list of files to be ignored, as an option of `ls-files`.
    pub(crate) fn exclude(&self) -> String {
        format!("--exclude-from={}", self.common_dir.join("info/exclude").display())
    }

    /// Of `paths`, those for which the checkout's attributes name a filter.
    pub(crate) fn filtered<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<BTreeSet<String>> {
        let stdin: String = paths.flat_map(|path| [path, "\0"]).collect();
        if stdin.is_empty() {
            return Ok(BTreeSet::new());
        }
        let index = self.scratch.path().join("index");
        // Attributes beside the tree count as well; they are only read.
        let beside = format!("core.attributesFile={}", self.common_dir.join("info/attributes").display());
        let args = ["-c", &beside, "check-attr", "-z", "--stdin", "filter"];
        let out = self.git.call(self.through_lens(&index), &args, stdin.as_bytes())?;
        let words: Vec<&[u8]> = out.split(|&byte| byte == 0).collect();
        let named = words.chunks_exact(3).filter(|row| !matches!(row[2], b"unspecified" | b"unset"));
        Ok(named.map(|row| String::from_utf8_lossy(row[0]).into_owned()).collect())
    }

    /// The user's checkout, seen by a git directory that is not the user's.
    pub(crate) fn through_lens<'a>(&'a self, index: &'a Path) -> Place<'a> {
        Place { attributes: Attributes::Honoured, ..self.lens().checkout(&self.root, index) }
    }

    pub(crate) fn changed_since_head(&self, index: &Path) -> Result<BTreeSet<String>> {
        let settings = self.settings.of_files();
        let mut args: Vec<&str> = settings.iter().map(String::as_str).collect();
        args.extend(["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"]);
        args.extend(["--ignore-submodules=all", self.head().commit.as_str(), "--"]);
        let out = self.git.call(self.through_lens(index), &args, b"")?;
        // A path staged in one way and changed back in the checkout is uncommitted work as well.
        let staged = ["diff-index", "--cached", "--name-only", "-z", "--no-renames", self.head().commit.as_str(), "--"];
        let staged = self.git.call(self.through_lens(index), &staged, b"")?;
        Ok(items(&out).chain(items(&staged)).map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    pub(crate) fn copy_index(&self, clock: Clock) -> Result<PathBuf> {
        let mine = self.scratch.path().join("index");
        let theirs = self.git_dir.join("index");
        match fs::copy(&theirs, &mine) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // No index is an empty index: everything counts as removed.
                match fs::remove_file(&mine) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(mine)(error)),
                    Ok(()) | Err(_) => return Ok(mine),
                }
            }
            Err(error) => return Err(io(theirs)(error)),
        }
        let time = match clock {
            Clock::Original => fs::metadata(&theirs).and_then(|meta| meta.modified()).map_err(io(&theirs))?,
            Clock::Late => std::time::SystemTime::UNIX_EPOCH + LATE,
        };
        let file = fs::File::options().write(true).open(&mine).map_err(io(&mine))?;
        file.set_modified(time).map_err(io(&mine))?;
        // A split index names a second file beside it.
        for entry in fs::read_dir(&self.git_dir).map_err(io(&self.git_dir))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("sharedindex.") {
                fs::copy(entry.path(), self.lens().git_dir.join(entry.file_name())).map_err(io(entry.path()))?;
            }
        }
        Ok(mine)
    }
}
