//! The only place that writes to the terminal: data on standard output, everything else on standard error.
//!
//! Two printers read the one stream of a run: [`human`] and [`json`]. Both pass every foreign text through
//! `mao_core::text`. A reader that went away (a closed pipe) is no error.

pub mod human;
pub mod json;
pub mod plan;
pub mod style;

use crate::args::Common;
use crate::exit::{Exit, Failure};
use mao_core::event::EVENT_VERSION;
use mao_core::text;
use mao_engine::Announcement;
use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use style::Style;

/// Whether a person is there to be asked: both ends are terminals, and nobody wants JSON.
#[must_use]
pub fn terminal(printer: &Printer) -> bool {
    !printer.json && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Says what `clap` made of the words: help and version as data, an error as such, and for programs as JSON besides.
#[must_use]
pub fn words(wrong: &clap::Error) -> Exit {
    let json = std::env::args_os().any(|word| word == "--json");
    let exit = if wrong.use_stderr() { Exit::Usage } else { Exit::Ok };
    if json && exit == Exit::Usage {
        let said = wrong.to_string();
        let said = said.strip_prefix("error: ").unwrap_or(&said).trim_end().to_owned();
        let failure = Failure::new(exit, said).hint("`mao --help`");
        drop(writeln!(io::stdout().lock(), "{}", json::failure(&failure)));
    }
    drop(wrong.print());
    exit
}

/// What prints.
#[derive(Debug)]
pub struct Printer {
    json: bool,
    quiet: bool,
    style: Style,
    run: RefCell<human::RunPrinter>,
}

impl Printer {
    /// A printer as the options want it. News is not shown in CI and not where standard error is no terminal.
    #[must_use]
    pub fn new(common: &Common) -> Self {
        let terminal = io::stderr().is_terminal();
        let ci = std::env::var_os("CI").is_some();
        let style = Style::new(common.color, terminal);
        let quiet = !terminal || ci;
        let detail = if quiet { human::Detail::Brief } else { human::Detail::Full };
        Self { json: common.json, quiet, style, run: RefCell::new(human::RunPrinter::new(style, detail)) }
    }

    /// Whether the reader is a program.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// How to style text for people.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// Data: one line on standard output; for programs an object with the text, where a command has nothing better.
    pub fn line(&self, line: &str) {
        if self.json {
            return self.value(serde_json::json!({ "kind": "text", "text": text::printable(line) }));
        }
        drop(writeln!(io::stdout().lock(), "{}", text::printable(line)));
    }

    /// Data as it is, without a change or an added line end: completion scripts, transcripts for a file.
    pub fn raw(&self, bytes: &[u8]) {
        drop(io::stdout().lock().write_all(bytes));
    }

    /// Data for programs: one JSON object, with the version of the vocabulary, on one line of standard output.
    pub fn value(&self, mut value: serde_json::Value) {
        if let Some(object) = value.as_object_mut() {
            object.insert("version".into(), EVENT_VERSION.into());
        }
        drop(writeln!(io::stdout().lock(), "{value}"));
    }

    /// Something said beside the data: one line on standard error.
    pub fn note(&self, line: &str) {
        drop(writeln!(io::stderr().lock(), "{}", text::printable(line)));
    }

    /// Asks a person; `None` where they give no answer. Enter is no.
    #[must_use]
    pub fn ask(&self, question: &str) -> Option<bool> {
        let question = question.trim_end_matches("[y/N]").trim_end();
        drop(write!(io::stderr().lock(), "{} [y/N] ", text::printable(question)));
        let mut said = String::new();
        match io::stdin().read_line(&mut said) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(matches!(said.trim().to_lowercase().as_str(), "y" | "yes")),
        }
    }

    /// Asks a person to choose; what follows the choice is their reason. `None` where they give no answer. Yes or no is
    /// asked as such, and Enter is no.
    #[must_use]
    pub fn choose(&self, question: &str, choices: &[String]) -> Option<(String, Option<String>)> {
        if choices.iter().all(|choice| matches!(choice.as_str(), "yes" | "no")) {
            let answer = if self.ask(question)? { "yes" } else { "no" };
            return Some((answer.to_owned(), None));
        }
        loop {
            drop(write!(io::stderr().lock(), "{} [{}, then why] ", text::printable(question), choices.join("|")));
            let mut said = String::new();
            if matches!(io::stdin().read_line(&mut said), Ok(0) | Err(_)) {
                return None;
            }
            let (word, why) = said.trim().split_once(char::is_whitespace).unwrap_or((said.trim(), ""));
            if let Some(choice) = choices.iter().find(|choice| choice.eq_ignore_ascii_case(word)) {
                return Some((choice.clone(), Some(why.trim().to_owned()).filter(|why| !why.is_empty())));
            }
        }
    }

    /// One announcement of a run.
    pub fn announce(&self, announcement: &Announcement) {
        if self.json {
            if let Some(line) = json::line(announcement) {
                drop(writeln!(io::stdout().lock(), "{line}"));
            }
            return;
        }
        if self.quiet && matches!(announcement, Announcement::News(_)) {
            return;
        }
        for line in self.run.borrow_mut().lines(announcement) {
            // Styles are ours; what came from outside was cleaned where it was put in.
            drop(writeln!(io::stderr().lock(), "{line}"));
        }
    }

    /// Takes in what was recorded before, without a word.
    pub fn catch_up(&self, announcement: &Announcement) {
        drop(self.run.borrow_mut().lines(announcement));
    }

    /// Whether no run was announced yet.
    #[must_use]
    pub fn knows_no_run(&self) -> bool {
        self.run.borrow().is_fresh()
    }

    /// One announcement as data, for a reader who asked for the log.
    pub fn announce_on_stdout(&self, announcement: &Announcement) {
        if self.json {
            self.announce(announcement);
            return;
        }
        for line in self.run.borrow_mut().lines(announcement) {
            drop(writeln!(io::stdout().lock(), "{line}"));
        }
    }

    /// What went wrong: the error, its causes, the next step.
    pub fn failure(&self, failure: &Failure) {
        if self.json {
            drop(writeln!(io::stdout().lock(), "{}", json::failure(failure)));
        }
        let mut out = format!("{} {}", self.style.bad("error:"), text::printable(&failure.error.to_string()));
        let mut last = failure.error.to_string();
        let mut cause = failure.error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            // Some errors say their cause themselves; it is not said twice.
            if !last.contains(&said) {
                out.push_str(&format!("\n  caused by: {}", text::printable(&said)));
            }
            last = said;
            cause = error.source();
        }
        if let Some(hint) = &failure.hint {
            out.push_str(&format!("\n\nhint: {hint}"));
        }
        drop(writeln!(io::stderr().lock(), "{out}"));
    }
}
