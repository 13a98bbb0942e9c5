//! The words of `mao qa`.

use super::{Caps, Privacy};
use clap::Args;
use std::path::PathBuf;

/// `mao qa`
#[derive(Debug, Args)]
pub struct Qa {
    /// Sections: `2`, `2,3`, `3.2-3.7`, `all`
    #[arg(required = true, value_name = "SECTIONS")]
    pub sections: Vec<String>,
    /// The strict gate: every dimension 80, at most two HIGH
    #[arg(long)]
    pub strict: bool,
    /// Judge and change nothing
    #[arg(long)]
    pub no_fix: bool,
    /// Judge sections with open items without asking
    #[arg(long)]
    pub force: bool,
    /// One section after another
    #[arg(long)]
    pub sequential: bool,
    /// Who may see the work
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// Who works: `assist` (Claude, others on request) or `diverse` (each dimension's best model)
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// How much the run may take in all
    #[command(flatten)]
    pub caps: Caps,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}
