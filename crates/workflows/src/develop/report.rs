//! The report of a run: Markdown for people, JSON for programs, both from the record alone.
//!
//! INV-07: what ran is what completed call records say, never what was planned. Nothing of the moment (times, owners,
//! lost attempts) is in it, so that an interrupted run reports what an uninterrupted one would.

mod checkpoints;
mod form;
pub mod markdown;

use super::given::planned;
use super::outline;
use super::place::{Place, is_green};
use super::resolve;
use super::steps::{SYNTHESIS, Synthesis, synthesis};
use crate::flow::served;
use crate::plan::Plan;
use crate::workflow::{ReportFile, Texts};
use form::{ChangeRow, CheckRow, Report, Row};
use mao_core::change::Refusal;
use mao_core::event::Link;
use mao_core::ids::{SectionId, StepId};
use mao_core::mutant;
use mao_core::reply::Usage;
use mao_core::run::RunState;
use mao_core::section;
use mao_core::step::{Answered, AskStep, Attempt, AttemptState, Standing};
use mao_core::text;
use mao_policy::Policy;
use mao_policy::fallback::{Hop, hops};
use mao_policy::realised::{Viewpoints, compare, viewpoints};

/// Where the report stands in the tree, with the ending of its form.
pub(super) fn path(run: &RunState, ending: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let slug: String = run.opened.request.text.chars().map(plain).take(40).collect();
    format!("docs/mao/{}-{slug}.{ending}", run.opened.workflow)
}

pub(super) fn files(policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
    // On a red base nothing was started; whether the plan came before that was seen is nobody's business.
    let plan = planned(run).filter(|_| is_green(run.trees.get(&run.opened.base_tree)));
    let report = gather(policy, run, plan.as_ref());
    let mut json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json.push('\n');
    let mut files = vec![
        ReportFile { path: path(run, "md"), text: markdown::draw(&report) },
        ReportFile { path: path(run, "json"), text: json },
    ];
    if let Some(task) = &run.opened.request.tasks
        && let Some(text) = texts.get(&task.text)
    {
        let ticked = section::tick(text, &done(run, plan.as_ref()));
        if ticked != *text {
            files.push(ReportFile { path: task.path.clone(), text: ticked });
        }
    }
    files
}

/// The sections of which every planned workstream has landed. Only the engine ticks, and only these.
fn done(run: &RunState, plan: Option<&Plan>) -> Vec<SectionId> {
    let Some(plan) = plan else { return Vec::new() };
    let places = Place::all(run, plan);
    let sections = run.opened.request.sections.iter().map(|section| section.id.clone());
    sections
        .filter(|id| places.iter().any(|place| place.section == *id))
        .filter(|id| places.iter().filter(|place| place.section == *id).all(|place| place.landed(run)))
        .collect()
}

/// What was planned and what came of it, for the synthesis prompt.
pub(super) fn record(run: &RunState, plan: &Plan) -> String {
    let rows = rows(run, plan).into_iter().map(|row| {
        let history = if row.history.is_empty() { String::new() } else { format!(" ({})", row.history.join("; ")) };
        format!("- section {} {}: {}{history}", row.section, row.workstream, row.state)
    });
    format!("{}\n\n{}", plan.summary, rows.collect::<Vec<_>>().join("\n"))
}

fn gather(policy: &Policy, run: &RunState, plan: Option<&Plan>) -> Report {
    let places = plan.map(|plan| Place::all(run, plan)).unwrap_or_default();
    // What was asked before the base was seen to be red is a matter of luck, and part of nothing: `mao show` has it.
    let begun = is_green(run.trees.get(&run.opened.base_tree));
    let mut models: Vec<String> =
        answers(run).filter(|_| begun).filter_map(|(ask, attempt, answered)| served(ask, attempt, answered)).collect();
    models.sort();
    models.dedup();
    let merged_checks =
        run.trees.get(&run.verified_tree).map(|verification| &verification.checks[..]).unwrap_or_default();
    Report {
        version: 2,
        run: run.opened.run.to_string(),
        workflow: run.opened.workflow.clone(),
        request: run.opened.request.text.clone(),
        base: run.opened.base.to_string(),
        merged: run.verified.to_string(),
        scripted: run.opened.scripted.clone(),
        complete: !places.is_empty() && places.iter().all(|place| place.landed(run)) && said(run).is_some(),
        base_checks_green: begun,
        plan: plan.and_then(|_| outline::outline(policy, run)),
        workstreams: plan.map(|plan| rows(run, plan)).unwrap_or_default(),
        changes: plan.map(|plan| changes(run, plan)).unwrap_or_default(),
        models,
        diversity: plan.map(|plan| compare(&outline::frozen(policy, run, plan), run)),
        viewpoints: if begun { viewpoints(run) } else { Viewpoints::default() },
        fallbacks: places.iter().flat_map(|place| fallbacks(run, place)).collect(),
        usage: if begun { run.usage() } else { Usage::default() },
        checks: merged_checks
            .iter()
            .map(|check| CheckRow {
                command: check.command.clone(),
                exit: check.exit,
                counts: check.counts,
                tree: run.verified_tree.to_string(),
            })
            .collect(),
        flaky: run.flaky().into_iter().map(str::to_owned).collect(),
        synthesis: said(run),
        checkpoints: if begun { checkpoints::all(run) } else { Vec::new() },
    }
}

