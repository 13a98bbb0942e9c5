//! What came of a review, from the record: the parts and who read them, everything that was found with its place, the
//! orchestrator's word on it, and what it all comes to.

use super::steps::{NAMES, Names, WEIGH, reviewed, supplied};
use super::tried::{Word as Consent, tried, word};
use crate::flow::served;
use mao_core::change::Finding;
use mao_core::event::Verification;
use mao_core::ids::{StepId, TreeId, VendorId};
use mao_core::matter::Reviewed;
use mao_core::mutant;
use mao_core::outcome::Outcome;
use mao_core::review::{DiffReview, PlanReview, PlanVerdict, Review as Form, Severity, read};
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState, Standing};
use mao_core::supply::Supply;
use mao_policy::anchor::{Anchor, Snapshot, anchor};
use mao_policy::consensus::{Agreement, Contested, Trial, Voice, Weight, agreement, contested, stands};
use mao_policy::coverage::{Merged, Overall, Said, merge};
use mao_policy::packing::Recalled;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// What one reviewer said.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing yet.
    Open,
    /// Of a plan.
    Plan(PlanReview),
    /// Of a part of a diff.
    Diff(DiffReview),
    /// Nothing that counts, for this reason.
    None(String),
}

/// One part, and who read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The step.
    pub step: StepId,
    /// The model that served the answer.
    pub by: Option<String>,
    /// Whose mind that is.
    pub vendor: Option<VendorId>,
    /// What it said.
    pub reading: Reading,
    /// What went wrong on the way, a line each.
    pub history: Vec<String>,
}

impl Part {
    /// What stands in the record of a reviewer's step.
    #[must_use]
    pub fn of(run: &RunState, step: StepId) -> Self {
        let Some(ask) = run.ask(&step) else {
            return Self { step, by: None, vendor: None, reading: Reading::Open, history: Vec::new() };
        };
        let (by, vendor, reading) = match ask.standing() {
            Standing::Idle | Standing::Running(_) => (None, None, Reading::Open),
            Standing::GivenUp(reason) => (None, None, Reading::None(reason.to_owned())),
            Standing::Answered(attempt, answered) => {
                let value = answered.answer.structured.as_ref();
                let vendor = ask.link_of(attempt).map(|link| link.vendor.clone());
                (served(ask, attempt, answered), vendor, value.map_or_else(missing, |value| reading(ask, value)))
            }
        };
        let history = history(ask);
        Self { step, by, vendor, reading, history }
    }

    fn voice(&self) -> Voice {
        let verdict = if let Reading::Diff(review) = &self.reading { Some(review.verdict) } else { None };
        Voice { vendor: self.vendor.clone().unwrap_or_else(|| VendorId::from("")), verdict }
    }

    /// What it said, each issue by its name in the run; `number` is the answer's.
    fn said(&self, number: usize) -> Said {
        let review = match &self.reading {
            Reading::Diff(review) => {
                let mut review = review.clone();
                review.issues.iter_mut().for_each(|issue| issue.id = format!("{number}.{}", issue.id));
                Some(review)
            }
            Reading::Open | Reading::Plan(_) | Reading::None(_) => None,
        };
        Said { by: self.by.clone().unwrap_or_default(), review }
    }
}

fn missing() -> Reading {
    Reading::None("the answer has no structured part".to_owned())
}

fn reading(ask: &AskStep, value: &Value) -> Reading {
    fn parsed<R: Form>(value: &Value, wrap: impl FnOnce(R) -> Reading) -> Reading {
        read::<R>(&value.to_string()).map_or_else(|wrong| Reading::None(wrong.to_string()), wrap)
    }
    if ask.ask.prompt.template == "review_plan" { parsed(value, Reading::Plan) } else { parsed(value, Reading::Diff) }
}

fn history(ask: &AskStep) -> Vec<String> {
    let failed = ask.attempts.iter().filter_map(|attempt| match &attempt.state {
        AttemptState::Failed(fault, _) => {
            let model = ask.link_of(attempt).map_or("", |link| link.model.as_str());
            Some(format!("{model}: {}", fault.kind))
        }
        AttemptState::Running | AttemptState::Lost | AttemptState::Answered(_) => None,
    });
    failed.collect()
}

/// The orchestrator's word on one thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Which: `1.I1`.
    pub name: String,
    /// Whether it is right.
    pub accept: bool,
    /// Why, or why not.
    pub reason: String,
}

/// The orchestrator's word on everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// For the person who asked.
    pub summary: String,
    /// One for each thing that was found.
    pub notes: Vec<Word>,
    /// What it found beside.
    pub own: Vec<Finding>,
}

impl Notes {
    /// Whether every name has exactly one note with a reason, and nothing else has.
    pub(super) fn fit(&self, names: &[String]) -> Result<(), String> {
        if let Some(word) = self.notes.iter().find(|word| word.reason.trim().is_empty()) {
            return Err(format!("the note on {} gives no reason", word.name));
        }
        let noted: BTreeSet<&str> = self.notes.iter().map(|word| word.name.as_str()).collect();
        let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        if noted.len() != self.notes.len() || noted != wanted {
            return Err(format!("exactly one note is wanted on each of: {}", names.join(", ")));
        }
        Ok(())
    }
}

