//! The rule that every dependency may be shipped with ours. Never guesses: an expression it cannot read is refused.

use super::rule::{Breach, Rule};
use crate::house::House;

pub(super) const RULES: &[Rule] =
    &[Rule::new("licence", "the binary contains its dependencies: their licences must let it be given away", licences)];

const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
];

fn licences(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in &house.packages {
        let place = format!("{} {}", package.name, package.version);
        match package.license.as_deref() {
            None => breaches.push(Breach::file(&place, "names no licence")),
            Some(expression) if !is_allowed(expression) => {
                breaches.push(Breach::file(&place, format!("is licensed `{expression}`")));
            }
            Some(_) => {}
        }
    }
    breaches
}

/// Whether a licence expression can be met with allowed licences alone: one side of each `OR`, both of each `AND`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    either(&words) == Some((true, words.len()))
}

/// Whether what begins here is allowed, and how many words it has; none where it cannot be read.
fn either(words: &[&str]) -> Option<(bool, usize)> {
    let (mut allowed, mut used) = both(words)?;
    while words.get(used) == Some(&"OR") {
        let (right, more) = both(&words[used + 1..])?;
        (allowed, used) = (allowed || right, used + 1 + more);
    }
    Some((allowed, used))
}

fn both(words: &[&str]) -> Option<(bool, usize)> {
    let (mut allowed, mut used) = single(words)?;
    while words.get(used) == Some(&"AND") {
        let (right, more) = single(&words[used + 1..])?;
        (allowed, used) = (allowed && right, used + 1 + more);
    }
    Some((allowed, used))
}

fn single(words: &[&str]) -> Option<(bool, usize)> {
    match words {
        ["(", rest @ ..] => {
            let (allowed, used) = either(rest)?;
            (rest.get(used) == Some(&")")).then_some((allowed, used + 2))
        }
        [licence, "WITH", exception, ..] => {
            Some((ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()), 3))
        }
        [licence, ..] => Some((ALLOWED.contains(licence), 1)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions_are_evaluated() {
        for (expression, allowed) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only OR MIT", true),
            ("GPL-3.0-only AND MIT", false),
            ("(MIT OR GPL-3.0-only) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true),
            ("Apache-2.0 WITH Something", false),
            ("MPL-2.0", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression), allowed, "{expression}");
        }
    }
}
