//! CFG-08: the tables that no specification wrote down; what each key does, and which are for later.

use crate::{project, user};
use mao_config::{Inputs, Origin, Source, Value, lint, load, schema};
use mao_policy::policy::{Mode, Privacy};
use std::collections::BTreeMap;

#[test]
fn cfg_08_every_table_has_its_keys_and_a_built_in_value_or_none() {
    let keys: BTreeMap<&str, Option<String>> = schema().into_iter().map(|key| (key.path, key.default)).collect();
    for (path, default) in [
        ("privacy.class", Some("\"any\"")),
        ("privacy.local_only", None),
        ("privacy.claude_ok", None),
        ("budgets.run_usd", None),
        ("budgets.run_tokens", None),
        ("budgets.month_usd", None),
        ("breaker.failures", Some("3")),
        ("breaker.cool_down", Some("\"10m\"")),
        ("fallback.handover", Some("\"clean\"")),
        ("quota.reserve", Some("0")),
        ("transport.claude.kind", Some("\"cli\"")),
        ("transport.codex.kind", Some("\"cli\"")),
        ("transport.gemini.kind", Some("\"cli\"")),
        ("models.defaults.mockup_generation", None),
    ] {
        assert_eq!(keys.get(path).map(Option::as_deref), Some(default), "{path}");
    }
    assert!(keys.contains_key("qa.weights.*") && keys.contains_key("journal.*"));
    let built_in = load(&Inputs::default()).expect("the built-in configuration");
    let weight = |name: &str| built_in.settings.int(&format!("qa.weights.{name}"));
    let names = ["prd_compliance", "error_handling", "type_safety", "architecture", "security"];
    assert_eq!(names.map(weight), [30, 25, 20, 15, 10].map(Some));
    // What the policy ignores by itself is what the file says.
    let ignored = built_in.settings.list("thresholds.security_ignore_words");
    assert_eq!(ignored, mao_policy::triggers::Thresholds::default().security_ignore);
}

#[test]
fn cnk_03_answers_and_diffs_have_limits_of_their_own_that_are_equal_by_default() {
    let limits = |text: &str| {
        let found = user(text).unwrap_or_else(|errors| panic!("{errors}")).policy.thresholds;
        (found.answer_tokens, found.diff_tokens)
    };
    assert_eq!(limits(""), (32_000, 32_000));
    assert_eq!(limits("[models.gemini]\nchunking_threshold = 9000\n"), (9_000, 32_000));
    assert_eq!(limits("[thresholds]\ndiff_tokens_per_review = 7000\n"), (32_000, 7_000));
    // Both are keys with a built-in value.
    let keys: BTreeMap<&str, Option<String>> = schema().into_iter().map(|key| (key.path, key.default)).collect();
    for key in ["models.gemini.chunking_threshold", "thresholds.diff_tokens_per_review"] {
        assert_eq!(keys[key].as_deref(), Some("32000"), "{key}");
    }
}

