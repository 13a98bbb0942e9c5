//! What of a repository a tool would obey, with no switch against it, lies elsewhere while the tool runs. It is put back
//! at the end; never over something that came into its place, which is then the worker's doing and is judged as such.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Paths that were moved: where they belong, and where they are. Dropping it puts them back.
#[derive(Debug, Default)]
pub(super) struct Aside {
    moved: Vec<(PathBuf, PathBuf)>,
}

impl Aside {
    /// Moves what there is of `names` from `cwd` into a directory of `scratch`. A link is moved, not followed.
    ///
    /// # Errors
    /// When something cannot be moved; what was moved before is back.
    pub(super) fn put(cwd: &Path, scratch: &Path, names: &[&str]) -> io::Result<Self> {
        let mut aside = Self::default();
        for name in names {
            let (from, to) = (cwd.join(name), scratch.join("aside").join(name));
            match from.symlink_metadata() {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            if let Some(parent) = to.parent() {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            std::fs::rename(&from, &to)?;
            aside.moved.push((from, to));
        }
        Ok(aside)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        for (place, now) in self.moved.drain(..) {
            if place.symlink_metadata().is_err() {
                // What cannot be put back is missing in the change, which is judged as a deletion.
                let _ = std::fs::rename(&now, &place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Aside;
    use std::path::Path;

    fn places() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let (cwd, scratch) = (root.path().join("cwd"), root.path().join("scratch"));
        std::fs::create_dir_all(cwd.join(".tool/deep")).unwrap();
        std::fs::write(cwd.join(".tool/deep/.env"), "A=b\n").unwrap();
        std::fs::create_dir(&scratch).unwrap();
        (root, cwd, scratch)
    }

    fn there(path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    #[test]
    fn what_was_moved_comes_back() {
        let (_root, cwd, scratch) = places();
        std::os::unix::fs::symlink("/nowhere", cwd.join("link")).unwrap();
        let aside = Aside::put(&cwd, &scratch, &[".tool", "link", "none"]).unwrap();
        assert!(!there(&cwd.join(".tool")) && !there(&cwd.join("link")));
        drop(aside);
        assert_eq!(std::fs::read_to_string(cwd.join(".tool/deep/.env")).unwrap(), "A=b\n");
        assert_eq!(std::fs::read_link(cwd.join("link")).unwrap(), Path::new("/nowhere"));
    }

    #[test]
    fn what_came_into_its_place_stays() {
        let (_root, cwd, scratch) = places();
        let aside = Aside::put(&cwd, &scratch, &[".tool"]).unwrap();
        std::fs::create_dir(cwd.join(".tool")).unwrap();
        std::fs::write(cwd.join(".tool/new"), "").unwrap();
        drop(aside);
        assert!(there(&cwd.join(".tool/new")) && !there(&cwd.join(".tool/deep")));
    }
}
