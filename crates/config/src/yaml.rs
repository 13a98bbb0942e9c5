//! YAML into a tree with places, within a budget: an alias bomb, a deep nest or a second document is an error.
//!
//! It follows no include, resolves no variable and knows no key.

use crate::node::{Node, NodeValue, Word};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, MessageFormatter, RenderOptions, SnippetMode, Spanned, UserMessageFormatter};
use std::fmt;
use std::ops::Range;

/// Reads one document. The error has its place and what is wrong.
pub(crate) fn read(text: &str) -> Result<Node, (Range<usize>, String)> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 24,
            max_documents: 1,
            max_events: 40_000,
            max_nodes: 12_000,
            max_aliases: 200,
            max_anchors: 200,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: 1 << 20,
            max_total_scalar_bytes: 1 << 20,
            max_merge_keys: 50,
            flow_nesting_limit: 24,
        },
        emit_comments: false,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 200,
        },
    };
    match serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options) {
        Ok(tree) => Ok(node(tree)),
        Err(error) => {
            let at = error.location().map_or(0..0, |place| span(place, text));
            Err((at, said(&error)))
        }
    }
}

/// What is wrong, in one line and without the place, which is shown apart.
fn said(error: &serde_saphyr::Error) -> String {
    let formatter: &dyn MessageFormatter = &UserMessageFormatter;
    let mut options = RenderOptions::new(formatter);
    options.snippets = SnippetMode::Off;
    let said = error.render_with_options(options);
    let line = said.lines().next().unwrap_or_default();
    if line.contains("limits breached") || line.contains("limit exceeded") {
        return "this is too large, too deep, or repeats itself too often".into();
    }
    let line = line.split(" at line ").next().unwrap_or(line);
    mao_core::text::one_line(line.trim_start_matches("error: "), 200)
}

/// A place in bytes. Where only line and column are known, they are looked up.
fn span(place: Location, text: &str) -> Range<usize> {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    if let Some(start) = place.span().byte_offset() {
        let start = number(start);
        return start..start.saturating_add(place.span().byte_len().map_or(0, number));
    }
    let line = number(place.line()).saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = number(place.column()).saturating_sub(1);
    let within: usize = text[before..].chars().take_while(|c| *c != '\n').take(column).map(char::len_utf8).sum();
    before + within..before + within
}

fn node(tree: Spanned<Tree>) -> Node {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let place = tree.referenced.span();
    let start = place.byte_offset().map_or(0, number);
    let value = match tree.value {
        Tree::Scalar(value) => value,
        Tree::List(list) => NodeValue::List(list.into_iter().map(node).collect()),
        Tree::Map(map) => {
            let entry = |(word, value): (Spanned<String>, Spanned<Tree>)| {
                let place = word.referenced.span();
                let start = place.byte_offset().map_or(0, number);
                let span = start..start + place.byte_len().map_or(0, number);
                (Word { text: word.value, span }, node(value))
            };
            NodeValue::Map(map.into_iter().map(entry).collect())
        }
    };
    Node { span: start..start + place.byte_len().map_or(0, number), value }
}

/// What the deserializer fills.
enum Tree {
    Scalar(NodeValue),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Int(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(u64::try_from(value).map_or(NodeValue::Number, NodeValue::Int)))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Number))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(NodeValue::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = access.next_element()? {
            list.push(entry);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = access.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_places() {
        let text = "a:\n  b: [x, 'y z', 3, true, ~, -1, 2.5]\n  gpt-5.2: é\n";
        let node = read(text).expect("a document");
        let (word, inner) = &node.map().expect("a table")[0];
        assert_eq!((word.text.as_str(), &text[word.span.clone()]), ("a", "a"));
        let (word, list) = &inner.map().expect("a table")[0];
        assert_eq!(&text[word.span.clone()], "b");
        let list = list.list().expect("a list");
        assert_eq!(&text[list[0].span.clone()], "x");
        assert_eq!(list[1].text(), Some("y z"));
        assert_eq!((list[2].int(), list[3].bool(), &list[4].value), (Some(3), Some(true), &NodeValue::Null));
        let (word, last) = &inner.map().expect("a table")[1];
        assert_eq!((word.text.as_str(), last.text()), ("gpt-5.2", Some("é")));
        assert_eq!(&text[last.span.clone()], "é");
    }

    #[test]
    fn what_is_no_small_document_is_an_error_with_a_place() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
            + &(1..12).fold(String::new(), |text, i| {
                let (from, to) = (char::from(b'a' + i - 1), char::from(b'a' + i));
                format!("{text}{to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(","))
            });
        let deep = "[".repeat(5000);
        let nest = (0..60).map(|i| format!("{}k:\n", " ".repeat(i))).collect::<String>();
        let at = read("x: 1\né: b: c\n").expect_err("a second colon").0;
        assert_eq!(at.start, "x: 1\né: b".len());
        for text in [
            bomb.as_str(),
            &deep,
            &nest,
            "a: b: c\n",
            "a: 1\na: 2\n",
            "a: *b\n",
            "a: &a [*a]\n",
            "--- a\n--- b\n",
            "a: [\n",
            "<<: {a: 1}\n",
            "a: \"x\n",
            "%YAML 9.9\n---\na: 1\n",
            "? [a, b]\n: c\n",
        ] {
            let (span, what) = read(text).expect_err(text);
            assert!(!what.is_empty() && !what.contains("at line") && span.start <= text.len(), "{text}: {what}");
        }
    }
}
