//! Append and read: all or nothing, at the place expected, never changed.

use crate::fixture::{opened, said};
use crate::{Home, Probe, repository, run, texts};
use mao_core::event::{EVENT_LIMIT, EVENT_VERSION, Event};
use mao_core::ids::{Epoch, RepositoryKey, Stamp};
use mao_store::{Lease, Ledger, Owner, SqliteStore, StoreError};
use std::collections::BTreeMap;

#[test]
fn log_01_what_was_appended_is_read_back_by_anyone() {
    let home = Home::new();
    let owner = home.opened(1);
    let events = [said("a"), said("b \u{202e} 'quoted' \n")];
    assert_eq!(home.store.append(&owner, 1, Stamp(7), &events, &[]).expect("appended"), 3);
    let read = home.another().read(&owner.run, 1).expect("read");
    assert_eq!(read.iter().map(|recorded| recorded.event.clone()).collect::<Vec<_>>(), events);
    assert_eq!(
        read.iter().map(|recorded| (recorded.seq, recorded.at)).collect::<Vec<_>>(),
        [(2, Stamp(7)), (3, Stamp(7))]
    );
    assert_eq!(home.store.read(&owner.run, 3).expect("read"), []);
    assert_eq!(home.store.read(&owner.run, u64::MAX).expect("read"), []);
}

#[test]
fn log_01_nothing_in_the_ledger_changes_or_leaves() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.append(&owner, 1, Stamp(1), &[said("a")], &[]).expect("appended");
    let raw = home.raw();
    for (attempt, refusal) in [
        ("UPDATE events SET body = '{}'", "the ledger is append-only"),
        ("DELETE FROM events", "the ledger is append-only"),
        ("INSERT INTO events SELECT run, 4, at, kind, version, body FROM events LIMIT 1", "the ledger has no gaps"),
        ("INSERT OR REPLACE INTO events SELECT run, 2, at, kind, version, 'x' FROM events", "the ledger has no gaps"),
        ("UPDATE runs SET epoch = 0", "epochs only grow"),
        ("DELETE FROM runs", "FOREIGN KEY constraint failed"),
    ] {
        let error = raw.execute(attempt, []).expect_err(attempt);
        assert!(error.to_string().contains(refusal), "{attempt}: {error}");
    }
    assert_eq!(texts(&home.store.read(&owner.run, 0).expect("read")), ["a"]);
}

#[test]
fn log_01_a_row_is_readable_by_a_person() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.append(&owner, 1, Stamp(7), &[said("SIGINT")], &[]).expect("appended");
    let row: (String, u64, u64, String, u32, String) = home
        .raw()
        .query_row("SELECT run, seq, at, kind, version, body FROM events WHERE seq = 2", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .expect("a row");
    let body = r#"{"event":"cancel_requested","by":"SIGINT"}"#;
    assert_eq!(row, ("01".repeat(16), 2, 7, "cancel_requested".into(), EVENT_VERSION, body.into()));
}

#[test]
fn an_append_is_refused_where_the_ledger_has_moved_on() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.append(&owner, 1, Stamp(1), &[said("a")], &[]).expect("appended");
    for expected in [0, 1, 3, u64::MAX] {
        let refused = home.store.append(&owner, expected, Stamp(1), &[said("b")], &[]).expect_err("moved");
        assert!(matches!(refused, StoreError::Moved { at: 2, expected: e, .. } if e == expected), "{refused:?}");
    }
    assert_eq!(texts(&home.store.read(&owner.run, 0).expect("read")), ["a"]);
}

#[test]
fn an_append_is_all_or_nothing() {
    let home = Home::new();
    let owner = home.opened(1);
    // The store's own check, and a failure of the database in the middle of the transaction.
    let large = said(&"x".repeat(EVENT_LIMIT));
    home.store.append(&owner, 1, Stamp(1), &[said("a"), large], &[]).expect_err("too large");
    home.raw()
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON events WHEN NEW.seq = 4 BEGIN SELECT RAISE(ABORT, 'broken'); END;",
        )
        .expect("a trigger");
    let refused = home.store.append(&owner, 1, Stamp(1), &[said("a"), said("b"), said("c")], &[]).expect_err("broken");
    assert!(matches!(refused, StoreError::Database(_)), "{refused:?}");
    assert_eq!(home.store.read(&owner.run, 1).expect("read"), []);
    assert_eq!(home.store.append(&owner, 1, Stamp(1), &[said("a"), said("b")], &[]).expect("appended"), 3);
}

