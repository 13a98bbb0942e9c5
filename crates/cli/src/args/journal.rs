//! The words of `mao journal`.

use super::{Caps, Privacy};
use clap::Args;
use std::path::PathBuf;

/// `mao journal`
#[derive(Debug, Args)]
pub struct Journal {
    /// What you say of the session, in one quoted text
    #[arg(value_name = "SUMMARY")]
    pub summary: Option<String>,
    /// Who may see the work
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// Who works: `assist` (Claude, others on request) or `diverse` (each perspective's own model)
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// How much the run may take in all
    #[command(flatten)]
    pub caps: Caps,
    /// Play this script instead of calling models; branch and entry say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}
