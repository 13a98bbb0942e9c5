//! The plan as the orchestrator gave it: whole, or in parts by section that are one plan again (CNK-06). Read from the
//! record each time, never stored.
//!
//! A part is named by the places of its sections. Which parts there are is read from the questions that were asked: where
//! one was cut and asked for again in halves, the halves have the answers.

use crate::plan::{self, Plan};
use mao_core::ids::{BlobId, StepId};
use mao_core::request::{Request, SectionBrief};
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Standing, Step};
use mao_policy::truncated::{Cut, Form, cut};
use serde_json::Value;
use std::fmt;

/// The step in which the orchestrator plans.
const PLAN: &str = "plan";

/// How the names of a part's form begin.
const FORM: &str = "plan_part/";

/// The step in which the orchestrator plans for the `number`-th time: a review may want the plan changed.
pub(super) fn plan_step(number: usize) -> StepId {
    if number < 2 { StepId::from(PLAN) } else { StepId::new(format!("{PLAN}.{number}")) }
}

/// Sections that are planned in one answer, by the places of the first and the last in the request, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    first: usize,
    last: usize,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Part {
    /// The sections from place `first` to place `last`; `None` for none of them.
    pub(super) fn new(first: usize, last: usize) -> Option<Self> {
        (0 < first && first <= last).then_some(Self { first, last })
    }

    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        Self::new(first.parse().ok()?, last.parse().ok()?)
    }

    /// The part whose form has this name.
    pub(super) fn of_form(schema: &str) -> Option<Self> {
        Self::read(schema.strip_prefix(FORM)?)
    }

    /// The name of the form of its answer.
    pub(super) fn form(self) -> String {
        format!("{FORM}{self}")
    }

    /// The step in which it is asked for, for the `number`-th time.
    pub(super) fn step(self, number: usize) -> StepId {
        StepId::new(format!("{}{self}", prefix(number)))
    }

    /// How many sections it has.
    pub(super) const fn len(self) -> usize {
        self.last - self.first + 1
    }

    /// Its sections.
    pub(super) fn sections(self, request: &Request) -> &[SectionBrief] {
        request.sections.get(self.first - 1..self.last).unwrap_or_default()
    }

    /// How many sections stand before it.
    pub(super) const fn sections_before(self) -> usize {
        self.first - 1
    }

    /// What stands at the end of its answer.
    pub(super) fn end(self) -> String {
        format!("part {self} is whole")
    }

    /// Its halves; a section is not split.
    pub(super) fn halves(self) -> Option<[Self; 2]> {
        let middle = self.first + self.len() / 2;
        Some([Self::new(self.first, middle - 1)?, Self::new(middle, self.last)?])
    }
}

fn prefix(number: usize) -> String {
    format!("{}.part.", plan_step(number))
}

/// The answer of a step, where it has one that stands.
fn answer(ask: &AskStep) -> Option<&Answered> {
    match ask.standing() {
        Standing::Answered(_, answered) => Some(answered),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    }
}

/// The parts of a plan that were asked for, halves and what they are halves of, in the order of their sections.
fn asked(run: &RunState, number: usize) -> Vec<(Part, &AskStep)> {
    let prefix = prefix(number);
    let named = run.steps.range(StepId::new(prefix.clone())..).take_while(|(id, _)| id.as_str().starts_with(&prefix));
    let mut parts: Vec<(Part, &AskStep)> = named
        .filter_map(|(id, step)| {
            let part = Part::read(id.as_str().strip_prefix(&prefix)?)?;
            if let Step::Ask(ask) = step { Some((part, &**ask)) } else { None }
        })
        .collect();
    parts.sort_unstable_by_key(|(part, _)| *part);
    parts
}

/// The answers that make up the `number`-th plan, in the order of their sections: one, or one a part. `None` until every
/// section has its own.
fn answers(run: &RunState, number: usize) -> Option<Vec<&Answered>> {
    if let Some(whole) = run.ask(&plan_step(number)).and_then(answer) {
        return Some(vec![whole]);
    }
    let (parts, answers): (Vec<Part>, Vec<&Answered>) = before(run, number, usize::MAX).into_iter().unzip();
    let all = parts.last().is_some_and(|last| last.last == run.opened.request.sections.len());
    all.then_some(answers)
}

