//! What a commit wrote, file by file and byte by byte: a change as a recording keeps it, so that nothing has to apply.

use crate::error::Result;
use crate::run::RunRepo;
use crate::snapshot;
use mao_core::ids::CommitId;

/// One path in which a commit differs from its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The path in the tree.
    pub path: String,
    /// Whether something stood there in the base that must go first: it is of another kind, or gone.
    pub replaced: bool,
    /// What stands there now; absent where nothing does.
    pub content: Option<Content>,
}

/// What stands at a path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file.
    Plain(Vec<u8>),
    /// A file that its owner may run.
    Executable(Vec<u8>),
    /// A link, with its target.
    Link(Vec<u8>),
}

impl RunRepo {
    /// What `to` wrote on `from`: first what goes, then what stands, each in git's order.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn written(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for entry in snapshot::between(self.git(), self.place(), from.as_str(), to.as_str())? {
            let read = || self.git().call(self.place(), &["cat-file", "blob", &entry.to_id], b"");
            let content = match entry.to_mode.as_str() {
                "100644" => Some(Content::Plain(read()?)),
                "100755" => Some(Content::Executable(read()?)),
                "120000" => Some(Content::Link(read()?)),
                // Gone; a submodule is never part of a change.
                _ => None,
            };
            let stood = entry.from_mode != "000000";
            written.push(Written {
                path: String::from_utf8_lossy(&entry.path).into_owned(),
                replaced: stood && (content.is_none() || entry.from_mode != entry.to_mode || entry.to_mode == "120000"),
                content,
            });
        }
        written.sort_by_key(|one| one.content.is_some());
        Ok(written)
    }
}
