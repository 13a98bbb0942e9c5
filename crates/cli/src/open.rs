//! Joins the parts: the one file that names concrete types. Everything else speaks to traits and to the engine.

pub mod glance;
pub mod recording;
pub mod replaying;

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::print::Printer;
use mao_config::{ConfigErrors, Flag, Inputs, Layer, Loaded, Source, Warning, WarningKind, locate, trust};
use mao_core::event::Caps;
use mao_core::glob::Glob;
use mao_core::ids::{CommitId, ProviderId, RunId, Stamp};
use mao_core::run::RunState;
use mao_engine::announce::{Stream, stream};
use mao_engine::clock::{Clock, FixedClock, SystemClock};
use mao_engine::failpoint::Points;
use mao_engine::{EngineError, Parts};
use mao_policy::Policy;
use mao_policy::policy::{Billing, Check, Mode};
use mao_process::{Shim, testing, which};
pub use mao_providers::cli::{Age, PROBES, Probe, Secrets, Variables};
use mao_providers::cli::{CommandLineProvider, Vendor, claude, codex, gemini};
use mao_providers::provider::Provider;
use mao_providers::script::ScriptedProvider;
use mao_repo::{Checker, UserRepo};
use mao_store::sqlite::SqliteStore;
pub use mao_store::sqlite::{SCHEMA_VERSION, look};
use mao_store::{Blobs, Ledger, RunEntry};
use mao_workflows::develop::outline::{Outline, outline};
use mao_workflows::journal::book;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a run's own copy of its script lies, beneath the run's directory.
pub const SCRIPT: &str = "script";

/// How long a lease lasts without renewal, in milliseconds.
const LEASE_MS: u64 = 15_000;

/// How long a scripted model may be silent, in milliseconds, unless configured.
const SCRIPTED_SILENCE_MS: u64 = 2_000;

/// A repository on a machine, with everything durable.
pub struct House {
    /// The variables of this process.
    pub environment: BTreeMap<String, String>,
    /// The user's repository.
    pub repo: Arc<UserRepo>,
    /// Everything durable.
    pub store: Arc<SqliteStore>,
    /// Where `store` is.
    pub state_dir: PathBuf,
    /// Providers that were found unusable, with the reason.
    pub unusable: BTreeMap<ProviderId, String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    shim: Shim,
}

/// The variables of this process; values that are not UTF-8 are left out, and so is what of PATH lies in the checkout
/// that we stand in.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut all = all.collect();
    if let Ok(here) = std::env::current_dir() {
        leave_out(&mut all, &here);
    }
    all
}

/// The same; what of PATH lies in the checkout around `directory` is left out too.
#[must_use]
pub fn environment_at(directory: &Path) -> BTreeMap<String, String> {
    let mut environment = environment();
    leave_out(&mut environment, directory);
    environment
}

/// Takes the entries of PATH away that lie in the checkout around `directory`: its `git` is not ours to start. Looked up
/// without git, for the same reason.
fn leave_out(environment: &mut BTreeMap<String, String>, directory: &Path) {
    let Ok(real) = directory.canonicalize() else { return };
    let Some(root) = real.ancestors().find(|up| up.join(".git").symlink_metadata().is_ok()) else { return };
    let within = |entry: &&str| Path::new(entry).canonicalize().is_ok_and(|entry| entry.starts_with(root));
    if let Some(path) = environment.get_mut("PATH") {
        *path = path.split(':').filter(|entry| !within(entry)).collect::<Vec<_>>().join(":");
    }
}

/// The directory to work on.
pub fn directory(common: &Common) -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().map_err(|wrong| Failure::new(Exit::Configuration, wrong))?;
    Ok(common.directory.as_ref().map_or_else(|| here.clone(), |directory| here.join(directory)))
}

/// The repository that holds `directory`, with the files that the user ignores everywhere ignored in it.
pub fn repository(directory: &Path, environment: &BTreeMap<String, String>) -> Result<UserRepo, Failure> {
    let repo = UserRepo::open(directory, &git(environment)?)?;
    let named = |name: &str| environment.get(name).map(Path::new).filter(|dir| dir.is_absolute());
    Ok(match named("HOME") {
        Some(home) => repo.ignoring(home, named("XDG_CONFIG_HOME")),
        None => repo,
    })
}