/// The parts that were given of what stands before place `first`, as far as they follow each other from the first on.
pub(super) fn before(run: &RunState, number: usize, first: usize) -> Vec<(Part, &Answered)> {
    let mut given = Vec::new();
    let mut next = 1;
    for (part, ask) in asked(run, number) {
        if let Some(answered) = answer(ask).filter(|_| part.first == next && part.last < first) {
            next = part.last + 1;
            given.push((part, answered));
        }
    }
    given
}

/// The text of the `number`-th plan by its hash, or of its parts by theirs.
pub(super) fn given(run: &RunState, number: usize) -> Option<Vec<BlobId>> {
    Some(answers(run, number)?.into_iter().map(|answered| answered.answer.text.clone()).collect())
}

/// The newest plan: which it is, and its text.
pub(super) fn latest(run: &RunState) -> Option<(usize, Vec<BlobId>)> {
    (1..).map_while(|number| Some((number, given(run, number)?))).last()
}

/// What names a plan: the hash of its text, or those of its parts.
pub(super) fn identity(texts: &[BlobId]) -> String {
    texts.iter().map(BlobId::as_str).collect::<Vec<_>>().join("+")
}

/// The plan, once the orchestrator has given one; the newest, where it was changed.
pub(super) fn planned(run: &RunState) -> Option<Plan> {
    planned_in(run, latest(run)?.0)
}

/// The plan that was given for the `number`-th time.
pub(super) fn planned_in(run: &RunState, number: usize) -> Option<Plan> {
    joined(answers(run, number)?)
}

fn joined<'a>(answers: impl IntoIterator<Item = &'a Answered>) -> Option<Plan> {
    let plans = answers.into_iter().map(|answered| read(answered.answer.structured.as_ref()?).ok());
    Some(Plan::join(plans.collect::<Option<Vec<Plan>>>()?))
}

/// A plan, or a part of one without the mark at its end.
fn read(value: &Value) -> Result<Plan, String> {
    match value.as_object().filter(|object| object.contains_key("end")) {
        None => Plan::from_reply(value),
        Some(object) => {
            let mut object = object.clone();
            object.remove("end");
            Plan::from_reply(&Value::Object(object))
        }
    }
}

/// The first question for the `number`-th plan.
pub(super) fn first_asked(run: &RunState, number: usize) -> Option<&AskStep> {
    run.ask(&plan_step(number)).or_else(|| asked(run, number).first().map(|(_, ask)| *ask))
}

/// Whether a part of a plan is what was asked for, and fits the parts before it: what is accepted last makes a plan that
/// holds as a whole. `holds` says whether one does.
pub(super) fn accepts(
    run: &RunState,
    part: Part,
    value: &Value,
    holds: impl Fn(&Plan, &[SectionBrief]) -> Result<(), String>,
) -> Result<(), String> {
    let request = &run.opened.request;
    let own = read(value)?;
    holds(&own, part.sections(request))?;
    // The newest plan is the one that is being asked for.
    let number = (1..).take_while(|number| first_asked(run, *number).is_some()).last().unwrap_or(1);
    let earlier = before(run, number, part.first).into_iter().map(|(_, answered)| answered);
    let earlier = joined(earlier).ok_or("an earlier part of the plan cannot be read")?;
    let plan = Plan::join(vec![earlier, own]);
    holds(&plan, request.sections.get(..part.last).unwrap_or_default())?;
    let whole = part.last == request.sections.len();
    if whole && number > 1 && planned_in(run, number - 1).is_some_and(|rejected| rejected == plan) {
        return Err("this is the plan that was not accepted".into());
    }
    Ok(())
}

/// CNK-07: a part without its mark at the end is cut, however well its JSON is formed.
pub(super) fn was_cut(part: Part, value: &Value) -> Option<Cut> {
    let end = value.get("end").and_then(Value::as_str).unwrap_or_default();
    cut(end, None, Form { sentinel: Some(&part.end()), ..Form::default() })
}

/// The JSON schema of a part.
pub(super) fn schema() -> Value {
    plan::part_schema()
}
