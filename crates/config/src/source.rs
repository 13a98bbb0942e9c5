//! A file's bytes with the name people know it by, and the limits of what is read at all.
//!
//! It reads regular files only and never more than the limit, so that neither a pipe nor a huge file stops the house.

use crate::error::ConfigError;
use std::io::Read as _;
use std::path::Path;

/// The largest configuration file, in bytes.
pub const LIMIT: usize = 1 << 20;

/// A configuration file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What people call it: `.claude/config/multi-model.toml`.
    pub name: String,
    /// Its bytes, unchecked.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A source from bytes that the caller read, such as a blob of the repository.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// Reads a file of the user's own. `None` where there is none.
    ///
    /// # Errors
    /// `Unreadable` for anything but a regular file of at most [`LIMIT`] bytes.
    pub fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        let name = path.display().to_string();
        let unreadable = |what: String| ConfigError::Unreadable { file: name.clone(), what };
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if !metadata.is_file() {
            return Err(unreadable("this is not a regular file".into()));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let most = u64::try_from(LIMIT).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(Self { name, bytes }))
    }

    /// Reads a file of a repository, by its path beneath the repository's root. `None` where there is none. No link
    /// is followed on the way from the root: what a repository points at elsewhere is not the repository's.
    ///
    /// # Errors
    /// `Unreadable` for a link and for anything but a regular file of at most [`LIMIT`] bytes.
    pub fn read_beneath(root: &Path, relative: &str) -> Result<Option<Self>, ConfigError> {
        let mut path = root.to_owned();
        for name in relative.split('/') {
            path.push(name);
            let link = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink());
            if link {
                let what = "this is a link, and none is followed inside a repository".into();
                return Err(ConfigError::Unreadable { file: path.display().to_string(), what });
            }
        }
        Self::read(&path)
    }

    /// The hash that a person's consent is bound to: `blake3` of the bytes, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::hash(&self.bytes).to_hex().to_string()
    }

    /// The text, where the bytes are text within the limit. A byte order mark is left out.
    pub(crate) fn text(&self) -> Result<&str, ConfigError> {
        let unreadable = |what: String| ConfigError::Unreadable { file: self.name.clone(), what };
        if self.bytes.len() > LIMIT {
            return Err(unreadable(format!("larger than {LIMIT} bytes; a configuration is not that large")));
        }
        if let Some(at) = self.bytes.iter().position(|byte| *byte == 0) {
            let line = self.bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            return Err(unreadable(format!(
                "holds a NUL byte at offset {at}, on line {line}; this is not a text file"
            )));
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            let line = self.bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            unreadable(format!("line {line} is not UTF-8 text; save the file as UTF-8"))
        })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }
}
