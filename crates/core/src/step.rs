//! A step of a run and where it stands. Data that exists only in one state lives in that state's variant.

use crate::ask::{Ask, ReplyForm};
use crate::change::{Aim, Member, Refusal, Verdict};
use crate::contest::Inspection;
use crate::effect::Work;
use crate::event::{Decision, Link, Loss, MergeResult, Route, Verification};
use crate::fault::Fault;
use crate::ids::{AttemptNo, CommitId, ModelId, Stamp, TreeId};
use crate::packed::Compared;
use crate::reply::{Answer, Usage};

/// A step and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A question to a model.
    Ask(Box<AskStep>),
    /// Checks on a tree.
    Verify {
        /// The commit.
        commit: CommitId,
        /// Its tree; the result is in [`RunState::trees`](crate::run::RunState::trees).
        tree: TreeId,
        /// Whether they ran to their end.
        done: bool,
    },
    /// Commands on a tree, of which nothing follows for the tree.
    Probe {
        /// The commit.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
        /// The commands; the run's checks where there are none.
        commands: Vec<Vec<String>>,
        /// What they said, once they ran to their end.
        found: Option<Verification>,
        /// What failed, in a form that is the same for the same failure.
        signature: String,
        /// How a stack trace begins, where there is one.
        trace: String,
        /// The files that the log names.
        named: Vec<String>,
    },
    /// A look at a candidate.
    Inspect {
        /// The candidate.
        change: Member,
        /// The neutral tests.
        tests: Option<Member>,
        /// What was found.
        found: Option<Inspection>,
    },
    /// What differs between two commits.
    Compare {
        /// The commit before.
        from: CommitId,
        /// The commit after.
        to: CommitId,
        /// What was found, once it was.
        found: Option<Box<Compared>>,
    },
    /// A merge onto the head.
    Merge {
        /// Which changes, in order.
        changes: Vec<Member>,
        /// Onto which head.
        onto: CommitId,
        /// What for.
        aim: Aim,
        /// What came of each, in the same order; empty while it is open.
        results: Vec<MergeResult>,
        /// How many of them, from the first, are behind the head: candidates among these have landed.
        landed: usize,
    },
    /// The report.
    Report {
        /// Onto which head.
        onto: CommitId,
        /// Whether it is a commit.
        done: bool,
    },
    /// The branch in the user's repository.
    Publish {
        /// The commit.
        commit: CommitId,
        /// The branch, once it exists.
        branch: Option<String>,
    },
    /// A question to a person.
    Question {
        /// The question.
        text: String,
        /// The answers that count.
        choices: Vec<String>,
        /// The answer.
        answer: Option<String>,
        /// Why, in the person's own words.
        because: Option<String>,
        /// Over which channel it came.
        by: Option<String>,
    },
}

impl Step {
    /// A step as its opening leaves it.
    pub(crate) fn open(work: &Work) -> Self {
        match work.clone() {
            Work::Ask(ask) => {
                Self::Ask(Box::new(AskStep { ask, route: None, attempts: Vec::new(), decided: None, passed_on: None }))
            }
            Work::Verify { commit, tree } => Self::Verify { commit, tree, done: false },
            Work::Probe { commit, tree, commands } => {
                let (signature, trace, named) = (String::new(), String::new(), Vec::new());
                Self::Probe { commit, tree, commands, found: None, signature, trace, named }
            }
            Work::Compare { from, to } => Self::Compare { from, to, found: None },
            Work::Inspect { change, tests } => Self::Inspect { change, tests, found: None },
            Work::Merge { changes, onto, aim } => Self::Merge { changes, onto, aim, results: Vec::new(), landed: 0 },
            Work::Report { onto } => Self::Report { onto, done: false },
            Work::Publish { commit } => Self::Publish { commit, branch: None },
            Work::Question { text, choices } => Self::Question { text, choices, answer: None, because: None, by: None },
        }
    }

    /// Whether its work is still to be done (or done again, where an owner died over it).
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self {
            Self::Ask(ask) => matches!(ask.standing(), Standing::Idle | Standing::Running(_)),
            Self::Verify { done, .. } | Self::Report { done, .. } => !done,
            Self::Probe { found, .. } => found.is_none(),
            Self::Inspect { found, .. } => found.is_none(),
            Self::Compare { found, .. } => found.is_none(),
            Self::Merge { results, .. } => results.is_empty(),
            Self::Publish { branch, .. } => branch.is_none(),
            Self::Question { answer, .. } => answer.is_none(),
        }
    }
}

