//! The real command lines against the fake model server: set `MAO_CLIS` to a directory that has them.

use mao_providers::script::{Script, marker};
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::{Ran, Sandbox, run_fed};
use mao_testkit::server::FakeServer;
use std::io::Write;

const WORK: &str = r#"
[[turn]]
expects = ["please work"]
usage = { input = 1000, cached = 200, output = 50, thinking = 10 }
act = [
    { think = "A new file, an old one, and a command." },
    { say = "I begin." },
    { edit = { path = "src/new.rs", content = "fn new() {}\n" } },
    { edit = { path = "README.md", content = "it's changed\n" } },
    { edit = { path = "deep/er/cut.txt", content = "no line's end" } },
    { run = ["sh", "-c", "echo 'it ran' > ran.txt"] },
    { delete = { path = "old.txt" } },
    { say = "All is done." },
]
"#;

/// A command line in a repository, or nothing and a word why.
fn ready(cli: Cli, script: &str) -> Option<(Sandbox, FakeServer, std::path::PathBuf)> {
    let Some(program) = cli.find() else {
        let why = format!("skipped: MAO_CLIS names no directory with {}\n", cli.name());
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return None;
    };
    let mut sandbox = Sandbox::new().unwrap();
    sandbox.repository(&[("README.md", "readme\n"), ("old.txt", "old\n")]).unwrap();
    let server = FakeServer::start(Script::from_texts([("work", script)]).unwrap()).unwrap();
    cli.point(&mut sandbox, &server).unwrap();
    Some((sandbox, server, program))
}

fn play(cli: Cli, model: &str, sandbox: &Sandbox, program: &std::path::Path) -> Ran {
    let prompt = format!("please work\n{}\n", marker("work", 0));
    run_fed(&mut cli.command(sandbox, program, model), &prompt).unwrap()
}

fn works(cli: Cli, model: &str) {
    let Some((sandbox, server, program)) = ready(cli, WORK) else { return };
    let ran = play(cli, model, &sandbox, &program);
    assert_eq!(server.problems(), [""; 0], "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let results = server.requests().pop().map(|seen| seen.results);
    let read = |path: &str| sandbox.read(path).unwrap_or_else(|error| panic!("{path}: {error}: {results:#?}"));
    assert_eq!(read("src/new.rs"), "fn new() {}\n");
    assert_eq!(read("README.md"), "it's changed\n");
    assert_eq!(read("deep/er/cut.txt"), "no line's end");
    assert_eq!(read("ran.txt"), "it ran\n");
    assert!(sandbox.read("old.txt").is_err());
    // Gemini CLI says its text in pieces.
    assert!(ran.stdout.contains("All is done.") || ran.stdout.contains(" done."), "{}", ran.stdout);
    assert!(server.requests().iter().all(|seen| seen.step.as_deref() == Some("work")), "{:#?}", server.requests());
    assert_eq!(server.requests().last().unwrap().played, "say");
}

#[test]
fn claude_edits_runs_and_answers() {
    works(Cli::Claude, "claude-opus-5-5");
}

#[test]
fn codex_edits_runs_and_answers_in_code_mode() {
    works(Cli::Codex, "gpt-6-sol");
}

#[test]
fn codex_edits_runs_and_answers_with_plain_tools() {
    works(Cli::Codex, "some-model");
}

#[test]
fn gemini_edits_runs_and_answers() {
    works(Cli::Gemini, "gemini-2.5-pro");
}

#[test]
fn every_command_line_ends_badly_when_nobody_serves_it() {
    for (cli, model) in [(Cli::Claude, "claude-opus-5-5"), (Cli::Codex, "gpt-6-sol"), (Cli::Gemini, "gemini-2.5-pro")] {
        let script = "[[turn]]\nact = [{ http = { status = 401 } }]";
        let Some((sandbox, server, program)) = ready(cli, script) else { return };
        let ran = play(cli, model, &sandbox, &program);
        assert_ne!(ran.code, Some(0), "{ran:#?}");
        assert!(server.requests().iter().all(|seen| seen.played == "http 401"), "{:#?}", server.requests());
    }
}

#[test]
fn claude_is_told_that_a_tool_it_may_not_use_is_not_there() {
    let script = "[[turn]]\nact = [{ tool = { name = \"Task\", input = { prompt = \"p\" } } }, { say = \"x\" }]";
    let Some((sandbox, server, program)) = ready(Cli::Claude, script) else { return };
    let mut command = Cli::Claude.command(&sandbox, &program, "claude-opus-5-5");
    let ran = run_fed(command.args(["--disallowedTools", "Task"]), &marker("work", 0)).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let last = server.requests().pop().unwrap();
    assert!(last.results[0].contains("No such tool available: Task"), "{:?}", last.results);
    assert!(!last.offered.iter().any(|name| name == "Task" || name == "Agent"), "{:?}", last.offered);
}

#[test]
fn structured_replies_come_through() {
    let schema = r#"{"type":"object","properties":{"verdict":{"type":"string"}},"required":["verdict"],"additionalProperties":false}"#;
    let script = "[[turn]]\nusage = { input = 10, output = 5 }\nact = [{ json = { verdict = \"accept\" } }]";
    if let Some((sandbox, server, program)) = ready(Cli::Claude, script) {
        let mut command = Cli::Claude.command(&sandbox, &program, "claude-opus-5-5");
        let ran = run_fed(command.args(["--json-schema", schema]), &marker("work", 0)).unwrap();
        assert!(ran.stdout.contains(r#""structured_output":{"verdict":"accept"}"#), "{ran:#?}");
        assert_eq!(server.requests().len(), 1);
        assert!(server.requests()[0].offered.contains(&"StructuredOutput".to_owned()));
    }
    if let Some((sandbox, server, program)) = ready(Cli::Codex, script) {
        sandbox.write("schema.json", schema).unwrap();
        let mut command = Cli::Codex.command(&sandbox, &program, "gpt-6-sol");
        let ran = run_fed(command.args(["--output-schema", "schema.json"]), &marker("work", 0)).unwrap();
        assert!(ran.stdout.contains(r#""text":"{\"verdict\":\"accept\"}""#), "{ran:#?}");
        assert_eq!(server.requests()[0].body["text"]["format"]["type"], "json_schema");
    }
}
