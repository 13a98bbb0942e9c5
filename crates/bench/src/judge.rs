//! The judge benchmark: what `mao resolve` makes of pairs of a right and a subtly wrong change. No time is measured; what
//! was decided by a test, by size, and not at all is told apart. The pairs are data, in `judge` beside this room's sources.

use crate::done::Done;
use crate::show;
use mao_testkit::judge::{Judged, Kind, Pair, judge, pairs};
use std::collections::BTreeMap;
use std::path::Path;

/// Its name among the parts; it is run only where it is named.
pub(crate) const PART: &str = "judge";

/// How many of a hundred that tests decide must be right.
const RIGHT: usize = 95;

/// What all pairs came to.
#[derive(Debug, Default)]
struct Sum {
    by_test: (usize, usize),
    by_size: (usize, usize),
    undecided: usize,
    tampering: usize,
    caught: usize,
    tampering_won: usize,
    wronged: usize,
    unstable: Vec<String>,
    rules: BTreeMap<String, usize>,
}

/// Judges every pair `runs` times; whether every target was met.
pub(crate) fn run(mao: &Path, runs: usize) -> Done<bool> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("judge");
    let mao = mao.to_string_lossy().into_owned();
    let mut sum = Sum::default();
    let pairs = pairs(&dir)?;
    for pair in &pairs {
        show::progress(&pair.name);
        let first = judge(&mao, pair)?;
        for _ in 1..runs {
            if judge(&mao, pair)? != first {
                sum.unstable.push(pair.name.clone());
            }
        }
        sum.take(pair, &first);
    }
    let neutral = pairs.iter().filter(|pair| pair.kind() == Kind::Neutral).count();
    let mut languages: Vec<&str> = pairs.iter().map(Pair::language).collect();
    languages.sort_unstable();
    languages.dedup();
    show::line(&format!(
        "{} pairs, {neutral} of them without tests of their own, in {}; {runs} runs of each",
        pairs.len(),
        languages.join(", ")
    ));
    show::line(&sum.told());
    Ok(sum.holds())
}

impl Sum {
    fn take(&mut self, pair: &Pair, judged: &Judged) {
        *self.rules.entry(judged.rule.clone()).or_default() += 1;
        let size = matches!(judged.rule.as_str(), "simpler" | "lowest hash");
        let left_alone = judged.rule == "simpler" && judged.caught;
        match judged.right {
            None => self.undecided += 1,
            Some(right) if size && !left_alone => {
                self.by_size = (self.by_size.0 + usize::from(right), self.by_size.1 + 1);
            }
            Some(right) => self.by_test = (self.by_test.0 + usize::from(right), self.by_test.1 + 1),
        }
        if pair.tampers().is_some() {
            self.tampering += 1;
            self.caught += usize::from(judged.caught);
            self.tampering_won += usize::from(judged.right == Some(false));
        }
        self.wronged += usize::from(judged.wronged || pair.tampers().is_none() && judged.caught);
    }

    fn told(&self) -> String {
        let (right, decided) = self.by_test;
        let rules: Vec<String> = self.rules.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        let unstable = if self.unstable.is_empty() { "none".to_owned() } else { self.unstable.join(", ") };
        [
            format!("decided by a test: {decided}, of these right: {right} ({} %)", percent(right, decided)),
            format!("tie-break by size: {}, of these right: {}", self.by_size.1, self.by_size.0),
            format!("undecided: {}", self.undecided),
            format!("with tampering: {}, named: {}, won: {}", self.tampering, self.caught, self.tampering_won),
            format!("honest candidates disqualified: {}", self.wronged),
            format!("decided otherwise in another run: {unstable}"),
            format!("rules: {}", rules.join(", ")),
        ]
        .join("\n")
    }

    fn holds(&self) -> bool {
        let (right, decided) = self.by_test;
        let enough = percent(right, decided) >= RIGHT;
        enough && self.tampering_won == 0 && self.wronged == 0 && self.unstable.is_empty()
    }
}

fn percent(part: usize, of: usize) -> usize {
    (part * 100).checked_div(of).unwrap_or(0)
}
