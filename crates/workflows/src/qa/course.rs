//! The course of a judgement: wave after wave is reviewed, then repaired in cycles. What is known and what comes next are
//! read off the record together, from its beginning, each time.

use super::assign::{Batch, batches, set_aside};
use super::dossier::{Dossier, Said, State, quality, reporter, snapshot};
use super::form::{self, Rechecked};
use super::names::review_step;
use super::questions;
use crate::develop::case::{Case, Proven, Subject};
use crate::develop::order;
use crate::develop::place::{Whole, acknowledged};
use crate::develop::queue;
use crate::flow::open_once;
use mao_core::ask::Ask;
use mao_core::change::Change;
use mao_core::effect::{Effect, Work};
use mao_core::event::Verification;
use mao_core::ids::{BlobId, SectionId};
use mao_core::quality::Fixes;
use mao_core::run::RunState;
use mao_core::step::{Answered, AskStep, Attempt, AttemptState, Standing};
use mao_policy::Policy;
use mao_policy::anchor::anchor;
use mao_policy::coverage::once_each;
use mao_policy::score::Dimension;
use std::collections::BTreeMap;

/// QA-10: how often what was found is repaired before a person must look.
pub const CYCLES: u32 = 3;

/// One repair and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// In which cycle.
    pub cycle: u32,
    /// What it was given.
    pub batch: Batch,
    /// Whether it landed.
    pub landed: bool,
    /// Who made it, as its vendor says.
    pub served: Option<String>,
    /// The commit that holds it.
    pub commit: Option<String>,
    /// What went wrong on the way.
    pub history: Vec<String>,
    /// Who looked again.
    pub rechecked_by: Option<String>,
    /// Whether whoever looked again is of the fixer's provider.
    pub same_provider: bool,
    /// What was said of each issue: whether it is gone, and what shows it.
    pub said: BTreeMap<String, (bool, String)>,
}

/// Where everything stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// What the reviewers said, before anything was repaired.
    pub first: Vec<Dossier>,
    /// The same, with what became of it.
    pub last: Vec<Dossier>,
    /// The repairs, in order.
    pub fixes: Vec<Fix>,
    /// What comes next; none where it is over.
    pub next: Option<Vec<Effect>>,
}

/// Reads it off the record.
#[must_use]
pub fn course(policy: &Policy, run: &RunState) -> Course {
    let mut course = Course::default();
    for (at, wave) in order::as_declared(run).waves.iter().enumerate() {
        course.next = the_wave(policy, run, at + 1, wave, &mut course);
        if course.next.is_some() {
            break;
        }
    }
    course
}

fn the_wave(
    policy: &Policy,
    run: &RunState,
    at: usize,
    wave: &[SectionId],
    course: &mut Course,
) -> Option<Vec<Effect>> {
    let briefs = || run.opened.request.sections.iter().filter(|brief| wave.contains(&brief.id));
    let mut open = Vec::new();
    for brief in briefs() {
        for dimension in Dimension::ALL {
            let ask = || Work::Ask(questions::review(run, brief, dimension));
            open.extend(open_once(run, review_step(&brief.id, dimension), ask()));
        }
    }
    let first: Option<Vec<Dossier>> = briefs().map(|brief| Dossier::of(run, &brief.id)).collect();
    let (Some(first), Some(checks), true) = (first, run.trees.get(&run.opened.base_tree), open.is_empty()) else {
        return Some(open);
    };
    let mut dossiers = first.clone();
    course.first.extend(first);
    let next = match quality(run).fixes {
        Fixes::Cycles if checks.green() => cycles(policy, run, at, &mut dossiers, &mut course.fixes),
        Fixes::Cycles | Fixes::None => None,
    };
    course.last.extend(dossiers);
    next
}

fn cycles(
    policy: &Policy,
    run: &RunState,
    wave: usize,
    dossiers: &mut [Dossier],
    fixes: &mut Vec<Fix>,
) -> Option<Vec<Effect>> {
    let gate = quality(run).gate;
    set_aside(policy, dossiers);
    for cycle in 1..=CYCLES {
        let given = batches(policy, gate, dossiers, &format!("{wave}.{cycle}"));
        if given.is_empty() {
            return None;
        }
        if let Some(effects) = land(policy, run, dossiers, &given) {
            return Some(effects);
        }
        let mut under: Option<Vec<Effect>> = None;
        let mut scores: BTreeMap<(SectionId, Dimension), u32> = BTreeMap::new();
        for batch in given {
            match outcome(run, dossiers, cycle, batch, &mut scores) {
                Ok(fix) => fixes.push(fix),
                Err(effects) => under.get_or_insert_default().extend(effects),
            }
        }
        if under.is_some() {
            return under;
        }
        for ((section, dimension), score) in scores {
            if let Some(dossier) = dossiers.iter_mut().find(|dossier| dossier.section == section) {
                dossier.scores.insert(dimension, score);
            }
        }
        set_aside(policy, dossiers);
    }
    None
}

