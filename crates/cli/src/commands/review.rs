//! `mao review plan FILE`, `mao review pr`: another model reads a plan or a change, on request. Nothing is changed; the
//! verdict is about the text that was read and about no other.

use super::begin::{Beginning, Needs};
use super::resume::{Asking, flag};
use crate::args::review::{Review, ReviewPlan, ReviewPr, ReviewWhat};
use crate::args::{Common, Privacy};
use crate::exit::{Exit, Failure};
use crate::open::{House, Scripted};
use crate::print::Printer;
use mao_config::{Loaded, Source, privacy_word};
use mao_core::diff::Diff;
use mao_core::ids::{CommitId, ModelId, TaskClass};
use mao_core::matter::{Matter, Reviewed};
use mao_core::section;
use mao_core::supply::Supply;
use mao_core::text;
use mao_engine::open::NewRun;
use mao_policy::chunk::pack;
use mao_policy::consensus::Consensus;
use mao_policy::measure::{Touched, is_manifest};
use mao_policy::packing::{changes, recorded};
use mao_policy::privacy::is_private;
use mao_policy::route::{Conditions, admit};
use mao_policy::triggers::{Override, redesign, reviewer, reviews, security};
use mao_store::Blobs;
use std::path::Path;

/// The longest plan that is taken, in bytes: what a prompt holds whole.
const LONGEST: usize = 256 * 1024;

/// How many names one supply holds.
const NAMES: usize = 200;

/// What a branch is usually merged into, in the order in which it is looked for.
const TRUNKS: [&str; 5] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

/// Runs the command.
pub fn run(common: &Common, words: &Review, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    match &words.what {
        ReviewWhat::Plan(words) => plan(&house, words, printer),
        ReviewWhat::Pr(words) => pr(&house, words, printer),
    }
}

fn plan(house: &House, words: &ReviewPlan, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = config(house, words.privacy, printer)?;
    let found = read(&words.file)?;
    let text = house.store.put(found.as_bytes())?;
    let path = words.file.display().to_string();
    let matter = Matter::Review(Reviewed::Plan { path: path.clone(), text: text.clone() });
    let what = New { text: format!("plan {path}"), matter, files: Vec::new(), supplies: Vec::new() };
    let exit = carry(house, loaded, what, words.script.as_deref(), printer)?;
    let now = read(&words.file).ok().map(|found| house.store.put(found.as_bytes())).transpose()?;
    stale(printer, exit, now == Some(text), &format!("{path} has changed meanwhile"))
}

fn pr(house: &House, words: &ReviewPr, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = config(house, words.privacy, printer)?;
    let head = house.repo.head().commit.clone();
    let from = since(house, words.base.as_deref(), &head)?;
    let dirty = house.repo.dirty()?.len();
    if dirty > 0 {
        printer.note(&format!("{dirty} uncommitted changes are not part of the review"));
    }
    let whole = house.repo.diff(&from, &head)?;
    let diff = Diff::parse(&whole)
        .map_err(|wrong| Failure::new(Exit::Internal, format!("git's diff cannot be read: {wrong}")))?;
    let thresholds = &loaded.policy.thresholds;
    let hits = security(&changes(&diff), thresholds);
    let files = u64::try_from(diff.files.len()).unwrap_or(u64::MAX);
    let by = words.by.as_deref().map(|name| named(house, &loaded, name, words.script.as_deref())).transpose()?;
    let wanted = if words.coder { Override::Coder } else { Override::None };
    let mut reviewer = reviewer(files, &hits, wanted, thresholds);
    if let Some(model) = &by {
        reviewer.why = format!("{model} was asked for by name; it only reads");
    }
    let packing = pack(&diff, thresholds.diff_tokens, &thresholds.generated);
    if packing.chunks.is_empty() && packing.unreviewed.is_empty() {
        printer.line(&format!("nothing to read: {files} files changed since {}, all listed only", short(&from)));
        return Ok(Exit::Ok);
    }
    // The name of a private file is private too.
    let private = |path: &str| is_private(&loaded.policy, path);
    let files_told =
        diff.files.iter().filter(|file| !private(&file.path) && !file.from.as_deref().is_some_and(private));
    let told = Diff { files: files_told.cloned().collect() };
    let packed = recorded(&diff, &packing, &hits, |text| house.store.put(text.as_bytes()))?;
    let blob = house.store.put(whole.as_bytes())?;
    let matter = Matter::Review(Reviewed::Diff {
        from: from.clone(),
        from_tree: Some(house.repo.tree(&from)?),
        diff: blob,
        files,
        hits: u64::try_from(hits.len()).unwrap_or(u64::MAX),
        class: TaskClass::from(reviews(reviewer.role)),
        why: reviewer.why,
        by,
        redesign: redesign(&told, &manifests(house, &told, (&from, &head))?),
    });
    let what = New {
        text: format!("pr since {}", short(&from)),
        matter,
        files: diff
            .files
            .iter()
            .map(|file| file.path.clone())
            .filter(|path| !is_private(&loaded.policy, path))
            .collect(),
        supplies: packed.into_iter().map(Supply::Packed).chain(wants(house, &loaded, &head)?).collect(),
    };
    let exit = carry(house, loaded, what, words.script.as_deref(), printer)?;
    let now = house.repo.resolve("HEAD")?;
    stale(printer, exit, now == head, "the branch has changed meanwhile")
}

