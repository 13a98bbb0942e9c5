//! JRN-04: what a text claims that the record contradicts. By fixed words and numbers, never by guessing: what is not
//! recognised is not flagged, and what is flagged says what the ledger says.

use super::facts::runs;
use mao_core::session::{Fact, RunFact};

/// A claim with what contradicts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    /// The sentence.
    pub claim: String,
    /// What the ledger says.
    pub ledger: String,
}

/// What goes through checks.
const SUBJECTS: [&str; 8] = ["test", "tests", "check", "checks", "build", "suite", "ci", "everything"];
/// That it did.
const PASSED: [&str; 9] = ["pass", "passes", "passed", "passing", "green", "succeed", "succeeds", "succeeded", "clean"];
/// That it did not, or not always, or that somebody says so of somebody else.
const DOUBT: [&str; 18] = [
    "not", "never", "fail", "fails", "failed", "failing", "red", "except", "but", "until", "once", "if", "when",
    "should", "must", "will", "would", "broken",
];

/// Every claim of a text that the facts contradict.
#[must_use]
pub fn contradictions(text: &str, facts: &[Fact]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for sentence in sentences(text) {
        let words = words(sentence);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = [
            checks(&words, facts),
            tests(&words, facts),
            fallbacks(&words, facts),
            qa(&words, facts),
            counted(&words, facts),
        ];
        found.extend(said.into_iter().flatten().map(|ledger| Contradiction { claim: sentence.to_owned(), ledger }));
    }
    found.sort();
    found.dedup();
    found
}

/// A point within a number ends no sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().filter(|(at, c)| match c {
        '.' => !text[at + 1..].starts_with(|next: char| next.is_ascii_digit()),
        '!' | '?' | ';' | '\n' => true,
        _ => false,
    });
    let mut from = 0;
    let mut pieces: Vec<&str> = ends
        .map(|(at, _)| {
            let piece = &text[from..at];
            from = at + 1;
            piece
        })
        .collect();
    pieces.push(&text[from..]);
    pieces.into_iter().map(str::trim).filter(|sentence| !sentence.is_empty())
}

fn words(sentence: &str) -> Vec<String> {
    let plain = sentence.to_lowercase().replace('’', "'").replace("n't", " not");
    let words = plain.split(|c: char| !(c.is_alphanumeric() || c == '$' || c == '.'));
    words.map(|word| word.trim_matches('.').to_owned()).filter(|word| !word.is_empty()).collect()
}

fn has(words: &[&str], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(word))
}

/// Two words that follow each other.
fn pair(words: &[&str], first: &[&str], second: &[&str]) -> bool {
    words.windows(2).any(|pair| first.contains(&pair[0]) && second.contains(&pair[1]))
}

fn name(run: &RunFact) -> String {
    format!("run {}", run.run.get(..8).unwrap_or(&run.run))
}

/// “All tests pass”, where something is red.
fn checks(words: &[&str], facts: &[Fact]) -> Option<String> {
    let passed = has(words, &SUBJECTS) && has(words, &PASSED) && !has(words, &DOUBT);
    let unfailed = pair(words, &["no", "zero", "without"], &["failures", "failure", "failing"])
        || (pair(words, &["no", "nothing"], &["test", "tests", "check", "checks", "is", "was"])
            && has(words, &["failed", "fails", "fail", "red"]));
    if !passed && !unfailed {
        return None;
    }
    let red = runs(facts).find(|run| run.is_red())?;
    let check = red
        .checks
        .iter()
        .find(|check| check.exit != Some(0) || check.counts.is_some_and(|counts| counts.failed > 0))?;
    let exit = check.exit.map_or_else(|| "was killed".to_owned(), |code| format!("ended with exit {code}"));
    let counts = check.counts.map(|counts| format!(" ({counts})")).unwrap_or_default();
    Some(format!("`{}` {exit}{counts} in {}", check.command, name(red)))
}

/// “57 tests pass”, where another number did.
fn tests(words: &[&str], facts: &[Fact]) -> Option<String> {
    let said = number_before(words, &["test", "tests"])?;
    if !has(words, &PASSED) || has(words, &DOUBT) {
        return None;
    }
    let counts: Vec<u64> = runs(facts)
        .filter(|run| run.checks.iter().any(|check| check.counts.is_some()))
        .map(|run| run.checks.iter().filter_map(|check| check.counts).map(|counts| u64::from(counts.passed)).sum())
        .collect();
    let known = counts.contains(&said) || counts.iter().sum::<u64>() == said;
    (!counts.is_empty() && !known).then(|| {
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        format!("the checks counted {} that passed", counts.join(", "))
    })
}

