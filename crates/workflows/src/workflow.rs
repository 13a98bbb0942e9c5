//! The contract of a workflow.

use mao_core::effect::Effect;
use mao_core::ids::{BlobId, CommitId, StepId};
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_policy::truncated::Cut;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The texts that a report is written with, by their blobs.
pub type Texts = BTreeMap<BlobId, String>;

/// A file of a run's report, beneath the repository's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its path, `/`-separated.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// A pure plan of how a kind of run goes on.
pub trait Workflow: Debug + Sync {
    /// Its name in the ledger.
    fn name(&self) -> &'static str;

    /// The version of its step ids and their order. A run is resumed by the version that opened it.
    fn version(&self) -> u32;

    /// Whether it runs checks: then a run without any is refused.
    fn verifies(&self) -> bool {
        true
    }

    /// The effects that follow from the state and are not in it yet.
    fn next(&self, policy: &Policy, run: &RunState) -> Vec<Effect>;

    /// The JSON schema of a named reply form.
    fn schema(&self, name: &str) -> Option<Value>;

    /// Whether a structured reply is what the named form asks for; the reason where it is not.
    fn accepts(&self, schema: &str, run: &RunState, value: &Value) -> Result<(), String>;

    /// CNK-07: how a structured reply shows that it was cut although it can be read, where it does.
    fn cut(&self, _schema: &str, _value: &Value) -> Option<Cut> {
        None
    }

    /// Whether a person's answer to a question of this workflow is one: some need a reason.
    ///
    /// # Errors
    /// What is missing.
    fn takes(&self, _step: &StepId, _answer: &str, _because: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    /// The paths that a structured reply names as places: how many lines each has is recorded with the answer.
    fn named_paths(&self, _schema: &str, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// The field of a structured reply that holds a diff which claims to be right: the engine applies it in a tree that is
    /// thrown away, and records what came of it and that the person's checkout is as it was.
    fn claims_diff(&self, _schema: &str) -> Option<&'static str> {
        None
    }

    /// Where the report for people stands in the run's branch.
    fn report_path(&self, run: &RunState) -> String;

    /// Changes that are not taken and are worth keeping, each with its name: they are archived when the branch is
    /// published.
    fn archives(&self, _run: &RunState) -> Vec<(String, CommitId)> {
        Vec::new()
    }

    /// The texts that the report is written with: the request's task file, where boxes are ticked.
    fn reads(&self, run: &RunState) -> Vec<BlobId> {
        run.opened.request.tasks.iter().map(|tasks| tasks.text.clone()).collect()
    }

    /// The run's report, from what is recorded and nothing else; `texts` are those that it [reads](Self::reads).
    fn report(&self, policy: &Policy, run: &RunState, texts: &Texts) -> Vec<ReportFile>;
}
