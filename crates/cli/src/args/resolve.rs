//! The words of `mao resolve`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `mao resolve`
#[derive(Debug, Args)]
pub struct Resolve {
    /// Branches, commits or patch files that do one thing in different ways
    #[arg(required = true, num_args = 2.., value_name = "CANDIDATE")]
    pub candidates: Vec<String>,
    /// The command whose exit code decides, instead of the configured checks; may be given more than once
    #[arg(long, value_name = "CMD")]
    pub tests: Vec<String>,
    /// What the candidates are meant to do: all that whoever writes missing tests may see
    #[arg(long, value_name = "TEXT")]
    pub task: Option<String>,
    /// Have neutral tests written first, even where the repository has some
    #[arg(long, requires = "task", conflicts_with_all = ["tests", "design"])]
    pub write_tests: bool,
    /// It is a design, which no test can decide
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "tests")]
    pub design: Option<Design>,
    /// The commit that patches apply to, instead of HEAD or the branches' common one
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}

/// Whether a design can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Design {
    /// It can: the simpler one is taken, and the reason written down
    Reversible,
    /// It cannot (a schema, a public contract): the orchestrator reads all of them
    Irreversible,
}
