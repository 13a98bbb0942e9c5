//! The report of a search: every run of the command, the cycles that they come to, what was found from outside and what
//! this program made of the claims. For a person who goes on where the program stopped (ESC-11).

use super::questions::{self, Investigation};
use super::record::{all_trials, command, ended, short, trials};
use super::tried::{Claims, Found, checkout};
use crate::workflow::ReportFile;
use mao_core::ids::StepId;
use mao_core::reply::Checkout;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_core::text;
use mao_policy::Policy;
use mao_policy::cycle::{Cycles, Trial, count};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    run: String,
    command: String,
    base: String,
    base_tree: String,
    merged: String,
    scripted: Option<String>,
    earlier_runs: usize,
    runs: Vec<Trial>,
    cycles: Cycles,
    answers: Vec<String>,
    packets: Vec<Packet>,
    investigations: Vec<Looked>,
}

/// What went outside, or would have: for a person who goes on with it.
#[derive(Debug, Serialize)]
struct Packet {
    step: String,
    facts: BTreeMap<String, String>,
    /// What was attached, by hash.
    attached: BTreeMap<String, String>,
}

/// A look from outside.
#[derive(Debug, Serialize)]
struct Looked {
    by: String,
    root_cause: String,
    evidence: Vec<String>,
    confidence: f64,
    files: Vec<String>,
    risks: String,
    recheck_done: bool,
    /// What came of its claims when this program tried them, in words and as it was recorded.
    tried: String,
    found: Found,
    /// The person's checkout before and after it, as trees.
    checkout: Option<Checkout>,
    proposal: Option<String>,
    minimal_fix_diff: String,
    orchestrator: Option<String>,
}

/// Where the report stands in the tree.
pub(super) fn path(run: &RunState, ending: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let slug: String = run.opened.request.text.chars().map(plain).take(40).collect();
    format!("docs/mao/debug-{slug}.{ending}")
}

pub(super) fn files(_policy: &Policy, run: &RunState) -> Vec<ReportFile> {
    let trials = trials(run);
    let report = Report {
        version: 1,
        run: run.opened.run.to_string(),
        command: command(run),
        base: run.opened.base.to_string(),
        base_tree: run.opened.base_tree.to_string(),
        merged: run.verified.to_string(),
        scripted: run.opened.scripted.clone(),
        earlier_runs: questions::earlier(run),
        cycles: count(&all_trials(run, trials.len())),
        runs: trials,
        answers: answers(run),
        packets: (1..).take(12).filter_map(|number| packet(run, number)).collect(),
        investigations: (1..).take(12).filter_map(|number| looked(run, number)).collect(),
    };
    let mut json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json.push('\n');
    vec![ReportFile { path: path(run, "md"), text: draw(&report) }, ReportFile { path: path(run, "json"), text: json }]
}

/// What a person answered, in order.
fn answers(run: &RunState) -> Vec<String> {
    let escalations = run.steps.iter().filter(|(id, _)| id.as_str().starts_with("escalate."));
    let answered = escalations.filter_map(
        |(_, step)| {
            if let Step::Question { answer, .. } = step { answer.clone() } else { None }
        },
    );
    answered.collect()
}

fn packet(run: &RunState, number: usize) -> Option<Packet> {
    let step = StepId::new(format!("investigate.{number}"));
    let prompt = &run.ask(&step)?.ask.prompt;
    let attached = prompt.attached.iter().map(|(name, blob)| (name.clone(), blob.to_string())).collect();
    Some(Packet { step: step.to_string(), facts: prompt.data.clone(), attached })
}

fn looked(run: &RunState, number: usize) -> Option<Looked> {
    let name = |verb: &str| StepId::new(format!("{verb}.{number}"));
    let ask = run.ask(&name("investigate"))?;
    let Standing::Answered(attempt, answered) = ask.standing() else { return None };
    let said = questions::investigation(answered.answer.structured.as_ref()?).ok()?;
    let found = Claims { run, number, answered, said: &said }.found();
    let Investigation { root_cause, evidence, confidence, files, risks, recheck_done, minimal_fix_diff, .. } = said;
    let word = run.ask(&name("evaluate")).and_then(|ask| match ask.standing() {
        Standing::Answered(_, answered) => questions::evaluation(answered.answer.structured.as_ref()?).ok(),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    });
    Some(Looked {
        by: ask.link_of(attempt).map_or_else(String::new, |link| link.model.to_string()),
        root_cause,
        evidence,
        confidence,
        files,
        risks,
        recheck_done,
        tried: found.shown(),
        found,
        checkout: checkout(ask),
        proposal: answered.answer.change.as_ref().map(|change| change.commit.to_string()),
        minimal_fix_diff,
        orchestrator: word
            .map(|word| format!("{}: {}", if word.agree { "agrees" } else { "does not agree" }, word.advice)),
    })
}

fn draw(report: &Report) -> String {
    let mut out = vec![format!("# debug: `{}`", text::one_line(&report.command, 200))];
    out.extend(report.scripted.as_ref().map(|scripted| format!("> **{scripted}**")));
    let green = report.runs.last().is_some_and(Trial::is_green);
    out.push(if green { "**The command passes.**".into() } else { "**The command still fails.**".into() });
    out.push(format!(
        "Run `{}`. Base `{}`. Failed cycles since it was green last: {} ({} with the failure of now); {} runs of earlier searches counted.",
        &report.run[..8],
        report.base.chars().take(12).collect::<String>(),
        report.cycles.total,
        report.cycles.same_failure,
        report.earlier_runs
    ));
    out.push("## Runs of the command".into());
    let rows = report.runs.iter().enumerate().map(|(at, trial)| {
        let what = if at == 0 { "base".to_owned() } else { format!("repair {at}") };
        format!("- {what}: {}", text::one_line(&ended(trial), 240))
    });
    out.push(rows.collect::<Vec<_>>().join("\n"));
    for packet in &report.packets {
        out.push(format!("## Packet of `{}`", packet.step));
        let facts = packet.facts.iter().map(|(name, fact)| format!("- {name}: {}", text::one_line(fact, 400)));
        let attached = packet.attached.iter().map(|(name, blob)| format!("- attached: {name}, `{}`", short(blob)));
        out.push(facts.chain(attached).collect::<Vec<_>>().join("\n"));
    }
    for looked in &report.investigations {
        out.push(format!("## Investigation by {}", looked.by));
        out.push(format!("{}\n\n{}", text::printable(&looked.root_cause), bullets(&looked.evidence)));
        out.push(format!("What this program found: {}.", looked.tried));
        out.push(match &looked.checkout {
            Some(checkout) if checkout.is_untouched() => {
                format!("The checkout was as it is: tree `{}` before and after.", short(checkout.after.as_str()))
            }
            Some(Checkout { before, after }) => format!(
                "The checkout changed meanwhile: tree `{}` before, `{}` after.",
                short(before.as_str()),
                short(after.as_str())
            ),
            None => "The checkout could not be read.".to_owned(),
        });
        out.extend(looked.orchestrator.as_ref().map(|word| format!("The orchestrator {}", text::printable(word))));
    }
    out.join("\n\n") + "\n"
}

fn bullets(items: &[String]) -> String {
    items.iter().map(|item| format!("- {}", text::one_line(item, 300))).collect::<Vec<_>>().join("\n")
}
