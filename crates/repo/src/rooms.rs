//! The other directories of a run, beside its repository: scratch space for one child, and raw transcripts.

use crate::error::{Result, free, full, io};
use crate::names;
use crate::run::RunRepo;
use std::fs;
use std::path::{Path, PathBuf};

/// With fewer bytes free than this, a disk is full: the least thing that anyone writes takes more.
const LEAST_ROOM: u64 = 64 * 1024;

impl RunRepo {
    /// An empty directory for one child's temporary files.
    ///
    /// # Errors
    /// When the name is none, or the directory cannot be made.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let all = self.dir().join("scratch");
        fs::create_dir_all(&all).map_err(io(&all))?;
        self.clear_scratch(name)?;
        let dir = all.join(name);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        Ok(dir)
    }

    /// Removes that directory; harmless where there is none.
    ///
    /// # Errors
    /// When the name is none, or something in it cannot be removed.
    pub fn clear_scratch(&self, name: &str) -> Result<()> {
        let dir = self.dir().join("scratch").join(names::one("scratch directory", name)?);
        self.clear(&dir)
    }

    /// Whether there is still room for work: what fails on a full disk says nothing about who did it.
    ///
    /// # Errors
    /// [`RepoError::Full`](crate::RepoError::Full) where there is none.
    pub fn room(&self) -> Result<()> {
        let places = ["trees", "scratch", "transcripts"].map(|part| self.dir().join(part));
        match places.iter().find(|path| free(path).is_some_and(|free| free < LEAST_ROOM)) {
            Some(path) => Err(full(path)),
            None => Ok(()),
        }
    }

    /// Writes a transcript for a child that this program did not start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, transcript: &Path, text: &[u8]) -> Result<()> {
        fs::write(transcript, text).map_err(io(transcript))
    }

    /// The file for one attempt's raw transcript; its directory exists.
    ///
    /// # Errors
    /// When the name is none, or the directory cannot be made.
    pub fn transcript(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir().join("transcripts");
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        Ok(dir.join(format!("{}.log", names::one("transcript", name)?)))
    }
}
