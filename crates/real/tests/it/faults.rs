//! The table of faults: what each vendor's command line makes of each trouble of its server, what follows, and the line
//! that says so. Every row is a workstream of a real run; the model after it is served well and the run ends complete.
//!
//! `tests/faults.tsv` is the expectation; where a command line hides the cause, the row says what is left of it.

use super::place::{CONFIG, Ledger, Part, Place};
use super::play::{Play, Stream, tasks};
use std::collections::BTreeMap;

const TABLE: &str = include_str!("../faults.tsv");

/// A workstream, its label in log lines, and the command line of its first model.
type Worker = (&'static str, &'static str, &'static str);

/// Which workstream begins with which vendor's model: its name, its label in log lines, the command line.
const WORKERS: [Worker; 3] = [
    ("schemas", "Schema generation", "gemini"),
    ("storage", "Storage layer", "codex"),
    ("implementation", "Implementation", "claude"),
];

/// What the server does, for whom.
fn acts(fault: &str, cli: &str) -> &'static str {
    match (fault, cli) {
        ("401", _) => "{ http = { status = 401 } }",
        ("403", _) => "{ http = { status = 403 } }",
        ("404_model", "claude") => "{ http = { status = 404, message = 'model: m' } }",
        ("404_model", "codex") => {
            "{ http = { status = 404, message = 'The model `m` does not exist or you do not have access to it.' } }"
        }
        ("404_model", _) => "{ http = { status = 404, message = 'models/m is not found for API version v1beta' } }",
        ("429", _) => "{ http = { status = 429 } }",
        ("429_after_90", _) => "{ http = { status = 429, retry_after = 90 } }",
        ("quota", "claude") => {
            "{ http = { status = 400, message = 'Your credit balance is too low to access the Anthropic API.' } }"
        }
        ("quota", "codex") => {
            "{ http = { status = 429, code = 'insufficient_quota', message = 'You exceeded your current quota, please check your plan and billing details.' } }"
        }
        ("quota", _) => {
            r#"{ http = { status = 429, body = '{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_requests_per_model_per_day","quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]}]}}' } }"#
        }
        ("500", _) => "{ http = { status = 500 } }",
        ("overloaded", "claude") => "{ http = { status = 529 } }",
        ("overloaded", _) => "{ http = { status = 503 } }",
        ("hang_headers", _) => "{ hang = { at = 'headers' } }",
        ("hang_stream", _) => "{ say = 'It begins.' }, { hang = {} }",
        ("cut_stream", _) => "{ say = 'It begins.' }, { cut = {} }",
        ("garbage", _) => "{ garbage = {} }",
        ("max_tokens", _) => "{ say = 'It begins and' }, { end = 'max_tokens' }",
        ("refusal", _) => "{ say = 'I will not.' }, { end = 'refusal' }",
        ("empty", _) => "{ end = 'empty' }",
        ("no_change", _) => "{ say = 'All is done.' }",
        (other, _) => panic!("nobody knows the fault {other}"),
    }
}

/// A row: what is expected of one command line under one fault.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// The fault as log lines call it.
    label: String,
    /// The decisions in their order: `wait next`.
    follows: String,
    /// The model that follows.
    next: String,
    /// What its hint holds.
    hint: String,
}

fn table() -> BTreeMap<(String, String), Row> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [fault, cli, label, follows, next, hint] = cells[..] else { panic!("six columns: {line}") };
        let [label, follows, next, hint] = [label, follows, next, hint].map(str::to_owned);
        ((fault.to_owned(), cli.to_owned()), Row { label, follows, next, hint })
    })
    .collect()
}

fn file(section: usize, stream: &str) -> String {
    format!("parts/{section}-{stream}.txt")
}

