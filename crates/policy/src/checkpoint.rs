//! CHK-01 to CHK-05: when a checkpoint fires, what a person is asked, and what its states are. A model's word is never a
//! person's.

use crate::cycle::{Cycles, offer};
use crate::thresholds::Thresholds;
use mao_core::mutant;
use serde::{Deserialize, Serialize};

/// Where a person may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checkpoint {
    /// Another model reads the plan.
    PlanReview,
    /// Another model reads the change.
    PrCrossReview,
    /// Another model looks for the fault.
    DebugEscalation,
    /// A model for what is no code.
    CreativeModelSelection,
}

impl Checkpoint {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::PlanReview, Self::PrCrossReview, Self::DebugEscalation, Self::CreativeModelSelection];

    /// Its name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlanReview => "plan_review",
            Self::PrCrossReview => "pr_cross_review",
            Self::DebugEscalation => "debug_escalation",
            Self::CreativeModelSelection => "creative_model_selection",
        }
    }
}

/// What a checkpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointMode {
    /// It goes on where its threshold is met.
    Auto,
    /// It asks a person.
    #[default]
    Ask,
    /// Nothing is offered.
    Off,
}

/// What there is to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Occasion {
    /// Items in the plan.
    pub plan_tasks: u64,
    /// Files that the change touches.
    pub files: u64,
    /// Security patterns in it.
    pub security_hits: u64,
    /// Failed repairs.
    pub cycles: Cycles,
    /// Whether a person asked for it by name.
    pub on_request: bool,
}

/// How a person can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Somebody sits there.
    Terminal,
    /// Nobody does, but the run may wait: `--wait`, or an answer channel is configured.
    Later,
    /// Nobody.
    #[default]
    None,
}

/// What a checkpoint does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "start")]
pub enum Start {
    /// Nothing, for this reason.
    Skip {
        /// Why.
        why: String,
    },
    /// The question, now; what is not answered is No.
    Offer {
        /// With what fired it, and the answers it takes.
        question: String,
    },
    /// The question, and the run waits for its answer.
    Park {
        /// The same question.
        question: String,
    },
    /// It would ask, and nobody is there: declined.
    Declined {
        /// Why.
        why: String,
    },
    /// It runs without a question.
    Run {
        /// What fired it.
        because: String,
    },
}

/// What fires a checkpoint, in words; absent where nothing does.
#[must_use]
pub fn fires(checkpoint: Checkpoint, occasion: Occasion, thresholds: &Thresholds) -> Option<String> {
    let counted = match checkpoint {
        Checkpoint::PlanReview => {
            let (tasks, border) = (occasion.plan_tasks, thresholds.plan_tasks);
            let many = tasks > border || (tasks == border && mutant::is("chk_03_as_many_are_more"));
            many.then(|| format!("{tasks} tasks"))
        }
        Checkpoint::PrCrossReview => {
            let many = occasion.files > thresholds.review_files;
            let security = occasion.security_hits > 0 && !mutant::is("chk_05_security_is_not_seen");
            let files = format!("{} files changed", occasion.files);
            match (many, security) {
                (_, true) => Some(format!("{files}, security patterns detected")),
                (true, false) => Some(files),
                (false, false) => None,
            }
        }
        Checkpoint::DebugEscalation => offer(occasion.cycles, thresholds.debug_cycles)
            .map(|_| format!("{} repairs have failed", occasion.cycles.total)),
        Checkpoint::CreativeModelSelection => None,
    };
    counted.or_else(|| occasion.on_request.then(|| "on request".to_owned()))
}

