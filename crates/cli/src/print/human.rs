//! The stream for people: one line an event that matters, in columns, the same in a terminal and in a log.
//!
//! Where models are scripted every line says so.

use super::style::Style;
use mao_core::ask::ReplyForm;
use mao_core::change::Refusal;
use mao_core::effect::{Note, Work};
use mao_core::event::{AttemptResult, Caps, CheckRun, Decision, Event, MergeResult, Recorded};
use mao_core::ids::{AttemptNo, Stamp, StepId};
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::{AskStep, Step};
use mao_core::text;
use mao_engine::{Announcement, News};
use mao_policy::spend::usd;
use mao_providers::provider::Progress;
use mao_workflows::develop::report::fallback_line;

/// How much is said while a run is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every step as it begins and ends: for a person who watches.
    Full,
    /// What changed, failed, was refused or landed: for a log.
    Brief,
}

/// Prints one run, from its first event on.
#[derive(Debug)]
pub struct RunPrinter {
    style: Style,
    detail: Detail,
    state: Option<RunState>,
    opened: std::collections::BTreeMap<StepId, Stamp>,
}

impl RunPrinter {
    /// A printer that has seen nothing yet.
    #[must_use]
    pub const fn new(style: Style, detail: Detail) -> Self {
        Self { style, detail, state: None, opened: std::collections::BTreeMap::new() }
    }

