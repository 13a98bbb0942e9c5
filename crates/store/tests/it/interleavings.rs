//! Three owners in any order: whatever they try, one place holds one event and a fenced owner writes none.

use crate::fixture::{opened, said};
use crate::{Home, announce, repository, texts};
use mao_core::ids::{RunId, Stamp};
use mao_store::{Lease, Ledger, Owner, StoreError};

/// SplitMix64: enough to vary, and the same from the same seed everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What must be true of the run, kept beside it.
#[derive(Default)]
struct Truth {
    epoch: u64,
    held_until: u64,
    length: u64,
    written: Vec<String>,
}

impl Truth {
    fn places(&self) -> u64 {
        self.written.len() as u64 + u64::from(!self.written.is_empty())
    }
}

#[test]
fn no_order_of_owners_breaks_the_ledger() {
    let seed = match std::env::var("MAO_SEED") {
        Ok(seed) => seed.parse().expect("MAO_SEED is a number"),
        Err(_) => u64::from(std::process::id()) << 20,
    };
    announce(&format!("seed: MAO_SEED={seed}"));
    let home = Home::new();
    let stores = [home.another(), home.another(), home.another()];
    let (mut accepted, mut fenced, mut moved) = (0_u32, 0_u32, 0_u32);
    for round in 0..200_u64 {
        let mut draw = Draw(seed.wrapping_add(round));
        let run = RunId::from_bits(u128::from(round).to_be_bytes());
        let mut owners: [Option<Owner>; 3] = [None; 3];
        let mut truth = Truth::default();
        let mut now = 1000;
        for turn in 0..24 {
            let why = format!("MAO_SEED={seed} round {round} turn {turn}");
            // Mostly forward, sometimes back.
            now = if draw.below(8) == 0 { now - draw.below(now.min(200)) } else { now + draw.below(60) };
            let who = draw.below(3) as usize;
            let (store, ttl) = (&stores[who], 20 + draw.below(80));
            match (draw.below(6), owners[who]) {
                (0 | 1, _) | (_, None) => match store.take(&run, &repository(), Stamp(now), ttl) {
                    Ok(owner) => {
                        assert!(truth.held_until <= now, "{why}: a held lease was given");
                        assert_eq!(owner.epoch.0, truth.epoch + 1, "{why}");
                        truth = Truth { epoch: owner.epoch.0, held_until: now + ttl, length: ttl, ..truth };
                        owners[who] = Some(owner);
                    }
                    Err(StoreError::Held { until, .. }) => {
                        assert!(truth.held_until > now, "{why}: a free lease was refused");
                        truth.held_until = truth.held_until.min(now + truth.length);
                        assert_eq!(until.0, truth.held_until, "{why}");
                    }
                    Err(other) => panic!("{why}: {other:?}"),
                },
                (2 | 3, Some(owner)) => {
                    let stale = draw.below(4) == 0;
                    let expected =
                        if stale { truth.places() + 1 - 2 * draw.below(2).min(truth.places()) } else { truth.places() };
                    let text = format!("{who}-{turn}");
                    let mut events = vec![said(&text)];
                    if truth.written.is_empty() {
                        events.insert(0, opened(run));
                    }
                    let owns = owner.epoch.0 == truth.epoch && truth.held_until > 0;
                    match store.append(&owner, expected, Stamp(now), &events, &[]) {
                        Ok(seq) => {
                            assert!(owns, "{why}: a fenced owner wrote");
                            assert_eq!(expected, truth.places(), "{why}: written to another place");
                            truth.written.push(text);
                            assert_eq!(seq, truth.places(), "{why}");
                            accepted += 1;
                        }
                        Err(StoreError::Fenced { .. }) => {
                            assert!(!owns, "{why}: the owner was fenced");
                            fenced += 1;
                        }
                        Err(StoreError::Moved { at, .. }) => {
                            assert!(owns && expected != truth.places() && at == truth.places(), "{why}");
                            moved += 1;
                        }
                        Err(other) => panic!("{why}: {other:?}"),
                    }
                }
                (4, Some(owner)) => {
                    let owns = owner.epoch.0 == truth.epoch && truth.held_until > 0;
                    let renewed = store.renew(&owner, Stamp(now), ttl);
                    assert_eq!(renewed.is_ok(), owns, "{why}: {renewed:?}");
                    if owns {
                        truth = Truth { held_until: now + ttl, length: ttl, ..truth };
                    }
                    assert_eq!(store.confirm(&owner, Stamp(now)).is_ok(), owns, "{why}");
                }
                (_, Some(owner)) => {
                    store.release(&owner).expect("harmless");
                    if owner.epoch.0 == truth.epoch {
                        truth.held_until = 0;
                    }
                }
            }
        }
        if truth.epoch > 0 {
            let read = home.store.read(&run, 0).expect("read");
            assert_eq!(read.len() as u64, truth.places(), "MAO_SEED={seed} round {round}");
            assert_eq!(texts(&read), truth.written, "MAO_SEED={seed} round {round}");
        }
    }
    // An order that never gets to the point would prove nothing.
    assert!(accepted > 200 && fenced > 50 && moved > 50, "{accepted} accepted, {fenced} fenced, {moved} moved");
}
