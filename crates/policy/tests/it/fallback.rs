//! Whom nobody asks for a while, what the next model is given, what a fallback is told with, and when a run stops
//! spending.

use crate::house::{Run, ask, policy, shown, step};
use mao_core::ask::Role;
use mao_core::effect::Work;
use mao_core::event::{AttemptResult, Caps, Decision, Event, Loss, Partial};
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{AttemptNo, Stamp, StepId};
use mao_core::reply::{Answer, Usage};
use mao_policy::fallback::{self, Taken};
use mao_policy::policy::{Handover, Price, Privacy};
use mao_policy::route::Conditions;
use mao_policy::{Next, Policy, breaker, route, spend};

fn left() -> Loss {
    let usage = Usage { input: 1_000, cached: 400, output: 100, ..Usage::default() };
    Loss {
        exit: Some(3),
        usage,
        partial: Some(Partial { commit: "partial".into(), diff: "diff".into() }),
        checkout: None,
    }
}

/// The house's policy, with a price for `ext-a`: 2 dollars in, 0.5 from the cache, 10 out.
fn priced() -> Policy {
    let mut policy = policy();
    let price = Price { input: 2_000_000, cached: 500_000, output: 10_000_000 };
    policy.models.get_mut(&"ext-a".into()).expect("known").price = Some(price);
    policy
}

fn answered(usage: Usage) -> AttemptResult {
    AttemptResult::Answered(Box::new(Answer {
        text: "text".into(),
        structured: None,
        change: None,
        lines: std::collections::BTreeMap::new(),
        served: None,
        proposed: None,
        usage,
        effort_sent: None,
    }))
}

/// One more question of the same kind, and what became of its attempt on `link`; it is out where nothing did.
fn another(run: &mut Run, name: &str, link: usize, result: Option<AttemptResult>) {
    let (step, attempt) = (StepId::from(name), AttemptNo(1));
    let question = ask(Role::Worker);
    let chain = route(&run.policy, &question, &Conditions::default());
    run.push(Event::StepOpened { step: step.clone(), work: Box::new(Work::Ask(question)) });
    run.push(Event::Routed { step: step.clone(), route: chain });
    run.push(Event::AttemptStarted {
        step: step.clone(),
        attempt,
        link,
        prompt: "prompt".into(),
        base: "base".into(),
        session: "session".into(),
        outbound: Default::default(),
    });
    if let Some(result) = result {
        let containment = "none".to_owned();
        run.push(Event::AttemptEnded { step, attempt, result, transcript: None, containment, loss: None });
    }
}

fn failed(kind: FaultKind) -> Option<AttemptResult> {
    Some(AttemptResult::Failed(Fault::new(kind, "hint")))
}

#[test]
fn fbk_02_the_record_of_a_fallback_is_whole() {
    let mut run = Run::new(priced());
    run.go_on();
    run.now = 8_500;
    run.fail_with(FaultKind::TimedOut, left());
    run.follow();
    run.go_on();
    let usage = left().usage;
    let whole = Taken {
        step: step(),
        task: "core_logic".into(),
        label: "Core logic".into(),
        attempt: Some(AttemptNo(1)),
        from: "ext-a".into(),
        to: "ext-b".into(),
        reason: "timeout".into(),
        exit: Some(3),
        took_ms: Some(7_500),
        partial: Some("partial".into()),
        lost: usage,
        lost_micro_usd: Some(600 * 2 + 400 / 2 + 100 * 10),
        privacy: Privacy::Any,
        vendor: "vendor-b".into(),
    };
    assert_eq!(fallback::taken(&run.policy, &run.state()), [whole]);
}

#[test]
fn fbk_04_the_end_of_the_chain_is_the_end() {
    let mut run = Run::new(policy());
    let mut tried = Vec::new();
    for _ in 0..20 {
        match run.next() {
            Next::Start { link } => {
                tried.push(link);
                run.start(link);
                run.fail(FaultKind::Crashed);
            }
            Next::Record(_) => drop(run.follow()),
            Next::Nothing => break,
            other @ (Next::Sleep { .. } | Next::AwaitPerson | Next::AwaitCap { .. }) => panic!("{other:?}"),
        }
    }
    assert_eq!(run.next(), Next::Nothing, "the orchestrator's failure is the last");
    assert!(tried.is_sorted() && tried.last() == Some(&2), "no link comes back: {tried:?}");
}

#[test]
fn fbk_05_privacy_keeps_everybody_else_out_of_the_chain() {
    let mut private = policy();
    private.privacy = Privacy::HomeOnly;
    let found = route(&private, &ask(Role::Worker), &Conditions::default());
    let out = |model: &str, vendor: &str| format!("-{model}: privacy is home_only: not for {vendor}");
    assert_eq!(shown(&found), ["opus".to_owned(), out("ext-a", "vendor-a"), out("ext-b", "vendor-b")]);
}

