//! The blocks of both specifications, byte for byte: each loads, or loads with exactly the repairs that are listed here.

use expect_test::{Expect, expect};
use mao_config::{Inputs, Layer, Loaded, Source, load};
use mao_policy::policy::Mode;

const S3_REGISTRY: &str = include_str!("../seeds/s3_registry.yaml");
const S3_ROUTING: &str = include_str!("../seeds/s3_task_routing.yaml");
const S3_CRITERIA: &str = include_str!("../seeds/s3_selection_criteria.yaml");

/// A block as a Markdown file holds it.
fn fenced(block: &str) -> String {
    format!("# A title\n\nSome words.\n\n```yaml\n{block}```\n\nMore words.\n")
}

fn both(registry: &str, routing: &str) -> Inputs {
    let source = |name: &str, text: &str| (!text.is_empty()).then(|| Source::new(name, text));
    Inputs {
        registry: source("registry.md", registry),
        routing: source("task-routing.md", routing),
        ..Inputs::default()
    }
}

fn loads(inputs: &Inputs) -> Loaded {
    load(inputs).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The first line of each warning.
fn repairs(loaded: &Loaded, expected: &Expect) {
    let lines = loaded.warnings.iter().map(|warning| warning.to_string().lines().next().unwrap_or_default().to_owned());
    expected.assert_eq(&(lines.collect::<Vec<_>>().join("\n") + "\n"));
}

#[test]
fn cfg_01_each_block_of_the_usage_specification_loads() {
    let blocks = [
        include_str!("../seeds/s0_models.toml"),
        include_str!("../seeds/s0_checkpoints.toml"),
        include_str!("../seeds/s0_models_effort_policy.toml"),
        include_str!("../seeds/s0_thresholds.toml"),
        include_str!("../seeds/s0_asset_pipeline.toml"),
    ];
    let mut said = Vec::new();
    for text in blocks.into_iter().map(str::to_owned).chain([blocks.concat()]) {
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let loaded = super::user(&text).unwrap_or_else(|errors| panic!("{errors}"));
            said.push(loaded.warnings.iter().map(|w| w.what.clone()).collect::<Vec<_>>().join(";"));
        }
    }
    let dots = "`...` adds nothing to this list";
    assert_eq!(said, ["", "", "", "", "", "", dots, dots, "", "", dots, dots]);
}

