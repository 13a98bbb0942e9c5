//! Which layer wins, where values come from, and what a repository may do without consent.

use super::{project, user};
use mao_config::{Flag, Inputs, Layer, Origin, Source, Value, load, trust};
use mao_policy::policy::{Billing, Check, Handover, Mode};
use std::collections::BTreeMap;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn flag(flag: &str, key: &str, value: &str) -> Flag {
    Flag { flag: flag.into(), key: key.into(), value: value.into() }
}

#[test]
fn cfg_01_later_layers_win_and_every_value_knows_its_origin() {
    let mut inputs = Inputs {
        user: Some(Source::new("user.toml", "[engine]\nmax_parallel = 8\nmax_attempts = 50\nwall_clock = \"2h\"\n")),
        project: Some(Source::new("project.toml", "\n[engine]\nmax_parallel = 4\n")),
        ..Inputs::default()
    };
    let seen = |inputs: &Inputs| {
        let loaded = load(inputs).expect("layers");
        let origin = loaded.settings.get("engine.max_parallel").map(|setting| setting.origin.to_string());
        (loaded.policy.limits.max_parallel, origin.unwrap_or_default())
    };
    assert_eq!(seen(&inputs), (4, "project.toml:3".into()));
    inputs.environment = environment(&[("MAO_ENGINE_MAX_PARALLEL", "6"), ("MAO_LIVE", "1"), ("HOME", "/x")]);
    assert_eq!(seen(&inputs), (6, "MAO_ENGINE_MAX_PARALLEL in the environment".into()));
    inputs.flags = vec![flag("--max-parallel", "engine.max_parallel", "7")];
    assert_eq!(seen(&inputs), (7, "--max-parallel".into()));
    let loaded = load(&inputs).expect("layers");
    assert_eq!((loaded.policy.limits.max_attempts, loaded.policy.limits.wall_clock_ms), (50, Some(7_200_000)));
    assert_eq!(loaded.origins()["engine.max_attempts"].to_string(), "user.toml:3");
    assert_eq!(loaded.origins()["engine.rate_wait"].to_string(), "built in");
}

#[test]
fn cfg_01_setup_and_what_is_copied_need_consent_and_have_their_forms() {
    let text = "[engine]\nsetup = [\"npm ci\"]\ncopy = [\".env\", \"node_modules\"]\n";
    let built_in = load(&Inputs::default()).expect("built in").policy.ground;
    assert_eq!((built_in.setup.len(), built_in.copy.len()), (0, 0));
    let loaded = load(&project(text)).expect("a narrowed project");
    assert_eq!(loaded.policy.ground, built_in, "a repository neither runs commands nor takes secrets unasked");
    let shown = loaded.warnings.iter().map(ToString::to_string).collect::<String>();
    assert!(shown.contains("engine.setup") && shown.contains("engine.copy"), "{shown}");

    let mut inputs = project(text);
    inputs.trusted.insert(Source::new("project.toml", text).hash());
    let ground = load(&inputs).expect("consented to").policy.ground;
    assert_eq!(ground.setup[0].argv, ["npm", "ci"]);
    assert_eq!(ground.copy.iter().map(|glob| glob.0.as_str()).collect::<Vec<_>>(), [".env", "node_modules"]);
    for wrong in ["copy = [\"../other/.env\"]", "copy = [\"/etc/passwd\"]", "setup = [\"npm ci && rm x\"]"] {
        let text = format!("[engine]\n{wrong}\n");
        let error = load(&project(&text)).expect_err(wrong).to_string();
        assert!(error.contains("project.toml:2"), "{error}");
    }
}

