//! How many tests a check says it ran: read from its words, line by line. Evidence for people; nothing is decided by it.
//!
//! Known are the summaries of cargo test, nextest, pytest, unittest, vitest, jest, mocha, node, go (with `-v`) and of what
//! prints JUnit's line, such as Maven. Several in one output are added up.

use mao_core::event::Counts;

/// Reads an output as it comes.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    sum: Counts,
    seen: bool,
    /// What unittest says it ran, before it says how.
    ran: Option<u32>,
}

impl Reader {
    /// One line of it.
    pub(crate) fn feed(&mut self, line: &str) {
        let line = plain(line);
        let found = self.unittest(line.trim()).or_else(|| summary(&line));
        if let Some(Counts { passed, failed, skipped }) = found {
            self.seen = true;
            self.sum.passed = self.sum.passed.saturating_add(passed);
            self.sum.failed = self.sum.failed.saturating_add(failed);
            self.sum.skipped = self.sum.skipped.saturating_add(skipped);
        }
    }

    /// All that was said; `None` where nothing was.
    pub(crate) const fn counts(&self) -> Option<Counts> {
        if self.seen { Some(self.sum) } else { None }
    }

    /// `Ran 5 tests in 0.001s`, then `OK (skipped=1)` or `FAILED (failures=1, errors=1)`.
    fn unittest(&mut self, line: &str) -> Option<Counts> {
        if let Some(rest) = line.strip_prefix("Ran ") {
            let (number, rest) = rest.split_once(' ')?;
            if rest.starts_with("test") {
                self.ran = number.parse().ok();
            }
            return None;
        }
        let ran = self.ran?;
        let rest = line.strip_prefix("OK").or_else(|| line.strip_prefix("FAILED"))?;
        self.ran = None;
        let mut counts = Counts::default();
        for part in rest.trim().trim_start_matches('(').trim_end_matches(')').split(',') {
            let Some((word, number)) = part.trim().split_once('=') else { continue };
            let number = number.parse().unwrap_or(0);
            match word {
                "failures" | "errors" | "unexpected successes" => counts.failed += number,
                "skipped" | "expected failures" => counts.skipped += number,
                _ => {}
            }
        }
        counts.passed = ran.saturating_sub(counts.failed).saturating_sub(counts.skipped);
        Some(counts)
    }
}

/// What one line sums up, if it does.
fn summary(line: &str) -> Option<Counts> {
    let trimmed = line.trim();
    if let Some(rest) = trimmed.strip_prefix("test result: ") {
        return tally(rest.split_once(". ")?.1);
    }
    if let Some((_, rest)) = trimmed.split_once("tests run: ").filter(|_| trimmed.starts_with("Summary [")) {
        return tally(rest);
    }
    if let Some(rest) = trimmed.strip_prefix("Tests:").or_else(|| trimmed.strip_prefix("Tests  ")) {
        return tally(rest);
    }
    if let Some((_, rest)) = trimmed.split_once("Tests run:").filter(|(_, rest)| !rest.contains("Time elapsed")) {
        return junit(rest);
    }
    if let Some(rest) = trimmed.strip_prefix("OK (") {
        return Some(Counts {
            passed: rest.strip_suffix(')')?.strip_suffix(" tests")?.parse().ok()?,
            ..Counts::default()
        });
    }
    if let Some(one) = go(line).or_else(|| node(trimmed)).or_else(|| mocha(trimmed)) {
        return Some(one);
    }
    // pytest: `=== 1 failed, 2 passed in 0.12s ===`, or the same without the rule.
    let (said, time) = trimmed.trim_matches('=').trim().rsplit_once(" in ")?;
    let seconds = time.split_whitespace().next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    said.split(',').all(|part| pair(part).is_some()).then(|| tally(said)).flatten()
}

/// `1 failed | 2 passed (3)`, `2 passed; 0 failed; 1 ignored`: the sum of what is known of it.
fn tally(said: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut known = false;
    for (number, word) in said.split([',', ';', '|']).filter_map(pair) {
        let place = match word {
            "passed" | "xpassed" => &mut counts.passed,
            "failed" | "error" | "errors" => &mut counts.failed,
            "ignored" | "skipped" | "xfailed" | "todo" | "pending" | "deselected" => &mut counts.skipped,
            _ => continue,
        };
        known = true;
        *place = place.saturating_add(number);
    }
    known.then_some(counts)
}

/// `2 passed`: a number and a word at the beginning.
fn pair(part: &str) -> Option<(u32, &str)> {
    let mut words = part.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?))
}