#[test]
fn an_event_has_a_largest_size() {
    let home = Home::new();
    let owner = home.opened(1);
    let around = serde_json::to_string(&said("")).expect("JSON").len();
    let most = said(&"x".repeat(EVENT_LIMIT - around));
    home.store.append(&owner, 1, Stamp(1), &[most], &[]).expect("just fits");
    let refused =
        home.store.append(&owner, 2, Stamp(1), &[said(&"x".repeat(EVENT_LIMIT - around + 1))], &[]).expect_err("over");
    assert!(
        matches!(refused, StoreError::TooLarge { bytes, limit } if bytes == EVENT_LIMIT + 1 && limit == EVENT_LIMIT),
        "{refused:?}"
    );
}

#[test]
fn a_run_is_opened_once_by_its_own_first_event() {
    let home = Home::new();
    let owner = home.taken(1);
    let append = |expected, events: &[Event]| home.store.append(&owner, expected, Stamp(1), events, &[]);
    for wrong in [vec![said("a")], vec![opened(run(2))], vec![opened(owner.run), opened(owner.run)]] {
        let refused = append(0, &wrong).expect_err("misplaced");
        assert!(matches!(refused, StoreError::Misplaced { .. }), "{refused:?}");
    }
    append(0, &[opened(owner.run), said("a")]).expect("opened");
    let refused = append(2, &[opened(owner.run)]).expect_err("misplaced");
    assert!(matches!(refused, StoreError::Misplaced { .. }), "{refused:?}");
}

#[test]
fn runs_are_listed_newest_first_and_only_once_they_have_events() {
    let home = Home::new();
    let open = |number, repository: &str, at| {
        let owner = home.store.take(&run(number), &RepositoryKey::new(repository), Stamp(at), 100).expect("a lease");
        home.store.append(&owner, 0, Stamp(at), &[opened(owner.run), said("a")], &[]).expect("opened");
        owner
    };
    open(1, "one", 10);
    let last = open(2, "two", 30);
    open(3, "one", 20);
    home.taken(4);
    home.store.release(&last).expect("released");
    let runs = home.another().runs(None).expect("runs");
    let seen = runs.iter().map(|entry| (entry.run, entry.opened_at.0, entry.last_seq, entry.held_until.0));
    assert_eq!(seen.collect::<Vec<_>>(), [(run(2), 30, 2, 0), (run(3), 20, 2, 120), (run(1), 10, 2, 110)]);
    let one = home.store.runs(Some(&RepositoryKey::new("one"))).expect("runs");
    assert_eq!(one.iter().map(|entry| entry.run).collect::<Vec<_>>(), [run(3), run(1)]);
    assert_eq!(home.store.runs(Some(&repository())).expect("runs"), []);
    assert_eq!(home.store.read(&run(4), 0).expect("read"), []);
    assert!(matches!(home.store.read(&run(9), 0), Err(StoreError::NoSuchRun(_))));
    let nobody = Owner { run: run(9), epoch: Epoch(1) };
    assert!(matches!(home.store.append(&nobody, 0, Stamp(1), &[], &[]), Err(StoreError::NoSuchRun(_))));
}

#[test]
fn two_threads_never_write_to_one_place() {
    let home = Home::new();
    let owner = home.opened(1);
    let stores = [home.another(), home.another()];
    let write = |store: &SqliteStore, name: &str| {
        let (mut last, mut acknowledged) = (1, BTreeMap::new());
        while acknowledged.len() < 40 {
            let text = format!("{name}-{}", acknowledged.len());
            match store.append(&owner, last, Stamp(1), &[said(&text)], &[]) {
                Ok(seq) => {
                    last = seq;
                    acknowledged.insert(seq, text);
                }
                Err(StoreError::Moved { at, .. }) => last = at,
                Err(other) => panic!("{other:?}"),
            }
        }
        acknowledged
    };
    let [mut all, others] = std::thread::scope(|scope| {
        let one = scope.spawn(|| write(&stores[0], "one"));
        let two = scope.spawn(|| write(&stores[1], "two"));
        [one.join().expect("a thread"), two.join().expect("a thread")]
    });
    all.extend(others);
    assert_eq!(texts(&home.store.read(&owner.run, 1).expect("read")), all.into_values().collect::<Vec<_>>());
    assert_eq!(home.store.read(&owner.run, 1).expect("read").len(), 80);
}

