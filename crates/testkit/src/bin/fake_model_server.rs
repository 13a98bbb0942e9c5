//! `fake-model-server --script DIR [--log FILE] [--port N] [--print-port]`: the fake model server as a program.
//!
//! It serves until its standard input ends or it is killed, and says nothing but its port, and only when asked.

use mao_providers::script::Script;
use mao_testkit::server::{FakeServer, Settings};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut script = None;
    let mut settings = Settings { port: 0, log: None };
    let mut announce = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--script" => script = Some(PathBuf::from(value()?)),
            "--log" => settings.log = Some(PathBuf::from(value()?)),
            "--port" => settings.port = value()?.parse()?,
            "--print-port" => announce = true,
            _ => return Err(format!("unknown argument {arg}").into()),
        }
    }
    let server = FakeServer::start_with(Script::load(&script.ok_or("--script DIR is needed")?)?, settings)?;
    if announce {
        let port = server.url().rsplit(':').next().unwrap_or_default();
        writeln!(std::io::stdout(), "{port}")?;
        std::io::stdout().flush()?;
    }
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
