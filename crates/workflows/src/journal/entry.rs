//! One entry of the journal: from the perspectives, the synthesis and the facts, as Markdown and as the machine's copy.

use super::book::Marked;
use super::claims::{Contradiction, contradictions};
use super::facts;
use super::form::{self, Perspective, Status, View, WRITE, Written};
use mao_core::ids::StepId;
use mao_core::run::RunState;
use mao_core::session::{Fact, Session};
use mao_core::step::Standing;
use mao_core::text::{one_line, printable};
use serde::Serialize;
use serde_json::Value;

/// A perspective with who wrote it, or why it is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Voice {
    pub(crate) view: View,
    /// What served it, as its vendor says.
    pub(crate) served: Option<String>,
    /// What it says.
    pub(crate) said: Option<Perspective>,
    /// Why nothing is there.
    pub(crate) missing: Option<String>,
    /// Whether another perspective came from the same provider.
    pub(crate) same_provider: bool,
}

/// A claim that the ledger contradicts, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Flag {
    pub(crate) by: String,
    pub(crate) claim: String,
    pub(crate) ledger: String,
}

/// The machine's copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) at: u64,
    pub(crate) run: String,
    pub(crate) base: String,
    pub(crate) scripted: Option<String>,
    pub(crate) summary: String,
    pub(crate) content: String,
    pub(crate) topics: Vec<String>,
    pub(crate) work_completed: Vec<String>,
    pub(crate) open_items: Vec<String>,
    /// The runs that it covers.
    pub(crate) runs: Vec<String>,
    pub(crate) missing: Vec<String>,
    pub(crate) contradictions: Vec<Flag>,
    pub(crate) facts: Vec<Fact>,
}

/// The voices of a run's journal, as the record has them.
pub(crate) fn voices(run: &RunState) -> Vec<Voice> {
    let providers: Vec<_> = View::ALL.iter().map(|view| provider(run, &view.step())).collect();
    let voice = |(at, view): (usize, View)| {
        let missing = |why: &str| Voice {
            view,
            served: None,
            said: None,
            missing: Some(one_line(why, 200)),
            same_provider: false,
        };
        let Some(ask) = run.ask(&view.step()) else { return missing("it was not asked for") };
        match ask.standing() {
            Standing::GivenUp(why) => missing(why),
            Standing::Idle | Standing::Running(_) => missing("it was not given in time"),
            Standing::Answered(attempt, answered) => {
                let said = answered.answer.structured.as_ref().and_then(|value| form::perspective(value).ok());
                let endpoint = || ask.link_of(attempt).map(|link| format!("{} (unconfirmed)", link.endpoint));
                let twice = providers.iter().filter(|other| **other == providers[at]).count() > 1;
                Voice {
                    view,
                    served: answered.answer.served.clone().or_else(endpoint),
                    said,
                    missing: None,
                    same_provider: twice,
                }
            }
        }
    };
    View::ALL.into_iter().enumerate().map(voice).collect()
}

fn provider(run: &RunState, step: &StepId) -> Option<String> {
    let ask = run.ask(step)?;
    let Standing::Answered(attempt, _) = ask.standing() else { return None };
    ask.link_of(attempt).map(|link| link.provider.to_string())
}

fn written(run: &RunState) -> Result<Written, String> {
    match run.ask(&StepId::from(WRITE)).map(|ask| ask.standing()) {
        Some(Standing::Answered(_, answered)) => {
            answered.answer.structured.as_ref().map_or_else(|| Err("it cannot be read".to_owned()), form::written)
        }
        Some(Standing::GivenUp(why)) => Err(why.to_owned()),
        Some(Standing::Idle | Standing::Running(_)) | None => Err("it was not made".to_owned()),
    }
}

/// The entry of a run's session.
pub(crate) fn entry(run: &RunState, session: &Session, known: &[Fact]) -> Entry {
    let (voices, synthesis) = (voices(run), written(run));
    let written = synthesis.clone().unwrap_or_default();
    let flags = flags(session, &voices, &written, known);
    let summary = match (&synthesis, &session.note) {
        (Ok(written), _) => printable(&written.summary),
        (Err(_), Some(note)) => printable(note),
        (Err(_), None) => "No synthesis was made; the facts are below.".to_owned(),
    };
    let mut missing: Vec<String> = voices
        .iter()
        .filter_map(|voice| Some(format!("{}: {}", voice.view.label(), voice.missing.as_ref()?)))
        .collect();
    missing.extend(synthesis.err().map(|why| format!("Synthesis: {}", one_line(&why, 200))));
    let mut entry = Entry {
        id: session.id.clone(),
        timestamp: run.opened_at.utc(),
        at: run.opened_at.0,
        run: run.opened.run.to_string(),
        base: run.opened.base.to_string(),
        scripted: run.opened.scripted.clone(),
        summary,
        content: String::new(),
        topics: written.topics.iter().map(|topic| one_line(topic, 60)).collect(),
        work_completed: written.work_completed.iter().map(|item| one_line(item, 400)).collect(),
        open_items: written.open_items.iter().map(|item| one_line(item, 400)).collect(),
        runs: facts::runs(known).map(|run| run.run.clone()).collect(),
        missing,
        contradictions: flags,
        facts: known.to_vec(),
    };
    entry.content = draw(&entry, session, &voices, &written);
    entry
}