#[test]
fn two_processes_never_write_to_one_place() {
    let home = Home::new();
    let owner = home.opened(1);
    let (run, epoch) = (owner.run.to_string(), owner.epoch.0.to_string());
    let probes = ["one", "two"].map(|name| Probe::start(&home.dir(), "append", &[&run, &epoch, name, "40"]));
    let mut all = BTreeMap::new();
    for line in probes.into_iter().flat_map(Probe::end) {
        let (seq, text) = line.split_once(' ').expect("two words");
        all.insert(seq.parse::<u64>().expect("a place"), text.to_owned());
    }
    let read = home.store.read(&owner.run, 1).expect("read");
    assert_eq!(read.len(), 80);
    assert_eq!(texts(&read), all.into_values().collect::<Vec<_>>());
}

#[test]
fn reading_does_not_wait_for_a_writer() {
    let home = Home::new();
    let owner = home.opened(1);
    let mut raw = home.raw();
    let writing = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("a transaction");
    writing
        .execute("INSERT INTO events SELECT run, 2, at, kind, version, body FROM events", [])
        .expect("an uncommitted row");
    assert_eq!(home.another().read(&owner.run, 0).expect("read").len(), 1);
    assert_eq!(home.store.runs(None).expect("runs").len(), 1);
    writing.rollback().expect("rolled back");
}

#[test]
fn what_a_newer_mao_wrote_is_refused() {
    let home = Home::new();
    let owner = home.opened(1);
    home.raw()
        .execute(
            "INSERT INTO events SELECT run, 2, at, 'unheard_of', ?1, '{\"event\":\"unheard_of\"}' FROM events",
            [EVENT_VERSION + 1],
        )
        .expect("a row");
    let newer = |error: StoreError| matches!(error, StoreError::Newer { found, known } if found == EVENT_VERSION + 1 && known == EVENT_VERSION);
    assert!(newer(home.store.read(&owner.run, 0).expect_err("newer")));
    assert!(newer(home.store.append(&owner, 2, Stamp(1), &[said("a")], &[]).expect_err("newer")));
    assert_eq!(home.store.runs(None).expect("runs").len(), 1, "a list of envelopes can be shown");
}

#[test]
fn what_no_mao_wrote_is_damage() {
    for damage in [
        "INSERT INTO events SELECT run, 2, at, 'unheard_of', version, '{\"event\":\"unheard_of\"}' FROM events",
        "INSERT INTO events SELECT run, 2, at, kind, version, 'not JSON' FROM events",
        "DROP TRIGGER events_have_no_gaps; INSERT INTO events SELECT run, 3, at, kind, version, body FROM events",
    ] {
        let home = Home::new();
        let owner = home.opened(1);
        home.raw().execute_batch(damage).expect(damage);
        let refused = home.store.read(&owner.run, 0).expect_err(damage);
        assert!(matches!(refused, StoreError::Damaged { .. }), "{damage}: {refused:?}");
    }
}

/// How many bytes `deed` reads and writes with calls of the system, as the kernel counts them for this thread.
fn moved(deed: impl FnOnce()) -> u64 {
    let count = || -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/io").expect("the thread's counters");
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).expect(name).trim().to_owned();
        ["rchar:", "wchar:"].map(of).iter().map(|value| value.parse::<u64>().expect("a number")).sum()
    };
    let before = count();
    deed();
    count() - before
}

/// A run with `count` events of one length.
fn long(home: &Home, number: u8, count: u64) -> Owner {
    let owner = home.opened(number);
    let events: Vec<Event> = (1..count).map(|_| said(&"x".repeat(200))).collect();
    assert_eq!(home.store.append(&owner, 1, Stamp(1), &events, &[]).expect("appended"), count);
    owner
}

#[test]
fn log_01_an_append_moves_as_many_bytes_at_10_000_events_as_at_10() {
    let home = Home::new();
    let [early, late] = [(1, 10), (2, 10_000)].map(|(number, count)| {
        let owner = long(&home, number, count);
        let one = |at| {
            moved(|| assert_eq!(home.store.append(&owner, at, Stamp(1), &[said("x")], &[]).expect("appended"), at + 1))
        };
        // The least of several: now and then one of them also moves the write-ahead log into the database.
        (count..count + 5).map(one).min().expect("five")
    });
    assert!(early > 0 && late <= 2 * early, "{early} bytes at 10 events, {late} at 10,000");
}

#[test]
fn log_02_reading_moves_bytes_in_proportion_to_the_run() {
    let home = Home::new();
    let [short, long] = [(1, 1_000), (2, 10_000)].map(|(number, count)| {
        let owner = long(&home, number, count);
        let reader = home.another();
        moved(|| assert_eq!(reader.read(&owner.run, 0).expect("read").len() as u64, count))
    });
    assert!(short > 0 && long <= 12 * short, "{short} bytes for 1,000 events, {long} for 10,000");
}
