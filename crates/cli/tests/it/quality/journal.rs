//! The journal: three perspectives, the ledger's facts, one entry a session.

use super::sample::{play_clean, play_journal, published, published_json, qa, sample};
use crate::shop::{RUN, Shop};
use mao_core::event::Event;
use mao_testkit::sandbox::Ran;
use std::process::Command;

const SECOND: &str = "11111111111111111111111111111111";
const THIRD: &str = "22222222222222222222222222222222";

fn git(shop: &Shop, words: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(shop.sandbox.work()).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(words);
    let out = git.output().unwrap();
    assert!(out.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

fn at(shop: &mut Shop, run: &str) {
    shop.sandbox.set("MAO_TEST_RUN", run);
}

fn journal(shop: &Shop, words: &[&str]) -> Ran {
    let script = shop.script.to_string_lossy().into_owned();
    let words: Vec<&str> = ["journal"].iter().chain(words).copied().chain(["--script", &script]).collect();
    shop.mao(&words)
}

fn book(shop: &Shop, run: &str) -> String {
    git(shop, &["show", &format!("mao/{}:journal.md", &run[..8])])
}

fn says(shop: &mut Shop, step: &str, summary: &str) {
    shop.play(step, &format!("[[turn]]\nact = [{{ json = {{ summary = {summary:?}, points = [\"One.\"] }} }}]\n"));
}

#[test]
fn qa_14_a_judgement_ends_with_a_journal_entry() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95, 90, 98, 95, 100]);
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let entry = published(&shop, "journal.md");
    assert!(entry.starts_with("# Journal\n"), "{entry}");
    // JRN-02: what an entry holds.
    for part in [
        "## 2026-01-02 03:04 UTC · qa-01234567",
        "### Work completed",
        "### Issues and resolutions",
        "| It was slow | A cache | Resolved |",
        "### Key decisions",
        "### Learnings",
        "### Open items\n\n- [ ] Look again",
        "### Context for the next session",
        "### Technical summary (by gemini-4-argon",
        "### Process reflection (by claude-sonnet-5-5",
        "### Creative insights (by gpt-6.1-sol",
        "### Facts from the ledger",
        "section 1: PASS",
        "`sh check.sh` exit 0",
    ] {
        assert!(entry.contains(part), "{part}: {entry}");
    }
    // JRN-03: the machine's copy, and how far the task list is.
    let copy = published_json(&shop, "docs/mao/journal/qa-01234567.json");
    for key in ["id", "timestamp", "summary", "content", "topics", "workCompleted", "openItems"] {
        assert!(!copy[key].is_null(), "{key}");
    }
    let tasks: Vec<&str> = copy["facts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fact| fact["fact"] == "section")
        .map(|fact| fact["section"].as_str().unwrap())
        .collect();
    assert_eq!(tasks, ["1", "2", "3"]);
}

#[test]
fn jrn_02_an_entry_holds_the_session_its_work_its_issues_and_what_comes_next() {
    let mut shop = sample();
    let act = r#"act = [{ json = { summary = "What it was about.", work_completed = ["The parser"], issues = [
  { issue = "It was | slow", resolution = "A cache", status = "Resolved" },
  { issue = "It is large", resolution = "Later", status = "Open" } ],
  decisions = [{ decision = "Keep the form", rationale = "Others read it" }], learnings = ["Read first"],
  open_items = ["Look at section 2", "Ask about 3"], context = "The cache is new.", topics = ["parser"],
  disagreements = ["One says done"] } }]"#;
    shop.play("journal.entry", &format!("[[turn]]\n{}\n", act.replace('\n', " ")));
    let ran = journal(&shop, &["As I saw it"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let entry = book(&shop, RUN);
    // Each part under its own head, in this order.
    let parts = [
        "## 2026-01-02 03:04 UTC · ",
        "\n\nWhat it was about.\n\n",
        "The person's summary: As I saw it\n",
        "### Work completed\n\n- The parser\n",
        "### Issues and resolutions\n\n| issue | resolution | status |\n|---|---|---|\n\
         | It was \\| slow | A cache | Resolved |\n| It is large | Later | Open |\n",
        "### Key decisions\n\n- Keep the form: Others read it\n",
        "### Learnings\n\n- Read first\n",
        "### Open items\n\n- [ ] Look at section 2\n- [ ] Ask about 3\n",
        "### Where the perspectives disagree\n\n- One says done\n",
        "### Context for the next session\n\nThe cache is new.\n",
        "### Facts from the ledger\n",
    ];
    let mut from = 0;
    for part in parts {
        let at = entry[from..].find(part).unwrap_or_else(|| panic!("{part} is missing or out of order: {entry}"));
        from += at + part.len();
    }
}

#[test]
fn jrn_04_golden_17_a_claim_that_contradicts_the_ledger_is_flagged() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95; 5]);
    shop.sandbox.set("MAO_ENGINE_VERIFY", "false");
    assert_eq!(qa(&shop, &["1", "--no-fix"]).code, Some(1));
    at(&mut shop, SECOND);
    says(&mut shop, "journal.technical", "All tests pass. The module is whole.");
    let ran = journal(&shop, &["QA passed, and I went home."]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let entry = book(&shop, SECOND);
    assert!(
        entry.contains("Technical summary says “All tests pass”: `false` ended with exit 1 in run 01234567"),
        "{entry}"
    );
    assert!(entry.contains("the person's summary says “QA passed, and I went home”: section 1: FAIL"), "{entry}");
    // The claim stays where it was said; the fact stands beside it.
    assert!(entry.contains("All tests pass. The module is whole.") && entry.contains("`false` exit 1"), "{entry}");
}

