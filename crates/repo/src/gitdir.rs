//! Git directories that `mao` writes itself, file by file: a configuration that names nothing to run, no hooks, no
//! `info/`, and the objects of others by alternates. No template and no foreign setting can get in.
//!
//! It never writes into a git directory that `mao` did not make.

use crate::error::{RepoError, Result, io};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a repository names its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectFormat {
    Sha1,
    Sha256,
}

impl ObjectFormat {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            _ => Err(RepoError::Answer("rev-parse --show-object-format")),
        }
    }

    /// The id of the tree that holds nothing; git knows it without an object.
    pub(crate) const fn empty_tree(self) -> &'static str {
        match self {
            Self::Sha1 => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            Self::Sha256 => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        }
    }

    /// The id that stands for "does not exist".
    pub(crate) fn zero(self) -> String {
        "0".repeat(match self {
            Self::Sha1 => 40,
            Self::Sha256 => 64,
        })
    }

    pub(crate) fn is_id(self, text: &str) -> bool {
        text.len() == self.zero().len() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    const fn config(self) -> &'static str {
        match self {
            Self::Sha1 => "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n",
            Self::Sha256 => {
                "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n[extensions]\n\tobjectformat = sha256\n"
            }
        }
    }
}

/// What a git directory of ours is made of.
#[derive(Debug)]
pub(crate) struct GitDir<'a> {
    pub(crate) format: ObjectFormat,
    /// The content of `HEAD`, without the line feed.
    pub(crate) head: &'a str,
    /// Object directories that are read and never written.
    pub(crate) alternates: &'a [PathBuf],
    /// The content of `shallow`: commits whose parents are not there.
    pub(crate) shallow: Option<&'a [u8]>,
}

impl GitDir<'_> {
    /// Makes `dir` such a git directory. What stands there already is kept, but for configuration, hooks and `info/`,
    /// which are made anew.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        for part in ["objects/info", "objects/pack", "refs/heads"] {
            fs::create_dir_all(dir.join(part)).map_err(io(dir))?;
        }
        for part in ["hooks", "info"] {
            match fs::remove_dir_all(dir.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(dir.join(part))(error)),
                Ok(()) | Err(_) => {}
            }
        }
        put(&dir.join("config"), self.format.config().as_bytes())?;
        put(&dir.join("objects/info/alternates"), &alternates(self.alternates)?)?;
        if let Some(shallow) = self.shallow {
            put(&dir.join("shallow"), shallow)?;
        }
        // Last: without HEAD, git does not take the directory for a repository.
        put(&dir.join("HEAD"), format!("{}\n", self.head).as_bytes())
    }
}

fn alternates(dirs: &[PathBuf]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for dir in dirs {
        if dir.as_os_str().as_bytes().contains(&b'\n') {
            let name = mao_core::text::one_line(&dir.to_string_lossy(), 200);
            return Err(RepoError::BadName { what: "repository's directory", name });
        }
        out.extend_from_slice(dir.as_os_str().as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// The object directories to which `objects` leads, itself first: git follows a relative alternate only from the
/// repository that names it, so they are resolved here.
pub(crate) fn object_dirs(objects: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![objects.to_owned()];
    let mut at = 0;
    while at < found.len() && found.len() < 32 {
        let here = found[at].clone();
        let named = match fs::read(here.join("info/alternates")) {
            Ok(named) => named,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io(here.join("info/alternates"))(error)),
        };
        for line in named.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            let dir = here.join(std::ffi::OsStr::from_bytes(line));
            if let Ok(dir) = dir.canonicalize()
                && !found.contains(&dir)
            {
                found.push(dir);
            }
        }
        at += 1;
    }
    Ok(found)
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    fs::write(&fresh, bytes).map_err(io(&fresh))?;
    fs::rename(&fresh, path).map_err(io(path))
}
