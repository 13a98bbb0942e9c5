//! `qa`: five dimensions a section, each by the model that its route names, at once; the program adds up.
//!
//! Nothing that a reviewer says is taken for more than it is: places are checked, duplicates are one, a score is no higher
//! than the worst issue allows, and a dimension that nobody judged leaves the verdict open. What is red stays FAIL.

pub mod assign;
pub mod course;
pub mod dossier;
mod form;
pub mod names;
mod questions;
pub mod report;

use crate::develop::steps::{verdict, verdict_schema};
use crate::flow::{self, open_once, published};
use crate::journal;
use crate::workflow::{ReportFile, Texts, Workflow};
use dossier::{Dossier, quality};
use form::{QUALITY, RECHECK};
use mao_core::effect::{Effect, Work};
use mao_core::ids::{BlobId, SectionId, StepId};
use mao_core::outcome::Outcome;
use mao_core::quality::Unfinished;
use mao_core::run::RunState;
use mao_core::session::{Fact, Session};
use mao_core::step::Step;
use mao_policy::Policy;
use mao_policy::score::Verdict;
use serde_json::Value;

/// The step in which the checks run on what is judged.
const BASE: &str = "check.base";

/// The form of the orchestrator's verdict on a repair.
const VERDICT: &str = "verdict";

/// The step in which a person is asked about sections with open items.
pub const UNFINISHED: &str = "unfinished";

/// The workflow.
#[derive(Debug)]
pub struct Qa;

impl Workflow for Qa {
    fn name(&self) -> &'static str {
        "qa"
    }

    fn version(&self) -> u32 {
        1
    }

    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect> {
        flow::unless_over(run, || forward(policy, run))
    }

    fn schema(&self, name: &str) -> Option<Value> {
        match name {
            QUALITY => Some(form::quality_schema()),
            RECHECK => Some(form::recheck_schema()),
            VERDICT => Some(verdict_schema()),
            other => journal::form::schema(other),
        }
    }

    fn accepts(&self, schema: &str, _run: &RunState, value: &Value) -> Result<(), String> {
        match schema {
            QUALITY => form::reviewed(value).map(|_| ()),
            RECHECK => form::rechecked(value).map(|_| ()),
            VERDICT => verdict(value).map(|_| ()),
            other => {
                journal::form::accepts(other, value).unwrap_or_else(|| Err(format!("qa knows no schema `{other}`")))
            }
        }
    }

    fn named_paths(&self, _schema: &str, value: &Value) -> Vec<String> {
        form::places(value)
    }

    fn report_path(&self, run: &RunState) -> String {
        report::path(run)
    }

    fn reads(&self, run: &RunState) -> Vec<BlobId> {
        quality(run).book.into_iter().collect()
    }

    fn report(&self, policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
        let found = course::course(policy, run);
        let mut files = report::files(policy, run, &found);
        files.extend(journal::files(run, &session(run), &facts(policy, run, &found.last), texts));
        files
    }
}

fn forward(policy: &Policy, run: &RunState) -> Vec<Effect> {
    match unfinished(run) {
        Gate::Open => {}
        Gate::Waiting(effects) => return effects,
    }
    let base = Work::Verify { commit: run.opened.base.clone(), tree: run.opened.base_tree.clone() };
    let mut effects: Vec<Effect> = open_once(run, BASE, base).into_iter().collect();
    let found = course::course(policy, run);
    match found.next {
        Some(next) => {
            effects.extend(next);
            effects
        }
        None => {
            let journal = journal::write(run, &session(run), &facts(policy, run, &found.last));
            journal.unwrap_or_else(|| published(run, || outcome(policy, run, &found.last)))
        }
    }
}

/// QA-14: a judgement is a session of its own.
fn session(run: &RunState) -> Session {
    let id = format!("qa-{}", run.opened.run.prefix(8));
    Session { id, note: None, book: quality(run).book, facts: None }
}

