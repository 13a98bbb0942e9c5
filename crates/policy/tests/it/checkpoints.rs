//! Checkpoints, cycles, privacy: what fires, who may say yes, what stays closed.

use mao_core::glob::Glob;
use mao_core::ids::TaskClass;
use mao_core::review::{PlanItem, PlanReview, PlanVerdict, Severity};
use mao_policy::case::{Checkpoint, CheckpointMode, Privacy};
use mao_policy::checkpoint::{Actor, Channel, Occasion, Stage, Start, begin, may_go};
use mao_policy::cycle::{Cycles, Trial, Way, count, offer};
use mao_policy::gate::{Again, Gate, Resolution, Standing, again, gate};
use mao_policy::policy::Private;
use mao_policy::privacy::{Subject, classify};
use mao_policy::triggers::{Thresholds, reviewer_of, reviews};
use std::collections::BTreeMap;

fn start(checkpoint: Checkpoint, mode: CheckpointMode, occasion: Occasion, channel: Channel) -> Start {
    begin(checkpoint, mode, occasion, &Thresholds::default(), channel)
}

fn plan(tasks: u64) -> Occasion {
    Occasion { plan_tasks: tasks, ..Occasion::default() }
}

fn change(files: u64, security_hits: u64) -> Occasion {
    Occasion { files, security_hits, ..Occasion::default() }
}

#[test]
fn chk_03_auto_plan_review_skips_20_tasks_and_runs_at_21() {
    let auto = |tasks| start(Checkpoint::PlanReview, CheckpointMode::Auto, plan(tasks), Channel::None);
    assert_eq!(auto(20), Start::Skip { why: "20 tasks, and more than 20 are needed".into() });
    assert_eq!(auto(21), Start::Run { because: "21 tasks".into() });
    let ask = start(Checkpoint::PlanReview, CheckpointMode::Ask, plan(3), Channel::Terminal);
    assert_eq!(ask, Start::Offer { question: "The plan has 3 tasks. Have another model review it? [y/N]".into() });
}

#[test]
fn chk_05_a_change_is_offered_above_ten_files_or_with_a_hit() {
    let ask =
        |files, hits| start(Checkpoint::PrCrossReview, CheckpointMode::Ask, change(files, hits), Channel::Terminal);
    assert!(matches!(ask(10, 0), Start::Skip { .. }));
    let Start::Offer { question } = ask(11, 0) else { panic!("11 files are offered") };
    assert_eq!(question, "11 files changed. Have another model review the change? [y/N]");
    let Start::Offer { question } = ask(1, 1) else { panic!("a hit is offered") };
    assert_eq!(question, "1 files changed, security patterns detected. Have another model review the change? [y/N]");
    let requested = Occasion { on_request: true, ..change(5, 0) };
    let off = start(Checkpoint::PrCrossReview, CheckpointMode::Off, requested, Channel::None);
    assert_eq!(off, Start::Run { because: "on request".into() }, "CHK-01b: a request is always honoured");
}

#[test]
fn chk_02_nobody_there_is_a_no_and_a_model_never_says_yes() {
    let ask = |channel| start(Checkpoint::PlanReview, CheckpointMode::Ask, plan(30), channel);
    assert!(matches!(ask(Channel::None), Start::Declined { .. }));
    assert!(matches!(ask(Channel::Later), Start::Park { .. }));
    assert!(may_go(Stage::Offered, Stage::Running, Actor::Person));
    for by in [Actor::Model, Actor::Policy] {
        assert!(!may_go(Stage::Offered, Stage::Running, by), "{by:?}");
    }
    assert!(may_go(Stage::Triggered, Stage::Running, Actor::Policy), "mode auto");
    assert!(!may_go(Stage::Idle, Stage::Running, Actor::Person));
    assert!(!may_go(Stage::Resolved, Stage::Running, Actor::Person));
}

#[test]
fn chk_01_off_offers_nothing_ask_asks_and_auto_runs_for_each_of_the_four() {
    let many = Occasion { plan_tasks: 30, files: 30, ..Occasion::default() };
    for checkpoint in [Checkpoint::PlanReview, Checkpoint::PrCrossReview] {
        let at = |mode| start(checkpoint, mode, many, Channel::Terminal);
        assert!(matches!(at(CheckpointMode::Off), Start::Skip { .. }), "{checkpoint:?}");
        assert!(matches!(at(CheckpointMode::Ask), Start::Offer { .. }), "{checkpoint:?}");
        assert!(matches!(at(CheckpointMode::Auto), Start::Run { .. }), "{checkpoint:?}");
    }
    let escalated = Occasion { cycles: Cycles { total: 2, same_failure: 2 }, ..Occasion::default() };
    let off = start(Checkpoint::DebugEscalation, CheckpointMode::Off, escalated, Channel::Terminal);
    assert!(matches!(off, Start::Skip { .. }));
    let creative = |mode| start(Checkpoint::CreativeModelSelection, mode, Occasion::default(), Channel::Terminal);
    assert!(matches!(creative(CheckpointMode::Ask), Start::Skip { .. }), "nothing creative was asked for");
    assert_eq!(CheckpointMode::default(), CheckpointMode::Ask);
}