/// ` 5, Failures: 1, Errors: 0, Skipped: 2`
fn junit(rest: &str) -> Option<Counts> {
    let mut parts = rest.split(',').map(str::trim);
    let ran: u32 = parts.next()?.parse().ok()?;
    let (mut failed, mut skipped) = (0, 0);
    for (word, number) in parts.filter_map(|part| part.split_once(':')) {
        let number: u32 = number.trim().parse().unwrap_or(0);
        match word {
            "Failures" | "Errors" => failed += number,
            "Skipped" => skipped += number,
            _ => {}
        }
    }
    Some(Counts { passed: ran.saturating_sub(failed).saturating_sub(skipped), failed, skipped })
}

/// `--- PASS: TestSum (0.00s)`; subtests are indented, and part of theirs.
fn go(line: &str) -> Option<Counts> {
    let counts = Counts::default();
    match line.strip_prefix("--- ")?.split_once(": ")?.0 {
        "PASS" => Some(Counts { passed: 1, ..counts }),
        "FAIL" => Some(Counts { failed: 1, ..counts }),
        "SKIP" => Some(Counts { skipped: 1, ..counts }),
        _ => None,
    }
}

/// `# pass 3` or `ℹ pass 3`
fn node(line: &str) -> Option<Counts> {
    let (word, number) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?.split_once(' ')?;
    let (number, counts) = (number.parse().ok()?, Counts::default());
    match word {
        "pass" => Some(Counts { passed: number, ..counts }),
        "fail" => Some(Counts { failed: number, ..counts }),
        "skipped" | "todo" => Some(Counts { skipped: number, ..counts }),
        _ => None,
    }
}

/// `3 passing (12ms)`, `1 failing`, `2 pending`
fn mocha(line: &str) -> Option<Counts> {
    let (number, word) = pair(line)?;
    let rest = line.split_once(word)?.1.trim();
    if !rest.is_empty() && !rest.starts_with('(') {
        return None;
    }
    let counts = Counts::default();
    match word {
        "passing" => Some(Counts { passed: number, ..counts }),
        "failing" => Some(Counts { failed: number, ..counts }),
        "pending" => Some(Counts { skipped: number, ..counts }),
        _ => None,
    }
}

/// A line without colours.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &str) -> Option<(u32, u32, u32)> {
        let mut reader = Reader::default();
        said.lines().for_each(|line| reader.feed(line));
        reader.counts().map(|Counts { passed, failed, skipped }| (passed, failed, skipped))
    }

    #[test]
    fn dev_06_the_summaries_of_known_tools_are_read() {
        let cargo = "running 3 tests\ntest a ... ok\n\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n   Doc-tests x\ntest result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.10s\n";
        let pytest = "F..s\n=========== short test summary info ============\nFAILED test_a.py::test_x - assert 1 == 2\n========= 1 failed, 2 passed, 1 skipped in 0.12s =========\n";
        let cases = [
            (cargo, (3, 2, 1)),
            ("     Summary [   0.123s] 4 tests run: 3 passed, 1 failed, 2 skipped\n", (3, 1, 2)),
            (pytest, (2, 1, 1)),
            ("..\n2 passed in 0.01s\n", (2, 0, 0)),
            ("1 failed, 1 error in 61.20s (0:01:01)\n", (0, 2, 0)),
            (".F.\nRan 5 tests in 0.001s\n\nFAILED (failures=1, errors=1, skipped=1)\n", (2, 2, 1)),
            ("Ran 3 tests in 0.000s\n\nOK\n", (3, 0, 0)),
            (" Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 3 passed | 2 skipped (6)\n", (3, 1, 2)),
            ("Test Suites: 1 passed, 1 total\nTests:       1 failed, 2 skipped, 3 passed, 6 total\n", (3, 1, 2)),
            ("\u{1b}[32m  3 passing\u{1b}[0m (12ms)\n  1 failing\n", (3, 1, 0)),
            ("# tests 4\n# pass 3\n# fail 1\n# skipped 0\n", (3, 1, 0)),
            ("--- PASS: TestA (0.00s)\n    --- PASS: TestA/sub (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n", (1, 1, 0)),
            (
                "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in A\n[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1\n",
                (2, 2, 1),
            ),
            ("OK (7 tests)\n", (7, 0, 0)),
        ];
        for (said, counts) in cases {
            assert_eq!(read(said), Some(counts), "{said}");
        }
        for nothing in
            ["", "all good\n", "took 3 passes in 2s\n", "Tests are fine\n", "ok  \tpkg\t0.01s\n", "3 things in 2s\n"]
        {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
