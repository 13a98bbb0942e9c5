//! What the reader of one file finds wrong or worth knowing, each with its place.

use crate::error::{ConfigError, Layer, Origin, Spot, Warning, WarningKind};
use std::ops::Range;

/// How many errors of one file are kept: what follows is rarely read.
const MOST: usize = 20;

/// How many warnings of one file are kept. A repair that is not listed would be a silent one.
const MOST_WARNINGS: usize = 250;

/// The findings of one file.
pub(crate) struct Report<'a> {
    layer: Layer,
    file: &'a str,
    /// The file's text, that places are in.
    pub(crate) text: &'a str,
    errors: Vec<ConfigError>,
    /// What is worth knowing.
    pub(crate) warnings: Vec<Warning>,
}

impl<'a> Report<'a> {
    /// A report on a file of which nothing was read yet.
    pub(crate) const fn new(layer: Layer, file: &'a str, text: &'a str) -> Self {
        Self { layer, file, text, errors: Vec::new(), warnings: Vec::new() }
    }

    /// A place in this file.
    pub(crate) fn origin(&self, span: Range<usize>) -> Origin {
        Origin::File(Box::new(Spot::new(self.layer, self.file, self.text, span)))
    }

    /// Something is wrong at `span`.
    pub(crate) fn wrong(&mut self, span: Range<usize>, what: String, hint: Option<String>) {
        // A file with thousands of errors shall not cost thousands of excerpts.
        if self.errors.len() < MOST {
            let origin = self.origin(span);
            self.errors.push(ConfigError::Wrong { origin, what, hint });
        }
    }

    /// Something at `span` is worth knowing.
    pub(crate) fn warn(&mut self, span: Range<usize>, what: String, hint: Option<String>) {
        if self.warnings.len() < MOST_WARNINGS {
            let origin = self.origin(span);
            self.warnings.push(Warning { kind: WarningKind::Repair, origin, what, hint });
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that is wrong.
    pub(crate) fn errors(self) -> (Vec<ConfigError>, Vec<Warning>) {
        (self.errors, self.warnings)
    }
}
