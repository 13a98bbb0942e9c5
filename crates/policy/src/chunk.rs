//! CNK-02, CNK-04: a long diff in pieces that fit: by file, then by hunk, never in the middle of a hunk. The same diff
//! gives the same chunks.
//!
//! Nothing is dropped unsaid: every hunk is in exactly one chunk, or its file is listed with the reason, or it is named
//! as unreviewed.

use crate::tokens::tokens;
use mao_core::diff::{Diff, FileDiff, Hunk};
use mao_core::glob::{self, Glob};
pub use mao_core::packed::Why;
use std::ops::Range;

/// The hunks of one file that are reviewed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file's place in the diff.
    pub file: usize,
    /// Its hunks, by their place in the file.
    pub hunks: Range<usize>,
}

/// What goes to a reviewer in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// In the diff's order.
    pub pieces: Vec<Piece>,
    /// What it takes, estimated.
    pub tokens: u64,
}

/// A file that is listed and counted, its content left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file's place in the diff.
    pub file: usize,
    /// Why.
    pub why: Why,
}

/// A hunk that is larger than any chunk may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oversize {
    /// The file's place in the diff.
    pub file: usize,
    /// The hunk's place in the file.
    pub hunk: usize,
    /// What it would take, estimated, with its header.
    pub tokens: u64,
}

/// A diff as it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packing {
    /// What is reviewed, in order.
    pub chunks: Vec<Chunk>,
    /// What is listed only.
    pub listed: Vec<Listed>,
    /// What nobody reviews.
    pub unreviewed: Vec<Oversize>,
}

/// Packs a diff into chunks of at most `limit` tokens. Files that `generated` means are listed only.
#[must_use]
pub fn pack(diff: &Diff, limit: u64, generated: &[Glob]) -> Packing {
    let mut packing = Packing::default();
    let mut open = Chunk::default();
    for (at, file) in diff.files.iter().enumerate() {
        if let Some(why) = left_out(file, generated) {
            packing.listed.push(Listed { file: at, why });
            continue;
        }
        let whole = Piece { file: at, hunks: 0..file.hunks.len() };
        let size = tokens(&text_of(file, &whole.hunks));
        if size <= limit {
            if open.tokens + size > limit {
                packing.close(&mut open);
            }
            open.tokens += size;
            open.pieces.push(whole);
        } else {
            // A file that fits nowhere whole shares its chunks with nobody.
            packing.close(&mut open);
            packing.split(at, file, limit);
        }
    }
    packing.close(&mut open);
    packing
}

/// A chunk as text: each piece with its file's header.
#[must_use]
pub fn render(diff: &Diff, chunk: &Chunk) -> String {
    let pieces = chunk.pieces.iter().filter_map(|piece| Some((diff.files.get(piece.file)?, piece)));
    pieces.map(|(file, piece)| text_of(file, &piece.hunks)).collect()
}

impl Packing {
    fn close(&mut self, open: &mut Chunk) {
        if !open.pieces.is_empty() {
            self.chunks.push(std::mem::take(open));
        }
    }

    /// Splits a file at its hunks, its header with each part.
    fn split(&mut self, at: usize, file: &FileDiff, limit: u64) {
        let header = tokens(&file.header);
        let mut from = 0;
        let mut size = header;
        for (no, hunk) in file.hunks.iter().enumerate() {
            let own = tokens(&hunk.text);
            let alone = header + own;
            if alone > limit || size + own > limit {
                self.part(at, from..no, size);
                from = no;
                size = header;
            }
            if alone > limit {
                self.unreviewed.push(Oversize { file: at, hunk: no, tokens: alone });
                from = no + 1;
            } else {
                size += own;
            }
        }
        self.part(at, from..file.hunks.len(), size);
    }

    fn part(&mut self, file: usize, hunks: Range<usize>, tokens: u64) {
        if !hunks.is_empty() {
            self.chunks.push(Chunk { pieces: vec![Piece { file, hunks }], tokens });
        }
    }
}

fn left_out(file: &FileDiff, generated: &[Glob]) -> Option<Why> {
    if file.binary {
        Some(Why::Binary)
    } else if file.hunks.is_empty() {
        Some(Why::NoContent)
    } else {
        glob::any(generated, &file.path).then_some(Why::Generated)
    }
}

fn text_of(file: &FileDiff, hunks: &Range<usize>) -> String {
    let hunks = file.hunks.get(hunks.clone()).unwrap_or_default();
    std::iter::once(file.header.as_str()).chain(hunks.iter().map(|hunk: &Hunk| hunk.text.as_str())).collect()
}
