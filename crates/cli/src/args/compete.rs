//! The words of `mao compete`.

use clap::Args;
use std::path::PathBuf;

/// `mao compete`
#[derive(Debug, Args)]
pub struct Compete {
    /// What is to be done, in one quoted text
    #[arg(value_name = "TASK")]
    pub task: String,
    /// Who competes, by registry id; the same one twice competes with itself
    #[arg(long, required = true, value_delimiter = ',', value_name = "A,B,…")]
    pub models: Vec<String>,
    /// The command whose exit code decides; without it neutral tests are written by somebody who does not compete
    #[arg(long, value_name = "CMD")]
    pub tests: Vec<String>,
    /// How many models may work at once, and compete
    #[arg(long, value_name = "N")]
    pub max_parallel: Option<u32>,
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
