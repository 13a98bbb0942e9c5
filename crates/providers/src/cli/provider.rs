//! The one provider over all vendors' command lines: what differs between them is their [`Vendor`].

use super::{Vendor, drive};
use crate::provider::{Abilities, Job, Provider, Turn};
use async_trait::async_trait;
use mao_core::fault::Fault;
use mao_core::ids::ProviderId;
use mao_process::Shim;
use std::path::PathBuf;
use std::sync::Arc;

/// A provider over the command line of one vendor.
#[derive(Debug)]
pub struct CommandLineProvider {
    id: ProviderId,
    vendor: Arc<dyn Vendor>,
    abilities: Abilities,
    shim: Shim,
}

impl CommandLineProvider {
    /// A provider that runs `program`, a tool of `vendor`'s: absolute, resolved outside any repository; `None` where
    /// there is none.
    #[must_use]
    pub fn new(id: ProviderId, vendor: Arc<dyn Vendor>, program: Option<PathBuf>, shim: Shim) -> Self {
        let unusable = program.is_none().then(|| format!("{} is not on PATH", vendor.name()));
        let abilities = Abilities { program, unusable, edits: true, schema: vendor.carries_schema(), effort: true };
        Self { id, vendor, abilities, shim }
    }
}

#[async_trait]
impl Provider for CommandLineProvider {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    async fn start(&self, job: Job) -> Result<Turn, Fault> {
        drive::begin(Arc::clone(&self.vendor), &self.shim, &self.abilities, job).await
    }
}
