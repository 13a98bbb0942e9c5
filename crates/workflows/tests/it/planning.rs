//! What happens before the first workstream, and what the plan's shape does to the order of everything after it.

use crate::world::{Does, World, accept, plan, synthesis};
use mao_core::ask::ReplyForm;
use mao_core::event::{Link, Route};
use mao_core::fault::FaultKind;
use mao_core::ids::StepId;
use mao_core::outcome::Outcome;
use mao_core::request::{Approval, Order};
use mao_core::run::RunState;
use mao_core::step::Step;
use mao_policy::policy::{Mode, Profile};
use mao_policy::waves::Strategy;
use mao_workflows::develop::Develop;
use mao_workflows::develop::order::order;
use mao_workflows::develop::outline::{Outline, outline};
use mao_workflows::{Texts, Workflow};
use serde_json::{Value, json};

fn green(_tree: &str) -> bool {
    true
}

const BOTH: [(&str, &[&str]); 2] = [("1", &["schemas", "storage"]), ("2", &["schemas", "storage"])];

fn two() -> Value {
    plan(&BOTH)
}

/// Everyone does well by this plan.
fn by(planned: Value) -> impl Fn(&str, u32, &Link) -> Does {
    move |step, _, _| match step {
        "plan" => Does::Says(planned.clone()),
        "synthesis" => synthesis(),
        "work.1.schemas" => Does::Makes("s1"),
        "work.2.schemas" => Does::Makes("s2"),
        "work.1.storage" => Does::Makes("t1"),
        "work.2.storage" => Does::Makes("t2"),
        "work.1.core" => Does::Makes("c1"),
        judge if judge.starts_with("judge.") => accept(),
        other => panic!("nobody expected {other}"),
    }
}

fn edge(from: &str, to: &str, severity: &str) -> Value {
    json!({"from": from, "to": to, "kind": "import", "severity": severity, "evidence": "the list"})
}

/// The steps in the order in which they were opened.
fn opened(world: &World<'_>) -> Vec<String> {
    let opens = world.events.iter().filter(|recorded| recorded.event.kind() == "step_opened");
    opens.filter_map(|recorded| recorded.event.step().map(ToString::to_string)).collect()
}

fn place(world: &World<'_>, step: &str) -> usize {
    opened(world).iter().position(|one| one == step).unwrap_or_else(|| panic!("{step} was not opened"))
}

fn outlined(world: &World<'_>, run: &RunState) -> Outline {
    outline(&world.policy, run).expect("planned")
}

fn report(world: &World<'_>, run: &RunState) -> (String, Value) {
    let files = Develop.report(&world.policy, run, &Texts::new());
    let find = |ending: &str| files.iter().find(|file| file.path.ends_with(ending)).expect("written").text.clone();
    (find(".md"), serde_json::from_str(&find(".json")).expect("JSON"))
}

fn prompt(run: &RunState, step: &str) -> mao_core::ask::Prompt {
    run.ask(&step.into()).unwrap_or_else(|| panic!("{step} asks nothing")).ask.prompt.clone()
}

#[test]
fn dev_00_phase_0_checks_dependencies_plans_and_scores_before_any_workstream() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    assert!(place(&world, "deps") < place(&world, "plan"), "{:?}", opened(&world));
    assert!(place(&world, "plan") < place(&world, "work.1.schemas"));
    let deps = run.ask(&"deps".into()).unwrap();
    assert_eq!(deps.ask.task.as_str(), "dependency_check");
    assert_eq!(deps.ask.reply, ReplyForm::Json { schema: "deps".into() });
    let found = outlined(&world, &run);
    assert_eq!((found.order.strategy, found.rows.len()), (Strategy::Parallel, 4));
    assert_eq!(found.order.reason, "no section needs another");
    assert!(found.diversity.overall.score > 0);
}

