//! The words of `mao debug`.

use clap::Args;
use std::path::PathBuf;

/// `mao debug`
#[derive(Debug, Args)]
pub struct Debug {
    /// The command that shows the fault, after `--`; its exit code says whether it is gone
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<String>,
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
