//! Random sets through the engine in this process: real git, real SQLite, real checks, scripted models. Most owners are
//! stopped at a random point between writing and acting, as a kill would stop them: the stack unwinds, nothing is given
//! back, nothing is recorded any more. Then another owner goes on.
//!
//! `MAO_TEST_SEED` repeats a set, `MAO_TEST_SETS` says how many there are. `sets` does the same with a real kill.

use crate::evidence::checkout;
use crate::set::{Drawn, Met, Set, VERIFY, over, wrong};
use crate::shop::{BEGIN, MAO, RUN, Shop};
use mao_core::event::Caps;
use mao_core::ids::{ProviderId, RunId, SectionId, Stamp};
use mao_core::matter::Matter;
use mao_core::outcome::Outcome;
use mao_core::request::{Approval, Declares, Order};
use mao_core::step::Step;
use mao_engine::announce::stream;
use mao_engine::clock::FixedClock;
use mao_engine::failpoint::Points;
use mao_engine::open::{NewRun, NewSection, open};
use mao_engine::{Carried, Parts};
use mao_policy::Policy;
use mao_policy::policy::{Check, Mode};
use mao_process::{Shim, which};
use mao_providers::provider::Provider;
use mao_providers::script::{Script, ScriptedProvider};
use mao_repo::{Checker, UserRepo};
use mao_store::Signal;
use mao_store::sqlite::SqliteStore;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use tokio::sync::watch;

/// How many sets are played unless said otherwise.
const SETS: u64 = 500;

/// From one owner to the next, in milliseconds: longer than a lease lasts.
const LATER: u64 = 60_000;

/// How many points a run passes for each of its workstreams, about.
const POINTS: u64 = 36;

/// The most owners of one run.
const OWNERS: u64 = 12;

/// What unwinds through an owner that is stopped.
struct Stopped;

thread_local! {
    /// How many points this thread's owner still passes before it is stopped.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Listens at the points of every owner in this process. An owner's record is written by the thread that carries it.
fn listen(_point: &str) {
    let left = LEFT.get();
    LEFT.set(left.map(|left| left.saturating_sub(1)));
    if left == Some(0) {
        LEFT.set(None);
        resume_unwind(Box::new(Stopped));
    }
}

/// The built-in policy with everybody enabled and the sets' check. Everything else is as it is shipped.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let mut policy = mao_config::load(&mao_config::Inputs::default()).unwrap().policy;
    policy.checks = vec![Check { argv: VERIFY.map(str::to_owned).to_vec() }];
    policy.mode = Mode::Diverse;
    policy.enabled = policy.models.values().map(|entry| entry.provider.clone()).collect();
    policy.limits.max_parallel = mao_config::DIVERSE_PARALLEL;
    policy
});

/// One set in its place.
struct Play {
    shop: Shop,
    user: Arc<UserRepo>,
    script: Script,
    run: RunId,
}

impl Play {
    fn new(set: &Set) -> Self {
        let shop = set.place();
        let script = set.script();
        let script = Script::from_texts(script.iter().map(|(step, text)| (step.as_str(), text.as_str()))).unwrap();
        let git = which("git", shop.sandbox.environment()["PATH"].as_ref()).unwrap();
        let user = Arc::new(UserRepo::open(&shop.sandbox.work(), &git).unwrap());
        Self { shop, user, script, run: RUN.parse().unwrap() }
    }

    /// What an owner has that begins at this moment.
    fn parts(&self, moment: u64) -> Arc<Parts> {
        let environment = self.shop.sandbox.environment().clone();
        let players = POLICY.enabled.iter().map(|id| {
            let player = ScriptedProvider::playing(id.clone(), self.script.clone()).unwrap();
            (id.clone(), Arc::new(player) as Arc<dyn Provider>)
        });
        let providers: BTreeMap<ProviderId, Arc<dyn Provider>> = players.collect();
        let shim = Shim { program: PathBuf::from(MAO), args: vec![Shim::WORD.into()] };
        Arc::new(Parts {
            store: Arc::new(SqliteStore::open(&self.shop.state()).unwrap()),
            providers,
            enabled: POLICY.enabled.clone(),
            caps: Caps::default(),
            month_micro_usd: None,
            unusable: BTreeMap::new(),
            user_repo: Arc::clone(&self.user),
            checker: Arc::new(Checker::new(shim, environment.clone())),
            runs_dir: self.shop.state().join("runs"),
            environment,
            clock: Arc::new(FixedClock(Stamp(moment))),
            announcer: stream().0,
            playback: None,
            lease_ms: LATER / 4,
            points: Points(Some(listen)),
        })
    }