#[test]
fn chk_01b_a_question_names_the_counts_that_fired_and_the_answers_it_takes() {
    let asked = |checkpoint, occasion| {
        let begun = start(checkpoint, CheckpointMode::Ask, occasion, Channel::Terminal);
        let Start::Offer { question } = begun else { panic!("{begun:?}") };
        question
    };
    let plan = asked(Checkpoint::PlanReview, plan(25));
    assert!(plan.contains("25 tasks") && plan.ends_with("[y/N]"), "{plan}");
    let change = asked(Checkpoint::PrCrossReview, change(12, 3));
    assert!(
        change.starts_with("12 files changed, security patterns detected") && change.ends_with("[y/N]"),
        "{change}"
    );
    let cycles = Occasion { cycles: Cycles { total: 3, same_failure: 3 }, ..Occasion::default() };
    let debug = asked(Checkpoint::DebugEscalation, cycles);
    assert!(debug.starts_with("3 repairs have failed") && debug.ends_with("[1/2/3]"), "{debug}");
}

#[test]
fn chk_05_golden_3_what_is_offered_and_who_reads_it() {
    let thresholds = Thresholds::default();
    let offered = |files, hits| {
        let ask = start(Checkpoint::PrCrossReview, CheckpointMode::Ask, change(files, hits), Channel::Terminal);
        matches!(ask, Start::Offer { .. })
    };
    assert!(!offered(10, 0) && offered(11, 0) && offered(1, 1));
    let class = |files, hits| reviews(reviewer_of(files, hits, &thresholds).role);
    assert_eq!((class(5, 0), class(6, 0), class(1, 1)), ("pr_review_small", "pr_review", "pr_review"));
    for files in [5, 6] {
        let requested = Occasion { on_request: true, ..change(files, 0) };
        let start = start(Checkpoint::PrCrossReview, CheckpointMode::Off, requested, Channel::None);
        assert_eq!(start, Start::Run { because: "on request".into() });
    }
}

fn trial(tree: &str, exit: i32, signature: &str) -> Trial {
    Trial { tree: tree.into(), exit: Some(exit), signature: signature.into(), diff: None }
}

#[test]
fn esc_02_a_cycle_is_a_change_followed_by_red_and_green_resets() {
    let cycles = |trials: &[Trial]| count(trials);
    let red = |tree| trial(tree, 1, "t1");
    assert_eq!(cycles(&[]), Cycles::default());
    assert_eq!(cycles(&[red("a")]).total, 0, "where it began is no repair");
    assert_eq!(cycles(&[red("a"), red("b"), red("c")]), Cycles { total: 2, same_failure: 2 });
    assert_eq!(cycles(&[red("a"), red("b"), trial("c", 0, ""), red("d")]).total, 0, "green resets");
    let other = [red("a"), red("b"), trial("c", 1, "t2")];
    assert_eq!(cycles(&other), Cycles { total: 2, same_failure: 1 }, "another failure keeps the total");
}

#[test]
fn esc_12_two_red_runs_on_one_tree_are_one_cycle() {
    let red = |tree| trial(tree, 1, "t");
    assert_eq!(count(&[red("a"), red("a"), red("b"), red("b"), red("b"), red("a")]).total, 1);
}

#[test]
fn esc_01_one_failed_cycle_offers_nothing_and_two_offer_exactly_three_ways() {
    let cycles = |total| Cycles { total, same_failure: total };
    assert_eq!(offer(cycles(1), 2), None);
    assert_eq!(offer(cycles(2), 2), Some([Way::AtHome, Way::Independent, Way::Investigation]));
    let occasion = |total| Occasion { cycles: cycles(total), ..Occasion::default() };
    for mode in [CheckpointMode::Ask, CheckpointMode::Auto] {
        let Start::Offer { question } = start(Checkpoint::DebugEscalation, mode, occasion(2), Channel::Terminal) else {
            panic!("{mode:?} asks");
        };
        assert!(question.starts_with("2 repairs have failed.") && question.ends_with("[1/2/3]"), "{question}");
        assert!(matches!(start(Checkpoint::DebugEscalation, mode, occasion(1), Channel::Terminal), Start::Skip { .. }));
    }
}

