//! ESC-03: the packet, put together by this program from what it recorded itself: no word of a model is in it but the
//! diffs that were tried. It is the same for whoever looks from outside; only who may write in the copy differs (ESC-08).

use super::record::{all_trials, command, debug, ended, ran, said, trial};
use super::ways::outsider;
use crate::contest::questions::prompt;
use mao_core::ask::{Ask, Binding, Prompt, Proposal, ReplyForm, Role, Size};
use mao_core::debug::Trial;
use mao_core::glob::Glob;
use mao_core::ids::{BlobId, TaskClass};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::text;
use mao_policy::Policy;
use mao_policy::artifact::Artifact;
use mao_policy::cycle::{Way, count};
use std::collections::BTreeSet;

/// How many diffs go along, the newest.
const TRIED: usize = 10;

/// How many globs a constraint names.
const GLOBS: usize = 24;

/// What one fact may take of the event that opens the question, in bytes: all of them fit it together.
const FACT: usize = 900;

/// The same for the lists: what was tried, the command word by word, what must be kept to.
const LIST: usize = 2500;

/// What was tried before a repair: the diffs by the names that they are attached under, and what came of each.
struct Tried {
    diffs: Vec<(String, BlobId)>,
    results: Vec<String>,
}

fn tried(run: &RunState, number: usize) -> Tried {
    let earlier = debug(run).map_or(0, |debug| debug.earlier.len());
    let all: Vec<(bool, Trial)> =
        all_trials(run, number).into_iter().enumerate().map(|(at, trial)| (at < earlier, trial)).collect();
    let with_diff: Vec<&(bool, Trial)> = all.iter().filter(|(_, trial)| trial.diff.is_some()).collect();
    let kept_back = mutant::is("esc_03_what_was_tried_is_kept_back");
    let newest = with_diff.iter().skip(with_diff.len().saturating_sub(TRIED)).filter(|_| !kept_back);
    let mut found = Tried { diffs: Vec::new(), results: Vec::new() };
    for (at, (is_earlier, trial)) in newest.enumerate() {
        let Some(diff) = trial.diff.clone() else { continue };
        let when = if *is_earlier { "in an earlier search" } else { "in this search" };
        found.diffs.push((format!("tried/{:03}", at + 1), diff));
        found.results.push(format!("{}. {when}: {}", at + 1, ended(trial)));
    }
    if with_diff.len() > TRIED {
        found.results.push(format!("{} older ones are left out", with_diff.len() - TRIED));
    }
    found
}

/// The log of the last red run before repair `number`, and every diff that was tried before it, with what came of them.
pub(super) fn evidence(run: &RunState, number: usize, prompt: &mut Prompt) {
    let red = (0..number).rev().find_map(|at| ran(run, at)?.first_red());
    prompt.attached.extend(red.map(|red| ("log".to_owned(), red.log.clone())));
    let tried = tried(run, number);
    prompt.attached.extend(tried.diffs);
    if !tried.results.is_empty() {
        prompt.data.insert("results".to_owned(), within(tried.results.join("\n"), LIST));
    }
}

/// The packet as a question; none where nobody is enabled for this way.
pub(super) fn packet(
    policy: &Policy,
    run: &RunState,
    number: usize,
    way: Option<Way>,
    artifacts: &[Artifact],
) -> Option<Ask> {
    let way = way?;
    let model = outsider(policy, way)?;
    let mut prompt = prompt("debug_packet", &data(policy, run, number, artifacts));
    evidence(run, number, &mut prompt);
    let schema = "investigation".to_owned();
    let writes = match way {
        Way::AtHome | Way::Independent => true,
        Way::Investigation => mutant::is("esc_08_the_analysis_may_write"),
    };
    if !writes {
        prompt.data.insert("reads_only".to_owned(), "yes".to_owned());
    }
    Some(Ask {
        task: TaskClass::from("debugging_escalated"),
        label: "Investigation".into(),
        role: Role::Worker,
        prompt,
        reply: if writes { ReplyForm::Proposal { schema } } else { ReplyForm::Json { schema } },
        base: run.opened.base.clone(),
        proposal: Some(Proposal { model, reason: "a person chose this way".to_owned(), binding: Binding::Alone }),
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    })
}

