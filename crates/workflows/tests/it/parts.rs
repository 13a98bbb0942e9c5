//! A plan that is expected to be too long for one answer: asked for in parts, cut, lost, and one plan again.

use crate::world::{Does, World};
use mao_core::ask::{Prompt, WhenCut};
use mao_core::event::{AttemptResult, Event, Link};
use mao_core::fault::FaultKind;
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::request::Approval;
use mao_core::run::RunState;
use mao_policy::checkpoint::{Checkpoint, CheckpointMode};
use mao_policy::tokens::tokens;
use mao_workflows::Workflow;
use mao_workflows::develop::Develop;
use mao_workflows::develop::outline::outline;
use serde_json::{Value, json};
use std::cell::RefCell;

fn green(_tree: &str) -> bool {
    true
}

fn ids(count: usize) -> Vec<String> {
    (1..=count).map(|id| id.to_string()).collect()
}

/// The plan of one section, with a goal of so many bytes.
fn section(id: usize, length: usize) -> Value {
    let goal: String = format!("Part {id}. ").chars().chain(std::iter::repeat('w')).take(length).collect();
    let stream = json!({"stream": "core", "goal": goal, "owns": [format!("part{id}.txt")]});
    json!({"section": id.to_string(), "workstreams": [stream]})
}

/// The places of a part's step, `plan.part.3-7`.
fn places(step: &str) -> Option<(usize, usize)> {
    let (first, last) = step.split_once(".part.")?.1.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// A part as it is asked for.
fn part(first: usize, last: usize, length: usize) -> Value {
    let sections: Vec<Value> = (first..=last).map(|id| section(id, length)).collect();
    json!({"summary": format!("From {first}."), "sections": sections, "end": format!("part {first}-{last} is whole")})
}

/// Whoever plans every part as it is asked for.
fn obliging(length: usize) -> impl Fn(&str, u32, &Link) -> Does {
    move |step, _, _| match places(step) {
        Some((first, last)) => Does::Says(part(first, last, length)),
        None => panic!("nobody expected {step}"),
    }
}

/// The questions about the plan, in the order in which they were asked.
fn asked(world: &World<'_>) -> Vec<String> {
    let opens = world.events.iter().filter(|recorded| recorded.event.kind() == "step_opened");
    let steps = opens.filter_map(|recorded| recorded.event.step().map(ToString::to_string));
    steps.filter(|step| step.starts_with("plan")).collect()
}

/// Plays until a person is asked about the plan, or to the end.
fn planned<'a>(count: usize, model: &'a dyn Fn(&str, u32, &Link) -> Does) -> (World<'a>, RunState) {
    let ids = ids(count);
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut world = World::new(&names, model, &green);
    world.ask_for(|request| request.approval = Approval::Always);
    world.policy.checkpoints = [(Checkpoint::PlanReview, CheckpointMode::Off)].into();
    let run = world.play();
    (world, run)
}

fn prompt<'a>(run: &'a RunState, step: &str) -> &'a Prompt {
    &run.ask(&step.into()).unwrap_or_else(|| panic!("{step} was not asked")).ask.prompt
}

fn named(prompt: &Prompt, name: &str) -> usize {
    let is = |key: &&String| key.as_str() == name || key.starts_with(&format!("{name}/"));
    prompt.attached.keys().filter(is).count()
}

fn failures(world: &World<'_>) -> Vec<(String, String)> {
    let failed = world.events.iter().filter_map(|recorded| {
        let Event::AttemptEnded { step, result: AttemptResult::Failed(fault), .. } = &recorded.event else {
            return None;
        };
        Some((step.to_string(), fault.to_string()))
    });
    failed.collect()
}

