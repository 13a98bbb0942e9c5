//! The words of the command line. Every command is one variant here and one file in `commands/`.

mod common;
mod compete;
mod debug;
mod journal;
pub mod privacy;
mod qa;
#[cfg(test)]
mod reference;
mod resolve;
pub mod review;

pub use common::{Start, Work};
pub use compete::Compete;
pub use debug::Debug;
pub use journal::Journal;
pub use qa::Qa;
pub use resolve::{Design, Resolve};

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use privacy::Privacy;
use std::path::PathBuf;

/// Orchestrates several models on one repository: plans, works in parallel, validates, merges, reports.
#[derive(Debug, Parser)]
#[command(name = "mao", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Words {
    /// Options that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The command; without one, `mao` says what to do next.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Print JSON, one value a line, instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Colour the text
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// Work on the repository that holds this directory
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work on sections of the task list: `mao develop 2,3`
    Develop(Develop),
    /// Ask how sections depend on each other, and print the waves they would run in
    Deps(Deps),
    /// Look at the plan of a run
    Plan(Plan),
    /// Have another model read a plan or a change; nothing is changed
    Review(review::Review),
    /// Judge sections in five dimensions, repair what is found, and say whether they pass
    Qa(Qa),
    /// Look for the fault that a command shows: `mao debug -- make test`
    Debug(Debug),
    /// Have several models try one task, and let tests choose: `mao compete "task" --models a,b`
    Compete(Compete),
    /// Write down the session since the last entry, from three perspectives and the ledger's facts
    Journal(Journal),
    /// Take one of several changes for the same thing: `mao resolve fix-a fix-b --tests "make test"`
    Resolve(Resolve),
    /// Play a bundled sample with scripted models, through the real engine, git and cargo
    Demo(Demo),
    /// Go on with a run that was interrupted or waits
    Resume(Resume),
    /// Decide a recorded run again from an empty ledger, calling nobody, and say where it comes out another
    Replay(Replay),
    /// List the runs of this repository
    Runs(Runs),
    /// Show a run: its steps, attempts and checks
    Show(RunName),
    /// Print a run's events, its calls or fallbacks, the transcript of one attempt; or bundle them for a bug report
    Logs(Logs),
    /// End a run from another terminal
    Cancel(RunName),
    /// Answer what a run asks
    Answer(Answer),
    /// Bring a run's branch into this checkout, and say how to undo it
    Apply(RunName),
    /// Remove a run's branch; a salvage ref keeps its commits
    Discard(RunName),
    /// List what was kept of worktrees that were removed; show it, or bring it back as a branch
    Salvage(Salvage),
    /// Remove what ended runs left in the state directory; without --yes, say what would go
    Gc(Gc),
    /// Write a commented configuration into this repository
    Init(Init),
    /// Say what is found on this machine and how to fix what is missing
    Doctor(Doctor),
    /// Show the effective configuration and where each value comes from
    Config(Config),
    /// Say who would do a kind of work, in which order, and why; without one, the whole table
    Route(Route),
    /// Look at the registry of models
    Models(Models),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write the manual pages into a directory: `mao man ~/.local/share/man/man1`
    Man(Man),
}

/// `mao develop`
#[derive(Debug, Args)]
pub struct Develop {
    /// Sections: `2`, `2,3`, `2.1`, `3.2-3.7`, `all`; or a feature, described in one quoted text of several words
    #[arg(required = true, value_name = "SECTIONS|\"FEATURE\"")]
    pub sections: Vec<String>,
    /// Say what would be done and call nobody
    #[arg(long)]
    pub dry_run: bool,
    /// Stop after the plan: the run waits there, `mao answer RUN yes` carries it out
    #[arg(long, conflicts_with_all = ["dry_run", "yes"])]
    pub plan_only: bool,
    /// Accept plan and estimate beforehand; nothing else
    #[arg(long)]
    pub yes: bool,
    /// Where nobody sits at a terminal, wait for `mao answer` instead of taking no for an answer
    #[arg(long)]
    pub wait: bool,
    /// One section after another, one workstream after another
    #[arg(long)]
    pub sequential: bool,
    /// How much models think: `budgeted` (as the rows say) or `max` (each model's highest level)
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Who may see the work
    #[arg(long, value_enum, value_name = "CLASS")]
    pub privacy: Option<Privacy>,
    /// How many models may work at once
    #[arg(long, value_name = "N")]
    pub max_parallel: Option<u32>,
    /// How much the run may take in all
    #[command(flatten)]
    pub caps: Caps,
    /// Who works: `assist` (Claude, others on request) or `diverse` (each task's best model)
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// Start from this commit instead of HEAD; uncommitted changes are then left out
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    /// Take uncommitted changes along, as a commit of the run; your index and files stay as they are
    #[arg(long, conflicts_with = "base")]
    pub include_dirty: bool,
    /// First ask each enabled tool whether it can be used, and leave out who cannot; asked once an hour and session
    #[arg(long)]
    pub precheck: bool,
    /// Play this script instead of calling models; branch and report say so
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
    /// Record the run, to play it again: `mao replay DIR` (default: a directory of mao's own)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub record: Option<Option<PathBuf>>,
}

