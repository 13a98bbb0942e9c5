//! Signals wait until an append consumes them, and only that.

use crate::fixture::said;
use crate::{Home, run};
use mao_core::event::{EVENT_LIMIT, EVENT_VERSION, Event};
use mao_core::ids::{Stamp, StepId};
use mao_store::{Inbox, Lease, Ledger, SIGNAL_LIMIT, Signal, StoreError};

fn answer(text: &str) -> Signal {
    Signal::Answer { step: "ask.1".into(), answer: text.into(), by: "mao answer".into(), because: None }
}

#[test]
fn signals_wait_in_order_and_leave_with_the_append() {
    let home = Home::new();
    let owner = home.opened(1);
    let other = home.another();
    let signals = [answer("yes"), Signal::Cancel { by: "mao cancel".into() }, answer("no")];
    for signal in &signals {
        other.post(&owner.run, Stamp(5), signal).expect("posted");
    }
    let waiting = home.store.waiting(&owner.run).expect("waiting");
    assert_eq!(waiting.iter().map(|(_, signal)| signal.clone()).collect::<Vec<_>>(), signals);
    let consumed = [waiting[0].0, waiting[2].0];
    home.store.append(&owner, 1, Stamp(6), &[said("a")], &consumed).expect("appended");
    assert_eq!(home.store.waiting(&owner.run).expect("waiting"), [waiting[1].clone()]);

    // An id is never given to another signal, so that consuming late can never consume a wrong one.
    home.store.append(&owner, 2, Stamp(6), &[], &[waiting[1].0]).expect("appended");
    other.post(&owner.run, Stamp(7), &answer("again")).expect("posted");
    assert!(home.store.waiting(&owner.run).expect("waiting")[0].0 > waiting[2].0);
}

#[test]
fn an_append_that_is_refused_consumes_nothing() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.post(&owner.run, Stamp(5), &answer("yes")).expect("posted");
    let (id, _) = home.store.waiting(&owner.run).expect("waiting")[0];
    home.store.append(&owner, 0, Stamp(6), &[said("a")], &[id]).expect_err("moved");
    home.store.append(&owner, 1, Stamp(6), &[said(&"x".repeat(EVENT_LIMIT))], &[id]).expect_err("too large");
    assert_eq!(home.store.waiting(&owner.run).expect("waiting").len(), 1);
    home.another().take(&run(1), &crate::repository(), Stamp(1000), 100).expect("taken over");
    home.store.append(&owner, 1, Stamp(6), &[said("a")], &[id]).expect_err("fenced");
    assert_eq!(home.store.waiting(&owner.run).expect("waiting").len(), 1);
}

#[test]
fn a_signal_is_consumed_once_and_by_its_own_run() {
    let home = Home::new();
    let (owner, stranger) = (home.opened(1), home.opened(2));
    home.store.post(&owner.run, Stamp(5), &answer("yes")).expect("posted");
    let (id, _) = home.store.waiting(&owner.run).expect("waiting")[0];
    let refused = home.store.append(&stranger, 1, Stamp(6), &[said("a")], &[id]).expect_err("another run's");
    assert!(matches!(refused, StoreError::NotWaiting { signal, .. } if signal == id), "{refused:?}");
    home.store.append(&owner, 1, Stamp(6), &[said("a")], &[id]).expect("appended");
    let refused = home.store.append(&owner, 2, Stamp(6), &[said("b")], &[id]).expect_err("consumed before");
    assert!(matches!(refused, StoreError::NotWaiting { .. }), "{refused:?}");
    for owner in [owner, stranger] {
        let last = home.store.read(&owner.run, 0).expect("read").len();
        assert_eq!(last, if owner.run == run(1) { 2 } else { 1 }, "a refused append left an event");
    }
}

#[test]
fn nothing_is_posted_to_a_run_that_does_not_exist() {
    let home = Home::new();
    let posted = home.store.post(&run(9), Stamp(1), &answer("yes"));
    assert!(matches!(posted, Err(StoreError::NoSuchRun(_))), "{posted:?}");
    assert!(matches!(home.store.waiting(&run(9)), Err(StoreError::NoSuchRun(_))));
}

#[test]
fn the_largest_signal_fits_into_the_event_that_repeats_it() {
    let home = Home::new();
    let owner = home.opened(1);
    let around = serde_json::to_string(&answer("")).expect("JSON").len();
    let most = "x".repeat(SIGNAL_LIMIT - around);
    home.store.post(&owner.run, Stamp(1), &answer(&most)).expect("just fits");
    let answered =
        Event::Answered { step: StepId::new("ask.1"), answer: most.clone(), by: "mao answer".into(), because: None };
    home.store.append(&owner, 1, Stamp(1), &[answered], &[]).expect("appended");
    let refused = home.store.post(&owner.run, Stamp(1), &answer(&format!("{most}x"))).expect_err("over");
    assert!(matches!(refused, StoreError::TooLarge { limit: SIGNAL_LIMIT, .. }), "{refused:?}");
}

#[test]
fn a_signal_of_a_newer_mao_is_refused() {
    let home = Home::new();
    let owner = home.opened(1);
    home.store.post(&owner.run, Stamp(1), &answer("yes")).expect("posted");
    home.raw().execute("UPDATE signals SET version = ?1", [EVENT_VERSION + 1]).expect("changed");
    let refused = home.store.waiting(&owner.run).expect_err("newer");
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused:?}");
}