/// The notes in a structured reply.
pub(super) fn notes(value: &Value) -> Result<Notes, String> {
    Notes::deserialize(value).map_err(|wrong| wrong.to_string())
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name in the run: `1.I1`.
    pub name: String,
    /// How bad.
    pub severity: Severity,
    /// What kind.
    pub area: String,
    /// Where: `src/a.rs:12`, or the part of the plan.
    pub place: String,
    /// Whether that place is there; absent for a plan.
    pub anchor: Option<&'static str>,
    /// Whether it may stop anything.
    pub gates: bool,
    /// What is wrong.
    pub claim: String,
    /// What shows it.
    pub evidence: String,
    /// What would be better.
    pub suggestion: String,
    /// Who said it.
    pub by: Vec<String>,
    /// Who read the same and does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<String>,
    /// What came of trying it, where somebody denies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Trial>,
    /// The orchestrator's word on it.
    pub word: Option<Word>,
}

/// Everything that came of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The parts in their order.
    pub parts: Vec<Part>,
    /// The same parts as somebody of another vendor read them, where two were wanted.
    pub seconds: Vec<Part>,
    /// What one of the two claims and the other denies.
    pub contested: Vec<Contested>,
    /// What the two and the checks come to, where two were wanted.
    pub agreement: Option<Agreement>,
    /// What a person says where they differ.
    pub person: Option<Consent>,
    /// What they come to: `PASS`, `CONCERN`, `BLOCK`, `LGTM`, `ISSUES`, `INCOMPLETE`.
    pub verdict: &'static str,
    /// What was found, the worst first.
    pub items: Vec<Item>,
    /// Files that were not read, or not whole.
    pub unread: Vec<String>,
    /// The orchestrator's word on the whole.
    pub notes: Option<Notes>,
}

impl Found {
    /// What the record of a review says by now.
    #[must_use]
    pub fn of(run: &RunState) -> Self {
        match reviewed(run) {
            Some(Reviewed::Diff { .. }) => {
                let tree = &run.opened.base_tree;
                Self::of_diff(run, &NAMES, &supplied(run), tree).with_notes(run)
            }
            Some(Reviewed::Plan { .. }) | None => Self::of_plan(vec![Part::of(run, (NAMES.first)(0))]).with_notes(run),
        }
    }

    /// What the review of a plan says.
    #[must_use]
    pub fn of_plan(parts: Vec<Part>) -> Self {
        let mut items = Vec::new();
        let mut verdict = "INCOMPLETE";
        for (at, part) in parts.iter().enumerate() {
            let Reading::Plan(review) = &part.reading else { continue };
            verdict = match review.verdict {
                PlanVerdict::Pass => "PASS",
                PlanVerdict::Concern => "CONCERN",
                PlanVerdict::Block => "BLOCK",
            };
            items.extend(review.items.iter().map(|item| Item {
                name: format!("{}.{}", at + 1, item.id),
                severity: item.severity,
                area: item.area.clone(),
                place: item.plan_ref.clone(),
                anchor: None,
                gates: true,
                claim: item.detail.clone(),
                evidence: String::new(),
                suggestion: item.suggestion.clone(),
                by: part.by.clone().into_iter().collect(),
                denied_by: None,
                tried: None,
                word: None,
            }));
        }
        items.sort_by_key(|item| item.severity);
        Self {
            parts,
            seconds: Vec::new(),
            contested: Vec::new(),
            agreement: None,
            person: None,
            verdict,
            items,
            unread: Vec::new(),
            notes: None,
        }
    }

    /// Everybody's answers, in the order in which they are numbered.
    pub fn readings(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().chain(&self.seconds)
    }

