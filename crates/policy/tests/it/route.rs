//! Which models a question may use: the one orchestrator, opt-in, order, reasons.

use crate::house::{ask, entry, policy, shown};
use mao_core::ask::{Binding, Proposal, Role};
use mao_core::glob::Glob;
use mao_policy::policy::{Lifecycle, Mode, ModelRole};
use mao_policy::route::Conditions;
use mao_policy::{grant, orchestrator, route};

#[test]
fn inv_01_the_orchestrators_questions_have_one_link() {
    let found = route(&policy(), &ask(Role::Orchestrator), &Conditions::default());
    assert_eq!(shown(&found), ["opus"]);
}

#[test]
fn inv_01_no_other_family_can_hold_the_role() {
    assert_eq!(orchestrator::check(&policy()), Ok(()));
    let mut usurped = policy();
    usurped.models.insert("x".into(), entry("vendor-a", "cli-a", "a-2", "a", ModelRole::Orchestrator));
    let refused = orchestrator::check(&usurped).unwrap_err().to_string();
    assert!(refused.contains("`x`") && refused.contains("claude-opus"), "{refused}");
    // Neither the right family's name with another vendor, nor another model under the right vendor.
    for wrong in [
        entry("vendor-a", "cli-a", "claude-opus-9", "claude-opus", ModelRole::Orchestrator),
        entry("anthropic", "home", "claude-sonnet-9", "claude-opus", ModelRole::Orchestrator),
        entry("anthropic", "home", "claude-opus-9", "claude-sonnet", ModelRole::Orchestrator),
    ] {
        let mut usurped = policy();
        usurped.models.insert("opus".into(), wrong.clone());
        assert!(orchestrator::check(&usurped).is_err(), "{wrong:?}");
    }
}

#[test]
fn inv_01_there_is_exactly_one() {
    let mut two = policy();
    let another = two.models[&"opus".into()].clone();
    two.models.insert("opus-2".into(), another);
    assert!(orchestrator::check(&two).unwrap_err().to_string().contains("2 orchestrators"));
    let mut none = policy();
    none.models.remove(&"opus".into());
    assert!(orchestrator::check(&none).is_err());
}

#[test]
fn inv_01_a_reply_counts_only_from_the_family() {
    assert!(orchestrator::served_by_the_family("claude-opus-5-5"));
    for other in ["claude-sonnet-5-5", "gpt-9", "", "opus", "x-claude-opus-5"] {
        assert!(!orchestrator::served_by_the_family(other), "{other}");
    }
}

#[test]
fn inv_02_what_is_not_enabled_is_not_routed() {
    let mut closed = policy();
    closed.enabled.clear();
    let found = route(&closed, &ask(Role::Worker), &Conditions::default());
    assert_eq!(shown(&found), ["opus", "-ext-a: cli-a is not enabled", "-ext-b: cli-b is not enabled"]);
    closed.enabled.insert("cli-b".into());
    let found = route(&closed, &ask(Role::Worker), &Conditions::default());
    assert_eq!(shown(&found), ["ext-b", "opus", "-ext-a: cli-a is not enabled"]);
}

#[test]
fn fbk_04_golden_9_a_chain_ends_with_the_orchestrator_and_repeats_nobody() {
    let mut looped = policy();
    let row = looped.routes.get_mut(&"core_logic".into()).unwrap();
    row.diverse = vec!["opus".into(), "ext-a".into(), "opus".into(), "ext-a".into()];
    let found = route(&looped, &ask(Role::Worker), &Conditions::default());
    assert_eq!(shown(&found), ["opus", "ext-a"]);
    looped.routes.clear();
    assert_eq!(shown(&route(&looped, &ask(Role::Worker), &Conditions::default())), ["opus"]);
}

