//! `mao resume`: owns a run that nobody owns, and carries it on from its ledger.

use crate::args::{Caps, Common, Resume, Work};
use crate::exit::{Exit, Failure};
use crate::open::{House, SCRIPT};
use crate::print::{Printer, plan, terminal};
use crate::signals::Signals;
use mao_config::{Flag, privacy_word};
use mao_core::event::Event;
use mao_core::ids::{RunId, StepId};
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_engine::announce::{Announcement, Stream};
use mao_engine::{Carried, Parts};
use mao_store::{Inbox, Ledger, Signal};
use mao_workflows::develop::approval::APPROVE;
use std::sync::Arc;

/// Runs the command.
pub fn run(common: &Common, words: &Resume, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let run = house.run(words.run.as_deref())?.run;
    let state = house.state(&run)?;
    if state.outcome.is_some() {
        printer.note(&format!("run {} is over already", run.prefix(8)));
        return finish(&house, &run, None, printer);
    }
    go_on(&house, &run, &state, caps(&words.caps), printer)
}

/// A word of the command line that gives a key its value.
pub fn flag(name: &str, key: &str, value: Option<String>) -> Option<Flag> {
    value.map(|value| Flag { flag: format!("--{name}"), key: key.to_owned(), value })
}

/// The words that say how much a run may take.
pub fn caps(words: &Caps) -> Vec<Flag> {
    let all = [
        flag("max-attempts", "engine.max_attempts", words.max_attempts.map(|n| n.to_string())),
        flag("max-cost", "budgets.run_usd", words.max_cost.clone()),
        flag("max-tokens", "budgets.run_tokens", words.max_tokens.map(|n| n.to_string())),
        flag("wall-clock", "engine.wall_clock", words.wall_clock.clone()),
    ];
    all.into_iter().flatten().collect()
}

/// The words that say who works.
pub fn work(words: &Work) -> Vec<Flag> {
    let all = [
        flag("mode", "engine.mode", words.mode.clone()),
        flag("privacy", "privacy.class", words.privacy.map(|privacy| privacy_word(privacy.into()).to_owned())),
    ];
    all.into_iter().flatten().chain(caps(&words.caps)).collect()
}

/// Carries a run that is not over.
pub fn go_on(
    house: &House,
    run: &RunId,
    state: &RunState,
    flags: Vec<Flag>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let loaded = house.config(flags, printer)?;
    let script = state.opened.scripted.as_ref().map(|_| house.runs_dir().join(run.to_string()).join(SCRIPT));
    let (parts, stream) = house.parts(&loaded, script.as_deref())?;
    for recorded in house.store.read(run, 0)? {
        // What was recorded before is known to the printer, not said again.
        printer.catch_up(&Announcement::Recorded(Box::new(recorded)));
    }
    carry(house, parts, stream, *run, printer, Asking::of(printer))
}

/// Whom a run's questions are asked of while this process owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The person at the terminal.
    Terminal,
    /// Nobody: the run waits.
    Nobody,
}

impl Asking {
    /// The person, where one is there.
    #[must_use]
    pub fn of(printer: &Printer) -> Self {
        if terminal(printer) { Self::Terminal } else { Self::Nobody }
    }
}

/// Owns the run until it is over or waits, printing what happens. Where a person is there, they are asked what it waits
/// for.
pub fn carry(
    house: &House,
    parts: Arc<Parts>,
    mut stream: Stream,
    run: RunId,
    printer: &Printer,
    asking: Asking,
) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    let mut unseen = true;
    if printer.knows_no_run() {
        for recorded in house.store.read(&run, 0)? {
            printer.announce(&Announcement::Recorded(Box::new(recorded)));
        }
    } else {
        unseen = !house.state(&run)?.steps.keys().any(begins);
    }
    loop {
        let (carried, signal) = runtime.block_on(async {
            let signals = Signals::listen().map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
            let mut owner = tokio::spawn(mao_engine::carry(Arc::clone(&parts), run, signals.cancel.clone()));
            let mut tell = |announcement: &Announcement| {
                if unseen && is_the_beginning(announcement) {
                    unseen = false;
                    show_plan(house, &run, printer)?;
                }
                printer.announce(announcement);
                Ok::<_, Failure>(())
            };
            let carried = loop {
                tokio::select! {
                    Some(announcement) = stream.next() => tell(&announcement)?,
                    carried = &mut owner => break carried,
                }
            };
            while let Some(announcement) = stream.try_next() {
                tell(&announcement)?;
            }
            let carried = carried.map_err(|broken| Failure::new(Exit::Internal, broken))??;
            Ok::<_, Failure>((carried, signals.exit()))
        })?;
        if asking == Asking::Terminal && matches!(carried, Carried::Parked { .. }) && ask(house, &run, printer)? {
            continue;
        }
        let exit = finish(house, &run, Some(&carried), printer)?;
        return Ok(match (&carried, signal) {
            (Carried::Closed(Outcome::Cancelled { .. }), Some(signal)) => signal,
            (Carried::Closed(_) | Carried::Parked { .. }, _) => exit,
        });
    }
}