    /// Whether it has seen no run yet.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.state.is_none()
    }

    /// The lines that an announcement is worth.
    pub fn lines(&mut self, announcement: &Announcement) -> Vec<String> {
        let lines = match announcement {
            Announcement::Recorded(recorded) => self.recorded(recorded),
            Announcement::News(news) => self.news(news).into_iter().collect(),
        };
        let scripted = self.state.as_ref().is_some_and(|state| state.opened.scripted.is_some());
        let mark = if scripted { self.style.dim("[scripted] ") } else { String::new() };
        lines.into_iter().map(|line| format!("{mark}{line}")).collect()
    }

    fn recorded(&mut self, recorded: &Recorded) -> Vec<String> {
        let folded = match &mut self.state {
            Some(state) => state.apply(recorded),
            None => RunState::fold([recorded]).map(|state| self.state = state),
        };
        if folded.is_err() {
            return Vec::new();
        }
        if let Event::StepOpened { step, .. } = &recorded.event {
            self.opened.insert(step.clone(), recorded.at);
        }
        let Some(state) = &self.state else { return Vec::new() };
        self.event(state, recorded)
    }

    fn event(&self, state: &RunState, recorded: &Recorded) -> Vec<String> {
        let at = recorded.at;
        match &recorded.event {
            Event::RunOpened(opened) => {
                let mut lines = vec![format!(
                    "run {}  {} {} · {} section{}",
                    opened.run.prefix(8),
                    opened.workflow,
                    opened.request.text,
                    opened.request.sections.len(),
                    if opened.request.sections.len() == 1 { "" } else { "s" }
                )];
                lines.extend(opened.scripted.clone());
                lines
            }
            Event::AttemptStarted { .. } if self.detail == Detail::Brief => Vec::new(),
            Event::AttemptStarted { step, attempt, .. } => {
                vec![self.row(state, step, *attempt, "", &self.style.dim("started"))]
            }
            // A verdict is said where it is recorded, with what it is about.
            Event::AttemptEnded { step, result: AttemptResult::Answered(_), .. }
                if step.as_str().starts_with("judge.") =>
            {
                Vec::new()
            }
            Event::AttemptEnded { step, attempt, result, .. } => {
                let took =
                    state.ask(step).and_then(|ask| ask.attempts.last()).map(|last| duration(at.since(last.started)));
                let what = match result {
                    AttemptResult::Answered(answer) => match &answer.change {
                        Some(change) => {
                            format!("{} file{} changed", change.files, if change.files == 1 { "" } else { "s" })
                        }
                        None => self.style.good("answered"),
                    },
                    AttemptResult::Failed(fault) => {
                        format!(
                            "{} {}",
                            self.style.bad(fault.kind.label()),
                            self.style.dim(&text::one_line(&fault.hint, 120))
                        )
                    }
                };
                vec![self.row(state, step, *attempt, &took.unwrap_or_default(), &what)]
            }
            Event::AttemptLost { step, attempt, .. } => {
                vec![self.row(state, step, *attempt, "", &self.style.bad("lost when mao was killed"))]
            }
            Event::Decided { step, decision, .. } => self.decided(state, step, decision),
            Event::Verified { step, verification, .. } if !verification.green() => {
                let red = verification.first_red();
                let what = red.map_or_else(String::new, |check| match check.exit {
                    Some(code) => format!("`{}` exit {code}", check.command),
                    None => format!("`{}` killed", check.command),
                });
                vec![self.named(step, &self.took(step, at), &format!("{} {what}", self.style.bad("checks red")))]
            }
            // Red and then green on the same tree: never said in silence.
            Event::Verified { step, tree, .. } if state.rechecked.contains_key(tree) => {
                let red = state.rechecked.get(tree).and_then(|red| red.first_red());
                let what = format!("`{}` is flaky: red, then green", red.map_or("", |check| check.command.as_str()));
                vec![self.named(step, &self.took(step, at), &self.style.bad(&what))]
            }
            Event::Verified { .. } if self.detail == Detail::Brief => Vec::new(),
            Event::Verified { step, .. } => {
                vec![self.named(step, &self.took(step, at), &self.style.good("checks green"))]
            }
            Event::Probed { .. } if self.detail == Detail::Brief => Vec::new(),
            Event::Probed { step, verification, .. } => {
                let what = match verification.first_red() {
                    None if verification.green() => self.style.good("green"),
                    Some(CheckRun { exit: Some(code), .. }) => self.style.bad(&format!("red (exit {code})")),
                    Some(_) | None => self.style.bad("red (killed)"),
                };
                vec![self.named(step, &self.took(step, at), &what)]
            }
            Event::Inspected { step, inspection } => {
                let lines = inspection.tampering.iter().map(|what| {
                    self.named(step, "", &self.style.bad(&format!("disqualified: {}", text::one_line(what, 200))))
                });
                lines.collect()
            }
            Event::Merged { step, results } => self.merged(state, step, results),
            Event::Foreseen { step, with, paths, .. } => {
                let what = format!("will conflict with {} in {}", place(with), paths.join(", "));
                vec![self.named(step, "", &self.style.dim(&text::one_line(&what, 200)))]
            }
            Event::Published { branch, commit, .. } => {
                vec![format!("branch {branch} at {}", &commit.as_str()[..commit.as_str().len().min(12)])]
            }
            Event::Withdrawn { provider } => vec![format!("{provider} is not enabled any more: no further attempt")],
            Event::CapsSet { caps } => vec![format!("new limits: {}", limits(caps))],
            Event::CancelRequested { by } => vec![format!("cancelled by {by}")],
            Event::Parked { waiting_for, .. } => vec![format!("waiting for {}", text::one_line(waiting_for, 300))],
            Event::StepOpened { step, work } => match &**work {
                Work::Question { text, choices } => {
                    vec![format!("{step}: {} [{}]", text::one_line(text, 300), choices.join("/"))]
                }
                Work::Ask(_)
                | Work::Verify { .. }
                | Work::Probe { .. }
                | Work::Inspect { .. }
                | Work::Compare { .. }
                | Work::Merge { .. }
                | Work::Report { .. }
                | Work::Publish { .. } => Vec::new(),
            },
            Event::Noted(note) => self.noted(note),
            Event::Compared { .. }
            | Event::Supplied { .. }
            | Event::Continued { .. }
            | Event::Routed { .. }
            | Event::Reported { .. }
            | Event::Answered { .. } => Vec::new(),
        }
    }

    /// The changes of a merge that conflict.
    fn merged(&self, state: &RunState, step: &StepId, results: &[MergeResult]) -> Vec<String> {
        let Some(Step::Merge { changes, .. }) = state.steps.get(step) else { return Vec::new() };
        let lines = changes.iter().zip(results).filter_map(|(member, result)| match result {
            MergeResult::Conflict { paths } => {
                let what = format!("{} {}", self.style.bad("conflict"), text::one_line(&paths.join(", "), 200));
                Some(self.named(&member.of, "", &what))
            }
            MergeResult::Candidate { .. } => None,
        });
        lines.collect()
    }

    fn decided(&self, state: &RunState, step: &StepId, decision: &Decision) -> Vec<String> {
        let label = state.ask(step).map_or_else(|| step.to_string(), |ask| ask.ask.label.clone());
        match decision {
            Decision::Next { from, to, reason, .. } => {
                vec![fallback_line(&label, from.as_str(), to.as_str(), reason)]
            }
            Decision::Again { .. } | Decision::AskPerson { .. } => Vec::new(),
            Decision::Wait { until, reason } => {
                vec![format!("{label}: waits {} ({reason})", duration(until.since(state.at)))]
            }
            Decision::GiveUp { reason } => vec![format!("{label}: {} ({reason})", self.style.bad("given up"))],
        }
    }

    fn noted(&self, note: &Note) -> Vec<String> {
        match note {
            Note::ChangeJudged { step, verdict, .. } if verdict.accept => {
                vec![self.named(step, "", &self.style.good("validated"))]
            }
            Note::ChangeJudged { .. } => Vec::new(),
            Note::ChangeRefused { step, refusal, .. } => {
                let claim = match refusal {
                    Refusal::Verdict { findings } => findings.first().map(|finding| finding.claim.clone()),
                    Refusal::Conflict { paths } => Some(paths.join(", ")),
                    Refusal::ChecksFailed { .. } | Refusal::BrokeMerged { .. } => None,
                };
                let why = claim.map(|claim| format!(": {}", text::one_line(&claim, 120))).unwrap_or_default();
                vec![self.named(step, "", &format!("{}{why}", self.style.bad(refusal.label())))]
            }
            Note::HeadMoved { step, .. } => {
                let Some(Step::Merge { changes, results, landed, .. }) =
                    self.state.as_ref().and_then(|state| state.steps.get(step))
                else {
                    return Vec::new();
                };
                let behind = changes.iter().zip(results).take(*landed);
                let merged = behind.filter(|(_, result)| matches!(result, MergeResult::Candidate { .. }));
                merged.map(|(member, _)| self.named(&member.of, "", &self.style.good("merged"))).collect()
            }
            Note::StepSkipped { step, why } => {
                vec![self.named(step, "", &format!("skipped: {}", text::one_line(why, 200)))]
            }
            Note::Settled(settled) => {
                let won =
                    settled.winner.as_ref().map_or_else(|| "nobody wins".to_owned(), |step| format!("{step} wins"));
                vec![format!("{}: {}", self.style.good(&won), text::one_line(&settled.because, 200))]
            }
            Note::RunClosed { outcome } => vec![match outcome {
                Outcome::Complete => self.style.good("complete"),
                Outcome::Incomplete => self.style.bad("incomplete"),
                Outcome::Negative { why } => self.style.bad(&text::one_line(why, 300)),
                Outcome::NoProvider { reason } => format!("{}: {reason}", self.style.bad("no model answered")),
                Outcome::Cancelled { by } => format!("cancelled by {by}"),
                Outcome::Declined { what } => format!("a person said no: {}", text::one_line(what, 200)),
            }],
        }
    }

    fn news(&self, news: &News) -> Option<String> {
        let state = self.state.as_ref()?;
        let what = match &news.progress {
            Progress::Said(said) => format!("“{}”", text::one_line(said, 90)),
            Progress::Tool(tool) => format!("uses {}", text::one_line(tool, 90)),
            Progress::Retrying(why) => format!("tries again: {}", text::one_line(why, 90)),
            Progress::Session(_) => return None,
        };
        Some(self.row(state, &news.step, news.attempt, "", &self.style.dim(&what)))
    }

    fn row(&self, state: &RunState, step: &StepId, attempt: AttemptNo, took: &str, what: &str) -> String {
        let model = state.ask(step).map(|ask| model_of(ask, attempt)).unwrap_or_default();
        columns(&place(step), &model, took, what)
    }

    fn named(&self, step: &StepId, took: &str, what: &str) -> String {
        columns(&place(step), "", took, what)
    }

    fn took(&self, step: &StepId, at: Stamp) -> String {
        self.opened.get(step).map(|opened| duration(at.since(*opened))).unwrap_or_default()
    }
}