#[test]
fn jrn_01_each_perspective_goes_to_its_model_and_the_orchestrator_writes() {
    let mut shop = sample();
    play_journal(&mut shop);
    let ran = journal(&shop, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let events = shop.ledger(RUN);
    let first = |step: &str| {
        events.iter().find_map(|one| {
            if let Event::Routed { step: of, route } = &one.event {
                (of.as_str() == step).then(|| route.links[0].provider.to_string())
            } else {
                None
            }
        })
    };
    let named = ["technical", "process", "creative", "entry"].map(|view| first(&format!("journal.{view}")).unwrap());
    assert_eq!(named, ["gemini", "claude", "codex", "claude"]);
    let opened = |step: &str| {
        events
            .iter()
            .position(|one| matches!(&one.event, Event::StepOpened { step: of, .. } if of.as_str() == step))
            .unwrap()
    };
    let started = events.iter().position(|one| matches!(one.event, Event::AttemptStarted { .. })).unwrap();
    assert!(opened("journal.creative") < started, "all three at once");
}

#[test]
fn jrn_05_a_missing_perspective_is_named_and_the_entry_is_written() {
    let mut shop = sample();
    play_journal(&mut shop);
    shop.play("journal.creative", &"[[turn]]\nact = [{ fault = { kind = \"crashed\", hint = \"gone\" } }]\n".repeat(8));
    let ran = journal(&shop, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let entry = book(&shop, RUN);
    assert!(entry.contains("### Missing\n\n- Creative insights: "), "{entry}");
    assert!(entry.contains("### Technical summary") && !entry.contains("### Creative insights"), "{entry}");
}

#[test]
fn jrn_05_the_same_session_is_written_once_and_books_are_one_at_apply() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95; 5]);
    assert_eq!(qa(&shop, &["1", "--no-fix"]).code, Some(0));
    at(&mut shop, SECOND);
    assert_eq!(journal(&shop, &[]).code, Some(0));
    at(&mut shop, THIRD);
    says(&mut shop, "journal.technical", "Written a second time.");
    assert_eq!(journal(&shop, &[]).code, Some(0));
    // The judgement's own entry, and the session's from two branches: each appended to the same base.
    for run in [RUN, SECOND, THIRD] {
        let ran = shop.mao(&["apply", &run[..8]]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    }
    let path = shop.sandbox.work().join("journal.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let marks: Vec<&str> = text.lines().filter(|line| line.starts_with("<!-- mao:entry ")).collect();
    assert_eq!(marks.len(), 2, "{text}");
    assert!(text.contains("Written a second time.") && !text.contains("<<<<<<<"), "{text}");
    // Applied, and nothing happened since: the same session, the same entry.
    at(&mut shop, "33333333333333333333333333333333");
    let ran = journal(&shop, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let again = book(&shop, "33333333333333333333333333333333");
    assert_eq!(again.lines().filter(|line| line.starts_with("<!-- mao:entry ")).count(), 2, "{again}");
}

#[test]
fn jrn_06_privacy_keeps_the_journal_at_home() {
    let mut shop = sample();
    play_journal(&mut shop);
    let ran = journal(&shop, &["--privacy", "home"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    for recorded in shop.ledger(RUN) {
        if let Event::Routed { step, route } = recorded.event {
            assert!(route.links.iter().all(|link| link.provider.as_str() == "claude"), "{step}: {route:?}");
        }
    }
    // X-41: three views of one provider are said to be that.
    assert!(book(&shop, RUN).contains("same provider as another"));
}
