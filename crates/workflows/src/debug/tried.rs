//! ESC-06: the claims of an investigation, tried before anybody weighs them. The command that is said to show the fault is
//! run on the base; each change that is said to repair it is run on a tree of its own; what is red and what is green is
//! read from the record and from nowhere else.

use super::questions::Investigation;
use super::record::{debug, short, trial};
use crate::flow::open_once;
use mao_core::change::Change;
use mao_core::effect::{Effect, Work};
use mao_core::ids::StepId;
use mao_core::reply::{Checkout, Claimed};
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, AttemptState, Step};
use mao_core::text;
use serde::Serialize;

/// An investigation and the run that tries it.
pub(super) struct Claims<'a> {
    pub(super) run: &'a RunState,
    pub(super) number: usize,
    pub(super) answered: &'a Answered,
    pub(super) said: &'a Investigation,
}

/// Where a proposed change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// What it changed in the copy that it worked in.
    Copy,
    /// The diff that stands in its answer.
    Diff,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::Copy => "what it changed in its copy",
            Self::Diff => "the diff in its answer",
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Copy => "proposal",
            Self::Diff => "claimed",
        }
    }
}

/// How commands ended on one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Ended {
    tree: String,
    /// Whether all of them ended with exit code 0.
    green: bool,
    /// The exit code of the first that did not, 0 where all did; absent where it was killed or never started.
    exit: Option<i32>,
    /// Which one that was.
    command: Option<String>,
}

/// What came of one proposed change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Tried {
    from: Source,
    /// Why it was not applied.
    refused: Option<String>,
    /// How the command ended with it.
    after: Option<Ended>,
}

/// What this program found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// How the command ended on the base, as it was recorded before anybody investigated.
    before: Option<Ended>,
    /// Whether a reproduction was claimed, and how it ended on the base.
    reproduction: Option<Ended>,
    claimed: bool,
    changes: Vec<Tried>,
}

impl Claims<'_> {
    fn step(&self, verb: &str) -> StepId {
        StepId::new(format!("{verb}.{}", self.number))
    }

    const fn claims_reproduction(&self) -> bool {
        self.said.reproduced && !self.said.command.is_empty()
    }

    /// The changes that can be tried, the same one once.
    fn changes(&self) -> Vec<(Source, &Change)> {
        let own = self.answered.answer.change.as_ref().map(|change| (Source::Copy, change));
        let diff = self.answered.answer.proposed.as_deref().and_then(|proposed| match &proposed.diff {
            Claimed::Applies(change) => Some((Source::Diff, change)),
            Claimed::Nothing | Claimed::Refused { .. } => None,
        });
        let diff = diff.filter(|(_, change)| own.is_none_or(|(_, own)| own.tree != change.tree));
        own.into_iter().chain(diff).collect()
    }

    /// What is not being tried yet.
    pub(super) fn missing(&self) -> Vec<Effect> {
        let mut new = Vec::new();
        if self.claims_reproduction() {
            let (commit, tree) = (self.run.opened.base.clone(), self.run.opened.base_tree.clone());
            let commands = vec![self.said.command.clone()];
            new.extend(open_once(self.run, self.step("claim"), Work::Probe { commit, tree, commands }));
        }
        let command = debug(self.run).map(|debug| debug.command.clone()).unwrap_or_default();
        // What shows the fault must be gone too, where it is another command.
        let commands = if self.claims_reproduction() && self.said.command != command {
            vec![command, self.said.command.clone()]
        } else {
            Vec::new()
        };
        for (source, change) in self.changes() {
            let (commit, tree, commands) = (change.commit.clone(), change.tree.clone(), commands.clone());
            new.extend(open_once(self.run, self.step(source.verb()), Work::Probe { commit, tree, commands }));
        }
        new
    }

    /// Whether something of it is still out.
    pub(super) fn is_open(&self) -> bool {
        let open = |verb| self.run.steps.get(&self.step(verb)).is_some_and(Step::is_open);
        ["claim", Source::Copy.verb(), Source::Diff.verb()].into_iter().any(open)
    }

    fn ended(&self, verb: &str) -> Option<Ended> {
        let Step::Probe { tree, found: Some(found), .. } = self.run.steps.get(&self.step(verb))? else { return None };
        let red = found.first_red();
        Some(Ended {
            tree: tree.to_string(),
            green: found.green(),
            exit: red.map_or(Some(0), |red| red.exit),
            command: red.map(|red| red.command.clone()),
        })
    }

    /// What was found by now.
    pub(super) fn found(&self) -> Found {
        let before = trial(self.run, 0).map(|trial| Ended {
            tree: trial.tree.to_string(),
            green: trial.is_green(),
            exit: trial.exit,
            command: None,
        });
        let mut changes: Vec<Tried> = self
            .changes()
            .into_iter()
            .map(|(from, _)| Tried { from, refused: None, after: self.ended(from.verb()) })
            .collect();
        let refused = self.answered.answer.proposed.as_deref().and_then(|proposed| match &proposed.diff {
            Claimed::Refused { why } => Some(why.clone()),
            Claimed::Nothing | Claimed::Applies(_) => None,
        });
        changes.extend(refused.map(|why| Tried { from: Source::Diff, refused: Some(why), after: None }));
        Found { before, reproduction: self.ended("claim"), claimed: self.claims_reproduction(), changes }
    }
}

