//! The repository's registry and routes: what they may change, with and without consent.

use mao_config::{Inputs, Loaded, Source, lint, load};
use mao_core::ids::ModelId;
use mao_policy::policy::{Lifecycle, Mode};

fn fenced(yaml: &str) -> String {
    format!("# Registry\n\n```yaml\n{yaml}\n```\n")
}

fn inputs(registry: &str, routing: &str) -> Inputs {
    let source = |name: &str, text: &str| (!text.is_empty()).then(|| Source::new(name, fenced(text)));
    Inputs {
        registry: source("registry.md", registry),
        routing: source("task-routing.md", routing),
        ..Inputs::default()
    }
}

fn trusted(registry: &str, routing: &str) -> Inputs {
    Inputs { trusted: [Source::new("x", fenced(registry)).hash()].into(), ..inputs(registry, routing) }
}

fn loads(inputs: &Inputs) -> Loaded {
    load(inputs).unwrap_or_else(|errors| panic!("{errors}"))
}

const NEW: &str = "models:\n  gpt-6.2-sol:\n    provider: openai\n    cli: codex\n    endpoint: gpt-6.2-sol\n    family: gpt-sol\n    \
    role: coder\n    efforts: [low, medium, high]\n    effort: medium\n    context_tokens: 900000\n    output_tokens: 64000\n    \
    lifecycle: active\n    verified_at: 2026-12-01\n    capabilities: [code]";

#[test]
fn reg_01_a_new_model_has_every_field_and_needs_consent() {
    let waiting = loads(&inputs(NEW, ""));
    assert!(!waiting.policy.models.contains_key(&ModelId::from("gpt-6.2-sol")));
    assert_eq!(waiting.policy, loads(&Inputs::default()).policy);
    assert!(waiting.warnings[0].what.contains("ignored") && waiting.warnings[0].what.contains("registry.gpt-6.2-sol"));

    let loaded = loads(&trusted(NEW, ""));
    let entry = &loaded.policy.models[&ModelId::from("gpt-6.2-sol")];
    assert_eq!((entry.vendor.as_str(), entry.provider.as_str(), entry.account.as_str()), ("openai", "codex", "openai"));
    assert_eq!((entry.context_tokens, entry.output_tokens, entry.lifecycle), (900_000, 64_000, Lifecycle::Active));
    assert_eq!((entry.effort.as_deref(), entry.verified_at.as_str()), (Some("medium"), "2026-12-01"));
    assert_eq!(loaded.roles["coder"].as_str(), "gpt-6.2-sol");
    assert_eq!(loaded.policy.routes[&"storage_layer".into()].diverse[0].as_str(), "gpt-6.2-sol");
    assert_eq!(loaded.given["roles.coder"].to_string(), "registry.md:10");
    assert!(loaded.policy.enabled.is_empty(), "a registry enables nobody, trusted or not");
}

#[test]
fn reg_07_a_role_is_its_newest_active_model_whatever_the_order() {
    let older = NEW.replace("gpt-6.2-sol", "gpt-6.15-sol").replace("models:\n", "");
    for registry in [format!("{NEW}\n{older}"), format!("models:\n{older}\n{}", NEW.replace("models:\n", ""))] {
        let loaded = loads(&trusted(&registry, ""));
        assert_eq!(loaded.roles["coder"].as_str(), "gpt-6.15-sol", "15 is after 2");
        let retired = registry.replacen("endpoint: gpt-6.15-sol", "lifecycle: retired\n    endpoint: gpt-6.15-sol", 1);
        let retired = retired.replacen(
            "    lifecycle: active\n",
            "",
            if registry.find("6.15") < registry.find("6.2-") { 1 } else { 2 },
        );
        let loaded = loads(&trusted(&retired, ""));
        assert_eq!(loaded.roles["coder"].as_str(), "gpt-6.2-sol", "{retired}");
    }
    // A key of the user's own wins over the repository's role.
    let mut own = trusted(NEW, "");
    own.user = Some(Source::new("user.toml", "[models.codex]\ndefault_model = \"gpt-6.1-terra\"\n"));
    assert_eq!(loads(&own).roles["coder"].as_str(), "gpt-6.1-terra");
}

#[test]
fn reg_07_what_was_resolved_is_frozen_in_the_policy() {
    let loaded = loads(&trusted(NEW, "development:\n  tests: {primary: coder, fallback: haiku}"));
    let text = toml::to_string(&loaded.policy).expect("a policy in TOML");
    let again: mao_policy::Policy = toml::from_str(&text).expect("the same policy");
    let route = &again.routes[&"tests".into()];
    assert_eq!(route.diverse, ["gpt-6.2-sol".into(), "haiku-5.5".into()], "ids, not aliases: no file changes them");
}

