//! What decides a contest, played through without an engine: trees and exit codes, and never a name.

use crate::world::{Does, World, accept};
use mao_core::contest::{Contest, Inspection, Judge, Measures, Tests};
use mao_core::event::{Event, Link};
use mao_core::matter::Matter;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_policy::checkpoint::Channel;
use mao_policy::policy::ModelEntry;
use mao_workflows::Workflow;
use mao_workflows::compete::Compete;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is made: the first is right and long, the second right and short, the third wrong.
const MADE: [&str; 3] = ["tree-a", "tree-b", "tree-c"];

/// Those who may make it: the orchestrator's own model, another of its vendor, two from outside.
const MODELS: [&str; 4] = ["opus", "sonnet", "ext", "ext-2"];

fn checks(tree: &str) -> bool {
    !tree.contains("tree-c")
}

fn all_red(tree: &str) -> bool {
    !MADE.contains(&tree)
}

/// A contest in which the candidates are made in this order, by these models.
struct Played {
    world: World<'static>,
    run: RunState,
}

type Said = &'static (dyn Fn(&str, u32, &Link) -> Does + Sync);

fn contest(models: [&str; 3], tests: Tests, made: Said, green: &'static (dyn Fn(&str) -> bool + Sync)) -> Played {
    let mut world = prepared(models, tests, made, green);
    let run = world.play();
    Played { world, run }
}

fn prepared(
    models: [&str; 3],
    tests: Tests,
    made: Said,
    green: &'static (dyn Fn(&str) -> bool + Sync),
) -> World<'static> {
    let mut world = World::new(&[], made, green);
    world.workflow = &Compete;
    let other = world.policy.models.get(&"ext".into()).cloned().expect("it is there");
    let other = ModelEntry { vendor: "vendor-y".into(), provider: "vendor-y".into(), endpoint: "y-1".into(), ..other };
    world.policy.models.insert("ext-2".into(), other);
    world.policy.enabled.insert("vendor-y".into());
    let models = models.map(Into::into).to_vec();
    world.ask_for(|request| {
        request.matter = Matter::Contest(Box::new(Contest { task: Some("task".into()), tests, models }))
    });
    for (tree, lines) in MADE.into_iter().zip([40, 4, 1]) {
        let measures = Measures { lines, files: 1, ..Measures::default() };
        let locked = BTreeMap::from([("tests/it.sh".to_owned(), "locked".into())]);
        world.inspections.insert(tree.into(), Inspection { measures, tampering: Vec::new(), locked });
    }
    world
}

fn existing() -> Tests {
    Tests::Existing { why: "a person named the command".into() }
}

fn report(played: &Played) -> (String, Value) {
    let files = Compete.report(&played.world.policy, &played.run, &Default::default());
    let find = |ending: &str| files.iter().find(|file| file.path.ends_with(ending)).expect("written").text.clone();
    (find(".md"), serde_json::from_str(&find(".json")).expect("JSON"))
}

/// The trees by label, and the tree that is taken.
fn decided(run: &RunState) -> (BTreeMap<String, String>, Option<String>, String) {
    let settled = run.settled.as_ref().expect("settled");
    let tree = |step| run.change(&mao_core::change::Member { of: step, attempt: mao_core::ids::AttemptNo(1) });
    let tree = |step: &mao_core::ids::StepId| tree(step.clone()).expect("made").tree.to_string();
    let labels = settled.labels.iter().map(|(label, step)| (label.clone(), tree(step))).collect();
    (labels, settled.winner.as_ref().map(tree), format!("{}: {}", settled.rule, settled.because))
}

/// The three trees in every order.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

fn made(order: [usize; 3], step: &str) -> Does {
    match step {
        "try.1" => Does::Makes(MADE[order[0]]),
        "try.2" => Does::Makes(MADE[order[1]]),
        "try.3" => Does::Makes(MADE[order[2]]),
        judge if judge.starts_with("judge.try.") => accept(),
        other => panic!("nobody expected {other}"),
    }
}

