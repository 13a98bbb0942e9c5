//! What the store promises, proven on real files, with real SQLite and real processes.

#[path = "../fixture.rs"]
mod fixture;

mod blobs;
mod crash;
mod durable;
mod inbox;
mod interleavings;
mod leases;
mod ledger;
mod place;
mod slots;

use fixture::{REPOSITORY, opened};
use mao_core::event::{Event, Recorded};
use mao_core::ids::{RepositoryKey, RunId, Stamp};
use mao_store::{Lease, Ledger, Owner, SqliteStore};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// A state directory of its own, with a store open on it.
struct Home {
    store: SqliteStore,
    root: TempDir,
}

impl Home {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let store = SqliteStore::open(&root.path().join("state")).expect("a store");
        Self { store, root }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("state")
    }

    /// Another store on the same directory, as another process would have it.
    fn another(&self) -> SqliteStore {
        SqliteStore::open(&self.dir()).expect("a second store")
    }

    /// The database, past the store.
    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.dir().join("ledger.sqlite")).expect("the database")
    }

    /// A run with its first event, held until 1000.
    fn opened(&self, number: u8) -> Owner {
        let owner = self.taken(number);
        self.store.append(&owner, 0, Stamp(1), &[opened(owner.run)], &[]).expect("RunOpened");
        owner
    }

    /// A run without events, held until 1000.
    fn taken(&self, number: u8) -> Owner {
        self.store.take(&run(number), &repository(), Stamp(0), 1000).expect("a lease")
    }
}

fn run(number: u8) -> RunId {
    RunId::from_bits([number; 16])
}

fn repository() -> RepositoryKey {
    RepositoryKey::new(REPOSITORY)
}

/// The text of each event made by `said`, in order, after checking that their places have no gaps.
fn texts(events: &[Recorded]) -> Vec<String> {
    let places: Vec<u64> = events.iter().map(|recorded| recorded.seq).collect();
    let first = places.first().copied().unwrap_or(1);
    assert_eq!(places, (first..first + events.len() as u64).collect::<Vec<_>>(), "gaps");
    events
        .iter()
        .filter_map(
            |recorded| {
                if let Event::CancelRequested { by } = &recorded.event { Some(by.clone()) } else { None }
            },
        )
        .collect()
}

/// One line that is seen whether the test passes or not.
fn announce(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}

/// The probe as a child, with its lines.
struct Probe {
    child: Child,
    lines: BufReader<ChildStdout>,
    input: Option<ChildStdin>,
}

impl Probe {
    fn start(dir: &Path, verb: &str, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-probe"));
        command.arg(verb).arg(dir).args(words);
        Self::from(command)
    }

    fn from(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the probe");
        let lines = BufReader::new(child.stdout.take().expect("stdout"));
        let input = child.stdin.take();
        Self { child, lines, input }
    }

    /// Its next line, or nothing when there will be none.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).expect("a line");
        (length > 0 && line.ends_with('\n')).then(|| line.trim_end().to_owned())
    }

    fn say(&mut self) {
        writeln!(self.input.as_mut().expect("stdin"), "on").expect("a listening probe");
    }

    /// All further lines; it must end well.
    fn end(mut self) -> Vec<String> {
        drop(self.input.take());
        let lines = std::iter::from_fn(|| self.line()).collect();
        assert!(self.child.wait().expect("its end").success(), "the probe failed");
        lines
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().expect("an end");
            self.child.wait().expect("its end");
        }
    }
}
