//! DIS: several answers to one question, and what chooses between them. Tests do, where there are any; who made a
//! candidate is never an input.
//!
//! Candidates are known by labels that follow from their content; nothing here can see an author.

pub use mao_core::contest::Measures;
use mao_core::ids::ModelId;
use mao_core::mutant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How often a suite runs on each candidate, so that a flaky test is noticed.
pub const REPETITIONS: usize = 3;

/// What is contested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dispute {
    /// Two ways to do one thing.
    Implementation,
    /// Reviews that contradict each other.
    Review,
    /// Two designs.
    Architecture,
    /// How it looks.
    Style,
    /// A few per cent.
    MicroPerformance,
}

/// What settles a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettledBy {
    /// A contest.
    Contest,
    /// The project's conventions.
    Conventions,
    /// A benchmark.
    Benchmark,
}

impl Dispute {
    /// DIS-01: what settles it.
    #[must_use]
    pub fn settled_by(self) -> SettledBy {
        match self {
            Self::Style | Self::MicroPerformance if mutant::is("dis_01_taste_is_contested") => SettledBy::Contest,
            Self::Implementation | Self::Review | Self::Architecture => SettledBy::Contest,
            Self::Style => SettledBy::Conventions,
            Self::MicroPerformance => SettledBy::Benchmark,
        }
    }
}

/// A candidate's name while it is judged: A, B, … in the order of content hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(pub char);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One of the competing changes, as the judge may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The hash of its content: its tree.
    pub hash: String,
    /// How large it is.
    pub measures: Measures,
    /// What it did to the locked tests: edited, skipped, deleted, special-cased. Empty for an honest one.
    pub tampering: Vec<String>,
    /// Whether each repetition of the suite was green on it.
    pub runs: Vec<bool>,
}

/// Where the deciding tests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// There are none yet.
    None,
    /// The repository has them.
    Existing,
    /// Somebody wrote them who is no contestant and saw the task alone.
    Neutral {
        /// Whether they fail on the base or on a candidate: tests that never fail say nothing.
        discriminates: bool,
    },
    /// It cannot be tested: a design.
    Untestable {
        /// Whether it can be taken back later: no schema, no public contract.
        reversible: bool,
    },
}

/// Which rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Only one passes.
    OnlyOnePasses,
    /// Several pass; one is simpler.
    Simpler,
    /// Several pass and measure the same; the lowest hash.
    LowestHash,
    /// None passes.
    NonePasses,
    /// Tests must be written first.
    TestsFirst,
    /// The tests said different things on the same tree.
    Flaky,
    /// A design that can be taken back.
    Reversible,
    /// A design that cannot.
    Irreversible,
    /// Everyone touched the tests.
    NobodyLeft,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The winner is taken.
    Take,
    /// Neutral tests are written, or better ones.
    WriteTests,
    /// The orchestrator judges, blinded; the failing logs go with it.
    Judge {
        /// Whether it may think as long as it can: for failures that have logs, else only once it could not decide.
        extended: bool,
    },
    /// A person decides.
    Person,
}

/// The decision with everything it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// The rule that decided.
    pub rule: Rule,
    /// Who won, if somebody did.
    pub winner: Option<Label>,
    /// What follows.
    pub then: Then,
    /// Who was left out, and for what.
    pub disqualified: Vec<(Label, Vec<String>)>,
    /// In one line.
    pub because: String,
}

/// DIS-06: the candidates by label, in the order of their hashes and of nothing else.
#[must_use]
pub fn blind(candidates: &[Candidate]) -> BTreeMap<Label, &Candidate> {
    let mut sorted: Vec<&Candidate> = candidates.iter().collect();
    if !mutant::is("dis_06_labels_by_arrival") {
        sorted.sort_by(|one, other| one.hash.cmp(&other.hash));
    }
    ('A'..='Z').map(Label).zip(sorted).collect()
}

/// Decides. The same candidates and suite give the same ruling, whatever order they come in.
#[must_use]
pub fn settle(suite: Suite, candidates: &[Candidate]) -> Ruling {
    let labelled = blind(candidates);
    let (out, left): (Vec<_>, Vec<_>) = labelled
        .into_iter()
        .partition(|(_, each)| !each.tampering.is_empty() && !mutant::is("dis_07_tampering_is_fine"));
    let disqualified = out.into_iter().map(|(label, each)| (label, each.tampering.clone())).collect();
    let (rule, winner, then, because) = rule(suite, &left);
    Ruling { rule, winner, then, disqualified, because }
}

fn rule(suite: Suite, left: &[(Label, &Candidate)]) -> (Rule, Option<Label>, Then, String) {
    if left.is_empty() {
        return (Rule::NobodyLeft, None, Then::Person, "every candidate touched the locked tests".into());
    }
    match suite {
        Suite::None if mutant::is("dis_03_untested_is_compared") => by_tests(suite, left),
        Suite::None => (Rule::TestsFirst, None, Then::WriteTests, "no tests cover it: they come first".into()),
        Suite::Untestable { reversible: true } => {
            let (winner, because) = simplest(left).1;
            (Rule::Reversible, Some(winner), Then::Take, format!("it can be taken back; {because}"))
        }
        Suite::Untestable { reversible: false } if mutant::is("dis_04_what_stays_is_picked") => {
            let (winner, because) = simplest(left).1;
            (Rule::Irreversible, Some(winner), Then::Take, because)
        }
        Suite::Untestable { reversible: false } => {
            let why = "it cannot be taken back: the orchestrator reads both".into();
            (Rule::Irreversible, None, Then::Judge { extended: false }, why)
        }
        Suite::Existing | Suite::Neutral { .. } => by_tests(suite, left),
    }
}