/// A repair as what its change is for.
struct Repair<'a> {
    policy: &'a Policy,
    dossiers: &'a [Dossier],
    batch: &'a Batch,
}

impl Subject for Repair<'_> {
    fn name(&self) -> String {
        self.batch.name.clone()
    }

    fn judge(&self, seen: &Change) -> Option<Ask> {
        Some(questions::judge(self.policy, self.dossiers, self.batch, seen))
    }

    fn again(&self) -> Option<(Ask, String)> {
        None
    }
}

/// What brings the repairs of a cycle one step further; none where all have landed or never will. They are validated and
/// merged as the changes of any run are.
fn land(policy: &Policy, run: &RunState, dossiers: &[Dossier], given: &[Batch]) -> Option<Vec<Effect>> {
    let (mut ready, mut effects, mut at_work) = (Vec::new(), Vec::new(), false);
    for batch in given {
        let step = batch.step();
        if run.landed.contains(&step) {
            continue;
        }
        let Some((id, ask)) = run.steps.get_key_value(&step).and_then(|(id, _)| Some((id, run.ask(id)?))) else {
            at_work = true;
            let ask = questions::fix(policy, run, dossiers, batch);
            effects.extend(open_once(run, step, Work::Ask(ask)));
            continue;
        };
        let case = match ask.standing() {
            Standing::GivenUp(_) => continue,
            Standing::Idle | Standing::Running(_) => None,
            Standing::Answered(attempt, answered) => {
                let subject = Box::new(Repair { policy, dossiers, batch });
                Case::new(run, subject, (id, ask), (attempt, answered), acknowledged(ask).to_string())
            }
        };
        let Some(case) = case else {
            at_work = true;
            continue;
        };
        match case.proven() {
            Proven::Yes => ready.push(case),
            Proven::Under(new) => {
                at_work = true;
                effects.extend(new);
            }
            Proven::Refused(refusal) => {
                at_work = true;
                effects.push(*refusal);
            }
        }
    }
    match given.first() {
        Some(first) if !at_work && !ready.is_empty() => Some(queue::further(run, &first.name, &ready, Whole::Each)),
        Some(_) if at_work => Some(effects),
        Some(_) | None => None,
    }
}

/// What became of a repair; `Err` while somebody still looks at it, with what is new.
fn outcome(
    run: &RunState,
    dossiers: &mut [Dossier],
    cycle: u32,
    batch: Batch,
    scores: &mut BTreeMap<(SectionId, Dimension), u32>,
) -> Result<Fix, Vec<Effect>> {
    let made = run.ask(&batch.step());
    let landed = run.landed.contains(&batch.step());
    let author = made.and_then(|ask| answered(ask).map(|(attempt, answered)| (ask, attempt, answered)));
    let mut fix = Fix {
        cycle,
        landed,
        served: author
            .and_then(|(ask, attempt, answered)| reporter(ask, attempt, answered, batch.dimension))
            .map(|by| by.served),
        commit: author
            .and_then(|(_, _, answered)| answered.answer.change.as_ref())
            .map(|change| change.commit.to_string()),
        history: made.map(history).unwrap_or_default(),
        rechecked_by: None,
        same_provider: false,
        said: BTreeMap::new(),
        batch,
    };
    let Some((ask, attempt, of)) = author.filter(|_| landed) else {
        let why = "its repair was discarded".to_owned();
        leave(dossiers, &fix.batch, &why);
        return Ok(fix);
    };
    let diff: Option<BlobId> = of.answer.change.as_ref().map(|change| change.diff.clone());
    let Some(recheck) = run.ask(&fix.batch.recheck()) else {
        let apart = ask.link_of(attempt).map(|link| link.provider.clone());
        let question = questions::recheck(run, dossiers, &fix.batch, diff, apart);
        return Err(open_once(run, fix.batch.recheck(), Work::Ask(question)).into_iter().collect());
    };
    match recheck.standing() {
        Standing::Idle | Standing::Running(_) => return Err(Vec::new()),
        Standing::GivenUp(why) => {
            leave(dossiers, &fix.batch, &format!("it was repaired, and nobody could look again: {why}"));
        }
        Standing::Answered(attempt, answered) => {
            let by = reporter(recheck, attempt, answered, fix.batch.dimension);
            fix.same_provider = by.as_ref().is_some_and(|by| recheck.ask.apart_from.contains(&by.provider));
            fix.rechecked_by = by.map(|by| by.served);
            if let Some(Ok(said)) = answered.answer.structured.as_ref().map(form::rechecked) {
                take(run, dossiers, &mut fix, (recheck, attempt, answered), said, scores);
            }
        }
    }
    Ok(fix)
}

