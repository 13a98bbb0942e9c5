//! A look at a candidate: its diff and the files that it touches, beside the tests that are locked. What they mean is
//! said in `mao-policy`; here they are only read, out of the object database.

use crate::parts::{EngineError, Parts};
use crate::work::blocking;
use mao_core::change::{Change, Member};
use mao_core::contest::Inspection;
use mao_core::diff::Diff;
use mao_core::event::Event;
use mao_core::ids::{CommitId, StepId};
use mao_core::matter::Matter;
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_policy::measure::{self, Touched, measure};
use mao_policy::tamper::{self, Evidence, tampering};
use mao_repo::{RepoError, RunRepo};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The largest file that is read, in bytes; a larger one is taken for no text.
const LARGEST: usize = 512 * 1024;

/// The most tests that are read; all are locked.
const TESTS: usize = 100;

/// How many lines of tampering, and how many locked paths, an event names.
const NAMED: usize = 40;

/// Where is looked, and for which step.
pub(crate) struct Look<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) policy: &'a Policy,
    pub(crate) repo: &'a Arc<RunRepo>,
    pub(crate) state: &'a RunState,
    pub(crate) step: &'a StepId,
}

/// Everything that is read of a candidate.
struct Read {
    touched: Vec<Touched>,
    locked: BTreeSet<String>,
    texts: BTreeMap<String, String>,
}

/// Looks at the candidate `change`, with the neutral `tests` where there are some.
pub(crate) async fn inspect(job: Look<'_>, change: &Member, tests: Option<&Member>) -> Result<Event, EngineError> {
    let missing = |member: &Member| EngineError::Broken(format!("{} made no change to look at", member.of));
    let found = job.state.change(change).cloned().ok_or_else(|| missing(change))?;
    let neutral = tests.map(|tests| job.state.change(tests).cloned().ok_or_else(|| missing(tests))).transpose()?;
    let diff = String::from_utf8_lossy(&job.parts.store.get(&found.diff)?).into_owned();
    let diff = Diff::parse(&diff).map_err(|wrong| EngineError::Broken(wrong.to_string()))?;
    let commands: Vec<String> = job.policy.checks.iter().flat_map(|check| check.argv.clone()).collect();
    let (repo, looked) = (Arc::clone(job.repo), diff.clone());
    let Read { touched, locked, texts } =
        blocking(move || read(&repo, &found, &looked, neutral.as_ref(), &commands)).await?;
    let commands: Vec<Vec<String>> = job.policy.checks.iter().map(|check| check.argv.clone()).collect();
    let matter = &job.state.opened.request.matter;
    let task = if let Matter::Contest(contest) = matter { contest.task.as_ref() } else { None };
    let task = task.map(|task| job.parts.store.get(task)).transpose()?;
    let task = task.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let evidence = Evidence {
        task: task.as_deref(),
        diff: &diff,
        touched: &touched,
        locked: &locked,
        texts: &texts,
        commands: &commands,
    };
    let mut tampering = tampering(&evidence);
    tampering.truncate(NAMED);
    let mut hashes = BTreeMap::new();
    for (path, text) in texts.iter().take(NAMED) {
        hashes.insert(path.clone(), job.parts.store.put(text.as_bytes())?);
    }
    let measures = measure(&diff, &touched, &[]);
    Ok(Event::Inspected { step: job.step.clone(), inspection: Inspection { measures, tampering, locked: hashes } })
}

fn read(
    repo: &RunRepo,
    change: &Change,
    diff: &Diff,
    neutral: Option<&Change>,
    commands: &[String],
) -> Result<Read, RepoError> {
    let text = |commit: &CommitId, path: &str| -> Result<Option<String>, RepoError> {
        let found = repo.read(commit, path)?.filter(|bytes| bytes.len() <= LARGEST);
        Ok(found.and_then(|bytes| String::from_utf8(bytes).ok()))
    };
    let mut touched = Vec::with_capacity(diff.files.len());
    for file in &diff.files {
        let before = text(&change.base, file.from.as_deref().unwrap_or(&file.path))?;
        touched.push(Touched { path: file.path.clone(), before, after: text(&change.commit, &file.path)? });
    }
    let (mut locked, mut texts) = (BTreeSet::new(), BTreeMap::new());
    let files = repo.files(&change.base)?;
    locked.extend(files.into_iter().filter(|path| measure::is_test(path) || tamper::is_named(path, commands)));
    for path in locked.iter().take(TESTS) {
        texts.extend(text(&change.base, path)?.map(|text| (path.clone(), text)));
    }
    if let Some(neutral) = neutral {
        for path in repo.files_changed(&neutral.base, &neutral.commit)? {
            texts.extend(text(&neutral.commit, &path)?.map(|text| (path.clone(), text)));
            locked.insert(path);
        }
    }
    Ok(Read { touched, locked, texts })
}
