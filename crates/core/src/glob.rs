//! Ownership globs: which paths of a repository a worker may write.
//!
//! A pattern is matched against the whole path, beneath the repository's root, with `/` between names.

use serde::{Deserialize, Serialize};

/// A pattern such as `src/storage/**`: `*` within a name, `**` across names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(pub String);

impl Glob {
    /// Whether `path` (relative, `/`-separated) is meant by this pattern.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        fast_glob::glob_match(&self.0, path)
    }
}

/// Whether any of `globs` means `path`.
#[must_use]
pub fn any(globs: &[Glob], path: &str) -> bool {
    globs.iter().any(|glob| glob.matches(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_whole_paths() {
        let glob = Glob("src/storage/**".into());
        assert!(glob.matches("src/storage/file.rs"));
        assert!(glob.matches("src/storage/deep/file.rs"));
        assert!(!glob.matches("src/storage_extra.rs"));
        assert!(!glob.matches("other/src/storage/file.rs"));
        assert!(Glob("src/*.rs".into()).matches("src/lib.rs"));
        assert!(!Glob("src/*.rs".into()).matches("src/a/lib.rs"));
    }
}
