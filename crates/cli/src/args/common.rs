//! Words that several commands share: where a run begins, and who works in it.

use super::{Caps, Privacy};
use clap::Args;
use std::path::PathBuf;

/// Where a run begins.
#[derive(Debug, Args)]
pub struct Start {
    /// Start from this commit instead of HEAD; uncommitted changes are then left out
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Take uncommitted changes along, as a commit of the run; your index and files stay as they are
    #[arg(long, conflicts_with = "base")]
    pub include_dirty: bool,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}

/// Who works, and how much it may take.
#[derive(Debug, Args)]
pub struct Work {
    /// Who may see the work
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// Who works: `assist` (Claude, others on request) or `diverse` (each task's best model)
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// How much the run may take in all
    #[command(flatten)]
    pub caps: Caps,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}
