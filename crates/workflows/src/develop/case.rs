//! One change on its way to the head: its checks, its verdict, its refusal.

use super::steps::{red_log, verdict};
use crate::flow::open_once;
use mao_core::ask::Ask;
use mao_core::change::{Change, Finding, Member, Refusal};
use mao_core::effect::{Effect, Note, Work};
use mao_core::ids::{CommitId, StepId, TreeId};
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Attempt, Standing};

/// What a change is for: how the steps on its way are called, and what is asked about it.
pub(crate) trait Subject {
    /// What tells its steps from those of others: `2.storage`.
    fn name(&self) -> String;

    /// The question whether a change may be merged; `seen` is what the one who judges sees.
    fn judge(&self, seen: &Change) -> Option<Ask>;

    /// What was asked for, to be asked once more of whoever brings the change onto the head, and what people call that;
    /// none where a change that conflicts is redone.
    fn again(&self) -> Option<(Ask, String)>;
}

/// A change that was made and not refused.
pub(crate) struct Case<'a> {
    run: &'a RunState,
    pub(super) subject: Box<dyn Subject + 'a>,
    /// The step whose change it is: the workstream's own, or the one that resolves its conflict.
    step: &'a StepId,
    pub(super) ask: &'a AskStep,
    attempt: &'a Attempt,
    answered: &'a Answered,
    pub(super) change: &'a Change,
    /// What tells the steps about this change from those about others for the same subject.
    tag: String,
}

/// Whether a change may be merged.
pub(crate) enum Proven {
    /// The record proves it.
    Yes,
    /// Something is still to be said about it; these effects are new.
    Under(Vec<Effect>),
    /// It may not; the effect says why.
    Refused(Box<Effect>),
}

impl<'a> Case<'a> {
    /// `None` for an answer without a change.
    pub(crate) fn new(
        run: &'a RunState,
        subject: Box<dyn Subject + 'a>,
        (step, ask): (&'a StepId, &'a AskStep),
        (attempt, answered): (&'a Attempt, &'a Answered),
        tag: String,
    ) -> Option<Self> {
        let change = answered.answer.change.as_ref()?;
        Some(Self { run, subject, step, ask, attempt, answered, change, tag })
    }

    /// What it is called in a merge.
    pub(crate) fn member(&self) -> Member {
        Member { of: self.step.clone(), attempt: self.attempt.no }
    }

    /// Checks on its own tree, then the verdict on it.
    pub(crate) fn proven(&self) -> Proven {
        let Change { commit, tree, .. } = self.change;
        match self.run.trees.get(tree) {
            None => {
                let work = Work::Verify { commit: commit.clone(), tree: tree.clone() };
                Proven::Under(open_once(self.run, self.name("check"), work).into_iter().collect())
            }
            Some(checks) if !checks.green() => {
                Proven::Refused(Box::new(self.refuse(Refusal::ChecksFailed { log: red_log(checks) })))
            }
            Some(_) => self.judged(commit, tree),
        }
    }

    /// The verdict on `tree`, which holds it and is green: whoever judges sees `commit`.
    pub(crate) fn judged(&self, commit: &CommitId, tree: &TreeId) -> Proven {
        if self.run.validated(self.step).is_some() {
            return Proven::Yes;
        }
        if let Some((verdict, _, _)) = &self.answered.verdict {
            let refusal = Refusal::Verdict { findings: verdict.findings.clone() };
            return Proven::Refused(Box::new(self.refuse(refusal)));
        }
        let by = self.name("judge");
        let Some(judge) = self.run.ask(&by) else {
            let seen = Change { commit: commit.clone(), tree: tree.clone(), ..self.change.clone() };
            let open = self.subject.judge(&seen).and_then(|ask| open_once(self.run, by, Work::Ask(ask)));
            return Proven::Under(open.into_iter().collect());
        };
        let refused = |claim: String| {
            let findings = vec![Finding { file: None, line: None, claim }];
            Proven::Refused(Box::new(self.refuse(Refusal::Verdict { findings })))
        };
        match judge.standing() {
            Standing::Idle | Standing::Running(_) => Proven::Under(Vec::new()),
            Standing::GivenUp(reason) => refused(format!("the orchestrator could not judge it: {reason}")),
            Standing::Answered(_, answered) => match answered.answer.structured.as_ref().map(verdict) {
                Some(Ok(verdict)) => Proven::Under(vec![Effect::Note(Note::ChangeJudged {
                    step: self.step.clone(),
                    attempt: self.attempt.no,
                    tree: tree.clone(),
                    verdict,
                    by,
                })]),
                Some(Err(_)) | None => refused("the orchestrator's verdict cannot be read".to_owned()),
            },
        }
    }

    pub(crate) fn refuse(&self, refusal: Refusal) -> Effect {
        Effect::Note(Note::ChangeRefused { step: self.step.clone(), attempt: self.attempt.no, refusal })
    }

    fn name(&self, verb: &str) -> StepId {
        StepId::new(format!("{verb}.{}.{}", self.subject.name(), self.tag))
    }
}
