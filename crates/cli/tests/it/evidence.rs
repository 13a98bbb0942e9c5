//! What must be true of a place after a run, however often its owner was killed: violations of it, as sentences.

use crate::shop::{RUN, Shop};
use mao_core::event::Event;
use mao_core::run::RunState;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What an uninterrupted run left, to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The commit that the run's branch names; it stands for every tree and commit before it.
    pub branch: String,
    /// How many attempts of each step were acknowledged.
    pub ended: BTreeMap<String, usize>,
}

/// How many attempts of each step were acknowledged.
fn ended(shop: &Shop) -> BTreeMap<String, usize> {
    let mut ended = BTreeMap::new();
    for recorded in shop.ledger(RUN) {
        if let Event::AttemptEnded { step, .. } = &recorded.event {
            *ended.entry(step.to_string()).or_default() += 1;
        }
    }
    ended
}

/// A user's checkout: `HEAD`, index, configuration, branch and files, by path.
pub type Checkout = BTreeMap<PathBuf, Vec<u8>>;

/// The user's checkout as it is now.
pub fn checkout(shop: &Shop) -> Checkout {
    let root = shop.sandbox.work();
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with(".git") {
                dirs.push(path);
            } else if path.is_file() {
                found.insert(path.strip_prefix(&root).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    for name in ["HEAD", "index", "config", "refs/heads/main"] {
        found.insert(Path::new(".git").join(name), std::fs::read(root.join(".git").join(name)).unwrap());
    }
    found
}

/// What the uninterrupted run left in this place.
pub fn reference(shop: &Shop) -> Reference {
    Reference { branch: shop.branch(&branch()).unwrap(), ended: ended(shop) }
}

fn branch() -> String {
    format!("mao/{}", &RUN[..8])
}

/// Everything that is not as the uninterrupted run left it, or that no run may leave. `before` is the user's checkout
/// before the run.
pub fn violations(shop: &Shop, reference: &Reference, before: &Checkout) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |good: bool, what: String| {
        if !good {
            wrong.push(what);
        }
    };
    let events = shop.ledger(RUN);
    match RunState::fold(&events) {
        Ok(Some(state)) => {
            let outcome = format!("{:?}", state.outcome);
            must(outcome == "Some(Complete)", format!("the outcome is {outcome}"));
        }
        Ok(None) => must(false, "the ledger is empty".to_owned()),
        Err(illegal) => must(false, format!("the ledger does not fold: {illegal}")),
    }
    let at = shop.branch(&branch());
    must(at.as_ref() == Some(&reference.branch), format!("the branch is at {at:?}, not at {}", reference.branch));
    for (step, count) in ended(shop) {
        let asked = reference.ended.get(&step).copied().unwrap_or_default();
        must(count == asked, format!("{count} attempts of {step} were acknowledged, not {asked}"));
    }
    must(checkout(shop) == *before, "the user's checkout has changed".to_owned());
    wrong.extend(debris(shop, RUN));
    wrong
}

/// What a closed run must not have left behind: worktrees, scratch directories, transcripts of calls that were never
/// recorded, processes.
pub fn debris(shop: &Shop, run: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for dir in ["trees", "gits", "building", "scratch"] {
        for left in names(&shop.run_dir(run).join(dir)) {
            wrong.push(format!("`{dir}/{left}` is left over"));
        }
    }
    let sessions: BTreeSet<String> = shop
        .ledger(run)
        .into_iter()
        .filter_map(|recorded| {
            let Event::AttemptStarted { session, .. } = recorded.event else { return None };
            Some(session)
        })
        .collect();
    for transcript in names(&shop.run_dir(run).join("transcripts")) {
        if !sessions.iter().any(|session| transcript.contains(session.as_str())) {
            wrong.push(format!("`{transcript}` is of no attempt that was recorded: an effect came before its write"));
        }
    }
    let root = shop.sandbox.root().to_string_lossy().into_owned();
    wrong.extend(processes(&root).into_iter().map(|(pid, words)| format!("process {pid} is left over: {words}")));
    wrong
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// The living processes that work beneath a directory, or hold this text in their words or their environment.
pub fn processes(mark: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for pid in names(Path::new("/proc")).into_iter().filter_map(|name| name.parse::<u32>().ok()) {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let text = |name: &str| {
            let bytes = std::fs::read(proc.join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let words = text("cmdline");
        let cwd = std::fs::read_link(proc.join("cwd")).unwrap_or_default();
        let held = cwd.starts_with(mark) || words.contains(mark) || text("environ").contains(mark);
        if held && pid != std::process::id() && !is_dead(&proc) {
            found.push((pid, words));
        }
    }
    found
}

/// A zombie has ended; only its parent has not asked yet.
fn is_dead(proc: &Path) -> bool {
    let stat = std::fs::read_to_string(proc.join("stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    matches!(state, None | Some(Some('Z' | 'X')))
}

/// Every file beneath a directory with its content.
pub fn files(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                found.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
