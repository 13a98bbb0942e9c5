//! The decision tree: precedence, reasons, suggestions.

use crate::house::{entry, policy};
use mao_core::event::Route;
use mao_policy::case::{
    Access, Case, Checkpoint, CheckpointMode, Choice, Creative, Node, Privacy, Record, Trait, Tuning,
};
use mao_policy::policy::{Mode, ModelRole, Policy, TaskRoute};
use mao_policy::route::Conditions;
use mao_policy::touchpoints;
use mao_policy::tree::walk;
use mao_policy::triggers::Hit;

fn asked(class: &str) -> Case {
    Case::of(class.into())
}

fn found(policy: &Policy, case: &Case) -> Record {
    walk(policy, &Tuning::default(), case, &Conditions::default())
}

fn model(record: &Record) -> &str {
    match &record.choice {
        Choice::Model { model } => model.as_str(),
        other @ (Choice::Consent { .. } | Choice::AskPerson { .. } | Choice::Tests | Choice::Refused { .. }) => {
            panic!("{other:?}")
        }
    }
}

fn refused(record: &Record) -> &str {
    match &record.choice {
        Choice::Refused { why } => why,
        other @ (Choice::Consent { .. } | Choice::AskPerson { .. } | Choice::Tests | Choice::Model { .. }) => {
            panic!("{other:?}")
        }
    }
}

fn chain(route: &Route) -> Vec<&str> {
    route.links.iter().map(|link| link.model.as_str()).collect()
}

fn hit() -> Hit {
    Hit { path: "auth.rs".into(), line: None, column: 1, pattern: "auth".into() }
}

fn assist() -> Policy {
    Policy { mode: Mode::Assist, ..policy() }
}

#[test]
fn rte_01_the_record_holds_every_question_and_every_rejection_and_is_the_same_each_time() {
    let mut closed = policy();
    closed.enabled.remove(&"cli-a".into());
    let record = found(&closed, &asked("core_logic"));
    assert_eq!(record, found(&closed, &asked("core_logic")));
    assert_eq!((record.node, model(&record), record.access), (Node::Default, "ext-b", Access::WritesOwned));
    assert_eq!(chain(&record.route), ["ext-b", "opus"]);
    assert_eq!(record.route.skipped[0].why, "cli-a is not enabled", "RTE-05: a change of route, no failure");
    let nodes: Vec<&str> = record.visits.iter().map(|visit| visit.node.name()).collect();
    let all = "privacy primary request creative debug review research disagreement default";
    assert_eq!(nodes.join(" "), all);
    assert!(record.visits.iter().all(|visit| !visit.inputs.is_empty() && !visit.outcome.is_empty()));
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
}

#[test]
fn rte_05_privacy_comes_before_a_request_and_before_what_is_creative() {
    let mut secret = asked("core_logic");
    (secret.privacy, secret.creative) = (Privacy::LocalOnly, Some(Creative::Image));
    secret.explicit = Some("ext-a".into());
    let record = found(&policy(), &secret);
    assert_eq!(record.node, Node::Privacy);
    assert!(refused(&record).contains("nothing may leave this machine"));
    let mut machine = policy();
    machine.models.insert("own".into(), entry("local", "cli-l", "l-1", "l", ModelRole::Worker));
    machine.enabled.insert("cli-l".into());
    assert_eq!(chain(&found(&machine, &secret).route), ["own"], "no fallback that leaves");
    secret.privacy = Privacy::HomeOnly;
    let record = found(&policy(), &secret);
    assert!(refused(&record).starts_with("ext-a: privacy"), "{record:?}");
    (secret.explicit, secret.creative) = (None, None);
    assert_eq!(chain(&found(&policy(), &secret).route), ["opus"]);
}

#[test]
fn prv_03_privacy_is_the_first_question_whatever_else_the_work_is() {
    for creative in [None, Some(Creative::Image), Some(Creative::Svg), Some(Creative::Video)] {
        for class in ["core_logic", "code_review", "debugging", "web_research"] {
            let mut secret = asked(class);
            (secret.privacy, secret.creative, secret.explicit) = (Privacy::LocalOnly, creative, Some("ext-a".into()));
            secret.traits = vec![Trait::NeedsWeb, Trait::Disagreement];
            let record = found(&policy(), &secret);
            assert_eq!((record.node, record.visits.len()), (Node::Privacy, 1), "{class} {creative:?}: {record:?}");
            assert!(chain(&record.route).is_empty());
        }
    }
}

