//! A ledger as files that people can read, and that another machine can take in: `events.jsonl`, one event a line with
//! the version of the vocabulary, and `blobs/<id>`, the texts that the events name. Recordings and golden ledgers are
//! kept like this.

use crate::sqlite::{blob_id, known, unusable};
use crate::traits::StoreError;
use mao_core::event::{EVENT_VERSION, Recorded};
use mao_core::ids::BlobId;
use mao_core::text::one_line;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const EVENTS: &str = "events.jsonl";
const BLOBS: &str = "blobs";

/// A ledger and what it names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Archive {
    /// Its events, from the first, without gaps.
    pub events: Vec<Recorded>,
    /// Content by its name.
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
}

#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    #[serde(flatten)]
    recorded: &'a Recorded,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Archive {
    /// Writes it into `dir`, which is made where it is missing.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] or [`StoreError::Full`].
    pub fn write(&self, dir: &Path) -> Result<(), StoreError> {
        let mut lines = String::new();
        for recorded in &self.events {
            let line = serde_json::to_string(&Line { version: EVENT_VERSION, recorded })
                .map_err(|wrong| damaged(recorded.seq, wrong.to_string()))?;
            lines.push_str(&line);
            lines.push('\n');
        }
        let blobs = dir.join(BLOBS);
        fs::create_dir_all(&blobs).map_err(at(&blobs))?;
        for (name, content) in &self.blobs {
            let file = blobs.join(name.as_str());
            fs::write(&file, content).map_err(at(&file))?;
        }
        let file = dir.join(EVENTS);
        fs::write(&file, lines).map_err(at(&file))
    }

    /// Reads what [`Archive::write`] wrote, and checks it: places without gaps, content under its own name.
    ///
    /// # Errors
    /// [`StoreError::Newer`] where a newer `mao` wrote it, [`StoreError::Damaged`] where it is not what was written.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let file = dir.join(EVENTS);
        let text = fs::read_to_string(&file).map_err(at(&file))?;
        let mut events: Vec<Recorded> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let place = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            let bad = |wrong: serde_json::Error| damaged(place, wrong.to_string());
            known(serde_json::from_str::<Version>(line).map_err(bad)?.version)?;
            let recorded: Recorded = serde_json::from_str(line).map_err(bad)?;
            if recorded.seq != place {
                return Err(damaged(place, format!("it says that it is event {}", recorded.seq)));
            }
            events.push(recorded);
        }
        let dir = dir.join(BLOBS);
        let mut blobs = BTreeMap::new();
        for entry in fs::read_dir(&dir).map_err(at(&dir))? {
            let path = entry.map_err(at(&dir))?.path();
            let content = fs::read(&path).map_err(at(&path))?;
            let name = blob_id(&content);
            if path.file_name() != Some(name.as_str().as_ref()) {
                let shown = path.file_name().map(|name| one_line(&name.to_string_lossy(), 80)).unwrap_or_default();
                let why = "its content is not what its name says".to_owned();
                return Err(StoreError::Damaged { what: format!("blob {shown}"), why });
            }
            blobs.insert(name, content);
        }
        Ok(Self { events, blobs })
    }
}

fn damaged(place: u64, why: String) -> StoreError {
    StoreError::Damaged { what: format!("event {place} of {EVENTS}"), why }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = PathBuf::from(path);
    move |source| unusable(&path, source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mao_core::event::Event;
    use mao_core::ids::Stamp;

    fn archive() -> Archive {
        let event = |seq| Recorded { seq, at: Stamp(seq), event: Event::CancelRequested { by: format!("{seq}\nü") } };
        Archive { events: vec![event(1), event(2)], blobs: [(blob_id(b"a\0b"), b"a\0b".to_vec())].into() }
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        archive().write(dir.path()).expect("written");
        assert_eq!(Archive::read(dir.path()).expect("read"), archive());
    }

    #[test]
    fn what_was_changed_is_refused_by_its_place() {
        let dir = tempfile::tempdir().expect("a directory");
        let refused = |change: &dyn Fn(&str) -> String| {
            archive().write(dir.path()).expect("written");
            let file = dir.path().join(EVENTS);
            let text = fs::read_to_string(&file).expect("text");
            fs::write(&file, change(&text)).expect("changed");
            Archive::read(dir.path()).expect_err("refused").to_string()
        };
        let gap = refused(&|text| text.replace("\"seq\":2", "\"seq\":3"));
        assert_eq!(gap, "event 2 of events.jsonl is damaged: it says that it is event 3");
        let newer = refused(&|text| text.replace("\"version\":1", "\"version\":99"));
        assert!(newer.contains("the ledger has version 99"), "{newer}");
        let unknown = refused(&|text| text.replace("cancel_requested", "levitated"));
        assert!(unknown.starts_with("event 1 of events.jsonl is damaged: unknown variant"), "{unknown}");
        fs::write(dir.path().join(BLOBS).join(blob_id(b"x").as_str()), "y").expect("changed");
        archive().write(dir.path()).expect("written");
        let blob = Archive::read(dir.path()).expect_err("refused").to_string();
        assert!(blob.contains("its content is not what its name says"), "{blob}");
    }
}
