//! Errors point at file, line and column, and say what to write instead.

use super::{refused, user};
use expect_test::expect;

#[test]
fn cfg_02_an_unknown_key_in_a_known_table_is_an_error_with_the_nearest_name() {
    expect![[r#"
        user.toml:3:1: unknown key `codex_enbaled` in `models`
           |
         3 | codex_enbaled = true  # é
           | ^^^^^^^^^^^^^
         = did you mean `codex_enabled`?"#]]
    .assert_eq(&refused("# a comment\n[models]\ncodex_enbaled = true  # é\n"));
    expect![[r#"
        user.toml:1:9: unknown key `codx` in `models`
           |
         1 | [models.codx]
           |         ^^^^
         = did you mean `codex`?"#]]
    .assert_eq(&refused("[models.codx]\nx = 1\n"));
}

#[test]
fn cfg_02_a_wrong_enum_value_is_an_error_that_names_the_allowed_ones() {
    expect![[r#"
        user.toml:2:15: checkpoints.plan_review: `aks` is not one of the allowed values
           |
         2 | plan_review = "aks"
           |               ^^^^^
         = did you mean `ask`? allowed: "off", "ask", "auto""#]]
    .assert_eq(&refused("[checkpoints]\nplan_review = \"aks\"\n"));
}

#[test]
fn cfg_02_golden_18_debug_escalation_auto_is_an_error() {
    expect![[r#"
        user.toml:2:20: checkpoints.debug_escalation: `auto` is refused: a debug escalation is always offered to a person first
           |
         2 | debug_escalation = "auto"
           |                    ^^^^^^
         = allowed: "off", "ask""#]].assert_eq(&refused("[checkpoints]\ndebug_escalation = \"auto\"\n"));
    let gate = refused("[models.effort_policy]\nescalation_requires_artifacts = false\n");
    assert!(gate.contains("`false` is refused"), "{gate}");
}

#[test]
fn cfg_02_an_unknown_table_is_a_warning() {
    let loaded = user("[chekpoints]\nplan_review = \"auto\"\n[globs.x]\nx = 1\n").expect("unknown tables");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].contains("unknown table `chekpoints`"), "{}", warnings[0]);
    assert!(warnings[0].contains("did you mean `checkpoints`?"), "{}", warnings[0]);
    assert!(refused("max_parallel = 3\n").contains("unknown key `max_parallel` at the top of the file"));
}

#[test]
fn cfg_02_every_error_of_a_file_is_reported_at_once_in_order() {
    let text = "[engine]\nmax_parallel = 0\nmode = \"both\"\nwall_clock = \"2 hours\"\nverify = [\"a | b\", 3]\n[models]\nx = 1\n";
    let errors = user(text).expect_err("five errors");
    let lines: Vec<String> = errors.0.iter().map(|e| e.to_string().lines().next().unwrap_or("").to_owned()).collect();
    expect![[r#"
        [
            "user.toml:2:16: engine.max_parallel: the smallest value is 1",
            "user.toml:3:8: engine.mode: `both` is not one of the allowed values",
            "user.toml:4:14: engine.wall_clock: `2 hours` is not a duration",
            "user.toml:5:11: engine.verify: `|` would need a shell, and none reads this command",
            "user.toml:7:1: unknown key `x` in `models`",
        ]
    "#]]
    .assert_debug_eq(&lines);
}

#[test]
fn cfg_02_wrong_types_and_broken_syntax_point_at_their_place() {
    for (text, place) in [
        (
            "[models]\ncodex_enabled = \"true\"\n",
            "user.toml:2:17: models.codex_enabled: expected true or false, found string",
        ),
        ("[engine]\nmax_parallel = -1\n", "user.toml:2:16: engine.max_parallel: expected a whole number from 0 on"),
        ("[engine]\nmax_parallel = 99\n", "user.toml:2:16: engine.max_parallel: the largest value is 64"),
        ("[engine]\nverify = \"cargo test\"\n", "user.toml:2:10: engine.verify: expected a list of commands"),
        ("[engine]\nsections_file = \"../x\"\n", "user.toml:2:17: engine.sections_file: `../x` is not a path beneath"),
        (
            "[engine.ownership]\ncore = [\"/etc/**\"]\n",
            "user.toml:2:8: engine.ownership.core: `/etc/**` is not a pattern",
        ),
        ("[engine.ownership]\ncoer = []\n", "user.toml:2:1: unknown key `coer` in `engine.ownership`"),
        ("[engine.timeouts]\nidle = \"0s\"\n", "user.toml:2:8: engine.timeouts.idle: `0s` is not a duration"),
        ("[[models]]\nx = 1\n", "`models` is a table"),
        ("models = 3\n", "user.toml:1:10: `models` is a table"),
        ("[models]\ncodex_enabled = true\ncodex_enabled = true\n", "user.toml:3:1: this is not TOML: duplicate key"),
        ("[models\n", "user.toml:1:8: this is not TOML"),
    ] {
        let error = refused(text);
        assert!(error.contains(place), "{text}\n{error}\n(expected {place})");
    }
}

#[test]
fn cfg_05_older_names_are_mapped_and_dropped_ones_refused() {
    for table in ["[models.defaults]\n", "[models]\n", ""] {
        let loaded = user(&format!("{table}preferred_image_provider = \"nano-banana-2\"\n")).expect("an older name");
        assert_eq!(loaded.settings.text("models.defaults.image_generation"), Some("nano-banana-2"));
        let warning = loaded.warnings[0].to_string();
        assert!(warning.contains("is an older name") && warning.contains("write models.defaults.image_generation"));
    }
    let both = "[models.defaults]\nimage_generation = \"claude\"\npreferred_image_provider = \"nb2\"\n";
    let loaded = user(both).expect("both names");
    assert_eq!(loaded.settings.text("models.defaults.image_generation"), Some("claude"), "the newer name wins");

    for text in [
        "budget_tokens = 1\n",
        "[models]\nbudget_tokens = 1\n",
        "[models.effort_policy]\nbudget_tokens = 1\n",
        "[elsewhere.deep]\nbudget_tokens = 32000\n",
    ] {
        assert!(refused(text).contains("`budget_tokens` is no longer a key"), "{text}");
    }
}

#[test]
fn cfg_07_a_codex_level_on_a_claude_task_is_an_error() {
    let error = refused("[models.effort_policy]\nimplementation = { claude = \"xhigh\" }\n");
    assert!(
        error.contains(
            "user.toml:2:29: models.effort_policy.implementation: `xhigh` is a level of codex, not of claude"
        ),
        "{error}"
    );
}

#[test]
fn cfg_02_excerpts_are_printable_and_bounded() {
    let long = format!("[models]\n{}\u{202e}x = {}\n", " ".repeat(3000), "9".repeat(9000));
    for text in [long.as_str(), "[models]\n\"a\\u001b[31mb\" = 1\n", "[models]\n\u{7}x = 1\n"] {
        let error = refused(text);
        assert!(error.len() < 2000, "{}", error.len());
        assert!(error.chars().all(|c| c == '\n' || mao_core::text::is_printable(c)), "{error:?}");
    }
}

#[test]
fn cfg_02_a_quoted_name_with_dots_is_another_key() {
    let error = refused("\"models.codex_enabled\" = true\n");
    assert!(error.contains("unknown key `models.codex_enabled` at the top of the file"), "{error}");
}
