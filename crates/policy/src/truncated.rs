//! CNK-07: signs that an answer was cut. A cut answer is a failure: its piece is made smaller, never patched up.

use std::fmt;

/// How an answer shows that it was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It took every token it could.
    AtTheCap,
    /// It opens a code fence and never closes it.
    OpenFence,
    /// It is JSON that ends too early.
    OpenJson,
    /// The sentinel that was asked for at its end is missing.
    NoSentinel,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtTheCap => "the answer took every token it could",
            Self::OpenFence => "a code fence is never closed",
            Self::OpenJson => "the JSON ends too early",
            Self::NoSentinel => "the sentinel at the end is missing",
        })
    }
}

/// What was asked of an answer's form.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form<'a> {
    /// The most tokens it could take, where known.
    pub cap: Option<u64>,
    /// Whether it was to be JSON.
    pub json: bool,
    /// What its last line was to be.
    pub sentinel: Option<&'a str>,
}

/// The first sign that `text`, which took `taken` tokens, was cut.
#[must_use]
pub fn cut(text: &str, taken: Option<u64>, form: Form<'_>) -> Option<Cut> {
    if let (Some(taken), Some(cap)) = (taken, form.cap)
        && taken >= cap
    {
        return Some(Cut::AtTheCap);
    }
    if let Some(sentinel) = form.sentinel
        && text.trim_end().lines().next_back().map(str::trim) != Some(sentinel)
    {
        return Some(Cut::NoSentinel);
    }
    if form.json {
        let ended_early = serde_json::from_str::<serde_json::Value>(text).is_err_and(|wrong| wrong.is_eof());
        return ended_early.then_some(Cut::OpenJson);
    }
    fence_is_open(text).then_some(Cut::OpenFence)
}

/// Whether the last fence that opens is never closed, as CommonMark reads fences.
fn fence_is_open(text: &str) -> bool {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let length = line.chars().take_while(|c| *c == mark).count();
        if length < 3 {
            continue;
        }
        match open {
            None => open = Some((mark, length)),
            Some((opened, at_least)) => {
                let closes = mark == opened && length >= at_least && line[length..].trim().is_empty();
                if closes {
                    open = None;
                }
            }
        }
    }
    open.is_some()
}