impl Found {
    /// In words, for the orchestrator and for people.
    pub(super) fn shown(&self) -> String {
        let reproduction = match (self.claimed, &self.reproduction) {
            (false, _) => "no reproduction was claimed".to_owned(),
            (true, None) => "the claimed reproduction was not run".to_owned(),
            (true, Some(Ended { green: true, tree, .. })) => {
                format!("the claimed reproduction was run on tree {} and does NOT fail", short(tree))
            }
            (true, Some(Ended { exit: None, .. })) => {
                "the claimed reproduction was killed or could not be started: it shows nothing".to_owned()
            }
            (true, Some(Ended { exit: Some(exit), tree, .. })) => {
                format!("the claimed reproduction was run on tree {} and fails, as claimed (exit {exit})", short(tree))
            }
        };
        let mut said = vec![reproduction];
        if self.changes.is_empty() {
            said.push("there is no proposal to try".to_owned());
        }
        said.extend(self.changes.iter().map(|tried| self.change(tried)));
        said.join("; ")
    }

    fn change(&self, tried: &Tried) -> String {
        let name = tried.from.name();
        let side = |ended: &Option<Ended>, when: &str| match ended {
            None => format!("not run {when}"),
            Some(ended) => {
                let colour = if ended.green { "green" } else { "red" };
                let exit = ended.exit.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
                let which = ended.command.as_ref().map(|command| format!(" of `{}`", text::one_line(command, 80)));
                format!("{colour} {when} ({exit}{} on tree {})", which.unwrap_or_default(), short(&ended.tree))
            }
        };
        match (&tried.refused, &tried.after) {
            (Some(why), _) => format!("{name} was not tried: {why}"),
            (None, after) => {
                format!(
                    "{name} was applied in a tree that is thrown away: {}, {}",
                    side(&self.before, "before"),
                    side(after, "after")
                )
            }
        }
    }
}

/// The person's checkout before the first and after the last attempt of an investigation, as far as it was looked at.
pub(super) fn checkout(asked: &AskStep) -> Option<Checkout> {
    let mut looks = asked.attempts.iter().filter_map(|attempt| match &attempt.state {
        AttemptState::Answered(answered) => answered.answer.proposed.as_ref()?.checkout.as_ref(),
        AttemptState::Failed(..) | AttemptState::Running | AttemptState::Lost => {
            attempt.loss.as_ref()?.checkout.as_ref()
        }
    });
    let first = looks.next()?;
    // What happened between two attempts was nobody's who looked: each is compared with itself.
    let touched = std::iter::once(first).chain(looks.clone()).find(|look| !look.is_untouched());
    let last = looks.next_back().unwrap_or(first);
    Some(touched.unwrap_or(last).clone())
}