#[test]
fn reg_08_dangling_references_are_errors_at_their_place() {
    let errors =
        load(&inputs("", "pre_flight:\n  dependency_check:\n    primary: haikku\n    fallback: o9")).expect_err("two");
    let lines: Vec<String> = errors.0.iter().map(|e| e.to_string().lines().next().unwrap_or("").to_owned()).collect();
    assert_eq!(
        lines,
        ["task-routing.md:6:14: `haikku` is not in the registry", "task-routing.md:7:15: `o9` is not in the registry"]
    );
}

#[test]
fn reg_09_without_consent_a_known_model_is_only_narrowed() {
    let text = "models:\n  gpt-6-luna:\n    context_tokens: 9000000\n    output_tokens: 1000\n    endpoint: evil-1\n    lifecycle: legacy\n    \
        efforts: [low, medium]";
    let loaded = loads(&inputs(text, ""));
    let shipped = loads(&Inputs::default());
    let (entry, before) = (&loaded.policy.models[&"gpt-6-luna".into()], &shipped.policy.models[&"gpt-6-luna".into()]);
    assert_eq!((entry.context_tokens, &entry.endpoint), (before.context_tokens, &before.endpoint));
    assert_eq!((entry.output_tokens, entry.lifecycle, entry.efforts.len()), (1000, Lifecycle::Legacy, 2));
    let said = loaded.warnings.iter().map(ToString::to_string).collect::<String>();
    assert!(said.contains("registry.gpt-6-luna.{endpoint, context_tokens}"), "{said}");
    let given = loads(&trusted(text, ""));
    assert_eq!(given.policy.models[&"gpt-6-luna".into()].endpoint, "evil-1", "its user said so");
}

#[test]
fn cfg_01_a_cloned_repository_changes_nothing_until_its_user_consents() {
    let toml = "[models]\ncodex_enabled = true\ngemini_enabled = true\n[checkpoints]\nplan_review = \"auto\"\n[engine]\nmode = \"diverse\"\n\
        thinking_profile = \"max\"\nverify = [\"./evil\"]\n[transport.codex]\ncommand = \"./codex\"\nbilling = \"api\"\n";
    let registry = format!("global:\n  thinking_always_on: true\n{NEW}");
    let mut cloned = inputs(&registry, "");
    cloned.project = Some(Source::new("project.toml", toml));
    let loaded = loads(&cloned);
    let shipped = loads(&Inputs::default());
    assert_eq!(loaded.policy, shipped.policy);
    assert_eq!((loaded.commands, loaded.settings), (shipped.commands, shipped.settings));
    assert_eq!(loaded.warnings.len(), 2, "one for each file that asks for more");
    cloned.trusted = [Source::new("x", toml).hash(), Source::new("x", fenced(&registry)).hash()].into();
    let loaded = loads(&cloned);
    assert_eq!((loaded.policy.mode, loaded.policy.enabled.len()), (Mode::Diverse, 2));
    assert!(loaded.policy.models.contains_key(&"gpt-6.2-sol".into()));
}

#[test]
fn cfg_06_golden_19_a_route_that_needs_a_retired_model_is_an_error_of_the_check() {
    let retired = super::user("[models.codex]\ndefault_model = \"gpt-5.2-codex\"\n").expect("it loads, with a warning");
    assert!(retired.warnings[0].to_string().contains("use \"gpt-6.1-sol\""));
    let (errors, _) = lint(&retired);
    let said = errors[0].to_string();
    assert!(said.starts_with("user.toml:2:1: the routes "), "{said}");
    assert!(said.contains("storage_layer") && said.contains("would need `gpt-5.2-codex`, which is retired"), "{said}");
    assert!(said.contains("use \"gpt-6.1-sol\""), "{said}");

    // The same name in a registry or a route is read as its replacement, unless the file pins its names.
    let routing = "development:\n  tests: {primary: gpt-5.2-codex}";
    assert_eq!(lint(&loads(&inputs("", routing))).0, []);
    let pinned = loads(&inputs("global: {use_latest_models: false}", routing));
    let said = lint(&pinned).0[0].to_string();
    assert!(said.starts_with("task-routing.md:5:3: the route tests would need"), "{said}");
    assert_eq!(lint(&loads(&Inputs::default())), (vec![], vec![]), "what is shipped is sound");
}

