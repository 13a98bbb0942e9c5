//! The driver with real processes: small programs that behave as the tools do, under the real shim and wall.

use super::job;
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::ProviderId;
use mao_process::Shim;
use mao_providers::cli::{CommandLineProvider, Vendor, claude, codex, gemini};
use mao_providers::provider::{Access, Billing, Job, Progress, Provider, TurnEnd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn shim() -> Shim {
    Shim { program: PathBuf::from(env!("CARGO_BIN_EXE_providers-test-shim")), args: Vec::new() }
}

/// A directory with everything that [`job`] names.
fn ground() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for name in ["tree/bin", "scratch", "home/.ssh", "home/.codex", "bin", "objects"] {
        std::fs::create_dir_all(root.path().join(name)).unwrap();
    }
    std::fs::write(root.path().join("home/.ssh/id"), "PRIVATE").unwrap();
    root
}

fn program(path: PathBuf, body: &str) -> PathBuf {
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn over(vendor: impl Vendor, program: Option<PathBuf>) -> CommandLineProvider {
    CommandLineProvider::new(ProviderId::new(vendor.name()), Arc::new(vendor), program, shim())
}

/// A claude that is this script.
fn claude(root: &Path, body: &str) -> CommandLineProvider {
    over(claude::Tool, Some(program(root.join("bin/claude"), body)))
}

/// A codex that is this script.
fn codex(root: &Path, body: &str) -> CommandLineProvider {
    over(codex::Tool, Some(program(root.join("bin/codex"), body)))
}

const DONE: &str = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"done"}'"#;

async fn run(provider: &dyn Provider, job: Job) -> (Vec<Progress>, TurnEnd) {
    let mut turn = provider.start(job).await.unwrap();
    let mut news = Vec::new();
    while let Some(one) = turn.news().await {
        news.push(one);
    }
    (news, turn.end().await)
}

fn fault(end: TurnEnd) -> Fault {
    end.result.unwrap_err()
}

#[tokio::test]
async fn ivk_01_a_turn_reads_its_prompt_and_tells_and_ends() {
    let root = ground();
    let body = format!(
        r#"[ "$PWD" = "$(pwd -P)" ] && cat > seen
echo '{{"type":"system","subtype":"init","session_id":"s-1"}}'
echo '{{"type":"assistant","message":{{"content":[{{"type":"text","text":"hello"}}]}}}}'
echo "a warning" >&2
{DONE}"#
    );
    let job = job(root.path());
    let prompt = job.prompt.clone();
    let (news, end) = run(&claude(root.path(), &body), job).await;
    assert_eq!(end.result.unwrap().text, "done");
    assert_eq!(news, [Progress::Session("s-1".into()), Progress::Said("hello".into())]);
    assert_eq!(end.session.as_deref(), Some("s-1"));
    assert_eq!(std::fs::read_to_string(root.path().join("tree/seen")).unwrap(), prompt);
    assert!(end.containment.starts_with("tree: supervised"), "{}", end.containment);
    let transcript = std::fs::read_to_string(root.path().join("transcript")).unwrap();
    assert!(transcript.contains("hello") && transcript.contains("a warning"), "both streams are kept: {transcript}");
}

#[tokio::test]
async fn inv_06_a_reader_writes_nothing_and_nobody_reads_the_home() {
    let root = ground();
    let body = format!("cat > /dev/null; echo x > tree.txt; cat {}/home/.ssh/id; {DONE}", root.path().display());
    for access in [Access::Read, Access::Write] {
        let (_, end) = run(&claude(root.path(), &body), Job { access, ..job(root.path()) }).await;
        if !end.containment.contains("writes: landlock") {
            let told = format!("skipped: the kernel has no wall: {}\n", end.containment);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
            return;
        }
        assert_eq!(end.result.unwrap().text, "done");
        assert_eq!(root.path().join("tree/tree.txt").exists(), access == Access::Write);
        let transcript = std::fs::read_to_string(root.path().join("transcript")).unwrap();
        assert!(!transcript.contains("PRIVATE"), "{transcript}");
        std::fs::remove_file(root.path().join("transcript")).unwrap();
    }
}

#[tokio::test]
async fn ivk_02_keys_stay_out_of_transcript_reply_and_hint() {
    let root = ground();
    let job = || Job { billing: Billing::Api, ..job(root.path()) };
    let says = r#"cat > /dev/null; echo "$ANTHROPIC_API_KEY" >&2
echo "{\"type\":\"result\",\"is_error\":ERROR,\"result\":\"Invalid API key $ANTHROPIC_API_KEY\"}""#;
    let (_, end) = run(&claude(root.path(), &says.replace("ERROR", "false")), job()).await;
    assert_eq!(end.result.unwrap().text, "Invalid API key [redacted]");
    let (_, end) = run(&claude(root.path(), &says.replace("ERROR", "true")), job()).await;
    let fault = fault(end);
    assert_eq!((fault.kind, fault.hint.as_str()), (FaultKind::NotAuthenticated, "Invalid API key [redacted]"));
    let transcript = std::fs::read_to_string(root.path().join("transcript")).unwrap();
    assert!(transcript.contains("[redacted]") && !transcript.contains("sk-anthropic-1"), "{transcript}");
}

