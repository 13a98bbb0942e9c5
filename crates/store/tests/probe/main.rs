//! A second process on a state directory, for the store's tests: it does what its words say and prints one line for
//! each thing that was acknowledged. It is no part of `mao`.

#[path = "../fixture.rs"]
mod fixture;

use fixture::{REPOSITORY, opened, said};
use mao_core::event::Event;
use mao_core::ids::{AccountId, AttemptNo, BlobId, CommitId, Epoch, RepositoryKey, RunId, Stamp, StepId};
use mao_store::{Blobs, Lease, Ledger, Owner, Slots, SqliteStore, StoreError};
use std::error::Error;
use std::io::Write;
use std::path::Path;

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["append", dir, run, epoch, name, count] => append(dir, &owner(run, epoch)?, name, count.parse()?),
        ["write", dir, run, epoch, name] => write_until_killed(dir, &owner(run, epoch)?, name),
        ["own", dir, run, now, ttl] => own(dir, run, Stamp(now.parse()?), ttl.parse()?),
        ["slot", dir, account, cap, holder, now] => {
            let store = SqliteStore::open(Path::new(dir))?;
            let account = AccountId::new(*account);
            say(&store.try_take(&account, cap.parse()?, holder, Stamp(now.parse()?), 1000)?.to_string())
        }
        ["open", dir, run] => open(dir, run.parse()?),
        ["put-file", dir, file] => put_file(dir, file),
        ["full", dir, run] => full(Path::new(dir), run.parse()?),
        other => Err(format!("no such words: {other:?}").into()),
    }
}