#[test]
fn cnk_09_every_kind_of_work_that_is_routed_has_a_row_of_its_own() {
    let built_in = load(&Inputs::default()).expect("the built-in configuration");
    let rows = &mao_policy::tokens::expected().rows;
    let without: Vec<_> = built_in.policy.routes.keys().filter(|class| !rows.contains_key(*class)).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn cfg_08_money_is_read_exactly() {
    for (word, amount, shown) in [
        ("5", 5_000_000, "5.00"),
        ("5.0", 5_000_000, "5.00"),
        ("0.1", 100_000, "0.10"),
        ("19.99", 19_990_000, "19.99"),
        ("0.000001", 1, "0.000001"),
        ("123456789.123456", 123_456_789_123_456, "123456789.123456"),
    ] {
        let loaded = user(&format!("[budgets]\nrun_usd = {word}\n")).unwrap_or_else(|errors| panic!("{errors}"));
        let setting = loaded.settings.get("budgets.run_usd").expect("the budget");
        assert_eq!(setting.value, Value::Money(amount), "{word}");
        assert_eq!(setting.value.to_string(), shown);
        assert_eq!(loaded.settings.micro_usd("budgets.run_usd"), Some(amount));
        let environment = [("MAO_BUDGETS_RUN_USD".to_owned(), word.to_owned())].into();
        let same = load(&Inputs { environment, ..Inputs::default() }).expect("the same amount");
        assert_eq!(same.settings.micro_usd("budgets.run_usd"), Some(amount));
    }
}

#[test]
fn cfg_08_a_repository_narrows_privacy_and_budgets_and_widens_neither() {
    let both = |own: &str, repository: &str| {
        let user = Some(Source::new("user.toml", own));
        load(&Inputs { user, ..project(repository) }).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let closed = both("", "[privacy]\nclass = \"local_only\"\n");
    assert_eq!((closed.policy.privacy, closed.warnings.len()), (Privacy::LocalOnly, 0));
    let opened = both("[privacy]\nclass = \"claude_ok\"\n", "[privacy]\nclass = \"any\"\n");
    assert_eq!((opened.policy.privacy, opened.warnings.len()), (Privacy::HomeOnly, 1));
    let own = "[budgets]\nrun_usd = 5\n[fallback]\nhandover = \"clean\"\n";
    let cheap = both(own, "[budgets]\nrun_usd = 2\n");
    assert_eq!((cheap.settings.micro_usd("budgets.run_usd"), cheap.warnings.len()), (Some(2_000_000), 0));
    let dear = both(own, "[budgets]\nrun_usd = 500\n[fallback]\nhandover = \"packet\"\n");
    assert_eq!((dear.settings.micro_usd("budgets.run_usd"), dear.warnings.len()), (Some(5_000_000), 1));
    assert_eq!(dear.settings.text("fallback.handover"), Some("clean"));
}

#[test]
fn cfg_08_the_journals_parts_go_to_whom_the_keys_name() {
    let text =
        "[engine]\nmode = \"diverse\"\n[journal]\ntechnical_summary = \"coder\"\nprocess_reflection = \"analyzer\"\n";
    let loaded = user(text).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.policy.mode, Mode::Diverse);
    let first = |class: &str| loaded.policy.routes[&class.into()].diverse[0].clone();
    assert_eq!(first("technical_summary"), loaded.roles["coder"]);
    assert_eq!(first("process_reflection"), loaded.roles["analyzer"]);
    assert_eq!(first("creative_insights"), loaded.roles["reasoner"]);
    let summary = &loaded.policy.routes[&"technical_summary".into()].diverse;
    assert_eq!(*summary, [loaded.roles["coder"].clone(), loaded.roles["analyzer"].clone()], "who was first follows");
}

#[test]
fn cfg_08_the_defaults_of_review_and_documentation_open_their_routes() {
    let loaded = user("[models.defaults]\nreview = \"haiku-5.5\"\ndocumentation = \"worker\"\n").expect("two models");
    let assist = |class: &str| loaded.policy.routes[&class.into()].assist[0].to_string();
    assert_eq!(assist("error_handling"), "haiku-5.5");
    assert_eq!(assist("documentation"), loaded.roles["worker"].to_string());
    assert_eq!(assist("implementation"), loaded.roles["worker"].to_string());
}

#[test]
fn cfg_08_a_key_that_nothing_reads_yet_is_said_or_refused_never_passed_over() {
    let written =
        "[models.nano_banana]\ndefault_size = \"2K\"\n[asset_pipeline]\nstore_seeds = false\n[quota]\nreserve = 20\n";
    let loaded = user(written).expect("keys for later");
    let (errors, warnings) = lint(&loaded);
    assert_eq!(errors, []);
    let said: Vec<String> = warnings.iter().map(|warning| warning.what.clone()).collect();
    assert_eq!(
        said,
        [
            "asset_pipeline.store_seeds, models.nano_banana.default_size are for creative work, which this version does not have",
            "quota.reserve is for quotas, which this version does not have",
        ]
    );
    assert!(matches!(&warnings[1].origin, Origin::File(spot) if spot.line == 6));
    assert_eq!(lint(&load(&Inputs::default()).expect("built in")).1, [], "what nobody wrote is not said");
}

#[test]
fn reg_04_code_goes_to_the_coding_line_and_reasoning_to_the_general_line() {
    let text = "[engine]\nmode = \"diverse\"\n[models.codex]\ndefault_model = \"gpt-6-luna\"\ngeneral_model = \"gpt-6.1-terra\"\n";
    let loaded = user(text).unwrap_or_else(|errors| panic!("{errors}"));
    let first = |class: &str| loaded.policy.routes[&class.into()].diverse[0].to_string();
    for class in ["storage_layer", "tests", "type_safety", "code_generation", "test_generation"] {
        assert_eq!(first(class), "gpt-6-luna", "{class} is code");
    }
    for class in ["core_logic", "security", "algorithm_design", "security_review", "creative_insights"] {
        assert_eq!(first(class), "gpt-6.1-terra", "{class} is reasoning");
    }
}
