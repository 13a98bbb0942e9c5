//! Reading, writing and deleting beneath a directory, component by component, so that no link leads out of it.
//!
//! Only plain relative paths come in; nothing here follows a symbolic link, at the end or on the way.

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, mkdirat, openat, symlinkat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What to do about directories on the way that are not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    Make,
    Fail,
}

/// Where a path within a script or a job may lead: beneath, in plain components, and never into a git directory.
pub(super) fn plain_path(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let plain = path.components().all(|part| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => false,
    });
    if plain && !text.is_empty() && !text.ends_with('/') && !text.contains('\0') {
        Ok(path.to_owned())
    } else {
        Err(format!("`{}` is not a plain relative path", mao_core::text::one_line(text, 100)))
    }
}

/// Writes `content` as the whole of `root/path`, making directories on the way.
pub(super) fn write(root: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let (parent, name) = parent(root, path, Absent::Make)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(&parent, name, flags, Mode::from_raw_mode(0o666))?;
    File::from(file).write_all(content)
}

/// Reads the whole of `root/path`.
pub(super) fn read(root: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let (parent, name) = parent(root, path, Absent::Fail)?;
    let file = openat(&parent, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let mut content = Vec::new();
    File::from(file).read_to_end(&mut content)?;
    Ok(content)
}

/// Removes the file `root/path`, and the directories above it that are empty then: a tree holds files alone.
pub(super) fn delete(root: &Path, path: &Path) -> io::Result<()> {
    let (holder, name) = parent(root, path, Absent::Fail)?;
    unlinkat(&holder, name, AtFlags::empty())?;
    let above = path.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty());
    for dir in above {
        let (holder, name) = parent(root, dir, Absent::Fail)?;
        if unlinkat(&holder, name, AtFlags::REMOVEDIR).is_err() {
            break;
        }
    }
    Ok(())
}

/// Makes `root/path` a link to `to`, which is not looked at. Nothing may stand there.
pub(super) fn link(root: &Path, path: &Path, to: &str) -> io::Result<()> {
    let (parent, name) = parent(root, path, Absent::Make)?;
    Ok(symlinkat(to, &parent, name)?)
}

/// Lets its owner run the file `root/path`.
pub(super) fn executable(root: &Path, path: &Path) -> io::Result<()> {
    let (parent, name) = parent(root, path, Absent::Fail)?;
    let file = openat(&parent, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    Ok(fchmod(&file, Mode::from_raw_mode(0o755))?)
}

/// The open directory that holds `path`, and the last component.
fn parent<'a>(root: &Path, path: &'a Path, absent: Absent) -> io::Result<(OwnedFd, &'a Path)> {
    let name = path.file_name().ok_or(Errno::INVAL)?;
    let mut at = rustix::fs::open(root, DIRECTORY, Mode::empty())?;
    for part in path.parent().unwrap_or_else(|| Path::new("")).components() {
        let Component::Normal(part) = part else { return Err(Errno::INVAL.into()) };
        let open = || openat(&at, part, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
        at = match open() {
            Err(Errno::NOENT) if absent == Absent::Make => {
                mkdirat(&at, part, Mode::from_raw_mode(0o777))?;
                open()?
            }
            opened => opened?,
        };
    }
    Ok((at, Path::new(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_pass() {
        assert!(plain_path("src/a b.rs").is_ok());
        for bad in ["", "/a", "../a", "a/../b", "./a", ".git/config", "a/.GIT/x", "a/", "a\0b"] {
            assert!(plain_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_link_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let (root, out) = (dir.path().join("root"), dir.path().join("out"));
        std::fs::create_dir(&root).unwrap();
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("file"), "kept").unwrap();
        std::os::unix::fs::symlink(&out, root.join("dir")).unwrap();
        std::os::unix::fs::symlink(out.join("file"), root.join("link")).unwrap();

        assert!(write(&root, Path::new("dir/new"), b"x").is_err());
        assert!(write(&root, Path::new("link"), b"x").is_err());
        assert!(delete(&root, Path::new("dir/file")).is_err());
        assert!(write(&root, Path::new("../out/file"), b"x").is_err());
        assert!(read(&root, Path::new("dir/file")).is_err());
        assert!(read(&root, Path::new("link")).is_err());
        assert_eq!(std::fs::read_to_string(out.join("file")).unwrap(), "kept");
        assert!(!out.join("new").exists());

        write(&root, Path::new("a/b/c"), b"long text").unwrap();
        write(&root, Path::new("a/b/c"), b"short").unwrap();
        assert_eq!(read(&root, Path::new("a/b/c")).unwrap(), b"short");
        delete(&root, Path::new("a/b/c")).unwrap();
        assert!(delete(&root, Path::new("a/b/c")).is_err());
        assert!(!root.join("a").exists(), "a tree holds files alone");
        link(&root, Path::new("a"), "elsewhere").unwrap();
        assert!(link(&root, Path::new("a"), "elsewhere").is_err());
        assert!(executable(&root, Path::new("a")).is_err());
    }
}