#[test]
fn pln_01_the_plan_holds_everything_that_was_decided_and_stays_what_it_was() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let found = outlined(&world, &run);
    let storage = &found.rows[1];
    let chain: Vec<(&str, &str)> =
        storage.chain.iter().map(|link| (link.model.as_str(), link.vendor.as_str())).collect();
    assert_eq!(chain[0], ("ext", "vendor-x"));
    assert_eq!(chain.len(), 3, "primary, fallback, the orchestrator");
    assert_eq!(storage.owns, ["1/storage/**"]);
    assert_eq!(found.verification, ["make test"]);
    assert_eq!(
        (found.mode.as_str(), found.profile.as_str(), found.plan.as_str()),
        ("diverse", "budgeted", "text of plan")
    );
    // Asked again at any later event, it is the same plan.
    for end in 1..=world.events.len() {
        let state = RunState::fold(&world.events[..end]).unwrap().unwrap();
        if let Some(again) = outline(&world.policy, &state) {
            assert_eq!(again, found);
        }
    }
}

#[test]
fn pln_05_the_plan_as_data_is_whole_and_reads_back() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let found = outlined(&world, &run);
    let value = serde_json::to_value(&found).unwrap();
    assert_eq!(serde_json::from_value::<Outline>(value.clone()).unwrap(), found);
    for field in ["order", "sections", "rows", "skipped", "verification", "diversity", "estimate"] {
        assert!(!value[field].is_null(), "{field}");
    }
    assert_eq!(value["rows"][1]["chain"][0]["transport"], "cli");
}

#[test]
fn reg_07_the_plan_names_what_an_alias_came_to() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let link = &outlined(&world, &run).rows[1].chain[0];
    assert_eq!((link.model.as_str(), link.endpoint.as_str()), ("ext", "x-1"));
    // The registry may say what it will afterwards: a run keeps its policy, and its routes are recorded.
    let route = run.ask(&"work.1.storage".into()).unwrap().route.clone().unwrap();
    assert_eq!(route.links[0].endpoint, "x-1");
}

#[test]
fn pln_02_waves_follow_blocking_edges_whatever_the_request_says() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.deps = Some(json!({"edges": [edge("2", "1", "blocking")], "uncertain": null}));
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let found = order(&run);
    assert_eq!((found.strategy, found.waves.len()), (Strategy::Sequential, 2));
    assert!(place(&world, "merge.2.storage.1") < place(&world, "work.1.schemas"), "the earlier wave lands first");
    let base = &run.ask(&"work.1.schemas".into()).unwrap().ask.base;
    assert!(base.as_str().contains("t2"), "and the later one begins on it: {base}");
}

#[test]
fn pln_02_a_circle_is_no_answer_and_the_checker_is_asked_again() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.deps = Some(json!({"edges": [edge("1", "2", "blocking"), edge("2", "1", "blocking")]}));
    let run = world.play();
    assert!(run.ask(&"deps".into()).unwrap().attempts.len() > 1);
    assert_eq!(order(&run).strategy, Strategy::Sequential, "and without an answer it is one after another");
    assert_eq!(run.outcome, Some(Outcome::Complete));
}

#[test]
fn pln_03_a_failed_or_uncertain_check_means_one_after_another_and_says_why() {
    for (said, why) in [
        (None, "the dependency check gave no answer"),
        (Some(json!({"edges": [], "uncertain": "they share a file"})), "is not sure: they share a file"),
        (Some(json!({"edges": [edge("1", "9", "soft")]})), "speaks of section 9, which was not asked"),
    ] {
        let model = by(two());
        let mut world = World::new(&["1", "2"], &model, &green);
        world.deps = said;
        let run = world.play();
        let found = order(&run);
        assert_eq!(found.waves.len(), 2, "{why}");
        assert!(found.reason.contains(why), "{}", found.reason);
        assert!(place(&world, "merge.1.storage.1") < place(&world, "work.2.schemas"));
        assert!(report(&world, &run).0.contains(why));
    }
}

#[test]
fn pln_03_one_section_and_what_is_asked_for_in_turn_are_not_checked() {
    let model = by(plan(&[("1", &["schemas"])]));
    let mut one = World::new(&["1"], &model, &green);
    one.play();
    assert!(!opened(&one).contains(&"deps".to_owned()));
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.ask_for(|request| request.order = Order::Sequential);
    let run = world.play();
    assert!(!opened(&world).contains(&"deps".to_owned()));
    assert_eq!(order(&run).reason, "asked for: one after another");
    assert!(place(&world, "merge.1.storage.1") < place(&world, "work.2.schemas"));
}

