//! Content by hash: stored once, checked when read, private, never half there.

use crate::fixture::said;
use crate::{Home, Probe};
use mao_core::ids::{BlobId, Stamp};
use mao_store::{Act, Blobs, Ledger, StoreError, Unnamed};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Every plain file under `blobs/`.
fn files(home: &Home) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![home.dir().join("blobs")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn equal_content_is_stored_once_under_its_hash() {
    let home = Home::new();
    let blob = home.store.put(b"content").expect("put");
    assert_eq!(blob.as_str(), blake3::hash(b"content").to_hex().as_str());
    let source = home.root.path().join("source");
    fs::write(&source, b"content").expect("written");
    assert_eq!(home.another().put_file(&source).expect("put"), blob);
    let file = files(&home)[0].metadata().expect("there").ino();
    assert_eq!(home.another().put(b"content").expect("put"), blob);
    assert_eq!(files(&home)[0].metadata().expect("there").ino(), file, "what is there is not written again");
    let (shelf, rest) = blob.as_str().split_at(2);
    assert_eq!(files(&home), [home.dir().join("blobs").join(shelf).join(rest)]);
    assert_eq!(home.another().get(&blob).expect("got"), b"content");
    let empty = home.store.put(b"").expect("put");
    assert_eq!(home.store.get(&empty).expect("got"), b"");
}

#[test]
fn damage_is_noticed_and_healed_by_putting_again() {
    let home = Home::new();
    let blob = home.store.put(b"content").expect("put");
    for damage in [&b"c0ntent"[..], b"", b"content and more"] {
        fs::write(&files(&home)[0], damage).expect("damaged");
        let refused = home.store.get(&blob).expect_err("damaged");
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
        assert_eq!(home.store.put(b"content").expect("put"), blob);
        assert_eq!(home.store.get(&blob).expect("got"), b"content");
    }
    fs::remove_file(&files(&home)[0]).expect("removed");
    let refused = home.store.get(&blob).expect_err("missing");
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
}

#[test]
fn a_name_that_is_no_hash_reaches_no_file() {
    let home = Home::new();
    let outside = home.root.path().join("outside");
    fs::write(&outside, b"secret").expect("written");
    let climbing = format!("../{}", "../".repeat(20)) + outside.to_str().expect("UTF-8");
    for name in ["", "ab", "incoming", &climbing, &"A".repeat(64), &"é".repeat(32), &"g".repeat(64)] {
        let refused = home.store.get(&BlobId::new(name)).expect_err(name);
        assert!(matches!(&refused, StoreError::Damaged { why, .. } if why == "its name is not a hash"), "{refused:?}");
    }
}

#[test]
fn a_large_file_is_not_held_in_memory() {
    let home = Home::new();
    let source = home.root.path().join("source");
    let length = 64 * 1024 * 1024;
    fs::File::create(&source).expect("a file").set_len(length).expect("a sparse file");
    let lines = Probe::start(&home.dir(), "put-file", &[source.to_str().expect("UTF-8")]).end();
    let (grown, blob) = lines[0].split_once(' ').expect("two words");
    assert!(grown.parse::<u64>().expect("KiB") < 8 * 1024, "grew by {grown} KiB");
    let (shelf, rest) = blob.split_at(2);
    let stored = home.dir().join("blobs").join(shelf).join(rest);
    assert_eq!(stored.metadata().expect("stored").len(), length);
}

#[test]
fn only_plain_files_are_put() {
    let home = Home::new();
    let pipe = home.root.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    for path in [&pipe, Path::new("/dev/null"), home.root.path(), &home.root.path().join("missing")] {
        let refused = home.store.put_file(path).expect_err("not a plain file");
        assert!(matches!(refused, StoreError::Unusable { .. }), "{refused:?}");
    }
    assert!(files(&home).is_empty());
}

#[test]
fn what_a_killed_process_left_is_swept_unless_somebody_writes() {
    let home = Home::new();
    let incoming = home.dir().join("blobs/incoming");
    let left = incoming.join("1-0");
    fs::write(&left, b"half").expect("left behind");
    let writing = fs::File::open(&incoming).expect("the directory");
    rustix::fs::flock(&writing, rustix::fs::FlockOperation::LockShared).expect("a writer's lock");
    home.another();
    assert!(left.exists(), "somebody may still be writing it");
    drop(writing);
    home.another();
    assert!(!left.exists());
}

#[test]
fn opening_takes_nothing_away_that_is_still_arriving() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let store = &home.store;
            scope.spawn(move || {
                for number in 0..60 {
                    let content = format!("{thread}-{number}").repeat(20_000);
                    let blob = store.put(content.as_bytes()).expect("put");
                    assert_eq!(store.get(&blob).expect("got"), content.as_bytes());
                }
            });
            scope.spawn(|| (0..60).for_each(|_| drop(home.another())));
        }
    });
}

#[test]
fn content_that_an_event_names_or_that_was_put_again_is_never_unnamed() {
    let home = Home::new();
    let put = |content: &[u8]| home.store.put(content).expect("put");
    let (named, lone, again) = (put(b"named"), put(b"lone"), put(b"again"));
    let file = |blob: &BlobId| {
        let (shelf, rest) = blob.as_str().split_at(2);
        home.dir().join("blobs").join(shelf).join(rest)
    };
    for blob in [&named, &lone, &again] {
        let opened = fs::File::options().write(true).open(file(blob)).expect("a blob");
        opened.set_modified(std::time::UNIX_EPOCH).expect("a time");
    }
    let owner = home.opened(1);
    home.store.append(&owner, 1, Stamp(1), &[said(&format!("see {named}."))], &[]).expect("appended");
    // Somebody puts what is there already, and has not recorded its name yet.
    put(b"again");
    let found = home.store.unnamed(Stamp(1_000_000), Act::Look).expect("looked");
    assert_eq!(found, Unnamed { count: 1, bytes: 4 });
    assert!(file(&lone).exists(), "a look removes nothing");
    assert_eq!(home.store.unnamed(Stamp(1_000_000), Act::Remove).expect("removed"), found);
    assert!(!file(&lone).exists() && file(&named).exists() && file(&again).exists());
    assert_eq!(home.store.unnamed(Stamp(1_000_000), Act::Look).expect("looked"), Unnamed::default());
}