/// “No fallbacks”, where there were some.
fn fallbacks(words: &[&str], facts: &[Fact]) -> Option<String> {
    let none = pair(words, &["no", "without", "zero"], &["fallback", "fallbacks"])
        || words.windows(3).any(|three| matches!(three, ["without", "a" | "any", "fallback" | "fallbacks"]));
    let first = runs(facts).find_map(|run| Some((run, run.fallbacks.first()?)))?;
    none.then(|| format!("{} ({})", first.1, name(first.0)))
}

/// “QA passed”, where a section did not.
fn qa(words: &[&str], facts: &[Fact]) -> Option<String> {
    let passed = has(words, &["qa"]) && has(words, &PASSED) && !has(words, &DOUBT);
    let (run, verdict) = runs(facts).find_map(|run| {
        let verdict = run.verdicts.iter().find(|verdict| !verdict.ends_with("PASS"))?;
        Some((run, verdict))
    })?;
    passed.then(|| format!("{verdict} ({})", name(run)))
}

/// “5 commits”, “9 files changed”, “cost $3.10”, where it is another number.
fn counted(words: &[&str], facts: &[Fact]) -> Option<String> {
    let commits = facts.iter().filter(|fact| matches!(fact, Fact::Commit { .. })).count();
    if let Some(said) =
        number_before(words, &["commit", "commits"]).filter(|said| *said != u64::try_from(commits).unwrap_or(u64::MAX))
    {
        return Some(format!("{commits} commits, not {said}"));
    }
    let files: Vec<u64> = runs(facts).map(|run| run.files).collect();
    if let Some(said) =
        number_before(words, &["file", "files"]).filter(|_| has(words, &["changed", "touched", "modified"]))
        && !files.contains(&said)
        && files.iter().sum::<u64>() != said
    {
        return Some(format!("{} files changed, not {said}", files.iter().sum::<u64>()));
    }
    let cents: u64 = runs(facts).map(|run| run.micro_usd / 10_000).sum();
    let unpriced = runs(facts).any(|run| run.unpriced > 0);
    let said = dollars(words).filter(|_| !unpriced && has(words, &["cost", "costs", "spent", "total"]))?;
    (said.abs_diff(cents) > 1).then(|| format!("it cost ${}.{:02}", cents / 100, cents % 100))
}

fn number_before(words: &[&str], nouns: &[&str]) -> Option<u64> {
    words.windows(2).find_map(|pair| nouns.contains(&pair[1]).then(|| pair[0].parse().ok())?)
}

/// `$3.10`, in cents.
fn dollars(words: &[&str]) -> Option<u64> {
    let amount = words.iter().find_map(|word| word.strip_prefix('$'))?;
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, "00"));
    let cents: String = cents.chars().chain("00".chars()).take(2).collect();
    Some(whole.parse::<u64>().ok()? * 100 + cents.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mao_core::session::{CheckFact, Tally};

    fn facts(exit: i32) -> Vec<Fact> {
        let counts = Some(Tally { passed: 41, failed: 0 });
        let check = CheckFact { command: "make test".into(), exit: Some(exit), counts };
        let run = RunFact {
            run: "0123456789abcdef".into(),
            checks: vec![check],
            verdicts: vec!["section 1: FAIL".into()],
            fallbacks: vec!["Storage layer: fallback from a to b (timeout)".into()],
            files: 4,
            micro_usd: 1_250_000,
            ..RunFact::default()
        };
        vec![Fact::Run(run), Fact::Commit { commit: "c".into(), subject: "s".into() }]
    }

    fn says(text: &str, exit: i32) -> usize {
        contradictions(text, &facts(exit)).len()
    }

    #[test]
    fn jrn_04_claims_against_the_ledger_are_seen() {
        for (text, exit) in [
            ("All tests pass.", 1),
            ("The build is green and we shipped.", 2),
            ("There were no failures.", 1),
            ("Everything passed!", 1),
            ("57 tests pass.", 0),
            ("It ran without any fallback.", 0),
            ("QA passed.", 0),
            ("We made 3 commits.", 0),
            ("In all 9 files changed.", 0),
            ("It cost $3.10 in total.", 0),
        ] {
            assert_eq!(says(text, exit), 1, "{text}");
        }
    }

    #[test]
    fn jrn_04_what_is_true_or_no_claim_is_not_flagged() {
        for (text, exit) in [
            ("All tests pass.", 0),
            ("Not all tests pass.", 1),
            ("The tests failed twice before they passed.", 1),
            ("41 tests pass.", 0),
            ("The tests should pass once the schema is fixed.", 1),
            ("We made 1 commit, and 4 files changed.", 0),
            ("Passing state by reference was the lesson.", 1),
            ("A fallback replaced the model.", 0),
            ("It cost $1.25 in total.", 0),
        ] {
            assert_eq!(says(text, exit), 0, "{text}: {:?}", contradictions(text, &facts(exit)));
        }
    }
}
