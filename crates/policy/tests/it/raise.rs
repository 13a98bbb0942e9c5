//! More effort: three things at once, or none. And what counts as evidence.

use crate::house::{Run, policy, step};
use mao_core::change::{Change, Refusal};
use mao_core::effect::Note;
use mao_core::event::{AttemptResult, CheckRun, Event, Verification};
use mao_core::fault::FaultKind;
use mao_core::ids::AttemptNo;
use mao_core::reply::{Answer, Usage};
use mao_policy::artifact::{Artifact, Kind};
use mao_policy::raise::{Grounds, NotGiven, admit};

fn levels() -> Vec<String> {
    ["low", "high", "xhigh"].map(str::to_owned).to_vec()
}

fn red() -> CheckRun {
    CheckRun { command: "cargo test".into(), exit: Some(101), log: "log".into(), counts: None, took_ms: None }
}

fn answered(run: &mut Run, link: usize) {
    run.start(link);
    let change = Change { base: "base".into(), commit: "c".into(), tree: "t".into(), diff: "d".into(), files: 1 };
    run.end(AttemptResult::Answered(Box::new(Answer {
        text: "text".into(),
        structured: None,
        change: Some(change),
        lines: std::collections::BTreeMap::new(),
        served: None,
        proposed: None,
        usage: Usage::default(),
        effort_sent: None,
    })));
}

fn refused(run: &mut Run, refusal: Refusal) {
    run.push(Event::Noted(Note::ChangeRefused { step: step(), attempt: AttemptNo(1), refusal }));
}

fn asked(run: &Run, baseline: &str, wanted: &str, artifacts: &[Artifact]) -> Result<(), NotGiven> {
    let state = run.state();
    admit(&levels(), baseline, wanted, Grounds { ask: state.ask(&step()).expect("asked"), artifacts, own: None })
}

#[test]
fn thk_03_a_raise_needs_blocked_work_an_artifact_and_a_finished_attempt_at_the_baseline() {
    let evidence = [Artifact::failing_test(&red()).unwrap()];
    let mut run = Run::new(policy());
    assert_eq!(asked(&run, "high", "xhigh", &evidence), Err(NotGiven::NotTried));
    answered(&mut run, 0);
    assert_eq!(asked(&run, "high", "xhigh", &evidence), Err(NotGiven::NotBlocked), "it answered and stands");
    refused(&mut run, Refusal::ChecksFailed { log: "log".into() });
    assert_eq!(asked(&run, "high", "xhigh", &[]), Err(NotGiven::NoArtifact));
    assert_eq!(asked(&run, "high", "xhigh", &evidence), Ok(()));
    assert_eq!(asked(&run, "high", "turbo", &evidence), Err(NotGiven::NoSuchLevel));
    assert_eq!(asked(&run, "low", "high", &evidence), Err(NotGiven::NotTried), "nothing was tried at that baseline");
}

#[test]
fn inv_05_an_opinion_or_a_fault_is_no_reason_for_more_effort() {
    let evidence = [Artifact::failing_test(&red()).unwrap()];
    let mut disliked = Run::new(policy());
    answered(&mut disliked, 0);
    refused(&mut disliked, Refusal::Verdict { findings: Vec::new() });
    assert_eq!(asked(&disliked, "high", "xhigh", &evidence), Err(NotGiven::NotBlocked));
    let mut failed = Run::new(policy());
    failed.start(0);
    failed.fail(FaultKind::TimedOut);
    assert_eq!(asked(&failed, "high", "xhigh", &evidence), Err(NotGiven::NotTried));
}

#[test]
fn thk_07_the_gate_asks_nothing_at_or_below_the_configured_baseline() {
    let run = Run::new(policy());
    for wanted in ["low", "high", "xhigh"] {
        assert_eq!(asked(&run, "xhigh", wanted, &[]), Ok(()), "{wanted}");
    }
}

#[test]
fn thk_06_an_artifact_is_what_was_seen_and_not_what_is_claimed() {
    let green = CheckRun { exit: Some(0), ..red() };
    let killed = CheckRun { exit: None, ..red() };
    assert_eq!(Artifact::failing_test(&green), None);
    assert_eq!(Artifact::failing_test(&red()).unwrap().said(), "`cargo test`: exit 101");
    assert_eq!(Artifact::failing_test(&killed).unwrap().said(), "`cargo test`: killed");

    let log = "running 1 test\nTraceback (most recent call last):\n  File \"a.py\", line 3";
    assert_eq!(Artifact::stack_trace(&red(), log).unwrap().kind(), Kind::StackTrace);
    assert_eq!(Artifact::stack_trace(&green, log), None);
    assert_eq!(Artifact::stack_trace(&red(), "it failed, there is a stack trace somewhere"), None);

    let requirements = "4.1 Names are unique.\n7.3 Two members may share a name.\n";
    let conflict = Artifact::conflict(requirements, "Names are unique.", "Two members may share a name.");
    assert_eq!(conflict.unwrap().kind(), Kind::ConflictingRequirements);
    assert_eq!(Artifact::conflict(requirements, "Names are unique.", "Names may repeat."), None);
    assert_eq!(Artifact::conflict(requirements, "Names are unique.", "Names are unique."), None);
}

#[test]
fn thk_09_effort_changes_nothing_about_what_a_model_may_do() {
    let run = Run::new(policy());
    let state = run.state();
    let question = state.ask(&step()).unwrap();
    let link = &question.route.as_ref().unwrap().links[0];
    let grants = levels().into_iter().map(|effort| {
        let link = mao_core::event::Link { effort: Some(effort), ..link.clone() };
        mao_policy::grant::grant(&policy(), &question.ask, &link, &state.opened.home_vendor)
    });
    let grants: Vec<_> = grants.collect();
    assert!(grants.windows(2).all(|pair| pair[0] == pair[1]), "{grants:?}");
}

#[test]
fn esc_12_work_is_blocked_too_where_its_own_verification_was_red_after_a_finished_attempt() {
    let evidence = [Artifact::failing_test(&red()).unwrap()];
    let mut run = Run::new(policy());
    answered(&mut run, 0);
    let state = run.state();
    let asked = |exit| {
        let own = Verification { checks: vec![CheckRun { exit, ..red() }] };
        let grounds = Grounds { ask: state.ask(&step()).expect("asked"), artifacts: &evidence, own: Some(&own) };
        admit(&levels(), "high", "xhigh", grounds)
    };
    assert_eq!(asked(Some(1)), Ok(()));
    assert_eq!(asked(None), Ok(()), "killed is red");
    assert_eq!(asked(Some(0)), Err(NotGiven::NotBlocked));
}
