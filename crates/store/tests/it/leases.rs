//! One owner at a time; a late one is refused wherever it writes.

use crate::fixture::said;
use crate::{Home, Probe, repository, run, texts};
use mao_core::ids::{Epoch, RepositoryKey, Stamp};
use mao_store::{Lease, Ledger, Owner, SqliteStore, StoreError};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

fn take(store: &SqliteStore, now: u64, ttl: u64) -> Result<Owner, StoreError> {
    store.take(&run(1), &repository(), Stamp(now), ttl)
}

fn held(result: Result<Owner, StoreError>) -> u64 {
    match result {
        Err(StoreError::Held { until, .. }) => until.0,
        other => panic!("not held: {other:?}"),
    }
}

fn fenced<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Fenced { .. })), "not fenced: {result:?}");
}

#[test]
fn a_lease_is_held_by_one() {
    let home = Home::new();
    let first = take(&home.store, 0, 100).expect("the first");
    assert_eq!(first.epoch, Epoch(1));
    let other = home.another();
    assert_eq!(held(take(&other, 0, 100)), 100);
    assert_eq!(held(take(&other, 99, 100)), 100);
    home.store.renew(&first, Stamp(99), 100).expect("renewed");
    assert_eq!(held(take(&other, 198, 100)), 199);
    home.store.confirm(&first, Stamp(198)).expect("still the owner");
    fenced(home.store.confirm(&first, Stamp(199)));
    let second = take(&other, 199, 100).expect("taken over");
    assert_eq!(second.epoch, Epoch(2));
}

#[test]
fn a_late_owner_is_refused_wherever_it_writes() {
    let home = Home::new();
    let late = home.opened(1);
    let newer = take(&home.another(), 1000, 100).expect("taken over");
    fenced(home.store.append(&late, 1, Stamp(1), &[said("late")], &[]));
    fenced(home.store.append(&late, 1, Stamp(1), &[], &[]));
    fenced(home.store.renew(&late, Stamp(1), 1_000_000));
    fenced(home.store.confirm(&late, Stamp(1)));
    home.store.release(&late).expect("harmless");
    home.store.confirm(&newer, Stamp(1050)).expect("untouched");
    home.store.append(&newer, 1, Stamp(1050), &[said("newer")], &[]).expect("appended");
    assert_eq!(texts(&home.store.read(&late.run, 0).expect("read")), ["newer"]);
    let unborn = Owner { epoch: Epoch(3), ..newer };
    fenced(home.store.append(&unborn, 2, Stamp(1), &[said("from the future")], &[]));
}

#[test]
fn an_owner_that_nobody_replaced_goes_on() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.append(&owner, 1, Stamp(5000), &[said("a")], &[]).expect("nobody else took it");
    fenced(home.store.confirm(&owner, Stamp(5000)));
    home.store.renew(&owner, Stamp(5000), 100).expect("renewed");
    home.store.confirm(&owner, Stamp(5000)).expect("confirmed");
}

#[test]
fn a_lease_given_back_is_free_and_over() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.release(&owner).expect("released");
    home.store.release(&owner).expect("twice is harmless");
    fenced(home.store.append(&owner, 1, Stamp(1), &[said("late")], &[]));
    fenced(home.store.renew(&owner, Stamp(1), 100));
    fenced(home.store.confirm(&owner, Stamp(1)));
    assert_eq!(take(&home.store, 1, 100).expect("free").epoch, Epoch(2));
}

#[test]
fn a_run_belongs_to_one_repository() {
    let home = Home::new();
    home.taken(1);
    let other = home.store.take(&run(1), &RepositoryKey::new("other"), Stamp(5000), 100);
    assert!(matches!(other, Err(StoreError::NoSuchRun(_))), "{other:?}");
}

#[test]
fn a_clock_set_back_makes_no_second_owner() {
    let home = Home::new();
    let first = take(&home.store, 1_000_000, 100).expect("the first");
    // The clock goes back by far; the owner is alive and renews by it.
    assert_eq!(held(take(&home.another(), 500, 100)), 600);
    home.store.confirm(&first, Stamp(550)).expect("still the owner");
    home.store.renew(&first, Stamp(590), 100).expect("renewed by the new clock");
    assert_eq!(held(take(&home.another(), 600, 100)), 690);
    // The owner dies; its lease ends by the new clock, not when the old one would have come again.
    let second = take(&home.another(), 690, 100).expect("taken over");
    assert_eq!(second.epoch, Epoch(2));
    fenced(home.store.renew(&first, Stamp(0), 100));
    // And forward again: whatever the clock says, there is one newest epoch.
    assert_eq!(take(&home.store, u64::MAX, u64::MAX).expect("taken over").epoch, Epoch(3));
    fenced(home.store.confirm(&second, Stamp(0)));
}

#[test]
fn a_second_process_is_refused_and_a_stopped_one_is_taken_over() {
    let home = Home::new();
    let name = run(1).to_string();
    // A real owner opens the run, then a process owns it.
    home.store.release(&home.opened(1)).expect("released");
    let mut first = Probe::start(&home.dir(), "own", &[&name, "2000", "100"]);
    assert_eq!(first.line().expect("an answer"), "epoch 2");
    first.say();
    assert_eq!(first.line().expect("an answer"), "done done done");
    assert_eq!(Probe::start(&home.dir(), "own", &[&name, "2050", "100"]).end(), ["held until 2100"]);

    let pid = Pid::from_child(&first.child);
    kill_process(pid, Signal::STOP).expect("SIGSTOP");
    waitpid(Some(pid), WaitOptions::UNTRACED).expect("it stopped");
    let second = Probe::start(&home.dir(), "own", &[&name, "2100", "100"]).end();
    assert_eq!(second, ["epoch 3"]);
    kill_process(pid, Signal::CONT).expect("SIGCONT");
    first.say();
    assert_eq!(first.line().expect("an answer"), "fenced fenced fenced");
    first.end();
    assert_eq!(texts(&home.store.read(&run(1), 0).expect("read")), ["late"], "only what it wrote while it owned");
}