/// `mao deps`
#[derive(Debug, Args)]
pub struct Deps {
    /// Sections: `2,3`, `3.2-3.7`, `all`
    #[arg(required = true, value_name = "SECTIONS")]
    pub sections: Vec<String>,
    /// Play this script instead of calling models
    #[arg(long, value_name = "DIR")]
    pub script: Option<PathBuf>,
}

/// `mao plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// What to do
    #[command(subcommand)]
    pub what: PlanWhat,
}

/// `mao plan …`
#[derive(Debug, Subcommand)]
pub enum PlanWhat {
    /// Print a run's plan: order, estimate, diversity, and a row for each workstream
    Show(RunName),
    /// Print what differs between the plans of two runs; exit code 1 where something does
    Diff(PlanDiff),
}

/// `mao plan diff`
#[derive(Debug, Args)]
pub struct PlanDiff {
    /// The one run, by the beginning of its id
    #[arg(value_name = "RUN")]
    pub one: String,
    /// The other; without it, the newest run of this repository
    #[arg(value_name = "OTHER")]
    pub other: Option<String>,
}

/// How much a run may take before it starts no further attempt and waits.
#[derive(Debug, Default, Args)]
pub struct Caps {
    /// How many attempts the run may start in all
    #[arg(long, value_name = "N")]
    pub max_attempts: Option<u32>,
    /// How much money the run may spend, in US dollars: `2.50`
    #[arg(long, value_name = "USD")]
    pub max_cost: Option<String>,
    /// How many tokens the run may spend, in and out
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// How long the run may take: `90s`, `45m`, `2h`
    #[arg(long, value_name = "TIME")]
    pub wall_clock: Option<String>,
}

/// `mao resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// The run's id or the beginning of it; without one, the newest run of this repository
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// New limits, for a run that waits at one
    #[command(flatten)]
    pub caps: Caps,
}

/// `mao demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Where to put the sample repository (default: a new temporary directory)
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Only write the sample and its script there, to play or edit them yourself
    #[arg(long, requires = "into")]
    pub unpack: bool,
    /// Record the run, to play it again: `mao replay DIR` (default: a directory of mao's own)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub record: Option<Option<PathBuf>>,
}

/// `mao replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// The run's id or the beginning of it, or the directory of a recording; without one, the newest run
    #[arg(value_name = "RUN|DIR")]
    pub recorded: Option<String>,
    /// By which policy to decide: the recorded one, or the present configuration's
    #[arg(long, value_enum, default_value_t = ReplayPolicy::Recorded, value_name = "WHICH")]
    pub policy: ReplayPolicy,
    /// Keep what the run was replayed from as a recording (default: a directory of mao's own)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub record: Option<Option<PathBuf>>,
}

/// By which policy a recorded run is decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayPolicy {
    /// The one it was recorded with
    Recorded,
    /// The present configuration's
    Now,
}

impl ReplayPolicy {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Now => "now",
        }
    }
}

/// A run, by its id or the beginning of it.
#[derive(Debug, Args)]
pub struct RunName {
    /// The run's id or the beginning of it; without one, the newest run of this repository
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
}

/// `mao salvage`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Salvage {
    /// The run's id or the beginning of it; without one, the newest run of this repository
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// What to do with one of them
    #[command(subcommand)]
    pub what: Option<SalvageWhat>,
}

/// `mao salvage …`
#[derive(Debug, Subcommand)]
pub enum SalvageWhat {
    /// Print what differs from the commit that its worktree started from
    Show(Salvaged),
    /// Make a branch of it in this repository; nothing is checked out
    Restore(Salvaged),
}

/// Something salvaged, by its name.
#[derive(Debug, Args)]
pub struct Salvaged {
    /// Its name, as `mao salvage` lists it: `work.2.storage-1`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The run's id or the beginning of it; without one, the newest run of this repository
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
}

/// `mao runs`
#[derive(Debug, Args)]
pub struct Runs {
    /// Runs of all repositories
    #[arg(long)]
    pub all: bool,
}

/// `mao gc`
#[derive(Debug, Args)]
pub struct Gc {
    /// Remove it; commits that only a run knows go to salvage refs of your repository first
    #[arg(long)]
    pub yes: bool,
    /// Only runs that ended longer ago than this: `14d`, `36h`
    #[arg(long, default_value = "14d", value_name = "TIME", value_parser = age)]
    pub older_than: u64,
}

/// A time with its unit, in milliseconds.
fn age(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time: write \"14d\", \"36h\", \"90m\" or \"0s\"");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "d" => 86_400_000,
        "h" => 3_600_000,
        "m" => 60_000,
        "s" => 1000,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// `mao man`
