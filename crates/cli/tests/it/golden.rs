//! Golden ledgers: runs that earlier versions left half done, committed as plain files. This version goes on with each
//! of them to its end, or refuses it by the name of what it cannot go on with; it never repeats what is done.
//!
//! A golden ledger is `tests/golden/<version>-develop-<workflow version>/`: the ledger with the texts that it names, the
//! repository that the run began in and the run's own, both as `git fast-export` writes them, the script that goes on,
//! and what an uninterrupted run comes to. `UPDATE_GOLDEN=1` writes this version's anew; another version's is never
//! touched.

use crate::shop::{LATER, RUN, Shop, copy, ran};
use mao_core::event::{Event, MergeResult, Recorded};
use mao_core::ids::{BlobId, CommitId, RunId};
use mao_core::outcome::Outcome;
use mao_core::run::RunState;
use mao_core::step::AttemptState;
use mao_store::sqlite::SqliteStore;
use mao_store::{Archive, Blobs, Lease, Ledger};
use mao_testkit::sandbox::{Ran, run_fed};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn all() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn workflow_version() -> u32 {
    mao_workflows::find("develop").unwrap().version()
}

/// This version's golden ledger, which `UPDATE_GOLDEN=1` makes anew.
fn own() -> PathBuf {
    all().join(format!("{}-develop-{}", env!("CARGO_PKG_VERSION"), workflow_version()))
}

/// The golden ledgers there are, this version's made anew first where that is wanted.
fn golden() -> &'static BTreeSet<PathBuf> {
    static GOLDEN: std::sync::OnceLock<BTreeSet<PathBuf>> = std::sync::OnceLock::new();
    GOLDEN.get_or_init(|| {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            make();
        }
        std::fs::read_dir(all()).unwrap().map(|entry| entry.unwrap().path()).collect()
    })
}

/// What a run comes to that nobody interrupted.
#[derive(serde::Serialize, serde::Deserialize)]
struct Expected {
    workflow_version: u32,
    /// The tree of everything that was merged.
    merged: String,
    /// How many attempts of each step are acknowledged.
    ended: BTreeMap<String, usize>,
}

fn ended(events: &[Recorded]) -> BTreeMap<String, usize> {
    let mut ended = BTreeMap::new();
    for recorded in events {
        if let Event::AttemptEnded { step, .. } = &recorded.event {
            *ended.entry(step.to_string()).or_default() += 1;
        }
    }
    ended
}

fn fold(events: &[Recorded]) -> RunState {
    RunState::fold(events).unwrap().unwrap()
}