#[test]
fn prv_07_what_must_stay_comes_before_a_request() {
    let mut sign = asked("validation");
    assert_eq!(model(&found(&policy(), &sign)), "sonnet");
    sign.explicit = Some("ext-a".into());
    let record = found(&policy(), &sign);
    assert_eq!(record.node, Node::Primary);
    assert!(refused(&record).starts_with("ext-a: validation stays with"), "{record:?}");
    sign.explicit = Some("opus".into());
    assert_eq!(model(&found(&policy(), &sign)), "opus");
}

#[test]
fn rte_05_a_request_skips_checkpoints_and_needs_a_word_for_what_is_not_enabled() {
    let mut wish = asked("core_logic");
    wish.explicit = Some("ext-b".into());
    assert_eq!(chain(&found(&policy(), &wish).route), ["ext-b", "ext-a", "opus"]);
    let mut closed = policy();
    closed.enabled.clear();
    let record = found(&closed, &wish);
    let why = "cli-b is not enabled".to_owned();
    assert_eq!(record.choice, Choice::Consent { model: "ext-b".into(), why });
    assert_eq!(chain(&record.route), Vec::<&str>::new(), "nobody else instead");
    let mut gone = Conditions::default();
    gone.unusable.insert("cli-b".into(), "cli-b is not on PATH".into());
    assert!(refused(&walk(&closed, &Tuning::default(), &wish, &gone)).contains("not on PATH"));
    wish.explicit = Some("nobody".into());
    assert_eq!(refused(&found(&policy(), &wish)), "nobody: not in the registry");
}

#[test]
fn rte_01_what_is_creative_asks_where_nothing_is_configured() {
    let mut drawing = asked("core_logic");
    drawing.creative = Some(Creative::Svg);
    let record = found(&policy(), &drawing);
    assert!(matches!(&record.choice, Choice::AskPerson { question } if question.contains("svg_generation")));
    let mut tuning = Tuning::default();
    tuning.defaults.insert("svg_generation".into(), "ext-b".into());
    let record = walk(&policy(), &tuning, &drawing, &Conditions::default());
    assert_eq!((model(&record), chain(&record.route)), ("ext-b", vec!["ext-b"]));
    assert_eq!(record.suggestions[0].checkpoint, Some(Checkpoint::CreativeModelSelection));
}

#[test]
fn rte_05_faults_are_looked_for_at_home_and_two_failed_cycles_offer_three() {
    let mut fault = asked("core_logic");
    fault.failed_cycles = 1;
    let record = found(&policy(), &fault);
    assert_eq!((record.node, model(&record), record.suggestions.len()), (Node::Debug, "opus", 0));
    fault.failed_cycles = 2;
    let record = found(&policy(), &fault);
    let offered: Vec<&str> = record.suggestions.iter().map(|one| one.role.name()).collect();
    assert_eq!((model(&record), offered), ("opus", vec!["coder", "analyzer", "orchestrator"]));
    assert_eq!(record.suggestions[0].model, Some("ext-a".into()));
    let mut elsewhere = asked("debugging");
    elsewhere.traits.push(Trait::EnvironmentSpecific);
    assert_eq!(found(&policy(), &elsewhere).suggestions.len(), 3);
    let mut tuning = Tuning::default();
    tuning.checkpoints.insert(Checkpoint::DebugEscalation, CheckpointMode::Off);
    assert_eq!(walk(&policy(), &tuning, &fault, &Conditions::default()).suggestions, []);
}