    /// What the reviews of a diff's parts say together; `tree` is what was reviewed.
    #[must_use]
    pub fn of_diff(run: &RunState, names: &Names, packed: &Recalled, tree: &TreeId) -> Self {
        let count = packed.texts.len();
        let parts: Vec<Part> = (0..count).map(|at| Part::of(run, (names.first)(at))).collect();
        let twice = (0..count).any(|at| run.knows(&(names.second)(at)));
        let seconds = (0..count).filter(|_| twice).map(|at| (names.second)(at));
        let seconds: Vec<Part> = seconds.filter(|step| run.knows(step)).map(|step| Part::of(run, step)).collect();
        let said = |parts: &[Part], from: usize| -> Vec<Said> {
            parts.iter().enumerate().map(|(at, part)| part.said(from + at + 1)).collect()
        };
        let (one, other) = (said(&parts, 0), said(&seconds, count));
        let whole = seconds.len() == count;
        let contested = if whole { contested(&one, &other) } else { Vec::new() };
        let mut merged = merge(&packed.diff, &packed.packing, &one);
        if twice {
            merged = merged.with(merge(&packed.diff, &packed.packing, &other));
        }
        let Merged { overall, issues, unread } = merged;
        let snapshot = snapshot(run, parts.iter().chain(&seconds));
        let mut weights = Vec::new();
        let mut items: Vec<Item> = issues
            .into_iter()
            .map(|reported| {
                let found = anchor(&reported.issue, &snapshot, Some(&packed.diff));
                let issue = reported.issue;
                let denied = contested.iter().position(|claim| claim.issue.id == issue.id);
                let tried = denied.map(|at| tried(run, names, at));
                let gates = stands(issue.severity, found, tried);
                weights.push(Weight { denied: tried, stands: gates });
                Item {
                    gates,
                    anchor: Some(worded(found)),
                    place: place(issue.file.as_deref(), issue.line, issue.wanted_by.as_deref()),
                    name: issue.id,
                    severity: issue.severity,
                    area: issue.category,
                    claim: issue.claim,
                    evidence: issue.evidence,
                    suggestion: issue.suggestion,
                    by: reported.by,
                    denied_by: denied.and_then(|at| Some(contested.get(at)?.denied_by.clone())),
                    tried,
                    word: None,
                }
            })
            .collect();
        items.sort_by_key(|item| item.severity);
        let agreement = twice.then(|| {
            if !packed.packing.unreviewed.is_empty() || !whole {
                return Agreement::Short("not all of it was read by two models".to_owned());
            }
            let voices: Vec<(Voice, Voice)> =
                parts.iter().zip(&seconds).map(|(one, other)| (one.voice(), other.voice())).collect();
            agreement(&voices, &weights, run.trees.get(tree).is_some_and(Verification::green))
        });
        let verdict = match overall {
            Overall::Lgtm => "LGTM",
            Overall::Issues => "ISSUES",
            Overall::Incomplete => "INCOMPLETE",
        };
        let person = word(run, names);
        Self { parts, seconds, contested, agreement, person, verdict, items, unread, notes: None }
    }

    fn with_notes(mut self, run: &RunState) -> Self {
        let answered = run.ask(&StepId::from(WEIGH)).map(|ask| ask.standing());
        if let Some(Standing::Answered(_, answered)) = answered
            && !mutant::is("chk_06_the_orchestrator_is_not_heard")
        {
            self.notes = answered.answer.structured.as_ref().and_then(|value| notes(value).ok());
        }
        let words = self.notes.iter().flat_map(|notes| &notes.notes);
        for word in words.cloned().collect::<Vec<Word>>() {
            let item = self.items.iter_mut().find(|item| item.name == word.name);
            item.into_iter().for_each(|item| item.word = Some(word.clone()));
        }
        self
    }

    /// The names of everything that was found.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.name.clone()).collect()
    }

    /// How the run ends. What is unverified stops nothing (CHK-09), and what nobody read is no pass (CNK-05).
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let negative = || Outcome::Negative { why: format!("the verdict is {}", self.verdict) };
        if let Some(agreement) = &self.agreement {
            return self.agreed(agreement);
        }
        match self.verdict {
            "PASS" | "LGTM" => Outcome::Complete,
            "CONCERN" | "BLOCK" => negative(),
            "ISSUES" if self.items.iter().any(|item| item.gates) => negative(),
            "ISSUES" if self.unread.is_empty() => Outcome::Complete,
            _ => Outcome::Incomplete,
        }
    }

    /// DIS-12: how the run ends where two were to agree. Nobody's silence is a yes.
    fn agreed(&self, agreement: &Agreement) -> Outcome {
        match (agreement, self.person) {
            (Agreement::Agreed | Agreement::Refereed, _) | (Agreement::Differ(_), Some(Consent::Pass)) => {
                Outcome::Complete
            }
            (Agreement::Refused(why), _) | (Agreement::Differ(why), Some(Consent::Stop)) => {
                Outcome::Negative { why: why.clone() }
            }
            (Agreement::Differ(why), None) => Outcome::Declined { what: why.clone() },
            (Agreement::Short(_), _) => Outcome::Incomplete,
        }
    }
}

/// How many lines the files have that reviewers named, as it was recorded with their answers, and what can be wanting.
fn snapshot<'a>(run: &RunState, parts: impl Iterator<Item = &'a Part>) -> Snapshot {
    let wants = run
        .supplies
        .iter()
        .filter_map(|supply| if let Supply::Wants { names, .. } = supply { Some(names) } else { None });
    let mut snapshot = Snapshot { wants: wants.flatten().cloned().collect(), ..Snapshot::default() };
    for part in parts {
        if let Some(Standing::Answered(_, answered)) = run.ask(&part.step).map(|ask| ask.standing()) {
            snapshot.lines.extend(answered.answer.lines.clone());
        }
    }
    snapshot
}

fn place(file: Option<&str>, line: Option<u32>, wanted_by: Option<&str>) -> String {
    match (file, line, wanted_by) {
        (Some(file), Some(line), _) => format!("{file}:{line}"),
        (Some(file), None, _) => file.to_owned(),
        (None, _, Some(wanted)) => format!("missing: {wanted}"),
        (None, _, None) => "nowhere".to_owned(),
    }
}

const fn worded(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Real => "real",
        Anchor::NoSuchFile => "there is no such file",
        Anchor::NoSuchLine => "the file has no such line",
        Anchor::Unchanged => "nothing changed there",
        Anchor::Nowhere => "it names no place",
    }
}