#[test]
fn rte_01_a_route_says_why_and_is_the_same_each_time() {
    let mut retired = policy();
    let dead = retired.models.get_mut(&"ext-a".into()).unwrap();
    (dead.lifecycle, dead.replacement) = (Lifecycle::Retired, Some("ext-b".into()));
    let mut conditions = Conditions::default();
    conditions.unusable.insert("cli-b".into(), "cli-b is not on PATH".into());
    let found = route(&retired, &ask(Role::Worker), &conditions);
    assert_eq!(shown(&found), ["opus", "-ext-a: retired; use ext-b", "-ext-b: cli-b is not on PATH"]);
    assert_eq!(found, route(&retired, &ask(Role::Worker), &conditions));
    let open = route(&policy(), &ask(Role::Worker), &Conditions::default());
    let why: Vec<&str> = open.links.iter().map(|link| link.why.as_str()).collect();
    let mode = "of core_logic in mode diverse";
    assert_eq!(why, [&format!("primary {mode}"), &format!("fallback {mode}"), "universal fallback"]);
    let efforts: Vec<Option<&str>> = open.links.iter().map(|link| link.effort.as_deref()).collect();
    assert_eq!(efforts, [Some("high"), Some("low"), Some("low")], "the task's row, then the model's default");
}

#[test]
fn inv_02_assist_routes_to_the_home_vendor() {
    let mut assist = policy();
    assist.mode = Mode::Assist;
    assert_eq!(shown(&route(&assist, &ask(Role::Worker), &Conditions::default())), ["sonnet", "opus"]);
}

#[test]
fn inv_06_an_external_model_gets_no_more_than_the_home_vendor() {
    let home = orchestrator::home_vendor();
    let found = route(&policy(), &ask(Role::Worker), &Conditions::default());
    let own = route(&policy(), &ask(Role::Orchestrator), &Conditions::default());
    let owned = vec![Glob("src/**".into())];
    let text = || mao_core::ask::ReplyForm::Text;
    for link in &found.links {
        for reply in [text(), mao_core::ask::ReplyForm::Change { owned: owned.clone(), resolves: None }] {
            let mut question = ask(Role::Worker);
            question.reply = reply.clone();
            let given = grant::grant(&policy(), &question, link, &home);
            let at_home = grant::grant(&policy(), &question, &own.links[0], &home);
            assert!(given.within(&at_home), "{} gets {given:?}, home gets {at_home:?}", link.model);
            assert_eq!(given.writes(), reply != text(), "{}", link.model);
        }
    }
}

#[test]
fn prv_07_what_must_stay_never_leaves_whatever_is_configured() {
    let home = orchestrator::home_vendor();
    let mut open = policy();
    let row = open.routes[&"core_logic".into()].clone();
    for class in mao_policy::primary::classes() {
        open.routes.insert(class.clone(), row.clone());
        let mut question = ask(Role::Worker);
        question.task = class.clone();
        let found = route(&open, &question, &Conditions::default());
        assert!(found.links.iter().all(|link| link.vendor == home), "{class}: {:?}", shown(&found));
        let why = format!("{class} stays with {home}");
        assert_eq!(shown(&found), ["opus".to_owned(), format!("-ext-a: {why}"), format!("-ext-b: {why}")]);
    }
    for class in ["synthesis", "validation", "authentication", "secret_rotation", "payment", "deletion", "force_push"] {
        assert!(mao_policy::primary::stays(&class.into()), "{class}");
    }
    assert!(!mao_policy::primary::stays(&"core_logic".into()));
}

#[test]
fn qa_10_whose_work_it_is_about_is_asked_last_and_marked() {
    let mut question = ask(Role::Worker);
    question.apart_from = ["cli-a".into()].into();
    let found = route(&policy(), &question, &Conditions::default());
    assert_eq!(shown(&found), ["ext-b", "opus", "ext-a"]);
    assert!(found.links[2].why.ends_with("; same provider, a fresh instance"), "{}", found.links[2].why);
    // Where there is nobody else, a fresh instance of the same provider answers, and the record says so.
    question.apart_from = ["home".into()].into();
    let mut alone = policy();
    alone.enabled.clear();
    let found = route(&alone, &question, &Conditions::default());
    assert_eq!((found.links[0].model.as_str(), found.links[0].why.contains("same provider")), ("opus", true));
}

#[test]
fn esc_07_work_at_home_is_done_at_home_whoever_is_configured_or_proposed() {
    let mut question = ask(Role::Worker);
    let proposed =
        |model: &str| Some(Proposal { model: model.into(), reason: "repairs".into(), binding: Binding::AtHome });
    question.proposal = proposed("sonnet");
    assert_eq!(shown(&route(&policy(), &question, &Conditions::default())), ["sonnet", "opus"]);
    question.proposal = proposed("ext-a");
    let refused = "-ext-a: this is done at home, whoever is proposed";
    assert_eq!(shown(&route(&policy(), &question, &Conditions::default())), ["opus", refused]);
}
