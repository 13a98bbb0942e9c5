//! A diff as a run records it: its shape without its text, and the pieces it is sent in, whose texts are blobs.
//!
//! One value is small; many of them make a diff. `mao_policy::packing` writes and reads them.

use crate::ids::BlobId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a file's content is left out of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is no text.
    Binary,
    /// Only its name or its mode changed.
    NoContent,
    /// A tool wrote it: a lock file, generated code.
    Generated,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "binary",
            Self::NoContent => "only its name or mode changed",
            Self::Generated => "generated or locked",
        })
    }
}

/// Where a hunk stands: first line and number of lines as it was, then as it is.
pub type Span = (u32, u32, u32, u32);

/// What differs between two commits, as a step found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The diff, whole.
    pub diff: BlobId,
    /// How many files it touches.
    pub files: u64,
    /// How many places in it are a matter of security.
    pub hits: u64,
    /// Its parts.
    pub packed: Vec<Packed>,
}

/// One part of a recorded diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "packed")]
pub enum Packed {
    /// The next file of the diff.
    File {
        /// Where it is now; where it was, if it is gone.
        path: String,
        /// Where it was, if it moved.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        from: Option<String>,
        /// Its hunks, or the first of them.
        hunks: Vec<Span>,
    },
    /// More hunks of the file before it.
    Hunks {
        /// They follow those before them.
        hunks: Vec<Span>,
    },
    /// The next piece that goes to a reviewer in one call.
    Chunk {
        /// Its text.
        text: BlobId,
        /// What it takes, estimated.
        tokens: u64,
        /// What is in it: a file's place in the diff, and its hunks from one place to before another.
        pieces: Vec<(usize, usize, usize)>,
    },
    /// A file that is listed only.
    Listed {
        /// Its place in the diff.
        file: usize,
        /// Why.
        why: Why,
    },
    /// A hunk that is larger than any piece may be: nobody reviews it.
    Oversize {
        /// The file's place in the diff.
        file: usize,
        /// The hunk's place in the file.
        hunk: usize,
        /// What it would take, estimated.
        tokens: u64,
    },
    /// A place that is a matter of security, in words: pattern, file and line.
    Hit {
        /// `src/login.rs:12:4 matches "auth"`.
        shown: String,
    },
}