#[test]
fn sec_05_what_the_task_list_says_of_dependencies_holds_beside_the_check() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.ask_for(|request| request.sections[0].declares.depends = vec!["2".into()]);
    let run = world.play();
    let found = order(&run);
    let waves: Vec<Vec<&str>> = found.waves.iter().map(|wave| wave.iter().map(|id| id.as_str()).collect()).collect();
    assert_eq!(waves, [["2"], ["1"]]);
}

#[test]
fn dev_03_a_section_that_needs_an_incomplete_one_is_skipped_by_name() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "work.1.storage" => Does::Fails(FaultKind::Refused),
        _ => by(two())(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    world.deps = Some(json!({"edges": [edge("1", "2", "blocking")]}));
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Incomplete));
    let why: Vec<&str> = run.skipped.values().map(String::as_str).collect();
    assert_eq!(why, ["section 1, which it needs, is incomplete"; 2]);
}

/// A plan of section 1 with a contract over three workstreams.
fn contracted() -> Value {
    let mut planned = plan(&[("1", &["schemas", "storage", "core"])]);
    planned["sections"][0]["contract"] = json!("fn save(book: &Book) -> Result<(), StorageError>");
    planned
}

#[test]
fn dev_03_with_a_frozen_contract_all_workstreams_of_a_section_begin_at_once_from_one_commit() {
    let model = by(contracted());
    let mut world = World::new(&["1"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let steps = ["work.1.schemas", "work.1.storage", "work.1.core"];
    for step in steps {
        assert_eq!(run.ask(&step.into()).unwrap().ask.base.as_str(), "base", "{step}");
        assert!(prompt(&run, step).data["contract"].contains("StorageError"));
        assert!(place(&world, step) < place(&world, "merge.1.schemas.1"));
    }
    let Some(Step::Merge { changes, landed, .. }) = run.steps.get(&"merge.1.schemas.1".into()) else {
        panic!("they land together")
    };
    let order: Vec<&str> = changes.iter().map(|change| change.of.as_str()).collect();
    assert_eq!((order, *landed), (steps.to_vec(), 3), "they land in their true order");
    // Without a contract the next one begins where the one before has landed.
    let model = by(plan(&[("1", &["schemas", "storage", "core"])]));
    let mut world = World::new(&["1"], &model, &green);
    let run = world.play();
    assert!(place(&world, "merge.1.schemas.1") < place(&world, "work.1.storage"));
    assert!(!prompt(&run, "work.1.storage").data.contains_key("contract"));
}

#[test]
fn dev_03_in_turn_even_a_contract_lets_nobody_work_at_once() {
    let model = by(contracted());
    let mut world = World::new(&["1"], &model, &green);
    world.ask_for(|request| request.order = Order::Sequential);
    world.play();
    assert!(place(&world, "merge.1.schemas.1") < place(&world, "work.1.storage"));
}

#[test]
fn dev_02_an_empty_workstream_is_skipped_with_its_reason_and_the_rest_is_complete() {
    let mut planned = plan(&[("1", &["schemas", "storage"])]);
    let empty = json!({"stream": "core", "goal": "", "owns": [], "empty": "no rules in it"});
    planned["sections"][0]["workstreams"].as_array_mut().unwrap().push(empty);
    let model = by(planned);
    let mut world = World::new(&["1"], &model, &green);
    let run = world.play();
    assert_eq!(run.outcome, Some(Outcome::Complete));
    let (_, json) = report(&world, &run);
    assert_eq!(json["workstreams"][2]["state"], "empty");
    assert_eq!(json["workstreams"][2]["history"], json!(["no rules in it"]));
    assert_eq!(outlined(&world, &run).rows[2].empty.as_deref(), Some("no rules in it"));
}

#[test]
fn dev_00_the_orchestrator_proposes_and_policy_admits_or_refuses_with_the_reason() {
    let route = |model: &str, mode: Mode| -> Route {
        let mut planned = plan(&[("1", &["schemas"])]);
        planned["sections"][0]["workstreams"][0]["model"] = json!(model);
        planned["sections"][0]["workstreams"][0]["rationale"] = json!("it knows the dialect");
        let model = by(planned);
        let mut world = World::new(&["1"], &model, &green);
        world.policy.mode = mode;
        let run = world.play();
        run.ask(&"work.1.schemas".into()).unwrap().route.clone().unwrap()
    };
    let admitted = route("ext", Mode::Diverse);
    assert_eq!(admitted.links[0].model.as_str(), "ext");
    assert_eq!(admitted.links[0].why, "proposed by the orchestrator: it knows the dialect");
    assert_eq!(admitted.links[1].model.as_str(), "sonnet", "its own chain follows");
    for (model, mode, why) in [
        ("ext", Mode::Assist, "no workstream's route names it in mode assist"),
        ("nobody", Mode::Diverse, "not in the registry"),
    ] {
        let refused = route(model, mode);
        assert!(refused.links.iter().all(|link| link.model.as_str() != model));
        assert!(refused.skipped[0].why.contains(why), "{:?}", refused.skipped);
        assert!(refused.skipped[0].why.starts_with("proposed by the orchestrator (it knows the dialect) and refused"));
    }
}

#[test]
fn pln_06_complexity_changes_the_effort_of_the_route_and_stands_in_the_plan() {
    let effort = |subtasks: Option<u64>, profile: Profile| {
        let model = by(plan(&[("1", &["schemas"])]));
        let mut world = World::new(&["1"], &model, &green);
        let sonnet = world.policy.models.get_mut(&"sonnet".into()).unwrap();
        sonnet.efforts = ["low", "medium", "high"].map(str::to_owned).to_vec();
        sonnet.effort = Some("high".into());
        world.policy.profile = profile;
        world.ask_for(|request| request.sections[0].declares.subtasks = subtasks);
        let run = world.play();
        let rating = outlined(&world, &run).sections[0].rating.clone();
        let route = run.ask(&"work.1.schemas".into()).unwrap().route.clone().unwrap();
        (rating.complexity.name(), route.links[0].effort.clone().unwrap())
    };
    assert_eq!(effort(Some(3), Profile::Budgeted), ("simple", "medium".to_owned()));
    assert_eq!(effort(Some(8), Profile::Budgeted), ("moderate", "high".to_owned()));
    assert_eq!(effort(Some(3), Profile::Max), ("simple", "high".to_owned()), "the highest is the highest");
    assert_eq!(effort(None, Profile::Budgeted), ("moderate", "high".to_owned()), "nothing declared, nothing lowered");
}

#[test]
fn pln_01_a_plan_waits_for_a_persons_word_where_that_is_wanted() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.ask_for(|request| request.approval = Approval::Always);
    let waiting = world.play();
    assert!(matches!(waiting.steps.get(&StepId::from("approve")), Some(Step::Question { answer: None, .. })));
    assert!(!waiting.steps.keys().any(|step| step.as_str().starts_with("work.")), "nobody works before the word");
    assert!(outlined(&world, &waiting).wants.is_some());
    world.answer("approve", "yes");
    assert_eq!(world.play().outcome, Some(Outcome::Complete));

    let mut declined = World::new(&["1", "2"], &model, &green);
    declined.ask_for(|request| request.approval = Approval::Always);
    declined.play();
    declined.answer("approve", "no");
    assert_eq!(declined.play().outcome, Some(Outcome::Declined { what: "the plan".into() }));
}

#[test]
fn div_03_a_plan_below_the_wanted_diversity_asks_and_a_word_given_before_accepts_it() {
    let mut low = plan(&BOTH);
    low["sections"][0]["workstreams"][1]["model"] = json!("sonnet");
    let lower = by(low);
    let mut short = World::new(&["1", "2"], &lower, &green);
    short.policy.min_diversity = Some(100);
    let waiting = short.play();
    let Some(Step::Question { text, .. }) = waiting.steps.get(&StepId::from("approve")) else { panic!("asked") };
    assert!(text.contains("and 100 is wanted (engine.min_diversity)"), "{text}");
    let mut given = World::new(&["1", "2"], &lower, &green);
    given.policy.min_diversity = Some(100);
    given.ask_for(|request| request.approval = Approval::Given);
    assert_eq!(given.play().outcome, Some(Outcome::Complete));
}

#[test]
fn div_03_a_fallback_changes_what_is_realised_and_is_named_in_the_report() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage" | "work.2.storage", 0) => Does::Fails(FaultKind::TimedOut),
        _ => by(two())(step, acknowledged, link),
    };
    // The vendor's own names for what served carry no surprise.
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let (text, json) = report(&world, &run);
    let score = |which: &str| json["diversity"][which]["overall"]["score"].as_u64().unwrap();
    assert!(score("planned") > score("realised"), "{}", json["diversity"]);
    let causes = json["diversity"]["causes"].as_array().unwrap();
    assert!(causes.iter().any(|cause| cause["says"] == "Storage layer: fallback from ext to sonnet (timeout)"));
    assert!(text.contains(&format!("{} planned, {} realised", score("planned"), score("realised"))), "{text}");
}

