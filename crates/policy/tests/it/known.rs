//! What only some models can do, and what else is known of them: who is asked, and who is left.

use crate::house::{entry, policy};
use mao_core::day::Day;
use mao_core::ids::Stamp;
use mao_policy::case::{Case, Choice, Creative, Privacy, Record, Trait, Tuning};
use mao_policy::known::{Access, Actor, Capability};
use mao_policy::policy::{Lifecycle, Mode, ModelRole, Policy};
use mao_policy::route::{Conditions, admit};
use mao_policy::tree::walk;

/// The small registry, with who can do what: `ext-a` has a sandbox, `ext-b` the web and a large context.
fn house() -> Policy {
    let mut policy = policy();
    let all = [
        ("opus", vec![]),
        ("sonnet", vec![]),
        ("ext-a", vec![Capability::Sandbox]),
        ("ext-b", vec![Capability::WebSearch, Capability::LargeContext]),
    ];
    for (model, own) in all {
        let shared = [Capability::Edit, Capability::Tools];
        let entry = policy.models.get_mut(&model.into()).expect("known");
        entry.known.capabilities = Some(shared.into_iter().chain(own).collect());
    }
    policy
}

fn found(policy: &Policy, class: &str, change: impl Fn(&mut Case)) -> Record {
    let mut case = Case::of(class.into());
    change(&mut case);
    walk(policy, &Tuning::default(), &case, &Conditions::default())
}

fn links(record: &Record) -> Vec<&str> {
    record.route.links.iter().map(|link| link.model.as_str()).collect()
}

fn why<'r>(record: &'r Record, model: &str) -> &'r str {
    let skipped = record.route.skipped.iter().find(|skipped| skipped.model.as_str() == model);
    skipped.map_or("not skipped", |skipped| skipped.why.as_str())
}

#[test]
fn reg_05_what_only_one_can_do_goes_to_it_and_to_nobody_instead() {
    for mode in [Mode::Assist, Mode::Diverse] {
        let mut house = Policy { mode, ..house() };
        let web = |case: &mut Case| case.traits.push(Trait::NeedsWeb);
        let sandbox = |case: &mut Case| case.traits.push(Trait::NeedsSandbox);
        for class in ["core_logic", "simple_search", "something_new"] {
            let record = found(&house, class, web);
            assert_eq!(links(&record), ["ext-b"], "{mode:?} {class}");
            assert_eq!(why(&record, "opus"), "only cli-b has web_search");
            assert_eq!(links(&found(&house, class, sandbox)), ["ext-a"], "{mode:?} {class}");
        }
        house.enabled.remove(&"cli-b".into());
        let record = found(&house, "simple_search", web);
        assert!(matches!(record.choice, Choice::Refused { .. }), "{record:?}");
        assert_eq!(why(&record, "ext-b"), "cli-b is not enabled");
    }
}

#[test]
fn reg_05_films_are_made_by_whoever_makes_films_or_by_nobody() {
    let mut house = house();
    let film = |case: &mut Case| case.creative = Some(Creative::Video);
    let mut tuning = Tuning::default();
    tuning.defaults.insert(Creative::Video.key().to_owned(), "ext-a".into());
    let mut case = Case::of("video".into());
    film(&mut case);
    let record = walk(&house, &tuning, &case, &Conditions::default());
    assert_eq!(why(&record, "ext-a"), "no model of the registry has video");
    assert!(matches!(record.choice, Choice::Refused { .. }));
    let own = house.models.get_mut(&"ext-a".into()).expect("known");
    own.known.capabilities.get_or_insert_default().insert(Capability::Video);
    assert_eq!(links(&walk(&house, &tuning, &case, &Conditions::default())), ["ext-a"]);
}

#[test]
fn reg_05_a_very_large_context_goes_to_a_large_window_first_and_to_no_smaller_one() {
    let mut house = house();
    let of = |tokens| move |case: &mut Case| case.context_tokens = tokens;
    assert_eq!(links(&found(&house, "core_logic", of(200_000))), ["ext-a", "ext-b", "opus"]);
    assert_eq!(links(&found(&house, "core_logic", of(200_001))), ["ext-b", "ext-a", "opus"]);
    house.models.get_mut(&"opus".into()).expect("known").context_tokens = 200_000;
    let record = found(&house, "core_logic", of(200_001));
    assert_eq!(links(&record), ["ext-b", "ext-a"]);
    assert_eq!(why(&record, "opus"), "its window holds 200000 tokens, the context has 200001");
    house.mode = Mode::Assist;
    assert_eq!(links(&found(&house, "core_logic", of(200_001))), ["sonnet"], "X-39: only suggested");
}

#[test]
fn reg_05_what_is_private_goes_to_this_machine_alone() {
    let mut house = house();
    let private = |case: &mut Case| {
        case.privacy = Privacy::LocalOnly;
        case.traits.push(Trait::NeedsWeb);
    };
    assert!(matches!(found(&house, "core_logic", private).choice, Choice::Refused { .. }));
    house.models.insert("here".into(), entry("local", "here", "m", "m", ModelRole::Coder));
    house.enabled.insert("here".into());
    assert_eq!(links(&found(&house, "core_logic", |case| case.privacy = Privacy::LocalOnly)), ["here"]);
}

#[test]
fn reg_06_unknown_is_not_unavailable() {
    let mut house = house();
    let web = |case: &mut Case| case.traits.push(Trait::NeedsWeb);
    house.models.get_mut(&"ext-a".into()).expect("known").known.capabilities = None;
    assert_eq!(links(&found(&house, "core_logic", web)), ["ext-b", "ext-a"], "who surely can comes first");
    house.models.get_mut(&"ext-b".into()).expect("known").known.capabilities = Some(Default::default());
    assert_eq!(links(&found(&house, "core_logic", web)), ["ext-a"]);
    let model = house.models.get_mut(&"ext-a".into()).expect("known");
    assert_eq!((model.can(Capability::WebSearch), model.known.access.get(&Actor::Orchestrator)), (None, None));
    for (access, may) in [(Access::Yes, true), (Access::WithKey, true), (Access::No, false)] {
        let model = house.models.get_mut(&"ext-a".into()).expect("known");
        model.known.access.insert(Actor::Orchestrator, access);
        let admitted = admit(&house, &"core_logic".into(), &"ext-a".into(), &Conditions::default());
        assert_eq!(admitted.is_ok(), may, "{access:?}");
    }
}

#[test]
fn reg_06_a_model_is_retired_from_the_day_that_was_announced() {
    let mut house = house();
    let day = |text: &str| text.parse::<Day>().expect("a day");
    let model = house.models.get_mut(&"ext-a".into()).expect("known");
    (model.known.deprecated, model.known.retires) = (Some(day("2026-10-01")), Some(day("2026-12-01")));
    model.replacement = Some("ext-b".into());
    let at = |text: &str| Stamp(day(text).begins().0);
    let stages = [("2026-09-30", Lifecycle::Active), ("2026-10-01", Lifecycle::Deprecated)];
    let stages = stages.into_iter().chain([("2026-11-30", Lifecycle::Deprecated), ("2026-12-01", Lifecycle::Retired)]);
    for (when, stage) in stages {
        assert_eq!(house.models[&"ext-a".into()].stage(at(when)), stage, "{when}");
        let conditions = Conditions { now: at(when), ..Conditions::default() };
        let admitted = admit(&house, &"core_logic".into(), &"ext-a".into(), &conditions).map(|_| ());
        let expected = if stage == Lifecycle::Retired { Err("retired; use ext-b".to_owned()) } else { Ok(()) };
        assert_eq!(admitted, expected, "{when}");
    }
}
