//! The words of `mao debug`.

use super::Start;
use clap::Args;

/// `mao debug`
#[derive(Debug, Args)]
pub struct Debug {
    /// The command that shows the fault, after `--`; its exit code says whether it is gone
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<String>,
    /// Where it begins
    #[command(flatten)]
    pub start: Start,
}
