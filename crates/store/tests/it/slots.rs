//! Caps per account hold across stores and processes, and a dead holder's place comes back.

use crate::{Home, Probe};
use mao_core::ids::{AccountId, Stamp};
use mao_store::Slots;

#[test]
fn a_cap_holds_across_stores_and_processes() {
    let home = Home::new();
    let other = home.another();
    let account = AccountId::new("pool");
    assert!(home.store.try_take(&account, 3, "a", Stamp(0), 1000).expect("asked"));
    assert!(other.try_take(&account, 3, "b", Stamp(0), 1000).expect("asked"));
    assert_eq!(Probe::start(&home.dir(), "slot", &["pool", "3", "c", "0"]).end(), ["true"]);
    assert_eq!(Probe::start(&home.dir(), "slot", &["pool", "3", "d", "0"]).end(), ["false"]);
    assert!(!home.store.try_take(&account, 3, "e", Stamp(999), 1000).expect("asked"));
    assert!(home.store.try_take(&AccountId::new("other"), 1, "e", Stamp(0), 1000).expect("asked"));
    other.give_back(&account, "a").expect("given back");
    other.give_back(&account, "a").expect("twice is harmless");
    assert!(home.store.try_take(&account, 3, "e", Stamp(0), 1000).expect("asked"));
    assert!(!home.store.try_take(&account, 0, "f", Stamp(0), 1000).expect("asked"));
}

#[test]
fn many_at_once_never_get_more_places_than_there_are() {
    let home = Home::new();
    let account = AccountId::new("pool");
    let stores: Vec<_> = (0..4).map(|_| home.another()).collect();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(thread, store)| {
                let account = &account;
                scope.spawn(move || {
                    (0..10)
                        .filter(|turn| {
                            store.try_take(account, 7, &format!("{thread}-{turn}"), Stamp(0), 10).expect("asked")
                        })
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    assert_eq!(taken, 7);
}

#[test]
fn a_place_comes_back_when_its_time_is_over() {
    let home = Home::new();
    let account = AccountId::new("pool");
    let take = |holder, now| home.store.try_take(&account, 1, holder, Stamp(now), 100).expect("asked");
    assert!(take("a", 0));
    assert!(take("a", 50), "what one holds is extended");
    assert!(!take("b", 149));
    assert!(take("b", 150));
    assert!(!take("a", 150));
}

#[test]
fn a_lowered_cap_takes_no_place_away() {
    let home = Home::new();
    let account = AccountId::new("pool");
    let take = |cap, holder, now| home.store.try_take(&account, cap, holder, Stamp(now), 100).expect("asked");
    assert!(take(2, "a", 0));
    assert!(take(2, "b", 0));
    assert!(take(1, "a", 50), "what one holds is extended");
    assert!(!take(1, "c", 149), "a still holds its place");
    assert!(take(1, "c", 150));
}

#[test]
fn a_clock_set_back_does_not_keep_a_place_for_ever() {
    let home = Home::new();
    let account = AccountId::new("pool");
    let take = |holder, now| home.store.try_take(&account, 1, holder, Stamp(now), 100).expect("asked");
    assert!(take("dead", 1_000_000));
    assert!(!take("b", 500));
    assert!(!take("b", 599));
    assert!(take("b", 600));
}

#[test]
fn a_living_owners_places_last_and_a_dead_ones_end_with_its_lease() {
    let home = Home::new();
    let account = AccountId::new("pool");
    let take = |holder, now| home.store.try_take(&account, 2, holder, Stamp(now), 100).expect("asked");
    assert!(take("alive/work.1", 0));
    assert!(take("dead/work.1", 0));
    home.store.hold("alive/", Stamp(90), 100).expect("held");
    assert!(!take("other/work.1", 99));
    assert!(take("other/work.1", 100), "the dead owner's place is free");
    assert!(!take("other/work.2", 150), "the living owner's is not");
    home.store.hold("a%_", Stamp(150), 1_000).expect("a name is no pattern");
    assert!(take("other/work.2", 190));
}