/// The `git` binary, from an absolute entry of PATH.
pub fn git(environment: &BTreeMap<String, String>) -> Result<PathBuf, Failure> {
    find(environment, "git").ok_or_else(|| Failure::new(Exit::Configuration, "git is not on PATH").hint("install git"))
}

/// A program from an absolute entry of PATH.
#[must_use]
pub fn find(environment: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    which(name, OsStr::new(environment.get("PATH").map_or("", String::as_str)))
}

/// The store in the state directory, and where that is.
pub fn open_store(environment: &BTreeMap<String, String>) -> Result<(SqliteStore, PathBuf), Failure> {
    let dir = state_dir(environment)?;
    Ok((SqliteStore::open(&dir)?, dir))
}

/// The state directory: `$XDG_STATE_HOME/mao`, else `~/.local/state/mao`.
pub fn state_dir(environment: &BTreeMap<String, String>) -> Result<PathBuf, Failure> {
    let trust = locate::trust_file(environment);
    let dir = trust.as_deref().and_then(Path::parent).map(Path::to_owned);
    dir.ok_or_else(|| Failure::new(Exit::Configuration, "neither XDG_STATE_HOME nor HOME names a directory"))
}

impl House {
    /// Opens the repository that holds the directory, and the store.
    pub fn open(common: &Common) -> Result<Self, Failure> {
        Self::open_at(&directory(common)?)
    }

    /// Opens the repository that holds `directory`, and the store.
    pub fn open_at(directory: &Path) -> Result<Self, Failure> {
        let environment = environment_at(directory);
        let repo = Arc::new(repository(directory, &environment)?);
        let (store, state_dir) = open_store(&environment)?;
        let store = Arc::new(store);
        let shim = Shim::of_this_program().map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
        Ok(Self { environment, repo, store, state_dir, unusable: BTreeMap::new(), clock: clock(), shim })
    }

    /// The effective configuration, with its warnings printed.
    pub fn config(&self, flags: Vec<Flag>, printer: &Printer) -> Result<Loaded, Failure> {
        let loaded = load(&self.environment, Some(self.repo.root()), flags)?;
        mention(&loaded.warnings, printer);
        Ok(loaded)
    }

    /// The policy of a new run: what was configured, with the checks that the repository itself suggests where none
    /// are written, and with every model scripted where a script is given.
    pub fn policy(&self, loaded: &Loaded, base: &CommitId, scripted: Scripted) -> Result<Policy, Failure> {
        let mut policy = loaded.policy.clone();
        if policy.checks.is_empty() {
            let files = self.repo.files(base)?;
            let read = |path: &str| self.repo.read(base, path).ok().flatten();
            policy.checks =
                mao_repo::detect::checks(&files, read).into_iter().map(|found| Check { argv: found.command }).collect();
        }
        // The task list is ticked, and the journal is written, by the engine alone.
        for own in [loaded.sections_file.as_str(), book::PATH] {
            let own = Glob(own.to_owned());
            if !policy.protected.contains(&own) {
                policy.protected.push(own);
            }
        }
        if scripted == Scripted::Yes {
            let silent =
                |key: &str| loaded.settings.get(key).is_none_or(|setting| setting.origin.layer() == Layer::BuiltIn);
            policy.enabled = policy.models.values().map(|entry| entry.provider.clone()).collect();
            if silent("engine.mode") {
                policy.mode = Mode::Diverse;
                if silent("engine.max_parallel") {
                    policy.limits.max_parallel = mao_config::DIVERSE_PARALLEL;
                }
            }
            if silent("engine.timeouts.first_byte") {
                policy.limits.first_byte_ms = SCRIPTED_SILENCE_MS;
            }
            if silent("engine.timeouts.idle") {
                policy.limits.idle_ms = SCRIPTED_SILENCE_MS;
            }
        }
        Ok(policy)
    }

