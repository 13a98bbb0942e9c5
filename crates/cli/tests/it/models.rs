//! What is known of models, and what of it is at its end: through the whole binary.

use crate::shop::{Shop, ran};
use mao_core::day::Day;
use mao_testkit::sandbox::Ran;

const ENDED: &str = "# Models\n\n```yaml\nmodels:\n  gpt-6.1-sol:\n    cli: codex\n    retires: 2026-12-01\n```\n";

/// `mao` with these words on a day.
fn on(shop: &Shop, day: &str, words: &[&str]) -> Ran {
    let at = day.parse::<Day>().unwrap().begins().0;
    ran(shop.command(words).env("MAO_TEST_CLOCK", at.to_string()))
}

#[test]
fn reg_06_models_check_says_what_ends_and_fails_where_a_route_needs_what_has_ended() {
    let plain = Shop::with(&[], "");
    let now = on(&plain, "2026-11-20", &["models", "check"]);
    assert_eq!(now.code, Some(0), "{}{}", now.stdout, now.stderr);
    for said in [
        "aside  gpt-5.2-codex    retired since 2026-07-23; nothing needs it; use gpt-6.1-sol",
        "aside  sonnet-4.5       ends on 2026-11-30, in 10 days; nothing needs it; use sonnet-5.5",
    ] {
        assert!(now.stdout.contains(said), "{said}\n{}", now.stdout);
    }
    assert!(!now.stdout.contains("opus-5.5 "), "nothing is to be said of what is in use: {}", now.stdout);
    let later = on(&plain, "2027-03-01", &["models", "check"]);
    let old = "aside  opus-5.5         its facts were last checked on 2026-11-20, 101 days ago";
    assert!(later.code == Some(0) && later.stdout.contains(old), "{}", later.stdout);
    assert!(later.stdout.contains("sonnet-4.5       retired since 2026-11-30"), "{}", later.stdout);

    let shop = Shop::with(&[(".claude/models/registry.md", ENDED)], "[models]\ncodex_enabled = true\n");
    let soon = on(&shop, "2026-11-20", &["models", "check"]);
    assert_eq!(soon.code, Some(0), "{}{}", soon.stdout, soon.stderr);
    assert!(
        soon.stdout.starts_with("soon   gpt-6.1-sol      ends on 2026-12-01, in 11 days; needed by the role coder")
    );
    let ended = on(&shop, "2026-12-01", &["models", "check", "--json"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let first: serde_json::Value = serde_json::from_str(ended.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["model"], &first["weight"]), (&"gpt-6.1-sol".into(), &"wrong".into()), "{first}");
    let needed = first["needed_by"].as_array().unwrap();
    assert!(needed.contains(&"the route storage_layer in mode diverse".into()), "{first}");

    let route = |day: &str| on(&shop, day, &["route", "storage_layer", "--mode", "diverse"]).stdout;
    let says = "without   gpt-6.1-sol  retired";
    assert!(!route("2026-11-30").contains(says) && route("2026-12-01").contains(says), "{}", route("2026-12-01"));
}

#[test]
fn reg_06_models_list_shows_what_is_known() {
    let shop = Shop::with(&[], "");
    let shown = on(&shop, "2026-11-20", &["models", "list"]);
    let row = |model: &str| shown.stdout.lines().find(|line| line.starts_with(model)).unwrap_or_default();
    for (model, said) in [
        ("gemini-4-argon", "1.04M/65K      web_search, large_context  high     active"),
        ("sonnet-4.5", "200K/64K       -                          unknown  deprecated until 2026-11-30"),
    ] {
        assert!(row(model).contains(said), "{said}\n{}", shown.stdout);
    }
    let json = on(&shop, "2026-11-20", &["models", "list", "--json"]);
    let rows = json.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let argon = rows.into_iter().find(|row| row["model"] == "gemini-4-argon").unwrap();
    assert_eq!(argon["known"]["transports"], serde_json::json!(["cli", "api"]));
    assert_eq!(argon["known"]["access"]["ci"], "with_key");
    assert_eq!(argon["price"]["input"], 2_000_000, "the offer holds until December");
    let december = on(&shop, "2026-12-01", &["models", "list", "--json"]);
    assert!(december.stdout.contains("\"input\":4000000"), "{}", december.stdout);
}
