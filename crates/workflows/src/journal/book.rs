//! `journal.md` as a book of entries: each between two marks with its name, in the order of time. An entry that is written
//! again takes its own place; two books are one by the names of their entries.

/// Where the book stands in the tree.
pub const PATH: &str = "journal.md";

const HEADER: &str =
    "# Journal\n\nOne entry a session, the newest last. What stands between two marks is written by `mao`.\n";

/// A part of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// What a person wrote.
    Text(String),
    /// An entry.
    Entry { id: String, at: u64, text: String },
}

/// One entry, marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Its name.
    pub id: String,
    /// When its session was written down, in milliseconds.
    pub at: u64,
    /// Its Markdown.
    pub text: String,
}

/// The book with this entry in it.
#[must_use]
pub fn put(book: Option<&str>, entry: Marked) -> String {
    let mut parts = parse(book.unwrap_or(HEADER));
    place(&mut parts, entry);
    draw(&parts)
}

/// JRN-05: two books as one: ours, with the entries that only theirs has, and the later one of those that both have.
#[must_use]
pub fn merge(ours: &str, theirs: &str) -> String {
    let mut parts = parse(ours);
    for part in parse(theirs) {
        let Part::Entry { id, at, text } = part else { continue };
        let known = parts.iter().find_map(|part| match part {
            Part::Entry { id: own, at, .. } if *own == id => Some(*at),
            Part::Entry { .. } | Part::Text(_) => None,
        });
        if known.is_none_or(|known| known <= at) {
            place(&mut parts, Marked { id, at, text });
        }
    }
    draw(&parts)
}

/// The names of the book's entries, in their order.
#[must_use]
pub fn names(book: &str) -> Vec<String> {
    let name = |part| match part {
        Part::Entry { id, .. } => Some(id),
        Part::Text(_) => None,
    };
    parse(book).into_iter().filter_map(name).collect()
}

/// In its place by time; what is written again at the same time stays where it is.
fn place(parts: &mut Vec<Part>, entry: Marked) {
    let Marked { id, at, text } = entry;
    let same = parts.iter().position(|part| matches!(part, Part::Entry { id: own, .. } if *own == id));
    let stays = same.filter(|known| matches!(&parts[*known], Part::Entry { at: known, .. } if *known == at));
    let new = Part::Entry { id, at, text };
    if let Some(known) = stays {
        parts[known] = new;
        return;
    }
    if let Some(known) = same {
        parts.remove(known);
    }
    let later = parts.iter().position(|part| matches!(part, Part::Entry { at: other, .. } if *other > at));
    parts.insert(later.unwrap_or(parts.len()), new);
}

fn parse(book: &str) -> Vec<Part> {
    let lines: Vec<&str> = book.lines().collect();
    let (mut parts, mut text, mut at_line) = (Vec::new(), String::new(), 0);
    while let Some(line) = lines.get(at_line) {
        at_line += 1;
        // A mark that is not closed before the next one is a person's text.
        let entry = opening(line).and_then(|(id, at)| {
            let (rest, end) = (&lines[at_line..], closing(&id));
            let length = rest.iter().position(|line| line.trim() == end || opening(line).is_some())?;
            (rest[length].trim() == end).then_some((id, at, length))
        });
        let Some((id, at, length)) = entry else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let body = lines[at_line..at_line + length].join("\n");
        at_line += length + 1;
        if !text.trim().is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        text.clear();
        parts.push(Part::Entry { id, at, text: format!("{body}\n") });
    }
    if !text.trim().is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

fn opening(line: &str) -> Option<(String, u64)> {
    let inner = line.trim().strip_prefix("<!-- mao:entry ")?.strip_suffix(" -->")?;
    let (id, at) = inner.split_once(" at ")?;
    Some((id.to_owned(), at.parse().ok()?))
}

fn closing(id: &str) -> String {
    format!("<!-- /mao:entry {id} -->")
}

fn draw(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.trim_end().to_owned(),
        Part::Entry { id, at, text } => {
            format!("<!-- mao:entry {id} at {at} -->\n{}\n{}", text.trim_end(), closing(id))
        }
    };
    let mut out = parts.iter().map(part).collect::<Vec<_>>().join("\n\n");
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, at: u64, text: &str) -> Marked {
        Marked { id: id.into(), at, text: text.into() }
    }

    #[test]
    fn jrn_03_entries_are_appended_in_the_order_of_time_under_a_header() {
        let one = put(None, entry("a", 10, "## A"));
        assert!(one.starts_with("# Journal\n"), "{one}");
        let two = put(Some(&put(Some(&one), entry("c", 30, "## C"))), entry("b", 20, "## B"));
        assert_eq!(names(&two), ["a", "b", "c"]);
        assert_eq!(put(Some(&two), entry("b", 20, "## B")), two, "written again, it is the same");
        assert!(two.starts_with(one.trim_end()), "what was there stays as it is");
    }

    #[test]
    fn jrn_05_the_same_session_is_updated_and_two_books_are_one() {
        let base = put(None, entry("a", 10, "## A"));
        let ours = put(Some(&base), entry("b", 20, "## B"));
        let theirs = put(Some(&put(Some(&base), entry("c", 15, "## C"))), entry("a", 40, "## A, again"));
        let both = merge(&ours, &theirs);
        assert_eq!(names(&both), ["c", "b", "a"]);
        assert!(both.contains("## A, again") && both.contains("## B") && both.contains("## C"));
        assert_eq!(merge(&both, &theirs), both);
        let prose = format!("{base}\nA person's own words.\n\n<!-- mao:entry x at 1 -->\nnever closed\n");
        let kept = put(Some(&prose), entry("d", 50, "## D"));
        assert!(kept.contains("A person's own words.") && kept.contains("never closed"));
        assert_eq!(names(&kept), ["a", "d"]);
    }
}
