//! The script format and the scripted provider.

use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{ProviderId, Stamp};
use mao_providers::provider::{Access, Billing, Job, Progress, Provider, Timers, TurnEnd};
use mao_providers::script::{Script, ScriptError, ScriptedProvider};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(600);

fn job(dir: &Path, step: &str) -> Job {
    Job {
        label: format!("{step}#1"),
        step: step.into(),
        acknowledged: 0,
        endpoint: "claude-opus-5".into(),
        effort: Some("high".into()),
        prompt: "make a storage layer".into(),
        schema: None,
        cwd: dir.into(),
        access: Access::Write,
        scratch: dir.into(),
        reads: Vec::new(),
        session: "5a9c1f04-0000-4000-8000-000000000000".into(),
        timers: Timers { first_byte: LONG, idle: LONG, total: LONG, grace: LONG },
        billing: Billing::Subscription,
        environment: BTreeMap::new(),
        transcript: dir.join("transcript.jsonl"),
    }
}

fn provider(script: &str) -> ScriptedProvider {
    ScriptedProvider::playing(ProviderId::from("script"), Script::from_texts([("plan", script)]).unwrap()).unwrap()
}

async fn played(script: &str, job: Job) -> TurnEnd {
    provider(script).start(job).await.unwrap().end().await
}

async fn fault(script: &str, job: Job) -> Fault {
    played(script, job).await.result.unwrap_err()
}