/// ESC-09: the model that a person asks for by name, if it may be asked.
fn named(house: &House, loaded: &Loaded, name: &str, script: Option<&Path>) -> Result<ModelId, Failure> {
    let scripted = if script.is_some() { Scripted::Yes } else { Scripted::No };
    let policy = house.policy(loaded, &house.repo.head().commit, scripted)?;
    let model = ModelId::new(name.trim());
    match admit(&policy, &TaskClass::from("code_review"), &model, &Conditions::default()) {
        Ok(_) => Ok(model),
        Err(why) => Err(Failure::new(Exit::Configuration, format!("{model} cannot review: {why}"))
            .hint("`mao models list` shows who can")),
    }
}

/// The files that name dependencies and were changed, before and after.
fn manifests(house: &House, diff: &Diff, (from, to): (&CommitId, &CommitId)) -> Result<Vec<Touched>, Failure> {
    let text = |commit: &CommitId, path: &str| -> Result<Option<String>, Failure> {
        let found = house.repo.read(commit, path)?.filter(|bytes| bytes.len() <= LONGEST);
        Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let mut touched = Vec::new();
    for file in diff.files.iter().filter(|file| is_manifest(&file.path)) {
        let before = text(from, file.from.as_deref().unwrap_or(&file.path))?;
        touched.push(Touched { path: file.path.clone(), before, after: text(to, &file.path)? });
    }
    Ok(touched)
}

/// CHK-09: what behaviour that is missing can be wanted by: the items of the task list, and the requirements it names.
fn wants(house: &House, loaded: &Loaded, head: &CommitId) -> Result<Vec<Supply>, Failure> {
    let Some(found) = house.repo.read(head, &loaded.sections_file)? else { return Ok(Vec::new()) };
    let tasks = section::parse(&String::from_utf8_lossy(&found));
    let mut supplies = Vec::new();
    for section in &tasks.sections {
        let items = section.items.iter().filter_map(|item| item.id.clone());
        let names: Vec<String> = items.chain(section.refs.iter().cloned()).collect();
        let supply = |names: &[String]| Supply::Wants { section: section.id.clone(), names: names.to_vec() };
        supplies.extend(names.chunks(NAMES).map(supply));
    }
    Ok(supplies)
}

fn config(house: &House, privacy: Option<Privacy>, printer: &Printer) -> Result<Loaded, Failure> {
    let word = privacy.map(|privacy| privacy_word(privacy.into()).to_owned());
    house.config(flag("privacy", "privacy.class", word).into_iter().collect(), printer)
}

fn read(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let wrong = |what: String| Failure::new(Exit::Usage, what);
    let source = Source::read(file).map_err(|error| wrong(error.to_string()))?;
    let bytes = source.ok_or_else(|| wrong(format!("{name}: there is no such file")))?.bytes;
    if bytes.len() > LONGEST {
        return Err(wrong(format!("{name} has {} bytes; a review takes at most {LONGEST}", bytes.len()))
            .hint("review its parts one by one"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong(format!("{name} is no text")))?;
    if text.trim().is_empty() {
        return Err(wrong(format!("{name} is empty")));
    }
    Ok(text)
}

/// Where the branch left what it is to be merged into.
fn since(house: &House, named: Option<&str>, head: &CommitId) -> Result<CommitId, Failure> {
    let candidates: Vec<&str> = named.map_or_else(|| TRUNKS.to_vec(), |name| vec![name]);
    for name in &candidates {
        let trunk = match house.repo.resolve(name) {
            Ok(trunk) => trunk,
            Err(_) if named.is_none() => continue,
            Err(wrong) => return Err(wrong.into()),
        };
        match house.repo.fork_point(&trunk, head)? {
            Some(fork) if fork != *head => return Ok(fork),
            Some(_) | None => {}
        }
    }
    let what = match named {
        Some(name) => format!("nothing on HEAD is missing in {}", text::one_line(name, 120)),
        None => "there is no other branch that HEAD has gone on from".to_owned(),
    };
    Err(Failure::new(Exit::Negative, what).hint("name what it is to be merged into: `--base REF`"))
}

fn short(commit: &CommitId) -> &str {
    commit.as_str().get(..12).unwrap_or(commit.as_str())
}

struct New {
    text: String,
    matter: Matter,
    files: Vec<String>,
    supplies: Vec<Supply>,
}

fn carry(house: &House, loaded: Loaded, what: New, script: Option<&Path>, printer: &Printer) -> Result<Exit, Failure> {
    let base = house.repo.head().commit.clone();
    let mut start = Beginning::at(house, loaded, base, script)?;
    start.ask_at_the_terminal(printer);
    let agree =
        matches!(what.matter, Matter::Review(Reviewed::Diff { .. })) && start.policy.consensus == Consensus::Wanted;
    if agree && start.policy.checks.is_empty() {
        let no = "two models are to agree (`checkpoints.consensus`), and no check is their referee";
        return Err(Failure::new(Exit::Configuration, no).hint("name one: `verify` under [engine]"));
    }
    let new =
        NewRun { files: what.files, supplies: what.supplies, ..start.about(("review", &what.text), what.matter)? };
    start.begin(new, Needs::Orchestrator, printer, Asking::of(printer)).map(|(_, exit)| exit)
}

/// CHK-10: a verdict on something that has changed since is none.
fn stale(printer: &Printer, exit: Exit, same: bool, what: &str) -> Result<Exit, Failure> {
    if same || !matches!(exit, Exit::Ok | Exit::Negative) {
        return Ok(exit);
    }
    printer.note(&format!("the verdict is stale: {what}"));
    Ok(Exit::Incomplete)
}