    fn open(&self, set: &Set) {
        let parts = self.parts(BEGIN);
        let user = &parts.user_repo;
        let head = user.head().clone();
        let section = |id: u64| NewSection {
            id: SectionId::from(id.to_string().as_str()),
            title: format!("S{id}"),
            text: format!("## Section {id}: S{id}\n\n- [ ] {id}.1 Do it\n"),
            declares: Declares { subtasks: Some(1), ..Declares::default() },
            context: None,
            requirements: None,
        };
        let new = NewRun {
            workflow: "develop".to_owned(),
            text: set.words(),
            sections: (1..=set.sections).map(section).collect(),
            requirements: None,
            tasks: Some(("todo/tasks.md".to_owned(), set.tasks())),
            files: user.files(&head.commit).unwrap(),
            repository: user.key().unwrap(),
            base: head.commit,
            base_tree: head.tree,
            scripted: Some("scripted".to_owned()),
            run: Some(self.run),
            matter: Matter::default(),
            supplies: Vec::new(),
            order: Order::Computed,
            approval: Approval::WhereWanted,
        };
        open(&parts, &POLICY, new).unwrap();
    }

    /// Carries the run until it is over or waits, or its owner is stopped after so many points: then nothing comes back.
    fn carry(&self, moment: u64, points: Option<u64>) -> Result<Option<Carried>, String> {
        let parts = self.parts(moment);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (_silent, cancel) = watch::channel(None);
        LEFT.set(points);
        let carried = catch_unwind(AssertUnwindSafe(|| runtime.block_on(mao_engine::carry(parts, self.run, cancel))));
        LEFT.set(None);
        // What was at work dies with its owner: here, as far as it stands in this process.
        drop(runtime);
        match carried {
            Ok(carried) => carried.map(Some).map_err(|wrong| format!("{wrong:?}")),
            Err(stopped) if stopped.is::<Stopped>() => Ok(None),
            Err(broken) => resume_unwind(broken),
        }
    }

    /// A person's answer to the question that the run waits for: go on.
    fn answer(&self, moment: u64) {
        let parts = self.parts(moment);
        let state = mao_engine::owner::look(&parts, &self.run).unwrap();
        let open = state.steps.iter().filter(|(_, step)| matches!(step, Step::Question { answer: None, .. }));
        for (step, _) in open {
            let (step, answer, by) = (step.to_string(), "yes".to_owned(), "test".to_owned());
            let signal = Signal::Answer { step, answer, by, because: None };
            parts.store.post(&self.run, Stamp(moment), &signal).unwrap();
        }
    }
}

/// How many points each of a set's owners passes; the last one passes all.
fn stops(seed: u64, set: &Set) -> Vec<u64> {
    let mut drawn = Drawn(seed ^ 0x5eed);
    let owners = match drawn.below(8) {
        0 => 0,
        1..=5 => 1,
        _ => 2,
    };
    (0..owners).map(|_| drawn.below(POINTS * set.workstreams())).collect()
}

/// Plays one set; what is wrong with it.
fn play(seed: u64, met: &mut Vec<Met>) -> Vec<String> {
    let set = Set::drawn(seed);
    let play = Play::new(&set);
    let before = checkout(&play.shop);
    play.open(&set);
    let mut stops = stops(seed, &set).into_iter();
    let mut passed = Vec::new();
    for owner in 0..OWNERS {
        let moment = BEGIN + owner * LATER;
        let stop = stops.next();
        passed.extend(stop);
        match play.carry(moment, stop) {
            Ok(None) => met.push(Met::Resumed),
            Ok(Some(Carried::Parked { .. })) => play.answer(moment),
            Ok(Some(Carried::Closed(outcome))) => {
                let code = match outcome {
                    Outcome::Complete => Some(0),
                    Outcome::Incomplete => Some(5),
                    Outcome::Negative { .. }
                    | Outcome::NoProvider { .. }
                    | Outcome::Declined { .. }
                    | Outcome::Cancelled { .. } => None,
                };
                let mut found = wrong(&play.shop, code, &before, met);
                if !found.is_empty() {
                    found.push(format!("it ended with {outcome:?}; owners were stopped after {passed:?} points"));
                }
                return found;
            }
            Err(broken) => return vec![format!("owner {owner}, after stops at {passed:?}: {broken}")],
        }
    }
    vec![format!("no end after {OWNERS} owners, stopped after {passed:?} points")]
}

#[test]
fn dev_05_random_sets_land_or_name_the_culprit_and_lose_no_commit() {
    let met = over("queue::dev_05_random_sets", SETS, play);
    if met.len() as u64 > SETS {
        for what in [Met::Complete, Met::Incomplete, Met::Broke, Met::Resolved, Met::Resumed] {
            assert!(met.contains(&what), "no set came to {what:?}: the sets prove less than they say");
        }
    }
}

/// Proves that the sets notice what they are there to notice: under this mutation commits are lost.
#[test]
fn dev_05_a_change_that_nobody_keeps_is_noticed() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "queue::dev_05_random_sets_land_or_name_the_culprit_and_lose_no_commit", "--nocapture"]);
    again.env("MAO_MUTANT", "dev_05_changes_are_not_kept").env("MAO_TEST_SEED", "1").env("MAO_TEST_SETS", "2");
    let said = again.output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success(), "{text}");
    assert!(text.contains("is on no ref"), "{text}");
}
