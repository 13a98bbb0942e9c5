//! Where a recorded run is played again: a state directory of its own with an empty ledger, and a repository that stands
//! in for the user's. Nothing is written anywhere else, and all of it goes when the replay is over.

use super::House;
use super::recording::Recording;
use crate::exit::{Exit, Failure};
use mao_core::ids::{BlobId, ProviderId};
use mao_engine::announce::stream;
use mao_engine::failpoint::Points;
use mao_engine::playback::Playback;
use mao_engine::{EngineError, Parts};
use mao_policy::Policy;
use mao_providers::provider::Provider;
use mao_providers::script::ScriptedProvider;
use mao_repo::{Checker, RepoError, UserRepo, stand_in};
use mao_store::sqlite::SqliteStore;
use mao_store::{Blobs, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longer than any run that is played again: time jumps, and nobody else wants its lease.
const LEASE_MS: u64 = 365 * 24 * 3600 * 1000;

/// A directory for one replay. It is removed when this is dropped, or by the next replay where this one was killed.
#[derive(Debug)]
pub struct Place {
    dir: PathBuf,
    /// Locked while this replay lives.
    _alive: File,
}

impl Place {
    /// A new one beneath the state directory, after what dead replays left is gone.
    pub fn new(house: &House) -> Result<Self, Failure> {
        let all = house.state_dir.join("replays");
        let wrong = |source| Failure::disk("cannot use", &all, source);
        DirBuilder::new().recursive(true).mode(0o700).create(&all).map_err(wrong)?;
        for left in std::fs::read_dir(&all).map_err(wrong)?.flatten() {
            let dead = File::open(left.path().join("alive")).is_ok_and(|alive| alive.try_lock().is_ok());
            if dead {
                drop(std::fs::remove_dir_all(left.path()));
            }
        }
        let name = mao_engine::clock::draw_uuid().map_err(EngineError::from)?;
        let dir = all.join(name);
        DirBuilder::new().mode(0o700).create(&dir).map_err(wrong)?;
        let alive = File::create(dir.join("alive")).map_err(wrong)?;
        alive.lock().map_err(wrong)?;
        Ok(Self { dir, _alive: alive })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next replay.
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// What all owners of a replayed run share.
pub struct Stage {
    store: Arc<SqliteStore>,
    repo: Arc<UserRepo>,
    providers: BTreeMap<ProviderId, Arc<dyn Provider>>,
    checker: Arc<Checker>,
    runs_dir: PathBuf,
    playback: Arc<Playback>,
}

impl Stage {
    /// A stage with an empty ledger for `recording`, and the name of the policy that is now decided by: `policy`, or the
    /// recorded one.
    pub fn new(
        house: &House,
        place: &Place,
        recording: &Recording,
        policy: Option<&Policy>,
    ) -> Result<(Self, BlobId), Failure> {
        let store = SqliteStore::open(&place.dir().join("state"))?;
        for content in recording.archive.blobs.values() {
            store.put(content)?;
        }
        let name = match policy {
            Some(policy) => {
                let text = serde_json::to_string(policy).map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
                store.put(text.as_bytes())?
            }
            None => recording.opened.policy.clone(),
        };
        let dir = place.dir().join("repository");
        std::fs::create_dir(&dir).map_err(|source| Failure::disk("cannot make", &dir, source))?;
        let base = &recording.opened.base;
        let repo = stand_in(&dir, &house.repo, base).map_err(|wrong| {
            if !matches!(wrong, RepoError::NoSuchCommit(_)) {
                return Failure::from(wrong);
            }
            let what = format!("the recorded run begins at commit {base}, which is not here");
            Failure::new(Exit::Configuration, what)
                .hint("replay it in a clone of the repository that it was recorded in")
        })?;
        let recorded: Policy = serde_json::from_slice(&store.get(&recording.opened.policy)?).map_err(|wrong| {
            Failure::new(Exit::Configuration, format!("the recorded policy cannot be read: {wrong}"))
        })?;
        let models = recorded.models.values().chain(policy.into_iter().flat_map(|policy| policy.models.values()));
        let mut providers: BTreeMap<ProviderId, Arc<dyn Provider>> = BTreeMap::new();
        for entry in models {
            let player = ScriptedProvider::replaying(entry.provider.clone(), recording.script.clone())
                .map_err(|wrong| Failure::new(Exit::Configuration, wrong))?;
            providers.insert(entry.provider.clone(), Arc::new(player));
        }
        let stage = Self {
            store: Arc::new(store),
            repo: Arc::new(repo),
            providers,
            // It is never asked: a replay runs no check.
            checker: Arc::new(Checker::new(house.shim.clone(), BTreeMap::new())),
            runs_dir: place.dir().join("runs"),
            playback: Arc::new(Playback::new(recording.archive.events.clone())),
        };
        Ok((stage, name))
    }

    /// What is played.
    #[must_use]
    pub fn playback(&self) -> &Playback {
        &self.playback
    }

    /// The parts for one owner, with the providers that are enabled while it lives. Nobody listens to it.
    #[must_use]
    pub fn parts(&self, enabled: BTreeSet<ProviderId>) -> Arc<Parts> {
        Arc::new(Parts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            providers: self.providers.clone(),
            enabled,
            user_repo: Arc::clone(&self.repo),
            checker: Arc::clone(&self.checker),
            runs_dir: self.runs_dir.clone(),
            environment: BTreeMap::new(),
            clock: Arc::clone(&self.playback) as Arc<dyn mao_engine::clock::Clock>,
            announcer: stream().0,
            lease_ms: LEASE_MS,
            points: Points(None),
            playback: Some(Arc::clone(&self.playback)),
            caps: self.playback.caps(),
            month_micro_usd: None,
            unusable: BTreeMap::new(),
        })
    }
}
