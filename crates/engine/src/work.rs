//! What pieces of work have in common: how they end, how they block, what their commits are called.

use crate::parts::{EngineError, Parts};
use mao_core::ask::Ask;
use mao_core::event::Event;
use mao_core::ids::StepId;
use std::sync::Arc;

/// What a piece of work ended with.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) step: StepId,
    /// `None` where the work was stopped before it had anything to say.
    pub(crate) event: Result<Option<Event>, EngineError>,
}

/// Does a piece of work. In a replay its end comes when the recording says so.
pub(crate) async fn in_turn(parts: Arc<Parts>, work: impl Future<Output = Done>) -> Done {
    let done = work.await;
    if let (Some(playback), Ok(Some(event))) = (&parts.playback, &done.event) {
        playback.turn(event).await;
    }
    done
}

/// What a commit for this question is called.
pub(crate) fn subject(ask: &Ask) -> String {
    match ask.prompt.data.get("section") {
        Some(section) => format!("{} of section {section}", ask.label),
        None => ask.label.clone(),
    }
}

/// Runs a blocking call of the repository room off the loop.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, mao_repo::RepoError> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(done) => done.map_err(EngineError::Repo),
        Err(broken) => Err(EngineError::Broken(broken.to_string())),
    }
}
