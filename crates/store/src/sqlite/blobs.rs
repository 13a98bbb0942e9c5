//! Content by hash: one file per content under `blobs/ab/cdef…` (BLAKE3, hexadecimal), mode 0600, never changed.
//!
//! Content arrives in `blobs/incoming`, is synced, and gets its name by a rename: under a name there is all of it or
//! nothing. What a killed process left in `incoming` is removed by the next `open` that finds nobody writing.

use super::place::{self, unusable};
use crate::traits::{Act, StoreError, Unnamed};
use blake3::Hasher;
use mao_core::ids::{BlobId, Stamp};
use mao_core::text::one_line;
use rustix::fs::{AtFlags, CWD, FlockOperation, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, flock, utimensat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How much of a file is in memory at once.
const CHUNK: usize = 64 * 1024;

/// Makes names of arriving files differ within this process; between processes their ids do, and `create_new` decides.
static ARRIVED: AtomicU64 = AtomicU64::new(0);

/// The name of content: its BLAKE3 hash in hexadecimal.
#[must_use]
pub fn blob_id(content: &[u8]) -> BlobId {
    BlobId::new(blake3::hash(content).to_hex().to_string())
}

impl BlobFiles {
    /// Stores bytes; synced on return.
    pub(super) fn put(&self, content: &[u8]) -> Result<BlobId, StoreError> {
        let hash = blake3::hash(content).to_hex().to_string();
        {
            let _shared = self.shared()?;
            if self.intact(&hash) {
                // Whoever removes old content that no event names must see that this is about to be named.
                let path = self.path(&hash);
                touch(&path).map_err(|error| unusable(&path, error.into()))?;
                return self.settled(hash);
            }
        }
        let mut arriving = self.arriving()?;
        arriving.take_in(content)?;
        self.accept(arriving)
    }

    /// Stores a file's content; synced on return.
    pub(super) fn put_file(&self, path: &Path) -> Result<BlobId, StoreError> {
        let mut source = open_plain(path)?;
        let mut arriving = self.arriving()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => arriving.take_in(&chunk[..length])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unusable(path, error)),
            }
        }
        self.accept(arriving)
    }

    /// The content, checked against its name.
    pub(super) fn get(&self, blob: &BlobId) -> Result<Vec<u8>, StoreError> {
        let damaged = |why: &str| StoreError::Damaged {
            what: format!("blob {}", one_line(blob.as_str(), 64)),
            why: why.to_owned(),
        };
        let hash = blob.as_str();
        // The name becomes a path: it must be a hash and nothing else.
        if hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(damaged("its name is not a hash"));
        }
        let path = self.path(hash);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(damaged("it is missing")),
            Err(error) => return Err(unusable(&path, error)),
        };
        if blake3::hash(&content).to_hex().as_str() != hash {
            return Err(damaged("its content is not what its name says"));
        }
        Ok(content)
    }
}

/// The directory of blobs.
pub(crate) struct BlobFiles {
    dir: PathBuf,
    incoming: PathBuf,
}

impl BlobFiles {
    /// Opens the directory in the state directory, making it where it is missing.
    pub(crate) fn open(state: &Path) -> Result<Self, StoreError> {
        let dir = state.join("blobs");
        let incoming = dir.join("incoming");
        place::make_directory(&dir)?;
        place::make_directory(&incoming)?;
        let files = Self { dir, incoming };
        files.sweep()?;
        Ok(files)
    }