    /// The engine's parts. `script` is the run's own copy of its script.
    pub fn parts(&self, loaded: &Loaded, script: Option<&Path>) -> Result<(Arc<Parts>, Stream), Failure> {
        let (announcer, stream) = stream();
        let providers = match script {
            Some(dir) => scripted(&loaded.policy, dir)?,
            None => self.vendors(loaded),
        };
        let parts = Parts {
            store: Arc::clone(&self.store) as Arc<dyn mao_store::Store>,
            providers,
            enabled: match script {
                Some(_) => loaded.policy.models.values().map(|entry| entry.provider.clone()).collect(),
                None => loaded.policy.enabled.clone(),
            },
            caps: caps(loaded),
            month_micro_usd: loaded.settings.micro_usd("budgets.month_usd"),
            unusable: self.unusable.clone(),
            user_repo: Arc::clone(&self.repo),
            checker: Arc::new(Checker::new(self.shim.clone(), self.environment.clone())),
            runs_dir: self.runs_dir(),
            environment: self.environment.clone(),
            clock: Arc::clone(&self.clock),
            announcer,
            lease_ms: lease_ms(),
            points: Points(testing::listener()),
            playback: None,
        };
        Ok((Arc::new(parts), stream))
    }

    /// Under which every run has its directory.
    #[must_use]
    pub fn runs_dir(&self) -> PathBuf {
        self.state_dir.join("runs")
    }

    fn vendors(&self, loaded: &Loaded) -> BTreeMap<ProviderId, Arc<dyn Provider>> {
        let program = |name: &str| {
            let id = ProviderId::from(name);
            let found = match loaded.commands.get(&id) {
                Some(command) => Some(PathBuf::from(command)).filter(|path| path.is_absolute()),
                None => find(&self.environment, name),
            };
            // What a repository brings along is never started.
            (id, found.filter(|path| !path.starts_with(self.repo.root())))
        };
        let over = |vendor: Arc<dyn Vendor>| {
            let (id, program) = program(vendor.name());
            let provider: Arc<dyn Provider> =
                Arc::new(CommandLineProvider::new(id.clone(), vendor, program, self.shim.clone()));
            (id, provider)
        };
        vendors().into_iter().map(over).collect()
    }

    /// The runs of this repository, newest first.
    pub fn runs(&self) -> Result<Vec<RunEntry>, Failure> {
        Ok(self.store.runs(Some(&self.repo.key()?))?)
    }

    /// The run that a person means: by the beginning of its id, or the newest.
    pub fn run(&self, named: Option<&str>) -> Result<RunEntry, Failure> {
        let runs = self.runs()?;
        let none = |what: String| Failure::new(Exit::Negative, what).hint("`mao runs` lists the runs there are");
        let Some(name) = named else {
            return runs.into_iter().next().ok_or_else(|| {
                Failure::new(Exit::Negative, "this repository has no run yet")
                    .hint("`mao develop 1` starts one, `mao demo` plays one")
            });
        };
        let mut fitting = runs.into_iter().filter(|entry| entry.run.to_string().starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(none(format!("more than one run begins with `{name}`"))),
            (None, _) => Err(none(format!("no run of this repository begins with `{name}`"))),
        }
    }

    /// The plan of a run, once there is one.
    pub fn outline(&self, run: &RunId) -> Result<Option<Outline>, Failure> {
        let state = self.state(run)?;
        let policy: Policy = serde_json::from_slice(&self.store.get(&state.opened.policy)?)
            .map_err(|wrong| Failure::new(Exit::Internal, format!("the run's policy cannot be read: {wrong}")))?;
        Ok(outline(&policy, &state))
    }

    /// Where a run stands.
    pub fn state(&self, run: &RunId) -> Result<RunState, Failure> {
        let events = self.store.read(run, 0)?;
        let state = RunState::fold(&events).map_err(EngineError::from)?;
        state.ok_or_else(|| Failure::from(EngineError::NoSuchRun(*run)))
    }
}

/// The vendors whose command lines can be driven.
fn vendors() -> [Arc<dyn Vendor>; 3] {
    [Arc::new(claude::Tool), Arc::new(codex::Tool), Arc::new(gemini::Tool)]
}

/// The variables that each vendor's tool would get, by the tool's name.
#[must_use]
pub fn variables(environment: &BTreeMap<String, String>, policy: &Policy) -> Vec<(&'static str, Billing, Variables)> {
    let of = |vendor: Arc<dyn Vendor>| {
        let billing = policy.billing.get(&ProviderId::from(vendor.name())).copied().unwrap_or_default();
        let who_pays = match billing {
            Billing::Subscription => mao_providers::provider::Billing::Subscription,
            Billing::Api => mao_providers::provider::Billing::Api,
        };
        (vendor.name(), billing, mao_providers::cli::variables(&*vendor, environment, who_pays))
    };
    vendors().into_iter().map(of).collect()
}

