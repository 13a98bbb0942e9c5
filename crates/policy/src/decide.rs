//! The one judge of failure: what follows a fault or a refused change. Nothing else in the house retries.

use crate::policy::Policy;
use crate::{breaker, orchestrator, privacy, spend};
use mao_core::ask::WhenCut;
use mao_core::change::Refusal;
use mao_core::event::{Decision, Link};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{Stamp, StepId};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::{AskStep, Attempt, AttemptState, Standing, Step};

/// How many attempts of one step may be lost to dead owners before a person is asked.
pub const LOST_BEFORE_ASKING: usize = 2;

/// The pause before a busy or unreachable vendor is asked again, in milliseconds.
const PAUSE_MS: u64 = 3_000;

/// What the engine does next about a question that nobody is working on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start an attempt on this link of the route.
    Start {
        /// The link.
        link: usize,
    },
    /// Record what follows the last attempt, then ask again what to do.
    Record(Decision),
    /// Nothing before this moment.
    Sleep {
        /// The moment.
        until: Stamp,
    },
    /// Nothing before a person has answered.
    AwaitPerson,
    /// Nothing before a person raises a limit of the run.
    AwaitCap {
        /// Which, and the word that raises it.
        reason: String,
    },
    /// Nothing: an attempt is out, or the question is settled.
    Nothing,
}

/// The step in which a person is asked whether to go on after lost attempts of `step`.
#[must_use]
pub fn question_about(step: &StepId, attempts: usize) -> StepId {
    StepId::new(format!("lost.{step}.{attempts}"))
}

/// What follows for `step`, given everything that is recorded and the time.
#[must_use]
pub fn decide(policy: &Policy, run: &RunState, step: &StepId, now: Stamp) -> Next {
    let Some(ask) = run.ask(step) else { return Next::Nothing };
    if !matches!(ask.standing(), Standing::Idle) {
        return Next::Nothing;
    }
    if ask.route.as_ref().is_some_and(|route| route.links.is_empty()) {
        return Next::Record(Decision::GiveUp { reason: no_model(ask) });
    }
    if let (Some(last), None) = (ask.attempts.last(), &ask.decided) {
        return Next::Record(follow(policy, ask, last, now));
    }
    if let Some(reason) = spend::reached(policy, run, now) {
        return Next::AwaitCap { reason };
    }
    let same = ask.attempts.last().map_or(0, |last| last.link);
    let start = |link: usize| start(policy, run, ask, link, now);
    match &ask.decided {
        None | Some(Decision::Again { .. }) => start(same),
        Some(Decision::Next { link, .. }) => start(*link),
        Some(Decision::Wait { until, .. }) if now >= *until => start(same),
        Some(Decision::Wait { until, .. }) => Next::Sleep { until: *until },
        Some(Decision::AskPerson { .. }) => match answer(run, step, ask) {
            Some("yes") => start(same),
            Some(_) => Next::Record(Decision::GiveUp { reason: "a person said no after lost attempts".into() }),
            None => Next::AwaitPerson,
        },
        Some(Decision::GiveUp { .. }) => Next::Nothing,
    }
}

/// The first link from `link` on that may still be asked, unless its account is left alone and a later one may be asked.
fn start(policy: &Policy, run: &RunState, ask: &AskStep, link: usize, now: Stamp) -> Next {
    let links = ask.route.as_ref().map_or(&[][..], |route| &route.links);
    let mut open = links.iter().enumerate().skip(link).filter(|(_, to)| closed(policy, run, ask, to).is_none());
    let Some((at, to)) = open.next() else {
        let reason =
            links.get(link).and_then(|to| closed(policy, run, ask, to)).unwrap_or_else(|| "no model is left".into());
        return Next::Record(Decision::GiveUp { reason });
    };
    // FBK-09: that another model takes over is recorded, with its reason, before it is asked.
    if at != link && !mutant::is("fbk_09_another_model_is_asked_unsaid") {
        return Next::Record(Decision::Next {
            from: links[link].model.clone(),
            to: to.model.clone(),
            link: at,
            reason: closed(policy, run, ask, &links[link]).unwrap_or_default(),
        });
    }
    match (breaker::rest(policy, run, to, now), open.next()) {
        (Some(reason), Some((later, other))) => {
            Next::Record(Decision::Next { from: to.model.clone(), to: other.model.clone(), link: later, reason })
        }
        (Some(_), None) | (None, _) => Next::Start { link: at },
    }
}

/// FBK-05: opt-in and privacy hold for every link again when its turn comes. Why it may not be asked now, if so.
fn closed(policy: &Policy, run: &RunState, ask: &AskStep, to: &Link) -> Option<String> {
    if run.withdrawn.contains(&to.provider) && !mutant::is("inv_02_withdrawn_goes_on") {
        return Some(format!("{} is not enabled any more", to.provider));
    }
    let class = privacy::of(policy, &ask.ask).0;
    let may_see = class.admits(&to.vendor, &orchestrator::home_vendor()) || mutant::is("fbk_05_privacy_is_crossed");
    (!may_see).then(|| format!("privacy is {}: not for {}", class.name(), to.vendor))
}