fn by_tests(suite: Suite, left: &[(Label, &Candidate)]) -> (Rule, Option<Label>, Then, String) {
    let enough = |each: &Candidate| each.runs.len() >= REPETITIONS;
    let mixed = |each: &Candidate| each.runs.contains(&true) && each.runs.contains(&false);
    if let Some((label, _)) = left.iter().find(|(_, each)| mixed(each) || !enough(each)) {
        let why = format!("the tests do not say the same {REPETITIONS} times on {label}");
        return (Rule::Flaky, None, Then::WriteTests, why);
    }
    let passing: Vec<(Label, &Candidate)> =
        left.iter().filter(|(_, each)| each.runs[0] || mutant::is("dis_02_red_passes")).copied().collect();
    match (&passing[..], suite) {
        ([], _) => {
            let why = "none passes: the orchestrator sees the failing logs".into();
            (Rule::NonePasses, None, Then::Judge { extended: true }, why)
        }
        ([(only, _)], _) if left.len() > 1 => {
            (Rule::OnlyOnePasses, Some(*only), Then::Take, format!("only {only} passes"))
        }
        (_, Suite::Neutral { discriminates: false }) if left.len() > 1 => {
            let (rule, (winner, because)) = simplest(&passing);
            (rule, Some(winner), Then::Take, format!("the new tests tell nobody apart; {because}"))
        }
        (_, Suite::None | Suite::Existing | Suite::Neutral { .. } | Suite::Untestable { .. }) => {
            let (rule, (winner, because)) = simplest(&passing);
            (rule, Some(winner), Then::Take, because)
        }
    }
}

/// The simplest of them, and what made it so.
fn simplest(among: &[(Label, &Candidate)]) -> (Rule, (Label, String)) {
    let mut sorted = among.to_vec();
    sorted.sort_by(|(a, one), (b, other)| {
        let size = |one: &Candidate| if mutant::is("dis_05_lines_alone") { one.measures.lines } else { 0 };
        size(one).cmp(&size(other)).then_with(|| one.measures.cmp(&other.measures)).then_with(|| a.cmp(b))
    });
    let (winner, first) = sorted[0];
    match sorted.get(1) {
        None => (Rule::Simpler, (winner, format!("{winner} is the only one"))),
        Some((second, other)) if first.measures != other.measures => {
            let (m, n) = (first.measures, other.measures);
            let pairs = [
                ("new dependencies", m.new_dependencies, n.new_dependencies),
                ("files", m.files, n.files),
                ("changed lines", m.lines, n.lines),
                ("public names", m.public_symbols, n.public_symbols),
            ];
            let told = pairs.into_iter().find(|(_, a, b)| a != b);
            let told = told.map_or_else(String::new, |(what, a, b)| format!("{a} {what} against {b} of {second}"));
            (Rule::Simpler, (winner, format!("{winner} is simpler: {told}")))
        }
        Some(_) => (Rule::LowestHash, (winner, format!("they measure the same; {winner} has the lowest hash"))),
    }
}

/// One who took part, as the record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mind {
    /// The registry entry.
    pub model: ModelId,
    /// The session in which it worked.
    pub session: String,
}

/// DIS-08: what a judgement is worth, by who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bench {
    /// It counts: the judge made none of the candidates.
    Apart,
    /// It counts: the same model made one of them, in another session, and knows nothing of it.
    Fresh,
    /// It does not: the session that judged made one of them. A person judges.
    Author,
}

/// DIS-08: whether somebody may judge what these made.
#[must_use]
pub fn bench(judge: &Mind, authors: &[Mind]) -> Bench {
    let resumed = authors.iter().any(|author| author.session == judge.session);
    if resumed && !mutant::is("dis_08_an_author_judges") {
        Bench::Author
    } else if authors.iter().any(|author| author.model == judge.model) {
        Bench::Fresh
    } else {
        Bench::Apart
    }
}

/// Why somebody wants the orchestrator to think as long as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plea {
    /// None passes, and the failing logs are there.
    NonePassesWithLogs,
    /// It cannot be taken back, and it was read once without a decision.
    IrreversibleUndecided,
    /// It is hard.
    Hard,
    /// They disagree.
    TheyDisagree,
    /// Nobody is sure.
    Unsure,
}

/// DIS-09: whether that is a reason.
#[must_use]
pub fn may_think_longer(plea: Plea) -> bool {
    match plea {
        Plea::NonePassesWithLogs | Plea::IrreversibleUndecided => true,
        Plea::Hard | Plea::TheyDisagree | Plea::Unsure => mutant::is("dis_09_any_reason"),
    }
}
