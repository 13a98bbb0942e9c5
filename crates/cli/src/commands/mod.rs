//! One file a command: listing this folder is the list of what `mao` can do.

mod answer;
mod apply;
mod begin;
mod cancel;
mod compete;
mod completions;
mod config;
mod debug;
mod demo;
mod deps;
mod develop;
mod discard;
mod doctor;
mod gc;
mod init;
mod journal;
mod logs;
mod man;
mod models;
mod plan;
mod precheck;
mod qa;
mod replay;
mod resolve;
mod resume;
mod review;
mod route;
mod runs;
mod salvage;
mod show;
mod start;

use crate::args::{Command, Words};
use crate::exit::{Exit, Failure};
use crate::print::Printer;

/// Runs the command.
pub fn run(words: Words, printer: &Printer) -> Result<Exit, Failure> {
    let common = &words.common;
    match words.command {
        None => start::run(common, printer),
        Some(Command::Develop(words)) => develop::run(common, &words, printer),
        Some(Command::Deps(words)) => deps::run(common, &words, printer),
        Some(Command::Plan(words)) => plan::run(common, &words, printer),
        Some(Command::Qa(words)) => qa::run(common, &words, printer),
        Some(Command::Journal(words)) => journal::run(common, &words, printer),
        Some(Command::Review(words)) => review::run(common, &words, printer),
        Some(Command::Debug(words)) => debug::run(common, &words, printer),
        Some(Command::Compete(words)) => compete::run(common, &words, printer),
        Some(Command::Resolve(words)) => resolve::run(common, &words, printer),
        Some(Command::Demo(words)) => demo::run(&words, printer),
        Some(Command::Replay(words)) => replay::run(common, &words, printer),
        Some(Command::Resume(words)) => resume::run(common, &words, printer),
        Some(Command::Runs(words)) => runs::run(common, &words, printer),
        Some(Command::Show(words)) => show::run(common, &words, printer),
        Some(Command::Logs(words)) => logs::run(common, &words, printer),
        Some(Command::Cancel(words)) => cancel::run(common, &words, printer),
        Some(Command::Answer(words)) => answer::run(common, &words, printer),
        Some(Command::Apply(words)) => apply::run(common, &words, printer),
        Some(Command::Discard(words)) => discard::run(common, &words, printer),
        Some(Command::Salvage(words)) => salvage::run(common, &words, printer),
        Some(Command::Gc(words)) => gc::run(common, &words, printer),
        Some(Command::Init(words)) => init::run(common, &words, printer),
        Some(Command::Doctor(words)) => doctor::run(common, &words, printer),
        Some(Command::Config(words)) => config::run(common, &words, printer),
        Some(Command::Route(words)) => route::run(common, &words, printer),
        Some(Command::Models(words)) => models::run(common, &words, printer),
        Some(Command::Completions(words)) => completions::run(&words, printer),
        Some(Command::Man(words)) => man::run(&words, printer),
    }
}
