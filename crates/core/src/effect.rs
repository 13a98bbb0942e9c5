//! What a workflow asks the engine to do next. Data: it is recorded first and performed afterwards.

use crate::ask::Ask;
use crate::change::{Aim, Member, Refusal, Verdict};
use crate::contest::Settled;
use crate::ids::{AttemptNo, CommitId, StepId, TreeId};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// One thing to do next. All effects of one `next` are recorded in one commit of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a step: work that ends with an event of its own.
    Open {
        /// The step's id: derived from the plan, so that asking twice opens once.
        step: StepId,
        /// The work.
        work: Work,
    },
    /// Record a conclusion that needs no work.
    Note(Note),
}

/// The work of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "work")]
pub enum Work {
    /// Ask a model, through as many attempts as policy admits.
    Ask(Ask),
    /// Run the checks on a commit's tree.
    Verify {
        /// The commit to check out.
        commit: CommitId,
        /// Its tree: what the result is recorded for.
        tree: TreeId,
    },
    /// Run commands on a commit, once more or other ones: what they say is kept with the step, and of the tree nothing
    /// follows.
    Probe {
        /// The commit to check out.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
        /// The commands; the run's checks where there are none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commands: Vec<Vec<String>>,
    },
    /// Look at a candidate's diff: how large it is, and what it does to the tests that are locked.
    Inspect {
        /// The candidate.
        change: Member,
        /// The neutral tests, where they were written for this contest; the base's own are locked besides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tests: Option<Member>,
    },
    /// Take what differs between two commits apart, for those who review it.
    Compare {
        /// The commit before.
        from: CommitId,
        /// The commit after.
        to: CommitId,
    },
    /// Merge changes onto the run's head, each onto the one before; a conflicting one is left out. The results are
    /// candidates until the checks are green on one of them.
    Merge {
        /// The changes, in the order in which they land.
        changes: Vec<Member>,
        /// The head they are merged onto.
        onto: CommitId,
        /// What for.
        aim: Aim,
    },
    /// Write the report as a commit on the head.
    Report {
        /// The head it is written onto.
        onto: CommitId,
    },
    /// Bring the head into the user's repository as the run's branch.
    Publish {
        /// The commit to publish.
        commit: CommitId,
    },
    /// Wait for a person.
    Question {
        /// What is asked, in one line.
        text: String,
        /// What may be answered.
        choices: Vec<String>,
    },
}

/// A conclusion that a workflow draws from the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "note")]
pub enum Note {
    /// The orchestrator's verdict on a change, read from its structured reply.
    ChangeJudged {
        /// The step whose change was judged.
        step: StepId,
        /// The attempt that made it.
        attempt: AttemptNo,
        /// The tree that was judged.
        tree: TreeId,
        /// The verdict.
        verdict: Verdict,
        /// The step in which it was given.
        by: StepId,
    },
    /// A change is refused; what follows is for `decide` to say.
    ChangeRefused {
        /// The step whose change is refused.
        step: StepId,
        /// The attempt that made it.
        attempt: AttemptNo,
        /// Why.
        refusal: Refusal,
    },
    /// A merge candidate has become the run's head, and with it every candidate before it.
    HeadMoved {
        /// The merge step.
        step: StepId,
        /// The new head.
        commit: CommitId,
        /// Its tree.
        tree: TreeId,
    },
    /// A planned step will not be taken.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Why, in one line.
        why: String,
    },
    /// A contest is decided.
    Settled(Box<Settled>),
    /// The run is over.
    RunClosed {
        /// How.
        outcome: Outcome,
    },
}
