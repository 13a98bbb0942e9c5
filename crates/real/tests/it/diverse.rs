//! The main job at full width: ten workstreams of two sections on three vendors, of which one limits its rate and one
//! dies, and a run that is complete all the same and says what became of its diversity.

use super::place::{CONFIG, Ledger, Part, Place};
use super::play::{Play, Stream, tasks};
use serde_json::Value;
use std::collections::BTreeSet;

/// The sections.
const SECTIONS: [&str; 2] = ["2", "3"];

/// A workstream of each section: its name, its label in log lines, and the model that is meant to make it.
const STREAMS: [(&str, &str, &str); 5] = [
    ("schemas", "Schema generation", "gemini-4-argon"),
    ("storage", "Storage layer", "gpt-6.1-sol"),
    ("core", "Core logic", "gpt-6.1-sol"),
    ("implementation", "Implementation", STAND_IN),
    ("tests", "Test generation", "gpt-6.1-sol"),
];

/// Who makes what the vendors in trouble were meant to make.
const STAND_IN: &str = "sonnet-5.5";

/// What befalls every attempt of the model that was meant.
#[derive(Debug)]
struct Trouble {
    /// What the server does.
    act: &'static str,
    /// The word for it.
    reason: &'static str,
    /// What is decided after each attempt.
    follows: [&'static str; 2],
}

/// A vendor limits its rate, once without a time and once with one, which Codex keeps to itself; a connection breaks in
/// mid-answer; a command line is killed in the middle of its turn, from the shell that the model opens.
fn trouble(section: &str, stream: &str) -> Option<Trouble> {
    match (section, stream) {
        ("2", "schemas") => {
            Some(Trouble { act: "{ say = 'It begins.' }, { cut = {} }", reason: "network", follows: ["wait", "next"] })
        }
        ("3", "schemas") => Some(Trouble {
            act: "{ say = 'It begins.' }, \
                  { tool = { name = 'run_shell_command', input = { command = 'kill -9 $PPID' } } }",
            reason: "crashed",
            follows: ["again", "next"],
        }),
        ("2", "storage") => {
            Some(Trouble { act: "{ http = { status = 429 } }", reason: "rate limited", follows: ["wait", "next"] })
        }
        ("3", "storage") => Some(Trouble {
            act: "{ http = { status = 429, retry_after = 90 } }",
            reason: "rate limited",
            follows: ["wait", "next"],
        }),
        (_, _) => None,
    }
}

/// One of the ten.
#[derive(Debug)]
struct Row {
    section: &'static str,
    stream: &'static str,
    label: &'static str,
    meant: &'static str,
    trouble: Option<Trouble>,
}

fn rows() -> Vec<Row> {
    let of = |section| {
        STREAMS.map(|(stream, label, meant)| Row { section, stream, label, meant, trouble: trouble(section, stream) })
    };
    SECTIONS.into_iter().flat_map(of).collect()
}

/// What nobody but the one who makes it writes, and the check finds empty if it is.
const CHECK: &str = r#"set -eu
for dir in parts/*/*/; do
    test -d "$dir" || continue
    grep -qx "$dir" "$dir/made.txt"
done
"#;

impl Row {
    fn step(&self) -> String {
        format!("work.{}.{}", self.section, self.stream)
    }

    fn place(&self) -> String {
        format!("parts/{}/{}/", self.section, self.stream)
    }

    /// Who makes it in the end.
    fn made(&self) -> &'static str {
        if self.trouble.is_some() { STAND_IN } else { self.meant }
    }

    /// What a line of the log and of the report says, where somebody else made it.
    fn fallback(&self) -> Option<String> {
        let trouble = self.trouble.as_ref()?;
        Some(format!("{}: fallback from {} to {} ({})", self.label, self.meant, self.made(), trouble.reason))
    }
}

/// What all of a section may rely on.
fn contract(section: &str) -> String {
    format!("Every part of section {section} writes `made.txt`, one line: its own path.")
}

fn play(rows: &[Row]) -> Play {
    let streams: Vec<Stream> = rows.iter().map(|row| (row.section, row.stream, format!("{}**", row.place()))).collect();
    let mut play = Play::frozen(&streams, |section| Some(contract(section)));
    for row in rows {
        let made = format!(
            "{{ edit = {{ path = '{0}made.txt', content = \"{0}\\n\" }} }}, {{ say = 'It is made.' }}",
            row.place()
        );
        let mut acts: Vec<&str> = row.trouble.iter().flat_map(|trouble| trouble.follows.map(|_| trouble.act)).collect();
        acts.push(&made);
        play.turns(&row.step(), &acts);
    }
    play
}

