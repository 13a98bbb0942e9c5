//! `mao journal`: opens a run that writes down the session since the last entry, and carries it.

pub(super) mod session;

use super::develop::begin;
use super::develop::request::run_about;
use super::resume::{Asking, caps, flag};
use crate::args::{Common, Journal};
use crate::exit::{Exit, Failure};
use crate::open::{House, Scripted};
use crate::print::Printer;
use mao_config::privacy_word;
use mao_core::matter::Matter;
use mao_engine::open::NewRun;

/// Runs the command.
pub fn run(common: &Common, words: &Journal, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let flags = [
        flag("mode", "engine.mode", words.mode.clone()),
        flag("privacy", "privacy.class", words.privacy.map(|privacy| privacy_word(privacy.into()).to_owned())),
    ];
    let loaded = house.config(flags.into_iter().flatten().chain(caps(&words.caps)).collect(), printer)?;
    let base = house.repo.head().commit.clone();
    let scripted = if words.script.is_some() { Scripted::Yes } else { Scripted::No };
    let policy = house.policy(&loaded, &base, scripted)?;
    let (session, supplies) = session::collect(&house, &loaded, &base, words.summary.clone())?;
    let about = ("journal", &*session.id.clone());
    let new = NewRun { supplies, ..run_about(&house, &policy, base, about, Matter::Journal(session), scripted)? };
    Ok(begin(&house, &loaded, &policy, new, words.script.as_deref(), printer, Asking::of(printer))?.1)
}