/// A play in which section N meets the N-th fault in every workstream.
fn play(faults: &'static [&'static str], workers: &[Worker], rows: &BTreeMap<(String, String), Row>) -> Play {
    const NUMBERS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut streams: Vec<Stream> = Vec::new();
    for (at, number) in NUMBERS.iter().enumerate().take(faults.len()) {
        streams.extend(workers.iter().map(|(stream, ..)| (*number, *stream, file(at + 1, stream))));
    }
    let mut play = Play::plan(&streams);
    for (at, fault) in faults.iter().enumerate() {
        for &(stream, _, cli) in workers {
            let path = file(at + 1, stream);
            let good = format!("{{ edit = {{ path = '{path}', content = \"made\\n\" }} }}, {{ say = 'It is made.' }}");
            let row = &rows[&((*fault).to_owned(), cli.to_owned())];
            let mut turns = vec![acts(fault, cli); row.follows.split(' ').count()];
            turns.push(&good);
            play.turns(&format!("work.{}.{stream}", at + 1), &turns);
        }
    }
    play
}

/// What a run shows of a workstream that met a fault first.
fn seen(ledger: &Ledger, step: &str) -> Row {
    let attempts = ledger.attempts(step);
    let decided = ledger.of("decided", step);
    let text = |event: &serde_json::Value, name: &str| event["decision"][name].as_str().unwrap_or("-").to_owned();
    let follows: Vec<String> = decided.iter().map(|event| text(event, "decision")).collect();
    let last = decided.last();
    let mut hints = attempts.iter().filter_map(|(_, came)| came.as_ref().err().map(|(_, hint)| hint.as_str()));
    Row {
        label: last.map_or_else(|| "-".to_owned(), |event| text(event, "reason")),
        follows: follows.join(" "),
        next: last.map_or_else(|| "-".to_owned(), |event| text(event, "to")),
        hint: hints.next_back().unwrap_or("-").to_owned(),
    }
}

/// Plays every fault of `faults` with every command line and compares with the table.
fn check(name: &'static str, faults: &'static [&'static str], config: &str) {
    let Some(part) = Part::begin(name) else { return };
    check_with(&part, faults, &WORKERS, config);
}

/// The same for some of the workers.
fn check_with(part: &Part, faults: &'static [&'static str], workers: &[Worker], config: &str) {
    let rows = table();
    let list = tasks(faults.len());
    let files = [("check.sh", "test ! -e broken\n"), ("todo/tasks.md", list.as_str()), ("parts/.keep", "")];
    let place = Place::new(&files, config, &play(faults, workers, &rows));
    let ran = place.mao(&["develop", "all"]);
    let ledger = place.ledger();
    let mut wrong = Vec::new();
    for (at, fault) in faults.iter().enumerate() {
        for &(stream, label, cli) in workers {
            let expected = &rows[&((*fault).to_owned(), cli.to_owned())];
            let step = format!("work.{}.{stream}", at + 1);
            let found = seen(&ledger, &step);
            let same = found.label == expected.label
                && found.follows == expected.follows
                && found.next == expected.next
                && found.hint.contains(&expected.hint);
            if !same {
                let Row { label, follows, next, hint } = &found;
                wrong.push(format!("{fault}\t{cli}\t{label}\t{follows}\t{next}\t{hint}"));
            }
            let first = ledger.links(&step)[0].clone();
            let line = format!("{label}: fallback from {first} to {} ({})", expected.next, expected.label);
            if !ran.stderr.contains(&line) {
                wrong.push(format!("{fault}\t{cli}: the log lacks `{line}`"));
            }
            let made = place.sandbox.git(&["show", &format!("{}:{}", place.branch(), file(at + 1, stream))]);
            if made.as_deref().ok() != Some("made") {
                wrong.push(format!("{fault}\t{cli}: {} is not on the branch", file(at + 1, stream)));
            }
        }
    }
    assert_eq!(
        wrong,
        [""; 0],
        "\nwhat was found:\n{}\n\nproblems: {:#?}\n{}",
        wrong.join("\n"),
        place.problems(),
        ran.stderr
    );
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    part.note(&format!("{} rows as in the table", faults.len() * workers.len()));
}

