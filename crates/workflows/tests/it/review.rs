//! `review` played through without an engine.

use crate::world::{Does, World};
use mao_core::diff::Diff;
use mao_core::event::Link;
use mao_core::fault::FaultKind;
use mao_core::matter::{Matter, Reviewed};
use mao_core::outcome::Outcome;
use mao_core::packed::Packed;
use mao_core::run::RunState;
use mao_core::supply::Supply;
use mao_policy::checkpoint::Channel;
use mao_policy::chunk::pack;
use mao_policy::consensus::Consensus;
use mao_policy::packing::{recalled, recorded};
use mao_policy::policy::TaskRoute;
use mao_workflows::Workflow;
use mao_workflows::review::Review;
use mao_workflows::review::found::Found;
use serde_json::{Value, json};
use std::convert::Infallible;

fn green(_tree: &str) -> bool {
    true
}

fn packed(text: &str) -> Vec<Packed> {
    let diff = Diff::parse(text).expect("a diff");
    let mut count = 0;
    let name = |_: &str| {
        count += 1;
        Ok::<_, Infallible>(format!("chunk-{count}").as_str().into())
    };
    recorded(&diff, &pack(&diff, 32_000, &[]), &[], name).expect("nothing fails")
}

fn reviewing<'a>(
    packed: Vec<Packed>,
    model: &'a dyn Fn(&str, u32, &Link) -> Does,
    green: &'a dyn Fn(&str) -> bool,
) -> World<'a> {
    let mut world = World::new(&[], model, green);
    world.workflow = &Review;
    world.ask_for(|request| {
        let (from, diff, class) = ("from".into(), "diff".into(), "pr_review".into());
        let (from_tree, why) = (Some("before".into()), "1 file".into());
        let (by, redesign) = (None, Vec::new());
        request.matter =
            Matter::Review(Reviewed::Diff { from, from_tree, diff, files: 1, hits: 0, class, why, by, redesign });
    });
    let items = packed.into_iter().map(Supply::Packed).collect();
    world.push(mao_core::event::Event::Supplied { items });
    world
}

const SMALL: &str = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -3,1 +3,2 @@\n x\n+y\n";

fn issues(found: &[(&str, &str, u32, &str)]) -> Value {
    let issues = found.iter().map(|(id, file, line, severity)| {
        json!({"id": id, "file": file, "line": line, "severity": severity, "category": id, "claim": "wrong",
            "evidence": "", "suggestion": ""})
    });
    json!({"verdict": "ISSUES", "issues": issues.collect::<Vec<_>>(), "coverage": []})
}

fn report(run: &RunState) -> (String, Value) {
    let files = Review.report(&crate::world::policy(), run, &Default::default());
    let find = |ending: &str| files.iter().find(|file| file.path.ends_with(ending)).expect("written").text.clone();
    (find(".md"), serde_json::from_str(&find(".json")).expect("JSON"))
}

#[test]
fn chk_06_each_issue_has_its_place_and_the_orchestrators_own_word_beside_it() {
    let model = |step: &str, _: u32, _: &Link| match step {
        "review.1" => Does::Says(issues(&[("I1", "a.rs", 4, "HIGH"), ("I2", "a.rs", 3, "LOW")])),
        "weigh" => Does::Says(json!({"summary": "One is right.", "notes": [
            {"name": "1.I1", "accept": true, "reason": "line 4 has it"},
            {"name": "1.I2", "accept": false, "reason": "that was there before"},
        ], "own": [{"file": "a.rs", "line": 4, "claim": "and it is not tested"}]})),
        other => panic!("nobody expected {other}"),
    };
    let mut world = reviewing(packed(SMALL), &model, &green);
    world.lines.insert("a.rs".into(), 9);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Negative { why: "the verdict is ISSUES".into() }));
    let (text, report) = report(&run);
    assert!(text.contains("**1.I1 HIGH** I1 `a.rs:4`: wrong"), "{text}");
    assert!(text.contains("the orchestrator accepts it: line 4 has it"), "{text}");
    assert!(text.contains("the orchestrator rejects it: that was there before"), "{text}");
    assert!(text.contains("a.rs:4: and it is not tested"), "{text}");
    assert_eq!(report["items"][0]["word"]["accept"], true);
    // A word on something that nobody found, or none on what was found, is no answer.
    let none = json!({"summary": "", "notes": [], "own": []});
    assert!(Review.accepts("notes", &run, &none).is_err());
}

