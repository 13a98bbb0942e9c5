//! Three colours and no more. Everything stays readable without them.

use crate::args::Colour;

/// Whether and how to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    on: bool,
}

impl Style {
    /// As the option, the terminal and NO_COLOR want it.
    #[must_use]
    pub fn new(colour: Colour, terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let on = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !refused,
        };
        Self { on }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// It went well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// It did not.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Beside the point.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}