#[test]
fn div_04_viewpoints_are_those_that_served_the_answers_that_stand() {
    let model = |step: &str, acknowledged: u32, link: &Link| match (step, acknowledged) {
        ("work.1.storage" | "work.2.storage", 0) => Does::Fails(FaultKind::TimedOut),
        _ => by(two())(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let (text, json) = report(&world, &run);
    let served: Vec<&str> =
        json["viewpoints"]["served"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(served, ["claude-opus-9-served", "claude-sonnet-9-served"], "the silent one is no viewpoint");
    assert!(text.contains("Viewpoints: 2."), "{text}");
}

#[test]
fn dev_09_the_report_says_order_mode_changes_checks_diversity_and_what_is_open() {
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "synthesis" => Does::Says(json!({
            "summary": "one", "decisions": [{"title": "d", "rationale": "r"}], "mismatches": [], "open_items": ["o"],
        })),
        _ => by(two())(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    world.deps = Some(json!({"edges": [edge("1", "2", "soft")]}));
    let run = world.play();
    let (text, json) = report(&world, &run);
    for part in [
        "Mode diverse, all sections at once: no section needs another.",
        "- 2 may touch the code of 1: the list",
        "- section 1 schemas: 1 file within `1/schemas/**`: do schemas",
        "| `make test` | 0 | 3 passed, 0 failed, 1 skipped | `",
        "Diversity, authoring only:",
        "- d: r",
        "- o",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(json["version"], 2);
    assert_eq!(json["changes"][0]["purpose"], "do schemas");
    assert_eq!(json["plan"]["order"]["strategy"], "parallel");
}

#[test]
fn dev_12_the_orchestrator_sees_every_merged_change_and_what_does_not_fit_is_listed() {
    // Two parts that compile and speak of the same thing in different units.
    let seeded = json!([{"file": "src/loan.rs", "line": 3, "claim": "days here, hours in src/rules.rs"}]);
    let model = |step: &str, acknowledged: u32, link: &Link| match step {
        "synthesis" => Does::Says(json!({
            "summary": "one", "decisions": [], "mismatches": seeded, "open_items": [],
        })),
        _ => by(two())(step, acknowledged, link),
    };
    let mut world = World::new(&["1", "2"], &model, &green);
    let run = world.play();
    let attached: Vec<String> = prompt(&run, "synthesis").attached.into_keys().collect();
    assert_eq!(attached, ["diff/1.schemas", "diff/1.storage", "diff/2.schemas", "diff/2.storage"]);
    let (text, json) = report(&world, &run);
    assert_eq!(json["synthesis"]["mismatches"], seeded);
    assert!(text.contains("- `src/loan.rs:3`: days here, hours in src/rules.rs"), "{text}");
    let schema = Develop.schema("synthesis").unwrap();
    assert!(schema["required"].as_array().unwrap().contains(&json!("mismatches")), "it must say so or say none");
}

#[test]
fn dev_01_a_workers_prompt_holds_what_was_found_about_its_section_and_nothing_of_another() {
    let model = by(two());
    let mut world = World::new(&["1", "2"], &model, &green);
    world.ask_for(|request| {
        request.requirements = Some("whole".into());
        request.sections[0].context = Some("context-1".into());
        request.sections[0].requirements = Some("parts-1".into());
    });
    let run = world.play();
    let of = |step: &str, name: &str| prompt(&run, step).attached.get(name).map(ToString::to_string);
    assert_eq!(of("work.1.schemas", "context").as_deref(), Some("context-1"));
    assert_eq!(of("work.1.schemas", "requirements").as_deref(), Some("parts-1"));
    assert_eq!(of("work.2.schemas", "requirements").as_deref(), Some("whole"), "it refers to no part");
    assert_eq!(of("work.2.schemas", "context"), None);
    assert_eq!(of("plan", "context/1").as_deref(), Some("context-1"));
}