#[test]
fn reg_02_the_specifications_registry_loads_with_its_repairs() {
    for text in [fenced(S3_REGISTRY), S3_REGISTRY.to_owned(), fenced(S3_REGISTRY).replace('\n', "\r\n")] {
        let loaded = loads(&both(&text, ""));
        let shipped = loads(&Inputs::default());
        assert_eq!(loaded.policy, shipped.policy, "every entry means what the shipped roster has for its role");
        assert_eq!(loaded.roles, shipped.roles);
    }
    repairs(
        &loads(&both(S3_REGISTRY, "")),
        &expect![[r#"
            registry.md:13:5: `thinking: effort: high` is not YAML; read as `thinking: { effort: high }`
            registry.md:21:5: `thinking: effort: high` is not YAML; read as `thinking: { effort: high }`
            registry.md:29:5: `thinking: effort: high` is not YAML; read as `thinking: { effort: high }`
            registry.md:35:10: there is no command line `openai`; read as `codex`
            registry.md:43:10: there is no command line `openai`; read as `codex`
            registry.md:8:3: `opus-4.5` (`claude-opus-4-5-20251124`): no model ever had this name; read as `opus-5.5`
            registry.md:16:3: `sonnet-4.5` is deprecated (as of 2026-11-20); read as `sonnet-5.5`
            registry.md:24:3: `haiku-4.5` is superseded (as of 2026-11-20); read as `haiku-5.5`
            registry.md:33:3: `gpt-5.2` is superseded (as of 2026-11-20); read as `gpt-6.1-sol`
            registry.md:41:3: `gpt-5.2-codex` is retired (as of 2026-11-20); read as `gpt-6.1-sol`
            registry.md:50:3: `gemini-3-pro` is retired (as of 2026-11-20); read as `gemini-4-argon`
            registry.md:58:3: `gemini-3-flash` is superseded (as of 2026-11-20); read as `gemini-3.8-flash`
            registry.md:3:3: ignored, since a repository may only narrow what you allow: global.thinking_always_on (registry.md:3)
        "#]],
    );
}

#[test]
fn thk_04_a_registry_that_keeps_thinking_on_needs_consent_and_gives_way_to_a_written_profile() {
    let mut inputs = both(S3_REGISTRY, "");
    assert_eq!(loads(&inputs).settings.text("engine.thinking_profile"), Some("budgeted"));
    inputs.trusted = [Source::new("x", S3_REGISTRY).hash()].into();
    let loaded = loads(&inputs);
    assert_eq!(loaded.settings.text("engine.thinking_profile"), Some("max"));
    assert_eq!(
        loaded.settings.get("engine.thinking_profile").map(|s| s.origin.to_string()),
        Some("registry.md:3".into())
    );
    assert_eq!(loaded.policy.routes[&"storage_layer".into()].effort["gpt-sol"], "max");
    inputs.user = Some(Source::new("user.toml", "[engine]\nthinking_profile = \"budgeted\"\n"));
    let loaded = loads(&inputs);
    assert_eq!(loaded.settings.text("engine.thinking_profile"), Some("budgeted"));
    assert_eq!(loaded.settings.get("engine.thinking_profile").map(|s| s.origin.layer()), Some(Layer::User));
    let off = S3_REGISTRY.replace("thinking_always_on: true", "thinking_always_on: false");
    let errors = load(&both(&off, "")).expect_err("thinking off").to_string();
    assert!(errors.contains("registry.md:3:3: `thinking_always_on: false` is refused"), "{errors}");
}

#[test]
fn rte_02_the_specifications_routes_load_with_their_repairs() {
    for (registry, routing) in [
        (fenced(S3_REGISTRY), fenced(S3_ROUTING)),
        (S3_REGISTRY.to_owned(), S3_ROUTING.to_owned()),
        (String::new(), fenced(S3_ROUTING)),
    ] {
        let loaded = loads(&both(&registry, &routing));
        let shipped = loads(&Inputs::default());
        assert_eq!(loaded.policy.mode, Mode::Assist, "routes switch nothing on");
        assert!(loaded.policy.enabled.is_empty());
        for (task, route) in &loaded.policy.routes {
            assert_eq!(route.assist, shipped.policy.routes[task].assist, "{task}");
        }
        // The shipped routes are these, in roles: the file changes nothing of them.
        assert_eq!(loaded.policy.routes, shipped.policy.routes);
        assert_eq!(loaded.given.keys().filter(|key| key.starts_with("routes.")).count(), 11);
    }
    repairs(
        &loads(&both("", S3_ROUTING)),
        &expect![[r#"
            task-routing.md:4:14: `gemini-3-pro`: retired, as of 2026-11-20; read as `gemini-4-argon` (also on line 21, 31)
            task-routing.md:5:15: `sonnet-4.5`: deprecated, as of 2026-11-20; read as `sonnet-5.5` (also on line 8, 13, 17, 24, 28)
            task-routing.md:7:14: `gpt-5.2-codex`: retired, as of 2026-11-20; read as `gpt-6.1-sol` (also on line 14, 16, 27)
            task-routing.md:10:14: `gpt-5.2`: superseded, as of 2026-11-20; read as `gpt-6.1-sol` (also on line 33)
            task-routing.md:11:15: `opus-4.5`: superseded; read as `opus-5.5` (also on line 22, 25, 30, 34)
            task-routing.md:38:14: `haiku`: a name without a version; read as `haiku-5.5`
            task-routing.md:39:15: `gemini-flash`: a name without a version; read as `gemini-3.8-flash`
        "#]],
    );
}

#[test]
fn rte_03_the_specifications_review_and_pre_flight_routes_are_the_shipped_ones() {
    let loaded = loads(&both(S3_REGISTRY, S3_ROUTING));
    for (task, primary, fallback) in [
        ("prd_compliance", "analyzer", "orchestrator"),
        ("error_handling", "worker", "orchestrator"),
        ("type_safety", "coder", "worker"),
        ("architecture", "orchestrator", "analyzer"),
        ("security", "reasoner", "orchestrator"),
        ("dependency_check", "checker", "drafter"),
    ] {
        let chain = &loaded.policy.routes[&task.into()].diverse;
        assert_eq!(*chain, [loaded.roles[primary].clone(), loaded.roles[fallback].clone()], "{task}");
        assert!(loaded.given.contains_key(&format!("routes.{task}")), "{task} comes from the file");
    }
}

#[test]
fn rte_04_the_selection_criteria_are_the_shipped_ones() {
    let loaded = loads(&both("", &fenced(S3_CRITERIA)));
    let shipped = loads(&Inputs::default());
    for (task, role) in [
        ("structural_analysis", "analyzer"),
        ("code_generation", "coder"),
        ("algorithm_design", "reasoner"),
        ("implementation", "worker"),
        ("test_generation", "coder"),
        ("security_review", "reasoner"),
        ("documentation", "analyzer"),
        ("quick_checks", "checker"),
    ] {
        for policy in [&loaded.policy, &shipped.policy] {
            assert_eq!(policy.routes[&task.into()].diverse[0], loaded.roles[role], "{task}");
        }
    }
    // A route of a task class comes before a criterion for it.
    let all = loads(&both("", &(fenced(S3_ROUTING) + &fenced(S3_CRITERIA))));
    assert_eq!(all.policy.routes[&"implementation".into()].diverse.len(), 2);
    repairs(
        &loaded,
        &expect![[r#"
            task-routing.md:8:24: `gemini-3-pro`: retired, as of 2026-11-20; read as `gemini-4-argon` (also on line 14)
            task-routing.md:9:20: `gpt-5.2-codex`: retired, as of 2026-11-20; read as `gpt-6.1-sol` (also on line 12)
            task-routing.md:10:21: `gpt-5.2`: superseded, as of 2026-11-20; read as `gpt-6.1-sol` (also on line 13)
            task-routing.md:11:19: `sonnet-4.5`: deprecated, as of 2026-11-20; read as `sonnet-5.5`
            task-routing.md:15:17: `haiku-4.5`: superseded, as of 2026-11-20; read as `haiku-5.5`
        "#]],
    );
}

#[test]
fn reg_09_the_whole_specification_pasted_as_a_registry_is_read_for_what_it_holds() {
    let text = fenced(S3_CRITERIA) + &fenced(S3_REGISTRY) + &fenced(S3_ROUTING);
    let loaded = loads(&both(&text, &text));
    let shipped = loads(&Inputs::default());
    assert_eq!(loaded.policy, shipped.policy);
    let unknown = loaded.warnings.iter().filter(|warning| warning.what.contains("nothing reads it"));
    assert_eq!(unknown.count(), 6, "four tables that are no registry's, two that are no routes'");
}

/// Every block of TOML, YAML and JSON of both specifications, in their order, with its length and a sum over its bytes.
const BLOCKS: [(&str, usize, u64); 9] = [
    (include_str!("../seeds/s0_models.toml"), 427, 3_720_332_152_036_074_621),
    (include_str!("../seeds/s0_checkpoints.toml"), 248, 2_251_111_262_205_634_502),
    (include_str!("../seeds/s0_models_effort_policy.toml"), 388, 17_861_784_701_723_443_880),
    (include_str!("../seeds/s0_thresholds.toml"), 243, 15_695_160_348_678_924_977),
    (include_str!("../seeds/s0_asset_pipeline.toml"), 310, 4_007_673_648_640_161_271),
    (S3_CRITERIA, 605, 16_730_319_372_977_853_714),
    (include_str!("../seeds/s3_mcp.json"), 420, 3_595_540_886_215_179_326),
    (S3_REGISTRY, 1673, 8_641_768_823_776_223_051),
    (S3_ROUTING, 1128, 6_425_473_613_814_357_517),
];

#[test]
fn reg_09_blocks_of_both_seeds_are_the_specifications_own() {
    // Counted from the specifications themselves: an editor that changes one byte changes the sum.
    for (number, (text, length, sum)) in (1..).zip(BLOCKS) {
        let counted = text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        assert_eq!((text.len(), counted), (length, sum), "block {number}");
    }
}
