//! What a durable step costs over a bare commit of the same bytes, whether it stays so, and how long a long run takes to
//! be resumed. A durable step is one commit of the ledger as the engine's loop makes it, of events that the real
//! workflow asks for.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::{Ground, program};
use crate::sample::{Readings, timed};
use crate::world::{self, World};
use mao_core::event::Event;
use mao_core::ids::{RunId, Stamp};
use mao_core::run::RunState;
use mao_engine::announce::{Stream, stream};
use mao_engine::clock::SystemClock;
use mao_engine::failpoint::Points;
use mao_engine::record::Record;
use mao_engine::{Parts, record};
use mao_policy::Policy;
use mao_repo::{Checker, UserRepo};
use mao_store::{Owner, SqliteStore, Store};
use mao_workflows::Workflow;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;

/// Up to how many durable steps of one ledger both sides are compared.
const COUNTS: [usize; 2] = [1_000, 10_000];

/// How many steps the workflow has opened in the run that is resumed.
const LONG: usize = 10_000;

/// How often it is resumed.
const RESUMES: usize = 7;

/// How many early and how many of the last steps are compared.
const END: usize = 1_000;

/// How many ledgers are begun to see what the first [`FIRST`] steps of one cost: those of a single one are too few.
const BEGUN: usize = 30;

/// How many steps of each of them are made.
const FIRST: usize = 10;

/// The three readings of each step.
#[derive(Debug, Default)]
struct Steps {
    ask: Readings,
    append: Readings,
    bare: Readings,
}

/// Both sides in turn for 10,000 steps, then the resume of what they left, made longer.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let workflow = mao_workflows::find("develop").ok_or("there is no workflow `develop`")?;
    let policy = world::policy()?;
    let dir = ground.dir("steps")?;
    let mut first = Steps::default();
    for at in 0..BEGUN {
        let place = dir.join(at.to_string());
        let (_parts, mut held, _faces) = begun(ground, &place, workflow)?;
        durable(&place, &policy, workflow, &mut World::default(), &mut held, (FIRST, &mut first))?;
    }
    let (parts, mut held, _faces) = begun(ground, &dir, workflow)?;
    let owner = *held.owner();
    let (mut world, mut steps) = (World::default(), Steps::default());
    let most = COUNTS.into_iter().max().unwrap_or(0);
    durable(&dir, &policy, workflow, &mut world, &mut held, (most, &mut steps))?;
    let mut figures = over_bare(&first, &steps);
    figures.push(growth(&steps));
    let state = held.state().clone();
    drop(held);
    let state = lengthen(&*parts.store, &owner, &policy, workflow, &mut world, state)?;
    figures.push(resume(&parts, &owner, &policy, workflow, &state)?);
    figures.push(copy(&state)?);
    Ok(figures)
}

/// A ledger in `dir` with a run in it, ready for its next event.
fn begun(ground: &Ground, dir: &Path, workflow: &dyn Workflow) -> Done<(Arc<Parts>, Record, Stream)> {
    let (parts, faces) = parts(ground, dir)?;
    let run = RunId::from_bits([7; 16]);
    let repository = parts.user_repo.key()?;
    let owner = parts.store.take(&run, &repository, Stamp(1), u64::from(u32::MAX))?;
    parts.store.append(&owner, 0, Stamp(1), &[World::opened(run, repository, workflow)?], &[])?;
    let held = Record::load(Arc::clone(&parts), owner)?;
    Ok((parts, held, faces))
}

/// Makes `count` steps and reads each.
fn durable(
    dir: &Path,
    policy: &Policy,
    workflow: &dyn Workflow,
    world: &mut World,
    held: &mut Record,
    (count, steps): (usize, &mut Steps),
) -> Done {
    let mut bare = Bare::open(&dir.join("bare.sqlite"))?;
    for at in 0..count {
        let (effects, asking) = timed(|| Ok(workflow.next(policy, held.state())))?;
        let events = world.next(policy, workflow, held.state(), effects)?;
        let bodies = events.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let mut ours = || timed(|| Ok(held.append(&events, &[])?));
        let mut theirs = || timed(|| bare.commit(&bodies));
        // Who comes second may find the disk at work for the first.
        let (appending, commit) = if at % 2 == 0 {
            let first = ours()?.1;
            (first, theirs()?.1)
        } else {
            let first = theirs()?.1;
            (ours()?.1, first)
        };
        steps.ask.add(asking);
        steps.append.add(appending);
        steps.bare.add(commit);
    }
    Ok(())
}

/// The first steps of many ledgers, then at each count of one: the last steps before it.
fn over_bare(first: &Steps, steps: &Steps) -> Vec<Figure> {
    let figure = |at: usize, steps: &Steps, last: std::ops::Range<usize>, of: &str| {
        let (append, bare) = (steps.append.part(last.clone()), steps.bare.part(last.clone()));
        let from = format!(
            "medians of {}{of}: {append:.3} ms over {bare:.3} ms; sums from the first on {:.2} ×",
            last.len(),
            steps.append.sum(last.end) / steps.bare.sum(last.end)
        );
        let what = format!("a durable step at {at}, folded and appended, over a bare commit (synchronous=FULL)");
        Figure::new("steps", what, append / bare, Unit::Times, from).at_most(1.5)
    };
    let of = format!(", the first {FIRST} of {BEGUN} ledgers");
    let mut figures = vec![figure(FIRST, first, 0..first.append.count(), &of)];
    for count in COUNTS {
        figures.push(figure(count, steps, count.saturating_sub(END)..count, ""));
    }
    for count in COUNTS {
        let last = count.saturating_sub(END)..count;
        let from = format!("median of {}", last.len());
        let what = format!("asking the workflow what comes next, at {count}");
        figures.push(Figure::new("steps", what, steps.ask.part(last), Unit::Ms, from));
    }
    figures
}