#[tokio::test]
async fn ivk_06_each_of_our_timers_ends_a_tool_that_hangs_with_its_last_hint() {
    let root = ground();
    let retry = r#"echo '{"type":"system","subtype":"api_retry","attempt":3,"error_status":529,"error":"overloaded"}'"#;
    let short = Duration::from_millis(400);
    for (body, what) in [
        ("cat > /dev/null; sleep 600".to_owned(), "no first event"),
        (format!("cat > /dev/null; {retry}; sleep 600"), "no event for too long; last: overloaded (529), attempt 3"),
        (format!("cat > /dev/null; while :; do {retry}; sleep 0.05; done"), "too long in all; last: overloaded"),
    ] {
        let mut job = job(root.path());
        match what.starts_with("no") {
            true => (job.timers.first_byte, job.timers.idle) = (short, short),
            false => job.timers.total = short,
        }
        let (_, end) = run(&claude(root.path(), &body), job).await;
        assert!(end.containment.starts_with("tree: supervised"), "{}", end.containment);
        let fault = fault(end);
        assert_eq!(fault.kind, FaultKind::TimedOut);
        assert!(fault.hint.contains(what), "{}", fault.hint);
    }
}

#[tokio::test]
async fn ivk_06_a_stopped_turn_is_cancelled_even_with_a_result() {
    let root = ground();
    let provider = claude(
        root.path(),
        &format!(
            "cat > /dev/null; {DONE}; echo '{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}'; sleep 600"
        ),
    );
    let mut turn = provider.start(job(root.path())).await.unwrap();
    assert!(turn.news().await.is_some());
    turn.stop();
    let end = turn.end().await;
    assert!(end.containment.starts_with("tree: supervised"), "{}", end.containment);
    assert_eq!(fault(end).kind, FaultKind::Cancelled);
}

#[tokio::test]
async fn fbk_03_a_tool_killed_in_mid_stream_crashed() {
    let root = ground();
    let body = r#"cat > /dev/null; echo '{"type":"system","subtype":"init","session_id":"s"}'; kill -9 $$"#;
    let (_, end) = run(&claude(root.path(), body), job(root.path())).await;
    assert_eq!(end.session.as_deref(), Some("s"));
    assert_eq!(fault(end).kind, FaultKind::Crashed);
}

#[tokio::test]
async fn fbk_03_too_much_output_is_its_own_fault() {
    let root = ground();
    let (_, end) =
        run(&claude(root.path(), "cat > /dev/null; exec head -c 110000000 /dev/zero"), job(root.path())).await;
    assert_eq!(fault(end).kind, FaultKind::OutputLimit);
}

#[tokio::test]
async fn fbk_03_codex_without_a_login_is_refused_before_it_is_asked_anything() {
    let root = ground();
    let body = r#"case "$1" in
login) echo "Not logged in" >&2; exit 1;;
*) echo ran > "$PWD/ran";;
esac"#;
    let codex = codex(root.path(), body);
    let fault = codex.start(job(root.path())).await.unwrap_err();
    assert_eq!((fault.kind, fault.hint.as_str()), (FaultKind::NotAuthenticated, "Not logged in"));
    assert!(!root.path().join("tree/ran").exists());
}

#[tokio::test]
async fn ivk_01_codex_is_given_its_files_and_cleaned_up_after() {
    let root = ground();
    std::fs::write(root.path().join("home/.codex/auth.json"), "{\"login\":1}").unwrap();
    let body = r#"case "$1" in login) exit 0;; esac
cat > /dev/null
[ "$(cat "$CODEX_HOME/auth.json")" = '{"login":1}' ] || exit 9
mkdir -p .codex .agents .aws/kept && : > .aws/kept/file
echo "$*" > words
echo '{"type":"item.completed","item":{"type":"agent_message","text":"done"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":2,"output_tokens":1}}'"#;
    let codex = codex(root.path(), body);
    let (_, end) = run(&codex, job(root.path())).await;
    let reply = end.result.unwrap();
    assert_eq!((reply.text.as_str(), reply.usage.input), ("done", 2));
    let tree = root.path().join("tree");
    assert!(!tree.join(".codex").exists() && !tree.join(".agents").exists(), "empty directories go");
    assert!(tree.join(".aws/kept/file").exists(), "what holds something stays");
    let words = std::fs::read_to_string(tree.join("words")).unwrap();
    let full = words.contains("--sandbox=danger-full-access");
    assert_eq!(full, end.containment.contains("writes: landlock"), "one sandbox: {} {words}", end.containment);
    assert_ne!(full, end.containment.contains("codex's own"), "{}", end.containment);
}

#[tokio::test]
async fn inv_06_a_program_of_the_repository_is_never_started() {
    let root = ground();
    let planted = program(root.path().join("tree/bin/claude"), &format!("echo x > ../planted; {DONE}"));
    std::os::unix::fs::symlink(&planted, root.path().join("bin/linked")).unwrap();
    for path in [planted, root.path().join("bin/linked"), PathBuf::from("bin/claude")] {
        let provider = over(claude::Tool, Some(path.clone()));
        let fault = provider.start(job(root.path())).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound, "{}", path.display());
    }
    assert!(!root.path().join("tree/planted").exists() && !root.path().join("planted").exists());
}

#[tokio::test]
async fn ivk_03_a_tool_that_is_not_there_says_so() {
    let root = ground();
    for provider in [over(claude::Tool, None), over(codex::Tool, None), over(gemini::Tool, None)] {
        let why = provider.abilities().unusable.clone().unwrap();
        assert_eq!(why, format!("{} is not on PATH", provider.id()));
        let fault = provider.start(job(root.path())).await.unwrap_err();
        assert_eq!((fault.kind, fault.hint), (FaultKind::NotFound, why));
    }
}