    /// Removes what killed processes left. Whoever writes holds the directory's lock shared, so that nothing that is
    /// still arriving is taken away.
    fn sweep(&self) -> Result<(), StoreError> {
        let lock = place::directory(&self.incoming)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.incoming).map_err(|error| unusable(&self.incoming, error))? {
            let path = entry.map_err(|error| unusable(&self.incoming, error))?.path();
            fs::remove_file(&path).map_err(|error| unusable(&path, error))?;
        }
        Ok(())
    }

    fn path(&self, hash: &str) -> PathBuf {
        let (shelf, rest) = hash.split_at(2);
        self.dir.join(shelf).join(rest)
    }

    /// Whether all of this content is there. What is damaged is not: it will be replaced.
    fn intact(&self, hash: &str) -> bool {
        let Ok(mut file) = File::open(self.path(hash)) else { return false };
        let mut hasher = Hasher::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk) {
                Ok(0) => return hasher.finalize().to_hex().as_str() == hash,
                Ok(length) => {
                    hasher.update(&chunk[..length]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }

    /// The lock under which content is put.
    fn shared(&self) -> Result<File, StoreError> {
        let lock = place::directory(&self.incoming)?;
        flock(&lock, FlockOperation::LockShared).map_err(|errno| unusable(&self.incoming, errno.into()))?;
        Ok(lock)
    }

    /// What is there and was last put before `before`, but for what `named` says is named; removed where `act` says so.
    /// Nobody puts anything meanwhile.
    pub(super) fn unnamed(
        &self,
        before: Stamp,
        named: impl FnOnce() -> Result<BTreeSet<String>, StoreError>,
        act: Act,
    ) -> Result<Unnamed, StoreError> {
        let lock = place::directory(&self.incoming)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|errno| unusable(&self.incoming, errno.into()))?;
        // Read under the lock: what was put before it is either young or named by now.
        let named = named()?;
        let mut found = Unnamed::default();
        for shelf in entries(&self.dir)?.into_iter().filter(|shelf| *shelf != self.incoming) {
            for path in entries(&shelf)? {
                let hash = format!("{}{}", name_of(&shelf), name_of(&path));
                let about = path.symlink_metadata().map_err(|error| unusable(&path, error))?;
                if named.contains(&hash) || !about.is_file() || millis(&about) >= before.0 {
                    continue;
                }
                found.count += 1;
                found.bytes += about.len();
                match act {
                    Act::Look => {}
                    Act::Remove => fs::remove_file(&path).map_err(|error| unusable(&path, error))?,
                }
            }
        }
        Ok(found)
    }

    fn arriving(&self) -> Result<Arriving, StoreError> {
        let lock = self.shared()?;
        loop {
            let number = ARRIVED.fetch_add(1, Ordering::Relaxed);
            let path = self.incoming.join(format!("{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Arriving { path, file, hasher: Hasher::new(), _lock: lock }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&path, error)),
            }
        }
    }

    /// Gives what has arrived its name. Where the name exists, equal content replaces it, or whole content a damaged one.
    fn accept(&self, mut arriving: Arriving) -> Result<BlobId, StoreError> {
        let hash = arriving.hasher.finalize().to_hex().to_string();
        arriving.file.sync_all().map_err(|error| unusable(&arriving.path, error))?;
        let path = self.path(&hash);
        if let Some(shelf) = path.parent() {
            place::make_directory(shelf)?;
        }
        fs::rename(&arriving.path, &path).map_err(|error| unusable(&path, error))?;
        arriving.path.clear();
        self.settled(hash)
    }

    /// Syncs the directories on the way to a blob, even if another process put it there: it may not have come so far.
    fn settled(&self, hash: String) -> Result<BlobId, StoreError> {
        if let Some(shelf) = self.path(&hash).parent() {
            place::sync_directory(shelf)?;
        }
        place::sync_directory(&self.dir)?;
        Ok(BlobId::new(hash))
    }
}

/// Gives a file the moment as its time, by the kernel's own clock.
fn touch(path: &Path) -> Result<(), Errno> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    utimensat(CWD, path, &Timestamps { last_access: omit, last_modification: now }, AtFlags::empty())
}

/// What a directory holds; nothing where it is none.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).map_err(|error| unusable(dir, error))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| unusable(dir, error))).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// When it was last changed, in milliseconds; now, where that cannot be said.
fn millis(about: &fs::Metadata) -> u64 {
    let since = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(u64::MAX, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Content on its way in. Dropped without a name, it leaves nothing.
struct Arriving {
    /// Where it is; empty once it has its name.
    path: PathBuf,
    file: File,
    hasher: Hasher,
    _lock: File,
}

impl Arriving {
    fn take_in(&mut self, content: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(content);
        self.file.write_all(content).map_err(|error| unusable(&self.path, error))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What cannot be removed now is swept by a later `open`.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Opens a plain file; a pipe or a device would have no end.
fn open_plain(path: &Path) -> Result<File, StoreError> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
        .map_err(|source| StoreError::Unusable { path: path.into(), source })?;
    let about = file.metadata().map_err(|source| unusable(path, source))?;
    if !about.is_file() {
        return Err(unusable(path, io::Error::new(ErrorKind::InvalidInput, "it is not a plain file")));
    }
    Ok(file)
}
