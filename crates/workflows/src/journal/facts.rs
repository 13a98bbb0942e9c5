//! JRN-04: what the record says of a session. Perspectives may comment on it, and never change it.

use crate::develop::report::fallback_line;
use mao_core::event::CheckRun;
use mao_core::ids::CommitId;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::session::{CheckFact, Fact, RunFact, Tally};
use mao_core::step::{AttemptState, Standing};
use mao_core::supply::Supply;
use mao_core::text::one_line;
use mao_policy::Policy;
use mao_policy::fallback::hops;
use mao_policy::spend;
use std::collections::BTreeSet;

/// The most lines of one kind that a fact holds.
const LINES: usize = 12;

/// The longest text of all facts, in bytes.
const LONGEST: usize = 8 * 1024;

/// What a run's ledger says of it. `verdicts` are its QA's, a line a section.
#[must_use]
pub fn of(policy: &Policy, run: &RunState, verdicts: Vec<String>) -> RunFact {
    let served: BTreeSet<String> = run
        .attempts()
        .filter_map(|(_, _, attempt)| match &attempt.state {
            AttemptState::Answered(answered) => answered.answer.served.clone(),
            AttemptState::Running | AttemptState::Lost | AttemptState::Failed(..) => None,
        })
        .collect();
    let fallbacks = run.steps.keys().filter_map(|step| run.ask(step)).flat_map(|ask| {
        let line = |hop: mao_policy::fallback::Hop<'_>| {
            fallback_line(&ask.ask.label, hop.from.model.as_str(), hop.to.model.as_str(), &one_line(hop.reason, 120))
        };
        hops(ask).into_iter().map(line).collect::<Vec<_>>()
    });
    let files = run.landed.iter().filter_map(|step| match run.ask(step)?.standing() {
        Standing::Answered(_, answered) => answered.answer.change.as_ref().map(|change| u64::from(change.files)),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    let spent = spend::spent(policy, run);
    let checks = run.trees.get(&run.verified_tree).map(|found| &found.checks[..]).unwrap_or_default();
    RunFact {
        run: run.opened.run.to_string(),
        workflow: run.opened.workflow.clone(),
        request: one_line(&run.opened.request.text, 120),
        opened_at: run.opened_at,
        outcome: run.outcome.as_ref().map_or_else(|| "not over".to_owned(), ended),
        models: served.into_iter().map(|model| one_line(&model, 80)).take(LINES).collect(),
        fallbacks: fallbacks.take(LINES).collect(),
        checks: checks.iter().take(LINES).map(check).collect(),
        verdicts: verdicts.into_iter().take(2 * LINES).collect(),
        files: files.sum(),
        micro_usd: spent.micro_usd,
        unpriced: spent.unpriced,
    }
}

fn check(ran: &CheckRun) -> CheckFact {
    let counts = ran.counts.map(|counts| Tally { passed: counts.passed, failed: counts.failed });
    CheckFact { command: one_line(&ran.command, 200), exit: ran.exit, counts }
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Incomplete => "incomplete".to_owned(),
        Outcome::Negative { why } => format!("no: {}", one_line(why, 120)),
        Outcome::NoProvider { reason } => format!("no model answered: {}", one_line(reason, 120)),
        Outcome::Declined { what } => format!("declined: {}", one_line(what, 120)),
        Outcome::Cancelled { by } => format!("cancelled by {}", one_line(by, 60)),
    }
}

/// The facts that a run was supplied with.
#[must_use]
pub fn supplied(run: &RunState) -> Vec<Fact> {
    let facts = run
        .supplies
        .iter()
        .filter_map(|supply| if let Supply::Fact(fact) = supply { Some((**fact).clone()) } else { None });
    facts.collect()
}

/// The runs among facts.
pub(crate) fn runs(facts: &[Fact]) -> impl Iterator<Item = &RunFact> {
    facts.iter().filter_map(|fact| match fact {
        Fact::Run(run) => Some(run),
        Fact::Commit { .. } | Fact::Section { .. } => None,
    })
}

/// The facts as lines for people and prompts.
#[must_use]
pub fn lines(facts: &[Fact]) -> Vec<String> {
    let mut lines = Vec::new();
    for fact in facts {
        match fact {
            Fact::Run(run) => lines.extend(run_lines(run)),
            Fact::Commit { commit, subject } => {
                lines.push(format!("commit {}: {}", short(commit), one_line(subject, 100)))
            }
            Fact::Section { section, title, done, of } => {
                lines.push(format!("section {section} ({}): {done} of {of} items ticked", one_line(title, 60)));
            }
        }
    }
    lines
}

/// The same as one bounded text.
#[must_use]
pub fn text(facts: &[Fact]) -> String {
    let (mut out, lines) = (String::new(), lines(facts));
    for (at, line) in lines.iter().enumerate() {
        if out.len() + line.len() > LONGEST {
            out.push_str(&format!("- … and {} more", lines.len() - at));
            break;
        }
        out.push_str(&format!("- {line}\n"));
    }
    if out.is_empty() { "- nothing is recorded".to_owned() } else { out.trim_end().to_owned() }
}

fn run_lines(run: &RunFact) -> Vec<String> {
    let name = format!("run {}", run.run.get(..8).unwrap_or(&run.run));
    let mut lines = vec![format!("{name}: {} {}, {}, {}", run.workflow, run.request, run.opened_at.utc(), run.outcome)];
    let mut more = |what: &str, list: &[String]| {
        if !list.is_empty() {
            lines.push(format!("{name} {what}: {}", list.join("; ")));
        }
    };
    more("models", &run.models);
    more("fallbacks", &run.fallbacks);
    let checks: Vec<String> = run
        .checks
        .iter()
        .map(|check| {
            let exit = check.exit.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
            let counts = check.counts.map(|counts| format!(", {counts}")).unwrap_or_default();
            format!("`{}` {exit}{counts}", one_line(&check.command, 80))
        })
        .collect();
    more("checks", &checks);
    more("QA", &run.verdicts);
    if run.files > 0 {
        lines.push(format!("{name} files changed: {}", run.files));
    }
    let unknown =
        if run.unpriced > 0 { format!(", and {} attempts at unknown prices", run.unpriced) } else { String::new() };
    lines.push(format!("{name} cost: ${}{unknown}", spend::usd(run.micro_usd)));
    lines
}

fn short(commit: &CommitId) -> &str {
    commit.as_str().get(..12).unwrap_or(commit.as_str())
}