#[test]
fn real_02_faults_of_requests() {
    const FAULTS: &[&str] = &["404_model", "429", "429_after_90", "500", "overloaded"];
    check("faults of requests", FAULTS, CONFIG);
}

/// Nobody signed in, or nothing left to spend: the vendor is left alone for the rest of the run, so each has its own.
#[test]
fn real_02_faults_after_which_a_vendor_is_left_alone() {
    let Some(part) = Part::begin("faults of accounts") else { return };
    for faults in [&["401"], &["403"], &["quota"]] {
        WORKERS.iter().for_each(|worker| check_with(&part, faults, &[*worker], CONFIG));
    }
}

#[test]
fn real_02_faults_of_answers() {
    const FAULTS: &[&str] = &["cut_stream", "garbage", "max_tokens", "refusal", "empty", "no_change"];
    check("faults of answers", FAULTS, CONFIG);
}

#[test]
fn real_02_faults_of_silence() {
    const FAULTS: &[&str] = &["hang_headers", "hang_stream"];
    let short = CONFIG.replace("first_byte = \"60s\"\nidle = \"60s\"", "first_byte = \"20s\"\nidle = \"20s\"");
    assert_ne!(short, CONFIG);
    check("faults of silence", FAULTS, &short);
}

/// A port that nobody listens on: bound, then given back.
fn refused() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn real_02_faults_of_the_network() {
    let Some(part) = Part::begin("nobody listens") else { return };
    let rows = table();
    let row = |cli: &str| rows[&("refused_port".to_owned(), cli.to_owned())].clone();
    let streams: Vec<Stream> = WORKERS.iter().map(|(stream, ..)| ("1", *stream, file(1, stream))).collect();
    let mut play = Play::plan(&streams);
    for (stream, _, cli) in WORKERS {
        let good =
            format!("{{ edit = {{ path = '{}', content = \"made\\n\" }} }}, {{ say = 'Made.' }}", file(1, stream));
        // Nobody heard the attempts that were refused, but they count.
        let unheard = if cli == "claude" { 0 } else { row(cli).follows.split(' ').count() };
        let mut turns = vec!["{ say = 'nobody hears this' }"; unheard];
        turns.push(&good);
        play.turns(&format!("work.1.{stream}"), &turns);
    }
    let list = tasks(1);
    let files = [("check.sh", "test ! -e broken\n"), ("todo/tasks.md", list.as_str()), ("parts/.keep", "")];
    let mut place = Place::new(&files, CONFIG, &play);
    let (codex, gemini) = (refused(), refused());
    place.sandbox.set("OPENAI_BASE_URL", format!("{codex}/v1"));
    place.sandbox.set("GOOGLE_GEMINI_BASE_URL", gemini);
    let ran = place.mao(&["develop", "1"]);
    let ledger = place.ledger();
    for (stream, label, cli) in WORKERS.iter().filter(|worker| worker.2 != "claude") {
        let (expected, found) = (row(cli), seen(&ledger, &format!("work.1.{stream}")));
        assert!(found.hint.contains(&expected.hint), "{cli}: {found:?}\n{}", ran.stderr);
        assert_eq!(Row { hint: String::new(), ..found }, Row { hint: String::new(), ..expected.clone() }, "{cli}");
        let first = &ledger.links(&format!("work.1.{stream}"))[0];
        let line = format!("{label}: fallback from {first} to {} ({})", expected.next, expected.label);
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(place.servers[1].requests().len() + place.servers[2].requests().len(), 0);
    // The orchestrator itself: nothing stands in for it.
    place.sandbox.set("ANTHROPIC_BASE_URL", refused());
    let ran = place.mao(&["develop", "1"]);
    let (expected, found) = (row("claude"), seen(&place.ledger(), "plan"));
    assert!(found.hint.contains(&expected.hint), "{found:?}");
    assert_eq!(Row { hint: String::new(), ..found }, Row { hint: String::new(), ..expected });
    assert_eq!(ran.code, Some(4), "{ran:#?}");
    part.note("3 rows as in the table");
}