/// Who makes them, in each of the six orders.
const MAKERS: [Said; 6] = [
    &|step, _, _| made(ORDERS[0], step),
    &|step, _, _| made(ORDERS[1], step),
    &|step, _, _| made(ORDERS[2], step),
    &|step, _, _| made(ORDERS[3], step),
    &|step, _, _| made(ORDERS[4], step),
    &|step, _, _| made(ORDERS[5], step),
];

#[test]
fn inv_04_the_decision_is_the_same_whoever_made_which_candidate_and_whenever_it_came() {
    let mut decisions = BTreeSet::new();
    let mut played = 0;
    for maker in MAKERS {
        for first in MODELS {
            for second in MODELS {
                for third in ["opus", "ext"] {
                    let run = contest([first, second, third], existing(), maker, &checks).run;
                    assert_eq!(run.outcome, Some(Outcome::Complete), "{first}, {second}, {third}");
                    decisions.insert(decided(&run));
                    played += 1;
                }
            }
        }
    }
    assert_eq!((played, decisions.len()), (192, 1), "{decisions:#?}");
    let (labels, taken, because) = decisions.pop_first().unwrap();
    let trees: Vec<&str> = labels.values().map(String::as_str).collect();
    assert_eq!((trees, taken.as_deref()), (MADE.to_vec(), Some("tree-b")));
    assert_eq!(because, "simpler: B is simpler: 4 changed lines against 40 of A");
}

#[test]
fn dis_10_the_record_holds_candidates_tests_results_rule_and_reason() {
    let played = contest(["sonnet", "ext", "sonnet"], existing(), MAKERS[0], &checks);
    let (text, report) = report(&played);
    let row = |at: usize| &report["candidates"][at];
    for (at, tree, colour) in [(0, "tree-a", "green"), (1, "tree-b", "green"), (2, "tree-c", "red")] {
        assert_eq!(row(at)["tree"], tree);
        let runs: Vec<&str> =
            row(at)["runs"].as_array().unwrap().iter().filter_map(|one| one["result"].as_str()).collect();
        assert_eq!(runs, [colour; 3], "the whole matrix: {report:#}");
    }
    assert_eq!(row(1)["won"], true);
    assert_eq!(row(1)["revealed"], "try.2 (ext)");
    assert_eq!(report["tests"]["commands"], json!(["make test"]));
    assert_eq!(report["tests"]["locked"], json!({"tests/it.sh": "locked"}), "with the hash of each test");
    assert_eq!((&report["decision"]["rule"], &report["decision"]["winner"]), (&"simpler".into(), &"B".into()));
    assert_eq!(report["decision"]["because"], "B is simpler: 4 changed lines against 40 of A");
    assert_eq!(report["on_base"], "green");
    assert!(text.contains("| C | red, red, red |"), "{text}");
}

/// What the orchestrator answers to a design, by how often it was asked.
fn judging(step: &str, winner: Option<&str>, longer: Option<&str>) -> Does {
    let said = |winner: Option<&str>| {
        Does::Says(json!({"winner": winner, "rationale": "It is easier to change later.", "patterns": "A"}))
    };
    match step {
        "judge.contest" => said(winner),
        "judge.contest.longer" => said(longer),
        other => made(ORDERS[0], other),
    }
}

#[test]
fn dis_08_a_judge_that_made_a_candidate_is_fresh_and_sees_labels_alone() {
    let own: Said = &|step, _, _| judging(step, Some("B"), None);
    for (models, is_an_author) in [(["ext", "opus", "sonnet"], true), (["ext", "ext-2", "sonnet"], false)] {
        let played = contest(models, Tests::Irreversible, own, &checks);
        let settled = played.run.settled.clone().expect("settled");
        assert_eq!(settled.winner, Some("try.2".into()));
        let Some(Judge::Orchestrator { session, is_an_author: author }) = settled.judge else { panic!("{settled:?}") };
        assert_eq!(author, is_an_author, "{models:?}");
        let sessions = |begin: &str| -> Vec<String> {
            let asks = played.run.steps.keys().filter(|step| step.as_str().starts_with(begin));
            let asks = asks.filter_map(|step| played.run.ask(step));
            asks.flat_map(|ask| ask.attempts.iter().map(|attempt| attempt.session.clone())).collect()
        };
        assert!(!sessions("try.").contains(&session) && sessions("judge.contest").contains(&session));
        // Nothing of the question says who made what.
        let asked = &played.run.ask(&"judge.contest".into()).expect("asked").ask.prompt;
        let said = format!("{:?} {:?}", asked.data, asked.attached.keys());
        let names = MODELS.into_iter().chain(["try.", "vendor"]);
        names.for_each(|name| assert!(!said.contains(name), "{name}: {said}"));
        assert_eq!(asked.data["labels"], "A, B, C");
        let (text, report) = report(&played);
        let by = &report["decision"]["judged_by"];
        assert_eq!((&by["who"], &by["saw"]), (&"orchestrator".into(), &"labels".into()));
        assert_eq!((&by["is_an_author"], &by["session"]), (&is_an_author.into(), &session.as_str().into()));
        assert_eq!(text.contains("the same model made a candidate, in another session"), is_an_author, "{text}");
    }
}

