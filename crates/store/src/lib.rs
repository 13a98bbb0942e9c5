//! The durable side of `mao`: ledger, leases, inbox, blobs and slots, as traits with `sqlite/` beside them.
//!
//! This room knows an event's envelope (run, place, stamp, version) and never what an event means. It reads no clock:
//! whoever calls says what time it is. It draws no random number and starts no process or thread.
//!
//! Read in this order: [`traits`], then [`sqlite`]; [`archive`] is a ledger as plain files.

pub mod archive;
pub mod sqlite;
pub mod traits;

pub use archive::Archive;
pub use sqlite::{SqliteStore, blob_id};
pub use traits::{
    Act, Blobs, Inbox, Lease, Ledger, Owner, RunEntry, SIGNAL_LIMIT, Signal, SignalId, Slots, Store, StoreError,
    Unnamed,
};
