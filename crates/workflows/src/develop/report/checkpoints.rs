//! What came of the checkpoints: every verdict with the hash that it is about, and every word of a person with its reason.

use super::form::{Passed, Said};
use crate::develop::checkpoint::{block_step, concern_step, review_step, reviewed, unread_step};
use crate::develop::cross::{CONSENSUS, PASSED_OVER, found};
use crate::develop::given::{identity, latest};
use crate::flow::served;
use mao_core::ids::StepId;
use mao_core::review::PlanVerdict;
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_core::text;
use mao_policy::consensus::Agreement;

/// All of them: those of the plan, then that of the change.
pub(super) fn all(run: &RunState) -> Vec<Passed> {
    let mut all = of_plan(run);
    all.extend(of_change(run));
    all
}

/// The review of the whole change. What it found stops nothing and is listed.
fn of_change(run: &RunState) -> Option<Passed> {
    let of = |verdict: &str| Passed { checkpoint: "pr_cross_review", ..empty(1, verdict) };
    if let Some(why) = run.skipped.get(&StepId::from(PASSED_OVER)) {
        return Some(Passed { why: Some(why.clone()), ..of(passed_over(why)) });
    }
    let (found, hash) = found(run)?;
    let mut by: Vec<String> = found.readings().filter_map(|part| part.by.clone()).collect();
    by.sort();
    by.dedup();
    let unread = (!found.unread.is_empty()).then(|| format!("not read: {}", found.unread.join(", ")));
    let agreement = found.agreement.as_ref().map(|agreement| match agreement {
        Agreement::Agreed => "two vendors agree".to_owned(),
        Agreement::Refereed => "tests disproved what one of two vendors found".to_owned(),
        Agreement::Refused(why) | Agreement::Differ(why) | Agreement::Short(why) => format!("two were to agree: {why}"),
    });
    let why: Vec<String> = agreement.into_iter().chain(unread).chain(said(run, &StepId::from(CONSENSUS))).collect();
    let why = (!why.is_empty()).then(|| why.join("; "));
    let items = found.items.into_iter().map(|item| Said {
        id: item.name,
        severity: item.severity.to_string(),
        place: match item.anchor {
            None | Some("real") => item.place,
            Some(why) => format!("{} (unverified: {why})", item.place),
        },
        claim: item.claim,
        resolved: None,
    });
    let by = Some(by.join(", ")).filter(|by| !by.is_empty());
    Some(Passed { hash: Some(hash), by, why, items: items.collect(), ..of(found.verdict) })
}

fn passed_over(why: &str) -> &'static str {
    if why.starts_with("declined") { "DECLINED" } else { "SKIPPED" }
}

/// The reviews of the plan, round after round.
fn of_plan(run: &RunState) -> Vec<Passed> {
    let step = review_step(1);
    if let Some(why) = run.skipped.get(&step) {
        return vec![Passed { why: Some(why.clone()), ..empty(1, passed_over(why)) }];
    }
    (1..).map_while(|round| of_round(run, round)).collect()
}

fn empty(round: usize, verdict: &str) -> Passed {
    Passed {
        checkpoint: "plan_review",
        round,
        verdict: verdict.to_owned(),
        hash: None,
        stale: false,
        by: None,
        why: None,
        items: Vec::new(),
    }
}

fn of_round(run: &RunState, round: usize) -> Option<Passed> {
    let ask = run.ask(&review_step(round))?;
    let now = latest(run).map(|(_, texts)| identity(&texts));
    let word = |step: &StepId| said(run, step);
    let Some((review, hash)) = reviewed(run, round) else {
        let why = match ask.standing() {
            Standing::GivenUp(reason) => Some(reason.to_owned()),
            Standing::Idle | Standing::Running(_) | Standing::Answered(..) => None,
        };
        let why = why.into_iter().chain(word(&unread_step(round))).collect::<Vec<_>>().join("; ");
        return Some(Passed { why: Some(why), ..empty(round, "INVALID") });
    };
    let by = match ask.standing() {
        Standing::Answered(attempt, answered) => served(ask, attempt, answered),
        Standing::Idle | Standing::Running(_) | Standing::GivenUp(_) => None,
    };
    let verdict = match review.verdict {
        PlanVerdict::Pass => "PASS",
        PlanVerdict::Concern => "CONCERN",
        PlanVerdict::Block => "BLOCK",
    };
    let items = review.items.iter().enumerate().map(|(at, item)| Said {
        id: item.id.clone(),
        severity: item.severity.to_string(),
        place: item.plan_ref.clone(),
        claim: item.detail.clone(),
        resolved: word(&concern_step(round, at)),
    });
    Some(Passed {
        stale: now.is_some_and(|now| now != hash),
        hash: Some(hash),
        by,
        why: word(&block_step(round)),
        items: items.collect(),
        ..empty(round, verdict)
    })
}

/// A person's word on a question: what, why, and over which channel.
fn said(run: &RunState, step: &StepId) -> Option<String> {
    let Some(Step::Question { answer: Some(answer), because, by, .. }) = run.steps.get(step) else { return None };
    let why = because.as_deref().map(|why| format!(": {}", text::one_line(why, 400))).unwrap_or_default();
    Some(format!("{answer}{why} ({})", by.as_deref().unwrap_or("somebody")))
}

/// The checkpoints for people.
pub(super) fn draw(passed: &[Passed]) -> Vec<String> {
    if passed.is_empty() {
        return Vec::new();
    }
    let line = |text: &str| text::one_line(text, 400);
    let row = |one: &Passed| {
        let hash = one.hash.as_deref().map(|hash| format!(", of `{}`", hash.chars().take(12).collect::<String>()));
        let by = one.by.as_deref().map(|by| format!(", by {}", line(by)));
        let why = one.why.as_deref().filter(|why| !why.is_empty()).map(|why| format!(": {}", line(why)));
        let stale = if one.stale { ", stale: what it was about has changed since" } else { "" };
        let mut out = format!(
            "- {} ({}) **{}**{}{}{stale}{}",
            one.checkpoint,
            one.round,
            one.verdict,
            by.unwrap_or_default(),
            hash.unwrap_or_default(),
            why.unwrap_or_default()
        );
        for item in &one.items {
            let resolved = item.resolved.as_deref().map(|word| format!(" → {}", line(word))).unwrap_or_default();
            out.push_str(&format!(
                "\n  - {} {} `{}`: {}{resolved}",
                line(&item.id),
                item.severity,
                line(&item.place),
                line(&item.claim)
            ));
        }
        out
    };
    vec!["## Checkpoints".to_owned(), passed.iter().map(row).collect::<Vec<_>>().join("\n")]
}