/// What a checkpoint does. `plan_review` in mode `ask` offers whatever the count is; `auto` runs it where its threshold
/// is met only. An escalation is never started unasked.
#[must_use]
pub fn begin(
    checkpoint: Checkpoint,
    mode: CheckpointMode,
    occasion: Occasion,
    thresholds: &Thresholds,
    channel: Channel,
) -> Start {
    let fired = fires(checkpoint, occasion, thresholds);
    if occasion.on_request {
        return Start::Run { because: "on request".into() };
    }
    if mode == CheckpointMode::Off && !mutant::is("chk_01_off_is_asked") {
        return Start::Skip { why: format!("checkpoints.{} is off", checkpoint.name()) };
    }
    let always_asks = checkpoint == Checkpoint::PlanReview && mode == CheckpointMode::Ask;
    let counts = match fired {
        Some(counts) => counts,
        None if always_asks => format!("{} tasks", occasion.plan_tasks),
        None => return Start::Skip { why: below(checkpoint, occasion, thresholds) },
    };
    let may_run = checkpoint != Checkpoint::DebugEscalation;
    if mode == CheckpointMode::Auto && (may_run || mutant::is("esc_01_escalates_unasked")) {
        return Start::Run { because: counts };
    }
    let question = question(checkpoint, &counts);
    match channel {
        Channel::Terminal => Start::Offer { question },
        Channel::Later => Start::Park { question },
        Channel::None if mutant::is("chk_02_nobody_is_a_yes") => Start::Run { because: counts },
        Channel::None => Start::Declined { why: "no terminal, and nobody waits for an answer".into() },
    }
}

fn below(checkpoint: Checkpoint, occasion: Occasion, thresholds: &Thresholds) -> String {
    match checkpoint {
        Checkpoint::PlanReview => {
            format!("{} tasks, and more than {} are needed", occasion.plan_tasks, thresholds.plan_tasks)
        }
        Checkpoint::PrCrossReview => format!(
            "{} files, more than {} are needed, and no security pattern",
            occasion.files, thresholds.review_files
        ),
        Checkpoint::DebugEscalation => {
            format!("{} failed repairs, and {} are needed", occasion.cycles.total, thresholds.debug_cycles)
        }
        Checkpoint::CreativeModelSelection => "nothing creative was asked for".into(),
    }
}

/// CHK-01b: the question with what fired it and the answers it takes; the default answer is No.
fn question(checkpoint: Checkpoint, counts: &str) -> String {
    let counts = if mutant::is("chk_01b_nobody_says_why") { "something" } else { counts };
    match checkpoint {
        Checkpoint::PlanReview => format!("The plan has {counts}. Have another model review it? [y/N]"),
        Checkpoint::PrCrossReview => format!("{counts}. Have another model review the change? [y/N]"),
        Checkpoint::CreativeModelSelection => format!("{counts}. Have another vendor's model make it? [y/N]"),
        Checkpoint::DebugEscalation => format!(
            "{counts}. 1: go on at home, differently; 2: an independent fix by another vendor; \
             3: an investigation of the code base. [1/2/3]"
        ),
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, over a terminal, `mao answer`, a page with a token, or a one-time code.
    Person,
    /// The program's own rules.
    Policy,
    /// A model, by a tool call or in its text.
    Model,
}

/// Where a checkpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing fired.
    Idle,
    /// Something fired.
    Triggered,
    /// It is off, or below its threshold.
    Skipped,
    /// A person is asked.
    Offered,
    /// The person said no, or nobody was there.
    Declined,
    /// The reviewer works.
    Running,
    /// It answered in the form.
    Verdict,
    /// It answered, and not in the form, twice.
    Invalid,
    /// It could not be had.
    Failed,
    /// What follows from it is settled.
    Resolved,
}

/// CHK-02: whether a checkpoint may go from one stage to the next by this actor.
#[must_use]
pub fn may_go(from: Stage, to: Stage, by: Actor) -> bool {
    use Stage::{Declined, Failed, Idle, Invalid, Offered, Resolved, Running, Skipped, Triggered, Verdict};
    let consents = matches!((from, to), (Offered, Running));
    if by == Actor::Model && !mutant::is("chk_02_a_model_consents") {
        // A model's part is its answer, and the answer is read by the program.
        return false;
    }
    match (from, to) {
        (Idle, Triggered)
        | (Triggered, Skipped | Offered | Running | Declined)
        | (Running, Verdict | Invalid | Failed)
        | (Skipped | Declined | Verdict | Invalid | Failed, Resolved) => true,
        (Offered, Running | Declined) => !consents || by != Actor::Policy,
        (Idle | Triggered | Skipped | Offered | Declined | Running | Verdict | Invalid | Failed | Resolved, _) => false,
    }
}
