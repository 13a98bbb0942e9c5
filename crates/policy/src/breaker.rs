//! FBK-08: whom nobody asks for a while. An account that failed again and again is left alone until it has rested; then
//! one attempt tries it, and the others wait for what comes of it.
//!
//! Known from the run's own record and the time, and from nothing else: another run begins without this knowledge.

use crate::policy::Policy;
use mao_core::event::Link;
use mao_core::fault::FaultKind;
use mao_core::ids::{AccountId, ProviderId, Stamp};
use mao_core::mutant;
use mao_core::run::RunState;
use mao_core::step::{Attempt, AttemptState};
use std::collections::BTreeMap;

/// What one attempt says of the account behind it.
enum Sign {
    /// It can be reached.
    Well,
    /// It could not be, this time.
    Ill,
    /// It will not be, whoever asks again in this run.
    Gone(&'static str),
    /// Its allowance is used up until then, where the vendor said it.
    Spent(Option<Stamp>),
    /// Nothing.
    Silent,
}

/// Why the account that `link` leads to is left alone at `now`; `None` where it may be asked.
#[must_use]
pub fn rest(policy: &Policy, run: &RunState, link: &Link, now: Stamp) -> Option<String> {
    if mutant::is("fbk_08_nobody_rests") {
        return None;
    }
    let mut ended = Vec::new();
    let mut out = Vec::new();
    for (step, ask, attempt) in run.attempts() {
        let same = ask.link_of(attempt).is_some_and(|to| to.provider == link.provider && to.account == link.account);
        match attempt.ended() {
            Some(at) if same => ended.push((at, step, attempt.no, sign(attempt))),
            Some(_) | None => {}
        }
        if same && attempt.state == AttemptState::Running {
            out.push(attempt.started);
        }
    }
    ended.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
    let mut failures = 0;
    let mut last = None;
    for (at, _, _, sign) in ended.iter().rev() {
        match sign {
            Sign::Silent => {}
            Sign::Well => break,
            Sign::Gone(why) => return Some(format!("{} is left alone: {why}", link.provider)),
            Sign::Spent(until) => {
                let until = until.unwrap_or(Stamp(at.0.saturating_add(policy.fallback.rest_ms)));
                if now < until {
                    return Some(format!("{} rests: its allowance is used up", link.account));
                }
                break;
            }
            Sign::Ill => {
                failures += 1;
                last.get_or_insert(*at);
            }
        }
    }
    let rested =
        last.filter(|_| failures >= policy.fallback.failures.max(1))?.0.saturating_add(policy.fallback.rest_ms);
    if now.0 < rested {
        return Some(format!("{} rests after {}", link.account, in_a_row(failures)));
    }
    let tried = out.iter().any(|started| started.0 >= rested);
    tried.then(|| format!("{} is being tried again after {}", link.account, in_a_row(failures)))
}

fn in_a_row(failures: u32) -> String {
    if failures == 1 { "a failure".to_owned() } else { format!("{failures} failures in a row") }
}

/// All accounts that are left alone at `now`, by what reaches them, with the reason.
#[must_use]
pub fn resting(policy: &Policy, run: &RunState, now: Stamp) -> BTreeMap<(ProviderId, AccountId), String> {
    let links = run.attempts().filter_map(|(_, ask, attempt)| ask.link_of(attempt));
    links
        .filter_map(|link| Some(((link.provider.clone(), link.account.clone()), rest(policy, run, link, now)?)))
        .collect()
}

fn sign(attempt: &Attempt) -> Sign {
    let AttemptState::Failed(fault, _) = &attempt.state else { return Sign::Well };
    match fault.kind {
        FaultKind::NotFound => Sign::Gone("it is not on this machine"),
        FaultKind::NotAuthenticated => Sign::Gone("nobody is signed in"),
        FaultKind::QuotaExhausted { until } => Sign::Spent(until),
        FaultKind::TimedOut
        | FaultKind::RateLimited { .. }
        | FaultKind::Overloaded
        | FaultKind::Network
        | FaultKind::EmptyOutput
        | FaultKind::Crashed => Sign::Ill,
        FaultKind::Cancelled | FaultKind::Withheld | FaultKind::Unprepared => Sign::Silent,
        FaultKind::ModelUnknown
        | FaultKind::BadRequest
        | FaultKind::ContextTooLong
        | FaultKind::Refused
        | FaultKind::Truncated
        | FaultKind::Unparsable
        | FaultKind::NoChange
        | FaultKind::PolicyViolation
        | FaultKind::Denied
        | FaultKind::WrongFamily
        | FaultKind::OutputLimit => Sign::Well,
    }
}
