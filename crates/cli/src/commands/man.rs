//! `mao man DIR`: the manual pages, one for `mao` and one for each of its commands, made from the words themselves.

use crate::args::{Man, Words};
use crate::exit::{Exit, Failure};
use crate::print::Printer;
use clap::CommandFactory;

/// Runs the command.
pub fn run(words: &Man, printer: &Printer) -> Result<Exit, Failure> {
    let dir = &words.dir;
    let wrote = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Words::command(), dir));
    wrote.map_err(|source| {
        Failure::new(Exit::Configuration, format!("cannot write manual pages into {}: {source}", dir.display()))
    })?;
    if printer.is_json() {
        printer.value(serde_json::json!({ "kind": "manual", "directory": dir, "first": dir.join("mao.1") }));
    } else {
        printer.line(&format!("wrote the manual pages; read the first: man {}", dir.join("mao.1").display()));
    }
    Ok(Exit::Ok)
}
