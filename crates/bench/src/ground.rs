//! With what is measured: the release `mao`, the vendors' command lines where they are there, and a directory of the
//! run's own, gone with it.

use crate::done::Done;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What every part is given.
#[derive(Debug)]
pub struct Ground {
    mao: PathBuf,
    root: TempDir,
}

impl Ground {
    /// With this `mao`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn new(mao: &Path) -> Done<Self> {
        let mao = mao.canonicalize().map_err(|wrong| format!("--mao {}: {wrong}", mao.display()))?;
        Ok(Self { mao, root: tempfile::Builder::new().prefix("mao-bench-").tempdir()? })
    }

    /// The program.
    pub fn mao(&self) -> &Path {
        &self.mao
    }

    /// The supervise shim as it is shipped: the same program.
    pub fn shim(&self) -> mao_process::Shim {
        mao_process::Shim { program: self.mao.clone(), args: vec![mao_process::Shim::WORD.into()] }
    }

    /// A directory on the disk that is measured.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A new directory in it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn dir(&self, name: &str) -> Done<PathBuf> {
        let dir = self.root().join(name);
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }
}

/// A program on `PATH`.
///
/// # Errors
/// When it is not there.
pub fn program(name: &str) -> Done<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    mao_process::which(name, &path).ok_or_else(|| format!("{name} is not on PATH").into())
}

/// What a program says, trimmed.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn said<const N: usize>(name: &str, args: [&OsStr; N]) -> Done<String> {
    let output = Command::new(program(name)?).args(args).output()?;
    if !output.status.success() {
        return Err(format!("{name} ended with {}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