/// From the start of its first attempt to the end of its last, in milliseconds of the ledger.
fn interval(ledger: &Ledger, step: &str) -> (u64, u64) {
    let at = |event: &&Value| event["at"].as_u64().unwrap();
    let starts: Vec<u64> = ledger.of("attempt_started", step).iter().map(at).collect();
    let ends: Vec<u64> = ledger.of("attempt_ended", step).iter().map(at).collect();
    assert!(!ends.is_empty() && starts.len() == ends.len(), "{step}: {starts:?} {ends:?}");
    (*starts.first().unwrap(), *ends.last().unwrap())
}

/// All five of a section are at work at one moment, and begin from one commit.
fn at_once(ledger: &Ledger, section: &str) {
    let steps = STREAMS.map(|(stream, ..)| format!("work.{section}.{stream}"));
    let bases: BTreeSet<&str> =
        steps.iter().map(|step| ledger.of("attempt_started", step)[0]["base"].as_str().unwrap()).collect();
    assert_eq!(bases.len(), 1, "section {section}: {bases:?}");
    let intervals = steps.map(|step| interval(ledger, &step));
    let (last_start, first_end) =
        (intervals.iter().map(|one| one.0).max().unwrap(), intervals.iter().map(|one| one.1).min().unwrap());
    assert!(last_start < first_end, "section {section}: {intervals:?}");
}

#[test]
fn div_03_ten_workstreams_with_a_limited_and_a_dying_vendor_end_complete() {
    let Some(part) = Part::begin("diverse: ten workstreams, two vendors in trouble") else { return };
    let rows = rows();
    let list = tasks(3);
    let config = CONFIG.replace("mode = \"diverse\"\n", "").replace("max_parallel = 3", "max_parallel = 10");
    assert!(!config.contains("diverse") && config.contains("max_parallel = 10"));
    let place = Place::new(&[("check.sh", CHECK), ("todo/tasks.md", &list)], &config, &play(&rows));
    let ran = place.mao(&["develop", "2,3", "--mode", "diverse"]);
    assert_eq!(place.problems(), [""; 0], "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let ledger = place.ledger();

    // Who was meant, who made it, and what was decided between.
    for row in &rows {
        let step = row.step();
        assert_eq!(ledger.links(&step)[0], row.meant, "{step}");
        let attempts = ledger.attempts(&step);
        let (model, came) = attempts.last().unwrap();
        assert!(model == row.made() && came.is_ok(), "{step}: {attempts:#?}");
        let decided: Vec<&str> = ledger
            .of("decided", &step)
            .into_iter()
            .map(|event| event["decision"]["decision"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(decided, row.trouble.as_ref().map_or(&[][..], |one| &one.follows), "{step}: {attempts:#?}");
        assert_eq!(place.merged(&format!("{}made.txt", row.place())), row.place());
        if let Some(line) = row.fallback() {
            assert!(ran.stderr.contains(&line), "the log lacks `{line}`:\n{}", ran.stderr);
        }
    }
    let fallbacks = ran.stderr.lines().filter(|line| line.contains(": fallback from ")).count();
    assert_eq!(fallbacks, rows.iter().filter_map(Row::fallback).count(), "{}", ran.stderr);

    // The contract: in every worker's prompt, and the reason why all five of a section are at work at once.
    for row in &rows {
        let seen = place.requests().into_iter().filter(|one| one.step.as_deref() == Some(&row.step()));
        let without = seen.filter(|one| !one.body.to_string().contains(&contract(row.section))).count();
        assert_eq!(without, 0, "{}: asked without the contract", row.step());
    }
    SECTIONS.iter().for_each(|section| at_once(&ledger, section));

    // What became of the diversity that was planned, and why.
    let report: Value = serde_json::from_str(&place.merged("docs/mao/develop-2-3.json")).unwrap();
    let score = |which: &str| report["diversity"][which]["overall"]["score"].as_u64().unwrap();
    assert!(score("realised") < score("planned"), "{:#}", report["diversity"]);
    let text = |cause: &Value, name: &str| cause[name].as_str().unwrap().to_owned();
    let causes: BTreeSet<(String, String)> = report["diversity"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| (text(cause, "step"), text(cause, "says")))
        .collect();
    let expected: BTreeSet<(String, String)> =
        rows.iter().filter_map(|row| Some((row.step(), row.fallback()?))).collect();
    assert_eq!(causes, expected, "what made the difference");
    let told = place.merged("docs/mao/develop-2-3.md");
    let scores = format!("{} planned, {} realised", score("planned"), score("realised"));
    for line in expected.iter().map(|(_, line)| line.as_str()).chain([scores.as_str(), "complete"]) {
        assert!(told.contains(line), "the report lacks `{line}`:\n{told}");
    }
    part.note(&format!(
        "{} requests, {fallbacks} fallbacks, diversity {} planned and {} realised",
        place.requests().len(),
        score("planned"),
        score("realised")
    ));
}
