//! Who competes, and on what: the nouns that the rest of a contest is about.

use mao_core::change::{Change, Member};
use mao_core::contest::Contest;
use mao_core::effect::Effect;
use mao_core::ids::{CommitId, TreeId};
use mao_core::matter::Matter;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;

/// The step in which neutral tests are written.
pub(crate) const TESTS: &str = "tests";

/// The step in which the orchestrator judges what tests cannot decide.
pub(crate) const JUDGE: &str = "judge.contest";

/// The step in which it judges once more, with all its thinking, what it could not decide and cannot be taken back.
pub(crate) const JUDGE_LONGER: &str = "judge.contest.longer";

/// The step in which a person judges.
pub(crate) const PERSON: &str = "judge.person";

/// One of those that compete.
#[derive(Debug, Clone)]
pub(crate) struct Entrant {
    pub(crate) member: Member,
    pub(crate) change: Change,
    /// Who it is, for the record afterwards; nobody who decides sees it.
    pub(crate) name: String,
    /// What its commits say of who made it, where a person brought it.
    pub(crate) served_by: Vec<String>,
}

/// A tree that tests run on.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) commit: CommitId,
    pub(crate) tree: TreeId,
}

/// Where a contest stands.
pub(crate) enum Stage {
    /// It is on its way; these effects are new.
    Under(Vec<Effect>),
    /// It is over, with this outcome.
    Over(Outcome),
}

/// What the run's contest is about.
pub(crate) fn contest(run: &RunState) -> Option<&Contest> {
    if let Matter::Contest(contest) = &run.opened.request.matter { Some(contest) } else { None }
}
