//! A tree of values with their places: what the readers of YAML and JSON produce and the typed readers walk.
//!
//! It knows no key and no file; places are bytes of the text that was read.

use std::ops::Range;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Its bytes in the text.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) value: NodeValue,
}

/// A key of a table and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The key.
    pub(crate) text: String,
    /// Its bytes in the text.
    pub(crate) span: Range<usize>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    /// A whole number from 0 on.
    Int(u64),
    /// Any other number; nothing here takes one.
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Word, Node)>),
}

impl Node {
    /// What it is, for people.
    pub(crate) const fn kind(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "true or false",
            NodeValue::Int(_) | NodeValue::Number => "a number",
            NodeValue::Text(_) => "a text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a table",
        }
    }

    /// Its text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number => None,
            NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// Its number, where it is a whole one.
    pub(crate) const fn int(&self) -> Option<u64> {
        match &self.value {
            NodeValue::Int(int) => Some(*int),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Text(_) | NodeValue::Number => None,
            NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// Yes or no, where it is that.
    pub(crate) const fn bool(&self) -> Option<bool> {
        match &self.value {
            NodeValue::Bool(yes) => Some(*yes),
            NodeValue::Null | NodeValue::Int(_) | NodeValue::Text(_) | NodeValue::Number => None,
            NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// Its entries, where it is a list.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        match &self.value {
            NodeValue::List(list) => Some(list),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number => None,
            NodeValue::Text(_) | NodeValue::Map(_) => None,
        }
    }

    /// Its entries, where it is a table.
    pub(crate) fn map(&self) -> Option<&[(Word, Self)]> {
        match &self.value {
            NodeValue::Map(map) => Some(map),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number => None,
            NodeValue::Text(_) | NodeValue::List(_) => None,
        }
    }

    /// Moves every place by `by` bytes: a piece of a text is read, and the text is what people see.
    pub(crate) fn moved(mut self, by: usize) -> Self {
        self.move_by(by);
        self
    }

    fn move_by(&mut self, by: usize) {
        let moved = |span: &Range<usize>| span.start + by..span.end + by;
        self.span = moved(&self.span);
        match &mut self.value {
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Number | NodeValue::Text(_) => {}
            NodeValue::List(list) => list.iter_mut().for_each(|node| node.move_by(by)),
            NodeValue::Map(map) => {
                for (word, node) in map {
                    word.span = moved(&word.span);
                    node.move_by(by);
                }
            }
        }
    }
}