fn say(line: &str) -> Done {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

fn hear() -> Result<String, Box<dyn Error>> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

fn owner(run: &str, epoch: &str) -> Result<Owner, Box<dyn Error>> {
    Ok(Owner { run: run.parse()?, epoch: Epoch(epoch.parse()?) })
}

/// Appends `count` events of one's own among those of others, trying again where somebody was faster.
fn append(dir: &str, owner: &Owner, name: &str, count: u32) -> Done {
    let store = SqliteStore::open(Path::new(dir))?;
    let mut last = 0;
    for number in 0..count {
        let text = format!("{name}-{number}");
        loop {
            match store.append(owner, last, Stamp(5), &[said(&text)], &[]) {
                Ok(seq) => {
                    last = seq;
                    say(&format!("{seq} {text}"))?;
                    break;
                }
                Err(StoreError::Moved { at, .. }) => last = at,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Appends pairs, the second of which names a blob that was put just before, until somebody kills it.
fn write_until_killed(dir: &str, owner: &Owner, name: &str) -> Done {
    let store = SqliteStore::open(Path::new(dir))?;
    let mut last = store.read(&owner.run, 0)?.len() as u64;
    for number in 0_u32.. {
        let text = format!("{name}-{number}");
        let prompt = store.put(text.repeat(5000).as_bytes())?;
        let events = [said(&text), started(prompt)];
        last = store.append(owner, last, Stamp(5), &events, &[])?;
        say(&format!("{last} {text}"))?;
    }
    Ok(())
}

fn started(prompt: BlobId) -> Event {
    Event::AttemptStarted {
        step: StepId::new("work.1"),
        attempt: AttemptNo(1),
        link: 0,
        prompt,
        base: CommitId::new("c0"),
        session: "s".into(),
        outbound: Default::default(),
    }
}

/// Takes a lease, says its epoch, and tries at every line it hears what only an owner may.
fn own(dir: &str, run: &str, now: Stamp, ttl: u64) -> Done {
    let store = SqliteStore::open(Path::new(dir))?;
    let run: RunId = run.parse()?;
    let owner = match store.take(&run, &RepositoryKey::new(REPOSITORY), now, ttl) {
        Ok(owner) => owner,
        Err(StoreError::Held { until, .. }) => return say(&format!("held until {}", until.0)),
        Err(error) => return Err(error.into()),
    };
    say(&format!("epoch {}", owner.epoch.0))?;
    while !hear()?.is_empty() {
        let last = store.read(&run, 0)?.len() as u64;
        let append = store.append(&owner, last, now, &[said("late")], &[]).map(drop);
        let tried = [append, store.renew(&owner, now, ttl), store.confirm(&owner, now)];
        say(&tried.map(|result| word(&result)).join(" "))?;
    }
    Ok(())
}

fn word(result: &Result<(), StoreError>) -> String {
    match result {
        Ok(()) => "done".into(),
        Err(StoreError::Fenced { .. }) => "fenced".into(),
        Err(other) => format!("{other:?}"),
    }
}

/// Uses every part once and stays until it hears something, so that its files can be looked at.
fn open(dir: &str, run: RunId) -> Done {
    let store = SqliteStore::open(Path::new(dir))?;
    let owner = store.take(&run, &RepositoryKey::new(REPOSITORY), Stamp(1), 1000)?;
    store.append(&owner, 0, Stamp(1), &[opened(run)], &[])?;
    store.put(b"content")?;
    say("ready")?;
    hear()?;
    Ok(())
}

/// Puts a file and says by how many KiB the largest amount of memory grew.
fn put_file(dir: &str, file: &str) -> Done {
    let store = SqliteStore::open(Path::new(dir))?;
    let before = peak()?;
    let blob = store.put_file(Path::new(file))?;
    say(&format!("{} {blob}", peak()? - before))
}

fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Fills a small disk with events, then tries everything that needs space, then makes room again.
fn full(disk: &Path, run: RunId) -> Done {
    let room = disk.join("room");
    std::fs::write(&room, vec![1; 512 * 1024])?;
    let source = disk.join("source");
    std::fs::write(&source, vec![2; 256 * 1024])?;
    let closed = disk.join("closed");
    drop(SqliteStore::open(&closed)?);
    let state = disk.join("state");
    let store = SqliteStore::open(&state)?;
    let owner = store.take(&run, &RepositoryKey::new(REPOSITORY), Stamp(1), 1000)?;
    let mut last = store.append(&owner, 0, Stamp(1), &[opened(run)], &[])?;
    let pair = [said(&"x".repeat(15_000)), said(&"y".repeat(15_000))];
    let refused = loop {
        match store.append(&owner, last, Stamp(1), &pair, &[]) {
            Ok(seq) => last = seq,
            Err(error) => break error,
        }
    };
    say(&format!("append {}", kind(&refused)))?;
    // The last bytes that a pair does not fit into.
    let mut rest = std::fs::File::create(disk.join("rest"))?;
    while rest.write_all(&[3; 4096]).is_ok() {}
    let fails = |result: Result<BlobId, StoreError>| result.err().map_or("stored".into(), |error| kind(&error));
    say(&format!("put {}", fails(store.put(&vec![4; 256 * 1024]))))?;
    say(&format!("put_file {}", fails(store.put_file(&source))))?;
    for dir in [disk.join("new"), closed] {
        let opened = SqliteStore::open(&dir).err().map_or("opened".into(), |error| kind(&error));
        say(&format!("open {opened}"))?;
    }
    let left = std::fs::read_dir(state.join("blobs/incoming"))?.count();
    say(&format!("left behind {left}"))?;
    say(&format!("kept all {}", store.read(&run, 0)?.len() as u64 == last && last > 20))?;
    drop(store);
    std::fs::remove_file(&room)?;
    let store = SqliteStore::open(&state)?;
    say(&format!("kept all {}", store.read(&run, 0)?.len() as u64 == last))?;
    store.append(&owner, last, Stamp(2), &pair, &[])?;
    store.put_file(&source)?;
    say("goes on")
}

fn kind(error: &StoreError) -> String {
    if matches!(error, StoreError::Full { .. }) { "full".into() } else { format!("{error:?}") }
}
