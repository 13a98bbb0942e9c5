//! Private work: who may not see it is not asked, whatever else is true of them.

use crate::house::{Run, ask, policy, shown};
use mao_core::ask::{ReplyForm, Role};
use mao_core::fault::FaultKind;
use mao_core::glob::Glob;
use mao_policy::decide::Next;
use mao_policy::grant::grant;
use mao_policy::orchestrator;
use mao_policy::policy::{LOCAL, Policy, Privacy, Private};
use mao_policy::privacy::{self, withheld, without};
use mao_policy::route::{Conditions, of_class, route};

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob((*text).to_owned())).collect()
}

fn careful() -> Policy {
    let private =
        Private { local_only: globs(&["vault/**"]), home_only: globs(&["internal/**"]), always_local: Vec::new() };
    Policy { private, ..policy() }
}

/// A question about a change of these paths.
fn about(owned: &[&str]) -> mao_core::ask::Ask {
    let mut ask = ask(Role::Worker);
    ask.reply = ReplyForm::Change { owned: globs(owned), resolves: None };
    ask
}

#[test]
fn inv_08_privacy_is_asked_before_every_other_question_about_a_model() {
    let mut policy = careful();
    // What else is wrong with them is not even looked at.
    policy.enabled.clear();
    let routed = route(&policy, &about(&["internal/wages.rs"]), &Conditions::default());
    let because = "privacy is home_only: internal/** (internal/wages.rs)";
    assert_eq!(shown(&routed), ["opus".to_owned(), format!("-ext-a: {because}"), format!("-ext-b: {because}")]);
    let nobody = route(&careful(), &about(&["vault/door.rs"]), &Conditions::default());
    assert!(nobody.links.is_empty() && nobody.skipped.len() == 3, "{:?}", shown(&nobody));
}

#[test]
fn inv_08_privacy_is_asked_again_before_every_fallback() {
    let mut run = Run::new(careful());
    assert_eq!(run.go_on(), 0);
    run.fail(FaultKind::Refused);
    // Tightened meanwhile: the next link is not allowed to see it any more, the orchestrator is.
    run.policy.privacy = Privacy::HomeOnly;
    run.follow();
    // First that it is passed over is recorded, then the one after it is asked.
    run.follow();
    assert_eq!(run.go_on(), 2, "the next link's vendor may not see it any more");
}

#[test]
fn prv_04_what_stays_on_this_machine_never_falls_back_to_the_orchestrators_vendor() {
    let mut policy = careful();
    policy.private.always_local = vec!["core_logic".into()];
    let routed = route(&policy, &about(&["src/**"]), &Conditions::default());
    assert!(routed.links.is_empty(), "{:?}", shown(&routed));
    policy.private.always_local.clear();
    policy.privacy = Privacy::LocalOnly;
    let plain = of_class(&policy, &"core_logic".into(), Role::Worker, &Conditions::default());
    assert!(plain.links.is_empty(), "{:?}", shown(&plain));
    policy.privacy = Privacy::HomeOnly;
    let home = of_class(&policy, &"core_logic".into(), Role::Worker, &Conditions::default());
    assert_eq!(home.links.len(), 1, "{:?}", shown(&home));
}

#[test]
fn prv_02_what_is_kept_from_whom_follows_from_the_vendor_alone() {
    let (policy, home) = (careful(), orchestrator::home_vendor());
    assert_eq!(withheld(&policy, &home), globs(&["vault/**"]));
    assert_eq!(withheld(&policy, &"vendor-a".into()), globs(&["vault/**", "internal/**"]));
    assert!(withheld(&policy, &LOCAL.into()).is_empty());
    let routed = route(&policy, &ask(Role::Worker), &Conditions::default());
    let granted = grant(&policy, &ask(Role::Worker), &routed.links[0], &home);
    assert_eq!(granted.withheld, globs(&["vault/**", "internal/**"]), "a worker's worktree is made without them");
    assert!(privacy::is_private(&policy, "internal/wages.rs") && !privacy::is_private(&policy, "src/lib.rs"));
}

#[test]
fn prv_03_a_diff_goes_on_without_the_parts_that_are_private() {
    let part =
        |path: &str| format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+{path}!\n");
    let text = [part("src/a.rs"), part("vault/door.rs"), part("src/b.rs")].concat();
    let left = without(&text, &globs(&["vault/**"]));
    assert_eq!(left, [part("src/a.rs"), part("src/b.rs")].concat());
    assert_eq!(without("no diff at all: vault/door.rs", &globs(&["vault/**"])), "no diff at all: vault/door.rs");
}

#[test]
fn prv_01_nothing_is_started_where_nobody_may_see_it() {
    let mut policy = careful();
    policy.privacy = Privacy::LocalOnly;
    let run = Run::new(policy);
    assert!(!matches!(run.next(), Next::Start { .. }), "{:?}", run.next());
}
