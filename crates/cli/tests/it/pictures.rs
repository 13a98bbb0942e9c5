//! One picture per command: exit code, standard output, standard error, as a person or a program gets them. Paths are
//! cut to the sandbox; ids are those of the fixed clock, run and commits.

mod developing;
mod doctor;
mod finished;
mod looking;
mod refusing;
mod routing;

use crate::shop::{BEGIN, RUN, Shop, ran};
use mao_testkit::sandbox::Ran;
use std::process::Command;

/// The greeting, with a clock that stands still.
pub fn greeting() -> Shop {
    still(Shop::greeting("test ! -e bad\n"))
}

/// Fixes clock and run.
pub fn still(mut shop: Shop) -> Shop {
    shop.sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop
}

/// The greeting after a run that went well.
pub fn developed() -> Shop {
    let shop = greeting();
    let ran = ran(&mut shop.develop("1"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    shop
}

/// What these words give.
pub fn picture(shop: &Shop, words: &[&str]) -> String {
    picture_of(shop, &mut shop.command(words))
}

/// What a command gives.
pub fn picture_of(shop: &Shop, command: &mut Command) -> String {
    drawn(shop, &ran(command))
}

/// A picture of what a program left.
pub fn drawn(shop: &Shop, ran: &Ran) -> String {
    let root = shop.sandbox.root().to_string_lossy().into_owned();
    let cut = |text: &str| text.replace(&root, "ROOT");
    let code = ran.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
    let mut picture = format!("exit {code}\n");
    for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        if !text.is_empty() {
            picture.push_str(&format!("--- {name}\n{}", cut(text)));
        }
    }
    picture
}

/// Every line of a program's output, parsed.
pub fn json_lines(shop: &Shop, words: &[&str]) -> Vec<serde_json::Value> {
    let ran = ran(&mut shop.command(words));
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|wrong| panic!("{words:?}: {wrong}: {line}"));
    ran.stdout.lines().map(parse).collect()
}