#[test]
fn cfg_01_an_untrusted_project_cannot_widen() {
    let text = "[models]\ncodex_enabled = true\n[checkpoints]\nplan_review = \"auto\"\n[engine]\nmode = \"diverse\"\n\
        max_parallel = 64\nwall_clock = \"1h\"\nverify = [\"curl evil\"]\nprotected_paths = [\"generated/**\"]\n\
        [transport.claude]\ncommand = \"./claude\"\n[transport.codex]\nbilling = \"api\"\n[models.local_llm]\n\
        endpoint = \"http://evil\"\n";
    let mut inputs = project(text);
    inputs.consent = trust::command(std::path::Path::new("/home/o'x/state/mao/trusted"));
    let loaded = load(&inputs).expect("a narrowed project");
    assert!(loaded.policy.enabled.is_empty());
    assert_eq!(loaded.policy.mode, Mode::Assist);
    assert_eq!(loaded.policy.limits.max_parallel, 3);
    assert_eq!(loaded.policy.checks, []);
    assert!(loaded.commands.is_empty());
    assert_eq!(loaded.policy.billing[&"codex".into()], Billing::Subscription);
    assert_eq!(loaded.settings.text("models.local_llm.endpoint"), Some("http://localhost:11434"));
    assert_eq!(loaded.settings.text("checkpoints.plan_review"), Some("ask"));
    // What narrows is taken.
    assert_eq!(loaded.policy.limits.wall_clock_ms, Some(3_600_000));
    assert!(mao_core::glob::any(&loaded.policy.protected, "generated/x"));
    assert!(mao_core::glob::any(&loaded.policy.protected, ".env"), "a longer list, not another one");

    let [warning] = loaded.warnings.as_slice() else { panic!("one warning: {:?}", loaded.warnings) };
    let shown = warning.to_string();
    for key in ["models.codex_enabled (project.toml:2)", "engine.verify (project.toml:9)", "transport.claude.command"] {
        assert!(shown.contains(key), "{shown}");
    }
    let hash = Source::new("project.toml", text).hash();
    assert!(shown.contains(&format!("mkdir -p '/home/o'\\''x/state/mao' && echo {hash} >> ")), "{shown}");
}