#[test]
fn chk_09_a_place_that_is_not_there_gates_nothing_but_for_a_critical() {
    for (severity, outcome) in
        [("HIGH", Outcome::Complete), ("CRITICAL", Outcome::Negative { why: "the verdict is ISSUES".into() })]
    {
        let said = issues(&[("I1", "gone.rs", 4, severity)]);
        let model = move |step: &str, _: u32, _: &Link| match step {
            "review.1" => Does::Says(said.clone()),
            _ => Does::Fails(FaultKind::Refused),
        };
        let mut world = reviewing(packed(SMALL), &model, &green);
        let run = world.play();
        assert_eq!(run.outcome, Some(outcome), "{severity}");
        let (text, report) = report(&run);
        assert_eq!(report["verdict"], "ISSUES", "it is listed all the same");
        assert!(text.contains("unverified: there is no such file"), "{text}");
    }
}

#[test]
fn chk_09_behaviour_that_is_missing_is_anchored_to_what_wants_it() {
    for (wanted, outcome) in
        [("2.1", Outcome::Negative { why: "the verdict is ISSUES".into() }), ("9.9", Outcome::Complete)]
    {
        let said = json!({"verdict": "ISSUES", "coverage": [], "issues": [{"id": "I1", "severity": "HIGH",
            "category": "logic", "claim": "it is not there", "evidence": "", "suggestion": "", "wanted_by": wanted}]});
        let model = move |step: &str, _: u32, _: &Link| match step {
            "review.1" => Does::Says(said.clone()),
            _ => Does::Fails(FaultKind::Refused),
        };
        let mut world = reviewing(packed(SMALL), &model, &green);
        let names = vec!["2.1".to_owned(), "PRD 12.2".to_owned()];
        world.push(mao_core::event::Event::Supplied { items: vec![Supply::Wants { section: "2".into(), names }] });
        assert_eq!(world.play().outcome, Some(outcome), "{wanted}");
    }
}

/// What two say of one change, where two are wanted: the world, and what came of it.
fn two(said: [Value; 2], green: &'static (dyn Fn(&str) -> bool + Sync), answers: Channel) -> (Value, String, RunState) {
    let [one, other] = said;
    let model = move |step: &str, _: u32, _: &Link| match step {
        "review.1" => Does::Says(one.clone()),
        "second.1" => Does::Says(other.clone()),
        _ => Does::Fails(FaultKind::Refused),
    };
    let mut world = agreeing(&model, green, answers);
    let run = world.play();
    let (text, report) = report(&run);
    (report, text, run)
}

fn agreeing<'a>(
    model: &'a dyn Fn(&str, u32, &Link) -> Does,
    green: &'a dyn Fn(&str) -> bool,
    answers: Channel,
) -> World<'a> {
    let mut world = reviewing(packed(SMALL), model, green);
    world.policy.consensus = Consensus::Wanted;
    world.policy.answers = answers;
    let row = TaskRoute { diverse: vec!["ext".into()], ..TaskRoute::default() };
    world.policy.routes.insert("pr_review".into(), row);
    world.lines.insert("a.rs".into(), 9);
    world
}

fn lgtm() -> Value {
    json!({"verdict": "LGTM", "issues": [], "coverage": ["a.rs"]})
}

/// An issue that somebody says can be shown by this command.
fn shown(severity: &str, command: &str) -> Value {
    let mut said = issues(&[("I1", "a.rs", 4, severity)]);
    said["issues"][0]["reproduction"] = command.split_whitespace().collect();
    said
}