#[derive(Debug, Args)]
pub struct Man {
    /// The directory; made where it is missing
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// `mao logs`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Logs {
    /// One view of it
    #[command(subcommand)]
    pub view: Option<LogsView>,
    /// The run's id or the beginning of it; without one, the newest run of this repository
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// The raw transcript of this step's last attempt (or of `STEP#N`)
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Go on printing until the run ends
    #[arg(long)]
    pub follow: bool,
    /// Write a tar file for a bug report: events, calls, report, policy, versions and `mao doctor`, without secrets
    #[arg(long, value_name = "FILE", conflicts_with_all = ["step", "follow"])]
    pub bundle: Option<PathBuf>,
    /// Put prompts, answers and transcripts into the bundle too: they hold what is in your repository
    #[arg(long, requires = "bundle")]
    pub with_content: bool,
}

/// `mao logs …`
#[derive(Debug, Subcommand)]
pub enum LogsView {
    /// Every call of a model: who, when, how long, how many tokens, what came of it
    Calls(RunName),
    /// Every fallback with what was lost, every repetition and wait, with its reason, and who was passed over
    Fallback(RunName),
    /// What left this machine, to whom, what was cut out of it, and what each worker could read
    Outbound(RunName),
}

/// `mao answer`
#[derive(Debug, Args)]
pub struct Answer {
    /// The run's id or the beginning of it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The answer: one of the question's choices
    #[arg(value_name = "ANSWER")]
    pub answer: String,
    /// Which question, where there is more than one
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Why: what the report will say; some answers need it
    #[arg(long, value_name = "TEXT")]
    pub because: Option<String>,
}

/// `mao init`
#[derive(Debug, Args)]
pub struct Init {
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `mao doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print which environment variables would reach a worker and the checks, by name, and which are kept out
    #[arg(long)]
    pub env: bool,
    /// Keep what is found out about the tools for an hour of this session: `mao develop --precheck` asks no more then
    #[arg(long, conflicts_with = "env")]
    pub precheck: bool,
}

/// `mao config`
#[derive(Debug, Args)]
pub struct Config {
    /// What to do
    #[command(subcommand)]
    pub what: ConfigWhat,
}

/// `mao config …`
#[derive(Debug, Subcommand)]
pub enum ConfigWhat {
    /// Print every effective value with its origin
    Show,
    /// Say where one value comes from: which layer, which file and line
    Origin(KeyName),
    /// Set one key in your own file (or the repository's), keeping its comments
    Set(Set),
    /// Check every file, the registry, the routes and `.mcp.json`, and say what is wrong
    Check,
    /// Print every key with its type, allowed values, guard and default
    Schema,
    /// Trust this repository's configuration files as they are now
    Trust,
}

/// A key of the configuration.
#[derive(Debug, Args)]
pub struct KeyName {
    /// The key: `engine.max_parallel`; or `roles.ROLE`, `routes.CLASS`, `registry.ID`
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// `mao config set`
#[derive(Debug, Args)]
pub struct Set {
    /// The key: `engine.max_parallel`
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Its value: `true`, `4`, `90s`, `diverse`, `a,b`
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// Write your own file, for every repository (the default)
    #[arg(long, conflicts_with = "project")]
    pub user: bool,
    /// Write this repository's file
    #[arg(long)]
    pub project: bool,
}

/// `mao route`
#[derive(Debug, Args)]
pub struct Route {
    /// The task class: `core_logic`, `plan_review`, `security`
    #[arg(value_name = "CLASS")]
    pub class: Option<String>,
    /// Print every question of the decision tree with what it looked at
    #[arg(long)]
    pub explain: bool,
    /// As if this mode were configured: `assist` or `diverse`
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// As if you had asked for this model by name
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// Who may see the work
    #[arg(long, value_enum, default_value_t = Privacy::Any, value_name = "CLASS")]
    pub privacy: Privacy,
    /// How many files the change touches
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub files: u64,
    /// How many repairs have failed
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub failed_cycles: u64,
    /// How large the context is, in tokens
    #[arg(long, default_value_t = 0, value_name = "TOKENS")]
    pub context: u64,
    /// It needs what is on the web today
    #[arg(long)]
    pub web: bool,
    /// What it starts must run in a sandbox
    #[arg(long)]
    pub sandbox: bool,
}

/// `mao models`
#[derive(Debug, Args)]
pub struct Models {
    /// What to do
    #[command(subcommand)]
    pub what: ModelsWhat,
}

/// `mao models …`
#[derive(Debug, Subcommand)]
pub enum ModelsWhat {
    /// Print every entry, whether it is enabled, and what keeps it from being used here
    List,
    /// Print which models are retired, near their end or not checked for long; exit code 1 where a route needs one that is
    /// retired
    Check,
    /// Print what came of each model's attempts, per kind of work, in all runs on this machine
    Outcomes,
}

/// `mao completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Reads the words.
///
/// # Errors
/// Wrong words, and the wish for help or the version, as `clap` puts them.
pub fn parse() -> Result<Words, clap::Error> {
    Words::try_parse()
}
