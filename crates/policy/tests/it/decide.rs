//! What follows a fault, a refused change, a lost attempt.

use crate::house::{Run, policy};
use mao_core::change::{Change, Refusal};
use mao_core::effect::{Note, Work};
use mao_core::event::{AttemptResult, Decision, Event};
use mao_core::fault::FaultKind;
use mao_core::ids::{AttemptNo, Stamp};
use mao_core::reply::{Answer, Usage};
use mao_policy::Next;

fn changed() -> AttemptResult {
    let change = Change { base: "b".into(), commit: "c".into(), tree: "t".into(), diff: "d".into(), files: 1 };
    AttemptResult::Answered(Box::new(Answer {
        text: "text".into(),
        structured: None,
        change: Some(change),
        lines: std::collections::BTreeMap::new(),
        served: None,
        proposed: None,
        usage: Usage::default(),
        effort_sent: None,
    }))
}

fn refused(run: &mut Run, attempt: u32) {
    let refusal = Refusal::ChecksFailed { log: "log".into() };
    run.push(Event::Noted(Note::ChangeRefused { step: "work".into(), attempt: AttemptNo(attempt), refusal }));
}

/// What follows the first failure on the first link.
fn after(kind: FaultKind) -> Decision {
    let mut run = Run::new(policy());
    run.go_on();
    run.fail(kind);
    run.follow()
}

#[test]
fn fbk_01_primary_then_fallback_then_orchestrator_then_the_end() {
    let mut run = Run::new(policy());
    let mut tried = Vec::new();
    loop {
        tried.push(run.go_on());
        run.fail(FaultKind::TimedOut);
        if let Decision::GiveUp { reason } = run.follow() {
            assert_eq!(reason, "timeout");
            break;
        }
    }
    assert_eq!(tried, [0, 1, 2]);
    assert_eq!(run.next(), Next::Nothing);
}

#[test]
fn fbk_02_a_fallback_names_both_models_and_the_reason() {
    let next = Decision::Next { from: "ext-a".into(), to: "ext-b".into(), link: 1, reason: "timeout".into() };
    assert_eq!(after(FaultKind::TimedOut), next);
}

#[test]
fn fbk_03_every_kind_of_fault_has_its_answer() {
    let soon = Stamp(5_000);
    let late = Stamp(10 * 3_600_000);
    let kinds = [
        (FaultKind::NotFound, "next"),
        (FaultKind::NotAuthenticated, "next"),
        (FaultKind::ModelUnknown, "next"),
        (FaultKind::TimedOut, "next"),
        (FaultKind::RateLimited { until: Some(soon) }, "wait"),
        (FaultKind::RateLimited { until: Some(late) }, "next"),
        (FaultKind::RateLimited { until: None }, "wait"),
        (FaultKind::QuotaExhausted { until: Some(soon) }, "next"),
        (FaultKind::Overloaded, "wait"),
        (FaultKind::Network, "wait"),
        (FaultKind::BadRequest, "next"),
        (FaultKind::ContextTooLong, "next"),
        (FaultKind::Refused, "next"),
        (FaultKind::Truncated, "again"),
        (FaultKind::EmptyOutput, "next"),
        (FaultKind::Unparsable, "again"),
        (FaultKind::NoChange, "again"),
        (FaultKind::PolicyViolation, "again"),
        (FaultKind::Denied, "next"),
        (FaultKind::WrongFamily, "next"),
        (FaultKind::OutputLimit, "next"),
        (FaultKind::Crashed, "again"),
        (FaultKind::Cancelled, "stop"),
    ];
    for (kind, expected) in kinds {
        let found = match after(kind) {
            Decision::Again { .. } => "again",
            Decision::Next { .. } => "next",
            Decision::Wait { .. } => "wait",
            Decision::AskPerson { .. } => "ask",
            Decision::GiveUp { .. } => "stop",
        };
        assert_eq!(found, expected, "{kind:?}");
    }
}