#[test]
fn rte_07_a_review_is_offered_to_small_or_large_by_files_and_hits() {
    let mut review = asked("pr_review");
    let offered = |case: &Case| found(&assist(), case).suggestions.first().map(|one| one.role);
    (review.files, review.hits) = (10, Vec::new());
    assert_eq!(offered(&review), None);
    review.files = 11;
    assert_eq!(offered(&review), Some(ModelRole::Analyzer));
    (review.files, review.hits) = (1, vec![hit()]);
    assert_eq!(offered(&review), Some(ModelRole::Analyzer));
    review.class = "plan_review".into();
    assert_eq!(offered(&review), Some(ModelRole::Coder));
    let record = found(&assist(), &review);
    assert_eq!((record.node, model(&record), record.access), (Node::Review, "sonnet", Access::Reads));
    (review.hits, review.traits) = (Vec::new(), vec![Trait::ArchitectureChange]);
    assert_eq!(offered(&review), Some(ModelRole::Analyzer));
}

#[test]
fn rte_08_the_web_goes_out_and_a_large_context_only_suggests() {
    let mut look = asked("simple_search");
    look.traits.push(Trait::NeedsWeb);
    assert_eq!(chain(&found(&assist(), &look).route), ["ext-b", "opus"], "no checker is in this registry");
    (look.traits, look.context_tokens) = (Vec::new(), 150_001);
    let record = found(&assist(), &look);
    assert_eq!((record.node, model(&record), record.suggestions.len()), (Node::Research, "opus", 1));
    let mut plain = asked("core_logic");
    plain.context_tokens = 150_001;
    let record = found(&assist(), &plain);
    assert_eq!((record.node, record.suggestions.len()), (Node::Default, 1));
}

#[test]
fn rte_04_the_kind_of_work_decides_where_no_route_does() {
    let by = |policy: &Policy, class: &str| model(&found(policy, &asked(class))).to_owned();
    assert_eq!(by(&policy(), "test_generation"), "ext-a", "work for the coder");
    assert_eq!(by(&policy(), "structural_analysis"), "ext-b", "work for the analyzer");
    assert_eq!(by(&policy(), "something_new"), "sonnet");
    assert_eq!(by(&assist(), "test_generation"), "sonnet", "assist: others act only where they are asked");
    let mut ruled = policy();
    let own = TaskRoute { diverse: vec!["sonnet".into()], ..Default::default() };
    ruled.routes.insert("test_generation".into(), own);
    assert_eq!(by(&ruled, "test_generation"), "sonnet", "a route comes before the kind of work");
    let mut tuning = Tuning::default();
    tuning.roles.insert(ModelRole::Coder, "ext-b".into());
    let record = walk(&policy(), &tuning, &asked("test_generation"), &Conditions::default());
    assert_eq!(model(&record), "ext-b", "a role that is given to somebody");
}

#[test]
fn rte_11_a_prototype_leaves_home_on_request_only() {
    let mut open = policy();
    let row = open.routes[&"core_logic".into()].clone();
    open.routes.insert("prototype".into(), row);
    let mut quick = asked("prototype");
    assert_eq!(model(&found(&open, &quick)), "opus");
    quick.explicit = Some("ext-b".into());
    assert_eq!(model(&found(&open, &quick)), "ext-b");
}

#[test]
fn rte_05_models_that_disagree_are_decided_between_by_tests() {
    let mut apart = asked("core_logic");
    apart.traits.push(Trait::Disagreement);
    let record = found(&policy(), &apart);
    assert_eq!((record.node, record.choice, record.route), (Node::Disagreement, Choice::Tests, Route::default()));
}

