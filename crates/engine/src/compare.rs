//! What differs between two commits, taken apart for those who review it: packed by policy, each piece's text a blob.

use crate::parts::{EngineError, Parts};
use crate::work::blocking;
use mao_core::diff::Diff;
use mao_core::event::Event;
use mao_core::ids::{BlobId, CommitId, StepId};
use mao_core::packed::{Compared, Packed};
use mao_policy::Policy;
use mao_policy::chunk::pack;
use mao_policy::packing::{changes, recorded};
use mao_policy::triggers::security;
use mao_repo::RunRepo;
use mao_store::StoreError;
use std::sync::Arc;

/// How many bytes of parts one event holds.
const ROOM: usize = 8 * 1024;

/// Takes the diff apart.
pub(crate) async fn compare(
    parts: &Parts,
    policy: &Policy,
    repo: &Arc<RunRepo>,
    step: &StepId,
    from: CommitId,
    to: CommitId,
) -> Result<Event, EngineError> {
    let repo = Arc::clone(repo);
    let whole = blocking(move || repo.compare(&from, &to)).await?;
    let diff = Diff::parse(&whole).map_err(|wrong| EngineError::Broken(wrong.to_string()))?;
    let thresholds = &policy.thresholds;
    let hits = security(&changes(&diff), thresholds);
    let packing = pack(&diff, thresholds.diff_tokens, &thresholds.generated);
    let keep = |text: &str| -> Result<BlobId, StoreError> { parts.store.put(text.as_bytes()) };
    let packed = recorded(&diff, &packing, &hits, keep)?;
    let compared = Compared {
        diff: parts.store.put(whole.as_bytes())?,
        files: u64::try_from(diff.files.len()).unwrap_or(u64::MAX),
        hits: u64::try_from(hits.len()).unwrap_or(u64::MAX),
        packed,
    };
    Ok(Event::Compared { step: step.clone(), compared: Box::new(compared) })
}

/// The same in as many events as it takes.
pub(crate) fn in_parts(step: &StepId, compared: &Compared) -> Vec<Event> {
    let mut batches: Vec<Vec<Packed>> = vec![Vec::new()];
    let mut filled = 0;
    for item in &compared.packed {
        let size = serde_json::to_string(item).map_or(ROOM, |text| text.len());
        if filled + size > ROOM && batches.last().is_some_and(|batch| !batch.is_empty()) {
            batches.push(Vec::new());
            filled = 0;
        }
        filled += size;
        batches.last_mut().into_iter().for_each(|batch| batch.push(item.clone()));
    }
    let event = |packed| {
        let compared = Compared { packed, diff: compared.diff.clone(), ..*compared };
        Event::Compared { step: step.clone(), compared: Box::new(compared) }
    };
    batches.into_iter().map(event).collect()
}
