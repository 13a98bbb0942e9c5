//! `mao resolve A B`: takes one of several changes for the same thing, by tests where there can be any. What is brought
//! becomes one commit each on the common base, in the run's own repository; the checkout is not touched.

use super::begin::{Beginning, Needs, new_id};
use super::resume::Asking;
use crate::args::{Common, Design, Resolve};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::change::Change;
use mao_core::contest::{Brought, Contest, Tests};
use mao_core::diff::Diff;
use mao_core::ids::{CommitId, StepId};
use mao_core::matter::Matter;
use mao_core::supply::Supply;
use mao_core::text;
use mao_engine::open::NewRun;
use mao_policy::Policy;
use mao_policy::measure::is_test;
use mao_policy::policy::Check;
use mao_repo::{Collected, RunRepo};
use mao_store::Blobs;
use std::path::Path;

/// The largest patch file that is read, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The most tests whose text is looked through for what they speak of.
const LOOKED: usize = 200;

/// What a person named.
enum Named {
    Commit(CommitId),
    Patch(Vec<u8>),
}

/// Runs the command.
pub fn run(common: &Common, words: &Resolve, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let loaded = house.config(Vec::new(), printer)?;
    let named: Vec<(String, Named)> =
        words.candidates.iter().map(|name| Ok((name.clone(), named(&house, name)?))).collect::<Result<_, Failure>>()?;
    let base = base(&house, words, &named)?;
    let mut start = Beginning::at(&house, loaded, base.clone(), words.script.as_deref())?;
    start.ask_at_the_terminal(printer);
    if !words.tests.is_empty() {
        start.policy.checks = words.tests.iter().map(|command| check(command)).collect::<Result<_, Failure>>()?;
    }
    let id = new_id()?;
    let dir = house.runs_dir().join(id.to_string());
    let repo = RunRepo::create(&dir, &id.prefix(8), &house.repo, &base)?;
    let mut supplies = Vec::new();
    let mut touched = Vec::new();
    for (at, (name, named)) in named.iter().enumerate() {
        let change = bring(&house, &repo, &base, at + 1, (name, named), &mut touched)?;
        let step = StepId::new(format!("candidate.{}", at + 1));
        let name = text::one_line(name, 200);
        let served_by = match named {
            Named::Commit(commit) => house.repo.served_by(&base, commit)?,
            Named::Patch(_) => Vec::new(),
        };
        supplies.push(Supply::Candidate(Box::new(Brought { step, name, change, served_by })));
    }
    let tests = tests(&house, &base, words, &start.policy, &touched)?;
    if tests == Tests::Wanted && words.task.is_none() {
        return Err(Failure::new(Exit::Usage, "no test of the repository speaks of what the candidates change")
            .hint("name the tests: `--tests CMD`; or say what the candidates are meant to do, so that tests can be written: `--task TEXT`"));
    }
    let task = words.task.as_ref().map(|task| house.store.put(task.as_bytes())).transpose()?;
    let matter = Matter::Contest(Box::new(Contest { task, tests, models: Vec::new() }));
    let about = ("resolve", &*words.candidates.join(" "));
    let new = NewRun { run: Some(id), supplies, ..start.about(about, matter)? };
    Ok(start.begin(new, Needs::Nobody, printer, Asking::of(printer))?.1)
}

/// A patch file, or a commit by whatever names it.
fn named(house: &House, name: &str) -> Result<Named, Failure> {
    let path = Path::new(name);
    let is_file = path.is_file();
    match house.repo.resolve(name) {
        Ok(commit) if !is_file => Ok(Named::Commit(commit)),
        Ok(_) => Err(Failure::new(Exit::Usage, format!("`{name}` is a commit and a file"))
            .hint("write `./` before the file, or the commit's id")),
        Err(_) if is_file => {
            let wrong = |what: String| Failure::new(Exit::Usage, format!("{name}: {what}"));
            let size = std::fs::metadata(path).map_err(|cause| wrong(cause.to_string()))?.len();
            if size > LARGEST {
                return Err(wrong(format!("{size} bytes are too many for a patch; at most {LARGEST} are read")));
            }
            std::fs::read(path).map(Named::Patch).map_err(|cause| wrong(cause.to_string()))
        }
        Err(_) => Err(Failure::new(Exit::Usage, format!("`{name}` is neither a commit nor a file"))
            .hint("name branches, commits or patch files")),
    }
}

/// Where all candidates begin.
fn base(house: &House, words: &Resolve, named: &[(String, Named)]) -> Result<CommitId, Failure> {
    if let Some(base) = &words.base {
        return Ok(house.repo.resolve(base)?);
    }
    let commits: Vec<CommitId> = named
        .iter()
        .filter_map(|(_, named)| match named {
            Named::Commit(commit) => Some(commit.clone()),
            Named::Patch(_) => None,
        })
        .collect();
    match (&commits[..], commits.len() == named.len()) {
        ([], _) => Ok(house.repo.head().commit.clone()),
        // One branch beside patches: they were made from where it left HEAD.
        (_, false) => {
            let all = [&commits[..], std::slice::from_ref(&house.repo.head().commit)].concat();
            house.repo.common(&all)?.ok_or_else(unrelated)
        }
        (_, true) => house.repo.common(&commits)?.ok_or_else(unrelated),
    }
}

