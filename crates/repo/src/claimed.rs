//! A diff that stands in an answer, tried: applied as it is to an index of its own, and committed beside everything else
//! of the run. Nothing of it reaches a checkout, a hook or a filter, and what does not apply is refused with git's words:
//! nothing is guessed, shifted or repaired.

use crate::collect::{CollectSpec, Collected, Trespass};
use crate::error::{Result, io};
use crate::names;
use crate::run::RunRepo;
use mao_core::ids::{CommitId, TreeId};
use mao_core::text;
use std::fs;

/// The longest diff that is tried, in bytes.
const LONGEST: usize = 64 * 1024;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It applies.
    Change {
        /// The commit on the base.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
        /// The paths that differ.
        files: Vec<String>,
        /// The diff as git writes it.
        diff: Vec<u8>,
    },
    /// It was not applied, for this reason, in one line.
    Refused(String),
}

impl RunRepo {
    /// What `claimed` makes of `base`, as one commit on it, kept as `refs/mao/<kept>`: within what `spec` allows, in text
    /// files alone, and exactly where it says.
    ///
    /// # Errors
    /// When git fails otherwise than by refusing the diff.
    pub fn try_diff(&self, base: &CommitId, claimed: &str, spec: &CollectSpec<'_>, kept: &str) -> Result<Tried> {
        names::many("ref", kept)?;
        if claimed.len() > LONGEST {
            return Ok(Tried::Refused(format!("it has {} bytes, and at most {LONGEST} are tried", claimed.len())));
        }
        if claimed.lines().any(|line| line.starts_with("GIT binary patch") || line.starts_with("Binary files ")) {
            return Ok(Tried::Refused("it changes a file that is no text".to_owned()));
        }
        let index = self.dir().join("index").join(format!(".{}", kept.replace('/', "-")));
        let tried = self.applied(base, claimed, &index);
        match fs::remove_file(&index) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(&index)(error)),
            Ok(()) | Err(_) => {}
        }
        let tree = match tried? {
            Ok(tree) => tree,
            Err(why) => return Ok(Tried::Refused(why)),
        };
        Ok(match self.commit_tree(base, &tree, spec)? {
            Collected::Change { commit, tree, files, diff } => {
                self.keep(kept, &commit)?;
                Tried::Change { commit, tree, files, diff }
            }
            Collected::NoChange => Tried::Refused("it changes nothing".to_owned()),
            Collected::Violation { trespasses } => {
                let paths: Vec<String> = trespasses.iter().map(Trespass::to_string).collect();
                Tried::Refused(text::one_line(&format!("it may not change {}", paths.join(", ")), 300))
            }
        })
    }

    /// The tree that it makes, or what git says against it.
    fn applied(
        &self,
        base: &CommitId,
        claimed: &str,
        index: &std::path::Path,
    ) -> Result<std::result::Result<String, String>> {
        let place = self.place().index(index);
        self.git().call(place, &["read-tree", "--reset", base.as_str()], b"")?;
        // The end of a text is often lost on its way through JSON; a last line without one is no line to git.
        let end = if claimed.ends_with('\n') { "" } else { "\n" };
        let patch = format!("{claimed}{end}");
        let out = self.git().run(place, &["apply", "--cached", "--whitespace=nowarn", "-"], patch.as_bytes(), &[])?;
        if out.code != 0 {
            let said = out.stderr.lines().map(|line| line.trim_start_matches("error: ")).collect::<Vec<_>>().join("; ");
            return Ok(Err(format!("it does not apply: {}", text::one_line(&said, 300))));
        }
        self.git().line(place, &["write-tree"], b"").map(Ok)
    }
}
