//! Long answers and long diffs through the shipped binary: a plan in parts, a part that is cut, and the two limits apart.

use crate::shop::{RUN, Shop, ran};
use mao_core::event::{AttemptResult, Event};
use serde_json::{Value, json};

/// A repository with so many sections, and the limit of an answer in tokens.
pub fn sections(count: usize, answer: u32) -> Shop {
    let tasks: Vec<String> =
        (1..=count).map(|n| format!("## Section {n}: Part number {n}\n\n- [ ] {n}.1 Write part {n}\n")).collect();
    let config = format!("[engine]\nverify = [\"sh check.sh\"]\n\n[models.gemini]\nchunking_threshold = {answer}\n");
    let mut shop = Shop::with(&[("check.sh", "true\n"), ("todo/tasks.md", &tasks.join("\n"))], &config);
    shop.play("deps", "[[turn]]\nact = [{ json = { edges = [] } }]\n");
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    shop
}

/// Plays a part of the plan, with goals of so many bytes; what it says.
pub fn play_part(shop: &mut Shop, first: usize, last: usize, goal: usize) -> String {
    let planned: Vec<Value> = (first..=last)
        .map(|n| {
            let goal: String = format!("Part {n}. ").chars().chain("Words. ".chars().cycle()).take(goal).collect();
            let stream = json!({ "stream": "core", "goal": goal, "owns": [format!("part{n}.txt")] });
            json!({ "section": n.to_string(), "workstreams": [stream] })
        })
        .collect();
    let part = json!({ "summary": format!("From {first} on."), "sections": planned,
        "end": format!("part {first}-{last} is whole") })
    .to_string();
    let (name, out) = (format!("part-{first}.json"), part.len() / 3);
    std::fs::write(shop.script.join(&name), &part).unwrap();
    let turn = format!("[[turn]]\nusage = {{ input = 900, output = {out} }}\nact = [{{ json_file = \"{name}\" }}]\n");
    shop.play(&format!("plan.part.{first}-{last}"), &turn);
    part
}

fn opened(shop: &Shop) -> Vec<String> {
    let opened = shop.ledger(RUN).into_iter().filter(|one| one.event.kind() == "step_opened");
    opened.filter_map(|one| one.event.step().map(ToString::to_string)).collect()
}

fn values(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn cnk_09_80k_tokens_are_planned_in_parts_and_what_was_expected_stands_beside_what_it_took() {
    let mut shop = sections(80, 32_000);
    let parts = [(1, 27), (28, 54), (55, 80)].map(|(first, last)| play_part(&mut shop, first, last, 2_950));
    assert!(parts.iter().map(String::len).sum::<usize>() / 3 > 80_000, "80K tokens and more");
    let done = ran(shop.develop("all").arg("--plan-only"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let plan: Vec<String> = opened(&shop).into_iter().filter(|step| step.starts_with("plan")).collect();
    assert_eq!(plan, ["plan.part.1-27", "plan.part.28-54", "plan.part.55-80"]);
    let shown = values(&shop.mao(&["plan", "show", "--json"]).stdout);
    let rows = shown[0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 80);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row["section"], (at + 1).to_string());
        let goal = row["goal"].as_str().unwrap();
        assert!(goal.len() == 2_950 && goal.starts_with(&format!("Part {}. Words.", at + 1)), "{goal}");
    }
    let calls = values(&shop.mao(&["logs", "calls", "--json"]).stdout);
    let called = |step: &str| calls.iter().find(|call| call["step"] == step).unwrap_or_else(|| panic!("{step}"));
    for (step, expected, text) in [
        ("plan.part.1-27", 28_000, &parts[0]),
        ("plan.part.28-54", 28_000, &parts[1]),
        ("plan.part.55-80", 27_000, &parts[2]),
    ] {
        assert_eq!(called(step)["expected"], expected, "{step}");
        assert_eq!(called(step)["tokens"]["output"], text.len() / 3, "{step}");
    }
    assert!(called("deps")["expected"].as_u64().unwrap() > 0, "every question has its own");
    let text = shop.mao(&["logs", "calls"]).stdout;
    assert!(text.contains(&format!("900 in, {} of ~28000 out", parts[0].len() / 3)), "{text}");
    let steps = values(&shop.mao(&["show", "--json"]).stdout);
    let step = steps.iter().find(|step| step["step"] == "plan.part.55-80").unwrap();
    assert_eq!(
        (&step["tokens_out_expected"], &step["attempts"][0]["tokens_out"]),
        (&27_000.into(), &(parts[2].len() / 3).into())
    );
}

#[test]
fn cnk_07_half_an_answer_is_cut_and_less_is_asked_for() {
    let mut shop = sections(8, 5_000);
    shop.play(
        "plan.part.1-4",
        "[[turn]]\nact = [{ say = '{\"summary\": \"It ends\", \"sections\": [{\"section\": \"1\"' }]\n",
    );
    for (first, last) in [(1, 2), (3, 4), (5, 8)] {
        play_part(&mut shop, first, last, 100);
    }
    let done = ran(shop.develop("all").arg("--plan-only"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let plan: Vec<String> = opened(&shop).into_iter().filter(|step| step.starts_with("plan")).collect();
    assert_eq!(plan, ["plan.part.1-4", "plan.part.1-2", "plan.part.3-4", "plan.part.5-8"]);
    let failed: Vec<String> = shop
        .ledger(RUN)
        .into_iter()
        .filter_map(|one| {
            let Event::AttemptEnded { result: AttemptResult::Failed(fault), .. } = one.event else { return None };
            Some(fault.to_string())
        })
        .collect();
    assert_eq!(failed, ["truncated: the JSON ends too early"]);
    let shown = shop.mao(&["plan", "show"]);
    assert!(shown.stdout.contains("8 sections, 8 workstreams"), "{}", shown.stdout);
}

#[test]
fn cnk_03_the_limit_for_diffs_splits_reviews_and_the_limit_for_answers_does_not() {
    let reviews = |config: &str| {
        let mut shop = Shop::with(&[("a.txt", "\n"), ("b.txt", "\n")], config);
        shop.sandbox.set("MAO_TEST_RUN", RUN);
        shop.sandbox.git(&["checkout", "-q", "-b", "feature"]).unwrap();
        for file in ["a.txt", "b.txt"] {
            shop.sandbox.write(file, "A line of six words here.\n".repeat(200)).unwrap();
        }
        shop.sandbox.git(&["add", "-A"]).unwrap();
        shop.sandbox.git(&["commit", "-q", "-m", "b"]).unwrap();
        let fine = "[[turn]]\nact = [{ json = { verdict = \"LGTM\", issues = [], coverage = [] } }]\n";
        shop.play("review.1", fine);
        shop.play("review.2", fine);
        shop.play("weigh", "[[turn]]\nact = [{ json = { summary = \"Fine.\", notes = [], own = [] } }]\n");
        let script = shop.script.to_string_lossy().into_owned();
        let ran = shop.mao(&["review", "pr", "--script", &script]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        opened(&shop).into_iter().filter(|step| step.starts_with("review.")).count()
    };
    assert_eq!(reviews(""), 1);
    assert_eq!(reviews("[thresholds]\ndiff_tokens_per_review = 2500\n"), 2);
    assert_eq!(reviews("[models.gemini]\nchunking_threshold = 1\n"), 1);
}