fn data(policy: &Policy, run: &RunState, number: usize, artifacts: &[Artifact]) -> Vec<(&'static str, String)> {
    let last = (0..number).rev().find_map(|at| Some((at, trial(run, at)?)));
    let (at, last) = last.map_or((0, None), |(at, trial)| (at, Some(trial)));
    let cycles = count(&all_trials(run, number));
    let (trace, _) = said(run, at);
    let red = ran(run, at).and_then(|ran| ran.first_red());
    let trace = red.and_then(|red| Artifact::stack_trace(red, trace));
    let artifacts = artifacts.iter().chain(trace.as_ref());
    let artifacts: Vec<String> =
        artifacts.map(|artifact| format!("{} ({})", artifact.said(), artifact.kind())).collect();
    let shown = text::one_line(&command(run), 200);
    let fails = last.as_ref().map(ended).unwrap_or_default();
    let problem = format!(
        "`{shown}` should end with exit 0, and does not: {fails}. {} repairs failed since it was green last, {} of them \
         with this failure.",
        cycles.total, cycles.same_failure
    );
    let words = debug(run).map(|debug| serde_json::json!(debug.command).to_string()).unwrap_or_default();
    let exit = last.as_ref().and_then(|last| last.exit).map_or_else(|| "killed".to_owned(), |code| code.to_string());
    let log = red.map_or_else(|| "none".to_owned(), |red| red.log.to_string());
    let facts = vec![
        ("problem", problem),
        ("command", words),
        ("exit", exit),
        ("signature", last.map(|last| last.signature).unwrap_or_default()),
        ("artifacts", artifacts.join("; ")),
        ("log_name", log),
        ("files", files(run, number)),
        ("environment", environment(policy, run)),
        ("commit", run.opened.base.to_string()),
        ("tree", run.opened.base_tree.to_string()),
        ("dirty", dirty(run)),
        ("cycles", cycles.total.to_string()),
        ("constraints", constraints(policy)),
    ];
    let longest = |name: &str| if matches!(name, "command" | "constraints") { LIST } else { FACT };
    facts.into_iter().map(|(name, fact)| (name, within(fact, longest(name)))).collect()
}

/// A text as far as it fits.
fn within(text: String, bytes: usize) -> String {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{} … (cut)", &text[..end])
}

/// The files that the logs of the failing runs name, the last run's first.
fn files(run: &RunState, number: usize) -> String {
    let mut found: Vec<&str> = Vec::new();
    for name in (0..number).rev().flat_map(|at| said(run, at).1) {
        if !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    if found.is_empty() { "the log names none".to_owned() } else { found.join(", ") }
}

fn environment(policy: &Policy, run: &RunState) -> String {
    let mut facts = debug(run).map(|debug| debug.environment.clone()).unwrap_or_default();
    facts.push("the command runs in a fresh checkout, confined, without secrets".to_owned());
    facts.push(format!("it is ended after {} s", policy.limits.check_ms / 1000));
    let setup: Vec<String> = policy.ground.setup.iter().map(|check| check.argv.join(" ")).collect();
    if !setup.is_empty() {
        facts.push(format!("before it runs: {}", setup.join("; ")));
    }
    if !policy.ground.copy.is_empty() {
        facts.push(format!("copied into the checkout: {}", named(&policy.ground.copy)));
    }
    facts.join("; ")
}

fn dirty(run: &RunState) -> String {
    match debug(run).and_then(|debug| debug.dirty.as_ref()) {
        Some(diff) => format!("the commit holds uncommitted changes; their diff is {diff}"),
        None => "no uncommitted changes are part of it".to_owned(),
    }
}

fn constraints(policy: &Policy) -> String {
    let mut rules = vec![
        "whoever investigates implements nothing: the fix is somebody else's work".to_owned(),
        "tests are not changed, skipped or weakened".to_owned(),
        "nothing is committed or installed, and no other model is started".to_owned(),
    ];
    for (globs, what) in [(&policy.protected, "nobody may change"), (&policy.frozen, "as they stand")] {
        if !globs.is_empty() {
            rules.push(format!("{what}: {}", named(globs)));
        }
    }
    rules.join("; ")
}

fn named(globs: &[Glob]) -> String {
    let more = if globs.len() > GLOBS { ", …" } else { "" };
    let shown: Vec<&str> = globs.iter().take(GLOBS).map(|glob| glob.0.as_str()).collect();
    format!("{}{more}", shown.join(", "))
}
