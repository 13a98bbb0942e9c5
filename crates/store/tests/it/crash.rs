//! A writer killed at any moment: what it was told is there, and of what it was not told there is all or nothing.

use crate::{Home, Probe, repository, run};
use mao_core::event::Event;
use mao_core::ids::Stamp;
use mao_store::{Blobs, Lease, Ledger, SqliteStore};
use std::collections::BTreeMap;

#[test]
fn a_killed_writer_leaves_a_ledger_without_gaps_and_all_it_acknowledged() {
    let home = Home::new();
    home.store.release(&home.opened(1)).expect("released");
    let mut acknowledged = BTreeMap::new();
    for round in 0..16_u64 {
        let owner = home.store.take(&run(1), &repository(), Stamp(round * 1000), 1000).expect("the next owner");
        let (name, epoch) = (owner.run.to_string(), owner.epoch.0.to_string());
        let mut probe = Probe::start(&home.dir(), "write", &[&name, &epoch, &format!("round-{round}")]);
        let mut take = |line: String| {
            let (seq, text) = line.split_once(' ').expect("two words");
            acknowledged.insert(seq.parse::<u64>().expect("a place"), text.to_owned());
        };
        // It writes on while it is killed; what it still said before is in the pipe.
        for _ in 0..=round % 5 {
            take(probe.line().expect("an acknowledgement"));
        }
        probe.child.kill().expect("SIGKILL");
        probe.child.wait().expect("its end");
        while let Some(line) = probe.line() {
            take(line);
        }

        let store = SqliteStore::open(&home.dir()).expect("reopened");
        let events = store.read(&run(1), 0).expect("read");
        assert_eq!(events.len() % 2, 1, "half of a pair");
        for (index, recorded) in events.iter().enumerate() {
            assert_eq!(recorded.seq, index as u64 + 1, "a gap");
        }
        for (seq, text) in &acknowledged {
            let pair = &events[*seq as usize - 2..*seq as usize];
            assert!(matches!(&pair[0].event, Event::CancelRequested { by } if by == text), "{pair:?}");
            let Event::AttemptStarted { prompt, .. } = &pair[1].event else { panic!("{pair:?}") };
            assert_eq!(store.get(prompt).expect("a blob is durable before it is named"), text.repeat(5000).as_bytes());
        }
        let incoming = home.dir().join("blobs/incoming");
        assert_eq!(std::fs::read_dir(incoming).expect("a directory").count(), 0, "not swept");
    }
    assert!(acknowledged.len() >= 16);
}
