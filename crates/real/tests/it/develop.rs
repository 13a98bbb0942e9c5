//! The good run: one section, five workstreams, three vendors, each working through its own tools.

use super::place::{CONFIG, Part, Place};
use super::play::{Play, Stream, tasks};
use std::collections::BTreeSet;

/// Every made part names itself, was finished by a shell, and none is half there.
const CHECK: &str = r#"set -eu
for dir in parts/*/; do
    test -d "$dir" || continue
    name=$(basename "$dir")
    grep -qx "part $name" "$dir/made.txt"
    grep -qx "shell $name" "$dir/shell.txt"
done
"#;

/// Workstream, the model that its route begins with, the vendor's place, and the tools that edit and run there.
const STREAMS: [(&str, &str, usize, &str, &str); 5] = [
    ("schemas", "gemini-4-argon", 2, "write_file", "run_shell_command"),
    ("storage", "gpt-6.1-sol", 1, "functions.exec", "functions.exec"),
    ("core", "gpt-6.1-sol", 1, "functions.exec", "functions.exec"),
    ("implementation", "sonnet-5.5", 0, "Write", "Bash"),
    ("tests", "gpt-6.1-sol", 1, "functions.exec", "functions.exec"),
];

#[test]
fn real_02_develop_with_three_vendors() {
    let Some(part) = Part::begin("develop: five workstreams of three vendors") else { return };
    let streams: Vec<Stream> = STREAMS.iter().map(|row| ("1", row.0, format!("parts/{}/**", row.0))).collect();
    let mut play = Play::plan(&streams);
    for (name, ..) in STREAMS {
        let made = format!("{{ edit = {{ path = \"parts/{name}/made.txt\", content = \"part {name}\\n\" }} }}");
        let shell = format!("{{ run = [\"sh\", \"-c\", \"printf '%s\\n' 'shell {name}' > parts/{name}/shell.txt\"] }}");
        play.turns(&format!("work.1.{name}"), &[&format!("{made}, {shell}, {{ say = \"Part {name} stands.\" }}")]);
    }
    let list = tasks(1);
    let place = Place::new(&[("check.sh", CHECK), ("todo/tasks.md", &list), ("parts/.keep", "")], CONFIG, &play);
    let ran = place.mao(&["develop", "1"]);
    assert_eq!(place.problems(), [""; 0], "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let ledger = place.ledger();
    for (name, model, vendor, edits, runs) in STREAMS {
        let step = format!("work.1.{name}");
        let attempts = ledger.attempts(&step);
        assert_eq!(attempts.len(), 1, "{attempts:#?}");
        assert_eq!(attempts[0].0, model);
        let served = attempts[0].1.as_ref().unwrap_or_else(|fault| panic!("{step}: {fault:?}"));
        let seen = place.servers[vendor].requests_of(&step);
        let asked: BTreeSet<&str> = seen.iter().filter_map(|one| one.model.as_deref()).collect();
        // Codex does not say who served it; then nothing is recorded.
        let said = if served.is_empty() { asked.clone() } else { BTreeSet::from([served.as_str()]) };
        assert_eq!(asked, said, "{step}: asked of the server, and served as recorded");
        let played: Vec<&str> = seen.iter().map(|one| one.played.as_str()).collect();
        let called = |tool: &str| played.iter().any(|one| one.strip_prefix("call ").is_some_and(|name| name == tool));
        assert!(called(edits) && called(runs), "{step}: {played:?}");
        assert_eq!(place.merged(&format!("parts/{name}/made.txt")), format!("part {name}"));
        assert_eq!(place.merged(&format!("parts/{name}/shell.txt")), format!("shell {name}"));
    }
    // Every change of another vendor has a verdict of the orchestrator's; its own have none.
    let judged: BTreeSet<String> = place.servers[0]
        .requests()
        .iter()
        .filter_map(|one| one.step.clone())
        .filter(|s| s.starts_with("judge"))
        .collect();
    let external = ["core", "schemas", "storage", "tests"].map(|name| format!("judge.1.{name}.1"));
    assert_eq!(judged, external.into_iter().collect());
    for step in ["plan", "synthesis"].into_iter().map(str::to_owned).chain(judged) {
        let attempts = ledger.attempts(&step);
        assert!(
            matches!(&attempts[..], [(model, Ok(served))] if model == "opus-5.5" && served.contains("opus")),
            "{attempts:?}"
        );
        let asked: BTreeSet<Option<String>> =
            place.servers[0].requests_of(&step).into_iter().map(|one| one.model).collect();
        assert_eq!(asked.len(), 1, "{asked:?}");
    }
    let green = ledger.events.iter().filter(|event| event["event"] == "verified").count();
    let red = ledger.events.iter().filter(|event| {
        event["event"] == "verified"
            && event["verification"]["checks"].as_array().unwrap().iter().any(|check| check["exit"] != 0)
    });
    assert_eq!(red.count(), 0);
    assert!(green >= 5, "{green} verifications");
    assert!(place.merged("docs/mao/develop-1.md").contains("complete"), "no report");
    part.note(&format!("{} requests, {} verifications, exit 0", place.requests().len(), green));
}