/// Makes this version's golden ledger: a run of the shop that was killed half way, an attempt being out.
fn make() {
    let whole = Shop::new();
    let log = whole.sandbox.root().join("points");
    assert_eq!(ran(whole.develop("1,2").env("MAO_TEST_POINTS", &log)).code, Some(0));
    let events = whole.ledger(RUN);
    let state = fold(&events);
    let expected = Expected {
        workflow_version: state.opened.workflow_version,
        merged: state.verified_tree.to_string(),
        ended: ended(&events),
    };
    let points = std::fs::read_to_string(log).unwrap();
    let starts: Vec<&str> = points.lines().filter(|point| point.starts_with("after:attempt_started:work.")).collect();
    let point = starts[starts.len() / 2];

    let shop = Shop::new();
    assert_eq!(ran(shop.develop("1,2").env("MAO_TEST_POINT", point)).code, None);
    let mut events = shop.ledger(RUN);
    let store = SqliteStore::open(&shop.state()).unwrap();
    let mut named = blobs(&shop.state().join("blobs"));
    // Nothing is decided by a transcript, and it names places of this machine.
    for recorded in &mut events {
        if let Event::AttemptEnded { transcript, .. } = &mut recorded.event
            && let Some(transcript) = transcript.take()
        {
            named.remove(&transcript);
        }
    }
    let blobs = named.into_iter().map(|blob| (blob.clone(), store.get(&blob).unwrap())).collect();

    let dir = own();
    let of_this_version = format!("{}-develop-", env!("CARGO_PKG_VERSION"));
    std::fs::create_dir_all(all()).unwrap();
    for entry in std::fs::read_dir(all()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with(&of_this_version) {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    std::fs::create_dir_all(&dir).unwrap();
    Archive { events: events.clone(), blobs }.write(&dir).unwrap();
    copy(&shop.run_dir(RUN).join("script"), &dir.join("script"));
    std::fs::write(dir.join("user.export"), shop.sandbox.git(&["fast-export", "main"]).unwrap() + "\n").unwrap();
    // Nothing but the ledger names the merged commits.
    let repo = shop.run_dir(RUN).join("repo.git").to_string_lossy().into_owned();
    for commit in commits(&events) {
        shop.sandbox
            .git(&["--git-dir", &repo, "update-ref", &format!("refs/golden/{commit}"), commit.as_str()])
            .unwrap();
    }
    let exported = shop.sandbox.git(&["--git-dir", &repo, "fast-export", "--all"]).unwrap();
    std::fs::write(dir.join("run.export"), exported + "\n").unwrap();
    let text = serde_json::to_string_pretty(&expected).unwrap();
    std::fs::write(dir.join("expected.json"), text + "\n").unwrap();
}

/// The commits that a ledger names, besides its base.
fn commits(events: &[Recorded]) -> BTreeSet<CommitId> {
    let state = fold(events);
    let changes = state.attempts().filter_map(|(_, _, attempt)| {
        let AttemptState::Answered(answered) = &attempt.state else { return None };
        answered.answer.change.clone()
    });
    let results = events
        .iter()
        .filter_map(|recorded| if let Event::Merged { results, .. } = &recorded.event { Some(results) } else { None });
    let merged = results.flatten().filter_map(|result| {
        if let MergeResult::Candidate { commit, .. } = result { Some(commit.clone()) } else { None }
    });
    changes.map(|change| change.commit).chain(merged).chain([state.head.clone()]).collect()
}

fn blobs(dir: &Path) -> BTreeSet<BlobId> {
    let mut found = BTreeSet::new();
    for shelf in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        let name = shelf.file_name().unwrap().to_string_lossy().into_owned();
        if name.len() == 2 {
            for entry in std::fs::read_dir(&shelf).unwrap() {
                found.insert(BlobId::new(format!("{name}{}", entry.unwrap().file_name().to_string_lossy())));
            }
        }
    }
    found
}

fn expected(dir: &Path) -> Expected {
    serde_json::from_str(&std::fs::read_to_string(dir.join("expected.json")).unwrap()).unwrap()
}

/// A machine on which the run of a golden ledger was interrupted.
fn taken_in(dir: &Path, change: impl Fn(&mut Recorded)) -> (Shop, Vec<Recorded>) {
    let mut shop = Shop::with(&[], crate::shop::CONFIG);
    std::fs::remove_dir_all(shop.sandbox.work().join(".git")).unwrap();
    let import = |git_dir: &Path, file: &str| {
        shop.sandbox.git(&["init", "-q", "--bare", "-b", "main", &git_dir.to_string_lossy()]).unwrap();
        let mut command = shop.sandbox.command("git");
        command.arg("--git-dir").arg(git_dir).args(["fast-import", "--quiet"]);
        let fed = run_fed(&mut command, &std::fs::read_to_string(dir.join(file)).unwrap()).unwrap();
        assert_eq!(fed.code, Some(0), "{}", fed.stderr);
    };
    import(&shop.sandbox.work().join(".git"), "user.export");
    shop.sandbox.git(&["config", "core.bare", "false"]).unwrap();
    shop.sandbox.git(&["reset", "-q", "--hard", "main"]).unwrap();
    let mut archive = Archive::read(dir).unwrap();
    archive.events.iter_mut().for_each(change);
    let store = SqliteStore::open(&shop.state()).unwrap();
    for content in archive.blobs.values() {
        store.put(content).unwrap();
    }
    let run: RunId = RUN.parse().unwrap();
    let repository = fold(&archive.events).opened.repository;
    let owner = store.take(&run, &repository, archive.events[0].at, 1).unwrap();
    for recorded in &archive.events {
        store.append(&owner, recorded.seq - 1, recorded.at, std::slice::from_ref(&recorded.event), &[]).unwrap();
    }
    import(&shop.run_dir(RUN).join("repo.git"), "run.export");
    copy(&dir.join("script"), &shop.run_dir(RUN).join("script"));
    shop.sandbox.set("MAO_TEST_CLOCK", LATER.to_string());
    (shop, archive.events)
}

fn resume(shop: &Shop) -> Ran {
    shop.mao(&["resume"])
}

#[test]
fn dev_10_every_golden_ledger_is_resumed_to_its_end_or_refused_by_name() {
    assert!(
        golden().contains(&own()),
        "there is no golden ledger of this version: `UPDATE_GOLDEN=1 cargo test -p mao-cli --test it golden::`"
    );
    for dir in golden() {
        let expected = expected(dir);
        let (shop, before) = taken_in(dir, |_| {});
        let over = resume(&shop);
        if expected.workflow_version != workflow_version() {
            assert_eq!(over.code, Some(3), "{}: {}", dir.display(), over.stderr);
            let refused = format!("was opened by version {} of `develop`", expected.workflow_version);
            assert!(over.stderr.contains(&refused), "{}: {}", dir.display(), over.stderr);
            continue;
        }
        assert_eq!(over.code, Some(0), "{}: {}", dir.display(), over.stderr);
        let after = shop.ledger(RUN);
        assert_eq!(after[..before.len()], before[..], "{}: what is recorded does not change", dir.display());
        let state = fold(&after);
        assert_eq!(state.outcome, Some(Outcome::Complete), "{}", dir.display());
        assert_eq!(state.verified_tree.to_string(), expected.merged, "{}", dir.display());
        assert_eq!(ended(&after), expected.ended, "{}: nothing that is done is done again", dir.display());
        assert!(shop.branch(&format!("mao/{}", &RUN[..8])).is_some());
        assert_eq!(crate::evidence::debris(&shop, RUN), Vec::<String>::new());
        // And what came of it can be decided again.
        let replayed = shop.mao(&["replay"]);
        assert_eq!(replayed.code, Some(0), "{}\n{}", replayed.stdout, replayed.stderr);
    }
}

#[test]
fn dev_10_another_version_of_the_workflow_is_refused_by_name() {
    let here = workflow_version();
    assert!(golden().contains(&own()), "UPDATE_GOLDEN=1 makes it");
    for opened in [here + 1, here - 1] {
        let (shop, before) = taken_in(&own(), |recorded| {
            if let Event::RunOpened(run) = &mut recorded.event {
                run.workflow_version = opened;
            }
        });
        let refused = resume(&shop);
        assert_eq!(refused.code, Some(3), "{}", refused.stderr);
        let said = format!(
            "was opened by version {opened} of `develop`; this mao has version {here}: use the mao that opened it"
        );
        assert!(refused.stderr.contains(&said), "{}", refused.stderr);
        assert_eq!(shop.ledger(RUN), before);
    }
}
