//! Bytes to lines, in bounded memory: of a line that is too long the rest is dropped, and the line says so. It knows
//! nothing of what lines mean.

/// A line without its end, as far as it was kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) text: String,
    pub(crate) cut: bool,
}

/// Gathers the lines of one stream.
#[derive(Debug)]
pub(crate) struct Splitter {
    keep: usize,
    line: Vec<u8>,
    cut: bool,
}

impl Splitter {
    /// Keeps at most `keep` bytes of a line.
    pub(crate) fn new(keep: usize) -> Splitter {
        Splitter { keep, line: Vec::new(), cut: false }
    }

    /// Takes bytes in and gives finished lines out.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut emit: impl FnMut(Split)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.add(&bytes[..end]);
            emit(self.take());
            bytes = &bytes[end + 1..];
        }
        self.add(bytes);
    }

    /// What is left when the stream ends without a line end.
    pub(crate) fn rest(&mut self) -> Option<Split> {
        (!self.line.is_empty() || self.cut).then(|| self.take())
    }

    /// What is left when the stream is given up in the middle of a line.
    pub(crate) fn torn(&mut self) -> Option<Split> {
        self.rest().map(|split| Split { cut: true, ..split })
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.keep - self.line.len();
        let taken = bytes.len().min(room);
        self.cut |= taken < bytes.len();
        let needed = self.line.len() + taken;
        if needed > self.line.capacity() {
            // Doubling without a bound would reserve up to twice what may be kept.
            let wanted = needed.max(self.line.capacity() * 2).min(self.keep);
            self.line.reserve_exact(wanted - self.line.len());
        }
        self.line.extend_from_slice(&bytes[..taken]);
    }

    fn take(&mut self) -> Split {
        let mut line = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.cut);
        if !cut && line.last() == Some(&b'\r') {
            line.pop();
        }
        let (text, shortened) = lossy(line, self.keep);
        Split { text, cut: cut || shortened }
    }
}

/// Foreign bytes become U+FFFD, which is longer than they were; so the text is held to `keep` bytes once more.
fn lossy(line: Vec<u8>, keep: usize) -> (String, bool) {
    let line = match String::from_utf8(line) {
        Ok(text) => return (text, false),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        let mark = if chunk.invalid().is_empty() { "" } else { "\u{fffd}" };
        if text.len() + chunk.valid().len() + mark.len() > keep {
            let mut end = (keep - text.len()).min(chunk.valid().len());
            while !chunk.valid().is_char_boundary(end) {
                end -= 1;
            }
            text.push_str(&chunk.valid()[..end]);
            return (text, true);
        }
        text.push_str(chunk.valid());
        text.push_str(mark);
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(keep: usize, pieces: &[&[u8]]) -> Vec<(String, bool)> {
        let mut splitter = Splitter::new(keep);
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.feed(piece, |line| lines.push((line.text, line.cut)));
        }
        lines.extend(splitter.rest().map(|line| (line.text, line.cut)));
        lines
    }

    fn whole(lines: &[&str]) -> Vec<(String, bool)> {
        lines.iter().map(|line| ((*line).to_owned(), false)).collect()
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let bytes = "one\r\n\nzwölf\nlast".as_bytes();
        let expected = whole(&["one", "", "zwölf", "last"]);
        for at in 0..=bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(split(100, &[left, right]), expected, "cut at {at}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        assert_eq!(split(3, &[b"abcdef", b"ghi\nxyz\n"]), [("abc".to_owned(), true), ("xyz".to_owned(), false)]);
    }

    #[test]
    fn foreign_bytes_are_marked_and_never_grow_past_the_bound() {
        assert_eq!(split(100, &[b"a\xffb\n"]), [("a\u{fffd}b".to_owned(), false)]);
        let lines = split(9, &[&[0xff; 9], b"\n"]);
        assert_eq!(lines, [("\u{fffd}".repeat(3), true)]);
        assert_eq!(split(4, &["aaaö".as_bytes()]), [("aaa\u{fffd}".chars().take(3).collect::<String>(), true)]);
    }

    #[test]
    fn memory_stays_at_what_may_be_kept() {
        let mut splitter = Splitter::new(100_000);
        for _ in 0..1_000 {
            splitter.feed(&[b'x'; 65_536], |_| ());
        }
        assert!(splitter.line.capacity() <= 100_000, "{}", splitter.line.capacity());
    }
}