#[test]
fn dis_12_two_vendors_read_the_same_apart_and_pass_what_both_find_nothing_in() {
    let (report, text, run) = two([lgtm(), lgtm()], &green, Channel::None);
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert_eq!(report["consensus"], json!({"agreement": "agreed"}));
    assert!(text.contains("both find nothing, and the checks are green"), "{text}");
    let link = |step: &str| run.ask(&step.into()).and_then(|ask| ask.link_of(&ask.attempts[0])).expect("asked").clone();
    assert_ne!(link("review.1").vendor, link("second.1").vendor);
    let prompt = &run.ask(&"second.1".into()).expect("asked").ask.prompt;
    assert_eq!(prompt.attached.keys().map(String::as_str).collect::<Vec<_>>(), ["diff", "files"], "and no answer");
    let (report, _, run) = two([lgtm(), lgtm()], &|tree| tree != "base-tree", Channel::None);
    assert_eq!(run.outcome, Some(Outcome::Negative { why: "the checks are red".into() }), "{report:#}");
}

#[test]
fn dis_12_one_vendor_twice_is_no_agreement() {
    let model = |step: &str, _: u32, _: &Link| match step {
        "review.1" | "second.1" => Does::Says(lgtm()),
        _ => Does::Fails(FaultKind::Refused),
    };
    let mut world = agreeing(&model, &green, Channel::None);
    world.policy.routes.clear();
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    assert_eq!(report(&run).1["consensus"]["agreement"], "short");
}

#[test]
fn dis_11_a_contested_claim_is_tried_and_confirmed_or_disproved_by_its_own_command() {
    // Its command is green before the change and red after it.
    let confirmed: &'static (dyn Fn(&str) -> bool + Sync) = &|on| on != "base-tree: sh show.sh";
    let (report, text, run) = two([lgtm(), shown("LOW", "sh show.sh")], confirmed, Channel::None);
    let why = "a test shows what one of the two claims".to_owned();
    assert_eq!(run.outcome, Some(Outcome::Negative { why }));
    assert_eq!((&report["items"][0]["tried"], &report["items"][0]["gates"]), (&"confirmed".into(), &true.into()));
    assert!(text.contains("read the same and does not see it; its command fails with the change"), "{text}");

    let (report, text, run) = two([shown("CRITICAL", "sh show.sh"), lgtm()], &green, Channel::None);
    assert_eq!(run.outcome, Some(Outcome::Complete), "tests are the referee");
    assert_eq!(report["consensus"]["agreement"], "refereed");
    assert_eq!((&report["items"][0]["tried"], &report["items"][0]["gates"]), (&"disproved".into(), &false.into()));
    assert!(text.contains("1.I1 CRITICAL") && text.contains("it is disproved"), "it is listed all the same: {text}");
}

#[test]
fn dis_11_where_no_test_decides_both_are_listed_and_a_lone_critical_is_kept() {
    let everywhere: &'static (dyn Fn(&str) -> bool + Sync) = &|on| !on.ends_with("sh show.sh");
    for said in [shown("CRITICAL", ""), shown("CRITICAL", "sh show.sh")] {
        let (report, text, run) = two([lgtm(), said], everywhere, Channel::None);
        let what = "one model finds nothing, the other 1 things that no test decides".to_owned();
        assert_eq!(run.outcome, Some(Outcome::Declined { what }), "{report:#}");
        let item = &report["items"][0];
        assert_eq!((&item["tried"], &item["gates"]), (&"open".into(), &true.into()));
        let by = |who: &Value, name: &str| assert!(who.as_str().is_some_and(|who| who.starts_with(name)), "{item:#}");
        by(&item["by"][0], "claude-opus-9");
        by(&item["denied_by"], "x-1");
        assert!(text.contains("no test decides between them"), "{text}");
    }
}