/// Takes in what was said of a repair. What was not said is not repaired.
fn take(
    run: &RunState,
    dossiers: &mut [Dossier],
    fix: &mut Fix,
    (ask, attempt, answered): (&AskStep, &Attempt, &Answered),
    said: Rechecked,
    scores: &mut BTreeMap<(SectionId, Dimension), u32>,
) {
    for one in &said.repaired {
        fix.said.insert(one.id.clone(), (one.resolved, one.evidence.clone()));
    }
    let mut touched: Vec<(SectionId, Dimension)> = Vec::new();
    for dossier in dossiers.iter_mut() {
        for item in &mut dossier.items {
            if !fix.batch.holds(&dossier.section, &item.id) {
                continue;
            }
            touched.extend(item.by.iter().map(|by| (dossier.section.clone(), by.dimension)));
            if said.repaired.iter().any(|one| one.id == item.id && one.resolved) {
                item.state = State::Resolved { cycle: fix.cycle };
            }
        }
    }
    for score in said.scores {
        let key = (SectionId::from(score.section.as_str()), score.dimension);
        // Of several who judge a dimension after its repairs the strictest counts.
        if touched.contains(&key) {
            let known = scores.entry(key).or_insert(score.score);
            *known = score.score.min(*known);
        }
    }
    for found in said.issues {
        let Some(by) = reporter(ask, attempt, answered, found.dimension) else { continue };
        let section = SectionId::from(found.section.as_str());
        let Some(dossier) = dossiers.iter_mut().find(|dossier| dossier.section == section) else { continue };
        let issue = found.claim().named(String::new());
        let same = |item: &&mut super::dossier::Item| once_each([("", &item.issue), ("", &issue)]).len() == 1;
        match dossier.items.iter_mut().find(same) {
            // It is there again, or still.
            Some(known) => known.state = State::Open,
            None => {
                let anchor = anchor(&issue, &snapshot(run, &section, answered), None);
                dossier.take(vec![Said { by, claim: found.claim(), anchor }]);
            }
        }
    }
}

fn leave(dossiers: &mut [Dossier], batch: &Batch, why: &str) {
    for dossier in dossiers {
        for item in dossier.items.iter_mut().filter(|item| batch.holds(&dossier.section, &item.id)) {
            item.state = State::Left { why: why.to_owned() };
        }
    }
}

fn answered(ask: &AskStep) -> Option<(&Attempt, &Answered)> {
    ask.attempts.iter().rev().find_map(|attempt| match &attempt.state {
        AttemptState::Answered(answered) => Some((attempt, &**answered)),
        AttemptState::Running | AttemptState::Lost | AttemptState::Failed(..) => None,
    })
}

/// What went wrong on the way, a line each.
fn history(ask: &AskStep) -> Vec<String> {
    let model = |attempt: &Attempt| ask.link_of(attempt).map_or_else(String::new, |link| link.model.to_string());
    let attempts = ask.attempts.iter();
    let mut lines: Vec<String> = attempts
        .filter_map(|attempt| match &attempt.state {
            AttemptState::Failed(fault, _) => Some(format!("{}: {}", model(attempt), fault.kind)),
            AttemptState::Answered(answered) => {
                answered.refusal.as_ref().map(|refusal| format!("{}: {}", model(attempt), refusal.label()))
            }
            AttemptState::Running | AttemptState::Lost => None,
        })
        .collect();
    if let Standing::GivenUp(reason) = ask.standing() {
        lines.push(format!("given up: {reason}"));
    }
    lines
}

/// Whether the checks are green on the head.
pub(super) fn green(run: &RunState) -> bool {
    run.trees.get(&run.verified_tree).is_some_and(Verification::green)
}