/// Whether a step comes after the plan: the question about it, or a workstream.
fn begins(step: &StepId) -> bool {
    step.as_str() == APPROVE || step.as_str().starts_with("work.")
}

fn is_the_beginning(announcement: &Announcement) -> bool {
    match announcement {
        Announcement::Recorded(recorded) => {
            matches!(&recorded.event, Event::StepOpened { step, .. } if begins(step))
        }
        Announcement::News(_) => false,
    }
}

/// PLN-01: the plan is shown before any workstream is said to begin.
fn show_plan(house: &House, run: &RunId, printer: &Printer) -> Result<(), Failure> {
    let Some(outline) = house.outline(run)? else { return Ok(()) };
    if printer.is_json() {
        return super::plan::show(&outline, printer);
    }
    let mark = if house.state(run)?.opened.scripted.is_some() { "[scripted] " } else { "" };
    plan::lines(&outline).iter().for_each(|line| printer.note(&format!("{mark}{line}")));
    Ok(())
}

/// Asks the person at the terminal what the run waits for; whether they gave an answer.
fn ask(house: &House, run: &RunId, printer: &Printer) -> Result<bool, Failure> {
    let state = house.state(run)?;
    let Some((step, text, choices)) = questions(&state).next() else { return Ok(false) };
    let workflow = mao_workflows::find(&state.opened.workflow);
    loop {
        let Some((answer, because)) = printer.choose(text, choices) else { return Ok(false) };
        let taken = workflow.map_or(Ok(()), |workflow| workflow.takes(step, &answer, because.as_deref()));
        if let Err(missing) = taken {
            printer.note(&missing);
            continue;
        }
        let signal = Signal::Answer { step: step.to_string(), answer, by: "terminal".to_owned(), because };
        house.store.post(run, house.clock.now(), &signal)?;
        return Ok(true);
    }
}

/// The open questions of a run, with what may be answered.
fn questions(state: &RunState) -> impl Iterator<Item = (&StepId, &str, &[String])> {
    state.steps.iter().filter_map(|(id, step)| {
        if let Step::Question { text, choices, answer: None, .. } = step {
            Some((id, text.as_str(), choices.as_slice()))
        } else {
            None
        }
    })
}

/// Says how a run ended and what a person can do with it.
fn finish(house: &House, run: &RunId, carried: Option<&Carried>, printer: &Printer) -> Result<Exit, Failure> {
    let state = house.state(run)?;
    let short = run.prefix(8);
    let branch = state.steps.values().find_map(|step| match step {
        Step::Publish { branch, .. } => branch.clone(),
        Step::Ask(_)
        | Step::Verify { .. }
        | Step::Probe { .. }
        | Step::Inspect { .. }
        | Step::Compare { .. }
        | Step::Merge { .. }
        | Step::Report { .. }
        | Step::Question { .. } => None,
    });
    let exit = match (carried, &state.outcome) {
        (_, Some(outcome)) => Exit::of(&Carried::Closed(outcome.clone())),
        (Some(carried), None) => Exit::of(carried),
        (None, None) => Exit::Parked,
    };
    if printer.is_json() {
        printer.value(serde_json::json!({
            "kind": "result", "run": run, "exit": exit.code(), "outcome": state.outcome, "branch": branch,
            "head": state.head, "waiting_for": state.parked, "scripted": state.opened.scripted,
        }));
        return Ok(exit);
    }
    let mark = if state.opened.scripted.is_some() { "[scripted] " } else { "" };
    if let Some(waiting) = &state.parked {
        printer.line(&format!("{mark}run {short} waits for {waiting}"));
        let on_its_plan = matches!(state.steps.get(&StepId::from(APPROVE)), Some(Step::Question { answer: None, .. }));
        printer.line(&if on_its_plan {
            format!("{mark}  carry it out: mao answer {short} yes    drop it: mao answer {short} no    look: mao plan show {short}")
        } else {
            let open: Vec<String> = questions(&state)
                .map(|(step, _, choices)| format!("answer it: mao answer {short} {} --step {step}    ", choices.join("|")))
                .collect();
            match &open[..] {
                [only] => {
                    let short_form = only.split(" --step ").next().unwrap_or(only);
                    format!("{mark}  {short_form}    go on: mao resume {short}")
                }
                many => {
                    let lines: Vec<String> = many.iter().map(|line| format!("{mark}  {}\n", line.trim_end())).collect();
                    format!("{}{mark}  go on: mao resume {short}", lines.concat())
                }
            }
        });
    }
    if let Some(branch) = branch {
        let path = mao_workflows::find(&state.opened.workflow).map(|workflow| workflow.report_path(&state));
        let report = path.as_ref().and_then(|path| house.repo.read(&state.head, path).ok().flatten());
        if let Some(report) = report {
            printer.line(&format!("\n{}", String::from_utf8_lossy(&report)));
        }
        printer.line(&format!("{mark}branch   {branch}"));
        if let Some(path) = path {
            printer.line(&format!("{mark}report   git show {branch}:{path}"));
        }
        printer.line(&format!("{mark}take it  mao apply {short}      drop it  mao discard {short}"));
    }
    Ok(exit)
}
