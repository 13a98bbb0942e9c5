//! Codex, headless: `codex exec --json`. Nothing of the repository's own configuration, and of the user's only the
//! login and the model providers; no tool that starts other models, reaches the web or keeps memories. Its own sandbox
//! is off inside our wall, because the two exclude each other, and on where the kernel has no wall to offer.

mod stream;

use crate::cli::stream::Stream;
use crate::cli::{Asked, CommandLine, Ground, Preflight, Reader, Sandbox, Vendor, drive, place};
use crate::provider::{Access, Billing, Job};
use mao_core::fault::{Fault, FaultKind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Characters of a prompt that the tool takes; more of it ends with code 1.
const MOST_PROMPT: usize = 1_048_576;
/// Switched off on the command line. A name that a version does not know is only warned about.
const OFF: &[&str] = &[
    "multi_agent",
    "multi_agent_v2",
    "apps",
    "plugins",
    "remote_plugin",
    "hooks",
    "goals",
    "memories",
    "image_generation",
    "browser_use",
    "computer_use",
    "in_app_browser",
    "skill_search",
    "tool_suggest",
    // Else a run without a network never ends.
    "unbounded_connection_retries",
];
/// What is kept of the user's own configuration: where models are reached, and how one logs in.
const KEPT: &[&str] =
    &["model_provider", "model_providers", "openai_base_url", "chatgpt_base_url", "cli_auth_credentials_store"];

/// The login's files in the user's own directory. The tool writes through the links; the locks keep two runs from
/// renewing one login at once.
const LOGIN: &[&str] = &["auth.json", "auth.json.lock", "auth.lock"];
/// Where a key is good when no other address is set.
const ADDRESS: &str = "https://api.openai.com/v1";
/// The name of our own provider in the tool's configuration.
const OURS: &str = "key";

/// What matters of the user's `config.toml` here.
#[derive(Debug, Default, Deserialize)]
struct Config {
    model_provider: Option<String>,
    #[serde(default)]
    model_providers: BTreeMap<String, Reached>,
}

#[derive(Debug, Deserialize)]
struct Reached {
    env_key: Option<String>,
    #[serde(default)]
    requires_openai_auth: bool,
}

impl Config {
    /// The provider of the user's own that is asked for; `None` for the tool's built-in one. A file that cannot be read
    /// as TOML counts as none: the tool would refuse it too.
    fn of(ground: &Ground) -> Self {
        ground.config.as_deref().and_then(|text| toml::from_str(text).ok()).unwrap_or_default()
    }

    fn own(&self) -> Option<&Reached> {
        self.model_providers.get(self.model_provider.as_deref()?)
    }

    /// Whether the login of the tool is what pays.
    fn needs_login(&self) -> bool {
        self.own().is_none_or(|reached| reached.requires_openai_auth)
    }
}

/// OpenAI's command line.
#[derive(Debug, Clone, Copy)]
pub struct Tool;

impl Vendor for Tool {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn carries_schema(&self) -> bool {
        true
    }

    fn fits(&self, job: &Job) -> Result<(), Fault> {
        drive::at_most(job.prompt.chars().count(), MOST_PROMPT, "characters", self.name())
    }

    fn config(&self, job: &Job) -> Option<PathBuf> {
        Some(users(job)?.join("config.toml"))
    }

    fn preflight(&self, job: &Job, ground: &Ground) -> Result<Option<Preflight>, Fault> {
        let config = Config::of(ground);
        let key = given_key(job).is_some();
        let words: &[&str] = match job.billing {
            // Without a login the tool asks for answers without end.
            Billing::Subscription if config.needs_login() => &["login", "status"],
            Billing::Api if config.needs_login() && !key => {
                return Err(Fault::new(FaultKind::NotAuthenticated, "no CODEX_API_KEY or OPENAI_API_KEY is set"));
            }
            // Nothing to ask; but a child must have shown first whether the kernel has a wall.
            Billing::Subscription | Billing::Api => &["--version"],
        };
        let line = self.command_line(job, ground);
        let args = words.iter().map(|&word| word.to_owned()).collect();
        let means = FaultKind::NotAuthenticated;
        Ok(Some(Preflight { line: CommandLine { args, stdin: String::new(), ..line }, means }))
    }

    fn command_line(&self, job: &Job, ground: &Ground) -> CommandLine {
        let config = Config::of(ground);
        let own = job.scratch.join("codex");
        let mut env = place::environment(job, &[]);
        env.insert("CODEX_HOME".into(), own.to_string_lossy().into_owned());
        let mut files = vec![(own.join("config.toml"), kept(job, ground))];
        let mut links = Vec::new();
        let mut login = Vec::new();
        match job.billing {
            Billing::Subscription => {
                for (name, users) in LOGIN.iter().filter_map(|name| Some((name, users(job)?))) {
                    links.push((own.join(name), users.join(name)));
                    login.push(users.join(name));
                }
            }
            Billing::Api => {
                if let Some(key) = given_key(job) {
                    env.insert("CODEX_API_KEY".into(), key.to_owned());
                }
                let named = config.own().and_then(|reached| reached.env_key.as_deref());
                if let Some((name, value)) = named.and_then(|name| Some((name, place::given(job, name)?))) {
                    env.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let mut args = self.args(job, ground.sandbox);
        if let Some(schema) = &job.schema {
            let file = own.join("schema.json");
            args.push(format!("--output-schema={}", file.display()));
            files.push((file, schema.to_string()));
        }
        args.push("-".to_owned());
        CommandLine {
            args,
            env: env.into_iter().collect(),
            stdin: job.prompt.clone(),
            files,
            links,
            reads: login.clone(),
            writes: login,
            sandbox: ground.sandbox,
        }
    }

    fn reader(&self, asked: Asked) -> Box<dyn Reader> {
        Box::new(Stream::<stream::Said>::new(asked))
    }

    fn litter(&self) -> &'static [&'static str] {
        &[".codex", ".agents", ".aws"]
    }
}

impl Tool {
    fn args(&self, job: &Job, sandbox: Sandbox) -> Vec<String> {
        let mode = match (sandbox, job.access) {
            (Sandbox::Ours, Access::Read | Access::Write) => "danger-full-access",
            (Sandbox::Own, Access::Read) => "read-only",
            (Sandbox::Own, Access::Write) => "workspace-write",
        };
        let mut args: Vec<String> =
            ["exec", "--json", "--color=never", "--ephemeral", "--ignore-rules"].map(str::to_owned).to_vec();
        args.push(format!("--sandbox={mode}"));
        args.push(format!("--cd={}", job.cwd.display()));
        args.push(format!("--model={}", job.endpoint));
        // The session's id is the tool's own to choose; ours is the name of a file, so that it stands in argv.
        args.push(format!("--output-last-message={}", job.scratch.join(format!("last-{}.txt", job.session)).display()));
        let mut settings = vec![
            "approval_policy=\"never\"".to_owned(),
            "analytics.enabled=false".to_owned(),
            "check_for_update_on_startup=false".to_owned(),
            "web_search=\"disabled\"".to_owned(),
            "agents.enabled=false".to_owned(),
            // Names that look like secrets are withheld from the shells that the model opens.
            "shell_environment_policy.ignore_default_excludes=false".to_owned(),
        ];
        settings.extend(OFF.iter().map(|feature| format!("features.{feature}=false")));
        settings.extend(job.effort.as_ref().map(|effort| format!("model_reasoning_effort={}", quoted(effort))));
        for setting in settings {
            args.extend(["-c".to_owned(), setting]);
        }
        args
    }
}

/// The user's own directory of the tool.
fn users(job: &Job) -> Option<PathBuf> {
    place::given(job, "CODEX_HOME").map(PathBuf::from).or_else(|| Some(place::home(job)?.join(".codex")))
}

fn given_key(job: &Job) -> Option<&str> {
    place::given(job, "CODEX_API_KEY").or_else(|| place::given(job, "OPENAI_API_KEY"))
}

/// The configuration that the run gets: [`KEPT`] of the user's, each provider with no retries of its own. No servers,
/// hooks, notifications, trust or instructions. With a key and no provider of the user's, one of ours stands for the
/// built-in one, which retries by itself and cannot be told not to.
fn kept(job: &Job, ground: &Ground) -> String {
    let text = ground.config.as_deref().unwrap_or_default();
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    table.retain(|key, _| KEPT.contains(&key));
    if job.billing == Billing::Api && Config::of(ground).own().is_none() {
        let url = place::given(job, "OPENAI_BASE_URL").unwrap_or(ADDRESS);
        let ours = [("name", OURS), ("base_url", url), ("env_key", "CODEX_API_KEY"), ("wire_api", "responses")];
        let ours: toml::Table = ours.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        let providers: toml::Table = [(OURS.to_owned(), ours.into())].into_iter().collect();
        table = [("model_provider".to_owned(), OURS.into()), ("model_providers".to_owned(), providers.into())]
            .into_iter()
            .collect();
    }
    if let Some(toml::Value::Table(providers)) = table.get_mut("model_providers") {
        for (_, provider) in providers.iter_mut() {
            if let toml::Value::Table(provider) = provider {
                for retries in ["request_max_retries", "stream_max_retries"] {
                    provider.insert(retries.to_owned(), toml::Value::Integer(0));
                }
            }
        }
    }
    toml::to_string(&table).unwrap_or_default()
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
