//! `journal`: three perspectives on a session at once, one entry from them, the facts from the record.
//!
//! A perspective that nobody could give is named, and the entry is written all the same. What a text claims against the
//! record is flagged beside it. The same session has the same entry, however often it is written.

pub mod book;
pub mod claims;
mod entry;
pub mod facts;
pub mod form;

use crate::flow::{self, open_once, published};
use crate::workflow::{ReportFile, Texts, Workflow};
use form::{ENTRY, PERSPECTIVE, View, WRITE};
use mao_core::ask::{Ask, Prompt, ReplyForm, Role, Size};
use mao_core::effect::{Effect, Work};
use mao_core::ids::{BlobId, StepId, TaskClass};
use mao_core::matter::Matter;
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::session::{Fact, Session};
use mao_core::step::Standing;
use mao_core::text::one_line;
use mao_policy::Policy;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where the machine's copies stand, one file an entry.
pub const COPIES: &str = "docs/mao/journal";

/// The workflow.
#[derive(Debug)]
pub struct Journal;

impl Workflow for Journal {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn version(&self) -> u32 {
        1
    }

    fn verifies(&self) -> bool {
        false
    }

    fn next(&self, _policy: &Policy, run: &RunState) -> Vec<Effect> {
        flow::unless_over(run, || {
            let Some(session) = session(run) else { return vec![flow::close(Outcome::Incomplete)] };
            let known = facts::supplied(run);
            write(run, &session, &known).unwrap_or_else(|| published(run, || outcome(run)))
        })
    }

    fn schema(&self, name: &str) -> Option<Value> {
        form::schema(name)
    }

    fn accepts(&self, schema: &str, _run: &RunState, value: &Value) -> Result<(), String> {
        form::accepts(schema, value).unwrap_or_else(|| Err(format!("journal knows no schema `{schema}`")))
    }

    fn report_path(&self, _run: &RunState) -> String {
        book::PATH.to_owned()
    }

    fn reads(&self, run: &RunState) -> Vec<BlobId> {
        session(run).and_then(|session| session.book).into_iter().collect()
    }

    fn report(&self, _policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile> {
        session(run).map(|session| files(run, &session, &facts::supplied(run), texts)).unwrap_or_default()
    }
}

fn session(run: &RunState) -> Option<Session> {
    if let Matter::Journal(session) = &run.opened.request.matter { Some(session.clone()) } else { None }
}

/// An entry that somebody's voice is missing in is written, and still not whole.
fn outcome(run: &RunState) -> Outcome {
    match run.ask(&StepId::from(WRITE)).map(|ask| ask.standing()) {
        Some(Standing::Answered(..)) => Outcome::Complete,
        Some(Standing::Idle | Standing::Running(_) | Standing::GivenUp(_)) | None => Outcome::Incomplete,
    }
}

/// What brings a session's entry one step further; none where everybody who could be asked has answered.
pub(crate) fn write(run: &RunState, session: &Session, known: &[Fact]) -> Option<Vec<Effect>> {
    let ask = |view: View| Work::Ask(perspective(run, session, known, view));
    let open: Vec<Effect> = View::ALL.into_iter().filter_map(|view| open_once(run, view.step(), ask(view))).collect();
    if !open.is_empty() {
        return Some(open);
    }
    let settled = |step: &StepId| match run.ask(step).map(|ask| ask.standing()) {
        Some(Standing::Answered(..) | Standing::GivenUp(_)) => true,
        Some(Standing::Idle | Standing::Running(_)) | None => false,
    };
    if !View::ALL.iter().all(|view| settled(&view.step())) {
        return Some(Vec::new());
    }
    let step = StepId::from(WRITE);
    match run.knows(&step) {
        false => Some(open_once(run, step, Work::Ask(synthesis(run, session, known))).into_iter().collect()),
        true if settled(&step) => None,
        true => Some(Vec::new()),
    }
}

/// The journal with the entry in it, and the machine's copy.
pub(crate) fn files(run: &RunState, session: &Session, known: &[Fact], texts: &Texts) -> Vec<ReportFile> {
    let entry = entry::entry(run, session, known);
    let book = session.book.as_ref().and_then(|blob| texts.get(blob)).map(String::as_str);
    let mut copy = serde_json::to_string_pretty(&entry).unwrap_or_default();
    copy.push('\n');
    vec![
        ReportFile { path: book::PATH.to_owned(), text: book::put(book, entry.marked()) },
        ReportFile { path: format!("{COPIES}/{}.json", entry.id), text: copy },
    ]
}

fn perspective(run: &RunState, session: &Session, known: &[Fact], view: View) -> Ask {
    let (mut data, attached) = about(session, known);
    data.insert("about".to_owned(), view.about().to_owned());
    Ask {
        task: view.class(),
        label: view.label().into(),
        role: Role::Worker,
        prompt: Prompt { template: "perspective".into(), data, attached },
        reply: ReplyForm::Json { schema: PERSPECTIVE.into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

fn synthesis(run: &RunState, session: &Session, known: &[Fact]) -> Ask {
    let (mut data, mut attached) = about(session, known);
    let missing: Vec<&str> =
        entry::voices(run).iter().filter(|voice| voice.said.is_none()).map(|voice| voice.view.label()).collect();
    if !missing.is_empty() {
        data.insert("missing".to_owned(), missing.join(", "));
    }
    for view in View::ALL {
        if let Some(Standing::Answered(_, answered)) = run.ask(&view.step()).map(|ask| ask.standing()) {
            attached.insert(format!("perspectives/{}", view.name()), answered.answer.text.clone());
        }
    }
    Ask {
        task: TaskClass::from("synthesis"),
        label: "Journal entry".into(),
        role: Role::Orchestrator,
        prompt: Prompt { template: "entry".into(), data, attached },
        reply: ReplyForm::Json { schema: ENTRY.into() },
        base: run.head.clone(),
        proposal: None,
        complexity: None,
        apart_from: BTreeSet::new(),
        size: Size::default(),
    }
}

/// The facts and the person's words: as text between fences where they were collected, else from the record.
fn about(session: &Session, known: &[Fact]) -> (BTreeMap<String, String>, BTreeMap<String, BlobId>) {
    let (mut data, mut attached) = (BTreeMap::new(), BTreeMap::new());
    match &session.facts {
        Some(blob) => {
            attached.insert("facts".to_owned(), blob.clone());
        }
        None => {
            data.insert("facts".to_owned(), facts::text(known));
        }
    }
    data.extend(session.note.as_ref().map(|note| ("note".to_owned(), one_line(note, 600))));
    (data, attached)
}
