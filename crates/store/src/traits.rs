//! What the engine needs to be durable. All calls block; all are atomic; all are safe from several processes at once.

use mao_core::event::{EVENT_LIMIT, Event, Recorded};
use mao_core::ids::{AccountId, BlobId, Epoch, RepositoryKey, RunId, Stamp};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything the engine needs, in one object.
pub trait Store: Ledger + Lease + Inbox + Blobs + Slots + Send + Sync {}

impl<T: Ledger + Lease + Inbox + Blobs + Slots + Send + Sync> Store for T {}

/// Proof of ownership: every write of an owner carries it, and is refused once a later epoch exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The run.
    pub run: RunId,
    /// The number of this ownership.
    pub epoch: Epoch,
}

/// A run as lists show it, without reading its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry {
    /// The run.
    pub run: RunId,
    /// The repository it belongs to.
    pub repository: RepositoryKey,
    /// When it was opened.
    pub opened_at: Stamp,
    /// How many events it has.
    pub last_seq: u64,
    /// Until when its lease is held; zero when it is not.
    pub held_until: Stamp,
}

/// The append-only log of each run.
pub trait Ledger {
    /// Appends `events` after place `expected` (0 for a new run, whose first event must be its own `RunOpened`, else
    /// [`StoreError::Misplaced`]), all or nothing, durable on return. Signals named in `consumed` leave the inbox in
    /// the same transaction ([`StoreError::NotWaiting`] where one is not there any more). Refused when the ledger has
    /// moved on ([`StoreError::Moved`]), when a later owner exists or the lease was given back
    /// ([`StoreError::Fenced`]), and when an event is over `EVENT_LIMIT` ([`StoreError::TooLarge`]). A lease that ran
    /// out refuses nothing while nobody else took it. Returns the place of the last event.
    fn append(
        &self,
        owner: &Owner,
        expected: u64,
        at: Stamp,
        events: &[Event],
        consumed: &[SignalId],
    ) -> Result<u64, StoreError>;

    /// The events after place `after`, in order; none for a run that is not opened yet. Watching is reading again: any
    /// process may. [`StoreError::NoSuchRun`] where no lease was ever taken, [`StoreError::Newer`] where a newer `mao`
    /// wrote one of them, [`StoreError::Damaged`] where one is unreadable or missing.
    fn read(&self, run: &RunId, after: u64) -> Result<Vec<Recorded>, StoreError>;

    /// All runs that have events, or those of one repository, newest first.
    fn runs(&self, repository: Option<&RepositoryKey>) -> Result<Vec<RunEntry>, StoreError>;
}

/// Who may write to a run.
pub trait Lease {
    /// Takes the lease of a run until `now + ttl_ms`, with the next epoch. [`StoreError::Held`] while another holds it.
    /// For a run that does not exist yet this makes its row. [`StoreError::NoSuchRun`] where the run belongs to another
    /// repository.
    ///
    /// A lease whose end is further away than its own length was given before the clock was set back; being asked for
    /// it shortens it to its length from `now`.
    fn take(&self, run: &RunId, repository: &RepositoryKey, now: Stamp, ttl_ms: u64) -> Result<Owner, StoreError>;

    /// Sets the lease's end to `now + ttl_ms`, even when it had run out and nobody took it. [`StoreError::Fenced`] when
    /// a later owner exists or it was given back.
    fn renew(&self, owner: &Owner, now: Stamp, ttl_ms: u64) -> Result<(), StoreError>;

    /// Gives the lease back; harmless when a later owner exists.
    fn release(&self, owner: &Owner) -> Result<(), StoreError>;

    /// Whether `owner` is still the newest and its lease has not run out at `now`: asked right before an act outside
    /// the ledger. [`StoreError::Fenced`] otherwise.
    fn confirm(&self, owner: &Owner, now: Stamp) -> Result<(), StoreError>;
}

/// The largest serialised signal, in bytes: the event that repeats it must have room under `EVENT_LIMIT`.
pub const SIGNAL_LIMIT: usize = EVENT_LIMIT - 256;

/// What everyone else posts to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "signal")]
pub enum Signal {
    /// End the run.
    Cancel {
        /// Who wants it: `mao cancel`.
        by: String,
    },
    /// An answer to a question.
    Answer {
        /// The question's step.
        step: String,
        /// The answer.
        answer: String,
        /// Over which channel.
        by: String,
        /// Why, in the person's own words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        because: Option<String>,
    },
}

/// A signal's place in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignalId(pub i64);