#[test]
fn rte_13_each_phase_of_a_project_has_its_own_hands_and_offers() {
    // In mode assist the orchestrator's vendor does the work of every phase; others are offered, or asked for by name.
    let mut tuning = Tuning::default();
    tuning.defaults.insert(Creative::Image.key().to_owned(), "ext-b".into());
    let mut house = assist();
    house.models.insert(
        "haiku".into(),
        entry(
            mao_policy::orchestrator::home_vendor().as_str(),
            "home",
            "claude-haiku-9",
            "claude-haiku",
            ModelRole::Checker,
        ),
    );
    let look = |change: &dyn Fn(&mut Case), class: &str| {
        let mut case = asked(class);
        change(&mut case);
        walk(&house, &tuning, &case, &Conditions::default())
    };
    let offers = |record: &Record| record.suggestions.iter().map(|one| one.role).collect::<Vec<_>>();
    let plain = |_: &mut Case| {};
    // Research: at home, and the web where it is needed.
    assert_eq!(model(&look(&plain, "exploration")), "haiku");
    assert_eq!(model(&look(&|case| case.traits.push(Trait::NeedsWeb), "exploration")), "ext-b");
    // Planning: signed at home, read by a coder where there is a reason.
    let signed_at_home = |class: &str| {
        let links = look(&plain, class).route.links;
        !links.is_empty() && links.iter().all(|link| link.vendor == mao_policy::orchestrator::home_vendor())
    };
    assert!(signed_at_home("plan"));
    assert_eq!(offers(&look(&|case| case.files = 11, "plan_review")), [ModelRole::Coder]);
    // Implementation: the worker; a coder for a fault that stays, an analyzer's prototype by name.
    assert_eq!(model(&look(&plain, "implementation")), "sonnet");
    assert!(offers(&look(&|case| case.failed_cycles = 2, "debugging")).contains(&ModelRole::Coder));
    assert_eq!(model(&look(&|case| case.explicit = Some("ext-b".into()), "prototype")), "ext-b");
    // Creative: by type.
    assert_eq!(model(&look(&|case| case.creative = Some(Creative::Image), "image")), "ext-b");
    // Review: the worker, and another vendor's look at what is large.
    let review = look(&|case| case.files = 11, "pr_review");
    assert_eq!((model(&review), offers(&review)), ("sonnet", vec![ModelRole::Analyzer]));
    // Validation: signed at home; models that disagree are decided between by tests.
    assert!(signed_at_home("validation"));
    assert_eq!(look(&|case| case.traits.push(Trait::Disagreement), "core_logic").choice, Choice::Tests);
    // Deployment: changelog and documents by the checker.
    assert_eq!(model(&look(&plain, "documentation")), "haiku");
}

#[test]
fn cfg_04_a_creative_kind_without_a_default_asks_whatever_its_checkpoint_says() {
    for mode in [CheckpointMode::Auto, CheckpointMode::Ask, CheckpointMode::Off] {
        for kind in [Creative::Image, Creative::Svg, Creative::Mockup, Creative::Video] {
            let checkpoints = [(Checkpoint::CreativeModelSelection, mode)].into();
            let mut tuning = Tuning { checkpoints, ..Tuning::default() };
            let case = Case { creative: Some(kind), ..asked(kind.key()) };
            let record = walk(&policy(), &tuning, &case, &Conditions::default());
            let Choice::AskPerson { question } = &record.choice else {
                panic!("{kind:?}, {mode:?}: {:?}", record.choice)
            };
            assert!(question.contains(&format!("models.defaults.{}", kind.key())), "{question}");
            assert!(record.route.links.is_empty(), "nobody is called before the answer");
            tuning.defaults.insert(kind.key().to_owned(), "ext-b".into());
            assert_eq!(model(&walk(&policy(), &tuning, &case, &Conditions::default())), "ext-b");
        }
    }
}

#[test]
fn rte_13_every_phase_names_who_may_act_and_the_tree_agrees() {
    let phases = touchpoints::phases();
    let names: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["research", "planning", "implementation", "creative", "review", "validation", "deploy"]);
    for phase in phases {
        let home = phase.home;
        assert!([ModelRole::Orchestrator, ModelRole::Worker, ModelRole::Checker].contains(&home), "{}", phase.name);
        for touch in &phase.others {
            let creative = [Creative::Image, Creative::Svg, Creative::Mockup, Creative::Video];
            match creative.into_iter().find(|kind| kind.key() == touch.what.as_str()) {
                // Its key says who; without one a person does.
                Some(kind) => {
                    assert_eq!((touch.who, touch.at), (None, Some(Checkpoint::CreativeModelSelection)));
                    let case = Case { creative: Some(kind), ..asked(touch.what.as_str()) };
                    assert!(matches!(found(&policy(), &case).choice, Choice::AskPerson { .. }));
                }
                None => {
                    assert!(touch.who.is_some_and(|who| who != ModelRole::Orchestrator), "{}", touch.what);
                    assert!(mao_policy::tree::classes().any(|class| *class == touch.what), "{}", touch.what);
                    assert!(!mao_policy::primary::stays(&touch.what), "{} never leaves", touch.what);
                }
            }
        }
    }
}
