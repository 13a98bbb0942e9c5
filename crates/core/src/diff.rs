//! A unified diff, taken apart without loss: every line of the text belongs to one file's header or to one hunk.
//!
//! Line counts of the hunk headers say where a hunk ends, so that no line of content is ever taken for a header.

use std::fmt;

/// A diff as git prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// In the text's order.
    pub files: Vec<FileDiff>,
}

/// What a diff says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Where it is now; where it was, if it is gone.
    pub path: String,
    /// Where it was, if it moved.
    pub from: Option<String>,
    /// Everything before the first hunk, whole.
    pub header: String,
    /// Whether git calls it binary.
    pub binary: bool,
    /// Its hunks in order; none where only name or mode changed.
    pub hunks: Vec<Hunk>,
}

/// A run of changed lines with the lines around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Its first line in the file as it was, from 1; 0 where there was none.
    pub old_start: u32,
    /// How many lines of the file as it was.
    pub old_lines: u32,
    /// Its first line in the file as it is, from 1; 0 where there is none.
    pub new_start: u32,
    /// How many lines of the file as it is.
    pub new_lines: u32,
    /// The hunk, whole, its header line included.
    pub text: String,
}

impl Hunk {
    /// Whether a line of the file as it is, from 1, stands in this hunk.
    #[must_use]
    pub const fn holds(&self, line: u32) -> bool {
        line >= self.new_start && line - self.new_start < self.new_lines
    }
}

/// Why a text is no diff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the diff: {what}")]
pub struct NotADiff {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: What,
}

/// What can be wrong with a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Something stands before the first file.
    BeforeTheFirstFile,
    /// A hunk header cannot be read.
    HunkHeader,
    /// A hunk ends before its counts are used up.
    ShortHunk,
    /// A path cannot be read.
    Path,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeTheFirstFile => "something stands before the first `diff --git`",
            Self::HunkHeader => "a hunk header that cannot be read",
            Self::ShortHunk => "the hunk ends before its counts are used up: the diff is cut",
            Self::Path => "a path that cannot be read",
        })
    }
}

impl Diff {
    /// Takes a diff apart.
    ///
    /// # Errors
    /// When the text is no diff of git's, or a cut one.
    pub fn parse(text: &str) -> Result<Self, NotADiff> {
        let mut files: Vec<FileDiff> = Vec::new();
        let mut lines = text.split_inclusive('\n').enumerate().peekable();
        while let Some((at, line)) = lines.next() {
            let wrong = |what| NotADiff { line: at + 1, what };
            if line.starts_with("diff --git ") {
                let path = both_names(line).ok_or_else(|| wrong(What::Path))?;
                files.push(FileDiff { path, from: None, header: line.into(), binary: false, hunks: Vec::new() });
                continue;
            }
            let file = files.last_mut().ok_or_else(|| wrong(What::BeforeTheFirstFile))?;
            if !line.starts_with("@@ ") {
                read_header(file, line).ok_or_else(|| wrong(What::Path))?;
                file.header.push_str(line);
                continue;
            }
            let mut hunk = hunk_header(line).ok_or_else(|| wrong(What::HunkHeader))?;
            let (mut old, mut new) = (hunk.old_lines, hunk.new_lines);
            while old > 0 || new > 0 || lines.peek().is_some_and(|(_, next)| next.starts_with('\\')) {
                let (at, next) = lines.next().ok_or_else(|| wrong(What::ShortHunk))?;
                let (less_old, less_new) = match next.as_bytes().first() {
                    Some(b' ' | b'\n') => (1, 1),
                    Some(b'-') => (1, 0),
                    Some(b'+') => (0, 1),
                    Some(b'\\') => (0, 0),
                    Some(_) | None => return Err(NotADiff { line: at + 1, what: What::ShortHunk }),
                };
                let short = NotADiff { line: at + 1, what: What::ShortHunk };
                old = old.checked_sub(less_old).ok_or_else(|| short.clone())?;
                new = new.checked_sub(less_new).ok_or(short)?;
                hunk.text.push_str(next);
            }
            file.hunks.push(hunk);
        }
        Ok(Self { files })
    }
}

/// Takes from a header line what it says of the file.
fn read_header(file: &mut FileDiff, line: &str) -> Option<()> {
    let line = line.trim_end_matches(['\n', '\r']);
    if let Some(name) = line.strip_prefix("rename from ").or_else(|| line.strip_prefix("copy from ")) {
        file.from = Some(unquoted(name)?);
    } else if let Some(name) = line.strip_prefix("rename to ").or_else(|| line.strip_prefix("copy to ")) {
        file.path = unquoted(name)?;
    } else if let Some(name) = line.strip_prefix("+++ ").filter(|name| *name != "/dev/null") {
        file.path = side(name, "b/")?;
    } else if let Some(name) = line.strip_prefix("--- ").filter(|name| *name != "/dev/null") {
        file.path = side(name, "a/")?;
    } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
        file.binary = true;
    }
    Some(())
}

/// `@@ -1,2 +3 @@ fn x()`.
fn hunk_header(line: &str) -> Option<Hunk> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let (old_start, old_lines) = range(old)?;
    let (new_start, new_lines) = range(new)?;
    Some(Hunk { old_start, old_lines, new_start, new_lines, text: line.to_owned() })
}

fn range(text: &str) -> Option<(u32, u32)> {
    match text.split_once(',') {
        Some((start, lines)) => Some((start.parse().ok()?, lines.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

/// The name in `diff --git a/NAME b/NAME`; where both differ the lines that follow say it.
fn both_names(line: &str) -> Option<String> {
    let names = line.trim_end_matches(['\n', '\r']).strip_prefix("diff --git ")?;
    if names.starts_with('"') || names.ends_with('"') {
        let at = names.find(" \"b/").or_else(|| names.find(" b/"))?;
        return side(&names[at + 1..], "b/");
    }
    // Without quotes and without a move both names are equal, and a space parts them in the middle.
    let middle = names.len() / 2;
    match (names.get(..middle), names.get(middle + 1..)) {
        (Some(old), Some(new)) if old.strip_prefix("a/").is_some() && old.get(2..) == new.get(2..) => side(new, "b/"),
        _ => side(&names[names.find(" b/")? + 1..], "b/"),
    }
}

fn side(name: &str, prefix: &str) -> Option<String> {
    // git ends a name that holds a space with a tab.
    unquoted(name.trim_end_matches('\t'))?.strip_prefix(prefix).map(str::to_owned)
}

/// A name as git prints it: plain, or in quotes with C escapes. What is no UTF-8 is replaced.
fn unquoted(name: &str) -> Option<String> {
    let Some(inner) = name.strip_prefix('"') else { return Some(name.to_owned()) };
    let mut bytes = inner.strip_suffix('"')?.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            digit @ b'0'..=b'3' => {
                let rest = [bytes.next()?, bytes.next()?];
                rest.iter().try_fold(digit - b'0', |sum, next| {
                    matches!(next, b'0'..=b'7').then(|| sum.wrapping_mul(8).wrapping_add(next - b'0'))
                })?
            }
            plain @ (b'\\' | b'"') => plain,
            _ => return None,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