/// The way in for everyone who does not own the run.
pub trait Inbox {
    /// Posts a signal; durable on return. [`StoreError::NoSuchRun`] where no lease was ever taken,
    /// [`StoreError::TooLarge`] over [`SIGNAL_LIMIT`].
    fn post(&self, run: &RunId, now: Stamp, signal: &Signal) -> Result<(), StoreError>;

    /// What waits, oldest first. It stays until an append consumes it.
    fn waiting(&self, run: &RunId) -> Result<Vec<(SignalId, Signal)>, StoreError>;
}

/// Content by hash. Equal content is stored once.
pub trait Blobs {
    /// Stores bytes; synced to disk on return, so that an event may name them. Damaged content of the same name is
    /// replaced.
    fn put(&self, content: &[u8]) -> Result<BlobId, StoreError>;

    /// Stores a plain file's content without holding it in memory; synced on return. A link is followed.
    fn put_file(&self, path: &Path) -> Result<BlobId, StoreError>;

    /// The content, checked against its name. [`StoreError::Damaged`] where it is missing or another.
    fn get(&self, blob: &BlobId) -> Result<Vec<u8>, StoreError>;
}

/// Whether something is only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing is changed.
    Look,
    /// What is found is removed.
    Remove,
}

/// Content that no event names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unnamed {
    /// How many pieces.
    pub count: u64,
    /// Their size together.
    pub bytes: u64,
}

/// Caps per account, across all runs of this user.
pub trait Slots {
    /// Takes one of `cap` places of `account` for `holder` until `now + ttl_ms`; `false` when all are taken. Taking
    /// what one holds already extends it, even over a cap that was lowered meanwhile.
    fn try_take(
        &self,
        account: &AccountId,
        cap: u32,
        holder: &str,
        now: Stamp,
        ttl_ms: u64,
    ) -> Result<bool, StoreError>;

    /// Has every place whose holder's name begins with `of` for `ttl_ms` from `now`; a place that ran out and was not
    /// taken by another comes back with it. An owner does so with its lease, so that its places end when it does.
    fn hold(&self, of: &str, now: Stamp, ttl_ms: u64) -> Result<(), StoreError>;

    /// Gives it back; harmless when it ran out.
    fn give_back(&self, account: &AccountId, holder: &str) -> Result<(), StoreError>;
}

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state directory cannot be used.
    #[error("cannot use the state directory {path}")]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The state directory lies on a file system whose locks cannot be trusted.
    #[error("{path} is on a network file system ({kind}), whose locks cannot be trusted")]
    NetworkFileSystem {
        /// The directory.
        path: PathBuf,
        /// The file system.
        kind: String,
    },
    /// No run has this id.
    #[error("there is no run {0}")]
    NoSuchRun(String),
    /// Another process owns the run.
    #[error("run {run} is owned by another process")]
    Held {
        /// The run.
        run: RunId,
        /// Until when, unless it renews.
        until: Stamp,
    },
    /// A later owner exists, or the lease ran out: whatever was about to be written must not be.
    #[error("this process no longer owns run {run}")]
    Fenced {
        /// The run.
        run: RunId,
    },
    /// The ledger has moved on.
    #[error("the ledger of run {run} is at {at}, not at {expected}")]
    Moved {
        /// The run.
        run: RunId,
        /// Where it is.
        at: u64,
        /// Where the caller thought it was.
        expected: u64,
    },
    /// An event that opens a run stands elsewhere than first, or another stands first, or it opens another run.
    #[error("event {kind} cannot stand there in the ledger of run {run}")]
    Misplaced {
        /// The run.
        run: RunId,
        /// The event's kind.
        kind: &'static str,
    },
    /// A signal to be consumed is not in the inbox: it was consumed before, or never posted to this run.
    #[error("signal {} of run {run} is not waiting", signal.0)]
    NotWaiting {
        /// The run.
        run: RunId,
        /// The signal.
        signal: SignalId,
    },
    /// The ledger was written by a newer `mao`.
    #[error("the ledger has version {found}, this mao reads up to {known}: install the version that wrote it")]
    Newer {
        /// The version found.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// An event or a signal is too large for the ledger.
    #[error("an event of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The disk is full.
    #[error("no space left on the disk that holds {path} ({free} bytes free)")]
    Full {
        /// The directory or file that could not be written.
        path: PathBuf,
        /// How many bytes are free there, as far as that can be said.
        free: u64,
    },
    /// What is stored cannot be what was written.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// Which part.
        what: String,
        /// How.
        why: String,
    },
    /// The database refused.
    #[error("the ledger database refused")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}