/// A question to a model, with its attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct AskStep {
    /// The question.
    pub ask: Ask,
    /// The chain of models, once drawn.
    pub route: Option<Route>,
    /// Its attempts in order.
    pub attempts: Vec<Attempt>,
    /// What was decided after the last attempt.
    pub decided: Option<Decision>,
    /// Why the first link was not asked, where it was passed over before anybody was.
    pub passed_on: Option<String>,
}

/// One call of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its number.
    pub no: AttemptNo,
    /// The link of the route it used.
    pub link: usize,
    /// The commit its worktree started from.
    pub base: CommitId,
    /// The session id drawn for it.
    pub session: String,
    /// When it started.
    pub started: Stamp,
    /// Where it stands.
    pub state: AttemptState,
    /// What it cost and left although it failed.
    pub loss: Option<Loss>,
}

impl Attempt {
    /// What it cost, as far as anybody counted; `None` while nothing is known.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        match &self.state {
            AttemptState::Answered(answered) => Some(answered.answer.usage),
            AttemptState::Failed(..) => self.loss.as_ref().map(|loss| loss.usage),
            AttemptState::Running | AttemptState::Lost => None,
        }
    }

    /// When it was acknowledged.
    #[must_use]
    pub fn ended(&self) -> Option<Stamp> {
        match &self.state {
            AttemptState::Answered(answered) => Some(answered.at),
            AttemptState::Failed(_, at) => Some(*at),
            AttemptState::Running | AttemptState::Lost => None,
        }
    }
}

/// Where an attempt stands.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptState {
    /// It was started and has not been acknowledged.
    Running,
    /// Its owner died.
    Lost,
    /// It failed.
    Failed(Fault, Stamp),
    /// It answered.
    Answered(Box<Answered>),
}

/// An answer and what was said of it since.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// When it was acknowledged.
    pub at: Stamp,
    /// The orchestrator's verdict on its change, with the tree and the judging model.
    pub verdict: Option<(Verdict, TreeId, ModelId)>,
    /// Why its change was refused, if it was.
    pub refusal: Option<Refusal>,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing<'a> {
    /// Nothing runs; `decide` says what follows.
    Idle,
    /// An attempt is out.
    Running(AttemptNo),
    /// Answered, and the change (if one was asked for) not refused.
    Answered(&'a Attempt, &'a Answered),
    /// Lost to this run.
    GivenUp(&'a str),
}

impl AskStep {
    /// Where the question stands.
    #[must_use]
    pub fn standing(&self) -> Standing<'_> {
        if let Some(Decision::GiveUp { reason }) = &self.decided {
            return Standing::GivenUp(reason);
        }
        match self.attempts.last() {
            Some(attempt) => match &attempt.state {
                AttemptState::Running => Standing::Running(attempt.no),
                AttemptState::Answered(answered) if answered.refusal.is_none() => Standing::Answered(attempt, answered),
                AttemptState::Answered(_) | AttemptState::Lost | AttemptState::Failed(..) => Standing::Idle,
            },
            None => Standing::Idle,
        }
    }

    /// The change that its answer replaces, where it resolves a conflict.
    #[must_use]
    pub fn resolves(&self) -> Option<&Member> {
        match &self.ask.reply {
            ReplyForm::Change { resolves: Some(original), .. } => Some(original),
            ReplyForm::Change { resolves: None, .. }
            | ReplyForm::Text
            | ReplyForm::Json { .. }
            | ReplyForm::Proposal { .. } => None,
        }
    }

    /// The link that an attempt used.
    #[must_use]
    pub fn link_of(&self, attempt: &Attempt) -> Option<&Link> {
        self.route.as_ref().and_then(|route| route.links.get(attempt.link))
    }

    /// The number of the next attempt.
    #[must_use]
    pub fn next_no(&self) -> AttemptNo {
        AttemptNo(self.attempts.last().map_or(1, |last| last.no.0 + 1))
    }

    pub(crate) fn last_mut(&mut self, no: AttemptNo) -> Option<&mut Attempt> {
        self.attempts.last_mut().filter(|attempt| attempt.no == no)
    }
}