fn wrong(text: &str) -> String {
    match Script::from_texts([("plan", text)]) {
        Ok(_) => "no error".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors_name_file_and_line() {
    let act = |act: &str| wrong(&format!("[[turn]]\n\nact = [\n  {{ say = \"a\" }},\n  {act},\n]\n"));
    let starts = |error: String, start: &str| assert!(error.starts_with(start), "{error}");
    starts(act("{ sing = \"x\" }"), "plan.toml:5: unknown variant `sing`");
    starts(act("{ edit = { path = \"../x\", content = \"\" } }"), "plan.toml:5: `../x` is not a plain relative path");
    starts(act("{ edit = { path = \"x\" } }"), "plan.toml:5: an edit needs either");
    starts(act("{ edit = { path = \"x\", content = \"\", mode = 3 } }"), "plan.toml:5: unknown field `mode`");
    starts(act("{ edit = { path = \"x\", from = \"../y\" } }"), "plan.toml:5: `../y` is not a plain relative path");
    starts(act("{ delete = { path = \"/x\" } }"), "plan.toml:5: `/x` is not a plain relative path");
    starts(act("{ run = [] }"), "plan.toml:5: `run` needs a program");
    starts(act("{ fault = { kind = \"tired\" } }"), "plan.toml:5: there is no fault `tired`");
    starts(act("{ fault = { kind = \"crashed\", until_ms = 1 } }"), "plan.toml:5: `until_ms` has no meaning");
    starts(act("{ http = { status = 200 } }"), "plan.toml:5: 200 is no HTTP error");
    starts(wrong("turn = []"), "plan.toml:1: there is no turn");
    starts(wrong("\n[[turn]]\nact = []\nloud = true\n"), "plan.toml:4: unknown field `loud`");
    starts(wrong("\n\nact = \n"), "plan.toml:3: ");
}

#[test]
fn a_directory_is_checked_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let load = || Script::load(dir.path());
    assert!(matches!(Script::load(&dir.path().join("none")), Err(ScriptError::Unreadable { .. })));
    assert!(matches!(load(), Err(ScriptError::Empty { .. })));

    let plan = dir.path().join("plan.toml");
    std::fs::create_dir(dir.path().join("files")).unwrap();
    std::fs::write(&plan, "[[turn]]\nact = [{ json_file = \"files/a.json\" }]\n").unwrap();
    let error = load().unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:2: could not read `files/a.json`", plan.display())), "{error}");
    std::fs::write(dir.path().join("files/a.json"), "{").unwrap();
    assert!(load().unwrap_err().to_string().contains("`files/a.json` is not JSON"));
    std::fs::write(dir.path().join("files/a.json"), "null").unwrap();

    let script = load().unwrap();
    assert!(script.turn("plan", 0).is_ok());
    let missing = script.turn("judge.1", 0).unwrap_err().to_string();
    let file = dir.path().join("judge.1.toml");
    assert_eq!(missing, format!("the script has no file `{}` for step `judge.1`", file.display()));
    let late = script.turn("plan", 1).unwrap_err().to_string();
    assert_eq!(late, format!("`{}` has 1 turn(s), and attempt 2 needs one more", plan.display()));
}

#[test]
fn what_only_other_players_know_is_refused_before_anything_is_played() {
    for act in ["run = [\"ls\"]", "exit = 3", "cut = {}", "http = { status = 429 }", "tool = { name = \"Task\" }"] {
        let script = Script::from_texts([("plan", format!("[[turn]]\nact = [{{ {act} }}]").as_str())]).unwrap();
        let error = ScriptedProvider::playing(ProviderId::from("script"), script).unwrap_err().to_string();
        assert!(error.starts_with("plan.toml:2: the scripted provider cannot play `"), "{error}");
    }
}

#[tokio::test]
async fn a_turn_is_played_in_order_and_says_that_it_is_scripted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("old.rs"), "old").unwrap();
    let script = r#"
        [[turn]]
        models = ["claude-opus-5"]
        expects = ["storage layer"]
        lacks = ["PRIVATE"]
        usage = { input = 7, cached = 1, output = 3, thinking = 2, micro_usd = 9 }
        act = [
            { think = "hm" },
            { edit = { path = "src/new.rs", content = "fn new() {}\n" } },
            { delete = { path = "old.rs" } },
            { sleep_ms = 1 },
            { say = "first" },
            { json = { verdict = "accept", findings = [] } },
            { say = "done" },
        ]
    "#;
    let mut turn = provider(script).start(job(dir.path(), "plan")).await.unwrap();
    let mut news = Vec::new();
    while let Some(one) = turn.news().await {
        news.push(one);
    }
    let end = turn.end().await;
    let reply = end.result.unwrap();
    assert_eq!(reply.text, "done");
    assert_eq!(reply.structured, Some(json!({ "verdict": "accept", "findings": [] })));
    assert_eq!(reply.served.as_deref(), Some("claude-opus-5 (scripted)"));
    assert_eq!((reply.usage.input, reply.usage.micro_usd), (7, Some(9)));
    assert_eq!(reply.effort_sent.as_deref(), Some("high"));
    assert_eq!(end.containment, "scripted: no process");
    assert_eq!(std::fs::read_to_string(dir.path().join("src/new.rs")).unwrap(), "fn new() {}\n");
    assert!(!dir.path().join("old.rs").exists());
    assert!(matches!(&news[0], Progress::Session(id) if id.starts_with("5a9c")));
    for one in &news[1..] {
        let (Progress::Said(line) | Progress::Tool(line) | Progress::Retrying(line) | Progress::Session(line)) = one;
        assert!(line.starts_with("scripted"), "{line}");
    }
    assert_eq!(news.len(), 6);
    let transcript = std::fs::read_to_string(dir.path().join("transcript.jsonl")).unwrap();
    assert!(transcript.starts_with("{\"scripted\":"), "{transcript}");
    assert!(transcript.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[tokio::test]
async fn turns_are_keyed_by_acknowledged_attempts() {
    let dir = tempfile::tempdir().unwrap();
    let script = "[[turn]]\nact = [{ fault = { kind = \"overloaded\" } }]\n[[turn]]\nact = [{ json = { a = 1 } }]\n";
    let first = fault(script, job(dir.path(), "plan")).await;
    assert_eq!((first.kind, first.hint.as_str()), (FaultKind::Overloaded, "scripted overloaded"));
    let second = played(script, Job { acknowledged: 1, ..job(dir.path(), "plan") }).await.result.unwrap();
    assert_eq!(second.text, "{\n  \"a\": 1\n}");
    let third = provider(script).start(Job { acknowledged: 2, ..job(dir.path(), "plan") }).await.unwrap_err();
    assert_eq!(third.kind, FaultKind::BadRequest);
    assert_eq!(third.hint, "script: `plan.toml` has 2 turn(s), and attempt 3 needs one more");
}

#[tokio::test]
async fn a_turn_that_does_not_fit_fails_loudly() {
    let dir = tempfile::tempdir().unwrap();
    let refused = async |script: &str, step: &str| {
        let fault = provider(script).start(job(dir.path(), step)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadRequest);
        fault.hint
    };
    let turn = |field: &str| format!("[[turn]]\n{field}\nact = [{{ say = \"x\" }}]");
    assert_eq!(
        refused(&turn("models = [\"gpt-6\"]"), "plan").await,
        "script: plan.toml:1: this turn is for gpt-6, and `claude-opus-5` was asked"
    );
    assert_eq!(
        refused(&turn("expects = [\"storage\", \"AGENTS\"]"), "plan").await,
        "script: plan.toml:1: the prompt lacks `AGENTS`"
    );
    assert_eq!(
        refused(&turn("lacks = [\"storage\"]"), "plan").await,
        "script: plan.toml:1: the prompt holds `storage`"
    );
    assert_eq!(
        refused(&turn("served = \"x\""), "judge").await,
        "script: the script has no file `judge.toml` for step `judge`"
    );
}

#[tokio::test]
async fn endings_are_faults() {
    let dir = tempfile::tempdir().unwrap();
    for (act, kind) in [
        ("end = \"max_tokens\"", FaultKind::Truncated),
        ("end = \"refusal\"", FaultKind::Refused),
        ("end = \"empty\"", FaultKind::EmptyOutput),
        ("garbage = {}", FaultKind::Unparsable),
        ("think = \"and nothing else\"", FaultKind::EmptyOutput),
        ("delete = { path = \"not-there\" }", FaultKind::BadRequest),
        ("fault = { kind = \"quota_exhausted\" }", FaultKind::QuotaExhausted { until: None }),
    ] {
        let ended = fault(&format!("[[turn]]\nact = [{{ {act} }}]"), job(dir.path(), "plan")).await;
        assert_eq!(ended.kind, kind, "{act}");
    }
    let later = "[[turn]]\nact = [{ fault = { kind = \"rate_limited\", until_ms = 1790000000000, hint = \"later\" } }]";
    let later = fault(later, job(dir.path(), "plan")).await;
    assert_eq!(later, Fault::new(FaultKind::RateLimited { until: Some(Stamp(1_790_000_000_000)) }, "later"));
}

#[tokio::test]
async fn a_job_that_may_only_read_is_not_edited() {
    let dir = tempfile::tempdir().unwrap();
    let script = "[[turn]]\nact = [{ edit = { path = \"x\", content = \"\" } }]";
    let denied = fault(script, Job { access: Access::Read, ..job(dir.path(), "plan") }).await;
    assert_eq!(denied.kind, FaultKind::Denied);
    assert!(!dir.path().join("x").exists());
}

#[tokio::test(start_paused = true)]
async fn silence_obeys_the_timers() {
    let dir = tempfile::tempdir().unwrap();
    let seconds = Duration::from_secs;
    let timers = Timers { first_byte: seconds(5), idle: seconds(7), total: seconds(9), grace: seconds(1) };
    for (acts, lasts, why) in [
        ("{ hang = {} }", 5, "the first byte did not come"),
        ("{ say = \"x\" }, { hang = {} }", 7, "nothing was heard"),
        ("{ say = \"x\" }, { sleep_ms = 6000 }, { say = \"y\" }, { hang = {} }", 9, "the attempt lasted too long"),
        ("{ say = \"x\" }, { sleep_ms = 8000 }, { say = \"y\" }", 7, "nothing was heard"),
    ] {
        let began = tokio::time::Instant::now();
        let late = fault(&format!("[[turn]]\nact = [{acts}]"), Job { timers, ..job(dir.path(), "plan") }).await;
        assert_eq!((late.kind, late.hint.as_str()), (FaultKind::TimedOut, format!("scripted: {why}").as_str()));
        assert_eq!(began.elapsed().as_secs(), lasts, "{acts}");
    }
}

#[tokio::test]
async fn a_stop_or_a_drop_ends_a_turn_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for silence in ["hang = {}", "sleep_ms = 600000"] {
        let script = format!("[[turn]]\nact = [{{ say = \"x\" }}, {{ {silence} }}, {{ say = \"y\" }}]");
        let mut turn = provider(&script).start(job(dir.path(), "plan")).await.unwrap();
        while !matches!(turn.news().await, Some(Progress::Said(_))) {}
        turn.stop();
        assert_eq!(turn.end().await.result.unwrap_err().kind, FaultKind::Cancelled);
    }
    // A dropped turn writes its transcript and ends; nobody waits for it, so the file is what can be seen of it.
    let transcript = dir.path().join("dropped.jsonl");
    let dropped = Job { transcript: transcript.clone(), ..job(dir.path(), "plan") };
    drop(provider("[[turn]]\nact = [{ hang = {} }]").start(dropped).await.unwrap());
    let ended = async {
        while !std::fs::read_to_string(&transcript).is_ok_and(|text| text.contains("was stopped")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG / 60, ended).await.expect("the dropped turn ends");
}