impl House {
    /// The policy that a run was opened with.
    pub fn policy_of(&self, state: &RunState) -> Result<Policy, Failure> {
        let bytes = self.store.get(&state.opened.policy)?;
        serde_json::from_slice(&bytes)
            .map_err(|wrong| Failure::new(Exit::Internal, format!("the run's policy cannot be read: {wrong}")))
    }
}

/// Whether models are scripted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripted {
    /// They are.
    Yes,
    /// They are real.
    No,
}

/// Reads all layers of configuration.
pub fn load(environment: &BTreeMap<String, String>, root: Option<&Path>, flags: Vec<Flag>) -> Result<Loaded, Failure> {
    Ok(mao_config::load(&inputs(environment, root, flags)?)?)
}

/// Says what waits for consent, and how much else `mao config check` has to say: that is said once, there.
pub fn mention(warnings: &[Warning], printer: &Printer) {
    let dim = printer.style().dim("warning:");
    let (waiting, rest): (Vec<&Warning>, Vec<&Warning>) =
        warnings.iter().partition(|warning| warning.kind == WarningKind::Waiting);
    for warning in waiting {
        printer.note(&format!("{dim} {warning}"));
    }
    match rest.len() {
        0 => {}
        1 => printer.note(&format!("{dim} one line of the configuration is worth a look: `mao config check`")),
        many => printer.note(&format!("{dim} {many} lines of the configuration are worth a look: `mao config check`")),
    }
}

/// The layers of configuration as they are on disk and in the environment.
pub fn inputs(
    environment: &BTreeMap<String, String>,
    root: Option<&Path>,
    flags: Vec<Flag>,
) -> Result<Inputs, ConfigErrors> {
    let beneath = |relative: &str| -> Result<Option<Source>, ConfigErrors> {
        Ok(root.map(|root| Source::read_beneath(root, relative)).transpose()?.flatten())
    };
    let trusted = locate::trust_file(environment).map(|path| trust::read(&path)).transpose()?;
    Ok(Inputs {
        user: locate::user_file(environment).map(|path| Source::read(&path)).transpose()?.flatten(),
        project: beneath(locate::PROJECT_FILE)?,
        registry: beneath(locate::REGISTRY_FILE)?,
        routing: beneath(locate::ROUTING_FILE)?,
        trusted: trusted.unwrap_or_default(),
        consent: "mao config trust".to_owned(),
        environment: environment
            .iter()
            .filter(|(name, _)| !testing::is_for_tests(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect(),
        flags,
    })
}

fn scripted(policy: &Policy, dir: &Path) -> Result<BTreeMap<ProviderId, Arc<dyn Provider>>, Failure> {
    let mut providers: BTreeMap<ProviderId, Arc<dyn Provider>> = BTreeMap::new();
    for entry in policy.models.values() {
        if !providers.contains_key(&entry.provider) {
            let player = ScriptedProvider::new(entry.provider.clone(), dir.to_owned())
                .map_err(|wrong| Failure::new(Exit::Configuration, wrong))?;
            providers.insert(entry.provider.clone(), Arc::new(player));
        }
    }
    Ok(providers)
}

/// The limits that stand on the command line: what a run was opened with holds until somebody says otherwise.
fn caps(loaded: &Loaded) -> Caps {
    let typed = |key: &str| loaded.settings.get(key).is_some_and(|setting| setting.origin.layer() == Layer::Flag);
    let limits = &loaded.policy.limits;
    Caps {
        attempts: Some(limits.max_attempts).filter(|_| typed("engine.max_attempts")),
        wall_clock_ms: limits.wall_clock_ms.filter(|_| typed("engine.wall_clock")),
        tokens: limits.max_tokens.filter(|_| typed("budgets.run_tokens")),
        micro_usd: limits.max_micro_usd.filter(|_| typed("budgets.run_usd")),
    }
}

fn clock() -> Arc<dyn Clock> {
    match testing::fixed("CLOCK").and_then(|ms| ms.parse().ok()) {
        Some(ms) => Arc::new(FixedClock(Stamp(ms))),
        None => Arc::new(SystemClock),
    }
}

fn lease_ms() -> u64 {
    testing::fixed("LEASE").and_then(|ms| ms.parse().ok()).unwrap_or(LEASE_MS)
}

/// The run's id, where a test fixed it.
#[must_use]
pub fn fixed_run() -> Option<RunId> {
    testing::fixed("RUN")?.parse().ok()
}
