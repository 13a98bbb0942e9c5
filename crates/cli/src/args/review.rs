//! The words of `mao review`.

use super::privacy::Privacy;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `mao review`
#[derive(Debug, Args)]
pub struct Review {
    /// What to review
    #[command(subcommand)]
    pub what: ReviewWhat,
}

/// `mao review …`
#[derive(Debug, Subcommand)]
pub enum ReviewWhat {
    /// Have another model read a plan before anybody carries it out: PASS, CONCERN or BLOCK
    Plan(ReviewPlan),
    /// Have another model read what this branch changes: LGTM or ISSUES
    Pr(ReviewPr),
}

/// `mao review plan`
#[derive(Debug, Args)]
pub struct ReviewPlan {
    /// The plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Who may see it
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}

/// `mao review pr`
#[derive(Debug, Args)]
pub struct ReviewPr {
    /// What the branch is to be merged into (default: the remote's branch, main or master)
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Have the coding line read it, whatever its size; it only reads
    #[arg(long)]
    pub coder: bool,
    /// Have this model read it, and nobody else; it only reads
    #[arg(long, value_name = "MODEL", conflicts_with = "coder")]
    pub by: Option<String>,
    /// Who may see it
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}
