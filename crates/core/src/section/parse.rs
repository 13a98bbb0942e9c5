//! Reading a task file line by line: headings, checkboxes, fences. It never fails: what it cannot place is a lint.

use super::number::Number;
use super::{Item, Lint, LintKind, Section, TaskFile, fields, lint};
use crate::ids::SectionId;
use crate::text::one_line;
use std::collections::BTreeSet;

/// The longest title or item text that is kept, in characters.
const LONGEST: usize = 500;

/// A heading of any kind, with its number where it has one.
struct Heading {
    at: usize,
    level: u8,
    named: Option<Named>,
}

struct Named {
    number: Number,
    title: String,
    /// Whether `Section` or `Phase` stands before the number.
    has_word: bool,
}

/// A checkbox before its end is known.
struct Tick {
    at: usize,
    indent: usize,
    number: Option<Number>,
    text: String,
    done: bool,
}

/// Reads a task file.
#[must_use]
pub fn parse(text: &str) -> TaskFile {
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).lines().collect();
    let mut lints = Vec::new();
    let (headings, boxes) = scan(&lines, &mut lints);
    // Measured once: nested items look at the same lines again.
    let indents: Vec<_> = lines.iter().map(|line| indent(line)).collect();
    let items = items(&indents, &headings, &boxes);
    let found = numbered(&headings, lines.len(), &mut lints);

    let sections: Vec<Section> =
        found.iter().map(|(heading, named, end)| section(&lines, heading, named, *end, &items, &headings)).collect();
    // Which section each line belongs to: an inner section comes after its outer one, so the inner one stays.
    let mut owners: Vec<Option<&Number>> = vec![None; lines.len()];
    for (heading, named, end) in &found {
        owners[heading.at..*end].fill(Some(&named.number));
    }
    let loose = items.iter().filter(|(at, _)| owners[*at].is_none()).map(|(_, item)| item.clone()).collect();

    lint::sections(found.iter().map(|(heading, named, _)| (heading.at + 1, &named.number)), &mut lints);
    let ticks = boxes.iter().filter_map(|tick| Some((tick.at + 1, tick.number.as_ref()?, owners[tick.at])));
    lint::items(ticks, &mut lints);
    lints.sort_by_key(|lint| lint.line);
    TaskFile { sections, loose, lints, text: lines.join("\n") }
}

/// All headings and checkboxes outside fences and comments.
fn scan(lines: &[&str], lints: &mut Vec<Lint>) -> (Vec<Heading>, Vec<Tick>) {
    let mut headings = Vec::new();
    let mut boxes = Vec::new();
    let mut fence: Option<(usize, char, usize)> = None;
    let mut comment: Option<usize> = None;
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if let Some((_, mark, length)) = fence {
            if run_of(bare, mark) >= length && bare.trim_start_matches(mark).is_empty() {
                fence = None;
            }
        } else if comment.is_some() {
            comment = comment.filter(|_| !bare.contains("-->"));
        } else if let Some((mark, length)) = opens_fence(bare) {
            fence = Some((at, mark, length));
        } else if bare.starts_with("<!--") {
            comment = Some(at).filter(|_| !bare.contains("-->"));
        } else if let Some(heading) = heading(line, at) {
            headings.push(heading);
        } else if let Some(found) = checkbox(line, at) {
            boxes.push(found);
        }
    }
    if let Some((at, _, _)) = fence {
        lints.push(Lint {
            line: at + 1,
            kind: LintKind::Unclosed,
            what: "this code fence is never closed, so nothing after it is read".into(),
        });
    }
    if let Some(at) = comment {
        lints.push(Lint {
            line: at + 1,
            kind: LintKind::Unclosed,
            what: "this comment is never closed, so nothing after it is read".into(),
        });
    }
    (headings, boxes)
}

fn run_of(text: &str, mark: char) -> usize {
    text.chars().take_while(|&c| c == mark).count()
}

fn opens_fence(bare: &str) -> Option<(char, usize)> {
    let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = run_of(bare, mark);
    let inline = mark == '`' && bare[length..].contains('`');
    (length >= 3 && !inline).then_some((mark, length))
}

fn heading(line: &str, at: usize) -> Option<Heading> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let bare = line.trim();
    let level = run_of(bare, '#');
    let rest = &bare[level..];
    if indent > 3 || !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let level = u8::try_from(level).ok()?;
    let named = if (2..=3).contains(&level) { named(rest.trim()) } else { None };
    Some(Heading { at, level, named })
}

fn named(text: &str) -> Option<Named> {
    let text = text.trim_end_matches('#').trim_end();
    // Emphasis and signs such as a tick may stand before the number.
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_') || !(c.is_ascii() || c.is_alphanumeric())
    });
    let word = |name: &str| {
        let (head, rest) = text.split_at_checked(name.len())?;
        (head.eq_ignore_ascii_case(name) && rest.starts_with([' ', '\t'])).then(|| rest.trim_start())
    };
    let worded = word("section").or_else(|| word("phase"));
    let (number, title) = worded.map_or_else(|| Number::lead(text), Number::after_word)?;
    Some(Named { number, title: one_line(title.trim_end_matches(['*', '_']), LONGEST), has_word: worded.is_some() })
}

