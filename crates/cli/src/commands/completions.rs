//! `mao completions SHELL`: the script that a shell completes `mao` with.

use crate::args::{Completions, Words};
use crate::exit::{Exit, Failure};
use crate::print::Printer;
use clap::CommandFactory;

/// Runs the command.
#[expect(clippy::unnecessary_wraps, reason = "every command has the same form")]
pub fn run(words: &Completions, printer: &Printer) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(words.shell, &mut Words::command(), "mao", &mut script);
    if printer.is_json() {
        let script = String::from_utf8_lossy(&script);
        printer.value(serde_json::json!({ "kind": "completions", "shell": words.shell.to_string(), "script": script }));
    } else {
        printer.raw(&script);
    }
    Ok(Exit::Ok)
}