#[test]
fn dis_12_where_two_differ_and_no_test_decides_a_person_does() {
    for (word, outcome) in [("yes", Outcome::Complete), ("no", Outcome::Negative { why: DIFFER.into() })] {
        let model = |step: &str, _: u32, _: &Link| match step {
            "review.1" => Does::Says(lgtm()),
            "second.1" => Does::Says(issues(&[("I1", "a.rs", 4, "HIGH")])),
            _ => Does::Fails(FaultKind::Refused),
        };
        let mut world = agreeing(&model, &green, Channel::Later);
        assert!(world.play().outcome.is_none(), "it waits");
        world.answer("consensus", word);
        let run = world.play();
        assert_eq!(run.outcome, Some(outcome), "{word}");
        assert!(report(&run).0.contains("a person says that it"), "{word}");
    }
}

const DIFFER: &str = "one model finds nothing, the other 1 things that no test decides";

#[test]
fn cnk_05_golden_7_twelve_files_of_80k_tokens_and_one_lost_chunk_are_incomplete() {
    let file = |no: usize| {
        let lines: String = (0..400).map(|line| format!("+line {line} of file {no} {}\n", "x".repeat(30))).collect();
        format!(
            "diff --git a/f{no:02} b/f{no:02}\nnew file mode 100644\n--- /dev/null\n+++ b/f{no:02}\n@@ -0,0 +1,400 @@\n{lines}"
        )
    };
    let text: String = (0..12).map(file).collect();
    assert!((70_000..100_000).contains(&mao_policy::tokens::tokens(&text)), "{}", mao_policy::tokens::tokens(&text));
    let once = packed(&text);
    assert_eq!(once, packed(&text), "deterministic");
    let recalled = recalled(&once);
    assert_eq!((recalled.diff.files.len(), recalled.texts.len()), (12, 3));
    let lost = |step: &str, _: u32, _: &Link| match step {
        "review.2" => Does::Fails(FaultKind::EmptyOutput),
        "weigh" => Does::Says(json!({"summary": "A part is missing.", "notes": [], "own": []})),
        _ => Does::Says(json!({"verdict": "LGTM", "issues": [], "coverage": []})),
    };
    let mut world = reviewing(once.clone(), &lost, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    let found = Found::of(&run);
    assert_eq!(found.verdict, "INCOMPLETE");
    let missing: Vec<String> =
        recalled.packing.chunks[1].pieces.iter().map(|piece| recalled.diff.files[piece.file].path.clone()).collect();
    assert_eq!(found.unread, missing, "the missing files are named");

    let whole = |step: &str, _: u32, _: &Link| match step {
        "weigh" => Does::Says(json!({"summary": "Fine.", "notes": [], "own": []})),
        _ => Does::Says(json!({"verdict": "LGTM", "issues": [], "coverage": []})),
    };
    let mut world = reviewing(once, &whole, &green);
    assert_eq!(world.play().outcome, Some(Outcome::Complete), "LGTM only where every chunk is");
}

#[test]
fn cnk_04_a_recorded_diff_has_every_hunk_and_no_text() {
    let hunks: String = (0..700).map(|at| format!("@@ -{0},1 +{0},1 @@\n-a\n+b\n", at * 10 + 1)).collect();
    let text = format!("diff --git a/a b/a\n--- a/a\n+++ b/a\n{hunks}");
    let (diff, found) = (Diff::parse(&text).unwrap(), recalled(&packed(&text)));
    assert_eq!(found.diff.files[0].hunks.len(), 700);
    let places = |diff: &Diff| -> Vec<(u32, u32)> {
        diff.files[0].hunks.iter().map(|hunk| (hunk.new_start, hunk.new_lines)).collect()
    };
    assert_eq!(places(&found.diff), places(&diff));
    let again = pack(&diff, 32_000, &[]);
    assert_eq!((found.packing.chunks, found.packing.unreviewed), (again.chunks, again.unreviewed));
}
