//! Who is spoken to when nothing is configured: the orchestrator's server and nobody else.

use super::listener::Listener;
use super::place::{Part, Place, say};
use super::play::{Play, Stream, tasks};
use super::strace;
use mao_testkit::sandbox::Ran;
use std::collections::BTreeSet;

/// Enables nothing: it says how the orchestrator is paid, and how to check. The mode is the one in which others would
/// work, were they enabled.
const NOTHING: &str = r#"[engine]
mode = "diverse"
verify = ["sh check.sh"]

[transport.claude]
billing = "api"

[transport.codex]
billing = "api"
"#;

fn one_section() -> (Play, String) {
    let streams: Vec<Stream> = vec![("1", "schemas", "a.txt".into()), ("1", "storage", "b.txt".into())];
    let mut play = Play::plan(&streams);
    for (_, stream, path) in &streams {
        let edit = format!("{{ edit = {{ path = '{path}', content = \"made\\n\" }} }}, {{ run = ['true'] }}");
        play.turns(&format!("work.1.{stream}"), &[&format!("{edit}, {{ say = 'It is made.' }}")]);
    }
    (play, tasks(1))
}

fn place(config: &str) -> Place {
    let (play, list) = one_section();
    // A repository that suggests its own check, for the part without any file.
    let make = "test:\n\ttest ! -e broken\n";
    let files = [("check.sh", "test ! -e broken\n"), ("Makefile", make), ("todo/tasks.md", list.as_str())];
    Place::new(&files, config, &play)
}

/// Runs `mao develop 1` and returns what it spoke to.
fn spoken(place: &Place) -> (Ran, BTreeSet<String>) {
    let command = place.command(&["develop", "1"]);
    strace::addresses(&command, &place.sandbox.root().join("trace"))
}

fn address(place: &Place, vendor: usize) -> String {
    place.servers[vendor].url().trim_start_matches("http://").to_owned()
}

/// The assertion itself, for the control to break: everything spoken to is the orchestrator's.
fn orchestrators_alone(place: &Place, spoken: &BTreeSet<String>) -> Result<(), String> {
    let own = address(place, 0);
    let foreign: Vec<&String> = spoken.iter().filter(|one| **one != own).collect();
    if foreign.is_empty() { Ok(()) } else { Err(format!("spoken to besides {own}: {foreign:?}")) }
}

#[test]
fn inv_02_a_file_that_enables_nothing_reaches_the_orchestrator_alone() {
    let Some(part) = Part::begin("addresses: nothing enabled") else { return };
    if !strace::works() {
        return say("skipped: strace: it is not there or may not trace; the addresses were not checked");
    }
    let place = place(NOTHING);
    let (ran, spoken) = spoken(&place);
    assert_eq!(ran.code, Some(0), "{ran:#?}\n{:#?}", place.problems());
    assert_eq!(orchestrators_alone(&place, &spoken), Ok(()));
    assert!(spoken.contains(&address(&place, 0)), "the trace saw nothing at all: {spoken:?}");
    assert_eq!((place.servers[1].requests().len(), place.servers[2].requests().len()), (0, 0));
    part.note(&format!("{} requests, all to {spoken:?}", place.requests().len()));
}

#[test]
fn inv_02_enabling_one_more_breaks_that_very_assertion() {
    let Some(part) = Part::begin("addresses: the control") else { return };
    if !strace::works() {
        return say("skipped: strace: it is not there or may not trace; the control was not run");
    }
    let place = place(&format!("[models]\ncodex_enabled = true\n\n{NOTHING}"));
    let (ran, spoken) = spoken(&place);
    assert_eq!(ran.code, Some(0), "{ran:#?}\n{:#?}", place.problems());
    let broken = orchestrators_alone(&place, &spoken).unwrap_err();
    assert!(broken.contains(&address(&place, 1)), "{broken}");
    part.note(&format!("fails as it should: {broken}"));
}

/// A login that no vendor ever gave out.
const LOGIN: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-made-up","refreshToken":"sk-ant-ort01-made-up","expiresAt":4102444800000,"scopes":["user:inference","user:profile"],"subscriptionType":"max","rateLimitTier":"default_claude_max_20x"}}"#;

#[test]
fn inv_02_golden_1_without_any_file_only_the_orchestrators_host_is_asked_for() {
    let Some(part) = Part::begin("addresses: no file at all") else { return };
    if !strace::works() {
        return say("skipped: strace: it is not there or may not trace; the addresses were not checked");
    }
    let mut place = place("");
    std::fs::remove_dir_all(place.sandbox.home().join(".config")).unwrap();
    // Nobody is logged in: it ends at once, and no packet leaves.
    let (ran, spoken_to) = spoken(&place);
    assert_eq!(ran.code, Some(4), "{ran:#?}");
    assert!(ran.stderr.contains("not authenticated"), "{ran:#?}");
    assert_eq!(spoken_to, BTreeSet::new());
    // With a login, and a proxy in between, which is passed on: the one host that is asked for is the vendor's.
    let listener = Listener::start();
    let proxy = listener.address.clone();
    let home = place.sandbox.home().join(".claude");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join(".credentials.json"), LOGIN).unwrap();
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        place.sandbox.set(name, format!("http://{proxy}"));
    }
    let (ran, spoken_to) = spoken(&place);
    assert_eq!(ran.code, Some(4), "{ran:#?}");
    assert_eq!(spoken_to, BTreeSet::from([proxy]), "{ran:#?}");
    let asked: BTreeSet<String> = listener.heard().into_iter().collect();
    assert!(!asked.is_empty());
    let own = |line: &String| line.starts_with("CONNECT api.anthropic.com:443 ");
    assert!(asked.iter().all(own), "{asked:?}");
    // The keys and addresses in the environment reached nobody: the login pays.
    assert_eq!(place.requests().len(), 0);
    part.note(&format!("not logged in: nothing; logged in: {asked:?}"));
}
