//! What configuration promises: layers, errors that point, opt-in, consent.

mod built_in;
mod errors;
mod hostile;
mod hostile_texts;
mod layers;
mod mcp;
mod models;
mod mutated;
mod parsers;
mod reading;
mod reference;
mod registry;
mod seeds;
mod tables;

use mao_config::{ConfigErrors, Inputs, Loaded, Source};

/// Loads one user file.
fn user(text: &str) -> Result<Loaded, ConfigErrors> {
    mao_config::load(&Inputs { user: Some(Source::new("user.toml", text)), ..Inputs::default() })
}

/// Loads one project file without consent.
fn project(text: &str) -> Inputs {
    Inputs { project: Some(Source::new("project.toml", text)), ..Inputs::default() }
}

/// The whole error text of a user file that must not load.
fn refused(text: &str) -> String {
    match user(text) {
        Ok(_) => panic!("this loaded: {text}"),
        Err(errors) => errors.to_string(),
    }
}
