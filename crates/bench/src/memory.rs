//! The most memory that `mao` itself ever holds while many workstreams work at once, each a supervised command line; its
//! children and shims apart.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::Ground;
use mao_testkit::sandbox::Sandbox;
use mao_workflows::plan::Stream;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// How many workstreams at once, and how many MiB are demanded.
const ROWS: [(usize, f64); 2] = [(10, 60.0), (64, 150.0)];

/// How long at most the first workstream waits for the last one to be there.
const PATIENCE: Duration = Duration::from_secs(300);

/// The command line, in the words of the orchestrator's stream: it plans; it works, talks, and waits until all others are
/// there; it judges.
const COMMAND_LINE: &str = r#"#!/bin/sh
prompt=$(cat)
step=${prompt#*"[mao step "}
step=${step%%" attempt "*}
model=model
for word in "$@"; do case $word in --model=*) model=${word#--model=};; esac; done
echo '{"type":"system","subtype":"init","session_id":"s"}'
say() {
    echo "{\"type\":\"assistant\",\"message\":{\"model\":\"$model\",\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}}"
}
end() {
    echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"Done.\",\"session_id\":\"s\",\"stop_reason\":\"end_turn\",\"structured_output\":$1,\"usage\":{\"input_tokens\":900,\"output_tokens\":40},\"modelUsage\":{\"$model\":{}}}"
}
case $step in
deps) say 'They stand alone.'; end '{"edges":[],"uncertain":null}';;
plan) say 'A plan.'; end "$(cat "$0.plan")";;
synthesis) say 'It stands.'; end '{"summary":"It stands.","decisions":[],"open_items":[]}';;
judge.*) say 'It is right.'; end '{"accept":true,"findings":[]}';;
work.*)
    line='The quick brown fox jumps over the lazy dog, and says so at some length in every line that it writes here.'
    name=${step#work.}
    mkdir -p "parts/$name"
    for at in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do say "$line $line $line $line"; done
    while ! test -e "$0.go"; do sleep 1; done
    echo "part $name" > "parts/$name/made.txt"
    end null;;
*) echo "no answer to $step" >&2; exit 1;;
esac
"#;

/// One run for each row.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let mut figures = Vec::new();
    for (streams, most) in ROWS {
        let seen = watch(ground, streams)?;
        if seen.at_once < streams {
            return Err(format!("{} of {streams} workstreams worked at once", seen.at_once).into());
        }
        let from = format!(
            "VmHWM of one run; {} shims at once, the largest {:.1} MiB; {:.1} s",
            seen.at_once,
            mib(seen.shim),
            seen.took.as_secs_f64()
        );
        let what = format!("`mao` with {streams} workstreams at once, without children and shims");
        figures.push(Figure::new("memory", what, mib(seen.own), Unit::Mib, from).at_most(most));
    }
    Ok(figures)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// What was seen of a run: KiB.
#[derive(Debug, Default)]
struct Seen {
    own: u64,
    shim: u64,
    at_once: usize,
    took: Duration,
}

fn watch(ground: &Ground, streams: usize) -> Done<Seen> {
    let mut sandbox = Sandbox::new()?;
    sandbox.repository(&[("todo/tasks.md", &tasks(streams)), ("parts/.keep", ""), ("check.sh", "true\n")])?;
    let program = sandbox.root().join("command-line");
    std::fs::write(&program, COMMAND_LINE)?;
    std::fs::write(program.with_extension("plan"), plan(streams).to_string())?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let config = sandbox.home().join(".config/mao");
    std::fs::create_dir_all(&config)?;
    let text =
        format!("[engine]\nverify = [\"sh check.sh\"]\nmax_parallel = {streams}\naccount_parallel = {streams}\n");
    std::fs::write(config.join("multi-model.toml"), text)?;
    sandbox.set("MAO_TRANSPORT_CLAUDE_COMMAND", program.to_string_lossy());

    let go = program.with_extension("go");
    let log = sandbox.root().join("log");
    let mut command = sandbox.command(ground.mao());
    command
        .args(["develop", "all"])
        .stdout(std::fs::File::create(&log)?)
        .stderr(std::fs::File::options().append(true).create(true).open(&log)?);
    let began = std::time::Instant::now();
    let mut child = command.spawn()?;
    let mut seen = Seen::default();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        seen.own = seen.own.max(high_water(child.id()).unwrap_or(0));
        let shims = shims(child.id());
        seen.at_once = seen.at_once.max(shims.len());
        if began.elapsed() > PATIENCE || seen.at_once >= streams && !go.exists() {
            std::fs::write(&go, "")?;
        }
        seen.shim = seen.shim.max(shims.into_iter().filter_map(high_water).max().unwrap_or(0));
        // The figure only ever rises, and is lost with the process: a reading every so often, the last one near the end.
        std::thread::sleep(Duration::from_millis(10));
    };
    seen.took = began.elapsed();
    if !status.success() {
        return Err(format!("the run ended with {status}:\n{}", std::fs::read_to_string(&log)?).into());
    }
    Ok(seen)
}

/// A task list with as many sections as so many workstreams need.
fn tasks(streams: usize) -> String {
    let section = |n| format!("\n## Section {n}: Part {n}\n\n- [ ] {n}.1 Make part {n}\n");
    format!("# Tasks\n{}", (1..=streams.div_ceil(Stream::ALL.len())).map(section).collect::<String>())
}

/// A plan with so many workstreams. Each section has a contract, so that all of them work at once.
fn plan(streams: usize) -> Value {
    let all: Vec<usize> = (0..streams).collect();
    let sections = all.chunks(Stream::ALL.len()).zip(1..).map(|(places, section)| {
        let workstreams = places.iter().zip(Stream::ALL).map(|(_, stream)| {
            let name = stream.name();
            json!({"stream": name, "goal": "Make it.", "owns": [format!("parts/{section}.{name}/**")]})
        });
        json!({
            "section": section.to_string(),
            "contract": "Each part stands alone.",
            "workstreams": workstreams.collect::<Vec<_>>(),
        })
    });
    json!({"summary": "All at once.", "sections": sections.collect::<Vec<_>>()})
}

/// `VmHWM` of a process, in KiB: the most memory that it ever held.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The children of `parent` that are shims. One that is not yet there has its parent's words, and its parent's memory.
fn shims(parent: u32) -> BTreeSet<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let by_thread = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let others = by_thread.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let pids: BTreeSet<u32> = listed
        .into_iter()
        .chain(others)
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect();
    let is_shim = |pid: &u32| {
        let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split('\0').nth(1) == Some(mao_process::Shim::WORD)
    };
    pids.into_iter().filter(is_shim).collect()
}
