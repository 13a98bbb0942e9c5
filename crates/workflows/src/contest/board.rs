//! What is known of the candidates: the matrix that a contest is decided by, and that its report shows.

use super::entrant::{Entrant, Ground};
use mao_core::change::Member;
use mao_core::contest::{Inspection, Tests};
use mao_core::event::Verification;
use mao_policy::contest::{Candidate, Label, Rule, Ruling, Suite, settle};

/// A candidate at its place.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) label: Label,
    pub(crate) entrant: Entrant,
    pub(crate) inspection: Inspection,
    /// What the tests run on; none for a candidate that is out.
    pub(crate) ground: Option<Ground>,
    pub(crate) runs: Vec<Verification>,
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) tests: Tests,
    /// The neutral tests.
    pub(crate) neutral: Option<Member>,
    /// In the order of their trees, which is the order of their labels.
    pub(crate) seats: Vec<Seat>,
    /// The base, with the neutral tests where there are some.
    pub(crate) base: Option<Ground>,
    pub(crate) on_base: Option<Verification>,
}

impl Board {
    /// The candidates, which come in the order of their trees; nothing is known of them yet.
    pub(crate) fn new(tests: Tests, entrants: Vec<Entrant>, neutral: Option<Member>) -> Self {
        let seat = |(letter, entrant)| Seat {
            label: Label(letter),
            entrant,
            inspection: Inspection::default(),
            ground: None,
            runs: Vec::new(),
        };
        let seats = ('A'..='Z').zip(entrants).map(seat).collect();
        Self { tests, neutral, seats, base: None, on_base: None }
    }

    /// Whether tests run at all.
    pub(crate) fn is_run(&self) -> bool {
        match self.tests {
            Tests::Existing { .. } | Tests::Wanted => true,
            Tests::Reversible | Tests::Irreversible => false,
        }
    }

    /// Whether the tests fail anywhere.
    pub(crate) fn discriminates(&self) -> bool {
        let all = self.on_base.iter().chain(self.seats.iter().flat_map(|seat| &seat.runs));
        all.into_iter().any(|ran| !ran.green())
    }

    /// What the rules say of it.
    pub(crate) fn ruling(&self) -> Ruling {
        let suite = match self.tests {
            Tests::Existing { .. } => Suite::Existing,
            Tests::Wanted => Suite::Neutral { discriminates: self.discriminates() },
            Tests::Reversible => Suite::Untestable { reversible: true },
            Tests::Irreversible => Suite::Untestable { reversible: false },
        };
        let candidate = |seat: &Seat| Candidate {
            hash: seat.entrant.change.tree.to_string(),
            measures: seat.inspection.measures,
            tampering: seat.inspection.tampering.clone(),
            runs: seat.runs.iter().map(Verification::green).collect(),
        };
        settle(suite, &self.seats.iter().map(candidate).collect::<Vec<_>>())
    }

    pub(crate) fn entrant(&self, label: Label) -> Option<&Entrant> {
        self.seats.iter().find(|seat| seat.label == label).map(|seat| &seat.entrant)
    }

    /// The candidate of that label, where it is one and not out.
    pub(crate) fn labelled(&self, label: &str) -> Option<&Entrant> {
        let found = self.seats.iter().find(|seat| seat.label.to_string() == label.trim());
        found.filter(|seat| seat.inspection.tampering.is_empty()).map(|seat| &seat.entrant)
    }
}

/// A rule's name in records.
pub(crate) const fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::OnlyOnePasses => "only one passes",
        Rule::Simpler => "simpler",
        Rule::LowestHash => "lowest hash",
        Rule::NonePasses => "none passes",
        Rule::TestsFirst => "tests first",
        Rule::Flaky => "flaky",
        Rule::Reversible => "reversible design",
        Rule::Irreversible => "irreversible design",
        Rule::NobodyLeft => "nobody left",
    }
}