/// QA-14: what the journal is told of this run: what was judged, before the journal's own questions.
fn facts(policy: &Policy, run: &RunState, dossiers: &[Dossier]) -> Vec<Fact> {
    let mut judged = run.clone();
    judged.steps.retain(|step, _| !step.as_str().starts_with("journal."));
    judged.outcome = Some(outcome(policy, run, dossiers));
    let own = Fact::Run(journal::facts::of(policy, &judged, verdicts(policy, run, dossiers)));
    std::iter::once(own).chain(journal::facts::supplied(run)).collect()
}

/// What each section of a run came to: `section 2: FAIL`.
#[must_use]
pub fn verdict_lines(policy: &Policy, run: &RunState) -> Vec<String> {
    verdicts(policy, run, &course::course(policy, run).last)
}

fn verdicts(policy: &Policy, run: &RunState, dossiers: &[Dossier]) -> Vec<String> {
    let line = |dossier: &Dossier| {
        let verdict = dossier.score(policy, quality(run).gate, course::green(run)).verdict;
        format!("section {}: {}", dossier.section, report::word(verdict))
    };
    dossiers.iter().map(line).collect()
}

/// What stands between a request and its first question.
enum Gate {
    /// Nothing.
    Open,
    /// A person's word; these effects are new.
    Waiting(Vec<Effect>),
}

/// QA-08: whether sections with open items are judged.
fn unfinished(run: &RunState) -> Gate {
    let open: Vec<&SectionId> = open_sections(run).collect();
    if open.is_empty() || quality(run).unfinished == Unfinished::Judge {
        return Gate::Open;
    }
    match run.steps.get(&StepId::from(UNFINISHED)) {
        Some(Step::Question { answer: Some(answer), .. }) if answer == "yes" => Gate::Open,
        Some(Step::Question { answer: Some(_), .. }) => {
            let what = "judging what is not finished".to_owned();
            Gate::Waiting(vec![flow::close(Outcome::Declined { what })])
        }
        Some(_) => Gate::Waiting(Vec::new()),
        None => {
            let named: Vec<&str> = open.iter().map(|id| id.as_str()).collect();
            let text = format!("section {} has open items: judge it all the same?", named.join(", "));
            let work = Work::Question { text, choices: vec!["yes".to_owned(), "no".to_owned()] };
            Gate::Waiting(open_once(run, UNFINISHED, work).into_iter().collect())
        }
    }
}

/// The sections that are not fully ticked.
fn open_sections(run: &RunState) -> impl Iterator<Item = &SectionId> {
    let sections = run.opened.request.sections.iter();
    sections.filter(|section| section.declares.subtasks.is_some_and(|open| open > 0)).map(|section| &section.id)
}

/// QA-04, QA-05: the run's end by the worst of its sections; what nobody judged comes before everything.
fn outcome(policy: &Policy, run: &RunState, dossiers: &[Dossier]) -> Outcome {
    let verdict = |dossier: &Dossier| dossier.score(policy, quality(run).gate, course::green(run)).verdict;
    let verdicts: Vec<(&str, Verdict)> =
        dossiers.iter().map(|dossier| (dossier.section.as_str(), verdict(dossier))).collect();
    let is = |verdict| verdicts.iter().filter(move |(_, each)| *each == verdict).map(|(id, _)| *id);
    if is(Verdict::Incomplete).next().is_some() {
        return Outcome::Incomplete;
    }
    let said = [(Verdict::Fail, "FAIL"), (Verdict::Conditional, "CONDITIONAL")].map(|(verdict, word)| {
        let ids: Vec<&str> = is(verdict).collect();
        (!ids.is_empty()).then(|| format!("section {}: {word}", ids.join(", ")))
    });
    let why: Vec<String> = said.into_iter().flatten().collect();
    if why.is_empty() { Outcome::Complete } else { Outcome::Negative { why: why.join("; ") } }
}
