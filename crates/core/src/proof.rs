//! What the record proves of a change: that it may be merged, and that it was.
//!
//! This is the only place where a [`Validated`] value is made. Checks and verdict may each name the change's own tree,
//! or a tree of a trial merge that holds it: a change that is not whole without others is judged together with them.

use crate::ask::ReplyForm;
use crate::change::{Aim, Change, Member, Proof, Validated};
use crate::contest::Brought;
use crate::event::{MergeResult, Verification};
use crate::ids::{AttemptNo, CommitId, ModelId, StepId, TreeId};
use crate::mutant;
use crate::run::RunState;
use crate::step::{Answered, AskStep, Attempt, AttemptState, Standing, Step};
use crate::supply::Supply;

/// The number of the attempt that made what a person brought: there was none.
pub const BROUGHT: AttemptNo = AttemptNo(0);

impl RunState {
    /// The change of `step`'s last attempt as a value that may be merged, if the record proves that it may: its checks
    /// were green, and, unless its author is the orchestrator's own vendor, the orchestrator accepted it.
    #[must_use]
    pub fn validated(&self, step: &StepId) -> Option<Validated<Change>> {
        if let Some(brought) = self.brought(step) {
            return self.chosen(brought);
        }
        let ask = self.ask(step)?;
        let Standing::Answered(attempt, answered) = ask.standing() else { return None };
        if !matches!(ask.ask.reply, ReplyForm::Change { .. }) {
            return None;
        }
        let change = answered.answer.change.as_ref()?;
        let member = Member { of: step.clone(), attempt: attempt.no };
        let checked = self.checked(&member, change)?;
        let judged_by = self.accepted(&member, answered);
        if self.needs_verdict(ask, attempt) && judged_by.is_none() && !mutant::is("inv_03_no_verdict_needed") {
            return None;
        }
        let proof = Proof { step: member.of, attempt: member.attempt, tree: change.tree.clone(), checked, judged_by };
        Some(Validated::proven(change.clone(), proof))
    }

    /// A candidate that a person brought, once its contest was settled for it and the checks were green: nobody made it in
    /// this run, and no verdict stands in for the tests.
    fn chosen(&self, brought: &Brought) -> Option<Validated<Change>> {
        let won = self.settled.as_ref().and_then(|settled| settled.winner.as_ref()) == Some(&brought.step);
        if !won {
            return None;
        }
        let member = Member { of: brought.step.clone(), attempt: BROUGHT };
        let checked = self.checked(&member, &brought.change)?;
        let tree = brought.change.tree.clone();
        let proof = Proof { step: member.of, attempt: member.attempt, tree, checked, judged_by: None };
        Some(Validated::proven(brought.change.clone(), proof))
    }

    /// The candidate that a person brought under this step's name.
    #[must_use]
    pub fn brought(&self, step: &StepId) -> Option<&Brought> {
        self.supplies.iter().find_map(|supply| {
            if let Supply::Candidate(brought) = supply { (brought.step == *step).then_some(&**brought) } else { None }
        })
    }

    /// Whether a step made a change that stands, or stands for one that was brought.
    pub(crate) fn has_change(&self, step: &StepId) -> bool {
        let answered =
            |ask: &AskStep| matches!(ask.standing(), Standing::Answered(_, made) if made.answer.change.is_some());
        self.brought(step).is_some() || self.ask(step).is_some_and(answered)
    }

    /// The change of a member whose answer stands and was not refused since, or that was brought.
    #[must_use]
    pub fn change(&self, member: &Member) -> Option<&Change> {
        if let Some(brought) = self.brought(&member.of) {
            return (member.attempt == BROUGHT).then_some(&brought.change);
        }
        match self.ask(&member.of)?.standing() {
            Standing::Answered(attempt, answered) if attempt.no == member.attempt => answered.answer.change.as_ref(),
            Standing::Answered(..) | Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
        }
    }

    /// The steps whose changes, or what resolves them, land with the first `lands` results of a merge.
    pub(crate) fn behind(&self, step: &StepId, lands: usize) -> Vec<StepId> {
        let Some(Step::Merge { changes, results, .. }) = self.steps.get(step) else { return Vec::new() };
        let behind = changes.iter().zip(results).take(lands).filter(|(_, result)| is_candidate(result));
        let with_original = behind.flat_map(|(member, _)| {
            let resolved = self.ask(&member.of).and_then(AskStep::resolves).map(|original| original.of.clone());
            std::iter::once(member.of.clone()).chain(resolved)
        });
        with_original.collect()
    }

