//! The checkout's uncommitted work as a commit to start a run from, and the files that the user ignores everywhere.
//!
//! The commit is made in the lens; the user's index, refs and files stay as they are. No filter of the repository runs:
//! a changed file whose attributes name one is refused by name, and so is what git cannot hold.

use crate::dirty::Clock;
use crate::error::{RepoError, Result};
use crate::git::copy_objects;
use crate::snapshot::{self, Ignored, Kind};
use crate::user::UserRepo;
use mao_core::ids::{CommitId, Stamp, TreeId};
use mao_core::text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Uncommitted work as a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// The commit; its one parent is the head.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
}

impl UserRepo {
    /// Has the files that the user ignores in every repository ignored here: `core.excludesFile` of this repository or
    /// of the user's own configuration, else `git/ignore` in the configuration directory. `home` and `config_home` are
    /// `HOME` and `XDG_CONFIG_HOME`. A file that is not there ignores nothing.
    #[must_use]
    pub fn ignoring(mut self, home: &Path, config_home: Option<&Path>) -> Self {
        let expanded = |value: &str| match value.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => PathBuf::from(value),
        };
        let named = self.settings.excludes_file().map(expanded);
        let named = named.or_else(|| self.git.users_path("core.excludesFile", home, config_home));
        let usual = || config_home.map_or_else(|| home.join(".config"), Path::to_owned).join("git/ignore");
        let file = named.unwrap_or_else(usual);
        self.ignore = Some(file).filter(|file| file.is_absolute() && file.is_file());
        self
    }

    /// That file as a setting.
    pub(crate) fn ignore_setting(&self) -> Vec<String> {
        let file = self.ignore.iter();
        file.flat_map(|file| ["-c".to_owned(), format!("core.excludesFile={}", file.display())]).collect()
    }

    /// Makes a commit of everything that is uncommitted: changed, staged, removed, and untracked files that are not
    /// ignored. It exists in the lens only, until [`UserRepo::bring`]. `at` dates it.
    ///
    /// # Errors
    /// [`RepoError::NotIncluded`] with the paths, and when git fails: in the middle of a merge, for one.
    pub fn include(&self, at: Stamp) -> Result<Included> {
        let index = self.copy_index(Clock::Original)?;
        let place = self.through_lens(&index);
        let settings = [self.settings.of_files(), self.ignore_setting()].concat();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let exclude = self.exclude();
        let exclusions: &[&str] =
            if self.common_dir.join("info/exclude").is_file() { &[exclude.as_str()] } else { &[] };
        let mut found = snapshot::differing_as(&self.git, place, &self.root, Ignored::LeftOut, &settings, exclusions)?;
        let name = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let names: Vec<String> = found.iter().map(|(path, _)| name(path)).collect();
        let filtered = self.filtered(names.iter().map(String::as_str))?;
        let mut refused: BTreeSet<String> = found
            .iter()
            .filter(|(_, kind)| matches!(kind, Kind::Repository | Kind::Special))
            .map(|(path, _)| name(path))
            .collect();
        if !filtered.is_empty() {
            // The content of these is not what git stores; the recorded sizes and times say which were touched.
            let touched = self.changed_since_head(&self.copy_index(Clock::Late)?)?;
            refused.extend(filtered.intersection(&touched).cloned());
            // Whoever is not in the index yet has no recorded time.
            let tracked = self.files(&self.head().commit)?;
            refused.extend(filtered.iter().filter(|path| !tracked.contains(path)).cloned());
            self.copy_index(Clock::Original)?;
        }
        if !refused.is_empty() {
            return Err(RepoError::NotIncluded(
                refused.iter().take(50).map(|path| text::one_line(path, 300)).collect(),
            ));
        }
        found.retain(|(path, _)| !filtered.contains(&name(path)));
        snapshot::take_as(&self.git, place, &found, &settings)?;
        let tree = self.git.line(place, &["write-tree"], b"")?;
        let message = "Uncommitted work\n\nTaken along into a run; the checkout it was taken from is as it was.\n";
        let commit = self.git.commit(self.lens(), &tree, &[self.head().commit.as_str()], message, at)?;
        Ok(Included { commit: CommitId::new(commit), tree: TreeId::new(tree) })
    }

    /// The checkout's files as they stand, uncommitted and untracked ones included, as the hash of a tree; what is ignored
    /// and what git cannot hold is left out. For comparing what stood there with what stands there: nothing is kept of it.
    ///
    /// # Errors
    /// When git fails: in the middle of a merge, for one.
    pub fn standing_tree(&self) -> Result<TreeId> {
        let index = self.copy_index(Clock::Original)?;
        let place = self.through_lens(&index);
        let settings = [self.settings.of_files(), self.ignore_setting()].concat();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let exclude = self.exclude();
        let exclusions: &[&str] =
            if self.common_dir.join("info/exclude").is_file() { &[exclude.as_str()] } else { &[] };
        let mut found = snapshot::differing_as(&self.git, place, &self.root, Ignored::LeftOut, &settings, exclusions)?;
        found.retain(|(_, kind)| matches!(kind, Kind::Plain | Kind::Gone));
        snapshot::take_as(&self.git, place, &found, &settings)?;
        self.git.line(place, &["write-tree"], b"").map(TreeId::new)
    }

    /// Brings such a commit into the user's object database, so that a run can keep it by its ref.
    ///
    /// # Errors
    /// When git fails.
    pub fn bring(&self, included: &Included) -> Result<()> {
        let wanted = format!("{}\n^{}\n", included.commit, self.head().commit);
        copy_objects(&self.git, self.lens(), &self.objects[0], &wanted)
    }
}
