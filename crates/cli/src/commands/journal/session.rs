//! JRN-04: the facts of a session, collected before its run is opened: the runs that no entry covers yet, the commits since
//! the last one, and how far the task list is.

use crate::exit::Failure;
use crate::open::House;
use mao_config::Loaded;
use mao_core::ids::{BlobId, CommitId};
use mao_core::section;
use mao_core::session::{Fact, RunFact, Session};
use mao_core::supply::Supply;
use mao_core::text::one_line;
use mao_store::Blobs;
use mao_workflows::journal::{COPIES, book, facts};
use mao_workflows::qa;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The most runs, and the most commits, that one entry covers.
const MOST: usize = 20;

/// The most sections whose state an entry keeps.
const SECTIONS: usize = 50;

/// What is read of the machine's copy of an entry.
#[derive(Debug, Deserialize)]
struct Copy {
    id: String,
    at: u64,
    run: String,
    base: String,
    runs: Vec<String>,
}

/// The session and its facts.
pub fn collect(
    house: &House,
    loaded: &Loaded,
    base: &CommitId,
    note: Option<String>,
) -> Result<(Session, Vec<Supply>), Failure> {
    let copies = copies(house, base)?;
    let covered: BTreeSet<&String> = copies.iter().flat_map(|copy| copy.runs.iter().chain([&copy.run])).collect();
    let all = house.runs()?;
    let mut runs = Vec::new();
    for entry in all.iter().filter(|entry| !covered.contains(&entry.run.to_string())).take(MOST) {
        runs.extend(run_fact(house, entry)?);
    }
    let known = |copy: &Copy| house.repo.resolve(&copy.base).ok();
    let mut commits = house.repo.commits(copies.last().and_then(known).as_ref(), base, MOST)?;
    let own = |(_, subject): &(CommitId, String)| {
        subject.starts_with("Report on ") || subject.starts_with("Merge branch 'mao/")
    };
    let mut id = None;
    if let (true, true, Some(last)) = (runs.is_empty(), commits.iter().all(own), copies.last()) {
        // Nothing happened since: it is the same session once more.
        id = Some(last.id.clone());
        for entry in all.iter().filter(|entry| last.runs.contains(&entry.run.to_string())) {
            runs.extend(run_fact(house, entry)?);
        }
        let before = copies.iter().rev().nth(1).and_then(known);
        commits = house.repo.commits(before.as_ref(), &CommitId::from(last.base.as_str()), MOST)?;
    }
    // Oldest first: a session is called by what it began with.
    runs.reverse();
    commits.reverse();
    let began =
        runs.first().map(|run: &RunFact| run.run.clone()).or_else(|| commits.first().map(|(id, _)| id.to_string()));
    let began = began.unwrap_or_else(|| base.to_string());
    let id = id.unwrap_or_else(|| format!("session-{}", began.get(..8).unwrap_or(&began)));
    let mut found: Vec<Fact> = runs.into_iter().map(Fact::Run).collect();
    found.extend(commits.into_iter().map(|(commit, subject)| Fact::Commit { commit, subject }));
    found.extend(sections(house, loaded, base)?);
    let session = Session {
        id,
        note: note.map(|note| one_line(&note, 600)).filter(|note| !note.is_empty()),
        book: the_book(house, base)?,
        facts: Some(house.store.put(facts::text(&found).as_bytes())?),
    };
    Ok((session, found.into_iter().map(|fact| Supply::Fact(Box::new(fact))).collect()))
}

/// The journal as it is in a commit, as a blob.
pub fn the_book(house: &House, base: &CommitId) -> Result<Option<BlobId>, Failure> {
    let text = house.repo.read(base, book::PATH)?;
    Ok(text.map(|text| house.store.put(&text)).transpose()?)
}

/// How far each section of the task list is.
pub fn sections(house: &House, loaded: &Loaded, base: &CommitId) -> Result<Vec<Fact>, Failure> {
    let text = house.repo.read(base, &loaded.sections_file)?;
    let tasks = section::parse(&text.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default());
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let fact = |section: &section::Section| {
        let found = section.completion();
        Fact::Section {
            section: section.id.clone(),
            title: one_line(&section.title, 80),
            done: count(found.done),
            of: count(found.of),
        }
    };
    Ok(tasks.sections.iter().take(SECTIONS).map(fact).collect())
}

/// What the ledger says of a run; nothing of one that only asked or wrote the journal.
fn run_fact(house: &House, entry: &mao_store::RunEntry) -> Result<Option<RunFact>, Failure> {
    let state = house.state(&entry.run)?;
    if matches!(state.opened.workflow.as_str(), "journal" | "deps") {
        return Ok(None);
    }
    let policy = house.policy_of(&state)?;
    let verdicts = if state.opened.workflow == "qa" { qa::verdict_lines(&policy, &state) } else { Vec::new() };
    Ok(Some(facts::of(&policy, &state, verdicts)))
}

/// The machine's copies of a commit's entries, the newest last. What cannot be read is nobody's.
fn copies(house: &House, base: &CommitId) -> Result<Vec<Copy>, Failure> {
    let mut copies: Vec<Copy> = Vec::new();
    for path in house.repo.files(base)?.iter().filter(|path| path.starts_with(&format!("{COPIES}/"))) {
        let text = house.repo.read(base, path)?.unwrap_or_default();
        copies.extend(serde_json::from_slice::<Copy>(&text).ok());
    }
    copies.sort_by_key(|copy| copy.at);
    Ok(copies)
}
