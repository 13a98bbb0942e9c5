//! One orchestrator: no worker's command line starts models of its own, however its server asks for it.
//!
//! The prompt that a sub-agent would be given carries no marker, so that any conversation of its own would be a problem
//! in the server's log. The control starts one with the plain command line.

use super::place::{CONFIG, Part, Place};
use super::play::{Play, Stream, tasks};
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::{Sandbox, run_fed};
use mao_testkit::server::{FakeServer, Seen};
use std::collections::BTreeSet;

/// What a nested conversation would hold.
const NESTED: &str = "NESTED-7f3a: count the files and report";

/// The ways in which each command line is known to start others, as calls of tools.
fn attempts(cli: Cli) -> Vec<String> {
    let tool = |name: &str, input: String| format!("{{ tool = {{ name = '{name}', input = {input} }} }}");
    match cli {
        Cli::Claude => {
            let input = format!("{{ description = 'nested', prompt = '{NESTED}', subagent_type = 'general-purpose' }}");
            ["Task", "Agent"].map(|name| tool(name, input.clone())).to_vec()
        }
        Cli::Codex => {
            let asked = format!("{{ message: \"{NESTED}\", task_name: \"nested\", fork_turns: \"none\" }}");
            let inside = |call: &str| tool("functions.exec", format!("'text(await tools.{call}({asked}));'"));
            let direct = |name: &str| {
                tool(name, format!("{{ message = '{NESTED}', task_name = 'nested', fork_turns = 'none' }}"))
            };
            vec![
                inside("spawn_agent"),
                inside("collaboration.spawn_agent"),
                inside("collaboration__spawn_agent"),
                direct("spawn_agent"),
                direct("collaboration.spawn_agent"),
            ]
        }
        Cli::Gemini => {
            let objective = format!("{{ objective = '{NESTED}', prompt = '{NESTED}' }}");
            let named = format!("{{ agent_name = 'generalist', name = 'generalist', prompt = '{NESTED}' }}");
            let mut all: Vec<String> =
                ["codebase_investigator", "generalist", "cli_help"].map(|name| tool(name, objective.clone())).to_vec();
            all.extend(["delegate_to_agent", "invoke_agent", "invoke_subagent"].map(|name| tool(name, named.clone())));
            all
        }
    }
}

/// Words that a tool which starts other models has in its name.
const NAMES: [&str; 9] =
    ["task", "agent", "workflow", "spawn", "delegate", "investigator", "generalist", "collaboration", "cli_help"];

/// Tools whose names hold such a word and that start nobody: one stops a background command.
const HARMLESS: [&str; 1] = ["TaskStop"];

/// Every offered tool that could start others.
fn offered(seen: &[Seen]) -> Vec<String> {
    let names = seen.iter().flat_map(|one| one.offered.iter());
    let starts = |name: &&String| {
        let lower = name.to_lowercase();
        NAMES.iter().any(|word| lower.contains(word)) && !HARMLESS.contains(&name.as_str())
    };
    names.filter(starts).cloned().collect()
}

/// Requests in which somebody else than the worker speaks: those without its marker, or that begin with the nested
/// prompt.
fn second_conversations(server: &FakeServer) -> Vec<Seen> {
    let mut seen = server.requests();
    seen.retain(|one| one.step.is_none() && one.vendor.is_some());
    seen
}

#[test]
fn inv_01_no_command_line_starts_models_of_its_own() {
    let Some(part) = Part::begin("sub-agents: every command line is asked to") else { return };
    let workers = [("schemas", Cli::Gemini, 2), ("storage", Cli::Codex, 1), ("implementation", Cli::Claude, 0)];
    let streams: Vec<Stream> = workers.iter().map(|(stream, ..)| ("1", *stream, format!("{stream}.txt"))).collect();
    let mut play = Play::plan(&streams);
    for (stream, cli, _) in workers {
        let made = format!("{{ edit = {{ path = '{stream}.txt', content = \"made\\n\" }} }}, {{ say = 'Made.' }}");
        play.turns(&format!("work.1.{stream}"), &[&format!("{}, {made}", attempts(cli).join(", "))]);
    }
    let list = tasks(1);
    let place = Place::new(&[("check.sh", "true\n"), ("todo/tasks.md", &list)], CONFIG, &play);
    let ran = place.mao(&["develop", "1"]);
    assert_eq!(place.problems(), [""; 0], "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for (stream, cli, at) in workers {
        let server = &place.servers[at];
        let seen = server.requests_of(&format!("work.1.{stream}"));
        let results = seen.last().unwrap().results.clone();
        let tried = attempts(cli).len();
        assert_eq!(offered(&seen), [""; 0], "{cli:?} is offered what starts others");
        assert!(second_conversations(server).is_empty());
        // Not one of the calls was carried out.
        for result in &results[..tried] {
            let lower = result.to_lowercase();
            let refused = [
                "no such tool",
                "not found",
                "not a function",
                "unsupported call",
                "unknown",
                "undefined",
                "not available",
            ];
            assert!(refused.iter().any(|word| lower.contains(word)), "{cli:?}: {result}");
        }
        part.note(&format!("{}: {tried} attempts refused, {} requests of one conversation", cli.name(), seen.len()));
    }
}

/// Lets the plain command line do the same; returns the conversations that are not the worker's.
fn plainly(cli: Cli, model: &str) -> (usize, Vec<String>) {
    let mut sandbox = Sandbox::new().unwrap();
    sandbox.repository(&[("README.md", "readme\n")]).unwrap();
    let mut play = Play::default();
    play.turns("work", &[&format!("{}, {{ sleep_ms = 2000 }}, {{ say = 'Done.' }}", attempts(cli).join(", "))]);
    let server = FakeServer::start(play.script(sandbox.root())).unwrap();
    cli.point(&mut sandbox, &server).unwrap();
    let mut command = cli.command(&sandbox, &cli.find().unwrap(), model);
    if cli == Cli::Codex {
        command.args(["-c", "features.multi_agent=true"]);
    }
    drop(run_fed(&mut command, "please work\n[mao step work attempt 1]\n").unwrap());
    (second_conversations(&server).len(), offered(&server.requests()))
}

#[test]
fn inv_01_the_plain_command_line_does_start_them() {
    let Some(part) = Part::begin("sub-agents: the control") else { return };
    for (cli, model) in [(Cli::Claude, "claude-opus-5-5"), (Cli::Codex, "gpt-6-sol"), (Cli::Gemini, "gemini-2.5-pro")] {
        let (nested, offered) = plainly(cli, model);
        let offered: BTreeSet<String> = offered.into_iter().collect();
        part.note(&format!("{}, plain: {nested} nested request(s); offered {offered:?}", cli.name()));
        assert!(nested > 0, "{}: no attempt is live, so that refusing them proves nothing", cli.name());
    }
}