/// A row for every workstream that the plan speaks of, those with nothing to do included.
fn rows(run: &RunState, plan: &Plan) -> Vec<Row> {
    let places = Place::all(run, plan);
    let each = plan.sections.iter().flat_map(|section| section.listed().map(move |stream| (section, stream)));
    each.map(|(section, stream)| {
        let place = places.iter().find(|place| place.section == section.section && place.stream == stream);
        match (place, section.workstream(stream)) {
            (Some(place), _) => row(run, place),
            (None, found) => Row {
                section: section.section.to_string(),
                workstream: stream.name(),
                state: "empty",
                served: None,
                vendor: None,
                validated_by: None,
                files: None,
                history: found.err().into_iter().collect(),
            },
        }
    })
    .collect()
}

/// What landed, and for what.
fn changes(run: &RunState, plan: &Plan) -> Vec<ChangeRow> {
    let landed = Place::all(run, plan).into_iter().filter(|place| place.landed(run));
    landed
        .filter_map(|place| {
            let workstream = plan.workstream(&place.section, place.stream)?;
            let Standing::Answered(_, answered) = run.ask(&place.step)?.standing() else { return None };
            Some(ChangeRow {
                section: place.section.to_string(),
                workstream: place.stream.name(),
                files: answered.answer.change.as_ref()?.files,
                within: workstream.owns.iter().map(|glob| glob.0.clone()).collect(),
                purpose: text::one_line(&workstream.goal, 160),
            })
        })
        .collect()
}

fn said(run: &RunState) -> Option<Synthesis> {
    match run.ask(&StepId::from(SYNTHESIS))?.standing() {
        Standing::Answered(_, answered) => synthesis(answered.answer.structured.as_ref()?).ok(),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    }
}

fn answers(run: &RunState) -> impl Iterator<Item = (&AskStep, &Attempt, &Answered)> {
    run.attempts().filter_map(|(_, ask, attempt)| match &attempt.state {
        AttemptState::Answered(answered) => Some((ask, attempt, &**answered)),
        AttemptState::Running | AttemptState::Lost | AttemptState::Failed(..) => None,
    })
}

fn row(run: &RunState, place: &Place) -> Row {
    let ask = run.ask(&place.step);
    let last = ask.and_then(|ask| match ask.standing() {
        Standing::Answered(attempt, answered) => Some((ask, attempt, answered)),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    let state = if place.landed(run) {
        "merged"
    } else if run.skipped.contains_key(&place.step) {
        "skipped"
    } else {
        "failed"
    };
    let link: Option<&Link> = last.and_then(|(ask, attempt, _)| ask.link_of(attempt));
    Row {
        section: place.section.to_string(),
        workstream: place.stream.name(),
        state,
        served: last.and_then(|(ask, attempt, answered)| served(ask, attempt, answered)),
        vendor: link.map(|link| link.vendor.to_string()),
        validated_by: last.and_then(|(_, _, answered)| answered.verdict.as_ref()).map(|(_, _, by)| by.to_string()),
        files: last.and_then(|(_, _, answered)| answered.answer.change.as_ref()).map(|change| change.files),
        history: ask
            .map(history)
            .into_iter()
            .flatten()
            .chain(ask.and_then(|ask| resolved(run, place, ask)))
            .chain(run.skipped.get(&place.step).cloned())
            .collect(),
    }
}

/// What went wrong on the way, in order, a line each: acknowledged faults and refusals.
fn history(ask: &AskStep) -> Vec<String> {
    let model = |attempt: &Attempt| ask.link_of(attempt).map_or_else(String::new, |link| link.model.to_string());
    let mut lines: Vec<String> = ask
        .attempts
        .iter()
        .filter_map(|attempt| match &attempt.state {
            AttemptState::Failed(fault, _) => Some(format!("{}: {}", model(attempt), fault.kind)),
            AttemptState::Answered(answered) => {
                answered.refusal.as_ref().map(|refusal| format!("{}: {}", model(attempt), describe(refusal)))
            }
            AttemptState::Running | AttemptState::Lost => None,
        })
        .collect();
    if let Standing::GivenUp(reason) = ask.standing() {
        lines.push(format!("given up: {reason}"));
    }
    lines
}

/// Who resolved the conflict of a workstream's change, and where it was.
fn resolved(run: &RunState, place: &Place, ask: &AskStep) -> Option<String> {
    let resolving = run.ask(&resolve::step(place, ask))?;
    let Standing::Answered(attempt, _) = resolving.standing() else { return None };
    let paths = resolve::conflict(run, resolving.resolves()?);
    let model = resolving.link_of(attempt)?.model.clone();
    Some(format!("merge conflict ({}), resolved by {model}", paths.join(", ")))
}

fn describe(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Verdict { findings } => {
            let claims: Vec<String> = findings.iter().map(|finding| text::one_line(&finding.claim, 200)).collect();
            format!("{} ({})", refusal.label(), claims.join("; "))
        }
        Refusal::Conflict { paths } => format!("{} ({})", refusal.label(), paths.join(", ")),
        Refusal::ChecksFailed { .. } | Refusal::BrokeMerged { .. } => refusal.label().to_owned(),
    }
}

/// FBK-10: one line a fallback that was taken, from the models that were really called.
fn fallbacks(run: &RunState, place: &Place) -> Vec<String> {
    let Some(ask) = run.ask(&place.step).filter(|_| !mutant::is("fbk_06_no_trace_in_the_report")) else {
        return Vec::new();
    };
    let line = |hop: Hop<'_>| fallback_line(&ask.ask.label, hop.from.model.as_str(), hop.to.model.as_str(), hop.reason);
    hops(ask).into_iter().map(line).collect()
}

/// The log line of a fallback.
#[must_use]
pub fn fallback_line(label: &str, from: &str, to: &str, reason: &str) -> String {
    let (from, to) = if mutant::is("fbk_10_the_line_is_turned_round") { (to, from) } else { (from, to) };
    format!("{label}: fallback from {from} to {to} ({reason})")
}
