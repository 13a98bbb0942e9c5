//! What the tests and their probe record: events whose content is of no interest to the store.

use mao_core::event::{Event, Opened};
use mao_core::ids::{BlobId, CommitId, RepositoryKey, RunId, TreeId, VendorId};
use mao_core::request::Request;

/// The repository of all runs here that need no other.
pub const REPOSITORY: &str = "repository-1";

/// The first event of a run.
pub fn opened(run: RunId) -> Event {
    Event::RunOpened(Box::new(Opened {
        run,
        workflow: "develop".into(),
        workflow_version: 1,
        repository: RepositoryKey::new(REPOSITORY),
        base: CommitId::new("c0"),
        base_tree: TreeId::new("t0"),
        policy: BlobId::new("p0"),
        home_vendor: VendorId::new("home"),
        request: Request {
            text: "2,3".into(),
            sections: vec![],
            requirements: None,
            files: BlobId::new("f0"),
            tasks: None,
            matter: mao_core::matter::Matter::default(),
            order: Default::default(),
            approval: Default::default(),
        },
        scripted: None,
    }))
}

/// An event that carries `text`.
pub fn said(text: &str) -> Event {
    Event::CancelRequested { by: text.into() }
}