fn unrelated() -> Failure {
    Failure::new(Exit::Usage, "the candidates have no commit in common").hint("name where they begin: `--base REF`")
}

/// A command as it is run: words, and no shell.
pub(super) fn check(command: &str) -> Result<Check, Failure> {
    let argv = mao_config::split_command(command).map_err(|what| {
        Failure::new(Exit::Usage, format!("--tests: {what}")).hint("put it into a script, and name that")
    })?;
    if argv.is_empty() { Err(Failure::new(Exit::Usage, "--tests: the command is empty")) } else { Ok(Check { argv }) }
}

/// One candidate as a commit on the base.
fn bring(
    house: &House,
    repo: &RunRepo,
    base: &CommitId,
    number: usize,
    (name, named): (&str, &Named),
    touched: &mut Vec<String>,
) -> Result<Change, Failure> {
    let (kept, at) = (format!("candidates/{number}"), house.clock.now());
    let wrong = |what: String| Failure::new(Exit::Usage, format!("{}: {what}", text::one_line(name, 200)));
    let collected = match named {
        Named::Commit(commit) => repo.bring(base, commit, &kept, at)?,
        Named::Patch(patch) => {
            repo.patch(base, patch, &kept, at).map_err(|cause| wrong(format!("the patch does not apply: {cause}")))?
        }
    };
    match collected {
        Collected::Change { commit, tree, files, diff } => {
            let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
            Diff::parse(&String::from_utf8_lossy(&diff)).map_err(|cause| wrong(cause.to_string()))?;
            touched.extend(files);
            Ok(Change { base: base.clone(), commit, tree, diff: house.store.put(&diff)?, files: count })
        }
        Collected::NoChange => Err(wrong(format!("it is what {} holds already", &base.as_str()[..12]))),
        Collected::Violation { trespasses } => {
            let paths: Vec<String> = trespasses.iter().map(ToString::to_string).collect();
            Err(wrong(format!("it holds what no change may hold: {}", paths.join(", "))))
        }
    }
}

/// Where the deciding tests come from: as said, or tests of the base that speak of a file that is changed.
fn tests(
    house: &House,
    base: &CommitId,
    words: &Resolve,
    policy: &Policy,
    touched: &[String],
) -> Result<Tests, Failure> {
    match words.design {
        Some(Design::Reversible) => return Ok(Tests::Reversible),
        Some(Design::Irreversible) => return Ok(Tests::Irreversible),
        None if words.write_tests => return Ok(Tests::Wanted),
        None if !words.tests.is_empty() => {
            return Ok(Tests::Existing { why: "a person named the command".to_owned() });
        }
        None => {}
    }
    Ok(match covering(house, base, policy, touched)? {
        Some(why) => Tests::Existing { why },
        None => Tests::Wanted,
    })
}

/// The first test of the base that speaks of a touched file, as a reason.
pub(super) fn covering(
    house: &House,
    base: &CommitId,
    policy: &Policy,
    touched: &[String],
) -> Result<Option<String>, Failure> {
    if policy.checks.is_empty() {
        return Ok(None);
    }
    let stem = |path: &String| {
        let file = path.rsplit('/').next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        let parent = path.rsplit('/').nth(1).unwrap_or_default();
        // What every language calls its entry is known by its directory.
        if matches!(stem, "mod" | "lib" | "index" | "main" | "__init__") { parent.to_owned() } else { stem.to_owned() }
    };
    let stems: Vec<(&String, String)> =
        touched.iter().filter(|path| !is_test(path)).map(|path| (path, stem(path))).collect();
    for path in house.repo.files(base)?.into_iter().filter(|path| is_test(path)).take(LOOKED) {
        let Some(bytes) = house.repo.read(base, &path)? else { continue };
        let speaks = String::from_utf8_lossy(&bytes).into_owned();
        let named = |stem: &str| stem.len() > 2 && word_in(&speaks, stem);
        if let Some((file, _)) = stems.iter().find(|(_, stem)| named(stem)) {
            return Ok(Some(format!("{path} speaks of {file}")));
        }
    }
    let inline = |path: &&String| path.ends_with(".rs");
    for path in touched.iter().filter(inline) {
        let found = house.repo.read(base, path)?.unwrap_or_default();
        if String::from_utf8_lossy(&found).contains("#[test]") {
            return Ok(Some(format!("{path} holds tests of itself")));
        }
    }
    Ok(None)
}

/// Whether a name stands in a text as a word.
fn word_in(text: &str, name: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(name)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next()))
}