    /// Whether an attempt's change enters the tree only with the orchestrator's verdict: its author, or the author of
    /// what it resolves, is not of the orchestrator's vendor.
    #[must_use]
    pub fn needs_verdict(&self, ask: &AskStep, attempt: &Attempt) -> bool {
        if ask.link_of(attempt).is_none_or(|link| link.vendor != self.opened.home_vendor) {
            return true;
        }
        let Some(original) = ask.resolves() else { return false };
        let Some(author) = self.ask(&original.of) else { return true };
        let made = author.attempts.iter().find(|made| made.no == original.attempt);
        made.is_none_or(|made| {
            let accepted = match &made.state {
                AttemptState::Answered(answered) => self.accepted(original, answered).is_some(),
                AttemptState::Running | AttemptState::Lost | AttemptState::Failed(..) => false,
            };
            self.needs_verdict(author, made) && !accepted
        })
    }

    /// Whether `tree` holds what a member made: its own tree, or one of a merge from its place on.
    pub(crate) fn made(&self, member: &Member, tree: &TreeId) -> bool {
        self.change(member).is_some_and(|change| change.tree == *tree)
            || self.holding(member).any(|(_, trees)| trees.contains(&tree))
    }

    /// How many changes of `step`'s merge land when `commit` becomes the head, if the record proves that it may.
    pub(crate) fn lands(&self, step: &StepId, commit: &CommitId, tree: &TreeId) -> Result<usize, String> {
        let Some(Step::Merge { changes, onto, aim: Aim::Head, results, landed: 0 }) = self.steps.get(step) else {
            return Err(format!("step {step} holds no candidate for the head"));
        };
        let at = results.iter().position(
            |result| matches!(result, MergeResult::Candidate { commit: made, tree: its } if made == commit && its == tree),
        );
        let green = self.trees.get(tree).is_some_and(Verification::green) || mutant::is("inv_03_red_head");
        let Some(at) = at.filter(|_| *onto == self.head && green) else {
            return Err(format!("step {step} holds no verified candidate on the head"));
        };
        for (member, _) in changes.iter().zip(&results[..=at]).filter(|(_, result)| is_candidate(result)) {
            let proven = self.validated(&member.of).is_some_and(|proven| proven.proof().attempt == member.attempt);
            if !proven && !mutant::is("inv_03_unvalidated_lands") {
                return Err(format!("attempt {} of {} is not validated", member.attempt, member.of));
            }
        }
        Ok(at + 1)
    }

    /// The tree on which the checks of a member's change were green.
    fn checked(&self, member: &Member, change: &Change) -> Option<TreeId> {
        let green = |tree: &&TreeId| self.trees.get(*tree).is_some_and(Verification::green);
        if green(&&change.tree) || mutant::is("inv_03_red_checks_pass") {
            return Some(change.tree.clone());
        }
        let trials = self.holding(member).filter(|(aim, _)| *aim == Aim::Trial);
        trials.flat_map(|(_, trees)| trees).find(green).cloned()
    }

    fn accepted(&self, member: &Member, answered: &Answered) -> Option<ModelId> {
        let (verdict, tree, by) = answered.verdict.as_ref()?;
        (verdict.accept && self.made(member, tree)).then(|| by.clone())
    }

    /// The merges in which a member is a candidate: what for, and the trees that hold it, from its own place on.
    fn holding<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = (Aim, Vec<&'a TreeId>)> {
        self.merges().filter_map(move |(changes, aim, results)| {
            let from = results.get(changes.iter().position(|one| one == member)?..)?;
            from.first().filter(|own| is_candidate(own))?;
            Some((aim, from.iter().filter_map(tree_of).collect()))
        })
    }

    fn merges(&self) -> impl Iterator<Item = (&[Member], Aim, &[MergeResult])> {
        self.steps.values().filter_map(|step| match step {
            Step::Merge { changes, aim, results, .. } => Some((&changes[..], *aim, &results[..])),
            Step::Ask(_)
            | Step::Verify { .. }
            | Step::Probe { .. }
            | Step::Inspect { .. }
            | Step::Compare { .. }
            | Step::Report { .. }
            | Step::Publish { .. }
            | Step::Question { .. } => None,
        })
    }
}

fn is_candidate(result: &MergeResult) -> bool {
    tree_of(result).is_some()
}

const fn tree_of(result: &MergeResult) -> Option<&TreeId> {
    match result {
        MergeResult::Candidate { tree, .. } => Some(tree),
        MergeResult::Conflict { .. } => None,
    }
}
