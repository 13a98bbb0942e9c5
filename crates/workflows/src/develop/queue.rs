//! The merge queue: what of a group lands together, and who broke it where it does not.
//!
//! All changes of a group are merged in its order, each onto the one before, and the checks run once, on the last tree.
//! Red is believed when it was red twice. Then the prefixes are bisected: the one before the first red prefix lands, the
//! change that makes it red is refused, and what comes after is merged again with what follows.

use super::case::{Case, Proven};
use super::place::Whole;
use super::resolve;
use super::steps::red_log;
use crate::flow::open_once;
use mao_core::change::{Aim, Member, Refusal};
use mao_core::effect::{Effect, Note, Work};
use mao_core::event::MergeResult;
use mao_core::ids::{CommitId, StepId, TreeId};
use mao_core::run::RunState;
use mao_core::step::Step;

/// Changes merged one after the other.
struct Line {
    step: StepId,
    /// Those that merged: which of the changes, and what it became.
    candidates: Vec<(usize, CommitId, TreeId)>,
    /// Those that did not: which, and where.
    conflicts: Vec<(usize, Vec<String>)>,
}

/// What the checks say of a line.
enum Search {
    /// More must be checked; the effects are new.
    Under(Vec<Effect>),
    /// So many candidates are green together; the next one, if there is one, makes them red.
    Found { green: usize },
}

/// What the verdicts say of changes that are judged together.
enum Judged {
    /// Every one is accepted, or needs no verdict.
    Accepted,
    /// A verdict is missing; the effects are new.
    Under(Vec<Effect>),
    /// All are there, and these are refusals.
    Refused(Vec<Effect>),
}

/// What brings a group one step further of which everything that is not over is `ready`. `first` names its merges.
pub(crate) fn further(run: &RunState, first: &str, ready: &[Case<'_>], whole: Whole) -> Vec<Effect> {
    let (verb, aim) = match whole {
        Whole::Each => ("merge", Aim::Head),
        Whole::Together => ("stack", Aim::Trial),
    };
    let line = match Line::of(run, first, verb, aim, ready.iter().map(Case::member).collect()) {
        Ok(line) => line,
        Err(open) => return open,
    };
    let green = match line.search(run, first) {
        Search::Found { green } => green,
        Search::Under(effects) => return effects,
    };
    let culprit = line.candidates.get(green).map(|(at, _, tree)| (*at, tree));
    let blame = || {
        culprit.map(|(at, tree)| {
            let log = run.trees.get(tree).map_or_else(|| "".into(), red_log);
            ready[at].refuse(Refusal::BrokeMerged { log })
        })
    };
    let head = match (whole, green.checked_sub(1).map(|last| &line.candidates[last])) {
        (_, None) => None,
        (Whole::Each, Some((_, commit, tree))) => Some((line.step.clone(), commit.clone(), tree.clone())),
        (Whole::Together, Some((_, commit, tree))) => {
            let together: Vec<&Case<'_>> = line.candidates[..green].iter().map(|(at, _, _)| &ready[*at]).collect();
            match judged(&together, commit, tree) {
                Judged::Accepted => {}
                Judged::Under(effects) => return effects,
                // Nothing lands before what was refused is redone; what was accepted stays accepted.
                Judged::Refused(refused) => return refused.into_iter().chain(blame()).collect(),
            }
            match Line::of(run, first, "merge", Aim::Head, together.iter().map(|case| case.member()).collect()) {
                Err(open) => return open,
                Ok(proven) => {
                    proven.candidates.last().map(|(_, commit, tree)| (proven.step, commit.clone(), tree.clone()))
                }
            }
        }
    };
    let onto = head.as_ref().map_or_else(|| run.head.clone(), |(_, commit, _)| commit.clone());
    let moved = head.map(|(step, commit, tree)| Effect::Note(Note::HeadMoved { step, commit, tree }));
    // What conflicts behind the culprit may merge well without it.
    let before = |at: usize| culprit.is_none_or(|(culprit, _)| at < culprit);
    let conflicts = line.conflicts.iter().filter(|(at, _)| before(*at));
    let resolve = conflicts.filter_map(|(at, paths)| resolve::open(run, &ready[*at], paths, &onto));
    moved.into_iter().chain(blame()).chain(resolve).collect()
}

/// The verdicts on changes that are judged together.
fn judged(together: &[&Case<'_>], commit: &CommitId, tree: &TreeId) -> Judged {
    let (mut under, mut new, mut refused) = (false, Vec::new(), Vec::new());
    for case in together {
        match case.judged(commit, tree) {
            Proven::Yes => {}
            Proven::Under(effects) => {
                under = true;
                new.extend(effects);
            }
            Proven::Refused(effect) => refused.push(*effect),
        }
    }
    match (under, refused.is_empty()) {
        (true, _) => Judged::Under(new),
        (false, true) => Judged::Accepted,
        (false, false) => Judged::Refused(refused),
    }
}

impl Line {
    /// These changes merged onto the head, or what opens that merge (nothing while it is on its way).
    fn of(run: &RunState, first: &str, verb: &str, aim: Aim, members: Vec<Member>) -> Result<Self, Vec<Effect>> {
        let prefix = format!("{verb}.{first}.");
        let mut rounds = 0;
        for (id, step) in run.steps.iter().filter(|(id, _)| id.as_str().starts_with(&prefix)) {
            rounds += 1;
            let Step::Merge { changes, onto, results, .. } = step else { continue };
            if *changes == members && *onto == run.head {
                return if results.is_empty() { Err(Vec::new()) } else { Ok(Self::read(id, results)) };
            }
        }
        let work = Work::Merge { changes: members, onto: run.head.clone(), aim };
        Err(open_once(run, StepId::new(format!("{prefix}{}", rounds + 1)), work).into_iter().collect())
    }

    fn read(step: &StepId, results: &[MergeResult]) -> Self {
        let mut line = Self { step: step.clone(), candidates: Vec::new(), conflicts: Vec::new() };
        for (at, result) in results.iter().enumerate() {
            match result {
                MergeResult::Candidate { commit, tree } => line.candidates.push((at, commit.clone(), tree.clone())),
                MergeResult::Conflict { paths } => line.conflicts.push((at, paths.clone())),
            }
        }
        line
    }

    /// How many candidates are green together.
    fn search(&self, run: &RunState, first: &str) -> Search {
        let all = self.candidates.len();
        let (mut green, mut red) = (0, all + 1);
        while green + 1 < red {
            // The whole line first; then halves.
            let probe = if red > all { all } else { green.midpoint(red) };
            let Some((_, commit, tree)) = probe.checked_sub(1).map(|last| &self.candidates[last]) else { break };
            let again = match run.trees.get(tree) {
                Some(checks) if checks.green() => {
                    green = probe;
                    continue;
                }
                Some(_) if run.rechecked.contains_key(tree) => {
                    red = probe;
                    continue;
                }
                Some(_) => "-again",
                None => "",
            };
            let round = self.step.as_str().rsplit('.').next().unwrap_or_default();
            let prefix = if probe == all { String::new() } else { format!("-{probe}") };
            let step = format!("trial.{first}.{round}{prefix}{again}");
            let work = Work::Verify { commit: commit.clone(), tree: tree.clone() };
            return Search::Under(open_once(run, StepId::new(step), work).into_iter().collect());
        }
        Search::Found { green }
    }
}
