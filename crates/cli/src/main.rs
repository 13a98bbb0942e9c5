//! The `mao` binary: words in, words out, an exit code at the end.
//!
//! Nothing is decided here. `open.rs` joins the parts, `commands/` has one file a command, `print/` is the only place
//! that writes to the terminal, `exit.rs` is the one table of exit codes.
//!
//! Read in this order: `args`, `commands/develop`, `commands/resume`, `open`, `print`, `exit`.

mod args;
mod commands;
mod exit;
mod open;
mod print;
mod signals;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The supervise shim is this same binary: it must be reached before anything else is looked at.
    if std::env::args_os().nth(1).is_some_and(|word| word == mao_process::Shim::WORD) {
        return mao_process::supervise_main();
    }
    let words = match args::parse() {
        Ok(words) => words,
        Err(wrong) => return print::words(&wrong).into(),
    };
    let printer = print::Printer::new(&words.common);
    match commands::run(words, &printer) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}