#[test]
fn fbk_05_privacy_is_asked_again_when_a_link_has_its_turn() {
    let mut run = Run::new(policy());
    run.go_on();
    run.fail(FaultKind::TimedOut);
    run.policy.privacy = Privacy::HomeOnly;
    assert!(matches!(run.follow(), Decision::Next { link: 1, .. }));
    let said = run.follow();
    let Decision::Next { link: 2, reason, .. } = said else { panic!("the second link may not see it: {said:?}") };
    assert_eq!(reason, "privacy is home_only: not for vendor-b");
    assert_eq!(run.go_on(), 2);
}

#[test]
fn fbk_06_no_fallback_asks_a_person() {
    for kind in [FaultKind::TimedOut, FaultKind::Refused, FaultKind::QuotaExhausted { until: None }] {
        let mut run = Run::new(policy());
        run.go_on();
        run.fail(kind);
        assert!(matches!(run.follow(), Decision::Next { .. }), "{kind:?}");
        assert_eq!(run.go_on(), 1, "{kind:?}");
    }
}

#[test]
fn fbk_07_the_next_attempt_starts_from_the_base_and_not_from_what_was_left() {
    let mut run = Run::new(policy());
    run.go_on();
    run.fail_with(FaultKind::Crashed, left());
    let state = run.state();
    assert_eq!(fallback::base(&state, state.ask(&step()).expect("asked")), "base".into());
}

#[test]
fn fbk_07_another_model_is_told_nothing_unless_a_packet_is_configured() {
    let mut run = Run::new(policy());
    run.go_on();
    run.fail_with(FaultKind::Crashed, left());
    let state = run.state();
    let asked = state.ask(&step()).expect("asked");
    let same = fallback::told(&run.policy, asked, 0).expect("the same model hears what was wrong");
    assert_eq!((same.last.no, same.left), (AttemptNo(1), None));
    assert_eq!(fallback::told(&run.policy, asked, 1), None);
    run.policy.fallback.handover = Handover::Packet;
    let packet = fallback::told(&run.policy, asked, 1).expect("a packet");
    assert_eq!((packet.last.no, packet.left), (AttemptNo(1), Some(&"diff".into())));
}

#[test]
fn fbk_08_who_fails_three_times_in_a_row_rests_and_is_passed_over() {
    let mut run = Run::new(policy());
    for (count, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(breaker::resting(&run.policy, &run.state(), Stamp(run.now)).len(), 0, "after {count}");
        another(&mut run, name, 0, failed(FaultKind::Network));
    }
    let resting = breaker::resting(&run.policy, &run.state(), Stamp(run.now));
    let why = "vendor-a rests after 3 failures in a row";
    assert_eq!(resting.into_iter().collect::<Vec<_>>(), [(("cli-a".into(), "vendor-a".into()), why.to_owned())]);
    // A question that was routed before passes it over, and says so.
    let passed = Decision::Next { from: "ext-a".into(), to: "ext-b".into(), link: 1, reason: why.into() };
    assert_eq!(run.follow(), passed);
    assert_eq!(run.go_on(), 1);
    let taken = fallback::taken(&run.policy, &run.state());
    assert_eq!((taken[0].attempt, taken[0].reason.as_str()), (None, why));
    // One that is routed now does not even name it.
    let conditions =
        Conditions { resting: breaker::resting(&run.policy, &run.state(), Stamp(run.now)), ..Conditions::default() };
    assert_eq!(
        shown(&route(&run.policy, &ask(Role::Worker), &conditions)),
        ["ext-b", "opus", &format!("-ext-a: {why}")]
    );
}

#[test]
fn fbk_08_after_its_rest_one_attempt_tries_and_the_others_wait_for_it() {
    let mut run = Run::new(policy());
    for name in ["a", "b", "c"] {
        another(&mut run, name, 0, failed(FaultKind::Overloaded));
    }
    run.now += run.policy.fallback.rest_ms - 1;
    assert!(!breaker::resting(&run.policy, &run.state(), Stamp(run.now)).is_empty());
    run.now += 1;
    assert_eq!(run.next(), Next::Start { link: 0 }, "half open");
    another(&mut run, "d", 0, None);
    assert!(matches!(run.follow(), Decision::Next { link: 1, reason, .. } if reason.contains("is being tried again")));
    run.push(Event::AttemptEnded {
        step: "d".into(),
        attempt: AttemptNo(1),
        result: answered(Usage::default()),
        transcript: None,
        containment: "none".into(),
        loss: None,
    });
    assert!(breaker::resting(&run.policy, &run.state(), Stamp(run.now)).is_empty(), "it answered: all is well");
}

