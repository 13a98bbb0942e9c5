//! The YAML of a Markdown file: what stands between its fences, as one tree with places in the whole file.
//!
//! A file that is YAML itself, without a fence, is taken as it is: specifications paste it so.

use crate::node::{Node, NodeValue};
use crate::report::Report;
use crate::yaml;
use std::ops::Range;

/// Reads every YAML block of `text`. The tables of several blocks are laid beside each other; what is said twice is
/// an error.
pub(crate) fn read(report: &mut Report<'_>, top: &[&str]) -> Vec<(crate::node::Word, Node)> {
    let text = report.text;
    let mut all: Vec<(crate::node::Word, Node)> = Vec::new();
    for block in blocks(report, top) {
        let mut piece = text[block.clone()].to_owned();
        let mut at = 0;
        for line in text[block.clone()].split_inclusive('\n') {
            if let Some(mended) = mend(line).filter(|mended| mended.line.len() == line.len()) {
                piece.replace_range(at..at + line.len(), &mended.line);
                let start = block.start + at + mended.span.start;
                report.warn(start..block.start + at + mended.span.end, mended.what, None);
            }
            at += line.len();
        }
        let node = match yaml::read(&piece) {
            Ok(node) => node.moved(block.start),
            Err((span, what)) => {
                let what = format!("this is not YAML as it is read here: {what}");
                report.wrong(block.start + span.start..block.start + span.end, what, None);
                continue;
            }
        };
        match node.value {
            NodeValue::Null => {}
            NodeValue::Map(map) => {
                for (word, node) in map {
                    match all.iter().find(|(known, _)| known.text == word.text) {
                        Some((known, _)) => {
                            let line = text[..known.span.start].matches('\n').count() + 1;
                            let what = format!("{} was said on line {line} already", crate::error::quoted(&word.text));
                            report.wrong(word.span, what, None);
                        }
                        None => all.push((word, node)),
                    }
                }
            }
            NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number | NodeValue::Text(_) | NodeValue::List(_) => {
                report.wrong(node.span.clone(), format!("expected a table, found {}", node.kind()), None);
            }
        }
    }
    all
}

/// A line of YAML that is read as another one of the same length, so that places stay what they are.
struct Mended {
    line: String,
    /// What of the line is meant.
    span: Range<usize>,
    what: String,
}

/// `thinking: effort: high` is what the specification writes, and no YAML.
fn mend(line: &str) -> Option<Mended> {
    let start = line.len() - line.trim_start().len();
    let rest = line.trim_start().strip_prefix("thinking:")?;
    let inner = rest.trim_start();
    let level = inner.strip_prefix("effort:")?;
    let word = level.split_whitespace().next().filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let colon = line.len() - level.len() - 1;
    let mut mended = line.to_owned();
    mended.replace_range(colon..=colon, "=");
    let end = line.len() - level.len() + level.find(word).unwrap_or_default() + word.len();
    Some(Mended {
        line: mended,
        span: start..end,
        what: format!("`thinking: effort: {word}` is not YAML; read as `thinking: {{ effort: {word} }}`"),
    })
}

/// Where the YAML stands.
fn blocks(report: &mut Report<'_>, top: &[&str]) -> Vec<Range<usize>> {
    let text = report.text;
    let mut blocks = Vec::new();
    let mut open: Option<(char, usize, bool, usize, Range<usize>)> = None;
    let mut fences = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let bare = line.trim_end();
        let inner = bare.trim_start_matches(' ');
        let marker = inner.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = marker.map_or(0, |marker| inner.chars().take_while(|c| *c == marker).count());
        if length < 3 || bare.len() - inner.len() > 3 {
            continue;
        }
        let info = inner[length..].trim();
        match &open {
            None => {
                fences += 1;
                let word = info.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
                let is_yaml = matches!(word.as_str(), "yaml" | "yml");
                open = marker.map(|marker| (marker, length, is_yaml, end, start..start + bare.len()));
            }
            Some((marker, least, is_yaml, begin, _)) => {
                if inner.starts_with(*marker) && length >= *least && info.is_empty() {
                    if *is_yaml {
                        blocks.push(*begin..start);
                    }
                    open = None;
                }
            }
        }
    }
    if let Some((_, _, true, _, span)) = open {
        report.wrong(span, "this block is never closed".into(), Some("close it with a line of ```".into()));
        return Vec::new();
    }
    let names = |line: &str| top.iter().any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
    if fences == 0 && text.lines().any(names) {
        return std::iter::once(0..text.len()).collect();
    }
    if blocks.is_empty() && !text.trim().is_empty() {
        let hint = format!("begin a block with ```yaml; known tables: {}", top.join(", "));
        report.warn(0..text.lines().next().map_or(0, str::len), "no YAML in this file".into(), Some(hint));
    }
    blocks
}