#[test]
fn fbk_03_the_same_link_is_tried_twice_at_most() {
    let mut run = Run::new(policy());
    assert_eq!(run.go_on(), 0);
    run.fail(FaultKind::Unparsable);
    assert!(matches!(run.follow(), Decision::Again { .. }));
    assert_eq!(run.go_on(), 0);
    run.fail(FaultKind::Unparsable);
    assert!(matches!(run.follow(), Decision::Next { link: 1, .. }));
}

#[test]
fn fbk_03_a_wait_is_sat_out() {
    let mut run = Run::new(policy());
    run.go_on();
    run.fail(FaultKind::RateLimited { until: Some(Stamp(5_000)) });
    run.follow();
    assert_eq!(run.next(), Next::Sleep { until: Stamp(5_000) });
    let later = mao_policy::decide(&policy(), &run.state(), &"work".into(), Stamp(5_000));
    assert_eq!(later, Next::Start { link: 0 });
}

#[test]
fn dev_08_a_refused_change_is_tried_once_more_and_then_by_the_next_model() {
    let mut run = Run::new(policy());
    run.go_on();
    run.end(changed());
    assert_eq!(run.next(), Next::Nothing, "a change that stands needs no decision");
    refused(&mut run, 1);
    assert_eq!(run.follow(), Decision::Again { reason: "verification failed".into() });
    assert_eq!(run.go_on(), 0);
    run.end(changed());
    refused(&mut run, 2);
    assert!(matches!(run.follow(), Decision::Next { link: 1, .. }));
}

#[test]
fn a_lost_attempt_spends_no_retry_and_after_two_a_person_is_asked() {
    let mut run = Run::new(policy());
    run.go_on();
    run.lose();
    assert!(matches!(run.follow(), Decision::Again { .. }));
    assert_eq!(run.go_on(), 0);
    run.lose();
    assert!(matches!(run.follow(), Decision::AskPerson { .. }));
    assert_eq!(run.next(), Next::AwaitPerson);
    let question = mao_policy::decide::question_about(&"work".into(), 2);
    let work = Work::Question { text: "again?".into(), choices: vec!["yes".into(), "no".into()] };
    run.push(Event::StepOpened { step: question.clone(), work: Box::new(work) });
    assert_eq!(run.next(), Next::AwaitPerson);
    run.push(Event::Answered { step: question, answer: "yes".into(), by: "test".into(), because: None });
    assert_eq!(run.go_on(), 0);
    run.fail(FaultKind::Crashed);
    assert!(matches!(run.follow(), Decision::Again { .. }), "the retry is still there");
}

#[test]
fn inv_02_a_provider_that_was_withdrawn_gets_no_further_attempt() {
    let mut run = Run::new(policy());
    run.push(Event::Withdrawn { provider: "cli-a".into() });
    assert_eq!(run.passed_over(), 1, "the primary is passed over");
    run.fail(FaultKind::Unparsable);
    assert!(matches!(run.follow(), Decision::Again { .. }));
    run.push(Event::Withdrawn { provider: "cli-b".into() });
    assert_eq!(run.passed_over(), 2, "even where it was to try again");
}

#[test]
fn fbk_09_a_resumed_question_goes_to_another_model_only_with_a_word() {
    let mut run = Run::new(policy());
    assert_eq!(run.go_on(), 0);
    run.push(Event::AttemptLost { step: "work".into(), attempt: AttemptNo(1), salvage: None });
    let mut resumed = run.clone();
    assert!(matches!(resumed.follow(), Decision::Again { .. }));
    assert_eq!(resumed.go_on(), 0, "the model that was drawn is asked again");

    run.push(Event::Withdrawn { provider: "cli-a".into() });
    assert!(matches!(run.follow(), Decision::Again { .. }));
    let said = Decision::Next {
        from: "ext-a".into(),
        to: "ext-b".into(),
        link: 1,
        reason: "cli-a is not enabled any more".into(),
    };
    assert_eq!(run.follow(), said);
    assert_eq!(run.go_on(), 1);
}