#[test]
fn fbk_08_whoever_cannot_be_asked_at_all_is_left_alone_and_the_orchestrator_never_is() {
    for (kind, long) in
        [(FaultKind::NotAuthenticated, true), (FaultKind::QuotaExhausted { until: Some(Stamp(5_000)) }, false)]
    {
        let mut run = Run::new(policy());
        another(&mut run, "a", 0, failed(kind));
        another(&mut run, "o", 2, failed(kind));
        let resting = |now: u64| breaker::resting(&run.policy, &run.state(), Stamp(now));
        assert_eq!(resting(4_999).len(), 2, "{kind:?}");
        assert_eq!(resting(5_000).len(), if long { 2 } else { 0 }, "{kind:?}");
        let conditions = Conditions { resting: resting(4_999), ..Conditions::default() };
        let found = route(&run.policy, &ask(Role::Worker), &conditions);
        assert_eq!(found.links.iter().map(|link| link.model.as_str()).collect::<Vec<_>>(), ["ext-b", "opus"]);
        let own = route(&run.policy, &ask(Role::Orchestrator), &conditions);
        assert_eq!(shown(&own), ["opus"], "there is nobody else");
    }
    let mut run = Run::new(policy());
    for name in ["a", "b", "c", "d"] {
        another(&mut run, name, 0, failed(FaultKind::Unparsable));
    }
    assert!(breaker::resting(&run.policy, &run.state(), Stamp(run.now)).is_empty(), "a wrong answer is an answer");
}

/// What the run waits for now, if it waits at a limit.
fn waits(run: &Run) -> Option<String> {
    match run.next() {
        Next::AwaitCap { reason } => Some(reason),
        Next::Start { .. } | Next::Record(_) | Next::Sleep { .. } | Next::AwaitPerson | Next::Nothing => None,
    }
}

#[test]
fn fbk_08_a_limit_of_attempts_keeps_the_next_one_from_starting_and_gives_nothing_up() {
    let mut few = policy();
    few.limits.max_attempts = 1;
    let mut run = Run::new(few);
    run.go_on();
    assert_eq!(run.next(), Next::Nothing, "what is out is not stopped");
    run.fail(FaultKind::TimedOut);
    assert!(matches!(run.follow(), Decision::Next { link: 1, .. }), "what follows is decided all the same");
    assert_eq!(waits(&run).as_deref(), Some("a higher limit: 1 attempts are made (--max-attempts)"));
    run.push(Event::CapsSet { caps: Caps { attempts: Some(2), ..Caps::default() } });
    assert_eq!(run.go_on(), 1, "with a higher limit it goes on where it was");
}

#[test]
fn fbk_08_money_and_tokens_are_counted_and_keep_the_next_attempt_from_starting() {
    let mut run = Run::new(priced());
    run.policy.limits.max_micro_usd = Some(2_400);
    run.go_on();
    run.fail_with(FaultKind::Crashed, left());
    run.follow();
    assert_eq!(waits(&run).as_deref(), Some("a higher limit: $0.0024 of $0.0024 are spent (--max-cost)"));
    run.push(Event::CapsSet { caps: Caps { micro_usd: Some(3_000), tokens: Some(1_000), ..Caps::default() } });
    assert_eq!(waits(&run).as_deref(), Some("a higher limit: 1100 of 1000 tokens are spent (--max-tokens)"));
    run.push(Event::CapsSet { caps: Caps { tokens: Some(2_000), ..Caps::default() } });
    assert_eq!(run.go_on(), 0);
}

#[test]
fn fbk_08_time_that_a_run_was_parked_for_does_not_count() {
    let mut short = policy();
    short.limits.wall_clock_ms = Some(60_000);
    let mut run = Run::new(short);
    run.now = 60_999;
    assert_eq!(waits(&run), None);
    run.now = 61_000;
    assert_eq!(waits(&run).as_deref(), Some("a higher limit: the run has taken its 60 s (--wall-clock)"));
    run.now = 31_000;
    run.push(Event::Parked { waiting_for: "a person".into(), until: None });
    run.now = 3_631_000;
    run.push(Event::Withdrawn { provider: "cli-x".into() });
    assert_eq!(waits(&run), None, "it has worked for 30 s");
    run.now += 30_000;
    assert!(waits(&run).is_some());
}

#[test]
fn log_02_what_a_run_has_cost_comes_from_its_own_record() {
    let mut run = Run::new(priced());
    run.go_on();
    run.fail_with(FaultKind::Crashed, left());
    // The vendor's own tool says what it cost: that counts. A model without a price is said to be missing.
    let told = Usage { input: 10, output: 5, micro_usd: Some(77), ..Usage::default() };
    another(&mut run, "a", 0, Some(answered(told)));
    another(&mut run, "b", 1, Some(answered(Usage { micro_usd: None, ..told })));
    another(&mut run, "c", 1, None);
    let spent = spend::spent(&run.policy, &run.state());
    assert_eq!((spent.attempts, spent.tokens, spent.micro_usd, spent.unpriced), (4, 1_130, 2_400 + 77, 1));
    assert_eq!(
        ["0.30", "12.0042", "2.00"],
        [300_000, 12_004_200, 2_000_000].map(spend::usd).each_ref().map(String::as_str)
    );
}