fn no_model(ask: &AskStep) -> String {
    let skipped = ask.route.iter().flat_map(|route| &route.skipped);
    let reasons: Vec<String> = skipped.map(|skip| format!("{}: {}", skip.model, skip.why)).collect();
    format!("no model may answer {} ({})", ask.ask.task, reasons.join("; "))
}

fn answer<'a>(run: &'a RunState, step: &StepId, ask: &AskStep) -> Option<&'a str> {
    match run.steps.get(&question_about(step, ask.attempts.len())) {
        Some(Step::Question { answer, .. }) => answer.as_deref(),
        Some(_) | None => None,
    }
}

fn follow(policy: &Policy, ask: &AskStep, last: &Attempt, now: Stamp) -> Decision {
    match &last.state {
        AttemptState::Lost => after_loss(ask),
        AttemptState::Failed(fault, _) => after_fault(policy, ask, last, fault, now),
        AttemptState::Answered(answered) => match &answered.refusal {
            Some(refusal) => after_refusal(ask, last, refusal),
            None => Decision::GiveUp { reason: "nothing to decide about an answer that stands".into() },
        },
        AttemptState::Running => Decision::GiveUp { reason: "nothing to decide about a running attempt".into() },
    }
}

fn after_loss(ask: &AskStep) -> Decision {
    let lost = ask.attempts.iter().rev().take_while(|attempt| attempt.state == AttemptState::Lost).count();
    if lost > 0 && lost.is_multiple_of(LOST_BEFORE_ASKING) {
        let question = format!("{}: {lost} attempts were lost when mao was killed. Try again?", ask.ask.label);
        return Decision::AskPerson { question };
    }
    Decision::Again { reason: "the owner died during the attempt".into() }
}

fn after_refusal(ask: &AskStep, last: &Attempt, refusal: &Refusal) -> Decision {
    let reason = refusal.label().to_owned();
    if settled_on(ask, last.link) < 2 { Decision::Again { reason } } else { next_link(ask, last, reason) }
}

/// FBK-03 as a table: again on the same link, wait, the next link, or the end.
fn after_fault(policy: &Policy, ask: &AskStep, last: &Attempt, fault: &Fault, now: Stamp) -> Decision {
    let reason = fault.kind.label().to_owned();
    let first = settled_on(ask, last.link) < 2 && !mutant::is("fbk_03_never_again");
    match fault.kind {
        // It would hold the same secret for everybody, and a setup that is red is so for everybody.
        FaultKind::Cancelled | FaultKind::Withheld | FaultKind::Unprepared => Decision::GiveUp { reason },
        // CNK-07: the same again would be as long again, whoever is asked.
        FaultKind::Truncated if ask.ask.size.when_cut == WhenCut::Smaller => {
            Decision::GiveUp { reason: format!("{reason}: it is asked for in smaller parts") }
        }
        FaultKind::RateLimited { until: Some(until) } if first && until.since(now) <= policy.limits.rate_wait_ms => {
            Decision::Wait { until, reason }
        }
        FaultKind::RateLimited { until: None } | FaultKind::Overloaded | FaultKind::Network if first => {
            Decision::Wait { until: Stamp(now.0 + PAUSE_MS), reason }
        }
        FaultKind::Crashed
        | FaultKind::Unparsable
        | FaultKind::NoChange
        | FaultKind::PolicyViolation
        | FaultKind::Truncated
            if first =>
        {
            Decision::Again { reason }
        }
        FaultKind::NotFound
        | FaultKind::NotAuthenticated
        | FaultKind::ModelUnknown
        | FaultKind::TimedOut
        | FaultKind::RateLimited { .. }
        | FaultKind::QuotaExhausted { .. }
        | FaultKind::Overloaded
        | FaultKind::Network
        | FaultKind::BadRequest
        | FaultKind::ContextTooLong
        | FaultKind::Refused
        | FaultKind::Truncated
        | FaultKind::EmptyOutput
        | FaultKind::Unparsable
        | FaultKind::NoChange
        | FaultKind::PolicyViolation
        | FaultKind::Denied
        | FaultKind::WrongFamily
        | FaultKind::OutputLimit
        | FaultKind::Crashed => next_link(ask, last, reason),
    }
}

/// How many attempts on `link` came to an end; lost ones spend no retry.
fn settled_on(ask: &AskStep, link: usize) -> usize {
    ask.attempts.iter().filter(|attempt| attempt.link == link && attempt.state != AttemptState::Lost).count()
}

fn next_link(ask: &AskStep, last: &Attempt, reason: String) -> Decision {
    let links = ask.route.as_ref().map_or(&[][..], |route| &route.links);
    let from = links.get(last.link).map(|link| link.model.clone());
    match (from, links.get(last.link + 1)) {
        (Some(from), Some(to)) if !mutant::is("fbk_01_no_fallback") => {
            Decision::Next { from, to: to.model.clone(), link: last.link + 1, reason }
        }
        (_, _) => Decision::GiveUp { reason },
    }
}
