//! The words of `mao journal`.

use super::Work;
use clap::Args;

/// `mao journal`
#[derive(Debug, Args)]
pub struct Journal {
    /// What you say of the session, in one quoted text
    #[arg(value_name = "SUMMARY")]
    pub summary: Option<String>,
    /// Who works
    #[command(flatten)]
    pub work: Work,
}
