//! The words of `mao compete`.

use super::Start;
use clap::Args;

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
    /// Where it begins
    #[command(flatten)]
    pub start: Start,
}