#[test]
fn cfg_01_consent_is_bound_to_the_hash_of_the_file() {
    let text = "[models]\ncodex_enabled = true\n[engine]\nmode = \"diverse\"\nverify = [\"cargo test\", [\"sh\", \"-c\", \"a | b\"]]\n";
    let mut inputs = project(text);
    inputs.trusted = [Source::new("x", text).hash()].into();
    let loaded = load(&inputs).expect("a trusted project");
    assert!(loaded.policy.enabled.contains(&"codex".into()));
    assert_eq!(loaded.policy.mode, Mode::Diverse);
    let argv = |words: &[&str]| Check { argv: words.iter().map(|word| (*word).to_owned()).collect() };
    assert_eq!(loaded.policy.checks, [argv(&["cargo", "test"]), argv(&["sh", "-c", "a | b"])]);
    assert_eq!(loaded.warnings, []);

    inputs.project = Some(Source::new("project.toml", format!("{text}\n")));
    let loaded = load(&inputs).expect("an edited project");
    assert!(loaded.policy.enabled.is_empty(), "one more byte is another file");
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn cfg_01_an_untrusted_project_may_narrow_what_the_user_widened() {
    let mut inputs =
        project("[models]\ncodex_enabled = false\n[engine]\nmode = \"assist\"\n[checkpoints]\nplan_review = \"off\"\n");
    inputs.user = Some(Source::new(
        "user.toml",
        "[models]\ncodex_enabled = true\ngemini_enabled = true\n[engine]\nmode = \"diverse\"\n[checkpoints]\nplan_review = \"auto\"\n",
    ));
    let loaded = load(&inputs).expect("a narrowed user");
    assert_eq!(loaded.policy.enabled.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["gemini"]);
    assert_eq!(loaded.policy.mode, Mode::Assist);
    assert_eq!(loaded.settings.text("checkpoints.plan_review"), Some("off"));
    // What the user wrote already is no widening.
    let mut same = project("[models]\ncodex_enabled = true\n");
    same.user.clone_from(&inputs.user);
    let loaded = load(&same).expect("the same");
    assert!(loaded.policy.enabled.contains(&"codex".into()));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn cfg_01_the_environment_and_flags_are_typed_like_files() {
    let inputs = Inputs {
        environment: environment(&[
            ("MAO_MODELS_CODEX_ENABLED", "true"),
            ("MAO_TRANSPORT_CODEX_COMMAND", "/opt/codex"),
            ("MAO_TRANSPORT_CLAUDE_BILLING", "api"),
            ("MAO_ENGINE_VERIFY", "cargo test --all"),
            ("MAO_ENGINE_TIMEOUTS_GRACE", "500ms"),
            ("MAO_THRESHOLDS_SECURITY_SENSITIVE_PATTERNS", "auth, token"),
        ]),
        flags: vec![
            flag("--verify", "engine.verify", "[\"make\", [\"sh\", \"-c\", \"x\"]]"),
            flag("-s", "engine.ownership.core", "src/a/**,src/b/**"),
        ],
        ..Inputs::default()
    };
    let loaded = load(&inputs).expect("words");
    assert!(loaded.policy.enabled.contains(&"codex".into()));
    assert_eq!(loaded.commands[&"codex".into()], "/opt/codex");
    assert_eq!(loaded.policy.billing[&"claude".into()], Billing::Api);
    assert_eq!(loaded.policy.limits.grace_ms, 500);
    assert_eq!(loaded.policy.checks.len(), 2);
    assert_eq!(loaded.policy.ownership["core"].len(), 2);
    assert_eq!(loaded.settings.list("thresholds.security_sensitive_patterns"), ["auth", "token"]);

    for (name, value, says) in [
        ("MAO_MODELS_CODEX_ENABLED", "yes", "expected true or false, found `yes`"),
        ("MAO_ENGINE_MAX_PARALEL", "3", "did you mean `MAO_ENGINE_MAX_PARALLEL`?"),
        ("MAO_ENGINE_MODE", "divers", "did you mean `diverse`?"),
        ("MAO_CHECKPOINTS_DEBUG_ESCALATION", "auto", "`auto` is refused"),
    ] {
        let inputs = Inputs { environment: environment(&[(name, value)]), ..Inputs::default() };
        let errors = load(&inputs).expect_err(name).to_string();
        assert!(errors.starts_with(name) && errors.contains(says), "{errors}");
    }
    let inputs = Inputs { flags: vec![flag("--set", "engine.mod", "x")], ..Inputs::default() };
    assert!(load(&inputs).expect_err("a flag").to_string().contains("--set: unknown key `engine.mod`"));
}

#[test]
fn cfg_01_every_key_has_its_own_variable() {
    let keys: Vec<&str> = mao_config::keys().into_iter().filter(|key| !key.contains('*')).collect();
    let names: std::collections::BTreeSet<String> =
        keys.iter().map(|key| key.replace('.', "_").to_uppercase()).collect();
    assert_eq!(names.len(), keys.len());
}

#[test]
fn cfg_01_two_names_of_one_threshold_must_agree() {
    let old = "[models.codex]\ndebug_escalation_threshold = 4\n";
    let loaded = user(old).expect("the older name");
    let setting = loaded.settings.get("thresholds.suggest_codex_debug_after_cycles").expect("the threshold");
    assert_eq!(setting.value, Value::Int(4));
    assert!(matches!(&setting.origin, Origin::File(spot) if spot.layer == Layer::User && spot.line == 2));
    let error = super::refused(&format!("{old}[thresholds]\nsuggest_codex_debug_after_cycles = 3\n"));
    assert!(error.contains("user.toml:2:1: ") && error.contains("contradicts"), "{error}");
    assert!(user(&format!("{old}[thresholds]\nsuggest_codex_debug_after_cycles = 4\n")).is_ok());
}

#[test]
fn cfg_08_budgets_breaker_and_handover_reach_the_policy_and_a_repository_only_narrows_them() {
    let built_in = load(&Inputs::default()).expect("built in").policy;
    assert_eq!((built_in.limits.max_micro_usd, built_in.limits.max_tokens), (None, None));
    assert_eq!((built_in.fallback.failures, built_in.fallback.rest_ms), (3, 600_000));
    assert_eq!(built_in.fallback.handover, Handover::Clean);
    let text = "[budgets]\nrun_usd = 2.50\nrun_tokens = 1000\n[fallback]\nhandover = \"packet\"\n[breaker]\n\
        failures = 5\ncool_down = \"90s\"\n[engine]\ntest_paths = [\"spec/**\"]\n";
    let policy = user(text).expect("a user's own").policy;
    assert_eq!((policy.limits.max_micro_usd, policy.limits.max_tokens), (Some(2_500_000), Some(1_000)));
    assert_eq!((policy.fallback.failures, policy.fallback.rest_ms), (5, 90_000));
    assert_eq!(policy.fallback.handover, Handover::Packet);
    assert!(mao_core::glob::any(&policy.frozen, "spec/a.rb") && mao_core::glob::any(&policy.frozen, "tests/it/a.rs"));
    let mut narrow = project("[budgets]\nrun_usd = 5\nrun_tokens = 900\n[fallback]\nhandover = \"packet\"\n");
    narrow.user = Some(Source::new("user.toml", "[budgets]\nrun_usd = 2.50\nrun_tokens = 1000\n"));
    let policy = load(&narrow).expect("narrowed").policy;
    assert_eq!((policy.limits.max_micro_usd, policy.limits.max_tokens), (Some(2_500_000), Some(900)));
    assert_eq!(policy.fallback.handover, Handover::Clean);
}
