//! A packed diff on its way into a record and back: whoever folds the record has its shape without a single line of its
//! text, and that is enough to merge what reviewers say and to check the places they name.

use crate::chunk::{Chunk, Listed, Oversize, Packing, Piece, render};
use crate::triggers::{Changed, Hit, Line, Side};
use mao_core::diff::{Diff, FileDiff, Hunk};
use mao_core::ids::BlobId;
use mao_core::packed::{Packed, Span};

/// How many hunks one recorded value holds.
const HUNKS: usize = 300;

/// How many places of security are recorded with their words; more are only counted.
const HITS: usize = 200;

/// A packed diff as values to record. `text` keeps a chunk's text and gives its name.
///
/// # Errors
/// What `text` says.
pub fn recorded<E>(
    diff: &Diff,
    packing: &Packing,
    hits: &[Hit],
    mut text: impl FnMut(&str) -> Result<BlobId, E>,
) -> Result<Vec<Packed>, E> {
    let mut out = Vec::new();
    for file in &diff.files {
        let spans: Vec<Span> =
            file.hunks.iter().map(|hunk| (hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)).collect();
        let mut batches = spans.chunks(HUNKS).map(<[Span]>::to_vec);
        let hunks = batches.next().unwrap_or_default();
        out.push(Packed::File { path: file.path.clone(), from: file.from.clone(), hunks });
        out.extend(batches.map(|hunks| Packed::Hunks { hunks }));
    }
    for chunk in &packing.chunks {
        let pieces = chunk.pieces.iter().map(|piece| (piece.file, piece.hunks.start, piece.hunks.end));
        let text = text(&render(diff, chunk))?;
        out.push(Packed::Chunk { text, tokens: chunk.tokens, pieces: pieces.collect() });
    }
    out.extend(packing.listed.iter().map(|listed| Packed::Listed { file: listed.file, why: listed.why }));
    let oversize = |over: &Oversize| Packed::Oversize { file: over.file, hunk: over.hunk, tokens: over.tokens };
    out.extend(packing.unreviewed.iter().map(oversize));
    out.extend(hits.iter().take(HITS).map(|hit| Packed::Hit { shown: hit.shown() }));
    Ok(out)
}

/// A recorded diff: its shape, how it was packed, and the name of each chunk's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// Its files and hunks; every text in it is empty.
    pub diff: Diff,
    /// How it was packed.
    pub packing: Packing,
    /// The texts of the chunks, in their order.
    pub texts: Vec<BlobId>,
    /// Places that are a matter of security, in words.
    pub hits: Vec<String>,
}

/// Puts recorded values together again.
#[must_use]
pub fn recalled<'a>(items: impl IntoIterator<Item = &'a Packed>) -> Recalled {
    let mut out =
        Recalled { diff: Diff { files: Vec::new() }, packing: Packing::default(), texts: Vec::new(), hits: Vec::new() };
    for item in items {
        match item {
            Packed::File { path, from, hunks } => out.diff.files.push(FileDiff {
                path: path.clone(),
                from: from.clone(),
                header: String::new(),
                binary: false,
                hunks: hunks.iter().map(hunk).collect(),
            }),
            Packed::Hunks { hunks } => {
                out.diff.files.last_mut().into_iter().for_each(|file| file.hunks.extend(hunks.iter().map(hunk)));
            }
            Packed::Chunk { text, tokens, pieces } => {
                let pieces = pieces.iter().map(|(file, from, to)| Piece { file: *file, hunks: *from..*to });
                out.packing.chunks.push(Chunk { pieces: pieces.collect(), tokens: *tokens });
                out.texts.push(text.clone());
            }
            Packed::Listed { file, why } => out.packing.listed.push(Listed { file: *file, why: *why }),
            Packed::Oversize { file, hunk, tokens } => {
                out.packing.unreviewed.push(Oversize { file: *file, hunk: *hunk, tokens: *tokens });
            }
            Packed::Hit { shown } => out.hits.push(shown.clone()),
        }
    }
    out
}

fn hunk(span: &Span) -> Hunk {
    let (old_start, old_lines, new_start, new_lines) = *span;
    Hunk { old_start, old_lines, new_start, new_lines, text: String::new() }
}

/// A diff as the patterns of security are looked for in it: every line that came or went, with its number.
#[must_use]
pub fn changes(diff: &Diff) -> Vec<Changed> {
    let of = |file: &FileDiff| Changed {
        paths: std::iter::once(file.path.clone()).chain(file.from.clone()).collect(),
        lines: file.hunks.iter().flat_map(lines).collect(),
    };
    diff.files.iter().map(of).collect()
}

fn lines(hunk: &Hunk) -> Vec<Line> {
    let (mut old, mut new) = (hunk.old_start, hunk.new_start);
    let mut out = Vec::new();
    for text in hunk.text.lines().skip(1) {
        let line = |side, number, text: &str| Line { side, number, text: text.to_owned() };
        match text.split_at_checked(1) {
            Some(("+", rest)) => {
                out.push(line(Side::Added, new, rest));
                new += 1;
            }
            Some(("-", rest)) => {
                out.push(line(Side::Removed, old, rest));
                old += 1;
            }
            Some(("\\", _)) => {}
            Some(_) | None => {
                old += 1;
                new += 1;
            }
        }
    }
    out
}
