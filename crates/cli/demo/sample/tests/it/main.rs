//! Whole commands on a real directory.

mod books;
mod loans;

use shelf::commands::{self, Shelf};

/// A shelf without books, on 2026-11-20.
fn empty_shelf(name: &str) -> Shelf {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&dir).ok();
    std::fs::create_dir_all(&dir).unwrap();
    Shelf {
        dir,
        today: "2026-11-20".parse().unwrap(),
    }
}

/// What a command answers, or what is wrong with it.
fn say(shelf: &Shelf, words: &[&str]) -> String {
    commands::run(shelf, words).unwrap_or_else(|error| error.to_string())
}

#[test]
fn an_unknown_command_is_answered_with_those_there_are() {
    let answer = say(&empty_shelf("unknown"), &["burn"]);
    assert!(answer.starts_with("usage: shelf add | "), "{answer}");
}