fn checkbox(line: &str, at: usize) -> Option<Tick> {
    let bare = line.trim_start();
    let indent = indent(line)?;
    let after_mark = bare.strip_prefix(['-', '*', '+']).or_else(|| {
        let digits = bare.trim_start_matches(|c: char| c.is_ascii_digit());
        let some = !digits.is_empty() && bare.len() - digits.len() <= 9 && digits.len() < bare.len();
        digits.strip_prefix(['.', ')']).filter(|_| some)
    })?;
    let tick = after_mark.trim_start().strip_prefix('[').filter(|_| after_mark.starts_with([' ', '\t']))?;
    let (done, rest) = match tick.as_bytes() {
        [b' ', b']', ..] => (false, &tick[2..]),
        [b'x' | b'X', b']', ..] => (true, &tick[2..]),
        [..] => return None,
    };
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let text = rest.trim();
    let (number, text) = match Number::lead(text.trim_start_matches(['*', '_'])) {
        Some((number, text)) => (Some(number), text),
        None => (None, text),
    };
    Some(Tick { at, indent, number, text: one_line(text, LONGEST), done })
}

/// The items with their depth and body. Nesting ends at every heading.
fn items(indents: &[Option<usize>], headings: &[Heading], boxes: &[Tick]) -> Vec<(usize, Item)> {
    let mut items: Vec<(usize, Item)> = Vec::with_capacity(boxes.len());
    let mut open: Vec<usize> = Vec::new();
    let mut next_heading = headings.iter().map(|heading| heading.at).peekable();
    for (index, found) in boxes.iter().enumerate() {
        let border = next_heading.next_if(|at| *at < found.at);
        if let Some(border) = border {
            open.drain(..).for_each(|index| close(indents, &boxes[index], &mut items[index].1, border));
            while next_heading.next_if(|at| *at < found.at).is_some() {}
        }
        while let Some(last) = open.pop_if(|last| boxes[*last].indent >= found.indent) {
            close(indents, &boxes[last], &mut items[last].1, found.at);
        }
        if let Some(parent) = open.last() {
            items[*parent].1.leaf = false;
        }
        let item = Item {
            id: found.number.as_ref().map(ToString::to_string),
            text: found.text.clone(),
            done: found.done,
            line: found.at + 1,
            depth: open.len(),
            leaf: true,
            last: found.at + 1,
        };
        items.push((found.at, item));
        open.push(index);
    }
    let border = next_heading.next().unwrap_or(indents.len());
    open.drain(..).for_each(|index| close(indents, &boxes[index], &mut items[index].1, border));
    items
}

/// Gives an item its last line: to `border`, or before it to the first unindented line that follows an empty one.
fn close(indents: &[Option<usize>], found: &Tick, item: &mut Item, border: usize) {
    let mut empty = false;
    for (at, indent) in indents.iter().enumerate().take(border).skip(found.at + 1) {
        if empty && indent.is_some_and(|indent| indent <= found.indent) {
            break;
        }
        if indent.is_some() {
            item.last = at + 1;
        }
        empty = indent.is_none();
    }
}

/// The column at which a line's text begins; `None` where it has none.
fn indent(line: &str) -> Option<usize> {
    let space = line.len() - line.trim_start().len();
    let columns = line[..space].chars().fold(0, |column, c| match c {
        '\t' => column / 4 * 4 + 4,
        _ => column + 1,
    });
    (space < line.len()).then_some(columns)
}

/// The headings that are sections, each with the line index at which it ends.
fn numbered<'a>(headings: &'a [Heading], length: usize, lints: &mut Vec<Lint>) -> Vec<(&'a Heading, &'a Named, usize)> {
    let mut found = Vec::new();
    let mut outer: Option<&Named> = None;
    let mut ends = vec![length; headings.len()];
    // The next heading of a level as high or higher, found from the back in one pass.
    let mut next = [length; 7];
    for (index, heading) in headings.iter().enumerate().rev() {
        let level = usize::from(heading.level);
        ends[index] = next[level];
        next[level..].fill(heading.at);
    }
    let tops: BTreeSet<&Number> =
        headings.iter().filter(|h| h.level == 2).filter_map(|h| Some(&h.named.as_ref()?.number)).collect();
    for (heading, end) in headings.iter().zip(ends) {
        if heading.level <= 2 {
            outer = heading.named.as_ref();
        }
        let Some(named) = &heading.named else { continue };
        // `### 1. Step` inside `## Section 2` counts steps of that section and is not the file's number 1. Neither is
        // `### Phase 1`, where a section of the file has that number.
        let local = heading.level == 3 && named.number.is_whole() && (!named.has_word || tops.contains(&named.number));
        let counted_within = outer.filter(|_| local);
        if let Some(outer) = counted_within {
            let what = format!("this heading counts within section {}, so it has no address of its own", outer.number);
            lints.push(Lint { line: heading.at + 1, kind: LintKind::Local, what });
            continue;
        }
        if let Some(outer) = outer.filter(|outer| heading.level == 3 && !named.number.within(&outer.number)) {
            let what = format!("section {} stands inside section {}", named.number, outer.number);
            lints.push(Lint { line: heading.at + 1, kind: LintKind::Misplaced, what });
        }
        found.push((heading, named, end));
    }
    found
}

fn section(
    lines: &[&str],
    heading: &Heading,
    named: &Named,
    end: usize,
    items: &[(usize, Item)],
    headings: &[Heading],
) -> Section {
    let own = &lines[heading.at..end];
    let first = items.partition_point(|(at, _)| *at < heading.at);
    let last = items.partition_point(|(at, _)| *at < end);
    let first_heading = headings.partition_point(|h| h.at < heading.at);
    let borders: Vec<usize> =
        headings[first_heading..].iter().map(|h| h.at).take_while(|at| *at < end).map(|at| at - heading.at).collect();
    let fields = fields::read(own, &borders);
    Section {
        id: SectionId::new(named.number.to_string()),
        title: named.title.clone(),
        level: heading.level,
        line: heading.at + 1,
        body: own.join("\n").trim_end().to_owned(),
        items: items[first..last].iter().map(|(_, item)| item.clone()).collect(),
        refs: fields.refs,
        acceptance: fields.acceptance,
        files: fields.files,
        depends: fields.depends,
    }
}
