//! `shelf`: words from the command line, lists in `SHELF_DIR`, today from the system's clock.

use shelf::commands::{self, Error, Shelf};
use shelf::day::Day;
use std::process::ExitCode;
use std::time::SystemTime;

fn main() -> ExitCode {
    let seconds = SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |passed| passed.as_secs());
    let today = Day(i32::try_from(seconds / 86_400).unwrap_or(i32::MAX));
    let dir = std::env::var_os("SHELF_DIR").unwrap_or_else(|| ".".into());
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match commands::run(
        &Shelf {
            dir: dir.into(),
            today,
        },
        &words,
    ) {
        Ok(answer) => {
            print!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("shelf: {error}");
            ExitCode::from(if matches!(error, Error::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}
