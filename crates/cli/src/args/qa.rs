//! The words of `mao qa`.

use super::Work;
use clap::Args;

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
    /// Who works
    #[command(flatten)]
    pub work: Work,
}