#[test]
fn thk_05_a_level_is_a_word_of_its_own_family() {
    let refused = |yaml: &str| load(&inputs(yaml, "")).expect_err(yaml).to_string();
    let gemini = refused("models:\n  gemini-4-argon:\n    thinking: effort: max");
    assert!(
        gemini.contains("registry.md:6:15: `max` is no level of gemini-pro") && gemini.contains("low, medium, high"),
        "{gemini}"
    );
    loads(&inputs("models:\n  gpt-6-luna:\n    thinking: effort: max", ""));
    let row = "[models.effort_policy]\ntests = { codex = \"xhigh\" }\n";
    let mut narrow = trusted(NEW, "");
    narrow.user = Some(Source::new("user.toml", row));
    let said = load(&narrow).expect_err("the new coder knows no xhigh").to_string();
    assert!(said.contains("user.toml:2:1") && said.contains("`xhigh` is no level of gpt-6.2-sol"), "{said}");
    // adaptive is the family's own default, extended its highest level: each is written out once, here.
    let extended = super::user("[models.effort_policy]\ntests = { claude = \"extended\" }\n").expect("a row");
    assert_eq!(extended.policy.routes[&"tests".into()].effort["claude-sonnet"], "max");
}

#[test]
fn reg_03_the_other_seeds_names_mean_something_of_the_roster() {
    for (name, means) in [
        ("opus-4.6", "opus-5.5"),
        ("claude-opus-4-6", "opus-5.5"),
        ("sonnet-4.6", "sonnet-5.5"),
        ("claude-sonnet-4-6", "sonnet-5.5"),
        ("claude-haiku-4-5", "haiku-5.5"),
        ("gpt-5.3-codex", "gpt-6.1-sol"),
        ("GPT-5.3-Codex", "gpt-6.1-sol"),
        ("codex-spark", "gpt-6-luna"),
        ("gpt-5.2", "gpt-6.1-sol"),
        ("gpt-5.2-mini", "gpt-6.1-terra"),
        ("gemini-3.1-pro", "gemini-4-argon"),
        ("gemini-3-flash", "gemini-3.8-flash"),
        ("O3", "gpt-6.1-sol"),
        ("haiku", "haiku-5.5"),
        ("gemini-flash", "gemini-3.8-flash"),
    ] {
        let loaded = loads(&inputs("", &format!("development:\n  tests: {{primary: {name}}}")));
        assert_eq!(loaded.policy.routes[&"tests".into()].diverse, [means.into()], "{name}");
        assert_eq!(loaded.warnings.len(), 1, "{name} is listed as a repair");
    }
    let models = loads(&Inputs::default()).policy.models;
    let sizes = |id: &str| (models[&id.into()].context_tokens, models[&id.into()].output_tokens);
    assert_eq!((sizes("haiku-4.5"), sizes("gpt-5.2")), ((200_000, 64_000), (400_000, 128_000)));
    assert_eq!(sizes("gemini-3.1-pro"), (1_048_576, 65_536));
}

#[test]
fn reg_06_a_repository_may_end_a_model_sooner_and_say_less_of_it() {
    let sol = |more: &str| format!("models:\n  gpt-6.1-sol:\n    cli: codex\n    {more}\n");
    let known = |loaded: &Loaded| loaded.policy.models[&ModelId::from("gpt-6.1-sol")].known.clone();
    let shipped = known(&loads(&Inputs::default()));

    let sooner = known(&loads(&inputs(&sol("deprecated: 2026-11-25\n    retires: 2026-12-01"), "")));
    assert_eq!(sooner.retires.map(|day| day.to_string()).as_deref(), Some("2026-12-01"));
    assert_eq!(sooner.deprecated.map(|day| day.to_string()).as_deref(), Some("2026-11-25"));
    let less = known(&loads(&inputs(&sol("capabilities: [edit, coding]"), "")));
    assert_eq!(less.capabilities.map(|all| all.len()), Some(1), "words that only praise do not count (X-30)");

    let more = sol("capabilities: [edit, tools, sandbox, web_search]");
    let waits = loads(&inputs(&more, ""));
    assert_eq!(known(&waits), shipped);
    assert!(waits.warnings[0].what.contains("capabilities"), "{}", waits.warnings[0].what);
    assert_eq!(known(&loads(&trusted(&more, ""))).capabilities.map(|all| all.len()), Some(4));

    let wrong = load(&inputs(&sol("retires: soon"), "")).expect_err("no day").to_string();
    assert!(wrong.contains("registry.md:7") && wrong.contains("write it as 2026-11-20"), "{wrong}");
}