#[test]
fn dis_08_the_word_of_a_session_that_made_a_candidate_counts_for_nothing_and_a_person_decides() {
    let own: Said = &|step, _, _| judging(step, Some("B"), None);
    // Nobody is there: nobody is taken.
    let mut alone = prepared(["opus", "ext", "sonnet"], Tests::Irreversible, own, &checks);
    alone.session = Some("one and the same".into());
    let run = alone.play();
    let settled = run.settled.expect("settled");
    assert_eq!((settled.winner, settled.judge), (None, None));
    assert!(settled.because.contains("its word does not count; and nobody is there to ask"), "{}", settled.because);

    let mut asked = prepared(["opus", "ext", "sonnet"], Tests::Irreversible, own, &checks);
    asked.session = Some("one and the same".into());
    asked.policy.answers = Channel::Later;
    let waiting = asked.play();
    let Some(mao_core::step::Step::Question { text, choices, .. }) = waiting.steps.get(&"judge.person".into()) else {
        panic!("a person is asked: {:?}", waiting.steps.keys())
    };
    assert_eq!(choices, &["A", "B", "C", "none"]);
    MODELS.into_iter().for_each(|name| assert!(!text.contains(name), "{text}"));
    asked.answer("judge.person", "A");
    let run = asked.play();
    let settled = run.settled.clone().expect("settled");
    assert_eq!((settled.winner, settled.judge), (Some("try.1".into()), Some(Judge::Person)));
    let (text, _) = report(&Played { run, world: asked });
    assert!(text.contains("By a person, who saw labels and no name."), "{text}");
}

#[test]
fn dis_04_what_cannot_be_taken_back_is_read_again_with_all_thinking_before_a_person_is_asked() {
    let undecided: Said = &|step, _, _| judging(step, None, Some("A"));
    let run = contest(["ext", "sonnet", "ext"], Tests::Irreversible, undecided, &checks).run;
    let class = |step: &str| run.ask(&step.into()).map(|ask| ask.ask.task.to_string());
    assert_eq!(class("judge.contest").as_deref(), Some("disagreement"));
    assert_eq!(class("judge.contest.longer").as_deref(), Some("disagreement_blocked"));
    assert_eq!(run.settled.expect("settled").judged_in, Some("judge.contest.longer".into()));

    let never: Said = &|step, _, _| judging(step, None, None);
    let run = contest(["ext", "sonnet", "ext"], Tests::Irreversible, never, &checks).run;
    let because = run.settled.expect("settled").because;
    assert!(
        because.contains("the orchestrator cannot tell") && because.ends_with("nobody is there to ask"),
        "{because}"
    );
}

#[test]
fn dis_02_of_candidates_that_all_fail_the_judges_word_takes_none() {
    let said: Said = &|step, _, _| judging(step, Some("A"), None);
    let played = contest(["ext", "sonnet", "ext"], existing(), said, &all_red);
    let settled = played.run.settled.clone().expect("settled");
    assert_eq!((settled.rule.as_str(), settled.winner), ("none passes", None));
    assert!(matches!(played.run.outcome, Some(Outcome::Negative { .. })), "{:?}", played.run.outcome);
    let started = played.world.events.iter().filter(|recorded| matches!(recorded.event, Event::Probed { .. })).count();
    assert_eq!(started, 10, "three times on each, and once on the base");
}