/// JRN-04: every claim that the facts contradict, by whose it is.
fn flags(session: &Session, voices: &[Voice], written: &Written, known: &[Fact]) -> Vec<Flag> {
    let mut texts: Vec<(String, String)> = Vec::new();
    texts.extend(session.note.clone().map(|note| ("the person's summary".to_owned(), note)));
    for voice in voices {
        let text = voice.said.as_ref().map(|said| format!("{}\n{}", said.summary, said.points.join("\n")));
        texts.extend(text.map(|text| (voice.view.label().to_owned(), text)));
    }
    let all = serde_json::to_value(written).unwrap_or_default();
    texts.push(("Synthesis".to_owned(), strings(&all).join("\n")));
    texts
        .into_iter()
        .flat_map(|(by, text)| {
            let flag =
                move |Contradiction { claim, ledger }| Flag { by: by.clone(), claim: one_line(&claim, 300), ledger };
            contradictions(&text, known).into_iter().map(flag)
        })
        .collect()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => all.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn draw(entry: &Entry, session: &Session, voices: &[Voice], written: &Written) -> String {
    let mut out = vec![format!("## {} · {}", entry.timestamp, entry.id)];
    out.extend(entry.scripted.as_ref().map(|scripted| format!("> **{scripted}**")));
    out.push(entry.summary.clone());
    out.extend(session.note.as_ref().map(|note| format!("The person's summary: {}", one_line(note, 600))));
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push(format!("### {title}"));
            out.push(lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"));
        }
    };
    part("Missing", entry.missing.clone());
    part(
        "Contradicted by the ledger",
        entry
            .contradictions
            .iter()
            .map(|flag| format!("{} says “{}”: {}", flag.by, flag.claim, one_line(&flag.ledger, 300)))
            .collect(),
    );
    part("Work completed", entry.work_completed.clone());
    if !written.issues.is_empty() {
        let cell = |text: &str| one_line(text, 300).replace('|', "\\|");
        let rows = written.issues.iter().map(|one| {
            let status = match one.status {
                Status::Resolved => "Resolved",
                Status::Open => "Open",
            };
            format!("| {} | {} | {status} |", cell(&one.issue), cell(&one.resolution))
        });
        let head = "| issue | resolution | status |\n|---|---|---|".to_owned();
        out.push("### Issues and resolutions".to_owned());
        out.push(std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n"));
    }
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push(format!("### {title}"));
            out.push(lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"));
        }
    };
    let decisions = written
        .decisions
        .iter()
        .map(|one| format!("{}: {}", one_line(&one.decision, 200), one_line(&one.rationale, 400)));
    part("Key decisions", decisions.collect());
    part("Learnings", written.learnings.iter().map(|line| one_line(line, 400)).collect());
    part("Open items", entry.open_items.iter().map(|item| format!("[ ] {item}")).collect());
    part("Where the perspectives disagree", written.disagreements.iter().map(|line| one_line(line, 400)).collect());
    if !written.context.trim().is_empty() {
        out.push("### Context for the next session".to_owned());
        out.push(one_line(&written.context, 1200));
    }
    for voice in voices {
        let Some(said) = &voice.said else { continue };
        let again = if voice.same_provider { ", same provider as another" } else { "" };
        let by = one_line(voice.served.as_deref().unwrap_or("unknown"), 80);
        out.push(format!("### {} (by {by}{again})", voice.view.label()));
        let points = said.points.iter().map(|point| format!("\n- {}", one_line(point, 400)));
        out.push(format!("{}\n{}", one_line(&said.summary, 1200), points.collect::<String>()).trim_end().to_owned());
    }
    out.push("### Facts from the ledger".to_owned());
    out.push(facts::text(&entry.facts));
    out.join("\n\n")
}

impl Entry {
    /// As the book holds it.
    pub(crate) fn marked(&self) -> Marked {
        Marked { id: self.id.clone(), at: self.at, text: self.content.clone() }
    }
}
