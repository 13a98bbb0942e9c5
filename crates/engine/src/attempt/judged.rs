//! Whether a reply has the form that was asked for, and what it brings: its structure, its change, the diff it claims.

use super::{AttemptWork, name_of};
use crate::parts::EngineError;
use crate::proposed;
use crate::work::{blocking, subject};
use mao_core::ask::{ReplyForm, Role};
use mao_core::change::Change;
use mao_core::event::AttemptResult;
use mao_core::fault::{Fault, FaultKind};
use mao_core::ids::{CommitId, TreeId};
use mao_core::reply::{Answer, Checkout, Claimed, Proposed};
use mao_core::text;
use mao_policy::orchestrator;
use mao_policy::truncated::{self, Cut};
use mao_providers::provider::Reply;
use mao_repo::{CollectSpec, Collected, Tried, Worktree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest structured reply that is taken, in bytes.
const STRUCTURED_LIMIT: usize = 256 * 1024;

/// The most files of a structured reply that are looked at.
const NAMED_PATHS: usize = 200;

impl AttemptWork {
    /// Whether the reply has the form asked for, and what it brings.
    pub(super) async fn judge(
        &self,
        reply: Reply,
        worktree: &Worktree,
        checkout: Option<Checkout>,
    ) -> Result<AttemptResult, EngineError> {
        if let Some(fault) = self.wrong_family(&reply) {
            return Ok(AttemptResult::Failed(fault));
        }
        let fault = |kind, hint: &str| Ok(AttemptResult::Failed(Fault::new(kind, hint)));
        let mut structured = None;
        let mut lines = BTreeMap::new();
        let mut change = None;
        match &self.ask.reply {
            ReplyForm::Text if reply.text.trim().is_empty() => {
                return fault(FaultKind::EmptyOutput, "nothing was said");
            }
            ReplyForm::Text => {}
            ReplyForm::Json { schema } => match self.structured(schema, &reply) {
                Ok(value) => {
                    lines = self.lines(self.workflow.named_paths(schema, &value)).await?;
                    structured = Some(value);
                }
                Err(wrong) => return Ok(AttemptResult::Failed(wrong)),
            },
            ReplyForm::Proposal { schema } => {
                match self.structured(schema, &reply) {
                    Ok(value) => structured = Some(value),
                    Err(wrong) => return Ok(AttemptResult::Failed(wrong)),
                }
                match self.collect(worktree, &reply).await? {
                    Collected::Change { commit, tree, files, diff } => {
                        change = Some(self.changed(commit, tree, &files, &diff)?);
                    }
                    // It only looked, or what it tried cannot be tried again: the answer stands without a proposal.
                    Collected::NoChange | Collected::Violation { .. } => {}
                }
            }
            ReplyForm::Change { .. } => match self.collect(worktree, &reply).await? {
                Collected::Change { commit, tree, files, diff } => {
                    change = Some(self.changed(commit, tree, &files, &diff)?);
                }
                Collected::NoChange => {
                    return fault(
                        FaultKind::NoChange,
                        &format!("the tree is as it was; the model said: {}", reply.text),
                    );
                }
                Collected::Violation { trespasses } => {
                    let paths: Vec<String> = trespasses.iter().map(ToString::to_string).collect();
                    return fault(FaultKind::PolicyViolation, &paths.join(", "));
                }
            },
        }
        let tried = match (self.claims_diff(), &structured) {
            (Some(field), Some(value)) => {
                let claimed = value.get(field).and_then(serde_json::Value::as_str).unwrap_or_default();
                Some(Box::new(Proposed { diff: self.claimed(claimed).await?, checkout }))
            }
            (_, _) => None,
        };
        Ok(AttemptResult::Answered(Box::new(Answer {
            text: self.parts.store.put(said(&reply, structured.as_ref()).as_bytes())?,
            structured,
            lines,
            change,
            proposed: tried,
            served: reply.served.map(|served| text::one_line(&served, 120)),
            usage: reply.usage,
            effort_sent: reply.effort_sent,
        })))
    }

    fn changed(&self, commit: CommitId, tree: TreeId, files: &[String], diff: &[u8]) -> Result<Change, EngineError> {
        Ok(Change {
            base: self.base.clone(),
            commit,
            tree,
            diff: self.parts.store.put(diff)?,
            files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        })
    }

    fn wrong_family(&self, reply: &Reply) -> Option<Fault> {
        if self.ask.role != Role::Orchestrator {
            return None;
        }
        match &reply.served {
            Some(served) if orchestrator::served_by_the_family(served) => None,
            Some(served) => Some(Fault::new(FaultKind::WrongFamily, format!("served by {served}"))),
            None => Some(Fault::new(FaultKind::WrongFamily, "the vendor did not say which model served it")),
        }
    }

    /// The structured part, where it is whole and what was asked for.
    fn structured(&self, schema: &str, reply: &Reply) -> Result<serde_json::Value, Fault> {
        let cut = |cut: Cut| Fault::new(FaultKind::Truncated, cut.to_string());
        let unparsable = |why: String| Fault::new(FaultKind::Unparsable, why);
        let Some(value) = reply.structured.clone() else {
            let begun = reply.text.trim_start().starts_with(['{', '[']);
            let json = truncated::Form { json: true, ..truncated::Form::default() };
            let half = truncated::cut(&reply.text, None, json).filter(|_| begun);
            return Err(half.map_or_else(|| unparsable("the reply has no structured part".to_owned()), cut));
        };
        let size = value.to_string().len();
        if size > STRUCTURED_LIMIT {
            let why = format!("the structured reply has {size} bytes; at most {STRUCTURED_LIMIT} are taken");
            return Err(unparsable(why));
        }
        if let Some(sign) = self.workflow.cut(schema, &value) {
            return Err(cut(sign));
        }
        self.workflow.accepts(schema, &self.state, &value).map_err(unparsable)?;
        Ok(value)
    }

    /// How many lines these files have at the commit that the model saw.
    async fn lines(&self, mut paths: Vec<String>) -> Result<BTreeMap<String, u32>, EngineError> {
        paths.sort_unstable();
        paths.dedup();
        paths.truncate(NAMED_PATHS);
        let (repo, base) = (Arc::clone(&self.repo), self.base.clone());
        blocking(move || {
            let mut lines = BTreeMap::new();
            for path in paths {
                if let Some(content) = repo.read(&base, &path)? {
                    let count = String::from_utf8_lossy(&content).lines().count();
                    lines.insert(path, u32::try_from(count).unwrap_or(u32::MAX));
                }
            }
            Ok(lines)
        })
        .await
    }

    /// The field of the answer that holds a diff, where its form has one.
    fn claims_diff(&self) -> Option<&'static str> {
        match &self.ask.reply {
            ReplyForm::Json { schema } | ReplyForm::Proposal { schema } => self.workflow.claims_diff(schema),
            ReplyForm::Text | ReplyForm::Change { .. } => None,
        }
    }

    /// The person's checkout as it stands, where a change is only proposed.
    pub(super) async fn checkout_now(&self) -> Option<TreeId> {
        if self.claims_diff().is_none() || self.parts.playback.is_some() {
            return None;
        }
        proposed::checkout(&self.parts).await
    }

    /// The same again, beside what it was.
    pub(super) async fn checkout_since(&self, before: Option<TreeId>) -> Option<Checkout> {
        if let Some(playback) = &self.parts.playback {
            return playback.checkout(&self.step, self.no);
        }
        let (before, after) = (before?, self.checkout_now().await?);
        Some(Checkout { before, after })
    }

    /// What a diff that stands in the answer makes of the tree that was looked at.
    async fn claimed(&self, diff: &str) -> Result<Claimed, EngineError> {
        if diff.trim().is_empty() {
            return Ok(Claimed::Nothing);
        }
        let trial = proposed::Trial {
            repo: &self.repo,
            policy: &self.policy,
            withheld: self.grant().withheld,
            base: self.base.clone(),
            at: self.state.opened_at,
            subject: subject(&self.ask),
            kept: format!("claimed/{}", name_of(&self.step, self.no)),
        };
        Ok(match trial.of(diff.to_owned()).await? {
            Tried::Change { commit, tree, files, diff } => Claimed::Applies(self.changed(commit, tree, &files, &diff)?),
            Tried::Refused(why) => Claimed::Refused { why },
        })
    }

    async fn collect(&self, worktree: &Worktree, reply: &Reply) -> Result<Collected, EngineError> {
        let served = reply.served.clone().unwrap_or_else(|| format!("{} (unconfirmed)", self.to.endpoint));
        let (subject, body) = (subject(&self.ask), format!("Served-By: {}", text::one_line(&served, 120)));
        let (grant, mut protected, at) = (self.grant(), self.policy.protected.clone(), self.state.opened_at);
        protected.extend(grant.withheld.iter().cloned());
        let (repo, worktree) = (Arc::clone(&self.repo), worktree.clone());
        let kept = format!("attempts/{}", name_of(&self.step, self.no));
        blocking(move || {
            let (owned, frozen) = (&grant.owned[..], &grant.frozen[..]);
            let spec = CollectSpec { owned, frozen, protected: &protected, subject: &subject, body: &body, at };
            let collected = repo.collect(&worktree, &spec)?;
            if let Collected::Change { commit, .. } = &collected
                && !mao_core::mutant::is("dev_05_changes_are_not_kept")
            {
                repo.keep(&kept, commit)?;
            }
            Ok(collected)
        })
        .await
    }
}

/// What is kept of what was said: of a structured answer the structure, which later questions hand on and verdicts are
/// bound to by its hash. Every word is in the transcript.
fn said(reply: &Reply, structured: Option<&serde_json::Value>) -> String {
    structured.map_or_else(|| reply.text.clone(), |value| format!("{value:#}"))
}