/// Limits as people read them.
fn limits(caps: &Caps) -> String {
    let said = [
        caps.attempts.map(|n| format!("{n} attempts")),
        caps.micro_usd.map(|micro_usd| format!("${}", usd(micro_usd))),
        caps.tokens.map(|n| format!("{n} tokens")),
        caps.wall_clock_ms.map(duration),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn columns(place: &str, model: &str, took: &str, what: &str) -> String {
    format!("  {place:<28} {model:<18} {took:>7}  {what}").trim_end().to_owned()
}

/// `work.2.storage` as people read it: `2 storage`; other steps keep their verb.
fn place(step: &StepId) -> String {
    let names: Vec<&str> = step.as_str().split('.').collect();
    match names.split_first() {
        Some((&"work", rest)) => {
            rest.split_last().map_or_else(String::new, |(stream, section)| format!("{} {stream}", section.join(".")))
        }
        Some((verb @ (&"check" | &"judge" | &"merge" | &"resolve" | &"stack" | &"trial"), rest)) if rest.len() > 2 => {
            let verb = if *verb == "trial" { "merged" } else { verb };
            let (stream, section) = (rest[rest.len() - 2], &rest[..rest.len() - 2]);
            format!("{} {stream} ({verb})", section.join("."))
        }
        Some(_) | None => step.to_string(),
    }
}

fn model_of(ask: &AskStep, attempt: AttemptNo) -> String {
    let found = ask.attempts.iter().find(|made| made.no == attempt);
    found.and_then(|made| ask.link_of(made)).map_or_else(String::new, |link| link.model.to_string())
}

/// Milliseconds as people read them: `0.4s`, `1m12s`, `2h05m`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{}.{}s", seconds, ms % 1000 / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// One step in a word, for `mao show`.
#[must_use]
pub fn standing(step: &Step) -> &'static str {
    match step {
        Step::Ask(ask) => match (&ask.ask.reply, ask.standing()) {
            (_, mao_core::step::Standing::Running(_)) => "running",
            (_, mao_core::step::Standing::GivenUp(_)) => "given up",
            (_, mao_core::step::Standing::Idle) => "open",
            (ReplyForm::Change { .. }, mao_core::step::Standing::Answered(..)) => "changed",
            (
                ReplyForm::Text | ReplyForm::Json { .. } | ReplyForm::Proposal { .. },
                mao_core::step::Standing::Answered(..),
            ) => "answered",
        },
        Step::Verify { done, .. } => {
            if *done {
                "ran"
            } else {
                "open"
            }
        }
        Step::Probe { found, .. } => {
            if found.is_some() {
                "ran"
            } else {
                "open"
            }
        }
        Step::Compare { found, .. } => {
            if found.is_some() {
                "taken apart"
            } else {
                "open"
            }
        }
        Step::Inspect { found, .. } => {
            if found.is_some() {
                "looked at"
            } else {
                "open"
            }
        }
        Step::Merge { landed: 1.., .. } => "merged",
        Step::Merge { results, .. } if results.is_empty() => "open",
        Step::Merge { results, .. } if results.iter().any(|one| matches!(one, MergeResult::Conflict { .. })) => {
            "conflict"
        }
        Step::Merge { .. } => "candidate",
        Step::Report { done, .. } => {
            if *done {
                "written"
            } else {
                "open"
            }
        }
        Step::Publish { branch, .. } => {
            if branch.is_some() {
                "published"
            } else {
                "open"
            }
        }
        Step::Question { answer, .. } => {
            if answer.is_some() {
                "answered"
            } else {
                "waiting"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_places_read_well() {
        assert_eq!(
            ["0.4s", "12s", "1m12s", "2h05m"],
            [400, 12_000, 72_000, 7_500_000].map(duration).each_ref().map(String::as_str)
        );
        assert_eq!(place(&"work.2.1.storage".into()), "2.1 storage");
        assert_eq!(place(&"trial.2.storage.1".into()), "2 storage (merged)");
        assert_eq!(place(&"plan".into()), "plan");
    }
}