/// The last steps against early ones, each over its own bare commits: what the disk does meanwhile drops out. Early are
/// those after the first [`END`], in which both logs still grow on the disk, for which either side may have to wait.
fn growth(steps: &Steps) -> Figure {
    let count = steps.append.count();
    let over = |range: std::ops::Range<usize>| steps.append.part(range.clone()) / steps.bare.part(range);
    let (early, last) = (over(END.min(count)..(2 * END).min(count)), over(count.saturating_sub(END)..count));
    let from = format!("medians over bare: {last:.2} × in the last {END}, {early:.2} × in the second");
    let what = format!("a step at {count} over one at {}: linear is 1", 2 * END);
    Figure::new("steps", what, last / early, Unit::Times, from).at_most(1.5)
}

/// Goes on without comparing until the workflow has opened enough steps.
fn lengthen(
    store: &dyn Store,
    owner: &Owner,
    policy: &Policy,
    workflow: &dyn Workflow,
    world: &mut World,
    mut state: RunState,
) -> Done<RunState> {
    let mut waiting: Vec<Event> = Vec::new();
    while state.steps.len() < LONG {
        let effects = workflow.next(policy, &state);
        for event in world.next(policy, workflow, &state, effects)? {
            let seq = state.seq + 1;
            state.apply(&mao_core::event::Recorded { seq, at: Stamp(2), event: event.clone() })?;
            waiting.push(event);
        }
        if waiting.len() >= 1_000 || state.steps.len() >= LONG {
            store.append(owner, state.seq - waiting.len() as u64, Stamp(2), &waiting, &[])?;
            waiting.clear();
        }
    }
    Ok(state)
}

fn resume(
    parts: &Arc<Parts>,
    owner: &Owner,
    policy: &Policy,
    workflow: &dyn Workflow,
    state: &RunState,
) -> Done<Figure> {
    let (mut whole, mut reading, mut asked) = (Readings::default(), Readings::default(), Readings::default());
    for _ in 0..RESUMES {
        let (loaded, loading) = timed(|| Ok(record::fold(parts, &owner.run)?))?;
        let (_, asking) = timed(|| Ok(workflow.next(policy, &loaded)))?;
        if loaded.seq != state.seq {
            return Err(format!("{} of {} events were read", loaded.seq, state.seq).into());
        }
        reading.add(loading);
        asked.add(asking);
        whole.add(loading + asking);
    }
    let from = format!(
        "median of {RESUMES}, {} events: reading and folding {:.0} ms, asking {:.2} ms",
        state.seq,
        reading.median(),
        asked.median()
    );
    let what = format!("resume of a run with {} steps: read, fold, ask", state.steps.len());
    Ok(Figure::new("steps", what, whole.median(), Unit::Ms, from).at_most(1_000.0))
}

/// What each attempt, check and merge is handed: the state as it was when it began.
fn copy(state: &RunState) -> Done<Figure> {
    let mut readings = Readings::default();
    for _ in 0..RESUMES {
        readings.add(timed(|| Ok(std::hint::black_box(state.clone())))?.1);
    }
    let from = format!("median of {RESUMES}; grows with the run");
    let what = format!("a copy of the state after {} steps, made for each piece of work", state.steps.len());
    Ok(Figure::new("steps", what, readings.median(), Unit::Ms, from))
}

/// The same bytes, committed by nobody but SQLite.
struct Bare {
    db: Connection,
    count: u64,
}

impl Bare {
    fn open(file: &Path) -> Done<Self> {
        let db = Connection::open(file)?;
        let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            return Err(format!("the journal mode stays {mode}").into());
        }
        db.pragma_update(None, "synchronous", "FULL")?;
        db.execute_batch("CREATE TABLE bare (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT")?;
        Ok(Self { db, count: 0 })
    }

    fn commit(&mut self, bodies: &[String]) -> Done {
        let writing = self.db.transaction()?;
        let mut insert = writing.prepare_cached("INSERT INTO bare (seq, body) VALUES (?1, ?2)")?;
        for body in bodies {
            self.count += 1;
            insert.execute(params![i64::try_from(self.count)?, body])?;
        }
        drop(insert);
        writing.commit()?;
        Ok(())
    }
}

/// Everything that the engine's ledger needs; the rest of it is there and not asked.
fn parts(ground: &Ground, dir: &Path) -> Done<(Arc<Parts>, Stream)> {
    let git = program("git")?;
    let user = dir.join("user");
    std::fs::create_dir_all(&user)?;
    std::fs::write(user.join("file"), "text\n")?;
    mao_repo::begin(&user, &git, "start")?;
    let (announcer, faces) = stream();
    let parts = Parts {
        store: Arc::new(SqliteStore::open(&dir.join("state"))?),
        providers: Default::default(),
        enabled: Default::default(),
        caps: Default::default(),
        month_micro_usd: None,
        unusable: Default::default(),
        user_repo: Arc::new(UserRepo::open(&user, &git)?),
        checker: Arc::new(Checker::new(ground.shim(), Default::default())),
        runs_dir: dir.join("runs"),
        environment: Default::default(),
        clock: Arc::new(SystemClock),
        announcer,
        lease_ms: u64::from(u32::MAX),
        points: Points::default(),
        playback: None,
    };
    Ok((Arc::new(parts), faces))
}