fn review(verdict: PlanVerdict, ids: &[&str]) -> PlanReview {
    let item = |id: &&str| PlanItem {
        id: (*id).into(),
        severity: Severity::High,
        area: "tests".into(),
        detail: "none".into(),
        plan_ref: "1".into(),
        suggestion: String::new(),
    };
    PlanReview { verdict, items: ids.iter().map(item).collect() }
}

#[test]
fn chk_04_pass_opens_concerns_need_words_and_a_block_needs_a_reason() {
    let none = BTreeMap::new();
    let word = |reason: &str| Resolution { accepted: false, reason: reason.into() };
    let ask = |review: &PlanReview, resolutions: &BTreeMap<String, Resolution>, overridden| {
        gate(Standing { review, reviewed: "h", now: "h", resolutions, overridden })
    };
    assert_eq!(ask(&review(PlanVerdict::Pass, &[]), &none, None), Gate::Open);
    let concern = review(PlanVerdict::Concern, &["P1", "P2"]);
    let one = BTreeMap::from([("P1".to_owned(), word("it is tested elsewhere")), ("P2".to_owned(), word(" "))]);
    assert_eq!(ask(&concern, &one, None), Gate::Unresolved(vec!["P2".into()]));
    let both = BTreeMap::from([("P1".to_owned(), word("no")), ("P2".to_owned(), word("later"))]);
    assert_eq!(ask(&concern, &both, None), Gate::Open);
}

#[test]
fn chk_11_a_block_stops_until_it_is_overridden_with_a_reason() {
    let none = BTreeMap::new();
    let block = review(PlanVerdict::Block, &["P1"]);
    let ask = |overridden| gate(Standing { review: &block, reviewed: "h", now: "h", resolutions: &none, overridden });
    assert_eq!(ask(None), Gate::Blocked);
    assert_eq!(ask(Some("  ")), Gate::Blocked);
    assert_eq!(ask(Some("we accept the risk")), Gate::Open);
}

#[test]
fn chk_10_a_verdict_goes_stale_with_what_it_was_about() {
    let none = BTreeMap::new();
    let pass = review(PlanVerdict::Pass, &[]);
    let standing = Standing { review: &pass, reviewed: "h1", now: "h2", resolutions: &none, overridden: None };
    assert_eq!(gate(standing), Gate::Stale);
}

#[test]
fn chk_12_two_reviews_more_and_the_same_defect_twice_is_a_redesign() {
    let kinds = |kinds: &[&str]| -> Vec<String> { kinds.iter().map(|kind| (*kind).to_owned()).collect() };
    assert_eq!(again(&[kinds(&["order"])]), Again::Review);
    assert_eq!(again(&[kinds(&["order"]), kinds(&["tests"])]), Again::Review);
    assert_eq!(again(&[kinds(&["order"]), kinds(&["tests"]), kinds(&["security"])]), Again::Enough);
    assert_eq!(again(&[kinds(&["order"]), kinds(&["tests", "order"])]), Again::Redesign);
}

#[test]
fn prv_02_the_strictest_word_holds_whoever_says_it() {
    let rules = Private {
        local_only: vec![Glob("secrets/**".into())],
        home_only: vec![Glob("internal/**".into())],
        always_local: vec![TaskClass::from("secrets_analysis")],
    };
    let paths = |paths: &[&str]| -> Vec<String> { paths.iter().map(|path| (*path).to_owned()).collect() };
    let ask = |flag, class: &str, paths: &[String], secrets: &[String]| {
        classify(&rules, Subject { flag, class: &TaskClass::from(class), paths, secrets }).0
    };
    assert_eq!(ask(None, "tests", &paths(&["src/a.rs"]), &[]), Privacy::Any);
    assert_eq!(ask(None, "tests", &paths(&["src/a.rs", "internal/x"]), &[]), Privacy::HomeOnly);
    assert_eq!(ask(Some(Privacy::Any), "tests", &paths(&["secrets/k"]), &[]), Privacy::LocalOnly, "no flag loosens");
    assert_eq!(ask(Some(Privacy::HomeOnly), "tests", &paths(&["internal/x", "secrets/k"]), &[]), Privacy::LocalOnly);
    assert_eq!(ask(None, "secrets_analysis", &[], &[]), Privacy::LocalOnly);
    assert_eq!(ask(None, "tests", &[], &paths(&["a private key in the diff"])), Privacy::LocalOnly);
    let class = TaskClass::from("tests");
    let subject = Subject { flag: None, class: &class, paths: &paths(&["secrets/k"]), secrets: &[] };
    assert_eq!(classify(&rules, subject).1[0].from, "secrets/** (secrets/k)");
}