#[test]
fn cnk_09_a_generation_of_80k_tokens_is_split_and_rejoined_whole() {
    let model = obliging(2_950);
    let (world, run) = planned(80, &model);
    assert_eq!(asked(&world), ["plan.part.1-27", "plan.part.28-54", "plan.part.55-80"]);
    let expected = |step: &str| run.ask(&step.into()).unwrap().ask.size.expected;
    assert_eq!(
        ["1-27", "28-54", "55-80"].map(|part| expected(&format!("plan.part.{part}"))),
        [28_000, 28_000, 27_000].map(Some)
    );
    let found = outline(&world.policy, &run).expect("one plan");
    let whole: u64 = found.rows.iter().map(|row| tokens(&serde_json::to_string(row).unwrap())).sum();
    assert!(whole > 80_000, "{whole}");
    let rows: Vec<(String, &str)> = found.rows.iter().map(|row| (row.section.to_string(), row.goal.as_str())).collect();
    let wanted: Vec<Value> = (1..=80).map(|id| section(id, 2_950)).collect();
    let wanted: Vec<(String, &str)> = wanted
        .iter()
        .map(|one| (one["section"].as_str().unwrap().to_owned(), one["workstreams"][0]["goal"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, wanted, "every section once, in order, every word");
    assert_eq!(found.summary, "From 1. From 28. From 55.");
    assert_eq!(found.further.len(), 2, "the texts of the other parts");
    // The same record gives the same parts.
    let (again, _) = planned(80, &model);
    assert_eq!(asked(&again), asked(&world));
}

#[test]
fn cnk_06_a_part_has_all_titles_its_own_sections_in_full_and_what_was_planned_before_it() {
    let model = obliging(50);
    let (_, run) = planned(80, &model);
    let [first, second, third] = ["1-27", "28-54", "55-80"].map(|part| prompt(&run, &format!("plan.part.{part}")));
    for (prompt, own, before) in [(first, 27, 0), (second, 27, 1), (third, 26, 2)] {
        assert_eq!((named(prompt, "section_text"), named(prompt, "planned"), named(prompt, "files")), (own, before, 1));
        assert!(prompt.data["sections"].starts_with("1 (T), 2 (T)") && prompt.data["sections"].ends_with("80 (T)"));
        assert_eq!(prompt.data["own"].split(", ").count(), own);
    }
    assert!(second.attached.contains_key("section_text/28") && !second.attached.contains_key("section_text/27"));
    assert_eq!((second.data["part"].as_str(), second.data["end"].as_str()), ("28-54 of 80", "part 28-54 is whole"));
    assert_eq!(second.data["room"], "84,000");
    assert_eq!(run.ask(&"plan.part.28-54".into()).unwrap().ask.size.when_cut, WhenCut::Smaller);
    // As it is rendered: nothing of it is lost, and the words for a whole plan are not there.
    let texts = second.attached.keys().map(|name| (name.clone(), format!("<{name}>"))).collect();
    let occasion = mao_workflows::prompt::Occasion { step: "s", attempt: 1, nonce: "n", failure: None, shape: None };
    let text = mao_workflows::prompt::render(second, &texts, &occasion).unwrap();
    for said in [
        "part 28-54 of 80",
        "<planned>",
        "<section_text/28>",
        "at most 84,000 characters",
        "`end`: part 28-54 is whole",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("12,000"), "{text}");
}

#[test]
fn cnk_06_what_fits_is_one_question_as_ever() {
    for (count, room) in [(1, None), (3, None), (4, Some("15,000")), (31, Some("96,000"))] {
        let model = |step: &str, _: u32, _: &Link| match step {
            "plan" => {
                let sections: Vec<Value> = (1..=count).map(|id| section(id, 40)).collect();
                Does::Says(json!({"summary": "All.", "sections": sections}))
            }
            other => panic!("nobody expected {other}"),
        };
        let (world, run) = planned(count, &model);
        assert_eq!(asked(&world), ["plan"], "{count}");
        let prompt = prompt(&run, "plan");
        assert_eq!(prompt.data.get("room").map(String::as_str), room, "{count}");
        assert!(["part", "own", "end"].iter().all(|name| !prompt.data.contains_key(*name)));
        assert_eq!(outline(&world.policy, &run).unwrap().further, []);
    }
}

#[test]
fn cnk_03_the_limit_for_answers_splits_plans_and_the_limit_for_diffs_does_not() {
    let model = |step: &str, _: u32, _: &Link| match places(step) {
        Some((first, last)) => Does::Says(part(first, last, 40)),
        None => {
            let sections: Vec<Value> = (1..=8).map(|id| section(id, 40)).collect();
            Does::Says(json!({"summary": "All.", "sections": sections}))
        }
    };
    let questions = |answer_tokens: u64, diff_tokens: u64| {
        let ids = ids(8);
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut world = World::new(&names, &model, &green);
        world.ask_for(|request| request.approval = Approval::Always);
        (world.policy.thresholds.answer_tokens, world.policy.thresholds.diff_tokens) = (answer_tokens, diff_tokens);
        world.play();
        asked(&world)
    };
    assert_eq!(questions(32_000, 32_000), ["plan"]);
    assert_eq!(questions(32_000, 1_000), ["plan"]);
    assert_eq!(questions(5_000, 32_000), ["plan.part.1-4", "plan.part.5-8"]);
    assert_eq!(questions(9_000, 1_000), ["plan"], "9,000 is not more than 9,000");
}

#[test]
fn cnk_06_a_cut_part_is_asked_for_again_in_halves_and_the_plan_is_whole() {
    // Nobody can say more than six sections at once: what is longer lacks its end, or is said to be cut.
    let model = |step: &str, _: u32, _: &Link| match places(step) {
        Some((first, last)) if last - first >= 10 => {
            let mut cut = part(first, first + 5, 40);
            cut["end"] = json!("part 1-");
            Does::Says(cut)
        }
        Some((first, last)) if last - first >= 6 => {
            assert!(first > 0);
            Does::Fails(FaultKind::Truncated)
        }
        Some((first, last)) => Does::Says(part(first, last, 40)),
        None => panic!("nobody expected {step}"),
    };
    let (world, run) = planned(40, &model);
    assert_eq!(
        asked(&world),
        [
            "plan.part.1-20",
            "plan.part.1-10",
            "plan.part.1-5",
            "plan.part.6-10",
            "plan.part.11-20",
            "plan.part.11-15",
            "plan.part.16-20",
            "plan.part.21-40",
            "plan.part.21-30",
            "plan.part.21-25",
            "plan.part.26-30",
            "plan.part.31-40",
            "plan.part.31-35",
            "plan.part.36-40",
        ]
    );
    let found = outline(&world.policy, &run).expect("one plan");
    let sections: Vec<String> = found.rows.iter().map(|row| row.section.to_string()).collect();
    assert_eq!(sections, ids(40));
    for step in asked(&world) {
        let attempts = run.ask(&StepId::new(step.clone())).unwrap().attempts.len();
        assert_eq!(attempts, 1, "{step}: nobody is asked the same again");
    }
    let cut = failures(&world);
    assert_eq!(cut[0], ("plan.part.1-20".to_owned(), "truncated: the sentinel at the end is missing".to_owned()));
    // The one after a half has what was planned before it, and not what was cut.
    assert_eq!(named(prompt(&run, "plan.part.11-20"), "planned"), 2);
}

#[test]
fn cnk_06_a_whole_plan_that_is_cut_is_asked_for_in_halves() {
    let model = |step: &str, _: u32, _: &Link| match places(step) {
        Some((first, last)) => Does::Says(part(first, last, 40)),
        None => Does::Fails(FaultKind::Truncated),
    };
    let (world, run) = planned(5, &model);
    assert_eq!(asked(&world), ["plan", "plan.part.1-2", "plan.part.3-5"]);
    assert_eq!(outline(&world.policy, &run).expect("one plan").rows.len(), 5);
    // One section has no halves: it goes as any failure goes.
    let (world, run) = planned(1, &model);
    assert_eq!(asked(&world), ["plan"]);
    assert_eq!(run.ask(&"plan".into()).unwrap().attempts.len(), 2);
    assert_eq!(run.outcome, Some(Outcome::NoProvider { reason: "truncated".into() }));
}

#[test]
fn cnk_06_a_lost_part_is_named() {
    let model = |step: &str, _: u32, _: &Link| match places(step) {
        Some((first, last)) if (first..=last).contains(&7) => Does::Fails(FaultKind::Truncated),
        Some((first, last)) => Does::Says(part(first, last, 40)),
        None => panic!("nobody expected {step}"),
    };
    let (world, run) = planned(40, &model);
    assert_eq!(run.outcome, Some(Outcome::NoProvider { reason: "the plan of section 7: truncated".into() }));
    assert_eq!(asked(&world).pop().as_deref(), Some("plan.part.7-7"));
    assert!(outline(&world.policy, &run).is_none(), "a plan that lacks a part is none");

    let refused = |step: &str, _: u32, _: &Link| match places(step) {
        Some((1, last)) => Does::Says(part(1, last, 40)),
        Some(_) => Does::Fails(FaultKind::Refused),
        None => panic!("nobody expected {step}"),
    };
    let (_, run) = planned(40, &refused);
    assert_eq!(run.outcome, Some(Outcome::NoProvider { reason: "the plan of sections 21 to 40: refused".into() }));
}

#[test]
fn cnk_06_a_part_that_lacks_a_section_repeats_one_or_takes_what_is_owned_is_refused() {
    let model = obliging(40);
    let (world, run) = planned(40, &model);
    let accepts = |value: &Value| Develop.accepts("plan_part/21-40", &run, value);
    let whole = part(21, 40, 40);
    assert_eq!(accepts(&whole), Ok(()));
    let mut lacking = whole.clone();
    lacking["sections"].as_array_mut().unwrap().remove(4);
    assert!(accepts(&lacking).unwrap_err().contains("asked for were"));
    let mut twice = whole.clone();
    twice["sections"][4] = whole["sections"][3].clone();
    assert!(accepts(&twice).unwrap_err().contains("each once"));
    let mut others = whole.clone();
    others["sections"][0] = section(3, 40);
    assert!(accepts(&others).is_err(), "a section of another part");
    let mut owned = whole.clone();
    owned["sections"][0]["workstreams"][0]["owns"] = json!(["part3.txt"]);
    let why = accepts(&owned).unwrap_err();
    assert!(why.contains("core of section 3 and core of section 21 run together and both own `part3.txt`"), "{why}");
    assert!(
        Develop.accepts("plan_part/0-3", &run, &whole).is_err()
            && Develop.accepts("plan_part/x", &run, &whole).is_err()
    );
    // Without its mark it is cut, however whole it looks.
    for end in [json!(null), json!(""), json!("part 21-40 is who"), json!("part 1-20 is whole")] {
        let mut unmarked = whole.clone();
        unmarked["end"] = end;
        assert!(Develop.cut("plan_part/21-40", &unmarked).is_some(), "{unmarked}");
    }
    assert!(Develop.cut("plan_part/21-40", &whole).is_none() && Develop.cut("plan", &whole).is_none());
    // Who is refused is told why, and may mend it.
    let tries = RefCell::new(0);
    let mending = |step: &str, before: u32, _: &Link| {
        let (first, last) = places(step).expect("a part");
        let mut answer = part(first, last, 40);
        if first == 21 && before == 0 {
            *tries.borrow_mut() += 1;
            answer["sections"][0]["workstreams"][0]["owns"] = json!(["part3.txt"]);
        }
        Does::Says(answer)
    };
    let (mended, run) = planned(40, &mending);
    assert_eq!((*tries.borrow(), outline(&mended.policy, &run).unwrap().rows.len()), (1, 40));
    assert!(failures(&mended)[0].1.starts_with("unparsable: core of section 3"), "{:?}", failures(&mended));
    assert_eq!(asked(&mended), asked(&world));
}

#[test]
fn cnk_06_a_plan_in_parts_is_reviewed_whole_and_changed_in_parts() {
    let concern = json!({"verdict": "CONCERN", "items": [{"id": "P1", "severity": "HIGH", "area": "tests",
        "detail": "nothing tests it", "plan_ref": "3 core", "suggestion": "test it"}]});
    let model = |step: &str, _: u32, _: &Link| match (step, places(step)) {
        ("review.plan.1", _) => Does::Says(concern.clone()),
        (review, _) if review.starts_with("review.plan.") => Does::Says(json!({"verdict": "PASS", "items": []})),
        (step, Some((first, last))) => {
            Does::Says(part(first, last, if step.starts_with("plan.2.") && first == 1 { 60 } else { 40 }))
        }
        (other, None) => panic!("nobody expected {other}"),
    };
    let ids = ids(40);
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut world = World::new(&names, &model, &green);
    world.ask_for(|request| request.approval = Approval::Always);
    world.policy.checkpoints = [(Checkpoint::PlanReview, CheckpointMode::Auto)].into();
    let run = world.play();
    let read = prompt(&run, "review.plan.1");
    assert_eq!(read.attached.keys().filter(|name| name.starts_with("plan/")).count(), 2, "both parts are read");
    world.push(Event::Answered {
        step: "concern.1.1".into(),
        answer: "accept".into(),
        by: "test".into(),
        because: Some("it is right".into()),
    });
    let run = world.play();
    let parts: Vec<String> = asked(&world).into_iter().filter(|step| step.starts_with("plan.2")).collect();
    assert_eq!(parts, ["plan.2.part.1-20", "plan.2.part.21-40"]);
    let changed = prompt(&run, "plan.2.part.21-40");
    assert_eq!((named(changed, "plan"), named(changed, "planned"), named(changed, "review")), (2, 1, 1));
    let found = outline(&world.policy, &run).expect("the newest");
    assert_eq!((found.rows[0].goal.len(), found.rows[20].goal.len()), (60, 40));
}
